/* The metrics that an experiment names, looked up before anything is swept. */
#include <string.h>

#include "study/storage.h"

static hs_task_metrics metrics_at(const void *context, size_t index)
{
    const hs_task *task = ((const hs_study *)context)->tasks[index];

    return (hs_task_metrics){hs_tasks_name(task), hs_tasks_metric(task, 0), hs_tasks_n_metrics(task)};
}

/* As hs_config_find_metric_of, but with a tolerance; nothing is named where `task` is "". */
static hs_status check_metric(const hs_study *study, const char *key, const char *task, const char *metric,
                              hs_error *error)
{
    const hs_metric_table table = {.n_tasks = study->n_tasks, .at = metrics_at, .context = study, .where = ""};
    hs_metric_name name = {
        .task = task, .task_length = strlen(task), .metric = metric, .metric_length = strlen(metric)};
    hs_metric_place place;

    if (task[0] == '\0')
        return HS_OK;
    if (metric[0] == '\0')
        HS_TRY(hs_config_metric_name_parse(task, &name, error));
    if (hs_config_find_metric(&table, &name, &place, error) == HS_OK)
        return HS_OK;
    return hs_error_prefix(error, "%s: %s", hs_config_where(study->experiment, key), key);
}

hs_status hs__study_check_metrics(const hs_study *study, hs_error *error)
{
    const hs_experiment *e = study->experiment;

    HS_TRY(check_metric(study, "objective.reduce_metric", e->objective_reduce, e->objective_reduce_metric, error));
    HS_TRY(check_metric(study, "objective.keep_metric", e->objective_keep, e->objective_keep_metric, error));
    for (size_t i = 0; i < e->objective_keep_also.n; ++i)
        HS_TRY(check_metric(study, "objective.keep_also", e->objective_keep_also.items[i], "", error));
    return check_metric(study, "pruning.metric", e->pruning_metric, "", error);
}
