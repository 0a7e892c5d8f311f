/*
 * loader: experiment file and overrides -> experiment, in this order: text, tree, --set, patterns,
 * defaults, checks, paths. One process reads files; the others parse the block that it sends.
 */
#include "config/loader.h"
#include "config/complain.h"
#include "config/excerpt.h"
#include "config/source_reader.h"

#include <string.h>

static key_origin *origin_of(const config_loader *loader, const key_row *row, size_t task)
{
    size_t block = hs__config_key_is_of_task(row) ? 1 + task : 0;
    return &loader->origins[block * hs__config_key_count() + hs__config_key_index(row)];
}

const char *hs__config_override_where(const char *text, char where[CONFIG_MAX_WHERE])
{
    char shown[200];
    (void)snprintf(where, CONFIG_MAX_WHERE, "--set %s", hs__config_excerpt(text, strlen(text), shown, sizeof shown));
    return where;
}

static const char *origin_where(const config_loader *loader, key_origin origin, char where[CONFIG_MAX_WHERE])
{
    if (origin.override != NULL)
        return hs__config_override_where(origin.override, where);
    if (origin.line > 0)
        return hs__config_source_where(&loader->source, origin.line, where, CONFIG_MAX_WHERE);
    (void)snprintf(where, CONFIG_MAX_WHERE, "%s", loader->path);
    return where;
}

const char *hs__config_loader_where(const config_loader *loader, const key_row *row, size_t task,
                                    char where[CONFIG_MAX_WHERE])
{
    return origin_where(loader, *origin_of(loader, row, task), where);
}

static void *loader_base(const config_loader *loader, const key_row *row, size_t task)
{
    return hs__config_key_is_of_task(row) ? (void *)&loader->experiment->tasks[task] : loader->experiment;
}

hs_status hs__config_loader_set(config_loader *loader, const key_row *row, size_t task, const config_setting_t *setting,
                                key_origin origin)
{
    char path[CONFIG_MAX_PATH], where[CONFIG_MAX_WHERE];
    hs__config_key_format_path(row, task, path);
    key_site site = {row, loader_base(loader, row, task), path, origin_where(loader, origin, where)};
    HS_TRY(hs__config_store_setting(&site, setting, loader->error));
    *origin_of(loader, row, task) = origin;
    return HS_OK;
}

static hs_status complain_missing(const config_loader *loader, const key_row *row, size_t task)
{
    char path[CONFIG_MAX_PATH], where[CONFIG_MAX_WHERE];
    hs__config_key_format_path(row, task, path);
    key_origin origin = {.line = hs__config_key_is_of_task(row) ? loader->task_lines[task] : 0};
    return hs_fail(loader->error, HS_ERROR_USAGE, "%s: %s is missing: %s", origin_where(loader, origin, where), path,
                   row->meaning);
}

static hs_status set_default(config_loader *loader, const key_row *row, size_t task)
{
    config_t config;
    const config_setting_t *setting = NULL;
    key_site site = {row, loader_base(loader, row, task), row->path, "default"};
    hs_status status = hs__config_parse_value(row->path, row->default_text, &config, &setting, loader->error);
    if (status == HS_OK)
        status = hs__config_store_setting(&site, setting, loader->error);
    config_destroy(&config);
    return status;
}

static bool is_set(const config_loader *loader, const key_row *row, size_t task)
{
    if (row->type == KEY_TASKS)
        return loader->experiment->n_tasks > 0;
    if (row->type == KEY_FIELDS && hs__config_key_n_items(row, loader_base(loader, row, task)) > 0)
        return true;
    const key_origin *origin = origin_of(loader, row, task);
    return origin->line > 0 || origin->override != NULL;
}

/* Every key that nobody set gets its default; one without a default is missing. */
static hs_status complete(config_loader *loader)
{
    for (size_t i = 0; i < hs__config_key_count(); i++) {
        const key_row *row = hs__config_key_at(i);
        size_t n = hs__config_key_is_of_task(row) ? loader->experiment->n_tasks : 1;
        for (size_t task = 0; task < n; task++) {
            if (is_set(loader, row, task))
                continue;
            if (row->default_text == NULL)
                return complain_missing(loader, row, task);
            HS_TRY(set_default(loader, row, task));
        }
    }
    return HS_OK;
}

static hs_status keep_origin(config_loader *loader, const key_row *row, size_t task, size_t *capacity)
{
    hs_config_values *origins = &loader->experiment->origins;
    const key_origin *origin = origin_of(loader, row, task);
    char path[CONFIG_MAX_PATH], where[CONFIG_MAX_WHERE];
    if (origin->line == 0 && origin->override == NULL)
        return HS_OK;
    HS_TRY(hs_reserve(&origins->items, capacity, origins->n + 1, sizeof *origins->items, "keys", loader->error));
    hs__config_key_format_path(row, task, path);
    hs_config_value *kept = &origins->items[origins->n++];
    *kept = (hs_config_value){.key = hs_string_copy(path, loader->error),
                              .value = hs_string_copy(origin_where(loader, *origin, where), loader->error)};
    return kept->key == NULL || kept->value == NULL ? loader->error->status : HS_OK;
}

