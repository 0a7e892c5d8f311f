/*
 * learned_families: the rows of causal language models with learned positions that are newer than GPT-2. What a row
 * holds, families.h says.
 */
#include "model/decoder_rows.h"

/* OPT. */

static const hs_config_field opt_fields[] = {
    SIZE_REQUIRED("num_hidden_layers", shape.n_layers, HS_MAX_LAYERS),
    SIZE_REQUIRED("num_attention_heads", shape.n_heads, HS_MAX_HEADS),
    SIZE_REQUIRED("hidden_size", shape.width, HS_MAX_WIDTH),
    SIZE_REQUIRED("ffn_dim", shape.mlp_width, HS_MAX_MLP_WIDTH),
    SIZE_REQUIRED("max_position_embeddings", shape.n_positions, HS_MAX_POSITIONS),
    SIZE_REQUIRED("vocab_size", shape.vocabulary, HS_MAX_VOCABULARY),
    ACTIVATION("activation_function"),
    FLAG("enable_bias", query_key_value_bias),
    FLAG("enable_bias", output_bias),
    FLAG("enable_bias", mlp_bias),
    INVERTED("do_layer_norm_before", shape.post_norm),
    FLAG("_remove_final_layer_norm", lacks_final_norm),
    SIZE("word_embed_proj_dim", shape.embedding_width, HS_MAX_WIDTH),
    FLAG("tie_word_embeddings", shape.tied_unembedding),
    {0},
};

static const hs_config_constraint opt_constraints[] = {
    DECODER_CONSTRAINTS,
    {"layer_norm_elementwise_affine", HS_DEMAND_TRUE, "norms without weights are not supported"},
    {0},
};

/* Only opt-350m has embeddings that are projected; positions are as wide as the model. */
static hs_status derive_opt(const hs_config *config, hs_family_options *options, hs_error *error)
{
    hs_model_shape *shape = &options->shape;
    if (shape->embedding_width > shape->width)
        return hs_fail(error, HS_ERROR_INPUT,
                       "%s: \"word_embed_proj_dim\" is %zu; more than \"hidden_size\" (%zu) is not supported",
                       config->path, shape->embedding_width, shape->width);
    if (shape->embedding_width == shape->width)
        shape->embedding_width = 0;
    shape->positions_after_projection = shape->embedding_width > 0;
    return HS_OK;
}

/* clang-format off */
#define OPT_PROJECTION(name, member, axis_in, axis_out) \
    {"{base}decoder." name ".weight", HS_PRESENT_PROJECTED, HS_PLACE_LINEAR, IN_MODEL(member), {axis_out, axis_in}}
/* clang-format on */
#define OPT_LAYER "{base}decoder.layers.{layer}."

static const hs_tensor_rule opt_rules[] = {
    {"{base}decoder.embed_tokens.weight",
     HS_PRESENT_ALWAYS,
     HS_PLACE_VALUES,
     IN_MODEL(token_embedding),
     {HS_DIM_VOCABULARY, HS_DIM_EMBEDDING}},
    OPT_PROJECTION("project_in", embedding_projection, HS_DIM_EMBEDDING, HS_DIM_WIDTH),
    OPT_PROJECTION("project_out", head_dense, HS_DIM_WIDTH, HS_DIM_EMBEDDING),
    TABLE("{base}decoder.embed_positions.weight", position_embedding, HS_DIM_POSITIONS),
    NORM(OPT_LAYER "self_attn_layer_norm", IN_LAYER(attention_norm)),
    LINEAR(OPT_LAYER "self_attn.q_proj", query, HS_DIM_WIDTH, HS_DIM_QUERY, HS_PRESENT_WITH_QKV_BIAS),
    LINEAR(OPT_LAYER "self_attn.k_proj", key, HS_DIM_WIDTH, HS_DIM_KV, HS_PRESENT_WITH_QKV_BIAS),
    LINEAR(OPT_LAYER "self_attn.v_proj", value, HS_DIM_WIDTH, HS_DIM_KV, HS_PRESENT_WITH_QKV_BIAS),
    LINEAR(OPT_LAYER "self_attn.out_proj", output, HS_DIM_QUERY, HS_DIM_WIDTH, HS_PRESENT_WITH_OUTPUT_BIAS),
    NORM(OPT_LAYER "final_layer_norm", IN_LAYER(mlp_norm)),
    LINEAR(OPT_LAYER "fc1", mlp_up, HS_DIM_WIDTH, HS_DIM_MLP, HS_PRESENT_WITH_MLP_BIAS),
    LINEAR(OPT_LAYER "fc2", mlp_down, HS_DIM_MLP, HS_DIM_WIDTH, HS_PRESENT_WITH_MLP_BIAS),
    NORM_IF("{base}decoder.final_layer_norm", IN_MODEL(final_norm), HS_PRESENT_WITH_FINAL_NORM),
    {0},
};

static const hs_tensor_rule opt_head_rules[] = {
    {"lm_head.weight",
     HS_PRESENT_UNTIED,
     HS_PLACE_LINEAR,
     IN_MODEL(unembedding),
     {HS_DIM_VOCABULARY, HS_DIM_EMBEDDING}},
    {0},
};

static const hs_architecture opt_architectures[] = {
    {.name = "OPTForCausalLM",
     .head = HS_HEAD_LANGUAGE_MODEL,
     .has_outputs = true,
     .head_activation = HS_ACTIVATION_NONE,
     .rules = opt_head_rules},
    SEQUENCE_CLASSIFIER("OPTForSequenceClassification"),
    READ_AS("OPTModel", "OPTForCausalLM"),
    {0},
};

