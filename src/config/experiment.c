/*
 * experiment: frees an experiment by the same rows that fill it, so that a new key cannot leak,
 * and says where its values come from.
 */
#include "config/store.h"

#include <string.h>

static void clear_rows(bool of_task, void *base)
{
    for (size_t i = 0; i < hs__config_key_count(); i++)
        if (hs__config_key_is_of_task(hs__config_key_at(i)) == of_task)
            hs__config_store_clear(hs__config_key_at(i), base);
}

void hs_config_free(hs_experiment *experiment)
{
    if (experiment == NULL)
        return;
    for (size_t i = 0; i < experiment->n_tasks; i++) {
        clear_rows(true, &experiment->tasks[i]);
        hs_free(experiment->tasks[i].overrides);
    }
    clear_rows(false, experiment);
    hs_free(experiment->tasks);
    hs_free(experiment->path);
    hs_config_values_clear(&experiment->written_paths);
    hs_config_values_clear(&experiment->origins);
    hs_free(experiment);
}

void hs_config_values_clear(hs_config_values *values)
{
    for (size_t i = 0; i < values->n; i++) {
        hs_free(values->items[i].key);
        hs_free(values->items[i].value);
    }
    hs_free(values->items);
    *values = (hs_config_values){0};
}

const char *hs_config_where(const hs_experiment *experiment, const char *key)
{
    for (size_t i = 0; i < experiment->origins.n; i++)
        if (strcmp(experiment->origins.items[i].key, key) == 0)
            return experiment->origins.items[i].value;
    return experiment->path != NULL ? experiment->path : key;
}

hs_status hs_config_task_blame(const hs_task_config *task, hs_error *error)
{
    bool is_set = task->overrides != NULL;
    return hs_error_prefix(error, "task \"%s\" (line %d of the experiment file%s%s)", task->name, task->line,
                           is_set ? ", " : "", is_set ? task->overrides : "");
}
