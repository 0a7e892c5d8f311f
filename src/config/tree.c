/*
 * tree: the parsed file's settings to the keys that they are; what is not in the table is refused
 * with the nearest name.
 */
#include "config/complain.h"
#include "config/excerpt.h"
#include "config/loader.h"

#include <string.h>

static const char *setting_where(const config_loader *loader, const config_setting_t *setting,
                                 char where[CONFIG_MAX_WHERE])
{
    return hs__config_source_where(&loader->source, setting->line, where, CONFIG_MAX_WHERE);
}

static hs_status complain_no_group(const config_loader *loader, const config_setting_t *setting, const char *path)
{
    char where[CONFIG_MAX_WHERE];
    key_site site = {NULL, NULL, path, setting_where(loader, setting, where)};
    return hs__config_complain_type(&site, setting, "a group { ... }", loader->error);
}

/* A setting that is not in the table. `prefix` is that of its group in the table, `shown` the one in messages. */
static hs_status complain_unknown_setting(const config_loader *loader, const config_setting_t *setting,
                                          const char *prefix, const char *shown)
{
    char where[CONFIG_MAX_WHERE], name[64], path[CONFIG_MAX_PATH];
    hs__config_excerpt(config_setting_name(setting), strlen(config_setting_name(setting)), name, sizeof name);
    (void)snprintf(path, sizeof path, "%s%s", shown, name);
    return hs__config_complain_unknown(setting_where(loader, setting, where), path, prefix, name, loader->error);
}

/* The members of one group: `prefix` "sweep.", or "tasks[]." with `shown` "tasks[1]." */
static hs_status load_group(config_loader *loader, const config_setting_t *group, const char *prefix, const char *shown,
                            size_t task)
{
    for (int i = 0; i < config_setting_length(group); i++) {
        const config_setting_t *setting = config_setting_get_elem(group, (unsigned)i);
        const char *name = config_setting_name(setting);
        const key_row *row = hs__config_key_find(prefix, name, strlen(name));
        if (row == NULL)
            return complain_unknown_setting(loader, setting, prefix, shown);
        HS_TRY(hs__config_loader_set(loader, row, task, setting, (key_origin){.line = setting->line}));
    }
    return HS_OK;
}

/* A single group where the list of tasks is expected is a list of one. */
static size_t count_tasks(const config_setting_t *tasks)
{
    if (tasks == NULL)
        return 0;
    return config_setting_is_group(tasks) ? 1 : (size_t)config_setting_length(tasks);
}

static hs_status check_tasks(config_loader *loader, const config_setting_t *tasks)
{
    char where[CONFIG_MAX_WHERE];
    if (tasks == NULL)
        return HS_OK;
    key_site site = {hs__config_key_find("", "tasks", strlen("tasks")), NULL, "tasks",
                     setting_where(loader, tasks, where)};
    if (!config_setting_is_group(tasks) && !config_setting_is_list(tasks))
        return hs__config_complain_type(&site, tasks, hs__config_key_type_phrase(KEY_TASKS), loader->error);
    if (count_tasks(tasks) > CONFIG_MAX_TASKS)
        return hs_fail(loader->error, HS_ERROR_USAGE, "%s: tasks has %zu elements; at most %d are allowed", site.where,
                       count_tasks(tasks), CONFIG_MAX_TASKS);
    return HS_OK;
}

/* Lines are noted before the group is read, as its messages need them. */
static hs_status load_tasks(config_loader *loader, const config_setting_t *tasks)
{
    hs_experiment *experiment = loader->experiment;
    for (size_t i = 0; i < experiment->n_tasks; i++) {
        const config_setting_t *task =
            config_setting_is_group(tasks) ? tasks : config_setting_get_elem(tasks, (unsigned)i);
        char path[CONFIG_MAX_PATH], shown[CONFIG_MAX_PATH];
        (void)snprintf(path, sizeof path, "tasks[%zu]", i);
        (void)snprintf(shown, sizeof shown, "tasks[%zu].", i);
        if (!config_setting_is_group(task))
            return complain_no_group(loader, task, path);
        loader->task_lines[i] = task->line;
        experiment->tasks[i].line = (int)hs__config_source_line_number(&loader->source, task->line);
        HS_TRY(load_group(loader, task, "tasks[].", shown, i));
    }
    return HS_OK;
}

static hs_status allocate_tasks(config_loader *loader, size_t n_tasks)
{
    hs_experiment *experiment = loader->experiment;
    HS_TRY(hs_allocate(&experiment->tasks, n_tasks, sizeof *experiment->tasks, "tasks", loader->error));
    experiment->n_tasks = n_tasks;
    HS_TRY(hs_allocate(&loader->task_lines, n_tasks, sizeof *loader->task_lines, "tasks", loader->error));
    return hs_allocate(&loader->origins, (1 + n_tasks) * hs__config_key_count(), sizeof *loader->origins, "keys",
                       loader->error);
}

static hs_status load_member(config_loader *loader, const config_setting_t *setting)
{
    char prefix[CONFIG_MAX_PATH];
    const char *name = config_setting_name(setting);
    if (strcmp(name, "tasks") == 0)
        return load_tasks(loader, setting);
    if (!hs__config_key_is_group(name))
        return complain_unknown_setting(loader, setting, "", "");
    if (!config_setting_is_group(setting))
        return complain_no_group(loader, setting, name);
    (void)snprintf(prefix, sizeof prefix, "%s.", name);
    return load_group(loader, setting, prefix, prefix, 0);
}

hs_status hs__config_load_tree(config_loader *loader, const config_setting_t *root)
{
    const config_setting_t *tasks = config_setting_get_member(root, "tasks");
    HS_TRY(check_tasks(loader, tasks));
    HS_TRY(allocate_tasks(loader, count_tasks(tasks)));
    for (int i = 0; i < config_setting_length(root); i++)
        HS_TRY(load_member(loader, config_setting_get_elem(root, (unsigned)i)));
    return HS_OK;
}