/* GPT-Neo, the family of TinyStories: scores are not scaled, and every second layer looks back a window. */

static const hs_config_field gpt_neo_fields[] = {
    SIZE_REQUIRED("num_layers", shape.n_layers, HS_MAX_LAYERS),
    SIZE_REQUIRED("num_heads", shape.n_heads, HS_MAX_HEADS),
    SIZE("num_hidden_layers", shape.n_layers, HS_MAX_LAYERS), /* second names, which go before */
    SIZE("num_attention_heads", shape.n_heads, HS_MAX_HEADS),
    SIZE_REQUIRED("hidden_size", shape.width, HS_MAX_WIDTH),
    SIZE("intermediate_size", shape.mlp_width, HS_MAX_MLP_WIDTH),
    SIZE_REQUIRED("max_position_embeddings", shape.n_positions, HS_MAX_POSITIONS),
    SIZE_REQUIRED("vocab_size", shape.vocabulary, HS_MAX_VOCABULARY),
    REAL("layer_norm_epsilon", shape.norm_epsilon, 0.0, 1.0),
    ACTIVATION("activation_function"),
    FLAG("tie_word_embeddings", shape.tied_unembedding),
    {0},
};

static const hs_config_constraint gpt_neo_constraints[] = {DECODER_CONSTRAINTS, {0}};

static const hs_window_rule gpt_neo_window = {.layers = HS_WINDOW_LOCAL};

#define GPT_NEO_LAYER "{base}h.{layer}."

static const hs_tensor_rule gpt_neo_rules[] = {
    TABLE("{base}wte.weight", token_embedding, HS_DIM_VOCABULARY),
    TABLE("{base}wpe.weight", position_embedding, HS_DIM_POSITIONS),
    NORM(GPT_NEO_LAYER "ln_1", IN_LAYER(attention_norm)),
    LINEAR(GPT_NEO_LAYER "attn.attention.q_proj", query, HS_DIM_WIDTH, HS_DIM_QUERY, HS_PRESENT_WITH_QKV_BIAS),
    LINEAR(GPT_NEO_LAYER "attn.attention.k_proj", key, HS_DIM_WIDTH, HS_DIM_KV, HS_PRESENT_WITH_QKV_BIAS),
    LINEAR(GPT_NEO_LAYER "attn.attention.v_proj", value, HS_DIM_WIDTH, HS_DIM_KV, HS_PRESENT_WITH_QKV_BIAS),
    LINEAR(GPT_NEO_LAYER "attn.attention.out_proj", output, HS_DIM_QUERY, HS_DIM_WIDTH, HS_PRESENT_ALWAYS),
    NORM(GPT_NEO_LAYER "ln_2", IN_LAYER(mlp_norm)),
    LINEAR(GPT_NEO_LAYER "mlp.c_fc", mlp_up, HS_DIM_WIDTH, HS_DIM_MLP, HS_PRESENT_ALWAYS),
    LINEAR(GPT_NEO_LAYER "mlp.c_proj", mlp_down, HS_DIM_MLP, HS_DIM_WIDTH, HS_PRESENT_ALWAYS),
    NORM("{base}ln_f", IN_MODEL(final_norm)),
    {0},
};

static const hs_architecture gpt_neo_architectures[] = {
    LANGUAGE_MODEL("GPTNeoForCausalLM", hs__model_lm_head_rules),
    SEQUENCE_CLASSIFIER("GPTNeoForSequenceClassification"),
    READ_AS("GPTNeoModel", "GPTNeoForCausalLM"),
    {0},
};

static const char *const gpt_neo_ignored[] = {"*.attn.attention.bias", "*.attn.attention.masked_bias", NULL};

/* The table. */

const hs_family hs__model_learned_families[] = {
    {
        .model_type = "opt",
        .base_prefix = "model.",
        .padding_token = &(const int32_t){1},
        .preset = {.shape = {.norm = HS_NORM_LAYER,
                             .norm_epsilon = 1e-5,
                             .position = HS_POSITION_LEARNED,
                             .first_position = 2,
                             .activation = HS_ACTIVATION_RELU,
                             .tied_unembedding = true},
                   .query_key_value_bias = true,
                   .output_bias = true,
                   .mlp_bias = true,
                   .scale_attention = true,
                   .rows_come_first = true},
        .fields = opt_fields,
        .constraints = opt_constraints,
        .derive = derive_opt,
        .window = &hs__model_no_window_unless_given,
        .rules = opt_rules,
        .architectures = opt_architectures,
    },
    {
        .model_type = "gpt_neo",
        .base_prefix = "transformer.",
        .preset = {.shape = {.norm = HS_NORM_LAYER,
                             .norm_epsilon = 1e-5,
                             .position = HS_POSITION_LEARNED,
                             .activation = HS_ACTIVATION_GELU_TANH,
                             .tied_unembedding = true},
                   .output_bias = true,
                   .mlp_bias = true},
        .fields = gpt_neo_fields,
        .constraints = gpt_neo_constraints,
        .window = &gpt_neo_window,
        .rules = gpt_neo_rules,
        .architectures = gpt_neo_architectures,
        .ignored_patterns = gpt_neo_ignored,
    },
    {0},
};
