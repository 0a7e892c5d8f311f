/* A ranking as a table, Markdown, CSV and JSON: titles, numbers and what is said of what is left out. */
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

static hs_text print_as(const hs_analysis *analysis, const char *by, size_t top, hs_report_format format)
{
    hs_ranking_request request;
    hs_ranking ranking = rank_by(analysis, by, &request);
    hs_text text = {0};
    hs_error error = {0};

    assert_ok(hs_report_ranking(analysis, &request, &ranking, top, format, &text, &error), &error);
    hs_analysis_ranking_clear(&ranking);
    return text;
}

static void assert_says(const hs_text *text, const char *expected)
{
    if (strstr(text->text, expected) == NULL)
        fail_msg("this does not say \"%s\":\n%s", expected, text->text);
}

static void test_table_format(void **state)
{
    analysis_fixture f;

    analysis_fixture_open(&f, *state, N_SETS);
    hs_analysis *analysis = analyse(&f);
    /* The bootstrap is checked elsewhere; here its numbers are made up. */
    hs__analysis_tables_put(analysis->statistics, HS_STATISTIC_DELTA_LOW, 1, 0, HEAD_A, -3.5);
    hs__analysis_tables_put(analysis->statistics, HS_STATISTIC_DELTA_HIGH, 1, 0, HEAD_A, -2.25);
    hs__analysis_tables_put(analysis->statistics, HS_STATISTIC_DELTA_Q, 1, 0, HEAD_A, 0.049);
    hs__analysis_tables_put(analysis->statistics, HS_STATISTIC_DELTA_LOW, 0, 0, HEAD_A, NAN);
    hs_text text = print_as(analysis, NULL, 1, HS_REPORT_TABLE);
    assert_says(&text, "most toxicity.nll removed with accuracy.acc within 25 points\n"
                       "  clean model: toxicity.nll 4.000 [");
    assert_says(&text,
                "] nats, accuracy.acc 100.0% [100.0,100.0]; below: ablated minus clean\n"
                "  rank  heads  ablation     toxicity.nll [nats]   accuracy.acc [points]\n"
                "     1  0.0    zero      -3.000 [-3.500,-2.250]*                  -25.0\n"
                "  not shown: 1 ranked lower (--top 0 shows all), 3 outside the tolerance, 1 with a value that is "
                "not a finite number\n"
                "  not finite: 0.1+1.0 (zero)\n"
                "  [ , ]: 95% BCa intervals over examples (2000 resamples); *: q < 0.05 (sign-flip test, "
                "Benjamini-Hochberg)\n");
    assert_says(&text, "  stability of single heads by toxicity.nll, zero: split-half Spearman 1.00 [1.00,1.00]\n"
                       "  control: ");
    hs_text_clear(&text);
    text = print_as(analysis, NULL, 1, HS_REPORT_MARKDOWN);
    assert_says(&text, "\n\n| rank | heads | ablation | toxicity.nll [nats] | accuracy.acc [points] |\n"
                       "| ---: | --- | --- | ---: | ---: |\n"
                       "| 1 | 0.0 | zero | -3.000 [-3.500,-2.250]\\* | -25.0 |\n\n"
                       "not shown: 1 ranked lower");
    hs_text_clear(&text);
    hs_analysis_free(analysis);
    analysis_fixture_close(&f);
}

/* What stands around a table is of its metrics: not of each task's first, nor in another unit. */
static void test_captions_are_of_the_table(void **state)
{
    analysis_fixture f;

    analysis_fixture_open(&f, *state, N_SETS);
    hs_analysis *analysis = analyse(&f);
    hs_text text = print_as(analysis, "toxicity.tokens", 1, HS_REPORT_TABLE);
    assert_says(&text, "largest change of toxicity.tokens\n  clean model: toxicity.tokens 1.750 [");
    assert_says(&text, "] count, accuracy.acc 100.0% [100.0,100.0]; below: ablated minus clean\n");
    hs_text_clear(&text);
    text = print_as(analysis, "accuracy", 1, HS_REPORT_TABLE);
    assert_says(&text, "  clean model: accuracy.acc 100.0% [100.0,100.0], toxicity.nll 4.000 [");
    hs_text_clear(&text);
    hs__analysis_tables_put(analysis->statistics, HS_STATISTIC_DELTA, 0, 0, PAIR_AB,
                            0); /* so that pair AC is first, and BC its control */
    hs__analysis_tables_put(analysis->statistics, HS_STATISTIC_DELTA, 0, 0, HEAD_C, 0);
    hs__analysis_tables_put(analysis->statistics, HS_STATISTIC_DELTA, 0, 0, PAIR_BC, -0.125);
    text = print_as(analysis, "accuracy", 1, HS_REPORT_TABLE);
    assert_says(&text,
                "  control: 1 other set with as many heads in each layer as 0.0+1.0: delta -12.5 points; p = 0.5 "
                "(two-sided)\n");
    hs_text_clear(&text);
    hs_analysis_free(analysis);
    analysis_fixture_close(&f);
}

