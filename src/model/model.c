/*
 * model: opens a checkpoint, which reads config.json and the headers of the weights, and loads it,
 * which puts a pointer to each weight into its place. What is read how, the other files of the
 * room know.
 */
#include "headsweep/model.h"
#include "headsweep/threads.h"

#include <string.h>

#include "model/alibi.h"
#include "model/arena.h"
#include "model/checkpoint.h"
#include "model/folder.h"
#include "model/options.h"
#include "model/pruned.h"
#include "model/sparse_layers.h"
#include "model/weights.h"
#include "model/window.h"

/* Opening. */

static hs_status read_labels(const hs_config *config, hs_checkpoint *checkpoint, hs_error *error)
{
    hs_model_shape *shape = &checkpoint->options.shape;
    if (!hs_has_labels(shape))
        return HS_OK;
    HS_TRY(hs__model_label_list_read(config, &checkpoint->labels, &checkpoint->notes, error));
    shape->n_outputs = checkpoint->labels.n;
    shape->multi_label = checkpoint->labels.independent && shape->head == HS_HEAD_CLASSIFIER;
    const int32_t *padding = checkpoint->family->padding_token;
    shape->padding_token = padding != NULL ? *padding : HS_NO_TOKEN;
    return hs__model_special_ids_padding(config, shape->vocabulary, &shape->padding_token, error);
}

/* A config that names no architecture, or a base model, does not say which head there is; the weights do. */
static hs_status choose_architecture(hs_checkpoint *checkpoint, hs_error *error)
{
    hs_binding_source source = {checkpoint->folder, checkpoint->family, NULL, &checkpoint->table, NULL};
    const hs_architecture *row = checkpoint->family->architectures, *bare = NULL;
    bool has_head = false;
    if (checkpoint->architecture != NULL && checkpoint->architecture->has_outputs)
        return HS_OK;
    HS_TRY(hs__model_tensor_table_open(checkpoint->folder, checkpoint->extent, &checkpoint->table, error));
    for (; row->name != NULL && row->read_as == NULL && !has_head; row++) {
        bare = !row->has_outputs ? row : bare;
        source.architecture = row;
        HS_TRY(hs__model_binding_has_head(&source, &has_head, error));
    }
    const hs_architecture *chosen = has_head || bare == NULL ? source.architecture : bare;
    if (chosen == NULL || chosen == checkpoint->architecture)
        return HS_OK;
    HS_TRY(hs__model_note_add(&checkpoint->notes, error, "config.json names %s%s; the weights are read as %s",
                              checkpoint->architecture != NULL ? "the base model " : "no architecture",
                              checkpoint->architecture != NULL ? checkpoint->architecture->name : "", chosen->name));
    checkpoint->architecture = chosen;
    return HS_OK;
}

/*
 * The family decides how all other keys are read. Where the config does not name an architecture,
 * choose_architecture looks at the tensors, so that the files may be open before their turn.
 */
