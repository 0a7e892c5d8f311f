#include "support/analysis_fixture.h"
#include "support/assert_status.h"

#include <math.h>
#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/checkpoint_writer.h"
#include "support/sets_rows.h"

/* Task accuracy, metric acc: 1 or 0 an example. Means: 1, .75, 1, .5, .25, .5, NaN (pair BC holds one). */
static const float accuracy[N_SETS][N_EXAMPLES] = {{1, 1, 1, 1}, {1, 1, 1, 0}, {1, 1, 1, 1},  {1, 0, 1, 0},
                                                   {1, 0, 0, 0}, {1, 0, 1, 0}, {1, 1, NAN, 1}};
/* Task toxicity, metrics nll (per tokens) and tokens: nll / tokens is 4, 1, 3, 4, -2, 1, 2 by construction. */
static const float toxicity[N_SETS][N_EXAMPLES][2] = {
    {{4, 1}, {8, 2}, {0, 1}, {16, 3}}, {{1, 1}, {2, 2}, {1, 1}, {3, 3}},     {{3, 1}, {6, 2}, {3, 1}, {9, 3}},
    {{4, 1}, {8, 2}, {4, 1}, {12, 3}}, {{-2, 1}, {-4, 2}, {-2, 1}, {-6, 3}}, {{1, 1}, {2, 2}, {1, 1}, {3, 3}},
    {{2, 1}, {4, 2}, {2, 1}, {6, 3}}};

static hs_status create(const char *path, const hs_results_attribute *extra, hs_error *error)
{
    static const int32_t order[N_SETS] = {0, 1, 1, 1, 2, 2, 2};
    static const int32_t intervention[N_SETS] = {-1, 0, 0, 0, 0, 0, 0};
    static const int32_t components[N_SETS][2][3] = {
        {{-1, -1, -1}, {-1, -1, -1}}, {{0, 0, 0}, {-1, -1, -1}}, {{0, 0, 1}, {-1, -1, -1}}, {{0, 1, 0}, {-1, -1, -1}},
        {{0, 0, 0}, {0, 0, 1}},       {{0, 0, 0}, {0, 1, 0}},    {{0, 0, 1}, {0, 1, 0}}};
    static const hs_metric acc = {"acc", "share", "share that is right", 1, true, -1};
    static const hs_metric nll[] = {{"nll", "nats", "negative log-likelihood a token", -1, false, 1},
                                    {"tokens", "count", "tokens", 0, false, -1}};
    static const uint64_t shard_first[] = {0, N_EXAMPLES};
    static const uint64_t lines[N_EXAMPLES] = {1, 2, 3, 4};
    const hs_results_attribute experiment[] = {
        {"objective.reduce", "toxicity", false}, {"objective.reduce_metric", "", false},
        {"objective.keep", "accuracy", false},   {"objective.keep_metric", "acc", false},
        {"objective.tolerance", "0.25", false},  extra != NULL ? *extra : (hs_results_attribute){0}};
    const hs_results_task tasks[] = {{.name = "accuracy",
                                      .kind = "multiple_choice",
                                      .n_examples = N_EXAMPLES,
                                      .n_metrics = 1,
                                      .metrics = &acc,
                                      .n_shards = 1,
                                      .shard_first = shard_first,
                                      .example_line = lines},
                                     {.name = "toxicity",
                                      .kind = "perplexity",
                                      .n_examples = N_EXAMPLES,
                                      .n_metrics = 2,
                                      .metrics = nll,
                                      .n_shards = 1,
                                      .shard_first = shard_first,
                                      .example_line = lines}};
    hs_results_layout layout = {.experiment = experiment,
                                .n_experiment = extra != NULL ? 6 : 5,
                                .sets = zero_sets_of_rows(N_SETS, 2, order, intervention, &components[0][0][0]),
                                .tasks = tasks,
                                .n_tasks = 2};

    hs_status status = hs_results_create(path, &layout, error);
    hs_sets_clear(&layout.sets);
    return status;
}

/* Writes the cells of the first n_sets sets. */
static hs_status write_cells(analysis_fixture *f, uint64_t n_sets, hs_error *error)
{
    hs_results *results;

    HS_TRY(hs_results_open_parallel(f->comm, f->path, &results, error));
    for (uint64_t set = 0; set < n_sets; ++set) {
        HS_TRY(hs_results_write_cell(results, (hs_cell){0, 0, set}, accuracy[set], error));
        HS_TRY(hs_results_write_cell(results, (hs_cell){1, 0, set}, &toxicity[set][0][0], error));
    }
    return hs_results_close(results, error);
}

void analysis_fixture_open_with(analysis_fixture *f, hs_comm *comm, uint64_t n_sets, const hs_results_attribute *extra)
{
    hs_error error = {0};

    f->folder = test_temporary_folder();
    f->comm = comm;
    snprintf(f->path, sizeof f->path, "%s/r.h5", f->folder);
    assert_ok(create(f->path, extra, &error), &error);
    assert_ok(write_cells(f, n_sets, &error), &error);
    assert_ok(hs_results_open_read(f->path, &f->results, &error), &error);
}

void analysis_fixture_open(analysis_fixture *f, hs_comm *comm, uint64_t n_sets)
{
    analysis_fixture_open_with(f, comm, n_sets, NULL);
}

void analysis_fixture_close(analysis_fixture *f)
{
    hs_error error = {0};

    hs_results_close(f->results, &error);
    test_folder_remove(f->folder);
    free(f->folder);
}

hs_analysis *analyse(analysis_fixture *f)
{
    hs_analysis *analysis;
    hs_error error = {0};

    assert_ok(hs_analysis_new(f->results, NULL, NULL, &analysis, &error), &error);
    return analysis;
}

hs_ranking rank_by(const hs_analysis *analysis, const char *by, hs_ranking_request *request)
{
    hs_ranking ranking = {0};
    hs_error error = {0};

    assert_ok(hs_analysis_request_parse(analysis, by, request, &error), &error);
    assert_ok(hs_analysis_rank(analysis, request, &ranking, &error), &error);
    return ranking;
}
