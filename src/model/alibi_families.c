/*
 * alibi_families: the rows of causal language models that know positions by their scores, ALiBi: BLOOM and MPT, and
 * Falcon, whose larger models rotate instead. What a row holds, families.h says.
 */
#include <float.h>
#include <string.h>

#include "model/decoder_rows.h"

/* clang-format off */
#define EPSILON_GIVEN \
    {"layer_norm_epsilon", HS_DEMAND_NOT_NULL, "transformers needs a number, or takes 1e-5 without the key"}
/* clang-format on */

/*
 * BLOOM. Sizes have two names, of which published files have one or the other; "seq_length" limits nothing in
 * transformers, but beyond it the model was not trained.
 */

static const hs_config_field bloom_fields[] = {
    SIZE("n_layer", shape.n_layers, HS_MAX_LAYERS),
    SIZE("num_hidden_layers", shape.n_layers, HS_MAX_LAYERS), /* second names, which go before */
    SIZE("n_head", shape.n_heads, HS_MAX_HEADS),
    SIZE("num_attention_heads", shape.n_heads, HS_MAX_HEADS),
    SIZE("hidden_size", shape.width, HS_MAX_WIDTH),
    SIZE("n_embed", shape.width, HS_MAX_WIDTH),
    SIZE("seq_length", shape.n_positions, HS_MAX_POSITIONS),
    SIZE_REQUIRED("vocab_size", shape.vocabulary, HS_MAX_VOCABULARY),
    REAL("layer_norm_epsilon", shape.norm_epsilon, 0.0, 1.0),
    FLAG("tie_word_embeddings", shape.tied_unembedding),
    {0},
};

static const hs_config_constraint bloom_constraints[] = {
    DECODER_CONSTRAINTS,
    EPSILON_GIVEN,
    {"apply_residual_connection_post_layernorm", HS_DEMAND_FALSE,
     "residuals that are what the norms before attention and MLP give are not supported"},
    {"slow_but_exact", HS_DEMAND_FALSE,
     "where pretraining_tp is above 1 transformers would leave out the biases of two projections; remove it"},
    {0},
};

#define BLOOM_LAYER "{base}h.{layer}."
#define BLOOM_PROJECTIONS                                                                                            \
    HEADS_QKV(BLOOM_LAYER "self_attention.query_key_value"),                                                         \
        LINEAR(BLOOM_LAYER "self_attention.dense", output, HS_DIM_QUERY, HS_DIM_WIDTH, HS_PRESENT_WITH_OUTPUT_BIAS), \
        LINEAR(BLOOM_LAYER "mlp.dense_h_to_4h", mlp_up, HS_DIM_WIDTH, HS_DIM_MLP, HS_PRESENT_WITH_MLP_BIAS),         \
        LINEAR(BLOOM_LAYER "mlp.dense_4h_to_h", mlp_down, HS_DIM_MLP, HS_DIM_WIDTH, HS_PRESENT_WITH_MLP_BIAS)

static const hs_tensor_rule bloom_rules[] = {
    TABLE("{base}word_embeddings.weight", token_embedding, HS_DIM_VOCABULARY),
    NORM("{base}word_embeddings_layernorm", IN_MODEL(embedding_norm)),
    NORM(BLOOM_LAYER "input_layernorm", IN_LAYER(attention_norm)),
    NORM(BLOOM_LAYER "post_attention_layernorm", IN_LAYER(mlp_norm)),
    BLOOM_PROJECTIONS,
    NORM("{base}ln_f", IN_MODEL(final_norm)),
    {0},
};

static const hs_architecture bloom_architectures[] = {
    LANGUAGE_MODEL("BloomForCausalLM", hs__model_lm_head_rules),
    SEQUENCE_CLASSIFIER("BloomForSequenceClassification"),
    READ_AS("BloomModel", "BloomForCausalLM"),
    {0},
};

/*
 * MPT, as transformers has it: no biases, and of what its configuration lists only some is obeyed. What the authors'
 * own code computes otherwise is refused.
 */

