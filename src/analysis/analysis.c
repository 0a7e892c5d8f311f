/*
 * analysis: all statistics of a results file, read from it where the run has stored them and
 * computed where it has not; on one process, or on the ranks of a run.
 */
#include <math.h>
#include <string.h>

#include "analysis/inference.h"
#include "analysis/inference_buffers.h"
#include "analysis/statistic_pages.h"
#include "analysis/statistic_tables.h"

hs_objective_names hs_analysis_objective_of(const hs_experiment *experiment)
{
    return (hs_objective_names){.reduce = experiment->objective_reduce,
                                .reduce_metric = experiment->objective_reduce_metric,
                                .keep = experiment->objective_keep,
                                .keep_metric = experiment->objective_keep_metric,
                                .tolerance = experiment->objective_tolerance,
                                .keep_also = (const char *const *)experiment->objective_keep_also.items,
                                .n_keep_also = experiment->objective_keep_also.n};
}

hs_analysis_options hs_analysis_options_of(const hs_experiment *experiment)
{
    return (hs_analysis_options){.resamples = (size_t)experiment->resamples,
                                 .permutations = (size_t)experiment->permutations,
                                 .confidence = experiment->confidence,
                                 .bca = experiment->interval == HS_INTERVAL_BCA,
                                 .seed = (uint64_t)experiment->seed};
}

/* The file's own objective, and its options unless others are given. */
static hs_status take_stated(hs_analysis *analysis, const hs_analysis_options *options, hs_error *error)
{
    const hs_experiment *stated;

    HS_TRY(hs_results_stated(analysis->results, &stated, error));
    analysis->objective = hs_analysis_objective_of(stated);
    analysis->options = options != NULL ? *options : hs_analysis_options_of(stated);
    return HS_OK;
}

/* 0 for what no count can be: only numbers that fit may be converted. */
static size_t whole(double number)
{
    return number >= 0 && number < 0x1p53 ? (size_t)number : 0;
}

/*
 * As an experiment may have them at most (src/config/keys.c); a share of 0 or 1 is the smallest or largest of a sample.
 */
enum { MAX_RESAMPLES = 1000000, MAX_PERMUTATIONS = 10000000 };

static hs_status check_options(const hs_analysis_options *options, hs_error *error)
{
    if (options->resamples < 1 || options->resamples > MAX_RESAMPLES || options->permutations < 1 ||
        options->permutations > MAX_PERMUTATIONS || !(options->confidence >= 0 && options->confidence <= 1))
        return hs_fail(error, HS_ERROR_RESULTS,
                       "the file asks for %zu resamples, %zu sign flips and a confidence of %g, which no experiment "
                       "can: it is damaged",
                       options->resamples, options->permutations, options->confidence);
    return HS_OK;
}

/* What the statistics of a finished file were computed with, which a later run may have chosen anew. */
static hs_status read_method(hs_analysis *analysis, hs_error *error)
{
    hs_results_method method;

    HS_TRY(hs_results_read_method(analysis->results, &method, error));
    analysis->options.resamples = whole(method.resamples);
    analysis->options.permutations = whole(method.permutations);
    analysis->options.confidence = method.confidence;
    analysis->options.bca = method.bca != 0;
    return check_options(&analysis->options, error);
}

static hs_status allocate_nan(size_t n, double **table_out, hs_error *error)
{
    HS_TRY(hs_allocate(table_out, n, sizeof **table_out, "table of statistics", error));
    for (size_t i = 0; i < n; ++i)
        (*table_out)[i] = NAN;
    return HS_OK;
}

static size_t stability_size(const hs_analysis *analysis, size_t task)
{
    return hs_results_sets_of(analysis->results)->n_interventions *
           hs_results_task_at(analysis->results, task)->n_metrics * HS_STABILITY_COUNT;
}

static hs_status allocate_stability(hs_analysis *analysis, hs_error *error)
{
    HS_TRY(hs_allocate(&analysis->stability, analysis->n_tasks, sizeof *analysis->stability, "tables", error));
    for (size_t task = 0; task < analysis->n_tasks; ++task)
        HS_TRY(allocate_nan(stability_size(analysis, task), &analysis->stability[task], error));
    return HS_OK;
}

/* All but the statistics of sets, of which pages are read when somebody asks. */
static hs_status read_stored(hs_analysis *analysis, hs_error *error)
{
    HS_TRY(read_method(analysis, error));
    for (uint32_t task = 0; task < analysis->n_tasks; ++task)
        HS_TRY(hs_results_read_stability(analysis->results, task, analysis->stability[task], error));
    return HS_OK;
}

static void all_complete(hs_analysis *analysis)
{
    for (size_t set = 0; set < analysis->n_sets; ++set)
        analysis->complete[set] = true;
    analysis->n_complete = analysis->n_sets;
}

static hs_status compute_tables(hs_analysis *analysis, hs_comm *comm, hs_error *error)
{
    for (uint32_t task = 0; task < analysis->n_tasks; ++task)
        HS_TRY(hs__analysis_infer_task(analysis, comm, task, error));
    return HS_OK;
}

