#include <stdlib.h>
#include <string.h>

#include "headsweep/analysis.h"
#include "headsweep/config.h"

static hs_status no_such_task(const hs_analysis *analysis, const char *name, hs_error *error)
{
    hs_names known = {0};
    hs_status status = HS_OK;

    for (size_t task = 0; status == HS_OK && task < analysis->n_tasks; ++task)
        status = hs_names_add(&known, hs_results_task_at(analysis->results, task)->name, error);
    if (status == HS_OK)
        status = hs_fail_name(error, HS_ERROR_USAGE, &known, name, "there is no task \"%s\" in the file", name);
    hs_names_clear(&known);
    return status;
}

static hs_status no_such_metric(const hs_results_task *task, const char *name, hs_error *error)
{
    hs_names known = {0};
    hs_status status = HS_OK;

    for (size_t i = 0; status == HS_OK && i < task->n_metrics; ++i)
        status = hs_names_add(&known, task->metrics[i].name, error);
    if (status == HS_OK)
        status =
            hs_fail_name(error, HS_ERROR_USAGE, &known, name, "task \"%s\" has no metric \"%s\"", task->name, name);
    hs_names_clear(&known);
    return status;
}

/* An empty metric name is the task's first. */
static hs_status find_metric(const hs_analysis *analysis, const char *task_name, const char *metric_name,
                             size_t *task_out, size_t *metric_out, hs_error *error)
{
    size_t task = 0;

    while (task < analysis->n_tasks && strcmp(hs_results_task_at(analysis->results, task)->name, task_name) != 0)
        ++task;
    if (task == analysis->n_tasks)
        return no_such_task(analysis, task_name, error);
    const hs_results_task *of = hs_results_task_at(analysis->results, task);
    size_t metric = 0;
    while (metric_name[0] != '\0' && metric < of->n_metrics && strcmp(of->metrics[metric].name, metric_name) != 0)
        ++metric;
    if (metric == of->n_metrics)
        return no_such_metric(of, metric_name, error);
    *task_out = task;
    *metric_out = metric;
    return HS_OK;
}

/* "TASK" or "TASK.METRIC". */
static hs_status parse_metric(const hs_analysis *analysis, const char *text, size_t *task_out, size_t *metric_out,
                              hs_error *error)
{
    char *task = hs_string_copy(text, error);

    if (task == NULL)
        return error->status;
    char *dot = strchr(task, '.');
    if (dot != NULL)
        *dot = '\0';
    hs_status status = find_metric(analysis, task, dot != NULL ? dot + 1 : "", task_out, metric_out, error);
    hs_free(task);
    return status;
}

/* ---- objective --------------------------------------------------------------------------------------------------- */

/* "TASK.METRIC=TOLERANCE"; without the latter the objective's tolerance holds. */
static hs_status parse_keep(const hs_analysis *analysis, const char *text, hs_objective_keep *keep, hs_error *error)
{
    const char *equals = strchr(text, '=');
    char *name = hs_string_copy_n(text, equals != NULL ? (size_t)(equals - text) : strlen(text), error);
    hs_status status = name != NULL ? parse_metric(analysis, name, &keep->task, &keep->metric, error) : error->status;

    hs_free(name);
    keep->tolerance = analysis->objective.tolerance;
    if (status != HS_OK || equals == NULL)
        return status;
    if (hs_config_tolerance_parse(equals + 1, &keep->tolerance, error) != HS_OK)
        return hs_error_prefix(error, "keep %s", text);
    return HS_OK;
}

static hs_status find_keeps(const hs_analysis *analysis, hs_objective *objective, hs_error *error)
{
    const hs_objective_names *names = &analysis->objective;

    if (names->keep[0] == '\0')
        return HS_OK;
    objective->keeps[0].tolerance = names->tolerance;
    HS_TRY(find_metric(analysis, names->keep, names->keep_metric, &objective->keeps[0].task,
                       &objective->keeps[0].metric, error));
    objective->n_keeps = 1;
    for (size_t i = 0; i < names->n_keep_also; ++i) {
        if (objective->n_keeps == HS_OBJECTIVE_MAX_KEEPS)
            return hs_fail(error, HS_ERROR_USAGE, "an objective keeps at most %d metrics", HS_OBJECTIVE_MAX_KEEPS);
        HS_TRY(parse_keep(analysis, names->keep_also[i], &objective->keeps[objective->n_keeps++], error));
    }
    return HS_OK;
}

hs_status hs_analysis_objective(const hs_analysis *analysis, hs_objective *objective_out, bool *has_out,
                                hs_error *error)
{
    const hs_objective_names *names = &analysis->objective;
    hs_objective objective = {0};

    *has_out = false;
    *objective_out = objective;
    if (names->reduce[0] == '\0')
        return HS_OK;
    HS_TRY(find_metric(analysis, names->reduce, names->reduce_metric, &objective.reduce_task, &objective.reduce_metric,
                       error));
    HS_TRY(find_keeps(analysis, &objective, error));
    *objective_out = objective;
    *has_out = true;
    return HS_OK;
}

/* ---- what to rank by --------------------------------------------------------------------------------------------- */

/* Prefixes of `by`; none is a task's delta. */
static const struct {
    const char *prefix;
    hs_ranking_key key;
} prefixes[] = {{"interaction:", HS_RANK_BY_INTERACTION}, {"backup:", HS_RANK_BY_BACKUP}, {"", HS_RANK_BY_DELTA}};

static hs_status parse_key(const hs_analysis *analysis, const char *by, hs_ranking_request *request, hs_error *error)
{
    size_t i = 0;

    while (strncmp(by, prefixes[i].prefix, strlen(prefixes[i].prefix)) != 0)
        ++i;
    request->key = prefixes[i].key;
    if (parse_metric(analysis, by + strlen(prefixes[i].prefix), &request->task, &request->metric, error) != HS_OK)
        return hs_error_prefix(error, "--by %s", by);
    return HS_OK;
}

hs_status hs_analysis_request_parse(const hs_analysis *analysis, const char *by, hs_ranking_request *request_out,
                                    hs_error *error)
{
    hs_ranking_request request = {.key = HS_RANK_BY_DELTA, .intervention = -1};
    bool has_objective = false;

    HS_TRY(hs_analysis_objective(analysis, &request.objective, &has_objective, error));
    if (by != NULL && strcmp(by, "objective") == 0 && !has_objective)
        return hs_fail(error, HS_ERROR_USAGE,
                       "--by objective: the experiment stated none; state one with --reduce, or rank by a task");
    if (by != NULL && strcmp(by, "objective") != 0)
        HS_TRY(parse_key(analysis, by, &request, error));
    else if (has_objective)
        request.key = HS_RANK_BY_OBJECTIVE;
    *request_out = request;
    return HS_OK;
}