static hs_status read_config(hs_checkpoint *checkpoint, hs_error *error)
{
    hs_json *json = NULL;
    hs_status status = HS_OK;
    char *path = hs_path_join(checkpoint->folder, "config.json", error);
    if (path == NULL)
        return error->status;
    if (!hs_path_exists(path))
        HS_GOTO_DONE(hs__model_folder_fail(checkpoint->folder, HS_FOLDER_NEEDS_CONFIG, error));
    HS_GOTO_DONE(hs_json_read(path, HS_MAX_CONFIG_BYTES, &json, error));
    const hs_config config = {.path = path, .section = "", .object = hs_json_root(json)};
    if (hs_json_kind_of(config.object) != HS_JSON_OBJECT)
        HS_GOTO_DONE(hs_fail(error, HS_ERROR_INPUT, "%s: not a JSON object", path));
    HS_GOTO_DONE(hs__model_options_family(&config, &checkpoint->family, &checkpoint->architecture, error));
    HS_GOTO_DONE(choose_architecture(checkpoint, error));
    HS_GOTO_DONE(
        hs__model_options_read(&config, checkpoint->family, checkpoint->architecture, &checkpoint->options, error));
    HS_GOTO_DONE(
        hs__model_pruned_read(&config, checkpoint->family, &checkpoint->options.shape, &checkpoint->gone_heads, error));
    checkpoint->options.shape.gone_heads = checkpoint->gone_heads;
    HS_GOTO_DONE(hs__model_pruned_note(&checkpoint->options.shape, &checkpoint->notes, error));
    HS_GOTO_DONE(hs__model_window_read(&config, checkpoint->family->window, &checkpoint->options.shape,
                                       &checkpoint->windows, error));
    HS_GOTO_DONE(hs__model_sparse_layers_read(&config, checkpoint->family->sparse, &checkpoint->options.shape,
                                              &checkpoint->is_sparse, error));
    HS_GOTO_DONE(read_labels(&config, checkpoint, error));
    HS_GOTO_DONE(hs__model_special_ids_read(checkpoint->folder, &config, checkpoint->options.shape.vocabulary,
                                            &checkpoint->ids, error));
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
    return bindings->n_items > 0 ? hs__model_dtype_name(bindings->items[0].tensor->dtype) : "none";
}

/* transformers computes in double precision with such weights. */
static hs_status note_rounding(hs_checkpoint *checkpoint, hs_error *error)
{
    for (size_t i = 0; i < checkpoint->bindings.n_items; i++)
        if (checkpoint->bindings.items[i].tensor->dtype == HS_DTYPE_F64)
            return hs__model_note_add(&checkpoint->notes, error,
                                      "weights of F64 are rounded to single precision, in which all is computed");
    return HS_OK;
}

static hs_status make_rotary(hs_checkpoint *checkpoint, hs_error *error)
{
    const hs_model_shape *shape = &checkpoint->options.shape;
    if (shape->position != HS_POSITION_ROTARY)
        return HS_OK;
    HS_TRY(hs_allocate(&checkpoint->rotary_frequencies, shape->rotary_dim / 2, sizeof(float), "rotary frequencies",
                       error));
    hs__model_rope_frequencies(&checkpoint->options.rope, shape->rotary_dim, checkpoint->rotary_frequencies);
    if (!shape->rotates_windows_apart)
        return HS_OK;
    HS_TRY(hs_allocate(&checkpoint->window_frequencies, shape->rotary_dim / 2, sizeof(float), "rotary frequencies",
                       error));
    hs__model_rope_frequencies(&checkpoint->options.window_rope, shape->rotary_dim, checkpoint->window_frequencies);
    return HS_OK;
}

static hs_status make_slopes(hs_checkpoint *checkpoint, hs_error *error)
{
    const hs_model_shape *shape = &checkpoint->options.shape;
    bool is_rounded = shape->position == HS_POSITION_ALIBI_ROUNDED;
    if (shape->position != HS_POSITION_ALIBI && !is_rounded)
        return HS_OK;
    HS_TRY(hs_allocate(&checkpoint->alibi_slopes, shape->n_heads, sizeof(float), "slopes of heads", error));
    hs__model_alibi_slopes(shape->n_heads, checkpoint->options.exact_slopes, checkpoint->alibi_slopes);
    for (size_t i = 0; is_rounded && i < shape->n_heads; i++)
        checkpoint->alibi_slopes[i] = hs__model_weights_round(HS_DTYPE_BF16, checkpoint->alibi_slopes[i]);
    return HS_OK;
}

/* transformers multiplies in the type of the weights, in which the square root of the width is another number. */
static void round_embedding_scale(hs_checkpoint *checkpoint)
{
    const hs_tensor *embedding = hs__model_binding_token_embedding(&checkpoint->bindings);
    hs_model_shape *shape = &checkpoint->options.shape;
    if (embedding != NULL && checkpoint->options.scale_embedding)
        shape->embedding_scale = (double)hs__model_weights_round(embedding->dtype, (float)shape->embedding_scale);
}

