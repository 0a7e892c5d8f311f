#include "model/families.h"

#include <string.h>

#define FIELD(member) offsetof(hs_family_options, member)
#define IN_MODEL(member) offsetof(hs_model, member)
#define IN_LAYER(member) offsetof(hs_model_layer, member)

/* clang-format off */

/* Fields of config.json. */
#define SIZE_REQUIRED(key, member, maximum) {key, HS_FIELD_SIZE, FIELD(member), true, 1.0, maximum}
#define SIZE(key, member, maximum) {key, HS_FIELD_SIZE, FIELD(member), false, 1.0, maximum}
#define REAL(key, member, minimum, maximum) {key, HS_FIELD_REAL, FIELD(member), false, minimum, maximum}
#define FLAG(key, member) {key, HS_FIELD_FLAG, FIELD(member), false, 0.0, 0.0}
#define ACTIVATION(key) {key, HS_FIELD_ACTIVATION, FIELD(shape.activation), false, 0.0, 0.0}

/* Tensor rules. A matrix names its hs_linear in the layer, then the axis it reads and the axis it writes. */
#define VECTOR(pattern, target, axis) {pattern, HS_PRESENT_ALWAYS, HS_PLACE_VALUES, target, {axis}}
#define TABLE(pattern, member, axis) \
    {pattern, HS_PRESENT_ALWAYS, HS_PLACE_VALUES, IN_MODEL(member), {axis, HS_AXIS_WIDTH}}
#define LINEAR(name, member, axis_in, axis_out, bias_presence) \
    {name ".weight", HS_PRESENT_ALWAYS, HS_PLACE_LINEAR, IN_LAYER(member), {axis_out, axis_in}}, \
    {name ".bias", bias_presence, HS_PLACE_VALUES, IN_LAYER(member.bias), {axis_out}}
#define CONV1D(name, member, axis_in, axis_out) \
    {name ".weight", HS_PRESENT_ALWAYS, HS_PLACE_CONV1D, IN_LAYER(member), {axis_in, axis_out}}, \
    {name ".bias", HS_PRESENT_ALWAYS, HS_PLACE_VALUES, IN_LAYER(member.bias), {axis_out}}
#define CONV1D_QKV(name) \
    {name ".weight", HS_PRESENT_ALWAYS, HS_PLACE_CONV1D_QKV, 0, {HS_AXIS_WIDTH, HS_AXIS_QUERY_KEY_VALUE}}, \
    {name ".bias", HS_PRESENT_ALWAYS, HS_PLACE_QKV_BIAS, 0, {HS_AXIS_QUERY_KEY_VALUE}}
#define UNEMBEDDING(pattern) \
    {pattern, HS_PRESENT_UNTIED, HS_PLACE_LINEAR, IN_MODEL(unembedding), {HS_AXIS_VOCABULARY, HS_AXIS_WIDTH}}

/* What Llama, Mistral and Qwen2 have in common. */
#define LLAMA_FIELDS \
    SIZE_REQUIRED("num_hidden_layers", shape.n_layers, HS_MAX_LAYERS), \
    SIZE_REQUIRED("num_attention_heads", shape.n_heads, HS_MAX_HEADS), \
    SIZE("head_dim", shape.head_dim, HS_MAX_HEAD_DIM), \
    SIZE_REQUIRED("hidden_size", shape.width, HS_MAX_WIDTH), \
    SIZE_REQUIRED("intermediate_size", shape.mlp_width, HS_MAX_MLP_WIDTH), \
    SIZE_REQUIRED("max_position_embeddings", shape.n_positions, HS_MAX_POSITIONS), \
    SIZE_REQUIRED("vocab_size", shape.vocabulary, HS_MAX_VOCABULARY), \
    REAL("rms_norm_eps", shape.norm_epsilon, 0.0, 1.0), \
    ACTIVATION("hidden_act"), \
    REAL("rope_theta", rope.theta, HS_MIN_ROPE_THETA, HS_MAX_ROPE_THETA), \
    FLAG("tie_word_embeddings", shape.tied_unembedding)
#define LLAMA_PRESET \
    .shape = {.norm = HS_NORM_RMS, .norm_epsilon = 1e-6, .position = HS_POSITION_ROTARY, \
              .activation = HS_ACTIVATION_SILU, .gated_mlp = true}, \
    .scale_attention = true, \
    .rotary_share = 1.0, \
    .rope = {.kind = HS_ROPE_DEFAULT, .theta = 10000.0, .factor = 1.0}