static const hs_config_field mpt_fields[] = {
    SIZE("n_layers", shape.n_layers, HS_MAX_LAYERS),
    SIZE("num_hidden_layers", shape.n_layers, HS_MAX_LAYERS), /* second names, which go before */
    SIZE("n_heads", shape.n_heads, HS_MAX_HEADS),
    SIZE("num_attention_heads", shape.n_heads, HS_MAX_HEADS),
    SIZE("d_model", shape.width, HS_MAX_WIDTH),
    SIZE("hidden_size", shape.width, HS_MAX_WIDTH),
    SIZE("max_seq_len", shape.n_positions, HS_MAX_POSITIONS),
    SIZE_REQUIRED("vocab_size", shape.vocabulary, HS_MAX_VOCABULARY),
    REAL("layer_norm_epsilon", shape.norm_epsilon, 0.0, 1.0),
    REAL("attn_config.clip_qkv", shape.head_limit, 0.0, FLT_MAX),
    REAL("attn_config.softmax_scale", shape.attention_scale, FLT_MIN, FLT_MAX),
    FLAG("tie_word_embeddings", shape.tied_unembedding),
    {0},
};

static const char only_alibi[] = "other positions than ALiBi's are not supported in MPT, nor are they in transformers";

static const hs_config_constraint mpt_constraints[] = {
    DECODER_CONSTRAINTS,
    EPSILON_GIVEN,
    {"attn_config.alibi", HS_DEMAND_TRUE, only_alibi},
    {"attn_config.rope", HS_DEMAND_FALSE, only_alibi},
    {"attn_config.alibi_bias_max", HS_DEMAND_EIGHT,
     "transformers takes 8 whatever it says, the authors' code does not"},
    {"attn_config.attn_type", HS_DEMAND_MULTIHEAD, "KV heads that query heads share are not supported in MPT"},
    {"attn_config.prefix_lm", HS_DEMAND_FALSE, "a prefix that is read both ways is not supported"},
    {"attn_config.qk_ln", HS_DEMAND_FALSE, "norms of queries and keys are not supported in MPT"},
    {"attn_config.qk_gn", HS_DEMAND_FALSE, "norms of queries and keys are not supported in MPT"},
    {"attn_config.attn_uses_sequence_id", HS_DEMAND_FALSE, "sequences within a text are not supported"},
    {"expansion_ratio", HS_DEMAND_FOUR, "transformers makes MLPs of four times the width whatever it says"},
    {"logit_scale", HS_DEMAND_EMPTY, "transformers passes it over, the authors' code scales logits with it"},
    {"no_bias", HS_DEMAND_TRUE, "transformers has no biases whatever it says, the authors' code has"},
    {"norm_type", HS_DEMAND_LOW_PRECISION, "transformers takes layer norms whatever it says"},
    {0},
};

#define MPT_LAYER "{base}blocks.{layer}."

static const hs_tensor_rule mpt_rules[] = {
    TABLE("{base}wte.weight", token_embedding, HS_DIM_VOCABULARY),
    NORM_WEIGHT(MPT_LAYER "norm_1", attention_norm),
    NORM_WEIGHT(MPT_LAYER "norm_2", mlp_norm),
    LINEAR_QKV(MPT_LAYER "attn.Wqkv"),
    LINEAR(MPT_LAYER "attn.out_proj", output, HS_DIM_QUERY, HS_DIM_WIDTH, HS_PRESENT_WITH_OUTPUT_BIAS),
    LINEAR(MPT_LAYER "ffn.up_proj", mlp_up, HS_DIM_WIDTH, HS_DIM_MLP, HS_PRESENT_WITH_MLP_BIAS),
    LINEAR(MPT_LAYER "ffn.down_proj", mlp_down, HS_DIM_MLP, HS_DIM_WIDTH, HS_PRESENT_WITH_MLP_BIAS),
    VECTOR("{base}norm_f.weight", IN_MODEL(final_norm.weight), HS_DIM_WIDTH),
    {0},
};

static const hs_architecture mpt_architectures[] = {
    LANGUAGE_MODEL("MptForCausalLM", hs__model_lm_head_rules),
    SEQUENCE_CLASSIFIER("MptForSequenceClassification"),
    READ_AS("MptModel", "MptForCausalLM"),
    {0},
};

