/* model_identity: what a model is, as a hash and as lines for people. */
#include <string.h>

#include "headsweep/model.h"
#include "model/checkpoint.h"
#include "model/options.h"

/* Hash. */

static uint64_t hash_real(uint64_t seed, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return hs_hash_u64(seed, bits);
}

static uint64_t hash_unless(uint64_t seed, double usual, const char *name, double value)
{
    return value != usual ? hash_real(hs_hash_text(seed, name), value) : seed;
}

/* They count where they are set, so that models without them keep the hash that their results have. */
static uint64_t hash_later_fields(uint64_t seed, const hs_model_shape *shape)
{
    if (shape->query_key_norm != HS_QUERY_KEY_NORM_NONE)
        seed = hs_hash_u64(seed, shape->query_key_norm);
    if (shape->embedding_width > 0)
        seed = hs_hash_u64(seed, shape->embedding_width);
    seed = hash_unless(seed, 0.0, "positions_after_projection", shape->positions_after_projection);
    seed = hash_unless(seed, 1.0, "embedding_scale", shape->embedding_scale);
    seed = hash_unless(seed, 0.0, "norms_outputs", shape->norms_outputs);
    seed = hash_unless(seed, 0.0, "head_limit", shape->head_limit);
    seed = hash_unless(seed, 0.0, "score_cap", shape->score_cap);
    if (shape->head == HS_HEAD_CLASSIFIER && !shape->bidirectional)
        seed = hash_unless(seed, -1.0, "padding_token", shape->padding_token);
    seed = hash_unless(seed, 1.0, "residual_scale", shape->residual_scale);
    seed = hash_unless(seed, 1.0, "logit_scale", shape->logit_scale);
    seed = hash_unless(seed, 0.0, "logit_cap", shape->logit_cap);
    /* Which layers have experts, the tensors' names say. */
    seed = hash_unless(seed, 0.0, "n_experts", (double)shape->n_experts);
    seed = hash_unless(seed, 0.0, "n_chosen_experts", (double)shape->n_chosen_experts);
    seed = hash_unless(seed, 0.0, "expert_width", (double)shape->expert_width);
    return hash_unless(seed, 0.0, "normalises_shares", shape->normalises_shares);
}

/* Field by field: padding must not count, and a new field of hs_model_shape that changes results belongs here too. */
static uint64_t hash_shape(uint64_t seed, const hs_model_shape *shape)
{
    const size_t counts[] = {
        shape->n_layers,
        shape->n_heads,
        shape->n_kv_heads,
        shape->head_dim,
        shape->width,
        shape->mlp_width,
        shape->vocabulary,
        shape->n_positions,
        shape->norm,
        shape->position,
        shape->rotary_dim,
        shape->activation,
        shape->gated_mlp,
        shape->parallel_residual,
        shape->tied_unembedding,
        shape->scale_by_inverse_layer,
        shape->n_outputs,
        shape->n_token_types,
        shape->first_position,
        shape->bidirectional,
        shape->post_norm,
        shape->head,
        shape->head_activation,
        shape->multi_label,
    };
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        seed = hs_hash_u64(seed, counts[i]);
    return hash_later_fields(hash_real(hash_real(seed, shape->norm_epsilon), shape->attention_scale), shape);
}

/* Of scalings that came later, so that those before keep their hash. */
static uint64_t hash_later_scalings(uint64_t seed, const hs_rope *rope, size_t n_pairs)
{
    const double reals[] = {rope->attention_factor, rope->scale,      rope->scale_of_all,
                            rope->fast_turns,       rope->slow_turns, rope->whole_pairs ? 1.0 : 0.0};
    for (size_t i = 0; i < sizeof reals / sizeof reals[0]; i++)
        seed = hash_real(seed, reals[i]);
    for (size_t i = 0; rope->divisors != NULL && i < n_pairs; i++)
        seed = hash_real(seed, rope->divisors[i]);
    return seed;
}

/* From the fields of the config rather than the frequencies, whose last bits are the mathematical library's. */
static uint64_t hash_rope(uint64_t seed, const hs_rope *rope, size_t n_pairs)
{
    seed = hs_hash_u64(seed, (uint64_t)rope->kind);
    seed = hs_hash_u64(seed, rope->original_positions);
    const double reals[] = {rope->theta, rope->factor, rope->low_frequency_factor, rope->high_frequency_factor};
    for (size_t i = 0; i < sizeof reals / sizeof reals[0]; i++)
        seed = hash_real(seed, reals[i]);
    return rope->kind == HS_ROPE_YARN || rope->kind == HS_ROPE_LONGROPE ? hash_later_scalings(seed, rope, n_pairs)
                                                                        : seed;
}

