/* decoder_families: the rows of the causal language models. What a row holds, families.h says. */
#include "model/decoder_rows.h"

/* GPT-2. */

static const hs_config_field gpt2_fields[] = {
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
    REAL("layer_norm_epsilon", shape.norm_epsilon, 0.0, 1.0),
    ACTIVATION("activation_function"),
    FLAG("scale_attn_weights", scale_attention),
    FLAG("scale_attn_by_inverse_layer_idx", shape.scale_by_inverse_layer),
    FLAG("tie_word_embeddings", shape.tied_unembedding),
    {0},
};

static const hs_config_constraint gpt2_constraints[] = {
    DECODER_CONSTRAINTS,
    {"add_cross_attention", HS_DEMAND_FALSE, "cross-attention is not supported"},
    {0},
};

static const hs_tensor_rule gpt2_rules[] = {
    TABLE("{base}wte.weight", token_embedding, HS_DIM_VOCABULARY),
    TABLE("{base}wpe.weight", position_embedding, HS_DIM_POSITIONS),
    NORM("{base}h.{layer}.ln_1", IN_LAYER(attention_norm)),
    CONV1D_QKV("{base}h.{layer}.attn.c_attn"),
    CONV1D("{base}h.{layer}.attn.c_proj", output, HS_DIM_QUERY, HS_DIM_WIDTH),
    NORM("{base}h.{layer}.ln_2", IN_LAYER(mlp_norm)),
    CONV1D("{base}h.{layer}.mlp.c_fc", mlp_up, HS_DIM_WIDTH, HS_DIM_MLP),
    CONV1D("{base}h.{layer}.mlp.c_proj", mlp_down, HS_DIM_MLP, HS_DIM_WIDTH),
    NORM("{base}ln_f", IN_MODEL(final_norm)),
    {0},
};

static const hs_architecture gpt2_architectures[] = {
    LANGUAGE_MODEL("GPT2LMHeadModel", hs__model_lm_head_rules),
    SEQUENCE_CLASSIFIER("GPT2ForSequenceClassification"),
    READ_AS("GPT2Model", "GPT2LMHeadModel"),
    READ_AS("GPT2DoubleHeadsModel", "GPT2LMHeadModel"),
    {0},
};

static const char *const gpt2_ignored[] = {"*.attn.bias", "*.attn.masked_bias", "*.crossattention.bias",
                                           "*.crossattention.masked_bias", NULL};

/* Llama, and families that differ from it in options only. */

static const hs_config_field llama_fields[] = {
    LLAMA_FIELDS,
    SIZE("num_key_value_heads", shape.n_kv_heads, HS_MAX_HEADS),
    FLAG("attention_bias", query_key_value_bias),
    FLAG("attention_bias", output_bias),
    FLAG("mlp_bias", mlp_bias),
    {0},
};

/* These two have a number of KV heads of their own where the key is absent, so it must be said. */
static const hs_config_field llama_like_fields[] = {
    LLAMA_FIELDS,
    SIZE_REQUIRED("num_key_value_heads", shape.n_kv_heads, HS_MAX_HEADS),
    {0},
};

static const hs_window_rule mistral_window = {.layers = HS_WINDOW_ALL, .absent = 4096};
static const hs_window_rule qwen2_window = {.layers = HS_WINDOW_SWITCHED, .absent = 4096};

static const hs_tensor_rule llama_rules[] = {LLAMA_RULES, {0}};

static const hs_architecture llama_architectures[] = {
    LANGUAGE_MODEL("LlamaForCausalLM", hs__model_lm_head_rules),
    SEQUENCE_CLASSIFIER("LlamaForSequenceClassification"),
    READ_AS("LlamaModel", "LlamaForCausalLM"),
    {0},
};

