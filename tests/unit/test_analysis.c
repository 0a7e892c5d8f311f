/* Deltas, interactions and rankings against numbers worked out by hand. */
#include "analysis/statistic_tables.h"
#include "headsweep/analysis.h"

#include <math.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#include "support/analysis_fixture.h"
#include "support/assert_status.h"
#include "support/comm_fixture.h"
#include "support/results_ranked.h"

static void assert_ranked(const hs_analysis *analysis, const char *by, const uint64_t *expected, size_t n)
{
    hs_ranking_request request;
    hs_ranking ranking = rank_by(analysis, by, &request);

    assert_int_equal(ranking.n, n);
    for (size_t i = 0; i < n; ++i)
        assert_int_equal(ranking.sets[i], expected[i]);
    hs_analysis_ranking_clear(&ranking);
}

static void test_tables(void **state)
{
    static const double mean_acc[] = {1, .75, 1, .5, .25, .5};
    static const double mean_nll[] = {4, 1, 3, 4, -2, 1, 2};
    analysis_fixture f;

    analysis_fixture_open(&f, *state, N_SETS);
    hs_analysis *analysis = analyse(&f);
    assert_int_equal(analysis->n_complete, N_SETS);
    for (size_t set = 0; set < 6; ++set) {
        assert_true(hs_analysis_value(analysis, HS_STATISTIC_MEAN, 0, 0, set) == mean_acc[set]);
        assert_true(hs_analysis_value(analysis, HS_STATISTIC_DELTA, 0, 0, set) == mean_acc[set] - 1);
    }
    assert_true(isnan(hs_analysis_value(analysis, HS_STATISTIC_MEAN, 0, 0, PAIR_BC)));
    for (size_t set = 0; set < N_SETS; ++set)
        assert_true(hs_analysis_value(analysis, HS_STATISTIC_DELTA, 1, 0, set) == mean_nll[set] - 4);
    /* accuracy AB: -.75 - (-.25) - 0; toxicity AB: -6 - (-3) - (-1); AC: -3 - (-3) - 0; BC: -2 - (-1) - 0. */
    assert_true(hs_analysis_value(analysis, HS_STATISTIC_INTERACTION, 0, 0, PAIR_AB) == -.5);
    assert_true(hs_analysis_value(analysis, HS_STATISTIC_INTERACTION, 1, 0, PAIR_AB) == -2);
    assert_true(hs_analysis_value(analysis, HS_STATISTIC_INTERACTION, 1, 0, PAIR_AC) == 0);
    assert_true(hs_analysis_value(analysis, HS_STATISTIC_INTERACTION, 1, 0, PAIR_BC) == -1);
    assert_true(isnan(hs_analysis_value(analysis, HS_STATISTIC_INTERACTION, 1, 0, HEAD_A)));
    hs_analysis_free(analysis);
    analysis_fixture_close(&f);
}

static void test_rankings(void **state)
{
    /* Within a loss of .25 of accuracy: A (-3), B (-1); C, AB and AC lose more; BC is not finite. */
    static const uint64_t by_objective[] = {HEAD_A, HEAD_B};
    static const uint64_t by_accuracy[] = {PAIR_AB, HEAD_C, PAIR_AC, HEAD_A, HEAD_B};
    static const uint64_t by_toxicity[] = {PAIR_AB, HEAD_A, PAIR_AC, PAIR_BC, HEAD_B, HEAD_C};
    static const uint64_t by_interaction[] = {PAIR_AB, PAIR_BC, PAIR_AC};
    analysis_fixture f;

    analysis_fixture_open(&f, *state, N_SETS);
    hs_analysis *analysis = analyse(&f);
    assert_ranked(analysis, NULL, by_objective, 2);
    assert_ranked(analysis, "objective", by_objective, 2);
    assert_ranked(analysis, "accuracy", by_accuracy, 5);
    assert_ranked(analysis, "toxicity.nll", by_toxicity, 6);
    assert_ranked(analysis, "interaction:toxicity", by_interaction, 3);

    hs_ranking_request request;
    hs_ranking ranking = rank_by(analysis, NULL, &request);
    assert_int_equal(ranking.n_of[HS_STANDING_OUTSIDE_TOLERANCE], 3);
    assert_int_equal(ranking.n_not_finite, 1);
    hs_analysis_ranking_clear(&ranking);
    hs_analysis_free(analysis);
    analysis_fixture_close(&f);
}

