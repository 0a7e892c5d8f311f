/*
 * check: what no single key can tell: keys that contradict each other, and names of tasks that do
 * not exist. The table of keys has checked each value by then.
 */
#include "config/excerpt.h"
#include "config/loader.h"

#include <stdlib.h>
#include <string.h>

/* Of what is said of a value: a whole message, and the value. */
enum { MAX_REASON = sizeof((hs_error *)0)->message + 128 };

/* Fails with the place from which the key at `path` has its value. */
static hs_status fail_key(const config_loader *loader, const char *prefix, const char *name, size_t task,
                          const char *reason)
{
    char where[CONFIG_MAX_WHERE], path[CONFIG_MAX_PATH];
    const key_row *row = hs__config_key_find(prefix, name, strlen(name));
    hs__config_key_format_path(row, task, path);
    return hs_fail(loader->error, HS_ERROR_USAGE, "%s: %s%s", hs__config_loader_where(loader, row, task, where), path,
                   reason);
}

static hs_status check_task_name(const config_loader *loader, size_t task)
{
    const hs_task_config *tasks = loader->experiment->tasks;
    char shown[96], reason[256];
    hs__config_excerpt(tasks[task].name, strlen(tasks[task].name), shown, sizeof shown);
    reason[0] = '\0';
    if (strspn(tasks[task].name, CONFIG_TASK_LETTERS) != strlen(tasks[task].name))
        (void)snprintf(reason, sizeof reason, " = \"%s\" may only have letters, digits, _ and -", shown);
    else if (strlen(tasks[task].name) > CONFIG_MAX_TASK_NAME)
        (void)snprintf(reason, sizeof reason, " = \"%s\" is longer than %d characters", shown, CONFIG_MAX_TASK_NAME);
    for (size_t i = 0; reason[0] == '\0' && i < task; i++)
        if (strcmp(tasks[i].name, tasks[task].name) == 0)
            (void)snprintf(reason, sizeof reason, " = \"%s\" is also the name of tasks[%zu]", shown, i);
    return reason[0] == '\0' ? HS_OK : fail_key(loader, "tasks[].", "name", task, reason);
}

static hs_task_metrics task_at(const void *context, size_t task)
{
    return (hs_task_metrics){.task = ((const hs_experiment *)context)->tasks[task].name};
}

/* Which metric it is, is the study's to look up, when tasks are open. */
static hs_status find_task(const config_loader *loader, const hs_metric_name *name, hs_error *error)
{
    const hs_experiment *experiment = loader->experiment;
    const hs_metric_table table = {.n_tasks = experiment->n_tasks, .at = task_at, .context = experiment, .where = ""};
    hs_metric_place place;
    return hs_config_find_metric(&table, name, &place, error);
}

/* The key has the value, of which `problem` says what is wrong. */
static hs_status fail_value(const config_loader *loader, const char *prefix, const char *name, const char *value,
                            const hs_error *problem)
{
    char shown[96], reason[MAX_REASON];
    hs__config_excerpt(value, strlen(value), shown, sizeof shown);
    (void)snprintf(reason, sizeof reason, " = \"%s\": %s", shown, problem->message);
    return fail_key(loader, prefix, name, 0, reason);
}

/* A task's name has no dot, so "TASK.METRIC" where a task is asked for is told where its metric goes. */
static hs_status check_objective_task(const config_loader *loader, const char *name, const char *task,
                                      const char *metric_name, const char *metric)
{
    char reason[256];
    size_t length = strcspn(task, ".");
    hs_error problem = {0}, ignored = {0};
    if (task[0] == '\0' && metric[0] != '\0') {
        (void)snprintf(reason, sizeof reason, " is given, but objective.%s names no task", name);
        return fail_key(loader, "objective.", metric_name, 0, reason);
    }
    if (task[0] == '\0' ||
        find_task(loader, &(hs_metric_name){.task = task, .task_length = strlen(task)}, &problem) == HS_OK)
        return HS_OK;
    if (task[length] == '.' &&
        find_task(loader, &(hs_metric_name){.task = task, .task_length = length}, &ignored) == HS_OK) {
        (void)snprintf(reason, sizeof reason, " = \"%.96s\" names a metric too: write %s = \"%.*s\"; %s = \"%.64s\";",
                       task, name, (int)length, task, metric_name, task + length + 1);
        return fail_key(loader, "objective.", name, 0, reason);
    }
    return fail_value(loader, "objective.", name, task, &problem);
}

