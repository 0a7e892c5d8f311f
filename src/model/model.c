#include "headsweep/model.h"

#include <string.h>

#include "model/checkpoint.h"
#include "model/options.h"
#include "model/weights.h"

/* ---- opening ----------------------------------------------------------------------------------------------------- */

static hs_status read_config(hs_checkpoint *checkpoint, hs_error *error)
{
    hs_json *json = NULL;
    hs_status status = HS_OK;
    char *path = hs_path_join(checkpoint->folder, "config.json", error);
    if (path == NULL)
        return error->status;
    if (!hs_path_exists(path))
        HS_GOTO_DONE(hs_fail(error, HS_ERROR_INPUT,
                             "%s: no config.json there; a Hugging Face checkpoint folder is needed",
                             checkpoint->folder));
    HS_GOTO_DONE(hs_json_read(path, HS_MAX_CONFIG_BYTES, &json, error));
    const hs_config config = {.path = path, .section = "", .object = hs_json_root(json)};
    if (hs_json_kind_of(config.object) != HS_JSON_OBJECT)
        HS_GOTO_DONE(hs_fail(error, HS_ERROR_INPUT, "%s: no JSON object", path));
    HS_GOTO_DONE(hs_options_family(&config, &checkpoint->family, error));
    HS_GOTO_DONE(hs_options_read(&config, checkpoint->family, &checkpoint->options, error));
done:
    hs_json_free(json);
    hs_free(path);
    return status;
}

static const char *stored_type(const hs_binding_list *bindings)
{
    for (size_t i = 1; i < bindings->n_items; i++)
        if (bindings->items[i].tensor->dtype != bindings->items[0].tensor->dtype)
            return "mixed";
    return bindings->n_items > 0 ? hs_dtype_name(bindings->items[0].tensor->dtype) : "none";
}

static hs_status make_rotary(hs_checkpoint *checkpoint, hs_error *error)
{
    const hs_model_shape *shape = &checkpoint->options.shape;
    if (shape->position != HS_POSITION_ROTARY)
        return HS_OK;
    HS_TRY(hs_allocate(&checkpoint->rotary_frequencies, shape->rotary_dim / 2, sizeof(float), "rotary frequencies",
                       error));
    hs_rope_frequencies(&checkpoint->options.rope, shape->rotary_dim, checkpoint->rotary_frequencies);
    return HS_OK;
}

static hs_status open_checkpoint(const char *folder, hs_checkpoint *checkpoint, hs_error *error)
{
    checkpoint->folder = hs_string_copy(folder, error);
    if (checkpoint->folder == NULL)
        return error->status;
    HS_TRY(read_config(checkpoint, error));
    HS_TRY(hs_tensor_table_open(folder, &checkpoint->table, error));
    HS_TRY(hs_binding_list_make(folder, checkpoint->family, &checkpoint->options, &checkpoint->table,
                                &checkpoint->bindings, error));
    return make_rotary(checkpoint, error);
}

static hs_status fill_description(hs_model *model, hs_error *error)
{
    const hs_checkpoint *checkpoint = model->checkpoint;
    model->shape = checkpoint->options.shape;
    model->family = checkpoint->family->model_type;
    model->architecture = checkpoint->family->architecture;
    model->weight_type = stored_type(&checkpoint->bindings);
    model->rotary_frequencies = checkpoint->rotary_frequencies;
    for (size_t i = 0; i < checkpoint->bindings.n_items; i++)
        model->n_parameters += checkpoint->bindings.items[i].tensor->n_elements;
    return hs_allocate(&model->layers, model->shape.n_layers, sizeof *model->layers, "layers", error);
}

hs_status hs_model_open(const char *folder, hs_model **model_out, hs_error *error)
{
    hs_model *model = NULL;
    hs_status status = HS_OK;
    *model_out = NULL;
    HS_TRY(hs_allocate(&model, 1, sizeof *model, "model", error));
    HS_GOTO_DONE(hs_allocate(&model->checkpoint, 1, sizeof *model->checkpoint, "checkpoint", error));
    HS_GOTO_DONE(open_checkpoint(folder, model->checkpoint, error));
    HS_GOTO_DONE(fill_description(model, error));
done:
    if (status == HS_OK)
        *model_out = model;
    else
        hs_model_free(model);
    return status;
}

void hs_model_free(hs_model *model)
{
    if (model == NULL)
        return;
    if (model->checkpoint != NULL) {
        hs_binding_list_clear(&model->checkpoint->bindings);
        hs_tensor_table_clear(&model->checkpoint->table);
        hs_free(model->checkpoint->rotary_frequencies);
        hs_free(model->checkpoint->folder);
    }
    hs_free(model->checkpoint);
    hs_free(model->layers);
    hs_free(model);
}

/* ---- loading ----------------------------------------------------------------------------------------------------- */

size_t hs_model_arena_bytes(const hs_model *model)
{
    return model->checkpoint->bindings.arena_floats * sizeof(float);
}

