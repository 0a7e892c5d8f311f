/* F1 of labels and its mean, from the counts that a classification task stores. Numbers worked out by hand. */
#include "headsweep/analysis.h"

#include <math.h>
#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/assert_status.h"
#include "support/checkpoint_writer.h"
#include "support/comm_fixture.h"
#include "support/sets_rows.h"

enum { N_SETS = 3, N_EXAMPLES = 5, N_LABELS = 4, MACRO_F1 = 0, FIRST_LABEL = 1, N_METRICS = FIRST_LABEL + N_LABELS };

static const size_t GOLD[N_EXAMPLES] = {0, 0, 1, 1, 2};
static const size_t PREDICTED[N_SETS][N_EXAMPLES] = {{0, 1, 1, 1, 0}, {0, 0, 1, 1, 2}, {2, 2, 2, 2, 2}};
/*
 * Clean: label 0 has TP 1, FP 1, FN 1; label 1 TP 2, FP 1; label 2 FN 1. Label 3 neither is right nor predicted, so
 * it is no part of the mean. Third set: label 2 has TP 1, FP 4; the others FN only.
 */
static const double EXPECTED[N_SETS][N_METRICS] = {
    {(0.5 + 0.8 + 0) / 3, 0.5, 0.8, 0, 0}, {1, 1, 1, 1, 0}, {(2.0 / 6) / 3, 0, 0, 2.0 / 6, 0}};

static hs_status create(const char *path, hs_error *error)
{
    static const int32_t order[N_SETS] = {0, 1, 1};
    static const int32_t intervention[N_SETS] = {-1, 0, 0};
    static const int32_t components[N_SETS][1][3] = {{{-1, -1, -1}}, {{0, 0, 0}}, {{0, 0, 1}}};
    static const hs_metric metrics[N_METRICS] = {{"macro_f1", "share", "x", 1, true, HS_PER_MACRO_F1},
                                                 {"f1_a", "share", "x", 1, true, HS_PER_F1},
                                                 {"f1_b", "share", "x", 1, true, HS_PER_F1},
                                                 {"f1_c", "share", "x", 1, true, HS_PER_F1},
                                                 {"f1_d", "share", "x", 1, true, HS_PER_F1}};
    static const uint64_t shard_first[] = {0, N_EXAMPLES};
    static const uint64_t lines[N_EXAMPLES] = {1, 2, 3, 4, 5};
    const hs_results_task task = {.name = "labels",
                                  .kind = "classification",
                                  .n_examples = N_EXAMPLES,
                                  .n_metrics = N_METRICS,
                                  .metrics = metrics,
                                  .n_shards = 1,
                                  .shard_first = shard_first,
                                  .example_line = lines};
    hs_results_layout layout = {
        .sets = zero_sets_of_rows(N_SETS, 1, order, intervention, &components[0][0][0]), .tasks = &task, .n_tasks = 1};

    hs_status status = hs_results_create(path, &layout, error);
    hs_sets_clear(&layout.sets);
    return status;
}

static hs_status write_cells(hs_comm *comm, const char *path, hs_error *error)
{
    hs_results *results;

    HS_TRY(hs_results_open_parallel(comm, path, &results, error));
    for (size_t set = 0; set < N_SETS; ++set) {
        float values[N_EXAMPLES][N_METRICS] = {{0}};
        for (size_t i = 0; i < N_EXAMPLES; ++i) {
            values[i][MACRO_F1] = (float)PREDICTED[set][i];
            values[i][FIRST_LABEL + GOLD[i]] += 1;
            values[i][FIRST_LABEL + PREDICTED[set][i]] += 1;
        }
        HS_TRY(hs_results_write_cell(results, (hs_cell){0, 0, set}, &values[0][0], error));
    }
    return hs_results_close(results, error);
}

static void test_f1(void **state)
{
    hs_error error = {0};
    hs_results *results;
    hs_analysis *analysis;
    char *folder = test_temporary_folder();
    char path[512];

    snprintf(path, sizeof path, "%s/r.h5", folder);
    assert_ok(create(path, &error), &error);
    assert_ok(write_cells(*state, path, &error), &error);
    assert_ok(hs_results_open_read(path, &results, &error), &error);
    assert_ok(hs_analysis_new(results, NULL, NULL, &analysis, &error), &error);
    for (size_t set = 0; set < N_SETS; ++set)
        for (size_t metric = 0; metric < N_METRICS; ++metric) {
            const double mean = hs_analysis_value(analysis, HS_STATISTIC_MEAN, 0, metric, set);
            const double delta = hs_analysis_value(analysis, HS_STATISTIC_DELTA, 0, metric, set);
            assert_true(fabs(mean - EXPECTED[set][metric]) < 1e-12);
            assert_true(fabs(delta - (EXPECTED[set][metric] - EXPECTED[0][metric])) < 1e-12);
        }
    hs_analysis_free(analysis);
    assert_ok(hs_results_close(results, &error), &error);
    test_folder_remove(folder);
    free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_f1)};
    return cmocka_run_group_tests_name("analysis_f1", tests, comm_set_up, comm_tear_down);
}
