#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "headsweep/analysis.h"

/* Values that are read at once. */
enum { READ_BYTES = 16 * 1024 * 1024 };

/* ---- which sets are complete ------------------------------------------------------------------------------------- */

static hs_status mark_incomplete(hs_analysis *analysis, uint32_t task, bool *done, hs_error *error)
{
    const hs_results_task *of = hs_results_task_at(analysis->results, task);
    uint64_t n_damaged = 0;

    for (uint32_t shard = 0; shard < of->n_shards; ++shard) {
        HS_TRY(hs_results_check_cells(analysis->results, task, shard, 0, analysis->n_sets, done, &n_damaged, error));
        for (size_t set = 0; set < analysis->n_sets; ++set)
            analysis->complete[set] = analysis->complete[set] && done[set];
    }
    return HS_OK;
}

static hs_status find_complete(hs_analysis *analysis, hs_error *error)
{
    bool *done = NULL;
    hs_status status = hs_allocate(&done, analysis->n_sets, sizeof *done, "list of cells", error);

    memset(analysis->complete, true, analysis->n_sets * sizeof *analysis->complete);
    for (uint32_t task = 0; status == HS_OK && task < analysis->n_tasks; ++task)
        status = mark_incomplete(analysis, task, done, error);
    for (size_t set = 0; status == HS_OK && set < analysis->n_sets; ++set)
        analysis->n_complete += analysis->complete[set];
    hs_free(done);
    return status;
}

/* ---- summaries --------------------------------------------------------------------------------------------------- */

static double sum_of(const hs_results_task *task, const float *values, size_t metric)
{
    double sum = 0;

    for (size_t example = 0; example < task->n_examples; ++example)
        sum += (double)values[example * task->n_metrics + metric];
    return sum;
}

/* See hs_per for the counts; *occurs_out tells whether the label is right or predicted anywhere. */
static double f1_of(const hs_results_task *task, const float *values, size_t metric, bool *occurs_out)
{
    double sum = sum_of(task, values, metric);
    double squares = 0;

    for (size_t example = 0; example < task->n_examples; ++example) {
        double count = (double)values[example * task->n_metrics + metric];
        squares += count * count;
    }
    *occurs_out = sum != 0;
    return *occurs_out ? squares / sum - 1 : 0;
}

static double macro_f1_of(const hs_results_task *task, const float *values)
{
    double sum = 0;
    size_t n = 0;

    for (size_t metric = 0; metric < task->n_metrics; ++metric) {
        bool occurs = false;
        if (task->metrics[metric].per != HS_PER_F1)
            continue;
        sum += f1_of(task, values, metric, &occurs);
        n += occurs;
    }
    return n > 0 ? sum / (double)n : 0;
}

/* values[n_examples, n_metrics] of one set -> summary[n_metrics]; see the header for the rule. */
static void summarise(const hs_results_task *task, const float *values, double *summary)
{
    for (size_t metric = 0; metric < task->n_metrics; ++metric) {
        int per = task->metrics[metric].per;
        double divisor = per >= 0 ? sum_of(task, values, (size_t)per) : (double)task->n_examples;
        bool occurs = false;
        if (per == HS_PER_MACRO_F1)
            summary[metric] = macro_f1_of(task, values);
        else if (per == HS_PER_F1)
            summary[metric] = f1_of(task, values, metric, &occurs);
        else /* documents that are token ids have no words */
            summary[metric] = divisor != 0 ? sum_of(task, values, metric) / divisor : 0;
    }
}

static hs_status summarise_task(hs_analysis *analysis, uint32_t task, hs_error *error)
{
    const hs_results_task *of = hs_results_task_at(analysis->results, task);
    size_t set_values = of->n_examples * of->n_metrics;
    size_t fitting = READ_BYTES / (set_values * sizeof(float)) + 1;
    size_t step = fitting < analysis->n_sets ? fitting : analysis->n_sets;
    float *values = NULL;
    hs_status status = hs_allocate(&values, step * set_values, sizeof *values, "values", error);

    for (size_t first = 0; status == HS_OK && first < analysis->n_sets; first += step) {
        size_t n = analysis->n_sets - first < step ? analysis->n_sets - first : step;
        status = hs_results_read_values(analysis->results, task, first, n, values, error);
        for (size_t i = 0; status == HS_OK && i < n; ++i)
            if (analysis->complete[first + i])
                summarise(of, values + i * set_values, analysis->mean[task] + (first + i) * of->n_metrics);
    }
    hs_free(values);
    return status;
}

/* ---- differences ------------------------------------------------------------------------------------------------- */

static void subtract_clean(hs_analysis *analysis, uint32_t task)
{
    size_t n_metrics = hs_results_task_at(analysis->results, task)->n_metrics;
    const double *clean = analysis->mean[task];

    for (size_t set = 0; set < analysis->n_sets; ++set)
        for (size_t metric = 0; metric < n_metrics; ++metric)
            analysis->delta[task][set * n_metrics + metric] =
                analysis->mean[task][set * n_metrics + metric] - clean[metric];
}

static void subtract_singles(hs_analysis *analysis, uint32_t task)
{
    size_t n_metrics = hs_results_task_at(analysis->results, task)->n_metrics;
    const double *delta = analysis->delta[task];

    for (size_t set = 0; set < analysis->n_sets; ++set) {
        const int64_t *singles = analysis->singles + 2 * set;
        for (size_t metric = 0; singles[0] >= 0 && singles[1] >= 0 && metric < n_metrics; ++metric)
            analysis->interaction[task][set * n_metrics + metric] = delta[set * n_metrics + metric] -
                                                                    delta[(size_t)singles[0] * n_metrics + metric] -
                                                                    delta[(size_t)singles[1] * n_metrics + metric];
    }
}