static hs_status check_finite(const hs_tensor *tensor, hs_error *error)
{
    size_t i = hs_weights_find_not_finite(tensor->dtype, tensor->bytes, tensor->n_elements);
    if (i == tensor->n_elements)
        return HS_OK;
    size_t element_bytes = tensor->n_bytes / tensor->n_elements, n_columns = tensor->shape[tensor->n_dimensions - 1];
    size_t position[2] = {i / n_columns, i % n_columns};
    size_t first = tensor->n_dimensions == 1 ? 1 : 0;
    float value;
    char element[64];
    hs_weights_expand(tensor->dtype, tensor->bytes + i * element_bytes, 1, &value);
    return hs_fail(error, HS_ERROR_INPUT, "%s: tensor %s: element %s is %g, which is not finite", tensor->path,
                   tensor->name, hs_shape_format(position + first, 2 - first, element, sizeof element), (double)value);
}

static const float *bind_values(const hs_binding *binding, float *arena)
{
    if (binding->arena_offset == HS_BINDING_MAPPED)
        return (const float *)(const void *)binding->tensor->bytes;
    return arena + binding->arena_offset;
}

static hs_status fill_arena(const hs_binding_list *bindings, float *arena, hs_error *error)
{
    for (size_t i = 0; i < bindings->n_items; i++) {
        const hs_binding *binding = &bindings->items[i];
        const hs_tensor *tensor = binding->tensor;
        HS_TRY(check_finite(tensor, error));
        if (binding->arena_offset != HS_BINDING_MAPPED)
            hs_weights_expand(tensor->dtype, tensor->bytes, tensor->n_elements, arena + binding->arena_offset);
    }
    return HS_OK;
}

static void *target_of(hs_model *model, const hs_binding *binding)
{
    const hs_tensor_rule *rule = binding->rule;
    char *owner = hs_pattern_is_per_layer(rule->pattern) ? (char *)&model->layers[binding->layer] : (char *)model;
    return owner + rule->target;
}

/* The bias has a binding of its own and stays. */
static void set_matrix(hs_linear *linear, const float *values, size_t n_in, size_t n_out, size_t stride,
                       bool transposed)
{
    linear->values = values;
    linear->n_in = n_in;
    linear->n_out = n_out;
    linear->stride = stride;
    linear->transposed = transposed;
}

static void place(hs_model *model, const hs_binding *binding, const float *values)
{
    const hs_model_shape *shape = &model->shape;
    const size_t *stored = binding->tensor->shape;
    const size_t query = shape->n_heads * shape->head_dim, kv = shape->n_kv_heads * shape->head_dim;
    hs_model_layer *layer = &model->layers[binding->layer];
    switch (binding->rule->place) {
    case HS_PLACE_VALUES:
        *(const float **)target_of(model, binding) = values;
        break;
    case HS_PLACE_LINEAR:
        set_matrix(target_of(model, binding), values, stored[1], stored[0], stored[1], true);
        break;
    case HS_PLACE_CONV1D:
        set_matrix(target_of(model, binding), values, stored[0], stored[1], stored[1], false);
        break;
    case HS_PLACE_CONV1D_QKV:
        set_matrix(&layer->query, values, stored[0], query, stored[1], false);
        set_matrix(&layer->key, values + query, stored[0], kv, stored[1], false);
        set_matrix(&layer->value, values + query + kv, stored[0], kv, stored[1], false);
        break;
    case HS_PLACE_QKV_BIAS:
        layer->query.bias = values;
        layer->key.bias = values + query;
        layer->value.bias = values + query + kv;
        break;
    }
}

static const hs_tensor *find_token_embedding(const hs_binding_list *bindings)
{
    for (size_t i = 0; i < bindings->n_items; i++) {
        const hs_tensor_rule *rule = bindings->items[i].rule;
        if (rule->target == offsetof(hs_model, token_embedding) && !hs_pattern_is_per_layer(rule->pattern))
            return bindings->items[i].tensor;
    }
    return NULL;
}

/* transformers ties silently and drops a head of its own; a file where that would change the numbers is refused. */
static hs_status check_tied_copy(const hs_binding_list *bindings, hs_error *error)
{
    const hs_tensor *copy = bindings->tied_copy, *embedding = find_token_embedding(bindings);
    if (copy == NULL || embedding == NULL)
        return HS_OK;
    if (copy->dtype == embedding->dtype && memcmp(copy->bytes, embedding->bytes, copy->n_bytes) == 0)
        return HS_OK;
    return hs_fail(error, HS_ERROR_INPUT,
                   "%s: \"tie_word_embeddings\" is true in config.json, but tensor %s differs from %s; set it to false "
                   "or remove the tensor",
                   copy->path, copy->name, embedding->name);
}

hs_status hs_model_load(hs_model *model, float *arena, bool fill, hs_error *error)
{
    const hs_binding_list *bindings = &model->checkpoint->bindings;
    if (fill) {
        HS_TRY(fill_arena(bindings, arena, error));
        HS_TRY(check_tied_copy(bindings, error));
    }
    for (size_t i = 0; i < bindings->n_items; i++)
        place(model, &bindings->items[i], bind_values(&bindings->items[i], arena));
    if (model->shape.tied_unembedding)
        set_matrix(&model->unembedding, model->token_embedding, model->shape.width, model->shape.n_outputs,
                   model->shape.width, true);
    return HS_OK;
}
