/*
 * The configuration that a results file keeps, read back: each value as hs_config_list_values() wrote it, through the
 * same checks as an experiment file. Ranges of keys may become wider, never narrower, or older files could not be read.
 */
#include "config/excerpt.h"
#include "config/loader.h"

#include <string.h>

/* Texts stand without their quotes, and so does the word that a number may be instead. */
static bool is_bare(const key_row *row, const char *text)
{
    const bool is_text =
        row->type == KEY_STRING || row->type == KEY_WORD || row->type == KEY_PATH_IN || row->type == KEY_PATH_OUT;
    return is_text || (row->instead != NULL && strcmp(row->instead, text) == 0);
}

static hs_status parse_text(const char *where, const key_row *row, const char *text, config_t *config,
                            const config_setting_t **setting_out, hs_error *error)
{
    hs_error problem = {0};
    char shown[96], phrase[CONFIG_MAX_PHRASE];
    if (hs__config_parse_value(row->path, text, config, setting_out, &problem) == HS_OK)
        return HS_OK;
    if (problem.status != HS_ERROR_USAGE)
        return hs_fail(error, problem.status, "%s", problem.message);
    hs__config_excerpt(text, strlen(text), shown, sizeof shown);
    return hs_fail(error, problem.status, "%s: %s = `%s` cannot be read; %s is needed", where, row->path, shown,
                   hs__config_key_phrase(row, phrase));
}

static hs_status store_text(const char *where, hs_experiment *experiment, const key_row *row, const char *text,
                            bool as_it_is, hs_error *error)
{
    const key_site site = {row, experiment, row->path, where};
    const config_setting_t *setting = NULL;
    config_t config;
    hs_status status = as_it_is ? hs__config_parse_bare(row->path, text, &config, &setting, error)
                                : parse_text(where, row, text, &config, &setting, error);
    if (status == HS_OK)
        status = hs__config_store_setting(&site, setting, error);
    config_destroy(&config);
    return status;
}

/* A file that lacks a key is older than the key, or was made by hand: what it meant is the default of its time. */
static hs_status store_missing(const char *where, hs_experiment *experiment, const key_row *row, hs_error *error)
{
    const char *text = row->before != NULL ? row->before : row->default_text;
    if (text != NULL)
        return store_text(where, experiment, row, text, false, error);
    char *empty = hs_string_copy("", error);
    *(char **)hs__config_key_field(row, experiment) = empty;
    return empty != NULL ? HS_OK : error->status;
}

static hs_status read_all(const char *where, hs_config_lookup *lookup, const void *context, hs_experiment *experiment,
                          hs_error *error)
{
    for (size_t i = 0; i < hs__config_key_count(); i++) {
        const key_row *row = hs__config_key_at(i);
        if (row->type == KEY_TASKS || hs__config_key_is_of_task(row))
            continue;
        const char *text = lookup(context, row->path);
        HS_TRY(text != NULL ? store_text(where, experiment, row, text, is_bare(row, text), error)
                            : store_missing(where, experiment, row, error));
    }
    return HS_OK;
}

hs_status hs_config_read_stored(const char *where, hs_config_lookup *lookup, const void *context,
                                hs_experiment **experiment_out, hs_error *error)
{
    hs_experiment *experiment = NULL;
    *experiment_out = NULL;
    HS_TRY(hs_allocate(&experiment, 1, sizeof *experiment, "experiment", error));
    if (read_all(where, lookup, context, experiment, error) != HS_OK) {
        hs_config_free(experiment);
        return error->status;
    }
    *experiment_out = experiment;
    return HS_OK;
}