/* The largest layer and index of the table + 1: the extents of a dense map of components. */
static void component_extents(const hs_results_sets *sets, size_t extents[3])
{
    extents[0] = extents[1] = extents[2] = 1;
    for (size_t i = 0; i < sets->n_sets * sets->max_order; ++i)
        for (size_t axis = 0; axis < 3; ++axis)
            if (sets->components[3 * i + axis] >= (int32_t)extents[axis])
                extents[axis] = (size_t)sets->components[3 * i + axis] + 1;
}

/* Place of component `i` of a set in a dense map [interventions, kinds, layers, indices]. */
static size_t place_of(const hs_results_sets *sets, const size_t extents[3], size_t set, size_t i)
{
    const int32_t *component = sets->components + (set * sets->max_order + i) * 3;
    size_t place = (size_t)sets->intervention[set];

    for (size_t axis = 0; axis < 3; ++axis)
        place = place * extents[axis] + (size_t)component[axis];
    return place;
}

/* Fills `singles`: for each pair the sets of the same intervention that hold just one of its components. */
static hs_status find_singles(hs_analysis *analysis, hs_error *error)
{
    const hs_results_sets *sets = hs_results_sets_of(analysis->results);
    size_t extents[3];
    int64_t *map = NULL; /* set + 1, 0 where there is none */

    component_extents(sets, extents);
    HS_TRY(hs_allocate(&map, sets->n_interventions * extents[0] * extents[1] * extents[2], sizeof *map,
                       "map of single ablations", error));
    for (size_t set = 0; set < sets->n_sets; ++set)
        if (sets->order[set] == 1)
            map[place_of(sets, extents, set, 0)] = (int64_t)set + 1;
    for (size_t set = 0; set < sets->n_sets; ++set)
        for (size_t i = 0; i < 2; ++i)
            analysis->singles[2 * set + i] = sets->order[set] == 2 ? map[place_of(sets, extents, set, i)] - 1 : -1;
    hs_free(map);
    return HS_OK;
}

/* ---- the objective as the file states it --------------------------------------------------------------------------- */

static const char *stated(hs_results *results, const char *key)
{
    const char *value = hs_results_attribute_of(results, "experiment", key);

    return value != NULL ? value : "";
}

static hs_objective_names stated_objective(hs_results *results)
{
    return (hs_objective_names){.reduce = stated(results, "objective.reduce"),
                                .reduce_metric = stated(results, "objective.reduce_metric"),
                                .keep = stated(results, "objective.keep"),
                                .keep_metric = stated(results, "objective.keep_metric"),
                                .tolerance = strtod(stated(results, "objective.tolerance"), NULL)};
}

/* ---- lifecycle --------------------------------------------------------------------------------------------------- */

static hs_status allocate_table(const hs_analysis *analysis, uint32_t task, double **table_out, hs_error *error)
{
    size_t n = analysis->n_sets * hs_results_task_at(analysis->results, task)->n_metrics;

    HS_TRY(hs_allocate(table_out, n, sizeof **table_out, "table of statistics", error));
    for (size_t i = 0; i < n; ++i)
        (*table_out)[i] = NAN;
    return HS_OK;
}

static hs_status compute_task(hs_analysis *analysis, uint32_t task, hs_error *error)
{
    HS_TRY(allocate_table(analysis, task, &analysis->mean[task], error));
    HS_TRY(allocate_table(analysis, task, &analysis->delta[task], error));
    HS_TRY(allocate_table(analysis, task, &analysis->interaction[task], error));
    HS_TRY(summarise_task(analysis, task, error));
    subtract_clean(analysis, task);
    subtract_singles(analysis, task);
    return HS_OK;
}

hs_status hs_analysis_new(hs_results *results, hs_analysis **analysis_out, hs_error *error)
{
    hs_analysis *analysis = NULL;
    hs_status status;

    *analysis_out = NULL;
    HS_GOTO_DONE(hs_allocate(&analysis, 1, sizeof *analysis, "analysis", error));
    analysis->results = results;
    analysis->n_sets = hs_results_sets_of(results)->n_sets;
    analysis->n_tasks = hs_results_n_tasks(results);
    analysis->objective = stated_objective(results);
    HS_GOTO_DONE(hs_allocate(&analysis->complete, analysis->n_sets, sizeof *analysis->complete, "sets", error));
    HS_GOTO_DONE(hs_allocate(&analysis->singles, analysis->n_sets, 2 * sizeof *analysis->singles, "sets", error));
    HS_GOTO_DONE(hs_allocate(&analysis->mean, analysis->n_tasks, sizeof *analysis->mean, "tables", error));
    HS_GOTO_DONE(hs_allocate(&analysis->delta, analysis->n_tasks, sizeof *analysis->delta, "tables", error));
    HS_GOTO_DONE(
        hs_allocate(&analysis->interaction, analysis->n_tasks, sizeof *analysis->interaction, "tables", error));
    HS_GOTO_DONE(find_complete(analysis, error));
    HS_GOTO_DONE(find_singles(analysis, error));
    for (uint32_t task = 0; task < analysis->n_tasks; ++task)
        HS_GOTO_DONE(compute_task(analysis, task, error));
    *analysis_out = analysis;
    analysis = NULL;
done:
    hs_analysis_free(analysis);
    return status;
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
    free_tables(analysis->mean, analysis->n_tasks);
    free_tables(analysis->delta, analysis->n_tasks);
    free_tables(analysis->interaction, analysis->n_tasks);
    hs_free(analysis->complete);
    hs_free(analysis->singles);
    hs_free(analysis);
}