static void test_filters(void **state)
{
    hs_ranking_request request;
    hs_ranking ranking;
    hs_error error = {0};
    analysis_fixture f;

    analysis_fixture_open(&f, *state, N_SETS);
    hs_analysis *analysis = analyse(&f);
    assert_ok(hs_analysis_request_parse(analysis, "toxicity", &request, &error), &error);
    request.order = 1;
    assert_ok(hs_analysis_rank(analysis, &request, &ranking, &error), &error);
    assert_int_equal(ranking.n, 3);
    assert_int_equal(ranking.sets[0], HEAD_A);
    hs_analysis_ranking_clear(&ranking);
    hs_analysis_free(analysis);
    analysis_fixture_close(&f);
}

static void test_unknown_names(void **state)
{
    static const struct {
        const char *by;
        const char *expected;
    } cases[] = {{"rudeness", "there is no task \"rudeness\" in the file; there are: accuracy, toxicity"},
                 {"toxicity.acc", "task \"toxicity\" has no metric \"acc\"; there are: nll, tokens"},
                 {"interaction:x", "there is no task \"x\""}};
    hs_ranking_request request;
    analysis_fixture f;

    analysis_fixture_open(&f, *state, N_SETS);
    hs_analysis *analysis = analyse(&f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        hs_error error = {0};
        assert_int_equal(hs_analysis_request_parse(analysis, cases[i].by, &request, &error), HS_ERROR_USAGE);
        if (strstr(error.message, cases[i].expected) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", error.message, cases[i].expected);
    }
    hs_analysis_free(analysis);
    analysis_fixture_close(&f);
}

/* The first five sets are there: pairs AC and BC are not ranked, AB is. */
static void test_unfinished_file(void **state)
{
    static const uint64_t by_toxicity[] = {PAIR_AB, HEAD_A, HEAD_B, HEAD_C};
    analysis_fixture f;

    analysis_fixture_open(&f, *state, 5);
    hs_analysis *analysis = analyse(&f);
    assert_int_equal(analysis->n_complete, 5);
    assert_ranked(analysis, "toxicity", by_toxicity, 4);
    hs_analysis_free(analysis);
    analysis_fixture_close(&f);
}

/* Without the clean model there is no delta, so nothing can be ranked. */
static void test_nothing_done(void **state)
{
    analysis_fixture f;

    analysis_fixture_open(&f, *state, 0);
    hs_analysis *analysis = analyse(&f);
    assert_int_equal(analysis->n_complete, 0);
    assert_ranked(analysis, "toxicity", NULL, 0);
    hs_analysis_free(analysis);
    analysis_fixture_close(&f);
}

static void test_stored_ranking(void **state)
{
    double table[N_SETS * 2];
    int32_t ranks[N_SETS];
    hs_results_method method;
    hs_error error = {0};
    analysis_fixture f;

    analysis_fixture_open(&f, *state, N_SETS);
    assert_false(results_is_ranked(f.results));
    assert_ok(hs_results_close(f.results, &error), &error);
    assert_ok(hs_results_open_parallel(f.comm, f.path, &f.results, &error), &error);
    hs_analysis *analysis = analyse(&f);
    assert_ok(hs_analysis_store(analysis, f.results, &error), &error);
    hs_analysis_free(analysis);
    assert_ok(hs_results_close(f.results, &error), &error);
    assert_ok(hs_results_open_read(f.path, &f.results, &error), &error);
    assert_true(results_is_ranked(f.results));
    assert_ok(hs_results_read_statistic(f.results, 1, HS_STATISTIC_INTERACTION, 0, N_SETS, table, &error), &error);
    assert_true(table[2 * PAIR_AB] == -2);
    assert_ok(hs_results_read_statistic(f.results, 1, HS_STATISTIC_DELTA_LOW, 0, N_SETS, table, &error), &error);
    assert_true(table[2 * PAIR_AB] <= -6 && isnan(table[0]));
    assert_ok(hs_results_read_method(f.results, &method, &error), &error);
    assert_true(method.resamples == 2000 && method.permutations == 10000 && method.confidence == 0.95 &&
                method.bca == 1);
    assert_ok(hs_results_read_objective_rank(f.results, ranks, &error), &error);
    assert_int_equal(ranks[HEAD_A], 1);
    assert_int_equal(ranks[HEAD_B], 2);
    assert_int_equal(ranks[PAIR_AB], 0);
    analysis_fixture_close(&f);
}

/* The fixture's file, all of it, with its statistics still to be written. */
static void open_to_write(analysis_fixture *f, hs_comm *comm)
{
    hs_error error = {0};

    analysis_fixture_open(f, comm, N_SETS);
    assert_ok(hs_results_close(f->results, &error), &error);
    assert_ok(hs_results_open_parallel(f->comm, f->path, &f->results, &error), &error);
}

static void keep_share(void *context, double share)
{
    double *last = context;

    assert_true(share > *last && share <= 1);
    *last = share;
}

/* Without resamples and flips there are estimates alone, the same ones; and how far that is, is told. */
static void test_estimates_alone(void **state)
{
    static const hs_statistic estimates[] = {HS_STATISTIC_MEAN, HS_STATISTIC_DELTA, HS_STATISTIC_INTERACTION,
                                             HS_STATISTIC_DELTA_EFFECT};
    static const hs_statistic uncertain[] = {HS_STATISTIC_DELTA_LOW, HS_STATISTIC_DELTA_P, HS_STATISTIC_DELTA_Q,
                                             HS_STATISTIC_INTERACTION_HIGH, HS_STATISTIC_INTERACTION_P};
    double share = 0;
    const hs_analysis_options options = {
        .confidence = 0.95, .bca = true, .seed = 1, .progress = keep_share, .progress_context = &share};
    hs_error error = {0};
    analysis_fixture f;
    hs_analysis *alone;

    analysis_fixture_open(&f, *state, N_SETS);
    hs_analysis *whole = analyse(&f);
    assert_ok(hs_analysis_new(f.results, NULL, &options, &alone, &error), &error);
    assert_true(share == 1);
    for (uint64_t set = 0; set < N_SETS; ++set) {
        for (size_t i = 0; i < sizeof estimates / sizeof *estimates; ++i) {
            const double one = hs_analysis_value(alone, estimates[i], 1, 0, set);
            const double other = hs_analysis_value(whole, estimates[i], 1, 0, set);
            assert_true(one == other || (isnan(one) && isnan(other)));
        }
        for (size_t i = 0; i < sizeof uncertain / sizeof *uncertain; ++i)
            assert_true(isnan(hs_analysis_value(alone, uncertain[i], 1, 0, set)));
    }
    hs_analysis_free(alone);
    hs_analysis_free(whole);
    analysis_fixture_close(&f);
}

/* A finished file's statistics are read, an unfinished one's computed, and both are the same numbers. */
static void test_stored_statistics_are_read(void **state)
{
    hs_error error = {0};
    analysis_fixture f;

    open_to_write(&f, *state);
    hs_analysis *computed = analyse(&f);
    assert_ok(hs_analysis_store(computed, f.results, &error), &error);
    hs_analysis *read = analyse(&f);
    for (size_t task = 0; task < 2; ++task) {
        const size_t n_metrics = hs_results_task_at(f.results, task)->n_metrics;
        for (size_t s = 0; s < HS_STATISTIC_COUNT; ++s)
            for (size_t i = 0; i < N_SETS * n_metrics; ++i) {
                double one = hs_analysis_value(read, (hs_statistic)s, task, i % n_metrics, i / n_metrics);
                double other = hs_analysis_value(computed, (hs_statistic)s, task, i % n_metrics, i / n_metrics);
                assert_memory_equal(&one, &other, sizeof one);
            }
    }
    hs_analysis_free(read);
    hs_analysis_free(computed);
    analysis_fixture_close(&f);
}

/* A file that asks for statistics as no experiment can is refused before any of them is computed. */
static void test_impossible_options(void **state)
{
    static const hs_results_attribute impossible[] = {
        {"analysis.resamples", "0", false},     {"analysis.resamples", "-1", false},
        {"analysis.resamples", "many", false},  {"analysis.permutations", "0", false},
        {"analysis.confidence", "3", false},    {"analysis.confidence", "-1e300", false},
        {"analysis.confidence", "nan", false},  {"analysis.permutations", "99999999999", false},
        {"analysis.confidence", "-0.5", false}, {"analysis.resamples", "1000001", false}};

    for (size_t i = 0; i < sizeof impossible / sizeof *impossible; ++i) {
        hs_analysis *analysis;
        hs_error error = {0};
        analysis_fixture f;
        analysis_fixture_open_with(&f, *state, N_SETS, &impossible[i]);
        assert_int_equal(hs_analysis_new(f.results, NULL, NULL, &analysis, &error), HS_ERROR_RESULTS);
        assert_null(analysis);
        assert_non_null(strstr(error.message, "no experiment can have that"));
        analysis_fixture_close(&f);
    }
}

/* The same of what a finished file says that its statistics were computed with. */
static void test_impossible_method(void **state)
{
    static const hs_results_method impossible[] = {
        {NAN, 64, 0.9, 0}, {-1, 64, 0.9, 0}, {1e300, 64, 0.9, 0}, {100, HUGE_VAL, 0.9, 0}, {100, 64, 7, 0}};
    hs_error error = {0};
    analysis_fixture f;

    open_to_write(&f, *state);
    hs_analysis *computed = analyse(&f);
    assert_ok(hs_analysis_store(computed, f.results, &error), &error);
    hs_analysis_free(computed);
    for (size_t i = 0; i < sizeof impossible / sizeof *impossible; ++i) {
        hs_analysis *analysis;
        error = (hs_error){0};
        assert_ok(hs_results_write_method(f.results, &impossible[i], &error), &error);
        assert_ok(hs_results_commit_ranking(f.results, &error), &error);
        assert_int_equal(hs_analysis_new(f.results, NULL, NULL, &analysis, &error), HS_ERROR_RESULTS);
        assert_null(analysis);
    }
    analysis_fixture_close(&f);
}

/*
 * The front in (toxicity removed, accuracy lost): AB -6 for .75, A -3 for .25, B -1 for 0. AC -3 for .5 and C 0 for
 * .5 are beaten.
 */
static void test_pareto_front(void **state)
{
    static const uint64_t front[] = {PAIR_AB, HEAD_A, HEAD_B};
    hs_ranking_request request;
    hs_ranking ranking;
    hs_error error = {0};
    analysis_fixture f;

    analysis_fixture_open(&f, *state, N_SETS);
    hs_analysis *analysis = analyse(&f);
    assert_ok(hs_analysis_request_parse(analysis, NULL, &request, &error), &error);
    request.pareto = true;
    assert_ok(hs_analysis_rank(analysis, &request, &ranking, &error), &error);
    assert_int_equal(ranking.n, 3);
    assert_memory_equal(ranking.sets, front, sizeof front);
    assert_int_equal(ranking.n_of[HS_STANDING_OUTSIDE_TOLERANCE], 0);
    hs_analysis_ranking_clear(&ranking);
    hs_analysis_free(analysis);
    analysis_fixture_close(&f);
}

/* A second thing to keep: tokens never change, nll gets better; a task that is not there is named. */
static void test_keep_also(void **state)
{
    static const char *const kept[] = {"toxicity.tokens=0"}, *const missing[] = {"fluency"},
                             *const wrong[] = {"toxicity=x"};
    static const uint64_t within[] = {HEAD_A, HEAD_B};
    hs_objective objective;
    bool has = false;
    hs_error error = {0};
    analysis_fixture f;

    analysis_fixture_open(&f, *state, N_SETS);
    hs_analysis *analysis = analyse(&f);
    analysis->objective.keep_also = kept;
    analysis->objective.n_keep_also = 1;
    assert_ranked(analysis, NULL, within, 2);
    assert_ok(hs_analysis_objective(analysis, &objective, &has, &error), &error);
    assert_true(has && objective.n_keeps == 2 && objective.keeps[1].metric == 1 && objective.keeps[1].tolerance == 0);
    analysis->objective.keep_also = missing;
    assert_int_equal(hs_analysis_objective(analysis, &objective, &has, &error), HS_ERROR_USAGE);
    assert_non_null(strstr(error.message, "there is no task \"fluency\""));
    error = (hs_error){0};
    analysis->objective.keep_also = wrong;
    assert_int_equal(hs_analysis_objective(analysis, &objective, &has, &error), HS_ERROR_USAGE);
    assert_non_null(strstr(error.message, "is not a tolerance"));
    hs_analysis_free(analysis);
    analysis_fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_rankings),
        cmocka_unit_test(test_filters),
        cmocka_unit_test(test_unknown_names),
        cmocka_unit_test(test_unfinished_file),
        cmocka_unit_test(test_nothing_done),
        cmocka_unit_test(test_stored_ranking),
        cmocka_unit_test(test_estimates_alone),
        cmocka_unit_test(test_stored_statistics_are_read),
        cmocka_unit_test(test_impossible_options),
        cmocka_unit_test(test_impossible_method),
        cmocka_unit_test(test_pareto_front),
        cmocka_unit_test(test_keep_also),
    };
    return cmocka_run_group_tests_name("analysis", tests, comm_set_up, comm_tear_down);
}