/* Models without windows are those that they were before there were any. */
static uint64_t hash_windows(uint64_t seed, const hs_model *model)
{
    for (size_t i = 0; i < model->shape.n_layers; i++)
        if (model->layers[i].window > 0)
            seed = hs_hash_u64(hs_hash_u64(seed, i), model->layers[i].window);
    return seed;
}

/* Which they are the sizes of the tensors do not say. */
static uint64_t hash_gone_heads(uint64_t seed, const hs_model_shape *shape)
{
    for (size_t i = 0; shape->gone_heads != NULL && i < shape->n_layers * shape->n_heads; i++)
        if (shape->gone_heads[i])
            seed = hs_hash_u64(hs_hash_text(seed, "gone head"), i);
    return seed;
}

static uint64_t hash_binding(uint64_t seed, const hs_binding *binding)
{
    const hs_tensor *tensor = binding->tensor;
    seed = hs_hash_text(seed, binding->name);
    seed = hs_hash_text(seed, hs__model_dtype_name(tensor->dtype));
    for (size_t i = 0; i < tensor->n_dimensions; i++)
        seed = hs_hash_u64(seed, tensor->shape[i]);
    return hs_hash(seed, tensor->bytes, tensor->n_bytes);
}

/*
 * By the order in which the family binds its tensors and not by that of the files, so that a
 * checkpoint that was saved anew has the same hash. Bytes that were expanded elsewhere are given
 * back when they are hashed.
 */
uint64_t hs_model_hash(const hs_model *model)
{
    const hs_checkpoint *checkpoint = model->checkpoint;
    uint64_t hash = hs_hash_text(0, model->family);
    hash = hash_shape(hash, &model->shape);
    if (model->shape.position == HS_POSITION_ROTARY)
        hash = hash_rope(hash, &checkpoint->options.rope, model->shape.rotary_dim / 2);
    if (model->shape.rotates_windows_apart)
        hash = hash_rope(hash, &checkpoint->options.window_rope, model->shape.rotary_dim / 2);
    hash = hash_gone_heads(hash_windows(hash, model), &model->shape);
    for (size_t i = 0; i < checkpoint->bindings.n_items; i++) {
        const hs_binding *binding = &checkpoint->bindings.items[i];
        if (binding->is_shared)
            continue;
        hash = hash_binding(hash, binding);
        if (binding->arena_offset != HS_BINDING_MAPPED)
            hs_mapped_bytes_release(binding->tensor->bytes, binding->tensor->n_bytes);
    }
    return hash;
}

/* Description. */

/*
 * Two sizes, because the processes of a host share the files through the page cache, and only
 * converted weights are memory of the run.
 */
static hs_status describe_source(const hs_model *model, hs_text *text, hs_error *error)
{
    const hs_tensor_table *table = &model->checkpoint->table;
    char parameters[32], files[32], arena[32];
    double n_bytes = 0.0;
    for (size_t i = 0; i < table->n_files; i++)
        n_bytes += (double)table->files[i].n_file_bytes;
    HS_TRY(hs_text_appendf(text, error, "family = %s\narchitecture = %s\n", model->family, model->architecture));
    HS_TRY(hs_text_appendf(text, error, "parameters = %s\n",
                           hs_format_count((double)model->n_parameters, parameters, sizeof parameters)));
    HS_TRY(hs_text_appendf(text, error, "weights = %s, %s in %zu file%s\n", model->weight_type,
                           hs_format_bytes(n_bytes, files, sizeof files), table->n_files,
                           table->n_files == 1 ? "" : "s"));
    return hs_text_appendf(text, error, "converted_weights = %s\n",
                           hs_format_bytes((double)hs_model_arena_bytes(model), arena, sizeof arena));
}

static hs_status describe_sizes(const hs_model_shape *shape, hs_text *text, hs_error *error)
{
    HS_TRY(hs_text_appendf(text, error, "layers = %zu\nheads = %zu\nkv_heads = %zu\nhead_dim = %zu\n", shape->n_layers,
                           shape->n_heads, shape->n_kv_heads, shape->head_dim));
    return hs_text_appendf(
        text, error, "width = %zu\nembedding_width = %zu\nmlp_width = %zu\nvocabulary = %zu\npositions = %zu\n",
        shape->width, hs_embedding_width(shape), shape->mlp_width, shape->vocabulary, shape->n_positions);
}

/* The layers are named with the windows. */
static hs_status describe_window_rope(const hs_rope *rope, hs_text *text, hs_error *error)
{
    HS_TRY(hs_text_appendf(text, error, "; in layers with a window theta %g", rope->theta));
    return rope->kind == HS_ROPE_DEFAULT
               ? HS_OK
               : hs_text_appendf(text, error, ", %s scaling by %g", hs__model_rope_name(rope->kind), rope->factor);
}