static const hs_architecture mistral_architectures[] = {
    LANGUAGE_MODEL("MistralForCausalLM", hs__model_lm_head_rules),
    SEQUENCE_CLASSIFIER("MistralForSequenceClassification"),
    READ_AS("MistralModel", "MistralForCausalLM"),
    {0},
};

static const hs_architecture qwen2_architectures[] = {
    LANGUAGE_MODEL("Qwen2ForCausalLM", hs__model_lm_head_rules),
    SEQUENCE_CLASSIFIER("Qwen2ForSequenceClassification"),
    READ_AS("Qwen2Model", "Qwen2ForCausalLM"),
    {0},
};

/* GPT-NeoX, whose best-known models are Pythia's. */

static const hs_config_field gpt_neox_fields[] = {
    SIZE_REQUIRED("num_hidden_layers", shape.n_layers, HS_MAX_LAYERS),
    SIZE_REQUIRED("num_attention_heads", shape.n_heads, HS_MAX_HEADS),
    SIZE_REQUIRED("hidden_size", shape.width, HS_MAX_WIDTH),
    SIZE_REQUIRED("intermediate_size", shape.mlp_width, HS_MAX_MLP_WIDTH),
    SIZE_REQUIRED("max_position_embeddings", shape.n_positions, HS_MAX_POSITIONS),
    SIZE_REQUIRED("vocab_size", shape.vocabulary, HS_MAX_VOCABULARY),
    REAL("layer_norm_eps", shape.norm_epsilon, 0.0, 1.0),
    ACTIVATION("hidden_act"),
    REAL("rotary_pct", rotary_share, 0.0, 1.0),
    REAL("rotary_emb_base", rope.theta, HS_MIN_ROPE_THETA, HS_MAX_ROPE_THETA),
    FLAG("use_parallel_residual", shape.parallel_residual),
    FLAG("attention_bias", query_key_value_bias),
    FLAG("attention_bias", output_bias),
    FLAG("tie_word_embeddings", shape.tied_unembedding),
    {0},
};

static const hs_config_constraint gpt_neox_constraints[] = {
    DECODER_CONSTRAINTS,
    {"head_dim", HS_DEMAND_HEAD_DIM,
     "the heads of this family divide the hidden size; transformers would rotate others"},
    {0},
};

static const hs_tensor_rule gpt_neox_rules[] = {
    TABLE("{base}embed_in.weight", token_embedding, HS_DIM_VOCABULARY),
    NORM("{base}layers.{layer}.input_layernorm", IN_LAYER(attention_norm)),
    HEADS_QKV("{base}layers.{layer}.attention.query_key_value"),
    LINEAR("{base}layers.{layer}.attention.dense", output, HS_DIM_QUERY, HS_DIM_WIDTH, HS_PRESENT_WITH_OUTPUT_BIAS),
    NORM("{base}layers.{layer}.post_attention_layernorm", IN_LAYER(mlp_norm)),
    LINEAR("{base}layers.{layer}.mlp.dense_h_to_4h", mlp_up, HS_DIM_WIDTH, HS_DIM_MLP, HS_PRESENT_ALWAYS),
    LINEAR("{base}layers.{layer}.mlp.dense_4h_to_h", mlp_down, HS_DIM_MLP, HS_DIM_WIDTH, HS_PRESENT_ALWAYS),
    NORM("{base}final_layer_norm", IN_MODEL(final_norm)),
    {0},
};

static const hs_tensor_rule gpt_neox_head_rules[] = {UNEMBEDDING("embed_out.weight"), {0}};

static const hs_architecture gpt_neox_architectures[] = {
    LANGUAGE_MODEL("GPTNeoXForCausalLM", gpt_neox_head_rules),
    SEQUENCE_CLASSIFIER("GPTNeoXForSequenceClassification"),
    READ_AS("GPTNeoXModel", "GPTNeoXForCausalLM"),
    {0},
};

/* As transformers calls the unembedding inside and a state dict of such a model has it. */
static const hs_tensor_alias gpt_neox_aliases[] = {{"embed_out.weight", "lm_head.weight"}, {0}};

