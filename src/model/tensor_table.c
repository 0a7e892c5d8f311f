/*
 * tensor_table: finds the safetensors files as transformers does (_get_resolved_checkpoint_files
 * of modeling_utils.py) and makes one list of their tensors, sorted by name.
 */
#include "model/tensor_table.h"

#include <stdlib.h>
#include <string.h>

#include "model/folder.h"

static const char single_file[] = "model.safetensors";
static const char index_file[] = "model.safetensors.index.json";

/* Opening the files. */

static hs_status open_file(const char *folder, const char *name, hs_tensor_table *table, hs_error *error)
{
    char *path = hs_path_join(folder, name, error);
    if (path == NULL)
        return error->status;
    hs_status status = hs__model_safetensors_open(path, table->extent, &table->files[table->n_files], error);
    if (status == HS_OK)
        table->n_files++;
    hs_free(path);
    return status;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* A shard is a plain name: an index must not make the program read files elsewhere. */
static hs_status check_shard_name(const char *index_path, const hs_json_value *value, hs_error *error)
{
    const char *name = hs_json_string(value);
    if (name == NULL)
        return hs_fail(error, HS_ERROR_INPUT, "%s: \"weight_map\" maps a tensor to something that is not a file name",
                       index_path);
    for (size_t i = 0; i < hs_json_size(value); i++)
        if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f || i >= HS_TENSOR_MAX_NAME)
            return hs_fail(error, HS_ERROR_INPUT, "%s: a file name in \"weight_map\" is too long or not printable",
                           index_path);
    if (strchr(name, '/') != NULL || name[0] == '.')
        return hs_fail(error, HS_ERROR_INPUT,
                       "%s: \"weight_map\" names %s: shards must lie in the folder of their index", index_path, name);
    if (!ends_with(name, ".safetensors"))
        return hs_fail(error, HS_ERROR_INPUT, "%s: \"weight_map\" names %s: only *.safetensors files are read",
                       index_path, name);
    return HS_OK;
}

static int compare_text(const void *a, const void *b)
{
    const char *const *left = a, *const *right = b;
    return strcmp(*left, *right);
}

/* The index's distinct file names, sorted. `names_out` has room for one per tensor; they live as long as the JSON. */
static hs_status collect_shard_names(const char *index_path, const hs_json_value *weight_map, const char **names_out,
                                     size_t *n_names_out, hs_error *error)
{
    const char *key;
    size_t length, n = 0, n_distinct = 0;
    const hs_json_value *value;
    hs_json_iterator *iterator = NULL;
    while ((iterator = hs_json_next(weight_map, iterator, &key, &length, &value)) != NULL) {
        HS_TRY(check_shard_name(index_path, value, error));
        names_out[n++] = hs_json_string(value);
    }
    qsort(names_out, n, sizeof *names_out, compare_text);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || strcmp(names_out[i], names_out[n_distinct - 1]) != 0)
            names_out[n_distinct++] = names_out[i];
    if (n_distinct > HS_MAX_SHARDS)
        return hs_fail(error, HS_ERROR_INPUT, "%s: %zu shards; at most %d are read", index_path, n_distinct,
                       HS_MAX_SHARDS);
    *n_names_out = n_distinct;
    return HS_OK;
}

/*
 * Looked for before it is opened: a download that ended between two shards is common and deserves
 * a better message than the system's.
 */
static hs_status open_shard(const char *folder, const char *index_path, const char *name, hs_tensor_table *table,
                            hs_error *error)
{
    hs_status status = HS_OK;
    char *path = hs_path_join(folder, name, error);
    if (path == NULL)
        return error->status;
    if (hs_path_exists(path))
        status = open_file(folder, name, table, error);
    else
        status = hs_fail(error, HS_ERROR_INPUT,
                         "%s: the shard %s, which \"weight_map\" names, is not there: the download or copy is not "
                         "complete, or the index is another model's",
                         index_path, name);
    hs_free(path);
    return status;
}

static hs_status open_shards(const char *folder, const char *index_path, const hs_json_value *weight_map,
                             hs_tensor_table *table, hs_error *error)
{
    const char **names = NULL;
    size_t n_names = 0;
    hs_status status = HS_OK;
    HS_GOTO_DONE(hs_allocate(&names, hs_json_size(weight_map), sizeof *names, index_path, error));
    HS_GOTO_DONE(collect_shard_names(index_path, weight_map, names, &n_names, error));
    HS_GOTO_DONE(hs_allocate(&table->files, n_names, sizeof *table->files, index_path, error));
    for (size_t i = 0; i < n_names; i++)
        HS_GOTO_DONE(open_shard(folder, index_path, names[i], table, error));
done:
    hs_free(names);
    return status;
}

