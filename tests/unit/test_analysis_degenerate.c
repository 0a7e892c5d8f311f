/* Statistics of what has no spread, no second example or nothing to divide by: NaN, never a number made of rounding. */
#include "headsweep/report.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/assert_status.h"
#include "support/comm_fixture.h"
#include "support/small_results.h"

enum { N_SETS = 11, N_EXAMPLES = 7 };

/* Ten heads of a layer, one at a time, and the clean model. */
static const char *const INTERVENTIONS[] = {"zero"};

static hs_sets singles(void)
{
    hs_sets sets = {.n_interventions = 1, .intervention_names = INTERVENTIONS};
    hs_error error = {0};

    assert_int_equal(hs_sets_append(&sets, -1, 0, NULL, 0, &error), HS_OK);
    for (int32_t head = 0; head + 1 < N_SETS; ++head)
        assert_int_equal(hs_sets_append(&sets, 0, 0, &(hs_component){0, 0, head}, 1, &error), HS_OK);
    return sets;
}

static void open_task(small_results *s, hs_comm *comm, const small_task *task)
{
    small_tables tables = {.sets = singles(), .tasks = task, .n_tasks = 1};

    small_results_open(s, comm, &tables);
    hs_sets_clear(&tables.sets);
}

static double value_of(const small_results *s, hs_statistic statistic, size_t metric, uint64_t set)
{
    return hs_analysis_value(s->analysis, statistic, 0, metric, set);
}

/* Every example changes by the same: as a share, and as a ratio whose division leaves a residue. */
static void equal_differences_have_no_effect_size(void **state)
{
    static const hs_metric metrics[] = {{"acc", "share", "x", 1, true, HS_PER_EXAMPLE},
                                        {"nll", "nats", "x", -1, false, 2},
                                        {"tokens", "count", "x", 0, false, HS_PER_EXAMPLE}};
    static float values[N_SETS][N_EXAMPLES][3];
    const small_task task = {"same", "multiple_choice", metrics, 3, N_EXAMPLES, &values[0][0][0], NULL};
    small_results s;

    for (size_t set = 0; set < N_SETS; ++set)
        for (size_t i = 0; i < N_EXAMPLES; ++i) {
            values[set][i][0] = set == 0 ? 1 : 0;
            values[set][i][1] = 0.1F * (float)i + 0.3F * (float)set;
            values[set][i][2] = 3;
        }
    open_task(&s, *state, &task);
    for (uint64_t set = 1; set < N_SETS; ++set)
        assert_true(isnan(value_of(&s, HS_STATISTIC_DELTA_EFFECT, 0, set)));
    assert_true(value_of(&s, HS_STATISTIC_DELTA, 0, 1) == -1);
    small_results_close(&s);
}

/* One example: its values are what they are, and nothing is known of others. */
static void one_example_gives_no_interval(void **state)
{
    static const hs_statistic of_others[] = {HS_STATISTIC_MEAN_LOW, HS_STATISTIC_MEAN_HIGH, HS_STATISTIC_DELTA_LOW,
                                             HS_STATISTIC_DELTA_HIGH, HS_STATISTIC_DELTA_EFFECT};
    static const hs_metric metrics[] = {{"acc", "share", "x", 1, true, HS_PER_EXAMPLE},
                                        {"nll", "nats", "x", -1, false, 2},
                                        {"tokens", "count", "x", 0, false, HS_PER_EXAMPLE},
                                        {"f1", "share", "x", 1, true, HS_PER_F1}};
    static float values[N_SETS][1][4];
    const small_task task = {"one", "multiple_choice", metrics, 4, 1, &values[0][0][0], NULL};
    small_results s;

    for (size_t set = 0; set < N_SETS; ++set) {
        const float row[] = {set % 2 == 0 ? 1 : 0, 1 + (float)set, 4, set % 2 == 0 ? 2 : 1};
        memcpy(values[set][0], row, sizeof row);
    }
    open_task(&s, *state, &task);
    for (size_t metric = 0; metric < 4; ++metric) {
        for (size_t i = 0; i < sizeof of_others / sizeof *of_others; ++i)
            assert_true(isnan(value_of(&s, of_others[i], metric, 1)));
        for (size_t field = 0; field < HS_STABILITY_COUNT; ++field)
            assert_true(isnan(s.analysis->stability[0][metric * HS_STABILITY_COUNT + field]));
    }
    assert_true(value_of(&s, HS_STATISTIC_DELTA, 0, 1) == -1 && value_of(&s, HS_STATISTIC_MEAN, 1, 1) == 0.5);
    assert_true(value_of(&s, HS_STATISTIC_DELTA_P, 0, 1) == 1);
    small_results_close(&s);
}

