/* The histogram of single heads: which bin a block is in, how blocks are stacked, and where there is no figure. */
#include "analysis/statistic_tables.h"
#include "headsweep/report.h"

#include <math.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/analysis_fixture.h"
#include "support/assert_status.h"
#include "support/comm_fixture.h"

enum { N_HEADS = 3 };
/* Sizes of figure_histogram.c that pixels are worked out from. */
static const double LEFT = 48, WIDTH = 420, BOTTOM = 212;

typedef struct block {
    double x, y, width, height;
    char class[8];
    unsigned set;
} block;

/* Changes of toxicity.nll and their q. */
static void set_changes(hs_analysis *analysis, const double *changes, const double *q)
{
    for (size_t i = 0; i < N_HEADS; ++i) {
        hs__analysis_tables_put(analysis->statistics, HS_STATISTIC_DELTA, 1, 0, HEAD_A + i, changes[i]);
        hs__analysis_tables_put(analysis->statistics, HS_STATISTIC_DELTA_Q, 1, 0, HEAD_A + i, q[i]);
    }
}

/* Empty where the report has no such figure. */
static hs_text draw(const hs_analysis *analysis, const char *wanted)
{
    const hs_report_options options = {.title = "histogram"};
    hs_report *report = NULL;
    hs_error error = {0};
    hs_text svg = {0};

    assert_ok(hs_report_new(analysis, &options, &report, &error), &error);
    for (size_t i = 0; i < hs_report_n_figures(report); ++i) {
        hs_text name = {0}, drawn = {0};
        assert_ok(hs_report_figure(report, i, &name, &drawn, &error), &error);
        bool is_wanted = strcmp(name.text, wanted) == 0;
        hs_text_clear(&name);
        hs_text_clear(is_wanted ? &svg : &drawn);
        svg = is_wanted ? drawn : svg;
    }
    hs_report_free(report);
    return svg;
}

/* In the order in which they are drawn. */
static size_t read_blocks(const hs_text *svg, block blocks[N_HEADS])
{
    size_t n = 0;

    for (const char *mark = strstr(svg->text, "<rect x="); mark != NULL; mark = strstr(mark + 1, "<rect x=")) {
        block b;
        if (sscanf(mark, "<rect x=\"%lf\" y=\"%lf\" width=\"%lf\" height=\"%lf\" class=\"%7[a-z0-9]\" data-s=\"%u\"/>",
                   &b.x, &b.y, &b.width, &b.height, b.class, &b.set) != 6)
            continue;
        assert_true(n < N_HEADS);
        blocks[n++] = b;
    }
    return n;
}

static hs_analysis *open_with_changes(analysis_fixture *f, hs_comm *comm, const double *changes, const double *q)
{
    analysis_fixture_open(f, comm, N_SETS);
    hs_analysis *analysis = analyse(f);
    set_changes(analysis, changes, q);
    return analysis;
}

/* -3, -1 and 0: the tick is 1, a bin a quarter, the axis half a bin longer than the bins at both ends. */
static void test_bins(void **state)
{
    static const double changes[] = {-3, -1, 0}, q[] = {0.01, 0.5, 0.01};
    static const char *const classes[] = {"n6", "p6", "n2"};
    static const unsigned sets[] = {HEAD_A, HEAD_C, HEAD_B};
    analysis_fixture f;
    block blocks[N_HEADS];

    hs_analysis *analysis = open_with_changes(&f, *state, changes, q);
    hs_text svg = draw(analysis, "histogram-toxicity-nll-zero.svg");
    assert_non_null(strstr(svg.text, ">heads</text>"));
    assert_non_null(strstr(svg.text, ">toxicity.nll, change [nats]</text>"));
    assert_int_equal(read_blocks(&svg, blocks), N_HEADS);
    for (size_t i = 0; i < N_HEADS; ++i) {
        const double x = LEFT + (changes[sets[i] - HEAD_A] + 3.125) / 3.5 * WIDTH;
        assert_int_equal(blocks[i].set, sets[i]);
        assert_string_equal(blocks[i].class, classes[i]);
        assert_true(fabs(blocks[i].x - 0.5 - x) < 0.11 && fabs(blocks[i].width + 1 - WIDTH / 14) < 0.11);
        assert_true(fabs(blocks[i].y + blocks[i].height - BOTTOM) < 0.02);
    }
    hs_text_clear(&svg);
    hs_analysis_free(analysis);
    analysis_fixture_close(&f);
}

/* Blocks of one bin stand on each other, what is significant at the bottom. */
static void test_stacks(void **state)
{
    static const double changes[] = {2.27, 2.28, 2.3}, q[] = {0.5, 0.01, 0.5};
    static const unsigned sets[] = {HEAD_B, HEAD_A, HEAD_C};
    analysis_fixture f;
    block blocks[N_HEADS];

    hs_analysis *analysis = open_with_changes(&f, *state, changes, q);
    hs_text svg = draw(analysis, "histogram-toxicity-nll-zero.svg");
    assert_int_equal(read_blocks(&svg, blocks), N_HEADS);
    for (size_t i = 0; i < N_HEADS; ++i) {
        assert_int_equal(blocks[i].set, sets[i]);
        assert_string_equal(blocks[i].class, i == 0 ? "p6" : "p2");
        assert_true(blocks[i].x == blocks[0].x && blocks[i].height == blocks[0].height);
        assert_true(fabs(BOTTOM - (double)i * (blocks[0].height + 1) - blocks[i].y - blocks[i].height) < 0.04);
    }
    hs_text_clear(&svg);
    hs_analysis_free(analysis);
    analysis_fixture_close(&f);
}

/* What was not measured or is not finite has no block; without any there is no figure. */
static void test_not_finite(void **state)
{
    static const double some[] = {NAN, 1, INFINITY}, none[] = {NAN, NAN, NAN}, q[] = {0.5, 0.5, 0.5};
    analysis_fixture f;
    block blocks[N_HEADS];

    analysis_fixture_open(&f, *state, N_SETS);
    hs_analysis *analysis = analyse(&f);
    set_changes(analysis, some, q);
    hs_text svg = draw(analysis, "histogram-toxicity-nll-zero.svg");
    assert_int_equal(read_blocks(&svg, blocks), 1);
    assert_int_equal(blocks[0].set, HEAD_B);
    hs_text_clear(&svg);
    set_changes(analysis, none, q);
    svg = draw(analysis, "histogram-toxicity-nll-zero.svg");
    assert_null(svg.text);
    hs_analysis_free(analysis);
    analysis_fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bins), cmocka_unit_test(test_stacks),
                                       cmocka_unit_test(test_not_finite)};
    return cmocka_run_group_tests_name("report_histogram", tests, comm_set_up, comm_tear_down);
}