/* Everything that needs no value of the file. Statistics are in the file where it has them, or is to get them. */
static hs_status prepare(hs_analysis *analysis, bool keeps_tables, hs_tables_place place, hs_error *error)
{
    const hs_sets *sets = hs_results_sets_of(analysis->results);

    HS_TRY(hs_allocate(&analysis->complete, analysis->n_sets, sizeof *analysis->complete, "sets", error));
    HS_TRY(hs__analysis_pairs_find(sets, &analysis->pairs, error));
    if (!keeps_tables)
        return HS_OK;
    HS_TRY(allocate_stability(analysis, error));
    return hs__analysis_tables_new(analysis->results, analysis->pairs, place, &analysis->statistics, error);
}

static hs_status fill(hs_analysis *analysis, hs_comm *comm, bool stored, hs_error *error)
{
    if (comm != NULL || stored)
        all_complete(analysis);
    else
        HS_TRY(hs__analysis_tables_find_complete(analysis, error));
    return stored ? read_stored(analysis, error) : compute_tables(analysis, comm, error);
}

/*
 * Rank 0 alone holds the tables; the others have what their blocks need. All agree that they have
 * their memory before anybody waits for the others. Stored tables serve only where nobody asks for
 * other options.
 */
hs_status hs_analysis_new(hs_results *results, hs_comm *comm, const hs_analysis_options *options,
                          hs_analysis **analysis_out, hs_error *error)
{
    hs_analysis *analysis = NULL;
    bool stored = false;
    hs_status status = hs_allocate(&analysis, 1, sizeof *analysis, "analysis", error);

    *analysis_out = NULL;
    if (status == HS_OK && comm == NULL && options == NULL)
        status = hs_results_ranking_done(results, &stored, error);
    if (status == HS_OK) {
        analysis->results = results;
        analysis->n_sets = hs_results_sets_of(results)->n_sets;
        analysis->n_tasks = hs_results_n_tasks(results);
        status = take_stated(analysis, options, error);
    }
    if (status == HS_OK)
        status = prepare(analysis, comm == NULL || hs_comm_rank(comm) == 0,
                         stored         ? HS_TABLES_STORED
                         : comm != NULL ? HS_TABLES_IN_FILE
                                        : HS_TABLES_IN_MEMORY,
                         error);
    status = hs_comm_agree(comm, status, error);
    if (status == HS_OK)
        status = fill(analysis, comm, stored, error);
    if (status == HS_OK)
        *analysis_out = analysis;
    else
        hs_analysis_free(analysis);
    return status;
}

/* p-values of sets that are corrected together, with the order they are sorted into. */
enum { BYTES_A_TESTED_SET = 2 * sizeof(uint64_t) + 3 * sizeof(double) };
/* A set that may be ranked, while it is sorted; and the place of any as the file keeps it. */
enum { BYTES_A_RANKED_SET = 4 * sizeof(uint64_t), BYTES_A_PLACE = sizeof(int32_t) };

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* One after the other: the samples of a task, the correction of its p-values, the ranking. */
size_t hs_analysis_memory_bytes(const hs_analysis_size *size)
{
    size_t held = size->n_sets * sizeof(bool) + size->n_pairs * 2 * sizeof(int64_t), n_metrics = 0;
    size_t most = larger(size->n_tested * BYTES_A_TESTED_SET,
                         size->n_first_sets * BYTES_A_RANKED_SET + size->n_sets * BYTES_A_PLACE);

    for (size_t i = 0; i < size->n_tasks; ++i) {
        most = larger(most, hs__analysis_inference_bytes(size, &size->tasks[i]));
        n_metrics += size->tasks[i].n_metrics;
    }
    return hs__analysis_pages_bytes(size->n_sets * n_metrics * HS_STATISTIC_COUNT, size->n_tasks) + held + most;
}

static void free_tables(double **tables, size_t n)
{
    for (size_t i = 0; tables != NULL && i < n; ++i)
        hs_free(tables[i]);
    hs_free(tables);
}

void hs_analysis_free(hs_analysis *analysis)
{
    if (analysis == NULL)
        return;
    hs__analysis_tables_free(analysis->statistics);
    free_tables(analysis->stability, analysis->n_tasks);
    hs_free(analysis->complete);
    hs__analysis_pairs_free(analysis->pairs);
    hs_free(analysis);
}

double hs_analysis_value(const hs_analysis *analysis, hs_statistic statistic, size_t task, size_t metric, uint64_t set)
{
    return hs__analysis_tables_get(analysis->statistics, statistic, task, metric, set);
}

hs_status hs_analysis_check(const hs_analysis *analysis, hs_error *error)
{
    return hs__analysis_tables_status(analysis->statistics, error);
}

size_t hs_analysis_fetch(const hs_analysis *analysis, const uint64_t *sets, size_t n)
{
    return hs__analysis_tables_fetch(analysis->statistics, sets, n);
}
