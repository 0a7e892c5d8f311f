/* pruned: the key "pruned_heads", and which heads are gone. */
#include "model/pruned.h"

#include <stdlib.h>

static const char key_of_heads[] = "pruned_heads";

static hs_status fail_layer(const hs_config *config, const char *layer, const char *problem, hs_error *error)
{
    return hs_fail(error, HS_ERROR_INPUT, "%s: \"%s\": \"%.20s\" %s", config->path, key_of_heads, layer, problem);
}

/* The number that a key spells, or n_layers. */
static size_t read_layer(const char *key, size_t n_layers)
{
    char *end = NULL;
    if (*key < '0' || *key > '9')
        return n_layers;
    const unsigned long long layer = strtoull(key, &end, 10);
    return *end == '\0' && layer < n_layers ? (size_t)layer : n_layers;
}

/* A head that stands twice is gone once, as in transformers. */
static hs_status read_heads(const hs_config *config, const char *layer, const hs_json_value *list, size_t n_heads,
                            bool *gone, bool *any, hs_error *error)
{
    if (hs_json_kind_of(list) != HS_JSON_ARRAY)
        return fail_layer(config, layer, "is not a list of heads", error);
    for (size_t i = 0; i < hs_json_size(list); i++) {
        const hs_json_value *value = hs_json_at(list, i);
        const int64_t head = hs_json_is_integer(value) ? hs_json_integer(value) : -1;
        if (head < 0 || (uint64_t)head >= n_heads)
            return fail_layer(config, layer, "names a head that the layer does not have", error);
        gone[head] = true;
        *any = true;
    }
    return HS_OK;
}

static hs_status read_layers(const hs_config *config, const hs_model_shape *shape, bool *gone, bool *any,
                             hs_error *error)
{
    const hs_json_value *layers = hs_json_get(config->object, key_of_heads), *list = NULL;
    const char *key = NULL;
    size_t length = 0;
    hs_json_iterator *iterator = NULL;
    while ((iterator = hs_json_next(layers, iterator, &key, &length, &list)) != NULL) {
        const size_t layer = read_layer(key, shape->n_layers);
        if (layer == shape->n_layers)
            return fail_layer(config, key, "is not one of the layers", error);
        HS_TRY(read_heads(config, key, list, shape->n_heads, gone + layer * shape->n_heads, any, error));
    }
    return HS_OK;
}

static bool is_empty(const hs_config *config)
{
    const hs_json_value *value = hs_json_get(config->object, key_of_heads);
    const hs_json_kind kind = hs_json_kind_of(value);
    return !hs__model_config_has(config, key_of_heads) ||
           ((kind == HS_JSON_OBJECT || kind == HS_JSON_ARRAY) && hs_json_size(value) == 0);
}

/* Classes of transformers 4 that could remove heads wrote the key; others made weights smaller in their own way. */
hs_status hs__model_pruned_read(const hs_config *config, const hs_family *family, const hs_model_shape *shape,
                                bool **gone_out, hs_error *error)
{
    bool any = false, *gone = NULL;
    hs_status status;
    *gone_out = NULL;
    if (is_empty(config))
        return HS_OK;
    if (!family->may_lack_heads)
        return hs_fail(
            error, HS_ERROR_INPUT,
            "%s: \"%s\" cannot have this value: a model of family %s with heads removed is not read. Take the "
            "checkpoint before pruning, without this key, and ablate the heads instead",
            config->path, key_of_heads, family->model_type);
    if (hs_json_kind_of(hs_json_get(config->object, key_of_heads)) != HS_JSON_OBJECT)
        return hs_fail(error, HS_ERROR_INPUT, "%s: \"%s\" is not an object of lists of heads by layer", config->path,
                       key_of_heads);
    HS_TRY(hs_allocate(&gone, shape->n_layers * shape->n_heads, sizeof *gone, "pruned heads", error));
    status = read_layers(config, shape, gone, &any, error);
    if (status == HS_OK && any)
        *gone_out = gone;
    else
        hs_free(gone);
    return status;
}

size_t hs__model_pruned_n_kept(const hs_model_shape *shape, size_t layer)
{
    size_t n = shape->n_heads;
    for (size_t head = 0; shape->gone_heads != NULL && head < shape->n_heads; head++)
        n -= shape->gone_heads[layer * shape->n_heads + head];
    return n;
}

hs_status hs__model_pruned_note(const hs_model_shape *shape, hs_note_list *notes, hs_error *error)
{
    size_t n = shape->n_layers * shape->n_heads;
    for (size_t layer = 0; layer < shape->n_layers; layer++)
        n -= hs__model_pruned_n_kept(shape, layer);
    return n == 0 ? HS_OK
                  : hs__model_note_add(notes, error,
                                       "%zu of %zu heads were pruned from this checkpoint (\"pruned_heads\" of "
                                       "config.json): they are not swept, and the others keep their numbers",
                                       n, shape->n_layers * shape->n_heads);
}

hs_status hs_model_describe_gone_heads(const hs_model_shape *shape, hs_text *text, hs_error *error)
{
    size_t n = 0;
    for (size_t i = 0; shape->gone_heads != NULL && i < shape->n_layers * shape->n_heads; i++)
        if (shape->gone_heads[i])
            HS_TRY(
                hs_text_appendf(text, error, "%s%zu.%zu", n++ > 0 ? ", " : "", i / shape->n_heads, i % shape->n_heads));
    return n > 0 ? HS_OK : hs_text_appendf(text, error, "none");
}