static hs_status describe_gone_heads(const hs_model_shape *shape, hs_text *text, hs_error *error)
{
    HS_TRY(hs_text_appendf(text, error, "pruned_heads = "));
    HS_TRY(hs_model_describe_gone_heads(shape, text, error));
    return hs_text_appendf(text, error, "\n");
}

/* One line for every kind: what scaling leaves of the positions stands beside the scaling. */
static hs_status describe_positions(const hs_model *model, hs_text *text, hs_error *error)
{
    const hs_rope *rope = &model->checkpoint->options.rope;
    if (model->shape.position == HS_POSITION_LEARNED)
        return hs_text_appendf(text, error, "position = learned\n");
    if (model->shape.position != HS_POSITION_ROTARY)
        return hs_text_appendf(text, error, "position = alibi%s\n",
                               model->shape.position == HS_POSITION_ALIBI_ROUNDED ? ", in bfloat16" : "");
    HS_TRY(hs_text_appendf(text, error, "position = rotary, %zu of %zu dimensions, theta %g", model->shape.rotary_dim,
                           model->shape.head_dim, rope->theta));
    if (rope->kind != HS_ROPE_DEFAULT)
        HS_TRY(hs_text_appendf(text, error, ", %s scaling by %g", hs__model_rope_name(rope->kind), rope->factor));
    if (model->rotary_scale != 1.0)
        HS_TRY(hs_text_appendf(text, error, ", attention factor %.9g", model->rotary_scale));
    if (rope->kind == HS_ROPE_DYNAMIC || (rope->kind == HS_ROPE_LONGROPE && !rope->has_one_list))
        HS_TRY(hs_text_appendf(text, error, ": of texts up to %zu tokens, longer ones are refused",
                               model->shape.n_positions));
    if (model->shape.rotates_windows_apart)
        HS_TRY(describe_window_rope(&model->checkpoint->options.window_rope, text, error));
    return hs_text_appendf(text, error, "\n");
}

static const char *const query_key_norm_names[] = {
    [HS_QUERY_KEY_NORM_NONE] = "none",
    [HS_QUERY_KEY_NORM_EACH] = "rms of each head",
    [HS_QUERY_KEY_NORM_ALL] = "rms of all heads together",
    [HS_QUERY_KEY_NORM_LAYER] = "layer of each head",
};

/* As `window 4096 in layers 0-3, 6`: runs of layers that have the same one. */
static hs_status describe_windows(const hs_model *model, hs_text *text, hs_error *error)
{
    size_t last = 0; /* window that was named last */
    for (size_t i = 0, end = 0; i < model->shape.n_layers; i = end + 1) {
        size_t window = model->layers[i].window;
        for (end = i; end + 1 < model->shape.n_layers && model->layers[end + 1].window == window;)
            end++;
        if (window == 0)
            continue;
        HS_TRY(window == last ? hs_text_appendf(text, error, ", %zu", i)
                              : hs_text_appendf(text, error, ", window %zu in layers %zu", window, i));
        if (end > i)
            HS_TRY(hs_text_appendf(text, error, "-%zu", end));
        last = window;
    }
    if (model->shape.window == 0)
        return HS_OK;
    return hs_text_appendf(text, error, ", window %zu: longer texts are refused", model->shape.window);
}

static hs_status describe_bound(hs_text *text, const char *name, double bound, hs_error *error)
{
    return bound > 0 ? hs_text_appendf(text, error, "%s = %.9g\n", name, bound)
                     : hs_text_appendf(text, error, "%s = none\n", name);
}

/* As `2 of 8 experts, whose shares sum to 1, in layers 1 3`; without the layers where all are alike. */
static hs_status describe_experts(const hs_model *model, hs_text *text, hs_error *error)
{
    const hs_model_shape *shape = &model->shape;
    size_t n_sparse = 0;
    if (shape->n_experts == 0)
        return HS_OK;
    for (size_t i = 0; i < shape->n_layers; i++)
        n_sparse += model->layers[i].mixture.n_experts > 0;
    HS_TRY(hs_text_appendf(text, error, ", %zu of %zu experts of width %zu%s", shape->n_chosen_experts,
                           shape->n_experts, shape->expert_width,
                           shape->normalises_shares ? ", whose shares sum to 1" : ""));
    if (n_sparse == shape->n_layers)
        return HS_OK;
    HS_TRY(hs_text_appendf(text, error, n_sparse > 0 ? ", in layers" : ", in no layer"));
    for (size_t i = 0; i < shape->n_layers; i++)
        if (model->layers[i].mixture.n_experts > 0)
            HS_TRY(hs_text_appendf(text, error, " %zu", i));
    return HS_OK;
}