/* Merging. */

static int compare_tensor(const void *a, const void *b)
{
    const hs_tensor *const *left = a, *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

/* Shards may repeat a tensor; transformers takes the last, so that two that differ do not have one value. */
static hs_status drop_copies(hs_tensor_table *table, hs_error *error)
{
    const hs_tensor **tensors = table->tensors;
    size_t n = 0;
    for (size_t i = 0; i < table->n_tensors; i++) {
        bool is_copy = n > 0 && strcmp(tensors[n - 1]->name, tensors[i]->name) == 0;
        if (is_copy && !hs__model_tensor_is_equal(tensors[n - 1], tensors[i]))
            return hs_fail(error, HS_ERROR_INPUT, "tensor %s is in two files and differs: %s and %s", tensors[i]->name,
                           tensors[n - 1]->path, tensors[i]->path);
        if (!is_copy)
            tensors[n++] = tensors[i];
    }
    table->n_tensors = n;
    return HS_OK;
}

static hs_status merge(const char *folder, hs_tensor_table *table, hs_error *error)
{
    size_t n_tensors = 0;
    for (size_t i = 0; i < table->n_files; i++)
        n_tensors += table->files[i].n_tensors;
    HS_TRY(hs_allocate(&table->tensors, n_tensors, sizeof *table->tensors, folder, error));
    for (size_t i = 0; i < table->n_files; i++)
        for (size_t t = 0; t < table->files[i].n_tensors; t++)
            table->tensors[table->n_tensors++] = &table->files[i].tensors[t];
    qsort(table->tensors, table->n_tensors, sizeof *table->tensors, compare_tensor);
    return drop_copies(table, error);
}

size_t hs__model_tensor_table_find(const hs_tensor_table *table, const char *name)
{
    const hs_tensor key = {.name = (char *)name};
    const hs_tensor *key_pointer = &key;
    const hs_tensor **found =
        bsearch(&key_pointer, table->tensors, table->n_tensors, sizeof *table->tensors, compare_tensor);
    return found != NULL ? (size_t)(found - table->tensors) : table->n_tensors;
}

static hs_status open_indexed(const char *folder, const char *index_path, hs_tensor_table *table, hs_error *error)
{
    hs_json *json = NULL;
    HS_TRY(hs_json_read(index_path, HS_MAX_INDEX_BYTES, &json, error));
    const hs_json_value *weight_map = hs_json_get(hs_json_root(json), "weight_map");
    hs_status status = HS_OK;
    if (hs_json_kind_of(weight_map) != HS_JSON_OBJECT)
        HS_GOTO_DONE(hs_fail(error, HS_ERROR_INPUT, "%s: no object \"weight_map\"", index_path));
    HS_GOTO_DONE(open_shards(folder, index_path, weight_map, table, error));
    HS_GOTO_DONE(merge(folder, table, error));
done:
    hs_json_free(json);
    return status;
}

/* The folder. */

/*
 * A single file goes before an index beside it, as in transformers; the caller notes that the
 * index is not used.
 */
hs_status hs__model_tensor_table_open(const char *folder, hs_model_extent extent, hs_tensor_table *table_out,
                                      hs_error *error)
{
    *table_out = (hs_tensor_table){.extent = extent};
    hs_status status = HS_OK;
    char *single_path = hs_path_join(folder, single_file, error);
    char *index_path = hs_path_join(folder, index_file, error);
    if (single_path == NULL || index_path == NULL) {
        status = error->status;
    } else if (hs_path_exists(single_path)) {
        HS_GOTO_DONE(hs_allocate(&table_out->files, 1, sizeof *table_out->files, single_path, error));
        HS_GOTO_DONE(open_file(folder, single_file, table_out, error));
        table_out->has_idle_index = hs_path_exists(index_path);
        HS_GOTO_DONE(merge(folder, table_out, error));
    } else if (hs_path_exists(index_path)) {
        HS_GOTO_DONE(open_indexed(folder, index_path, table_out, error));
    } else {
        HS_GOTO_DONE(hs__model_folder_fail(folder, HS_FOLDER_NEEDS_WEIGHTS, error));
    }
done:
    hs_free(single_path);
    hs_free(index_path);
    if (status != HS_OK)
        hs__model_tensor_table_clear(table_out);
    return status;
}

void hs__model_tensor_table_clear(hs_tensor_table *table)
{
    for (size_t i = 0; i < table->n_files; i++)
        hs__model_safetensors_clear(&table->files[i]);
    hs_free(table->files);
    hs_free(table->tensors);
    *table = (hs_tensor_table){0};
}
