/*
 * rotary_families: the rows of language models that rotate in another way than Llama: by factors for short and long
 * texts, a part of each head, pairs that lie side by side. What a row holds, families.h says.
 */
#include "model/decoder_rows.h"

/* Phi-3, Phi-3.5 and Phi-4 with text alone: query, key and value are one tensor, gate and up another. */

static const hs_config_field phi3_fields[] = {
    LLAMA_FIELDS,
    SIZE("num_key_value_heads", shape.n_kv_heads, HS_MAX_HEADS),
    REAL("partial_rotary_factor", rotary_share, 0.0, 1.0),
    {0},
};

static const hs_config_constraint constraints[] = {DECODER_CONSTRAINTS, {0}};

static const hs_window_rule phi3_window = {.layers = HS_WINDOW_ALL};

static const hs_tensor_rule phi3_rules[] = {
    TABLE("{base}embed_tokens.weight", token_embedding, HS_DIM_VOCABULARY),
    NORM_WEIGHT(LLAMA_LAYER "input_layernorm", attention_norm),
    LINEAR_QKV(LLAMA_LAYER "self_attn.qkv_proj"),
    LINEAR_WEIGHT(LLAMA_LAYER "self_attn.o_proj.weight", output, HS_DIM_QUERY, HS_DIM_WIDTH),
    NORM_WEIGHT(LLAMA_LAYER "post_attention_layernorm", mlp_norm),
    LINEAR_GATE_UP(LLAMA_LAYER "mlp.gate_up_proj.weight"),
    LINEAR_WEIGHT(LLAMA_LAYER "mlp.down_proj.weight", mlp_down, HS_DIM_MLP, HS_DIM_WIDTH),
    VECTOR("{base}norm.weight", IN_MODEL(final_norm.weight), HS_DIM_WIDTH),
    {0},
};

static const hs_architecture phi3_architectures[] = {
    LANGUAGE_MODEL("Phi3ForCausalLM", hs__model_lm_head_rules),
    SEQUENCE_CLASSIFIER("Phi3ForSequenceClassification"),
    READ_AS("Phi3Model", "Phi3ForCausalLM"),
    {0},
};

/* StableLM (2 1.6B, 3B): Llama with layer norms. With parallel residuals attention and MLP read one norm. */

static const hs_config_field stablelm_fields[] = {
    LLAMA_SIZES,
    SIZE_REQUIRED("num_key_value_heads", shape.n_kv_heads, HS_MAX_HEADS),
    REAL("layer_norm_eps", shape.norm_epsilon, 0.0, 1.0),
    ACTIVATION("hidden_act"),
    FLAG("use_qkv_bias", query_key_value_bias),
    FLAG("use_parallel_residual", shape.parallel_residual),
    REAL("partial_rotary_factor", rotary_share, 0.0, 1.0),
    {0},
};

static const hs_config_constraint stablelm_constraints[] = {
    DECODER_CONSTRAINTS,
    {"qk_layernorm", HS_DEMAND_FALSE, "norms of queries and keys, a tensor for each head, are not supported"},
    {0},
};

static const hs_tensor_rule stablelm_rules[] = {
    TABLE("{base}embed_tokens.weight", token_embedding, HS_DIM_VOCABULARY),
    NORM(LLAMA_LAYER "input_layernorm", IN_LAYER(attention_norm)),
    NORM_IF(LLAMA_LAYER "input_layernorm", IN_LAYER(mlp_norm), HS_PRESENT_PARALLEL),
    NORM_IF(LLAMA_LAYER "post_attention_layernorm", IN_LAYER(mlp_norm), HS_PRESENT_SEQUENTIAL),
    LLAMA_PROJECTIONS,
    NORM("{base}norm", IN_MODEL(final_norm)),
    {0},
};

static const hs_architecture stablelm_architectures[] = {
    LANGUAGE_MODEL("StableLmForCausalLM", hs__model_lm_head_rules),
    SEQUENCE_CLASSIFIER("StableLmForSequenceClassification"),
    READ_AS("StableLmModel", "StableLmForCausalLM"),
    {0},
};

/* Cohere's Command R: one layer norm without bias for attention and MLP, pairs side by side, scaled logits. */