static hs_status check_metric_name(const config_loader *loader, const char *prefix, const char *name, const char *value,
                                   bool tolerates)
{
    char reason[CONFIG_MAX_WHERE];
    hs_metric_name parsed;
    hs_error problem = {0};
    if (hs_config_metric_name_parse(value, &parsed, &problem) != HS_OK || (parsed.has_tolerance && !tolerates)) {
        (void)snprintf(reason, sizeof reason, ": %.400s", tolerates ? problem.message : "takes no tolerance");
        return fail_key(loader, prefix, name, 0, reason);
    }
    return find_task(loader, &parsed, &problem) == HS_OK ? HS_OK : fail_value(loader, prefix, name, value, &problem);
}

/*
 * Half an objective is refused: what is kept without anything that is reduced would rank nothing,
 * and a tolerance on the very task that is reduced cannot be met by what is looked for.
 */
static hs_status check_objective(const config_loader *loader)
{
    const hs_experiment *e = loader->experiment;
    HS_TRY(check_objective_task(loader, "reduce", e->objective_reduce, "reduce_metric", e->objective_reduce_metric));
    HS_TRY(check_objective_task(loader, "keep", e->objective_keep, "keep_metric", e->objective_keep_metric));
    if (e->objective_keep_also.n > 0 && e->objective_keep[0] == '\0')
        return fail_key(loader, "objective.", "keep_also", 0, " is given, but objective.keep names no task");
    for (size_t i = 0; i < e->objective_keep_also.n; i++)
        HS_TRY(check_metric_name(loader, "objective.", "keep_also", e->objective_keep_also.items[i], true));
    if (e->objective_keep[0] == '\0')
        return HS_OK;
    if (e->objective_reduce[0] == '\0')
        return fail_key(loader, "objective.", "keep", 0, " is given, but objective.reduce names no task");
    if (strcmp(e->objective_keep, e->objective_reduce) == 0)
        return fail_key(loader, "objective.", "keep", 0, " names the same task as objective.reduce");
    return HS_OK;
}

static hs_status check_pruning(const config_loader *loader)
{
    const char *metric = loader->experiment->pruning_metric;
    return metric[0] != '\0' ? check_metric_name(loader, "pruning.", "metric", metric, false) : HS_OK;
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

/* MPI takes no notice of a hint that it does not know, so only their form can be checked. */
static hs_status check_hints(const config_loader *loader)
{
    const hs_string_list *hints = &loader->experiment->mpi_hints;
    for (size_t i = 0; i < hints->n; i++) {
        const char *equals = strchr(hints->items[i], '=');
        const bool fits = equals != NULL && equals[1] != '\0' && equals - hints->items[i] <= HS_MPI_HINT_MAX_NAME;
        hs_error problem = {0};
        if (equals != hints->items[i] && fits)
            continue;
        (void)hs_fail(&problem, HS_ERROR_USAGE, "a hint is \"NAME=VALUE\", its name up to %d bytes",
                      HS_MPI_HINT_MAX_NAME);
        return fail_value(loader, "output.", "mpi_hints", hints->items[i], &problem);
    }
    return HS_OK;
}

hs_status hs__config_check_experiment(config_loader *loader)
{
    for (size_t i = 0; i < loader->experiment->n_tasks; i++)
        HS_TRY(check_task_name(loader, i));
    HS_TRY(check_sweep(loader));
    HS_TRY(check_analysis(loader));
    HS_TRY(check_pruning(loader));
    HS_TRY(check_hints(loader));
    return check_objective(loader);
}
