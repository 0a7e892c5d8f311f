/*
 * normed_families: the rows of Llama's relatives whose norms are others than Llama's. What a row holds, families.h
 * says.
 */
#include "model/decoder_rows.h"

static const hs_config_constraint constraints[] = {DECODER_CONSTRAINTS, NOT_PARTIAL, {0}};

/* A language model with nothing between the last norm and the unembedding. */
static const hs_tensor_rule lm_head_rules[] = {UNEMBEDDING("lm_head.weight"), {0}};

static const hs_window_rule qwen3_window = {.layers = HS_WINDOW_SWITCHED, .absent = 4096};

/* Qwen3: norms of each head's query and key, and a size of heads of its own. */

static const hs_config_field qwen3_fields[] = {
    LLAMA_FIELDS,
    SIZE_REQUIRED("num_key_value_heads", shape.n_kv_heads, HS_MAX_HEADS),
    LLAMA_BIASES,
    {0},
};

static const hs_tensor_rule qwen3_rules[] = {
    LLAMA_RULES,
    VECTOR(LLAMA_LAYER "self_attn.q_norm.weight", IN_LAYER(query_norm.weight), HS_DIM_HEAD),
    VECTOR(LLAMA_LAYER "self_attn.k_norm.weight", IN_LAYER(key_norm.weight), HS_DIM_HEAD),
    {0},
};

static const hs_architecture qwen3_architectures[] = {
    LANGUAGE_MODEL("Qwen3ForCausalLM", lm_head_rules),
    READ_AS("Qwen3Model", "Qwen3ForCausalLM"),
    {0},
};

/* The table. */

const hs_family hs__model_normed_families[] = {
    {
        .model_type = "qwen3",
        .base_prefix = "model.",
        .preset = {LLAMA_PRESET(1e-6, HS_ACTIVATION_SILU, .head_dim = 128, .query_key_norm = HS_QUERY_KEY_NORM_EACH)},
        .fields = qwen3_fields,
        .constraints = constraints,
        .window = &qwen3_window,
        .rules = qwen3_rules,
        .architectures = qwen3_architectures,
    },
    {0},
};
