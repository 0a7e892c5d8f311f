/*
 * values: all keys with their values as text, for the results file and for comparing experiments.
 */
#include "config/value_text.h"

#include <string.h>

/* The path as it was written; NULL if nobody remembers, as in an experiment made by hand. */
static const char *written_path(const hs_experiment *experiment, const char *key)
{
    const hs_config_values *written = &experiment->written_paths;
    for (size_t i = 0; i < written->n; i++)
        if (strcmp(written->items[i].key, key) == 0)
            return written->items[i].value;
    return NULL;
}

static hs_status append_value(const hs_experiment *experiment, const key_row *row, size_t task, const char *key,
                              hs_text *text, hs_error *error)
{
    const void *base = hs__config_key_is_of_task(row) ? (const void *)&experiment->tasks[task] : experiment;
    const char *written = row->type == KEY_PATH_IN ? written_path(experiment, key) : NULL;
    if (written != NULL)
        return hs_text_append(text, written, strlen(written), error);
    return hs__config_text_append_value(text, row, base, TEXT_CANONICAL, error);
}

/* The list owns key and text, and counts the item only when both are there. */
static hs_status add_row(const hs_experiment *experiment, const key_row *row, size_t task, hs_config_values *values,
                         size_t *capacity, hs_error *error)
{
    char path[CONFIG_MAX_PATH];
    hs_text text = {0};
    HS_TRY(hs_reserve(&values->items, capacity, values->n + 1, sizeof *values->items, "configuration values", error));
    hs__config_key_format_path(row, task, path);
    hs_status status = append_value(experiment, row, task, path, &text, error);
    char *key = status == HS_OK ? hs_string_copy(path, error) : NULL;
    if (key == NULL) {
        hs_text_clear(&text);
        return error->status;
    }
    values->items[values->n++] = (hs_config_value){key, text.text, row->identity};
    return HS_OK;
}

/* All keys of one task. */
static hs_status add_task(const hs_experiment *experiment, size_t task, hs_config_values *values, size_t *capacity,
                          hs_error *error)
{
    for (size_t i = 0; i < hs__config_key_count(); i++)
        if (hs__config_key_is_of_task(hs__config_key_at(i)))
            HS_TRY(add_row(experiment, hs__config_key_at(i), task, values, capacity, error));
    return HS_OK;
}

static hs_status add_all(const hs_experiment *experiment, hs_config_values *values, hs_error *error)
{
    size_t capacity = 0;
    for (size_t i = 0; i < hs__config_key_count(); i++) {
        const key_row *row = hs__config_key_at(i);
        for (size_t task = 0; row->type == KEY_TASKS && task < experiment->n_tasks; task++)
            HS_TRY(add_task(experiment, task, values, &capacity, error));
        if (row->type != KEY_TASKS && !hs__config_key_is_of_task(row))
            HS_TRY(add_row(experiment, row, 0, values, &capacity, error));
    }
    return HS_OK;
}

hs_status hs_config_list_values(const hs_experiment *experiment, hs_config_values *values_out, hs_error *error)
{
    *values_out = (hs_config_values){0};
    if (add_all(experiment, values_out, error) != HS_OK) {
        hs_config_values_clear(values_out);
        return error->status;
    }
    return HS_OK;
}