/* clang-format on */

/* ---- GPT-2 ------------------------------------------------------------------------------------------------------- */

static const hs_config_field gpt2_fields[] = {
    SIZE_REQUIRED("n_layer", shape.n_layers, HS_MAX_LAYERS),
    SIZE_REQUIRED("n_head", shape.n_heads, HS_MAX_HEADS),
    SIZE_REQUIRED("n_embd", shape.width, HS_MAX_WIDTH),
    SIZE_REQUIRED("n_positions", shape.n_positions, HS_MAX_POSITIONS),
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
    {"add_cross_attention", HS_DEMAND_FALSE, 0, "cross-attention is not implemented"},
    {"is_encoder_decoder", HS_DEMAND_FALSE, 0, "encoder-decoder models are not implemented"},
    {0},
};

static const hs_tensor_rule gpt2_rules[] = {
    TABLE("{base}wte.weight", token_embedding, HS_AXIS_VOCABULARY),
    TABLE("{base}wpe.weight", position_embedding, HS_AXIS_POSITIONS),
    VECTOR("{base}h.{layer}.ln_1.weight", IN_LAYER(attention_norm.weight), HS_AXIS_WIDTH),
    VECTOR("{base}h.{layer}.ln_1.bias", IN_LAYER(attention_norm.bias), HS_AXIS_WIDTH),
    CONV1D_QKV("{base}h.{layer}.attn.c_attn"),
    CONV1D("{base}h.{layer}.attn.c_proj", output, HS_AXIS_QUERY, HS_AXIS_WIDTH),
    VECTOR("{base}h.{layer}.ln_2.weight", IN_LAYER(mlp_norm.weight), HS_AXIS_WIDTH),
    VECTOR("{base}h.{layer}.ln_2.bias", IN_LAYER(mlp_norm.bias), HS_AXIS_WIDTH),
    CONV1D("{base}h.{layer}.mlp.c_fc", mlp_up, HS_AXIS_WIDTH, HS_AXIS_MLP),
    CONV1D("{base}h.{layer}.mlp.c_proj", mlp_down, HS_AXIS_MLP, HS_AXIS_WIDTH),
    VECTOR("{base}ln_f.weight", IN_MODEL(final_norm.weight), HS_AXIS_WIDTH),
    VECTOR("{base}ln_f.bias", IN_MODEL(final_norm.bias), HS_AXIS_WIDTH),
    UNEMBEDDING("lm_head.weight"),
    {0},
};

static const char *const gpt2_ignored[] = {"{base}h.{layer}.attn.bias", "{base}h.{layer}.attn.masked_bias", NULL};

/* ---- Llama, and families that differ from it in options only ----------------------------------------------------- */

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

static const hs_config_constraint llama_constraints[] = {
    {"pretraining_tp", HS_DEMAND_ONE, 0, "tensor-parallel slices of the pretraining are not implemented"},
    {"partial_rotary_factor", HS_DEMAND_ONE, 0, "rotation of a part of each head is no part of this family"},
    {0},
};

static const hs_config_constraint mistral_constraints[] = {
    {"sliding_window", HS_DEMAND_COVERS_POSITIONS, 4096, "sliding-window attention is not implemented"},
    {"layer_types", HS_DEMAND_FULL_ATTENTION, 0, "sliding-window attention is not implemented"},
    {"partial_rotary_factor", HS_DEMAND_ONE, 0, "rotation of a part of each head is no part of this family"},
    {0},
};

static const hs_config_constraint qwen2_constraints[] = {
    {"use_sliding_window", HS_DEMAND_FALSE, 0, "sliding-window attention is not implemented"},
    {"layer_types", HS_DEMAND_FULL_ATTENTION, 0, "sliding-window attention is not implemented"},
    {"partial_rotary_factor", HS_DEMAND_ONE, 0, "rotation of a part of each head is no part of this family"},
    {0},
};