static const hs_config_field cohere_fields[] = {
    LLAMA_SIZES,
    SIZE("num_key_value_heads", shape.n_kv_heads, HS_MAX_HEADS),
    REAL("layer_norm_eps", shape.norm_epsilon, 0.0, 1.0),
    ACTIVATION("hidden_act"),
    LLAMA_BIASES,
    FLAG("use_qk_norm", has_head_norms),
    SCALE("logit_scale", shape.logit_scale),
    {0},
};

static const hs_config_constraint whole_heads[] = {DECODER_CONSTRAINTS, NOT_PARTIAL, {0}};

#define COHERE_RULES                                                                             \
    TABLE("{base}embed_tokens.weight", token_embedding, HS_DIM_VOCABULARY),                      \
        NORM_WEIGHT(LLAMA_LAYER "input_layernorm", attention_norm),                              \
        NORM_WEIGHT(LLAMA_LAYER "input_layernorm", mlp_norm), LLAMA_PAIRED_ATTENTION, LLAMA_MLP, \
        VECTOR("{base}norm.weight", IN_MODEL(final_norm.weight), HS_DIM_WIDTH)

static const hs_tensor_rule cohere_rules[] = {
    COHERE_RULES,
    {LLAMA_LAYER "self_attn.q_norm.weight",
     HS_PRESENT_WITH_HEAD_NORMS,
     HS_PLACE_PAIRS,
     IN_LAYER(query_norm.weight),
     {HS_DIM_HEADS, HS_DIM_HEAD}},
    {LLAMA_LAYER "self_attn.k_norm.weight",
     HS_PRESENT_WITH_HEAD_NORMS,
     HS_PLACE_PAIRS,
     IN_LAYER(key_norm.weight),
     {HS_DIM_KV_HEADS, HS_DIM_HEAD}},
    {0},
};

static const hs_architecture cohere_architectures[] = {
    LANGUAGE_MODEL("CohereForCausalLM", hs__model_lm_head_rules),
    READ_AS("CohereModel", "CohereForCausalLM"),
    {0},
};

/* GPT-J: one layer norm for attention and MLP, pairs side by side in a part of each head, no scaling of rotations. */

static const hs_config_field gptj_fields[] = {
    SIZE_REQUIRED("n_layer", shape.n_layers, HS_MAX_LAYERS),
    SIZE_REQUIRED("n_head", shape.n_heads, HS_MAX_HEADS),
    SIZE_REQUIRED("n_embd", shape.width, HS_MAX_WIDTH),
    SIZE_REQUIRED("n_positions", shape.n_positions, HS_MAX_POSITIONS),
    SIZE("num_hidden_layers", shape.n_layers, HS_MAX_LAYERS), /* second names, which go before */
    SIZE("num_attention_heads", shape.n_heads, HS_MAX_HEADS),
    SIZE("hidden_size", shape.width, HS_MAX_WIDTH),
    SIZE("max_position_embeddings", shape.n_positions, HS_MAX_POSITIONS),
    SIZE_REQUIRED("vocab_size", shape.vocabulary, HS_MAX_VOCABULARY),
    SIZE("n_inner", shape.mlp_width, HS_MAX_MLP_WIDTH),
    SIZE("rotary_dim", shape.rotary_dim, HS_MAX_HEAD_DIM),
    REAL("layer_norm_epsilon", shape.norm_epsilon, 0.0, 1.0),
    ACTIVATION("activation_function"),
    FLAG("tie_word_embeddings", shape.tied_unembedding),
    {0},
};

#define GPTJ_LAYER "{base}h.{layer}."

