/*
 * normed_families: the rows of Llama's relatives whose norms are others than Llama's. What a row holds, families.h
 * says.
 */
#include "model/decoder_rows.h"

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
    LANGUAGE_MODEL("Qwen3ForCausalLM", hs__model_lm_head_rules),
    SEQUENCE_CLASSIFIER("Qwen3ForSequenceClassification"),
    READ_AS("Qwen3Model", "Qwen3ForCausalLM"),
    {0},
};

/* Gemma: norms multiply by one more than their weights, and the embeddings by the root of the width. */

static const hs_config_field gemma_fields[] = {
    LLAMA_SIZES,
    SIZE_REQUIRED("num_key_value_heads", shape.n_kv_heads, HS_MAX_HEADS),
    REAL("rms_norm_eps", shape.norm_epsilon, 0.0, 1.0),
    ACTIVATION_GEMMA("hidden_act"),
    LLAMA_BIASES,
    {0},
};

/* clang-format off */
#define ONE_WAY {"use_bidirectional_attention", HS_DEMAND_FALSE, "a row attends to what is before it alone"}
#define SCORE_DIVISOR {"query_pre_attn_scalar", HS_DEMAND_NOT_NULL, "scores are divided by its root"}
#define ONE_AND(name, target, axis) {name ".weight", HS_PRESENT_ALWAYS, HS_PLACE_ONE_AND, target, {axis}}
#define GEMMA_NORM(name, member) ONE_AND(LLAMA_LAYER name, IN_LAYER(member.weight), HS_DIM_WIDTH)
/* clang-format on */

static const hs_config_constraint gemma_constraints[] = {DECODER_CONSTRAINTS, NOT_PARTIAL, ONE_WAY, {0}};
static const hs_config_constraint gemma2_constraints[] = {
    DECODER_CONSTRAINTS, NOT_PARTIAL, ONE_WAY, SCORE_DIVISOR, {0}};

static const hs_tensor_rule gemma_rules[] = {
    TABLE("{base}embed_tokens.weight", token_embedding, HS_DIM_VOCABULARY),
    GEMMA_NORM("input_layernorm", attention_norm),
    GEMMA_NORM("post_attention_layernorm", mlp_norm),
    LLAMA_PROJECTIONS,
    ONE_AND("{base}norm", IN_MODEL(final_norm.weight), HS_DIM_WIDTH),
    {0},
};

static const hs_architecture gemma_architectures[] = {
    LANGUAGE_MODEL("GemmaForCausalLM", hs__model_lm_head_rules),
    SEQUENCE_CLASSIFIER("GemmaForSequenceClassification"),
    READ_AS("GemmaModel", "GemmaForCausalLM"),
    {0},
};

/* Gemma 2: norms of outputs too, soft caps, a divisor of scores, and a window in every other layer. */

static const hs_config_field gemma2_fields[] = {
    LLAMA_SIZES,
    SIZE_REQUIRED("num_key_value_heads", shape.n_kv_heads, HS_MAX_HEADS),
    REAL("rms_norm_eps", shape.norm_epsilon, 0.0, 1.0),
    ACTIVATION("hidden_activation"),
    REAL("query_pre_attn_scalar", score_divisor, 1e-6, 1e6),
    CAP("attn_logit_softcapping", shape.score_cap),
    CAP("final_logit_softcapping", shape.logit_cap),
    LLAMA_BIASES,
    {0},
};

static const hs_window_rule gemma2_window = {.layers = HS_WINDOW_BY_LAYER, .absent = 4096, .period = 2};

/* clang-format off */
#define GEMMA2_RULES \
    TABLE("{base}embed_tokens.weight", token_embedding, HS_DIM_VOCABULARY), \
    GEMMA_NORM("input_layernorm", attention_norm), \
    GEMMA_NORM("post_attention_layernorm", attention_output_norm), \
    GEMMA_NORM("pre_feedforward_layernorm", mlp_norm), \
    GEMMA_NORM("post_feedforward_layernorm", mlp_output_norm), \
    LLAMA_PROJECTIONS, \
    ONE_AND("{base}norm", IN_MODEL(final_norm.weight), HS_DIM_WIDTH)
/* clang-format on */

static const hs_tensor_rule gemma2_rules[] = {GEMMA2_RULES, {0}};

static const hs_architecture gemma2_architectures[] = {
    LANGUAGE_MODEL("Gemma2ForCausalLM", hs__model_lm_head_rules),
    SEQUENCE_CLASSIFIER("Gemma2ForSequenceClassification"),
    READ_AS("Gemma2Model", "Gemma2ForCausalLM"),
    {0},
};

/*
 * Gemma 3's text model: as Gemma 2, with norms of each head's query and key, and another rotation where there is a
 * window. Its class does not look at the cap of scores.
 */