/* Falcon: the first models (multi-query, parallel), the new decoder's, and RefinedWeb's (ALiBi, sequential). */

static const hs_config_field falcon_fields[] = {
    SIZE("num_hidden_layers", shape.n_layers, HS_MAX_LAYERS),
    SIZE("num_attention_heads", shape.n_heads, HS_MAX_HEADS),
    SIZE("num_kv_heads", shape.n_kv_heads, HS_MAX_HEADS),
    SIZE("hidden_size", shape.width, HS_MAX_WIDTH),
    SIZE("n_embed", shape.width, HS_MAX_WIDTH), /* an older name, which goes before */
    SIZE("ffn_hidden_size", shape.mlp_width, HS_MAX_MLP_WIDTH),
    SIZE("max_position_embeddings", shape.n_positions, HS_MAX_POSITIONS),
    SIZE_REQUIRED("vocab_size", shape.vocabulary, HS_MAX_VOCABULARY),
    REAL("layer_norm_epsilon", shape.norm_epsilon, 0.0, 1.0),
    REAL("rope_theta", rope.theta, HS_MIN_ROPE_THETA, HS_MAX_ROPE_THETA),
    ACTIVATION("activation"),
    FLAG("alibi", positions_in_scores),
    FLAG("new_decoder_architecture", new_decoder),
    GIVEN_FLAG("multi_query", multi_query),
    GIVEN_FLAG("parallel_attn", shape.parallel_residual),
    SIZE("num_ln_in_parallel_attn", n_parallel_norms, 2),
    FLAG("bias", query_key_value_bias),
    FLAG("bias", output_bias),
    FLAG("bias", mlp_bias),
    FLAG("tie_word_embeddings", shape.tied_unembedding),
    {0},
};

static const char only_unseen[] = "transformers would take the mask for numbers and let rows see what comes; remove it";

static const hs_config_constraint falcon_constraints[] = {
    DECODER_CONSTRAINTS,
    EPSILON_GIVEN,
    NOT_PARTIAL,
    {"output_attentions", HS_DEMAND_FALSE, only_unseen},
    {"_output_attentions", HS_DEMAND_FALSE, only_unseen},
    {0},
};

static hs_status derive_new_decoder(const hs_config *config, hs_family_options *options, hs_error *error)
{
    if (options->n_parallel_norms == 0)
        options->n_parallel_norms = 2;
    if (!options->shape.parallel_residual)
        return hs_fail(error, HS_ERROR_INPUT,
                       "%s: \"parallel_attn\" is false, but the layers of \"new_decoder_architecture\" are parallel",
                       config->path);
    return HS_OK;
}

/* Keys of the newer layout that the older one would pass over in silence are refused. */
static hs_status derive_first_decoder(const hs_config *config, hs_family_options *options, hs_error *error)
{
    hs_model_shape *shape = &options->shape;
    if (options->n_parallel_norms == 2 && shape->parallel_residual)
        return hs_fail(
            error, HS_ERROR_INPUT,
            "%s: \"num_ln_in_parallel_attn\" is 2, which only layers of \"new_decoder_architecture\" can have",
            config->path);
    options->n_parallel_norms = 1;
    if (!options->multi_query && shape->n_kv_heads > 0 && shape->n_kv_heads != shape->n_heads)
        return hs_fail(error, HS_ERROR_INPUT,
                       "%s: \"num_kv_heads\" is %zu, but without \"multi_query\" each of %zu heads has its own",
                       config->path, shape->n_kv_heads, shape->n_heads);
    shape->n_kv_heads = options->multi_query ? 1 : shape->n_heads;
    return HS_OK;
}

/* Its eager attention, which is not what transformers takes by itself, has them in the mask and in the scores. */
static hs_status refuse_eager(const hs_config *config, hs_error *error)
{
    static const char *const keys[] = {"attn_implementation", "_attn_implementation"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const char *name = "";
        HS_TRY(hs__model_config_text(config, keys[i], &name, error));
        if (strcmp(name, "eager") == 0)
            return hs_fail(error, HS_ERROR_INPUT,
                           "%s: \"%s\" is \"eager\", with which transformers 5 adds ALiBi's positions twice; remove it",
                           config->path, keys[i]);
    }
    return HS_OK;
}

