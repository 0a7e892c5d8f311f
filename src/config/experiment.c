#include "config/store.h"

static void clear_rows(bool of_task, void *base)
{
    for (size_t i = 0; i < key_count(); i++)
        if (key_is_of_task(key_at(i)) == of_task)
            store_clear(key_at(i), base);
}

void hs_experiment_free(hs_experiment *experiment)
{
    if (experiment == NULL)
        return;
    for (size_t i = 0; i < experiment->n_tasks; i++)
        clear_rows(true, &experiment->tasks[i]);
    clear_rows(false, experiment);
    hs_free(experiment->tasks);
    hs_free(experiment->path);
    hs_config_values_clear(&experiment->written_paths);
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