static const hs_tensor_rule gptj_rules[] = {
    TABLE("{base}wte.weight", token_embedding, HS_DIM_VOCABULARY),
    NORM(GPTJ_LAYER "ln_1", IN_LAYER(attention_norm)),
    NORM(GPTJ_LAYER "ln_1", IN_LAYER(mlp_norm)),
    PAIRED_WEIGHT(GPTJ_LAYER "attn.q_proj.weight", query, HS_DIM_QUERY),
    PAIRED_WEIGHT(GPTJ_LAYER "attn.k_proj.weight", key, HS_DIM_KV),
    LINEAR_WEIGHT(GPTJ_LAYER "attn.v_proj.weight", value, HS_DIM_WIDTH, HS_DIM_KV),
    LINEAR_WEIGHT(GPTJ_LAYER "attn.out_proj.weight", output, HS_DIM_QUERY, HS_DIM_WIDTH),
    LINEAR(GPTJ_LAYER "mlp.fc_in", mlp_up, HS_DIM_WIDTH, HS_DIM_MLP, HS_PRESENT_ALWAYS),
    LINEAR(GPTJ_LAYER "mlp.fc_out", mlp_down, HS_DIM_MLP, HS_DIM_WIDTH, HS_PRESENT_ALWAYS),
    NORM("{base}ln_f", IN_MODEL(final_norm)),
    {0},
};

/* Tied embeddings share the matrix; the bias is there all the same. */
static const hs_tensor_rule gptj_head_rules[] = {UNEMBEDDING("lm_head.weight"), UNEMBEDDING_BIAS("lm_head.bias"), {0}};

static const hs_architecture gptj_architectures[] = {
    LANGUAGE_MODEL("GPTJForCausalLM", gptj_head_rules),
    SEQUENCE_CLASSIFIER("GPTJForSequenceClassification"),
    READ_AS("GPTJModel", "GPTJForCausalLM"),
    {0},
};

static const char *const gptj_ignored[] = {"*.attn.bias", "*.attn.masked_bias", NULL};

/* The table. */

const hs_family hs__model_rotary_families[] = {
    {
        .model_type = "phi3",
        .base_prefix = "model.",
        .preset = {.shape = {.norm = HS_NORM_RMS, LLAMA_SHAPE(1e-5, HS_ACTIVATION_SILU)},
                   .scale_attention = true,
                   .partial_rotary = true,
                   .rotary_share = 1.0,
                   .rope = {.theta = 10000.0, .factor = 1.0, .is_longrope = true, .original_positions = 4096}},
        .fields = phi3_fields,
        .constraints = constraints,
        .window = &phi3_window,
        .rules = phi3_rules,
        .architectures = phi3_architectures,
        .padding_token = &(const int32_t){32000},
    },
    {
        .model_type = "stablelm",
        .base_prefix = "model.",
        .preset = {.shape = {.norm = HS_NORM_LAYER, LLAMA_SHAPE(1e-5, HS_ACTIVATION_SILU)},
                   .scale_attention = true,
                   .partial_rotary = true,
                   .rotary_share = 0.25,
                   .rope = {.theta = 10000.0, .factor = 1.0}},
        .fields = stablelm_fields,
        .constraints = stablelm_constraints,
        .window = &hs__model_no_window_unless_given,
        .rules = stablelm_rules,
        .architectures = stablelm_architectures,
    },
    {
        .model_type = "cohere",
        .base_prefix = "model.",
        .preset = {.shape = {.norm = HS_NORM_LAYER,
                             LLAMA_SHAPE(1e-5, HS_ACTIVATION_SILU),
                             .parallel_residual = true,
                             .tied_unembedding = true,
                             .logit_scale = 0.0625},
                   .scale_attention = true,
                   .rotary_share = 1.0,
                   .rope = {.theta = 500000.0, .factor = 1.0}},
        .fields = cohere_fields,
        .constraints = whole_heads,
        .window = &hs__model_no_window_unless_given,
        .rules = cohere_rules,
        .architectures = cohere_architectures,
    },
    {
        .model_type = "gptj",
        .base_prefix = "transformer.",
        .preset = {.shape = {.norm = HS_NORM_LAYER,
                             .norm_epsilon = 1e-5,
                             .position = HS_POSITION_ROTARY,
                             .rotary_dim = 64,
                             .activation = HS_ACTIVATION_GELU_TANH,
                             .parallel_residual = true},
                   .scale_attention = true,
                   .rope = {.theta = 10000.0, .factor = 1.0}},
        .fields = gptj_fields,
        .constraints = constraints,
        .window = &hs__model_no_window_unless_given,
        .rules = gptj_rules,
        .architectures = gptj_architectures,
        .ignored_patterns = gptj_ignored,
    },
    {0},
};
