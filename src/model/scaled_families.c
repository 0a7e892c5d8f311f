/*
 * scaled_families: the rows of Llama's relatives that differ from it in scales, an activation, or which biases there
 * are. What a row holds, families.h says.
 */
#include "model/decoder_rows.h"

static const hs_tensor_rule llama_rules[] = {LLAMA_RULES, {0}};

/* Granite: scales of the embedding, of what attention and MLP add, of scores and of logits. */

static const hs_config_field granite_fields[] = {
    LLAMA_FIELDS,
    SIZE("num_key_value_heads", shape.n_kv_heads, HS_MAX_HEADS),
    LLAMA_BIASES,
    FLAG("mlp_bias", mlp_bias),
    SCALE("embedding_multiplier", shape.embedding_scale),
    SCALE("residual_multiplier", shape.residual_scale),
    SCALE("attention_multiplier", shape.attention_scale),
    SCALE("logits_scaling", logit_divisor),
    {0},
};

static const hs_architecture granite_architectures[] = {
    LANGUAGE_MODEL("GraniteForCausalLM", hs__model_lm_head_rules),
    READ_AS("GraniteModel", "GraniteForCausalLM"),
    {0},
};

/* Arcee: an MLP without a gate. */

static const hs_config_field arcee_fields[] = {
    LLAMA_FIELDS, SIZE("num_key_value_heads", shape.n_kv_heads, HS_MAX_HEADS), LLAMA_BIASES, FLAG("mlp_bias", mlp_bias),
    {0},
};

static const hs_tensor_rule arcee_rules[] = {
    TABLE("{base}embed_tokens.weight", token_embedding, HS_DIM_VOCABULARY),
    NORM_WEIGHT(LLAMA_LAYER "input_layernorm", attention_norm),
    NORM_WEIGHT(LLAMA_LAYER "post_attention_layernorm", mlp_norm),
    LLAMA_ATTENTION,
    LLAMA_UP_DOWN,
    VECTOR("{base}norm.weight", IN_MODEL(final_norm.weight), HS_DIM_WIDTH),
    {0},
};

static const hs_architecture arcee_architectures[] = {
    LANGUAGE_MODEL("ArceeForCausalLM", hs__model_lm_head_rules),
    SEQUENCE_CLASSIFIER("ArceeForSequenceClassification"),
    READ_AS("ArceeModel", "ArceeForCausalLM"),
    {0},
};

/* Helium: pairs side by side. */

static const hs_config_field helium_fields[] = {
    LLAMA_FIELDS,
    SIZE("num_key_value_heads", shape.n_kv_heads, HS_MAX_HEADS),
    FLAG("attention_bias", query_key_value_bias),
    FLAG("mlp_bias", mlp_bias),
    {0},
};

static const hs_tensor_rule helium_rules[] = {
    TABLE("{base}embed_tokens.weight", token_embedding, HS_DIM_VOCABULARY),
    NORM_WEIGHT(LLAMA_LAYER "input_layernorm", attention_norm),
    NORM_WEIGHT(LLAMA_LAYER "post_attention_layernorm", mlp_norm),
    LLAMA_PAIRED_ATTENTION,
    LLAMA_MLP,
    VECTOR("{base}norm.weight", IN_MODEL(final_norm.weight), HS_DIM_WIDTH),
    {0},
};

static const hs_architecture helium_architectures[] = {
    LANGUAGE_MODEL("HeliumForCausalLM", hs__model_lm_head_rules),
    SEQUENCE_CLASSIFIER("HeliumForSequenceClassification"),
    READ_AS("HeliumModel", "HeliumForCausalLM"),
    {0},
};

/* Seed-OSS: a key of its own for the output projection's bias. */