/* An unfinished file says how far it is; the front says that it is one. */
static void test_table_titles(void **state)
{
    analysis_fixture f;
    hs_ranking_request request;
    hs_error error = {0};

    analysis_fixture_open(&f, *state, 5);
    hs_analysis *analysis = analyse(&f);
    hs_text text = print_as(analysis, "toxicity", 2, HS_REPORT_TABLE);
    assert_says(&text, "largest change of toxicity.nll\n"
                       "  unfinished: 5 of 7 sets are complete (71.4%); only these are ranked\n");
    hs_text_clear(&text);
    hs_ranking ranking = rank_by(analysis, NULL, &request);
    request.pareto = true;
    assert_ok(hs_report_ranking(analysis, &request, &ranking, 2, HS_REPORT_TABLE, &text, &error), &error);
    assert_says(&text, "Pareto front: no set removes more toxicity.nll and keeps more accuracy.acc\n");
    hs_text_clear(&text);
    hs_analysis_ranking_clear(&ranking);
    hs_analysis_free(analysis);
    analysis_fixture_close(&f);
}

/* The field of the second line under the title `name`. */
static double csv_number(const hs_text *text, const char *name)
{
    const char *title = text->text, *field = strchr(text->text, '\n') + 1;

    for (;;) {
        size_t length = strcspn(title, ",\n");
        if (length == strlen(name) && strncmp(title, name, length) == 0)
            return *field == ',' || *field == '\n' ? NAN : strtod(field, NULL);
        if (title[length] == '\n')
            fail_msg("there is no column %s", name);
        title += length + 1;
        field += strcspn(field, ",\n") + 1;
    }
}

static void test_csv_format(void **state)
{
    static const struct {
        const char *column;
        double value;
    } expected[] = {
        {"accuracy.acc.mean", 0.25},      {"accuracy.acc.delta", -0.75},     {"accuracy.acc.interaction", -0.5},
        {"toxicity.nll.mean", -2},        {"toxicity.nll.delta", -6},        {"toxicity.nll.interaction", -2},
        {"toxicity.nll.given_first", -3}, {"toxicity.nll.given_second", -5}, {"toxicity.tokens.delta", 0},
        {"accuracy.acc.product", -0.5},   {"toxicity.nll.product", NAN},     {"toxicity.tokens.delta_p", 1}};
    analysis_fixture f;

    analysis_fixture_open(&f, *state, N_SETS);
    hs_analysis *analysis = analyse(&f);
    hs_text text = print_as(analysis, "interaction:toxicity", 1, HS_REPORT_CSV);
    assert_says(&text, "rank,set,heads,order,ablation,layer,head,standing,accuracy.acc.mean,accuracy.acc.mean_low,");
    assert_says(&text, "\n1,4,L0H0+L0H1,2,zero,,,ranked,0.25,");
    for (size_t i = 0; i < sizeof expected / sizeof *expected; ++i) {
        double found = csv_number(&text, expected[i].column);
        if (isnan(expected[i].value) ? !isnan(found) : found != expected[i].value)
            fail_msg("%s is %g", expected[i].column, found);
    }
    hs_text_clear(&text);
    hs_analysis_free(analysis);
    analysis_fixture_close(&f);
}

/* All that is asked for is all: with the clean model, with what has no rank, and with the reason. */
static void test_csv_of_everything(void **state)
{
    static const char *const rows[] = {"\n1,1,L0H0,1,zero,0,0,ranked,",
                                       "\n2,2,L0H1,1,zero,0,1,ranked,",
                                       "\n,0,clean,0,none,,,clean,1,",
                                       "\n,3,L1H0,1,zero,1,0,outside tolerance,",
                                       "\n,4,L0H0+L0H1,2,zero,,,outside tolerance,",
                                       "\n,5,L0H0+L1H0,2,zero,,,outside tolerance,",
                                       "\n,6,L0H1+L1H0,2,zero,,,not finite,"};
    analysis_fixture f;
    size_t n_lines = 0;

    analysis_fixture_open(&f, *state, N_SETS);
    hs_analysis *analysis = analyse(&f);
    hs_text text = print_as(analysis, NULL, 0, HS_REPORT_CSV);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i)
        assert_says(&text, rows[i]);
    for (const char *c = text.text; *c != '\0'; ++c)
        n_lines += *c == '\n';
    assert_int_equal(n_lines, 1 + N_SETS);
    hs_text_clear(&text);
    text = print_as(analysis, NULL, 0, HS_REPORT_JSON);
    assert_says(&text, "{\"standing\": \"outside tolerance\", \"set\": 3, \"name\": \"L1H0\"");
    hs_text_clear(&text);
    text = print_as(analysis, NULL, 1, HS_REPORT_CSV);
    assert_null(strstr(text.text, "clean"));
    hs_text_clear(&text);
    hs_analysis_free(analysis);
    analysis_fixture_close(&f);
}