static const hs_config_field gemma3_fields[] = {
    LLAMA_SIZES,
    SIZE_REQUIRED("num_key_value_heads", shape.n_kv_heads, HS_MAX_HEADS),
    REAL("rms_norm_eps", shape.norm_epsilon, 0.0, 1.0),
    REAL("rope_local_base_freq", window_rope.theta, HS_MIN_ROPE_THETA, HS_MAX_ROPE_THETA),
    ACTIVATION("hidden_activation"),
    REAL("query_pre_attn_scalar", score_divisor, 1e-6, 1e6),
    CAP("final_logit_softcapping", shape.logit_cap),
    LLAMA_BIASES,
    {0},
};

static const hs_config_constraint gemma3_constraints[] = {
    DECODER_CONSTRAINTS,
    NOT_PARTIAL,
    ONE_WAY,
    SCORE_DIVISOR,
    {"rope_local_base_freq", HS_DEMAND_NOT_NULL, "layers with a window rotate by it"},
    {"sliding_window_pattern", HS_DEMAND_NOT_NULL, "it says which layers have a window"},
    {"attn_logit_softcapping", HS_DEMAND_EMPTY,
     "transformers passes it over in this family, whose scores have no cap; set it to null"},
    {0},
};

static const hs_window_rule gemma3_window = {
    .layers = HS_WINDOW_BY_LAYER, .absent = 4096, .period = 6, .period_key = "sliding_window_pattern"};

static const hs_tensor_rule gemma3_rules[] = {
    GEMMA2_RULES,
    ONE_AND(LLAMA_LAYER "self_attn.q_norm", IN_LAYER(query_norm.weight), HS_DIM_HEAD),
    ONE_AND(LLAMA_LAYER "self_attn.k_norm", IN_LAYER(key_norm.weight), HS_DIM_HEAD),
    {0},
};

static const hs_architecture gemma3_architectures[] = {
    LANGUAGE_MODEL("Gemma3ForCausalLM", hs__model_lm_head_rules),
    SEQUENCE_CLASSIFIER("Gemma3TextForSequenceClassification"),
    READ_AS("Gemma3TextModel", "Gemma3ForCausalLM"),
    {0},
};

/* OLMo: layer norms without weights, and a limit on what a projection gives. */

static const hs_config_field olmo_fields[] = {
    LLAMA_SIZES,
    SIZE("num_key_value_heads", shape.n_kv_heads, HS_MAX_HEADS),
    ACTIVATION("hidden_act"),
    REAL("clip_qkv", shape.head_limit, 1e-30, 1e30),
    LLAMA_BIASES,
    {0},
};

static const hs_tensor_rule olmo_rules[] = {
    TABLE("{base}embed_tokens.weight", token_embedding, HS_DIM_VOCABULARY), LLAMA_PROJECTIONS, {0}};

static const hs_architecture olmo_architectures[] = {
    LANGUAGE_MODEL("OlmoForCausalLM", hs__model_lm_head_rules),
    SEQUENCE_CLASSIFIER("OlmoForSequenceClassification"),
    READ_AS("OlmoModel", "OlmoForCausalLM"),
    {0},
};

/* OLMo 2: norms of what attention and MLP give instead of what they read, and of all queries or keys together. */

static const hs_config_field olmo2_fields[] = {
    LLAMA_FIELDS,
    SIZE("num_key_value_heads", shape.n_kv_heads, HS_MAX_HEADS),
    LLAMA_BIASES,
    {0},
};

static const hs_tensor_rule olmo2_rules[] = {
    TABLE("{base}embed_tokens.weight", token_embedding, HS_DIM_VOCABULARY),
    NORM_WEIGHT(LLAMA_LAYER "post_attention_layernorm", attention_output_norm),
    NORM_WEIGHT(LLAMA_LAYER "post_feedforward_layernorm", mlp_output_norm),
    LLAMA_PROJECTIONS,
    VECTOR(LLAMA_LAYER "self_attn.q_norm.weight", IN_LAYER(query_norm.weight), HS_DIM_QUERY),
    VECTOR(LLAMA_LAYER "self_attn.k_norm.weight", IN_LAYER(key_norm.weight), HS_DIM_KV),
    VECTOR("{base}norm.weight", IN_MODEL(final_norm.weight), HS_DIM_WIDTH),
    {0},
};

/* OLMo 3: the same with windows in three of four layers, in which rotation is never scaled. */

static const hs_window_rule olmo3_window = {.layers = HS_WINDOW_BY_LAYER, .absent = 4096, .period = 4};

static const hs_architecture olmo3_architectures[] = {
    LANGUAGE_MODEL("Olmo3ForCausalLM", hs__model_lm_head_rules),
    SEQUENCE_CLASSIFIER("Olmo3ForSequenceClassification"),
    READ_AS("Olmo3Model", "Olmo3ForCausalLM"),
    {0},
};

static const hs_architecture olmo2_architectures[] = {
    LANGUAGE_MODEL("Olmo2ForCausalLM", hs__model_lm_head_rules),
    SEQUENCE_CLASSIFIER("Olmo2ForSequenceClassification"),
    READ_AS("Olmo2Model", "Olmo2ForCausalLM"),
    {0},
};