/* Lines for scripts too: each is there for every model, with a word where there is nothing. */
static hs_status describe_kinds(const hs_model *model, hs_text *text, hs_error *error)
{
    const hs_model_shape *shape = &model->shape;
    HS_TRY(hs_text_appendf(text, error, "attention = %s", shape->bidirectional ? "bidirectional" : "causal"));
    HS_TRY(describe_windows(model, text, error));
    HS_TRY(hs_text_appendf(text, error, "\n"));
    const char *place = shape->norms_outputs ? ", of outputs too" : shape->post_norm ? ", after the residual" : "";
    HS_TRY(hs_text_appendf(text, error, "norm = %s, epsilon %g%s\n", shape->norm == HS_NORM_RMS ? "rms" : "layer",
                           shape->norm_epsilon, place));
    HS_TRY(describe_bound(text, "query_key_value_limit", shape->head_limit, error));
    HS_TRY(hs_text_appendf(text, error, "query_key_norm = %s\n", query_key_norm_names[shape->query_key_norm]));
    HS_TRY(hs_text_appendf(text, error, "mlp = %s%s", hs__model_activation_name(shape->activation),
                           shape->gated_mlp ? ", gated" : ""));
    HS_TRY(describe_experts(model, text, error));
    HS_TRY(hs_text_appendf(text, error, "\n"));
    HS_TRY(hs_text_appendf(text, error, "residual = %s\n", shape->parallel_residual ? "parallel" : "sequential"));
    HS_TRY(hs_text_appendf(text, error, "embedding_scale = %.9g\n", shape->embedding_scale));
    HS_TRY(hs_text_appendf(text, error, "residual_scale = %.9g\nlogit_scale = %.9g\n", shape->residual_scale,
                           shape->logit_scale));
    HS_TRY(hs_text_appendf(text, error, "attention_scale = %.9g%s\n", shape->attention_scale,
                           shape->scale_by_inverse_layer ? " / (layer + 1)" : ""));
    HS_TRY(describe_bound(text, "score_cap", shape->score_cap, error));
    HS_TRY(describe_bound(text, "logit_cap", shape->logit_cap, error));
    return hs_text_appendf(text, error, "unembedding = %s\n",
                           shape->n_outputs == 0     ? "none"
                           : shape->tied_unembedding ? "tied to the token embedding"
                                                     : "its own");
}

/*
 * A base model is described and not refused, since `inspect` is where people find out that it is
 * one.
 */
static hs_status describe_head(const hs_model *model, hs_text *text, hs_error *error)
{
    static const char *const names[] = {
        [HS_HEAD_LANGUAGE_MODEL] = "language model",
        [HS_HEAD_MASKED_LANGUAGE_MODEL] = "masked language model",
        [HS_HEAD_CLASSIFIER] = "classifier",
        [HS_HEAD_TOKEN_CLASSIFIER] = "classifier of tokens",
    };
    const hs_model_shape *shape = &model->shape;
    if (shape->n_outputs == 0)
        return hs_text_appendf(text, error, "head = none: nothing can be measured on this base model\n");
    HS_TRY(hs_text_appendf(text, error, "head = %s\n", names[shape->head]));
    if (!hs_has_labels(shape))
        return HS_OK;
    HS_TRY(hs_text_appendf(text, error, "labels = "));
    for (size_t i = 0; i < shape->n_outputs; i++)
        HS_TRY(hs_text_appendf(text, error, "%s%s", i > 0 ? ", " : "", model->labels[i]));
    HS_TRY(hs_text_appendf(text, error, "\nlabel_probabilities = %s\nlabel_row = ",
                           shape->multi_label ? "independent (logistic)" : "of one label (softmax)"));
    if (shape->head == HS_HEAD_TOKEN_CLASSIFIER)
        return hs_text_appendf(text, error, "each its own\n");
    if (shape->bidirectional)
        return hs_text_appendf(text, error, "the first\n");
    if (shape->padding_token < 0)
        return hs_text_appendf(text, error, "the last\n");
    return hs_text_appendf(text, error, "the last that is not token %d (padding)\n", (int)shape->padding_token);
}

hs_status hs_model_describe(const hs_model *model, hs_text *text, hs_error *error)
{
    HS_TRY(describe_source(model, text, error));
    HS_TRY(describe_sizes(&model->shape, text, error));
    HS_TRY(describe_gone_heads(&model->shape, text, error));
    HS_TRY(describe_positions(model, text, error));
    HS_TRY(describe_kinds(model, text, error));
    HS_TRY(describe_head(model, text, error));
    for (size_t i = 0; i < model->n_notes; i++)
        HS_TRY(hs_text_appendf(text, error, "note = %s\n", model->notes[i]));
    return HS_OK;
}