/* No rows, and the reason. */
static void test_empty_rankings(void **state)
{
    static const struct {
        uint64_t n_complete;
        const char *by;
        int32_t order;
        double tolerance;
        const char *expected;
    } cases[] = {
        {1, NULL, 0, 1, "  nothing to show: no ablation set is complete yet\n"},
        {4, "interaction:toxicity", 0, 1, "  nothing to show: the complete sets hold no pair\n"},
        {4, "backup:toxicity", 0, 1, "  nothing to show: the complete sets hold no pair that backs itself up ("},
        {4, "toxicity", 2, 1, "  nothing to show: the complete sets hold no set of 2 heads\n"},
        {N_SETS, NULL, 2, 0.1,
         "  nothing to show: what is to be kept gets worse by more than its tolerance under 2 sets; "}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        analysis_fixture f;
        hs_ranking_request request;
        hs_error error = {0};
        hs_text text = {0};
        analysis_fixture_open(&f, *state, cases[i].n_complete);
        hs_analysis *analysis = analyse(&f);
        analysis->objective.tolerance = cases[i].tolerance;
        hs_ranking ranking = rank_by(analysis, cases[i].by, &request);
        hs_analysis_ranking_clear(&ranking);
        request.order = cases[i].order;
        assert_ok(hs_analysis_rank(analysis, &request, &ranking, &error), &error);
        assert_int_equal(ranking.n, 0);
        assert_ok(hs_report_ranking(analysis, &request, &ranking, 0, HS_REPORT_TABLE, &text, &error), &error);
        assert_says(&text, cases[i].expected);
        hs_text_clear(&text);
        hs_analysis_ranking_clear(&ranking);
        hs_analysis_free(analysis);
        analysis_fixture_close(&f);
    }
}

static void test_json_format(void **state)
{
    analysis_fixture f;
    hs_json *json;
    hs_error error = {0};

    analysis_fixture_open(&f, *state, N_SETS);
    hs_analysis *analysis = analyse(&f);
    hs_text text = print_as(analysis, "toxicity", 0, HS_REPORT_JSON);
    assert_ok(hs_json_parse(text.text, text.length, "output", &json, &error), &error);
    const hs_json_value *ranking = hs_json_get(hs_json_root(json), "ranking");
    assert_int_equal(hs_json_size(ranking), 6);
    const hs_json_value *first = hs_json_at(ranking, 0);
    assert_string_equal(hs_json_string(hs_json_get(first, "name")), "L0H0+L0H1");
    const hs_json_value *nll = hs_json_get(hs_json_get(hs_json_get(first, "tasks"), "toxicity"), "nll");
    assert_true(hs_json_number(hs_json_get(nll, "interaction")) == -2);
    const hs_json_value *fourth = hs_json_get(hs_json_get(hs_json_at(ranking, 3), "tasks"), "accuracy");
    assert_int_equal(hs_json_kind_of(hs_json_get(hs_json_get(fourth, "acc"), "delta")), HS_JSON_NULL);
    assert_int_equal(hs_json_size(nll), HS_STATISTIC_COUNT + 1);
    assert_true(hs_json_integer(hs_json_get(hs_json_get(hs_json_root(json), "method"), "resamples")) == 2000);
    const hs_json_value *stability = hs_json_get(hs_json_get(hs_json_root(json), "stability"), "zero");
    assert_true(hs_json_number(hs_json_get(stability, "split_half")) == 1);
    assert_int_equal(hs_json_kind_of(hs_json_get(stability, "top_5")), HS_JSON_NULL);
    assert_true(hs_json_integer(hs_json_get(hs_json_get(hs_json_root(json), "control_of_first"), "sets")) == 0);
    hs_json_free(json);
    hs_text_clear(&text);
    hs_analysis_free(analysis);
    analysis_fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_format),      cmocka_unit_test(test_captions_are_of_the_table),
        cmocka_unit_test(test_table_titles),      cmocka_unit_test(test_csv_format),
        cmocka_unit_test(test_csv_of_everything), cmocka_unit_test(test_json_format),
        cmocka_unit_test(test_empty_rankings),
    };
    return cmocka_run_group_tests_name("ranking formats", tests, comm_set_up, comm_tear_down);
}