static const char *const gpt_neox_ignored[] = {"*.attention.bias", "*.attention.masked_bias", NULL};

/* Phi-1, Phi-1.5 and Phi-2: attention and MLP of a layer read one norm, hence two rules of one tensor. */

static const hs_config_field phi_fields[] = {
    SIZE_REQUIRED("num_hidden_layers", shape.n_layers, HS_MAX_LAYERS),
    SIZE_REQUIRED("num_attention_heads", shape.n_heads, HS_MAX_HEADS),
    SIZE("num_key_value_heads", shape.n_kv_heads, HS_MAX_HEADS),
    SIZE("head_dim", shape.head_dim, HS_MAX_HEAD_DIM),
    SIZE_REQUIRED("hidden_size", shape.width, HS_MAX_WIDTH),
    SIZE_REQUIRED("intermediate_size", shape.mlp_width, HS_MAX_MLP_WIDTH),
    SIZE_REQUIRED("max_position_embeddings", shape.n_positions, HS_MAX_POSITIONS),
    SIZE_REQUIRED("vocab_size", shape.vocabulary, HS_MAX_VOCABULARY),
    REAL("layer_norm_eps", shape.norm_epsilon, 0.0, 1.0),
    ACTIVATION("hidden_act"),
    REAL("partial_rotary_factor", rotary_share, 0.0, 1.0),
    REAL("rope_theta", rope.theta, HS_MIN_ROPE_THETA, HS_MAX_ROPE_THETA),
    FLAG("tie_word_embeddings", shape.tied_unembedding),
    {0},
};

static const hs_config_constraint phi_constraints[] = {
    DECODER_CONSTRAINTS,
    {"qk_layernorm", HS_DEMAND_FALSE, "norms of queries and keys are not supported"},
    {0},
};

#define PHI_LAYER "{base}layers.{layer}."

static const hs_tensor_rule phi_rules[] = {
    TABLE("{base}embed_tokens.weight", token_embedding, HS_DIM_VOCABULARY),
    NORM(PHI_LAYER "input_layernorm", IN_LAYER(attention_norm)),
    NORM(PHI_LAYER "input_layernorm", IN_LAYER(mlp_norm)),
    LINEAR(PHI_LAYER "self_attn.q_proj", query, HS_DIM_WIDTH, HS_DIM_QUERY, HS_PRESENT_ALWAYS),
    LINEAR(PHI_LAYER "self_attn.k_proj", key, HS_DIM_WIDTH, HS_DIM_KV, HS_PRESENT_ALWAYS),
    LINEAR(PHI_LAYER "self_attn.v_proj", value, HS_DIM_WIDTH, HS_DIM_KV, HS_PRESENT_ALWAYS),
    LINEAR(PHI_LAYER "self_attn.dense", output, HS_DIM_QUERY, HS_DIM_WIDTH, HS_PRESENT_ALWAYS),
    LINEAR(PHI_LAYER "mlp.fc1", mlp_up, HS_DIM_WIDTH, HS_DIM_MLP, HS_PRESENT_ALWAYS),
    LINEAR(PHI_LAYER "mlp.fc2", mlp_down, HS_DIM_MLP, HS_DIM_WIDTH, HS_PRESENT_ALWAYS),
    NORM("{base}final_layernorm", IN_MODEL(final_norm)),
    {0},
};

/* Tied embeddings share the matrix; the bias is there all the same. */
static const hs_tensor_rule phi_head_rules[] = {UNEMBEDDING("lm_head.weight"), UNEMBEDDING_BIAS("lm_head.bias"), {0}};

static const hs_architecture phi_architectures[] = {
    LANGUAGE_MODEL("PhiForCausalLM", phi_head_rules),
    SEQUENCE_CLASSIFIER("PhiForSequenceClassification"),
    READ_AS("PhiModel", "PhiForCausalLM"),
    {0},
};