/* "--set tasks.n.kind=x, --set tasks.n.limit=5" */
static hs_status keep_overrides(config_loader *loader, size_t task)
{
    hs_text text = {0};
    char where[CONFIG_MAX_WHERE];
    hs_status status = HS_OK;
    for (size_t i = 0; status == HS_OK && i < hs__config_key_count(); i++) {
        const key_origin *origin =
            hs__config_key_is_of_task(hs__config_key_at(i)) ? origin_of(loader, hs__config_key_at(i), task) : NULL;
        if (origin != NULL && origin->override != NULL)
            status = hs_text_appendf(&text, loader->error, "%s%s", text.length > 0 ? ", " : "",
                                     hs__config_override_where(origin->override, where));
    }
    if (status == HS_OK)
        loader->experiment->tasks[task].overrides = hs_text_take(&text);
    hs_text_clear(&text);
    return status;
}

static hs_status keep_origins(config_loader *loader)
{
    size_t capacity = 0;
    for (size_t i = 0; i < hs__config_key_count(); i++)
        for (size_t task = 0;
             task < (hs__config_key_is_of_task(hs__config_key_at(i)) ? loader->experiment->n_tasks : 1); task++)
            HS_TRY(keep_origin(loader, hs__config_key_at(i), task, &capacity));
    for (size_t task = 0; task < loader->experiment->n_tasks; task++)
        HS_TRY(keep_overrides(loader, task));
    return HS_OK;
}

static hs_status load_source(config_loader *loader)
{
    config_t config;
    HS_TRY(hs__config_source_read_block(&loader->source, loader->path, loader->block, loader->error));
    hs_status status = hs__config_parse_source(&loader->source, &config, loader->error);
    if (status == HS_OK)
        status = hs__config_load_tree(loader, config_root_setting(&config));
    config_destroy(&config);
    return status;
}

static hs_status load_all(config_loader *loader, const char *const *overrides, size_t n_overrides)
{
    HS_TRY(load_source(loader));
    for (size_t i = 0; i < n_overrides; i++)
        HS_TRY(hs__config_apply_override(loader, overrides[i]));
    HS_TRY(hs__config_expand_patterns(loader));
    HS_TRY(complete(loader));
    HS_TRY(hs__config_check_experiment(loader));
    HS_TRY(keep_origins(loader));
    for (size_t i = 0; i < loader->experiment->n_tasks; i++)
        loader->experiment->tasks[i].seed = loader->experiment->seed;
    return hs__config_resolve_paths(loader->path, loader->experiment, loader->error);
}

/* `found` as of the loader. */
static hs_status parse(const char *path, const hs_text *block, const char *const *overrides, size_t n_overrides,
                       hs_text *found, hs_experiment **experiment_out, hs_error *error)
{
    config_loader loader = {.path = path, .block = block, .found = found, .error = error};
    *experiment_out = NULL;
    HS_TRY(hs_allocate(&loader.experiment, 1, sizeof *loader.experiment, "experiment", error));
    loader.experiment->path = hs_string_copy(path, error);
    hs_status status = loader.experiment->path == NULL ? error->status : load_all(&loader, overrides, n_overrides);
    hs__config_source_clear(&loader.source);
    hs_free(loader.origins);
    hs_free(loader.task_lines);
    if (status == HS_OK)
        *experiment_out = loader.experiment;
    else
        hs_config_free(loader.experiment);
    return status;
}

/* Parsed once here, for only then is it known which files are patterns: their matches go behind the texts. */
static hs_status append_found(const char *path, const char *const *overrides, size_t n_overrides, hs_text *block,
                              hs_error *error)
{
    hs_experiment *experiment = NULL;
    hs_text found = {0};
    hs_status status = parse(path, block, overrides, n_overrides, &found, &experiment, error);
    if (status == HS_OK && found.length > 0)
        status = hs_text_append(block, found.text, found.length, error);
    hs_config_free(experiment);
    hs_text_clear(&found);
    return status;
}

hs_status hs_config_read(const char *path, const char *const *overrides, size_t n_overrides, hs_text *block,
                         hs_error *error)
{
    config_source source = {0};
    hs_status status = hs__config_source_read(&source, path, error);
    if (status == HS_OK)
        status = hs__config_source_pack(&source, block, error);
    hs__config_source_clear(&source);
    return status == HS_OK ? append_found(path, overrides, n_overrides, block, error) : status;
}

hs_status hs_config_parse(const char *path, const hs_text *block, const char *const *overrides, size_t n_overrides,
                          hs_experiment **experiment_out, hs_error *error)
{
    return parse(path, block, overrides, n_overrides, NULL, experiment_out, error);
}

hs_status hs_config_load(const char *path, const char *const *overrides, size_t n_overrides,
                         hs_experiment **experiment_out, hs_error *error)
{
    hs_text block = {0};
    *experiment_out = NULL;
    hs_status status = hs_config_read(path, overrides, n_overrides, &block, error);
    if (status == HS_OK)
        status = hs_config_parse(path, &block, overrides, n_overrides, experiment_out, error);
    hs_text_clear(&block);
    return status;
}
