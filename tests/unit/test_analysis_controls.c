/* Controls and backups against numbers worked out by hand. */
#include "analysis/statistic_tables.h"
#include "headsweep/analysis.h"

#include <math.h>
#include <setjmp.h>

#include <cmocka.h>

#include "support/analysis_fixture.h"
#include "support/assert_status.h"
#include "support/comm_fixture.h"

/* Heads 0.0 and 0.1 have one head in layer 0 each; 1.0 is alone in its layer, and so is each pair but AC and BC. */
static void test_controls(void **state)
{
    const hs_ranking_request lowest = {.key = HS_RANK_BY_OBJECTIVE, .objective = {.reduce_task = 1}};
    hs_control control;
    hs_error error = {0};
    analysis_fixture f;

    analysis_fixture_open(&f, *state, N_SETS);
    hs_analysis *analysis = analyse(&f);
    assert_ok(hs_analysis_control(analysis, &lowest, HEAD_A, &control, &error), &error);
    assert_true(control.n == 1 && control.mean == -1 && control.p == 0.5);
    assert_ok(hs_analysis_control(analysis, &lowest, HEAD_B, &control, &error), &error);
    assert_true(control.n == 1 && control.mean == -3 && control.p == 1);
    assert_ok(hs_analysis_control(analysis, &lowest, PAIR_AC, &control, &error), &error);
    assert_true(control.n == 1 && control.mean == -2 && control.p == 0.5);
    assert_ok(hs_analysis_control(analysis, &lowest, PAIR_AB, &control, &error), &error);
    assert_true(control.n == 0 && isnan(control.mean) && isnan(control.p));
    hs_analysis_free(analysis);
    analysis_fixture_close(&f);
}

/* By an objective as low counts as much, elsewhere as large in either direction; by interactions theirs counts. */
static void test_sides_of_controls(void **state)
{
    hs_ranking_request request = {.key = HS_RANK_BY_OBJECTIVE, .objective = {.reduce_task = 1}};
    hs_control control;
    hs_error error = {0};
    analysis_fixture f;

    analysis_fixture_open(&f, *state, N_SETS);
    hs_analysis *analysis = analyse(&f);
    hs__analysis_tables_put(analysis->statistics, HS_STATISTIC_DELTA, 1, 0, HEAD_A, 5);
    hs__analysis_tables_put(analysis->statistics, HS_STATISTIC_DELTA, 1, 0, HEAD_B, -6);
    assert_ok(hs_analysis_control(analysis, &request, HEAD_A, &control, &error), &error);
    assert_true(control.n == 1 && control.p == 1 && isnan(control.low) && isnan(control.high));
    assert_ok(hs_analysis_control(analysis, &request, HEAD_B, &control, &error), &error);
    assert_true(control.p == 0.5);
    request = (hs_ranking_request){.key = HS_RANK_BY_DELTA, .task = 1, .intervention = -1};
    assert_ok(hs_analysis_control(analysis, &request, HEAD_B, &control, &error), &error);
    assert_true(control.p == 0.5 && control.mean == 5);
    hs__analysis_tables_put(analysis->statistics, HS_STATISTIC_DELTA, 1, 0, HEAD_A, 7);
    assert_ok(hs_analysis_control(analysis, &request, HEAD_B, &control, &error), &error);
    assert_true(control.p == 1);
    request.key = HS_RANK_BY_INTERACTION;
    hs__analysis_tables_put(analysis->statistics, HS_STATISTIC_INTERACTION, 1, 0, PAIR_AC, 3);
    hs__analysis_tables_put(analysis->statistics, HS_STATISTIC_INTERACTION, 1, 0, PAIR_BC, -2);
    assert_ok(hs_analysis_control(analysis, &request, PAIR_AC, &control, &error), &error);
    assert_true(control.n == 1 && control.mean == -2 && control.p == 0.5);
    hs_analysis_free(analysis);
    analysis_fixture_close(&f);
}

/* What makes a pair a backup, by numbers put into the tables. */
static void test_backup(void **state)
{
    static const struct {
        double delta, interaction, q, single_high;
        bool backup;
    } cases[] = {{-8, -7, 0.01, 1, true},    {-8, 7, 0.01, 1, false},    {-8, -7, 0.2, 1, false},
                 {-8, -7, 0.01, 2.5, false}, {-8, -7, 0.01, NAN, false}, {8, 7, 0.01, 2, true}};
    hs_error error = {0};
    hs_ranking_request request;
    analysis_fixture f;

    analysis_fixture_open(&f, *state, N_SETS);
    hs_analysis *analysis = analyse(&f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        hs__analysis_tables_put(analysis->statistics, HS_STATISTIC_DELTA, 1, 0, PAIR_AB, cases[i].delta);
        hs__analysis_tables_put(analysis->statistics, HS_STATISTIC_INTERACTION, 1, 0, PAIR_AB, cases[i].interaction);
        hs__analysis_tables_put(analysis->statistics, HS_STATISTIC_DELTA_Q, 1, 0, PAIR_AB, 0.001);
        hs__analysis_tables_put(analysis->statistics, HS_STATISTIC_INTERACTION_Q, 1, 0, PAIR_AB, cases[i].q);
        for (size_t head = HEAD_A; head <= HEAD_B; ++head) {
            hs__analysis_tables_put(analysis->statistics, HS_STATISTIC_DELTA_LOW, 1, 0, head, -1);
            hs__analysis_tables_put(analysis->statistics, HS_STATISTIC_DELTA_HIGH, 1, 0, head, cases[i].single_high);
        }
        assert_int_equal(hs_analysis_is_backup(analysis, 1, 0, PAIR_AB), cases[i].backup);
    }
    assert_ok(hs_analysis_request_parse(analysis, "backup:toxicity", &request, &error), &error);
    assert_int_equal(request.key, HS_RANK_BY_BACKUP);
    assert_false(hs_analysis_is_backup(analysis, 1, 0, HEAD_A));
    /* A file of another maker may have statistics of a pair without the singles. */
    hs__analysis_tables_put(analysis->statistics, HS_STATISTIC_DELTA, 1, 0, PAIR_AB, cases[0].delta);
    hs__analysis_tables_put(analysis->statistics, HS_STATISTIC_INTERACTION, 1, 0, PAIR_AB, cases[0].interaction);
    hs__analysis_tables_put(analysis->statistics, HS_STATISTIC_INTERACTION_Q, 1, 0, PAIR_AB, cases[0].q);
    analysis->pairs->singles[hs__analysis_pairs_row(analysis->pairs, PAIR_AB)][0] = -1;
    assert_false(hs_analysis_is_backup(analysis, 1, 0, PAIR_AB));
    hs_analysis_free(analysis);
    analysis_fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_controls),
        cmocka_unit_test(test_sides_of_controls),
        cmocka_unit_test(test_backup),
    };
    return cmocka_run_group_tests_name("controls", tests, comm_set_up, comm_tear_down);
}
