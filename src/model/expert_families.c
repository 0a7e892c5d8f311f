/* expert_families: the rows of decoders whose MLPs are mixtures of experts. What a row holds, families.h says. */
#include "model/decoder_rows.h"

/* clang-format off */

#define ROUTER(name) \
    {name ".weight", HS_PRESENT_IN_SPARSE_LAYERS, HS_PLACE_LINEAR, IN_LAYER(mixture.router), \
     {HS_DIM_EXPERTS, HS_DIM_WIDTH}}
#define EXPERT_MATRIX(name, member, axis_in, axis_out) \
    {name ".weight", HS_PRESENT_IN_SPARSE_LAYERS, HS_PLACE_LINEAR, offsetof(hs_expert, member), {axis_out, axis_in}}
#define EXPERT(prefix, gate_name, up_name, down_name) \
    EXPERT_MATRIX(prefix gate_name, gate, HS_DIM_WIDTH, HS_DIM_EXPERT_MLP), \
    EXPERT_MATRIX(prefix up_name, up, HS_DIM_WIDTH, HS_DIM_EXPERT_MLP), \
    EXPERT_MATRIX(prefix down_name, down, HS_DIM_EXPERT_MLP, HS_DIM_WIDTH)
#define DENSE_MATRIX(name, member, axis_in, axis_out) \
    {name ".weight", HS_PRESENT_IN_DENSE_LAYERS, HS_PLACE_LINEAR, IN_LAYER(member), {axis_out, axis_in}}

#define EXPERT_SIZES \
    SIZE("num_experts", shape.n_experts, HS_MAX_EXPERTS), \
    SIZE("num_local_experts", shape.n_experts, HS_MAX_EXPERTS), \
    SIZE("num_experts_per_tok", shape.n_chosen_experts, HS_MAX_EXPERTS)

/* clang-format on */

/* Mixtral: Mistral with experts, and a window where the configuration gives one. */

static const hs_config_field mixtral_fields[] = {
    LLAMA_FIELDS,
    SIZE_REQUIRED("num_key_value_heads", shape.n_kv_heads, HS_MAX_HEADS),
    EXPERT_SIZES,
    {0},
};

static const hs_window_rule mixtral_window = {.layers = HS_WINDOW_ALL};

static const hs_tensor_rule mixtral_rules[] = {
    LLAMA_EMBEDDING_AND_NORMS,
    LLAMA_ATTENTION,
    ROUTER(LLAMA_LAYER "block_sparse_moe.gate"),
    EXPERT(LLAMA_LAYER "block_sparse_moe.experts.{expert}.", "w1", "w3", "w2"),
    {0},
};

static const hs_architecture mixtral_architectures[] = {
    LANGUAGE_MODEL("MixtralForCausalLM", hs__model_lm_head_rules),
    SEQUENCE_CLASSIFIER("MixtralForSequenceClassification"),
    READ_AS("MixtralModel", "MixtralForCausalLM"),
    {0},
};

/* Qwen3-MoE: Qwen3 with experts in some layers or all, which are smaller than an MLP for all rows. */

static const hs_config_field qwen3_moe_fields[] = {
    LLAMA_FIELDS,
    SIZE_REQUIRED("num_key_value_heads", shape.n_kv_heads, HS_MAX_HEADS),
    LLAMA_BIASES,
    EXPERT_SIZES,
    SIZE("moe_intermediate_size", shape.expert_width, HS_MAX_MLP_WIDTH),
    FLAG("norm_topk_prob", shape.normalises_shares),
    {0},
};

static const hs_window_rule qwen3_moe_window = {.layers = HS_WINDOW_SWITCHED, .absent = 4096};

#define QWEN_EXPERTS \
    ROUTER(LLAMA_LAYER "mlp.gate"), EXPERT(LLAMA_LAYER "mlp.experts.{expert}.", "gate_proj", "up_proj", "down_proj")

