/* The metrics that an experiment names, looked up before anything is swept. */
#include <string.h>

#include "study/storage.h"

static const hs_task *find_task(const hs_study *study, const char *name, size_t length)
{
    for (size_t i = 0; i < study->n_tasks; ++i) {
        const char *task = hs_tasks_name(study->tasks[i]);
        if (strlen(task) == length && strncmp(task, name, length) == 0)
            return study->tasks[i];
    }
    return NULL;
}

static hs_status fail_metric(const hs_study *study, const char *key, const hs_task *task, const char *metric,
                             hs_error *error)
{
    hs_names names = {0};
    hs_status status = HS_OK;

    for (size_t i = 0; status == HS_OK && i < hs_tasks_n_metrics(task); ++i)
        status = hs_names_add(&names, hs_tasks_metric(task, i)->name, error);
    if (status == HS_OK)
        status = hs_fail_name(error, HS_ERROR_USAGE, &names, metric, "%s: %s: task \"%s\" has no metric \"%s\"",
                              hs_config_where(study->experiment, key), key, hs_tasks_name(task), metric);
    hs_names_clear(&names);
    return status;
}

/* The experiment has been checked for tasks. */
static hs_status check_metric(const hs_study *study, const char *key, const hs_metric_name *name, hs_error *error)
{
    const hs_task *task = find_task(study, name->task, name->task_length);
    char *metric;

    if (task == NULL || name->metric_length == 0)
        return HS_OK;
    for (size_t i = 0; i < hs_tasks_n_metrics(task); ++i) {
        const char *known = hs_tasks_metric(task, i)->name;
        if (strlen(known) == name->metric_length && strncmp(known, name->metric, name->metric_length) == 0)
            return HS_OK;
    }
    metric = hs_string_copy_n(name->metric, name->metric_length, error);
    if (metric == NULL)
        return error->status;
    hs_status status = fail_metric(study, key, task, metric, error);
    hs_free(metric);
    return status;
}

static hs_status check_parts(const hs_study *study, const char *key, const char *task, const char *metric,
                             hs_error *error)
{
    const hs_metric_name name = {
        .task = task, .task_length = strlen(task), .metric = metric, .metric_length = strlen(metric)};

    return check_metric(study, key, &name, error);
}

static hs_status check_text(const hs_study *study, const char *key, const char *text, hs_error *error)
{
    hs_metric_name name;

    HS_TRY(hs_config_metric_name_parse(text, &name, error));
    return check_metric(study, key, &name, error);
}

hs_status hs__study_check_metrics(const hs_study *study, hs_error *error)
{
    const hs_experiment *e = study->experiment;

    HS_TRY(check_parts(study, "objective.reduce_metric", e->objective_reduce, e->objective_reduce_metric, error));
    HS_TRY(check_parts(study, "objective.keep_metric", e->objective_keep, e->objective_keep_metric, error));
    for (size_t i = 0; i < e->objective_keep_also.n; ++i)
        HS_TRY(check_text(study, "objective.keep_also", e->objective_keep_also.items[i], error));
    return check_text(study, "pruning.metric", e->pruning_metric, error);
}