static hs_status derive_falcon(const hs_config *config, hs_family_options *options, hs_error *error)
{
    if (options->positions_in_scores) {
        options->shape.position = HS_POSITION_ALIBI_ROUNDED;
        HS_TRY(refuse_eager(config, error));
    }
    return (options->new_decoder ? derive_new_decoder : derive_first_decoder)(config, options, error);
}

#define FALCON_NORM(name, member, presence) NORM_IF(BLOOM_LAYER name, IN_LAYER(member), presence)

static const hs_tensor_rule falcon_rules[] = {
    TABLE("{base}word_embeddings.weight", token_embedding, HS_DIM_VOCABULARY),
    FALCON_NORM("ln_attn", attention_norm, HS_PRESENT_WITH_TWO_NORMS),
    FALCON_NORM("ln_mlp", mlp_norm, HS_PRESENT_WITH_TWO_NORMS),
    FALCON_NORM("input_layernorm", attention_norm, HS_PRESENT_WITH_ONE_NORM),
    FALCON_NORM("input_layernorm", mlp_norm, HS_PRESENT_WITH_ONE_NORM),
    FALCON_NORM("input_layernorm", attention_norm, HS_PRESENT_SEQUENTIAL),
    FALCON_NORM("post_attention_layernorm", mlp_norm, HS_PRESENT_SEQUENTIAL),
    BLOOM_PROJECTIONS,
    NORM("{base}ln_f", IN_MODEL(final_norm)),
    {0},
};

static const hs_architecture falcon_architectures[] = {
    LANGUAGE_MODEL("FalconForCausalLM", hs__model_lm_head_rules),
    SEQUENCE_CLASSIFIER("FalconForSequenceClassification"),
    READ_AS("FalconModel", "FalconForCausalLM"),
    {0},
};

/* The table. Where config.json does not say how many positions there are, transformers takes 2,048. */

#define ALIBI_SHAPE(position_, activation_)                                                        \
    .norm = HS_NORM_LAYER, .norm_epsilon = 1e-5, .position = position_, .activation = activation_, \
    .n_positions = 2048, .tied_unembedding = true

const hs_family hs__model_alibi_families[] = {
    {
        .model_type = "bloom",
        .base_prefix = "transformer.",
        .preset = {.shape = {ALIBI_SHAPE(HS_POSITION_ALIBI, HS_ACTIVATION_GELU_TANH)},
                   .query_key_value_bias = true,
                   .output_bias = true,
                   .mlp_bias = true,
                   .scale_attention = true},
        .fields = bloom_fields,
        .constraints = bloom_constraints,
        .window = &hs__model_no_window_unless_given,
        .rules = bloom_rules,
        .architectures = bloom_architectures,
    },
    {
        .model_type = "mpt",
        .base_prefix = "transformer.",
        .preset = {.shape = {ALIBI_SHAPE(HS_POSITION_ALIBI, HS_ACTIVATION_GELU)},
                   .scale_attention = true,
                   .exact_slopes = true},
        .fields = mpt_fields,
        .constraints = mpt_constraints,
        .window = &hs__model_no_window_unless_given,
        .rules = mpt_rules,
        .architectures = mpt_architectures,
    },
    {
        .model_type = "falcon",
        .base_prefix = "transformer.",
        .preset = {.shape = {ALIBI_SHAPE(HS_POSITION_ROTARY, HS_ACTIVATION_GELU), .parallel_residual = true},
                   .scale_attention = true,
                   .multi_query = true,
                   .rotary_share = 1.0,
                   .rope = {.kind = HS_ROPE_DEFAULT, .theta = 10000.0, .factor = 1.0}},
        .fields = falcon_fields,
        .constraints = falcon_constraints,
        .derive = derive_falcon,
        .window = &hs__model_no_window_unless_given,
        .rules = falcon_rules,
        .architectures = falcon_architectures,
    },
    {0},
};