static const hs_config_field seed_oss_fields[] = {
    LLAMA_FIELDS,
    SIZE_REQUIRED("num_key_value_heads", shape.n_kv_heads, HS_MAX_HEADS),
    SIZE_REQUIRED("head_dim", shape.head_dim, HS_MAX_HEAD_DIM),
    FLAG("attention_bias", query_key_value_bias),
    FLAG("attention_out_bias", output_bias),
    FLAG("mlp_bias", mlp_bias),
    {0},
};

static const hs_architecture seed_oss_architectures[] = {
    LANGUAGE_MODEL("SeedOssForCausalLM", hs__model_lm_head_rules),
    SEQUENCE_CLASSIFIER("SeedOssForSequenceClassification"),
    READ_AS("SeedOssModel", "SeedOssForCausalLM"),
    {0},
};

/* Ministral: Mistral whose windows are of some layers. */

static const hs_config_field ministral_fields[] = {
    LLAMA_FIELDS,
    SIZE_REQUIRED("num_key_value_heads", shape.n_kv_heads, HS_MAX_HEADS),
    {0},
};

static const hs_window_rule ministral_window = {.layers = HS_WINDOW_BY_LAYER, .absent = 4096};

static const hs_architecture ministral_architectures[] = {
    LANGUAGE_MODEL("MinistralForCausalLM", hs__model_lm_head_rules),
    SEQUENCE_CLASSIFIER("MinistralForSequenceClassification"),
    READ_AS("MinistralModel", "MinistralForCausalLM"),
    {0},
};

/* The table. */

const hs_family hs__model_scaled_families[] = {
    {
        .model_type = "granite",
        .base_prefix = "model.",
        .preset = {.shape = {.norm = HS_NORM_RMS, LLAMA_SHAPE(1e-6, HS_ACTIVATION_SILU)},
                   .rotary_share = 1.0,
                   .rope = {.theta = 10000.0, .factor = 1.0}},
        .fields = granite_fields,
        .constraints = hs__model_llama_constraints,
        .window = &hs__model_no_window_unless_given,
        .rules = llama_rules,
        .architectures = granite_architectures,
    },
    {
        .model_type = "arcee",
        .base_prefix = "model.",
        .preset = {.shape = {.norm = HS_NORM_RMS,
                             .norm_epsilon = 1e-5,
                             .position = HS_POSITION_ROTARY,
                             .activation = HS_ACTIVATION_RELU_SQUARED},
                   LLAMA_ROTATION},
        .fields = arcee_fields,
        .constraints = hs__model_llama_constraints,
        .window = &hs__model_no_window_unless_given,
        .rules = arcee_rules,
        .architectures = arcee_architectures,
    },
    {
        .model_type = "helium",
        .base_prefix = "model.",
        .preset =
            {.shape = {.norm = HS_NORM_RMS, LLAMA_SHAPE(1e-8, HS_ACTIVATION_SILU), .n_kv_heads = 20, .head_dim = 128},
             .scale_attention = true,
             .rotary_share = 1.0,
             .rope = {.theta = 100000.0, .factor = 1.0}},
        .fields = helium_fields,
        .constraints = hs__model_llama_constraints,
        .window = &hs__model_no_window_unless_given,
        .rules = helium_rules,
        .architectures = helium_architectures,
        .padding_token = &(const int32_t){3},
    },
    {
        .model_type = "seed_oss",
        .base_prefix = "model.",
        .preset = {LLAMA_PRESET(1e-6, HS_ACTIVATION_SILU, ), .query_key_value_bias = true},
        .fields = seed_oss_fields,
        .constraints = hs__model_llama_constraints,
        .window = &hs__model_no_window_unless_given,
        .rules = llama_rules,
        .architectures = seed_oss_architectures,
        .padding_token = &(const int32_t){1},
    },
    {
        .model_type = "ministral",
        .base_prefix = "model.",
        .preset = {LLAMA_PRESET(1e-6, HS_ACTIVATION_SILU, )},
        .fields = ministral_fields,
        .constraints = hs__model_llama_constraints,
        .window = &ministral_window,
        .rules = llama_rules,
        .architectures = ministral_architectures,
    },
    {0},
};
