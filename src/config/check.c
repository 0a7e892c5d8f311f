#include "config/excerpt.h"
#include "config/loader.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_TASK_NAME = 64 };

/* Fails with the place from which the key at `path` has its value. */
static hs_status fail_key(const config_loader *loader, const char *prefix, const char *name, size_t task,
                          const char *reason)
{
    char where[CONFIG_MAX_WHERE], path[CONFIG_MAX_PATH];
    const key_row *row = key_find(prefix, name, strlen(name));
    key_format_path(row, task, path);
    return hs_fail(loader->error, HS_ERROR_USAGE, "%s: %s%s", loader_where(loader, row, task, where), path, reason);
}

static hs_status check_task_name(const config_loader *loader, size_t task)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    const hs_task_config *tasks = loader->experiment->tasks;
    char shown[96], reason[256];
    excerpt(tasks[task].name, strlen(tasks[task].name), shown, sizeof shown);
    reason[0] = '\0';
    if (strspn(tasks[task].name, allowed) != strlen(tasks[task].name))
        (void)snprintf(reason, sizeof reason, " = \"%s\" may only have letters, digits, _ and -", shown);
    else if (strlen(tasks[task].name) > MAX_TASK_NAME)
        (void)snprintf(reason, sizeof reason, " = \"%s\" is longer than %d characters", shown, MAX_TASK_NAME);
    for (size_t i = 0; reason[0] == '\0' && i < task; i++)
        if (strcmp(tasks[i].name, tasks[task].name) == 0)
            (void)snprintf(reason, sizeof reason, " = \"%s\" is also the name of tasks[%zu]", shown, i);
    return reason[0] == '\0' ? HS_OK : fail_key(loader, "tasks[].", "name", task, reason);
}

static bool is_task(const hs_experiment *experiment, const char *name)
{
    for (size_t i = 0; i < experiment->n_tasks; i++)
        if (strcmp(experiment->tasks[i].name, name) == 0)
            return true;
    return false;
}

static hs_status check_objective_task(const config_loader *loader, const char *name, const char *task,
                                      const char *metric_name, const char *metric)
{
    char shown[96], reason[256];
    if (task[0] == '\0' && metric[0] != '\0') {
        (void)snprintf(reason, sizeof reason, " is given, but objective.%s names no task", name);
        return fail_key(loader, "objective.", metric_name, 0, reason);
    }
    if (task[0] == '\0' || is_task(loader->experiment, task))
        return HS_OK;
    excerpt(task, strlen(task), shown, sizeof shown);
    (void)snprintf(reason, sizeof reason, " = \"%s\" is not the name of a task", shown);
    return fail_key(loader, "objective.", name, 0, reason);
}

static hs_status check_objective(const config_loader *loader)
{
    const hs_experiment *e = loader->experiment;
    HS_TRY(check_objective_task(loader, "reduce", e->objective_reduce, "reduce_metric", e->objective_reduce_metric));
    HS_TRY(check_objective_task(loader, "keep", e->objective_keep, "keep_metric", e->objective_keep_metric));
    if (e->objective_keep_also.n > 0 && e->objective_keep[0] == '\0')
        return fail_key(loader, "objective.", "keep_also", 0, " is given, but objective.keep names no task");
    if (e->objective_keep[0] == '\0')
        return HS_OK;
    if (e->objective_reduce[0] == '\0')
        return fail_key(loader, "objective.", "keep", 0, " is given, but objective.reduce names no task");
    if (strcmp(e->objective_keep, e->objective_reduce) == 0)
        return fail_key(loader, "objective.", "keep", 0, " names the same task as objective.reduce");
    return HS_OK;
}

static int compare_integers(const void *left, const void *right)
{
    int64_t l = *(const int64_t *)left, r = *(const int64_t *)right;
    return (l > r) - (l < r);
}

static hs_status check_sweep(const config_loader *loader)
{
    hs_experiment *experiment = loader->experiment;
    if (experiment->n_orders == 0 && experiment->sets_file[0] == '\0')
        return fail_key(loader, "sweep.", "orders", 0, " is empty and sweep.sets_file is not given: nothing to ablate");
    qsort(experiment->orders, experiment->n_orders, sizeof *experiment->orders, compare_integers);
    return HS_OK;
}

static hs_status check_analysis(const config_loader *loader)
{
    double confidence = loader->experiment->confidence;
    if (confidence > 0 && confidence < 1)
        return HS_OK;
    return fail_key(loader, "analysis.", "confidence", 0, " must lie between 0 and 1, as 0.95 does");
}

hs_status check_experiment(config_loader *loader)
{
    for (size_t i = 0; i < loader->experiment->n_tasks; i++)
        HS_TRY(check_task_name(loader, i));
    HS_TRY(check_sweep(loader));
    HS_TRY(check_analysis(loader));
    return check_objective(loader);
}