static hs_status make_ones(hs_checkpoint *checkpoint, hs_error *error)
{
    size_t width = checkpoint->options.shape.width;
    if (!checkpoint->options.has_plain_norms)
        return HS_OK;
    HS_TRY(hs_allocate(&checkpoint->ones, width, sizeof *checkpoint->ones, "norms", error));
    for (size_t i = 0; i < width; i++)
        checkpoint->ones[i] = 1.0f;
    return HS_OK;
}

/*
 * config.json first, since without a family there is nothing to say about tensors. Adapters last
 * of the checks on the folder: where there is no model beside one, the message about what is
 * missing says more.
 */
static hs_status open_checkpoint(const char *folder, hs_checkpoint *checkpoint, hs_error *error)
{
    checkpoint->folder = hs_string_copy(folder, error);
    if (checkpoint->folder == NULL)
        return error->status;
    HS_TRY(read_config(checkpoint, error));
    if (checkpoint->table.n_files == 0)
        HS_TRY(hs__model_tensor_table_open(folder, checkpoint->extent, &checkpoint->table, error));
    if (checkpoint->table.has_idle_index)
        HS_TRY(hs__model_note_add(&checkpoint->notes, error,
                                  "model.safetensors is read, as in transformers, and the index of "
                                  "shards beside it is not"));
    HS_TRY(hs__model_folder_refuse_adapters(folder, error));
    const hs_binding_source source = {folder, checkpoint->family, checkpoint->architecture, &checkpoint->table,
                                      checkpoint->is_sparse};
    HS_TRY(
        hs__model_binding_list_make(&source, &checkpoint->options, &checkpoint->bindings, &checkpoint->notes, error));
    HS_TRY(make_slopes(checkpoint, error));
    round_embedding_scale(checkpoint);
    HS_TRY(make_ones(checkpoint, error));
    HS_TRY(note_rounding(checkpoint, error));
    return make_rotary(checkpoint, error);
}

/* The matrices come when the weights are placed. */
static hs_status add_mixtures(hs_model *model, hs_error *error)
{
    const hs_model_shape *shape = &model->shape;
    HS_TRY(hs_allocate(&model->experts, shape->n_layers * shape->n_experts, sizeof *model->experts, "experts", error));
    for (size_t i = 0; i < shape->n_layers; i++)
        if (model->checkpoint->is_sparse[i])
            model->layers[i].mixture = (hs_mixture){.experts = model->experts + i * shape->n_experts,
                                                    .n_experts = shape->n_experts,
                                                    .n_chosen = shape->n_chosen_experts};
    return HS_OK;
}

/*
 * Pointers into what the checkpoint owns, so that other rooms need hs_model alone. A tied matrix
 * has one binding and counts once as parameters, as a tensor in two places does.
 */
static hs_status fill_description(hs_model *model, hs_error *error)
{
    const hs_checkpoint *checkpoint = model->checkpoint;
    model->shape = checkpoint->options.shape;
    model->family = checkpoint->family->model_type;
    model->architecture = checkpoint->architecture->name;
    model->notes = (const char *const *)checkpoint->notes.items;
    model->n_notes = checkpoint->notes.n_items;
    model->bos_token = checkpoint->ids.bos;
    model->eos_token = checkpoint->ids.eos;
    model->end_tokens = checkpoint->ids.end;
    model->n_end_tokens = checkpoint->ids.n_end;
    model->end_tokens_file = checkpoint->ids.end_file;
    model->labels = (const char *const *)checkpoint->labels.names;
    model->weight_type = stored_type(&checkpoint->bindings);
    model->rotary_frequencies = checkpoint->rotary_frequencies;
    model->window_frequencies = checkpoint->window_frequencies;
    model->rotary_scale = hs__model_rope_attention_factor(&checkpoint->options.rope);
    model->alibi_slopes = checkpoint->alibi_slopes;
    for (size_t i = 0; i < checkpoint->bindings.n_items; i++)
        if (!checkpoint->bindings.items[i].is_shared)
            model->n_parameters += checkpoint->bindings.items[i].tensor->n_elements;
    HS_TRY(hs_allocate(&model->layers, model->shape.n_layers, sizeof *model->layers, "layers", error));
    for (size_t i = 0; checkpoint->windows != NULL && i < model->shape.n_layers; i++)
        model->layers[i].window = checkpoint->windows[i];
    return checkpoint->is_sparse != NULL ? add_mixtures(model, error) : HS_OK;
}