static const hs_tensor_rule llama_rules[] = {
    TABLE("{base}embed_tokens.weight", token_embedding, HS_AXIS_VOCABULARY),
    VECTOR("{base}layers.{layer}.input_layernorm.weight", IN_LAYER(attention_norm.weight), HS_AXIS_WIDTH),
    LINEAR("{base}layers.{layer}.self_attn.q_proj", query, HS_AXIS_WIDTH, HS_AXIS_QUERY, HS_PRESENT_WITH_QKV_BIAS),
    LINEAR("{base}layers.{layer}.self_attn.k_proj", key, HS_AXIS_WIDTH, HS_AXIS_KV, HS_PRESENT_WITH_QKV_BIAS),
    LINEAR("{base}layers.{layer}.self_attn.v_proj", value, HS_AXIS_WIDTH, HS_AXIS_KV, HS_PRESENT_WITH_QKV_BIAS),
    LINEAR("{base}layers.{layer}.self_attn.o_proj", output, HS_AXIS_QUERY, HS_AXIS_WIDTH, HS_PRESENT_WITH_OUTPUT_BIAS),
    VECTOR("{base}layers.{layer}.post_attention_layernorm.weight", IN_LAYER(mlp_norm.weight), HS_AXIS_WIDTH),
    LINEAR("{base}layers.{layer}.mlp.gate_proj", mlp_gate, HS_AXIS_WIDTH, HS_AXIS_MLP, HS_PRESENT_WITH_MLP_BIAS),
    LINEAR("{base}layers.{layer}.mlp.up_proj", mlp_up, HS_AXIS_WIDTH, HS_AXIS_MLP, HS_PRESENT_WITH_MLP_BIAS),
    LINEAR("{base}layers.{layer}.mlp.down_proj", mlp_down, HS_AXIS_MLP, HS_AXIS_WIDTH, HS_PRESENT_WITH_MLP_BIAS),
    VECTOR("{base}norm.weight", IN_MODEL(final_norm.weight), HS_AXIS_WIDTH),
    UNEMBEDDING("lm_head.weight"),
    {0},
};

static const char *const llama_ignored[] = {"{base}layers.{layer}.self_attn.rotary_emb.inv_freq",
                                            "{base}rotary_emb.inv_freq", NULL};

/* ---- the table --------------------------------------------------------------------------------------------------- */

const hs_family hs_families[] = {
    {
        .model_type = "gpt2",
        .architecture = "GPT2LMHeadModel",
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
        .rules = gpt2_rules,
        .ignored_patterns = gpt2_ignored,
    },
    {
        .model_type = "llama",
        .architecture = "LlamaForCausalLM",
        .base_prefix = "model.",
        .preset = {LLAMA_PRESET},
        .fields = llama_fields,
        .constraints = llama_constraints,
        .rules = llama_rules,
        .ignored_patterns = llama_ignored,
    },
    {
        .model_type = "mistral",
        .architecture = "MistralForCausalLM",
        .base_prefix = "model.",
        .preset = {LLAMA_PRESET},
        .fields = llama_like_fields,
        .constraints = mistral_constraints,
        .rules = llama_rules,
        .ignored_patterns = llama_ignored,
    },
    {
        .model_type = "qwen2",
        .architecture = "Qwen2ForCausalLM",
        .base_prefix = "model.",
        .preset = {LLAMA_PRESET, .query_key_value_bias = true},
        .fields = llama_like_fields,
        .constraints = qwen2_constraints,
        .rules = llama_rules,
        .ignored_patterns = llama_ignored,
    },
};

const size_t hs_n_families = sizeof hs_families / sizeof hs_families[0];

const hs_family *hs_family_find(const char *model_type, const char *architecture)
{
    for (size_t i = 0; i < hs_n_families; i++) {
        const hs_family *family = &hs_families[i];
        bool type_fits = model_type == NULL || strcmp(model_type, family->model_type) == 0;
        bool architecture_fits = architecture == NULL || strcmp(architecture, family->architecture) == 0;
        if (type_fits && architecture_fits && (model_type != NULL || architecture != NULL))
            return family;
    }
    return NULL;
}

/* ---- patterns ---------------------------------------------------------------------------------------------------- */

static const char base_mark[] = "{base}";
static const char layer_mark[] = "{layer}";

bool hs_pattern_is_per_layer(const char *pattern)
{
    return strstr(pattern, layer_mark) != NULL;
}

const char *hs_pattern_expand(const char *pattern, const char *base_prefix, size_t layer, char *buffer, size_t capacity)
{
    const char *prefix = "";
    if (strncmp(pattern, base_mark, sizeof base_mark - 1) == 0) {
        prefix = base_prefix;
        pattern += sizeof base_mark - 1;
    }
    const char *mark = strstr(pattern, layer_mark);
    if (mark == NULL)
        snprintf(buffer, capacity, "%s%s", prefix, pattern);
    else
        snprintf(buffer, capacity, "%s%.*s%zu%s", prefix, (int)(mark - pattern), pattern, layer,
                 mark + sizeof layer_mark - 1);
    return buffer;
}