/* Documents that are token ids have no words: there is no number of nats a word, neither 0 nor any other. */
static void a_ratio_over_nothing_is_no_number(void **state)
{
    static const hs_metric metrics[] = {{"word_nll", "nats", "x", -1, false, 1},
                                        {"words", "count", "x", 0, false, HS_PER_EXAMPLE}};
    static float values[N_SETS][N_EXAMPLES][2];
    const small_task task = {"ids", "perplexity", metrics, 2, N_EXAMPLES, &values[0][0][0], NULL};
    small_results s;

    for (size_t set = 0; set < N_SETS; ++set)
        for (size_t i = 0; i < N_EXAMPLES; ++i)
            values[set][i][0] = (float)(set + i);
    open_task(&s, *state, &task);
    for (uint64_t set = 0; set < N_SETS; ++set)
        for (size_t statistic = 0; statistic < HS_STATISTIC_COUNT; ++statistic)
            assert_true(isnan(value_of(&s, (hs_statistic)statistic, 0, set)));
    small_results_close(&s);
}

static void assert_says(const small_results *s, bool does, const char *expected)
{
    const hs_ranking_request request = {.key = HS_RANK_BY_DELTA, .intervention = -1};
    hs_ranking ranking;
    hs_text text = {0};
    hs_error error = {0};

    assert_ok(hs_analysis_rank(s->analysis, &request, &ranking, &error), &error);
    assert_ok(hs_report_ranking(s->analysis, &request, &ranking, 3, HS_REPORT_TABLE, &text, &error), &error);
    if ((strstr(text.text, expected) != NULL) != does)
        fail_msg("this %s say \"%s\":\n%s", does ? "does not" : "should not", expected, text.text);
    hs_text_clear(&text);
    hs_analysis_ranking_clear(&ranking);
}

static void a_ranking_says_what_one_example_is(void **state)
{
    static const hs_metric acc = {"acc", "share", "x", 1, true, HS_PER_EXAMPLE};
    static float values[N_SETS];
    const small_task task = {"one", "multiple_choice", &acc, 1, 1, values, NULL};
    small_results s;

    values[3] = 1;
    open_task(&s, *state, &task);
    assert_says(&s, true, "  clean model: one.acc 0.0%; below");
    assert_says(&s, true, "  one has one example: it gives no interval, and nothing is known of others\n");
    small_results_close(&s);
}

/* Of 100 examples with four choices: as many right as the row says. */
static void a_ranking_says_what_is_no_better_than_guessing(void **state)
{
    enum { N = 100 };
    static const struct {
        size_t n_right;
        const char *warning; /* NULL: none */
    } cases[] = {{90, NULL},
                 {40, NULL},
                 {27, "cannot be told from guessing (25.0%)"},
                 {25, "cannot be told from guessing"},
                 {3, "is worse than guessing (25.0%): are labels or choices the wrong way round"},
                 {0, "is worse than guessing"}};
    static const hs_metric acc = {"acc", "share", "x", 1, true, HS_PER_EXAMPLE};
    static const double chance = 0.25;
    static float values[N_SETS][N];
    const small_task task = {"quiz", "multiple_choice", &acc, 1, N, &values[0][0], &chance};

    for (size_t c = 0; c < sizeof cases / sizeof *cases; ++c) {
        small_results s;
        for (size_t set = 0; set < N_SETS; ++set)
            for (size_t i = 0; i < N; ++i)
                values[set][i] = i < cases[c].n_right + set ? 1 : 0;
        open_task(&s, *state, &task);
        assert_says(&s, cases[c].warning != NULL, "  warning: the clean model's quiz.acc, ");
        if (cases[c].warning != NULL)
            assert_says(&s, true, cases[c].warning);
        small_results_close(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_differences_have_no_effect_size), cmocka_unit_test(one_example_gives_no_interval),
        cmocka_unit_test(a_ratio_over_nothing_is_no_number), cmocka_unit_test(a_ranking_says_what_one_example_is),
        cmocka_unit_test(a_ranking_says_what_is_no_better_than_guessing)};
    return cmocka_run_group_tests_name("analysis_degenerate", tests, comm_set_up, comm_tear_down);
}
