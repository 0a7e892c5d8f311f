/*
 * paths: paths in an experiment are relative to its file's folder. Both forms are kept: the
 * resolved one is opened, the written one goes into the results, where a moved folder must not
 * make another experiment.
 */
#include "config/loader.h"

/* Remembers a path as it was written; takes `value` over on success. */
static hs_status remember(hs_config_values *written, const key_row *row, const char *key, char *value, hs_error *error)
{
    char *copy = hs_string_copy(key, error);
    if (copy == NULL)
        return error->status;
    written->items[written->n++] = (hs_config_value){copy, value, row->identity};
    return HS_OK;
}

/*
 * The written path is handed over to the list that remembers it, not copied; it is lost from the
 * field only once it stands there.
 */
static hs_status resolve(const char *folder, hs_experiment *experiment, const key_row *row, size_t task,
                         hs_error *error)
{
    char key[CONFIG_MAX_PATH];
    void *base = hs__config_key_is_of_task(row) ? (void *)&experiment->tasks[task] : experiment;
    char **path = hs__config_key_field(row, base);
    if (*path[0] == '\0')
        return HS_OK;
    char *resolved = hs_path_join(folder, *path, error);
    if (resolved == NULL)
        return error->status;
    hs__config_key_format_path(row, task, key);
    if (remember(&experiment->written_paths, row, key, *path, error) != HS_OK) {
        hs_free(resolved);
        return error->status;
    }
    *path = resolved;
    return HS_OK;
}

static hs_status resolve_all(const char *folder, hs_experiment *experiment, hs_error *error)
{
    for (size_t i = 0; i < hs__config_key_count(); i++) {
        const key_row *row = hs__config_key_at(i);
        size_t n = hs__config_key_is_of_task(row) ? experiment->n_tasks : 1;
        for (size_t task = 0; row->type == KEY_PATH_IN && task < n; task++)
            HS_TRY(resolve(folder, experiment, row, task, error));
    }
    return HS_OK;
}

hs_status hs__config_resolve_paths(const char *path, hs_experiment *experiment, hs_error *error)
{
    size_t most = hs__config_key_count() * (1 + experiment->n_tasks);
    HS_TRY(hs_allocate(&experiment->written_paths.items, most, sizeof *experiment->written_paths.items,
                       "paths of the experiment file", error));
    char *folder = hs__config_source_folder(path, error);
    if (folder == NULL)
        return error->status;
    hs_status status = resolve_all(folder, experiment, error);
    hs_free(folder);
    return status;
}