/*
 * What fails halfway is freed as a whole model is, so that hs_model_free takes one with any part
 * missing.
 */
static hs_status open_model(const char *folder, hs_model_extent extent, hs_model **model_out, hs_error *error)
{
    hs_model *model = NULL;
    hs_status status = HS_OK;
    *model_out = NULL;
    HS_TRY(hs_allocate(&model, 1, sizeof *model, "model", error));
    HS_GOTO_DONE(hs_allocate(&model->checkpoint, 1, sizeof *model->checkpoint, "checkpoint", error));
    model->checkpoint->extent = extent;
    HS_GOTO_DONE(open_checkpoint(folder, model->checkpoint, error));
    HS_GOTO_DONE(fill_description(model, error));
done:
    if (status == HS_OK)
        *model_out = model;
    else
        hs_model_free(model);
    return status;
}

hs_status hs_model_open(const char *folder, hs_model **model_out, hs_error *error)
{
    return open_model(folder, HS_MODEL_WITH_WEIGHTS, model_out, error);
}

/*
 * The mapped files go with the model, although weights of F32 still point into them: whoever has
 * loaded them keeps the model open.
 */
void hs_model_free(hs_model *model)
{
    if (model == NULL)
        return;
    if (model->checkpoint != NULL) {
        hs__model_binding_list_clear(&model->checkpoint->bindings);
        hs__model_tensor_table_clear(&model->checkpoint->table);
        hs_free(model->checkpoint->rotary_frequencies);
        hs_free(model->checkpoint->window_frequencies);
        hs__model_rope_clear(&model->checkpoint->options.rope);
        hs_free(model->checkpoint->alibi_slopes);
        hs_free(model->checkpoint->windows);
        hs_free(model->checkpoint->ones);
        hs_free(model->checkpoint->is_sparse);
        hs_free(model->checkpoint->gone_heads);
        hs__model_label_list_clear(&model->checkpoint->labels);
        hs__model_note_list_clear(&model->checkpoint->notes);
        hs__model_special_ids_clear(&model->checkpoint->ids);
        hs_free(model->checkpoint->folder);
    }
    hs_free(model->checkpoint);
    hs_free(model->experts);
    hs_free(model->layers);
    hs_free(model);
}

/* Loading. */

size_t hs_model_arena_bytes(const hs_model *model)
{
    return model->checkpoint->bindings.arena_floats * sizeof(float);
}

static const float *bind_values(const hs_binding *binding, float *arena)
{
    if (binding->arena_offset == HS_BINDING_MAPPED)
        return (const float *)(const void *)binding->tensor->bytes;
    return arena + binding->arena_offset;
}

static void *target_of(hs_model *model, const hs_binding *binding)
{
    const hs_tensor_rule *rule = binding->rule;
    hs_pattern_place place = binding->place;
    char *owner = (char *)model;
    if (hs__model_pattern_is_per_expert(rule->pattern))
        owner = (char *)&model->experts[place.layer * model->shape.n_experts + place.expert];
    else if (hs__model_pattern_is_per_layer(rule->pattern))
        owner = (char *)&model->layers[place.layer];
    return owner + rule->target;
}

/* A part of a tensor, or of one that is not there. */
static const float *part_from(const float *values, size_t first)
{
    return values != NULL ? values + first : NULL;
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
    linear->scale = 1.0f;
}

/*
 * Nothing is copied. Query, key and value in one tensor become three views: of columns in GPT-2's
 * Conv1D, which is stored [in, out], and of rows in a Linear, which is stored [out, in].
 */