static const hs_tensor_rule qwen3_moe_rules[] = {
    LLAMA_EMBEDDING_AND_NORMS,
    LLAMA_ATTENTION,
    VECTOR(LLAMA_LAYER "self_attn.q_norm.weight", IN_LAYER(query_norm.weight), HS_DIM_HEAD),
    VECTOR(LLAMA_LAYER "self_attn.k_norm.weight", IN_LAYER(key_norm.weight), HS_DIM_HEAD),
    DENSE_MATRIX(LLAMA_LAYER "mlp.gate_proj", mlp_gate, HS_DIM_WIDTH, HS_DIM_MLP),
    DENSE_MATRIX(LLAMA_LAYER "mlp.up_proj", mlp_up, HS_DIM_WIDTH, HS_DIM_MLP),
    DENSE_MATRIX(LLAMA_LAYER "mlp.down_proj", mlp_down, HS_DIM_MLP, HS_DIM_WIDTH),
    QWEN_EXPERTS,
    {0},
};

static const hs_architecture qwen3_moe_architectures[] = {
    LANGUAGE_MODEL("Qwen3MoeForCausalLM", hs__model_lm_head_rules),
    SEQUENCE_CLASSIFIER("Qwen3MoeForSequenceClassification"),
    READ_AS("Qwen3MoeModel", "Qwen3MoeForCausalLM"),
    {0},
};

/* OLMoE: norms of all queries and of all keys as one vector. */

static const hs_config_field olmoe_fields[] = {
    LLAMA_FIELDS,
    SIZE("num_key_value_heads", shape.n_kv_heads, HS_MAX_HEADS),
    LLAMA_BIASES,
    EXPERT_SIZES,
    FLAG("norm_topk_prob", shape.normalises_shares),
    {0},
};

static const hs_tensor_rule olmoe_rules[] = {
    LLAMA_EMBEDDING_AND_NORMS,
    LLAMA_ATTENTION,
    VECTOR(LLAMA_LAYER "self_attn.q_norm.weight", IN_LAYER(query_norm.weight), HS_DIM_QUERY),
    VECTOR(LLAMA_LAYER "self_attn.k_norm.weight", IN_LAYER(key_norm.weight), HS_DIM_KV),
    QWEN_EXPERTS,
    {0},
};

static const hs_config_constraint olmoe_constraints[] = {
    DECODER_CONSTRAINTS,
    NOT_PARTIAL,
    {"clip_qkv", HS_DEMAND_FALSE, "clipped queries, keys and values are not supported in this family"},
    {0},
};

static const hs_architecture olmoe_architectures[] = {
    LANGUAGE_MODEL("OlmoeForCausalLM", hs__model_lm_head_rules),
    READ_AS("OlmoeModel", "OlmoeForCausalLM"),
    {0},
};

/* The table. */

const hs_family hs__model_expert_families[] = {
    {
        .model_type = "mixtral",
        .base_prefix = "model.",
        .preset = {.shape = {.norm = HS_NORM_RMS,
                             LLAMA_SHAPE(1e-5, HS_ACTIVATION_SILU),
                             .n_experts = 8,
                             .n_chosen_experts = 2,
                             .normalises_shares = true},
                   LLAMA_ROTATION_BY(1e6)},
        .fields = mixtral_fields,
        .constraints = hs__model_llama_constraints,
        .window = &mixtral_window,
        .sparse = HS_SPARSE_ALL,
        .rules = mixtral_rules,
        .architectures = mixtral_architectures,
    },
    {
        .model_type = "qwen3_moe",
        .base_prefix = "model.",
        .preset = {LLAMA_PRESET(1e-6, HS_ACTIVATION_SILU, .query_key_norm = HS_QUERY_KEY_NORM_EACH, .n_experts = 128,
                                .n_chosen_experts = 8, .expert_width = 768)},
        .fields = qwen3_moe_fields,
        .constraints = hs__model_llama_constraints,
        .window = &qwen3_moe_window,
        .sparse = HS_SPARSE_BY_STEP,
        .rules = qwen3_moe_rules,
        .architectures = qwen3_moe_architectures,
    },
    {
        .model_type = "olmoe",
        .base_prefix = "model.",
        .preset = {LLAMA_PRESET(1e-5, HS_ACTIVATION_SILU, .query_key_norm = HS_QUERY_KEY_NORM_ALL, .n_experts = 64,
                                .n_chosen_experts = 8)},
        .fields = olmoe_fields,
        .constraints = olmoe_constraints,
        .window = &hs__model_no_window_unless_given,
        .sparse = HS_SPARSE_ALL,
        .rules = olmoe_rules,
        .architectures = olmoe_architectures,
    },
    {0},
};