/* The table. */

const hs_family hs__model_decoder_families[] = {
    {
        .model_type = "gpt2",
        .base_prefix = "transformer.",
        .preset = {.shape = {.norm = HS_NORM_LAYER,
                             .norm_epsilon = 1e-5,
                             .position = HS_POSITION_LEARNED,
                             .activation = HS_ACTIVATION_GELU_TANH,
                             .tied_unembedding = true},
                   .query_key_value_bias = true,
                   .output_bias = true,
                   .mlp_bias = true,
                   .scale_attention = true},
        .fields = gpt2_fields,
        .constraints = gpt2_constraints,
        .window = &hs__model_no_window_unless_given,
        .rules = gpt2_rules,
        .architectures = gpt2_architectures,
        .ignored_patterns = gpt2_ignored,
        .may_lack_heads = true,
    },
    {
        .model_type = "llama",
        .base_prefix = "model.",
        .preset = {LLAMA_PRESET(1e-6, HS_ACTIVATION_SILU, )},
        .fields = llama_fields,
        .constraints = hs__model_llama_constraints,
        .window = &hs__model_no_window_unless_given,
        .rules = llama_rules,
        .architectures = llama_architectures,
    },
    {
        .model_type = "mistral",
        .base_prefix = "model.",
        .preset = {LLAMA_PRESET(1e-6, HS_ACTIVATION_SILU, )},
        .fields = llama_like_fields,
        .constraints = hs__model_llama_constraints,
        .window = &mistral_window,
        .rules = llama_rules,
        .architectures = mistral_architectures,
    },
    {
        .model_type = "qwen2",
        .base_prefix = "model.",
        .preset = {LLAMA_PRESET(1e-6, HS_ACTIVATION_SILU, ), .query_key_value_bias = true},
        .fields = llama_like_fields,
        .constraints = hs__model_llama_constraints,
        .window = &qwen2_window,
        .rules = llama_rules,
        .architectures = qwen2_architectures,
    },
    {
        .model_type = "gpt_neox",
        .base_prefix = "gpt_neox.",
        .preset = {.shape = {.norm = HS_NORM_LAYER,
                             .norm_epsilon = 1e-5,
                             .position = HS_POSITION_ROTARY,
                             .activation = HS_ACTIVATION_GELU,
                             .parallel_residual = true},
                   .query_key_value_bias = true,
                   .output_bias = true,
                   .mlp_bias = true,
                   .scale_attention = true,
                   .partial_rotary = true,
                   .rotary_share = 0.25,
                   .rope = {.kind = HS_ROPE_DEFAULT, .theta = 10000.0, .factor = 1.0}},
        .fields = gpt_neox_fields,
        .constraints = gpt_neox_constraints,
        .window = &hs__model_no_window_unless_given,
        .rules = gpt_neox_rules,
        .architectures = gpt_neox_architectures,
        .aliases = gpt_neox_aliases,
        .ignored_patterns = gpt_neox_ignored,
    },
    {
        .model_type = "phi",
        .base_prefix = "model.",
        .preset = {.shape = {.norm = HS_NORM_LAYER,
                             .norm_epsilon = 1e-5,
                             .position = HS_POSITION_ROTARY,
                             .activation = HS_ACTIVATION_GELU_TANH,
                             .parallel_residual = true},
                   .query_key_value_bias = true,
                   .output_bias = true,
                   .mlp_bias = true,
                   .scale_attention = true,
                   .partial_rotary = true,
                   .rotary_share = 0.5,
                   .rope = {.kind = HS_ROPE_DEFAULT, .theta = 10000.0, .factor = 1.0}},
        .fields = phi_fields,
        .constraints = phi_constraints,
        .window = &hs__model_no_window_unless_given,
        .rules = phi_rules,
        .architectures = phi_architectures,
    },
    {0},
};