static void place(hs_model *model, const hs_binding *binding, const float *values)
{
    const hs_model_shape *shape = &model->shape;
    const size_t *stored = binding->shape;
    const size_t query = shape->n_heads * shape->head_dim, kv = shape->n_kv_heads * shape->head_dim;
    hs_model_layer *layer = &model->layers[binding->place.layer];
    switch (binding->rule->place) {
    case HS_PLACE_VALUES:
    case HS_PLACE_ONE_AND:
    case HS_PLACE_PAIRS:
        *(const float **)target_of(model, binding) = values;
        break;
    case HS_PLACE_LINEAR:
    case HS_PLACE_LINEAR_PAIRS:
        set_matrix(target_of(model, binding), values, stored[1], stored[0], stored[1], true);
        break;
    case HS_PLACE_CONV1D:
        set_matrix(target_of(model, binding), values, stored[0], stored[1], stored[1], false);
        break;
    case HS_PLACE_CONV1D_QKV:
        set_matrix(&layer->query, values, stored[0], query, stored[1], false);
        set_matrix(&layer->key, part_from(values, query), stored[0], kv, stored[1], false);
        set_matrix(&layer->value, part_from(values, query + kv), stored[0], kv, stored[1], false);
        break;
    case HS_PLACE_LINEAR_GATE_UP:
        set_matrix(&layer->mlp_gate, values, stored[1], shape->mlp_width, stored[1], true);
        set_matrix(&layer->mlp_up, part_from(values, shape->mlp_width * stored[1]), stored[1], shape->mlp_width,
                   stored[1], true);
        break;
    case HS_PLACE_LINEAR_QKV:
    case HS_PLACE_HEADS_QKV:
        set_matrix(&layer->query, values, stored[1], query, stored[1], true);
        set_matrix(&layer->key, part_from(values, query * stored[1]), stored[1], kv, stored[1], true);
        set_matrix(&layer->value, part_from(values, (query + kv) * stored[1]), stored[1], kv, stored[1], true);
        break;
    case HS_PLACE_QKV_BIAS:
    case HS_PLACE_HEADS_QKV_BIAS:
        layer->query.bias = values;
        layer->key.bias = part_from(values, query);
        layer->value.bias = part_from(values, query + kv);
        break;
    }
}

/* What no tensor of the file is for: a tied unembedding, and the weights of norms that have none. */
static void place_the_rest(hs_model *model)
{
    const hs_model_shape *shape = &model->shape;
    const float *ones = model->checkpoint->ones;
    size_t width = hs_embedding_width(shape);
    if (shape->tied_unembedding)
        set_matrix(&model->unembedding, model->token_embedding, width, shape->n_outputs, width, true);
    if (ones == NULL)
        return;
    model->final_norm.weight = ones;
    for (size_t layer = 0; layer < shape->n_layers; layer++)
        model->layers[layer].attention_norm.weight = model->layers[layer].mlp_norm.weight = ones;
}

static void scale_outputs(hs_model *model)
{
    model->unembedding.scale = (float)model->shape.logit_scale;
    for (size_t i = 0; i < model->shape.n_layers; i++)
        model->layers[i].output.scale = model->layers[i].mlp_down.scale = (float)model->shape.residual_scale;
}

hs_status hs_model_load(hs_model *model, float *arena, size_t part, size_t n_parts, hs_error *error)
{
    const hs_binding_list *bindings = &model->checkpoint->bindings;
    if (part < n_parts)
        HS_TRY(hs__model_arena_fill(bindings, &model->shape, arena, part, n_parts, error));
    for (size_t i = 0; i < bindings->n_items; i++)
        place(model, &bindings->items[i], bind_values(&bindings->items[i], arena));
    place_the_rest(model);
    scale_outputs(model);
    return HS_OK;
}

hs_status hs_model_outline(const char *folder, hs_model **model_out, hs_error *error)
{
    HS_TRY(open_model(folder, HS_MODEL_HEADERS, model_out, error));
    const hs_binding_list *bindings = &(*model_out)->checkpoint->bindings;
    for (size_t i = 0; i < bindings->n_items; i++)
        place(*model_out, &bindings->items[i], NULL);
    place_the_rest(*model_out);
    scale_outputs(*model_out);
    return HS_OK;
}
