/* sparse_layers: decoder_sparse_step and mlp_only_layers, as Qwen3-MoE's layers read them. */
#include "model/sparse_layers.h"

static const char dense_key[] = "mlp_only_layers";

/* Numbers that are no layer's name none in transformers either. */
static hs_status take_dense_layers(const hs_config *config, size_t n_layers, bool *is_sparse, hs_error *error)
{
    const hs_json_value *list = hs_json_get(config->object, dense_key);
    if (!hs__model_config_has(config, dense_key))
        return HS_OK;
    if (hs_json_kind_of(list) != HS_JSON_ARRAY)
        return hs_fail(error, HS_ERROR_INPUT, "%s: \"%s\" is not a list of layers", config->path, dense_key);
    for (size_t i = 0; i < hs_json_size(list); i++) {
        const hs_json_value *item = hs_json_at(list, i);
        int64_t layer = hs_json_kind_of(item) == HS_JSON_INTEGER ? hs_json_integer(item) : -1;
        if (layer < 0)
            return hs_fail(error, HS_ERROR_INPUT, "%s: \"%s\" has what is not the number of a layer", config->path,
                           dense_key);
        if ((uint64_t)layer < n_layers)
            is_sparse[layer] = false;
    }
    return HS_OK;
}

static hs_status check_sizes(const hs_config *config, hs_model_shape *shape, hs_error *error)
{
    if (shape->expert_width == 0)
        shape->expert_width = shape->mlp_width;
    if (shape->n_chosen_experts <= shape->n_experts)
        return HS_OK;
    return hs_fail(error, HS_ERROR_INPUT, "%s: \"num_experts_per_tok\" is %zu, but a layer has %zu experts",
                   config->path, shape->n_chosen_experts, shape->n_experts);
}

/* Where no layer has one MLP for all rows its width means nothing. */
static void forget_dense_width(hs_model_shape *shape, const bool *is_sparse)
{
    for (size_t i = 0; i < shape->n_layers; i++)
        if (!is_sparse[i])
            return;
    shape->mlp_width = shape->expert_width;
}

/* The list takes layers out of those that the step gives, in this order, as in transformers. */
hs_status hs__model_sparse_layers_read(const hs_config *config, hs_sparse_layers rule, hs_model_shape *shape,
                                       bool **is_sparse_out, hs_error *error)
{
    size_t step = 1;
    *is_sparse_out = NULL;
    if (rule == HS_SPARSE_NONE)
        return HS_OK;
    HS_TRY(check_sizes(config, shape, error));
    if (rule == HS_SPARSE_BY_STEP)
        HS_TRY(hs__model_config_size(config, "decoder_sparse_step", HS_MAX_LAYERS, &step, error));
    HS_TRY(hs_allocate(is_sparse_out, shape->n_layers, sizeof **is_sparse_out, "layers with experts", error));
    for (size_t i = 0; i < shape->n_layers; i++)
        (*is_sparse_out)[i] = (i + 1) % step == 0;
    if (rule == HS_SPARSE_BY_STEP)
        HS_TRY(take_dense_layers(config, shape->n_layers, *is_sparse_out, error));
    forget_dense_width(shape, *is_sparse_out);
    return HS_OK;
}