/* The table. */

const hs_family hs__model_normed_families[] = {
    {
        .model_type = "qwen3",
        .base_prefix = "model.",
        .preset = {LLAMA_PRESET(1e-6, HS_ACTIVATION_SILU, .head_dim = 128, .query_key_norm = HS_QUERY_KEY_NORM_EACH)},
        .fields = qwen3_fields,
        .constraints = hs__model_llama_constraints,
        .window = &qwen3_window,
        .rules = qwen3_rules,
        .architectures = qwen3_architectures,
    },
    {
        .model_type = "gemma",
        .base_prefix = "model.",
        .padding_token = &(const int32_t){0},
        .preset = {LLAMA_PRESET(1e-6, HS_ACTIVATION_GELU_TANH, .head_dim = 256, .tied_unembedding = true),
                   .scale_embedding = true},
        .fields = gemma_fields,
        .constraints = gemma_constraints,
        .window = &hs__model_no_window_unless_given,
        .rules = gemma_rules,
        .architectures = gemma_architectures,
    },
    {
        .model_type = "gemma2",
        .base_prefix = "model.",
        .padding_token = &(const int32_t){0},
        .preset = {LLAMA_PRESET(1e-6, HS_ACTIVATION_GELU_TANH, .head_dim = 256, .tied_unembedding = true,
                                .norms_outputs = true, .score_cap = 50.0, .logit_cap = 30.0),
                   .scale_embedding = true, .score_divisor = 256.0},
        .fields = gemma2_fields,
        .constraints = gemma2_constraints,
        .window = &gemma2_window,
        .rules = gemma2_rules,
        .architectures = gemma2_architectures,
    },
    {
        .model_type = "gemma3_text",
        .base_prefix = "model.",
        .preset = {.shape = {.norm = HS_NORM_RMS,
                             LLAMA_SHAPE(1e-6, HS_ACTIVATION_GELU_TANH),
                             .head_dim = 256,
                             .tied_unembedding = true,
                             .norms_outputs = true,
                             .query_key_norm = HS_QUERY_KEY_NORM_EACH,
                             .rotates_windows_apart = true},
                   .scale_attention = true,
                   .scale_embedding = true,
                   .score_divisor = 256.0,
                   .rotary_share = 1.0,
                   .rope = {.kind = HS_ROPE_DEFAULT, .theta = 1e6, .factor = 1.0},
                   .window_rope = {.kind = HS_ROPE_DEFAULT, .theta = 1e4, .factor = 1.0}},
        .fields = gemma3_fields,
        .constraints = gemma3_constraints,
        .window = &gemma3_window,
        .rules = gemma3_rules,
        .architectures = gemma3_architectures,
        .padding_token = &(const int32_t){0},
    },
    {
        .model_type = "olmo",
        .base_prefix = "model.",
        .padding_token = &(const int32_t){1},
        .preset = {.shape = {.norm = HS_NORM_LAYER, LLAMA_SHAPE(1e-5, HS_ACTIVATION_SILU)},
                   LLAMA_ROTATION,
                   .has_plain_norms = true},
        .fields = olmo_fields,
        .constraints = hs__model_llama_constraints,
        .window = &hs__model_no_window_unless_given,
        .rules = olmo_rules,
        .architectures = olmo_architectures,
    },
    {
        .model_type = "olmo2",
        .base_prefix = "model.",
        .padding_token = &(const int32_t){1},
        .preset = {LLAMA_PRESET(1e-5, HS_ACTIVATION_SILU, .norms_outputs = true,
                                .query_key_norm = HS_QUERY_KEY_NORM_ALL)},
        .fields = olmo2_fields,
        .constraints = hs__model_llama_constraints,
        .window = &hs__model_no_window_unless_given,
        .rules = olmo2_rules,
        .architectures = olmo2_architectures,
    },
    {
        .model_type = "olmo3",
        .base_prefix = "model.",
        .preset = {.shape = {.norm = HS_NORM_RMS,
                             LLAMA_SHAPE(1e-5, HS_ACTIVATION_SILU),
                             .norms_outputs = true,
                             .query_key_norm = HS_QUERY_KEY_NORM_ALL,
                             .rotates_windows_apart = true},
                   .scale_attention = true,
                   .rotary_share = 1.0,
                   .one_theta = true,
                   .rope = {.kind = HS_ROPE_DEFAULT, .theta = 5e5, .factor = 1.0},
                   .window_rope = {.kind = HS_ROPE_DEFAULT, .theta = 5e5, .factor = 1.0}},
        .fields = olmo2_fields,
        .constraints = hs__model_llama_constraints,
        .window = &olmo3_window,
        .rules = olmo2_rules,
        .architectures = olmo3_architectures,
        .padding_token = &(const int32_t){1},
    },
    {0},
};
