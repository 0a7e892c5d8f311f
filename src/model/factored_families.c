/*
 * factored_families: the rows of the encoders whose embeddings are narrower, or wider, than the residual, and are
 * projected to it. What a row holds, families.h says.
 */
#include "model/encoder_rows.h"

/* clang-format off */

#define EMBEDDING_TABLE(pattern, member, axis) \
    {pattern, HS_PRESENT_ALWAYS, HS_PLACE_VALUES, IN_MODEL(member), {axis, HS_DIM_EMBEDDING}}
#define EMBEDDING_NORM(name, member) \
    VECTOR(name ".weight", IN_MODEL(member.weight), HS_DIM_EMBEDDING), \
    VECTOR(name ".bias", IN_MODEL(member.bias), HS_DIM_EMBEDDING)
#define PROJECTION(name, presence) \
    {name ".weight", presence, HS_PLACE_LINEAR, IN_MODEL(embedding_projection), {HS_DIM_WIDTH, HS_DIM_EMBEDDING}}, \
    {name ".bias", presence, HS_PLACE_VALUES, IN_MODEL(embedding_projection.bias), {HS_DIM_WIDTH}}
#define FACTORED_UNEMBEDDING(pattern) \
    {pattern, HS_PRESENT_UNTIED, HS_PLACE_LINEAR, IN_MODEL(unembedding), {HS_DIM_VOCABULARY, HS_DIM_EMBEDDING}}
#define FACTORED_EMBEDDINGS \
    EMBEDDING_TABLE("{base}embeddings.word_embeddings.weight", token_embedding, HS_DIM_VOCABULARY), \
    EMBEDDING_TABLE("{base}embeddings.position_embeddings.weight", position_embedding, HS_DIM_POSITIONS), \
    EMBEDDING_TABLE("{base}embeddings.token_type_embeddings.weight", token_type_embedding, HS_DIM_TOKEN_TYPES), \
    EMBEDDING_NORM("{base}embeddings.LayerNorm", embedding_norm)

/* clang-format on */

static const hs_config_constraint electra_constraints[] = {ENCODER_CONSTRAINTS, {0}};

static const hs_tensor_alias aliases[] = {ENCODER_ALIASES};

/* ELECTRA: the generator of its training, which is a masked language model, and classifiers. */

static const hs_config_field electra_fields[] = {
    BERT_FIELDS,
    SIZE_REQUIRED("embedding_size", shape.embedding_width, HS_MAX_WIDTH),
    {0},
};

static const hs_tensor_rule electra_rules[] = {
    FACTORED_EMBEDDINGS,
    PROJECTION("{base}embeddings_project", HS_PRESENT_PROJECTED),
    BERT_LAYER_RULES,
    {0},
};

static const hs_tensor_rule electra_masked_rules[] = {
    HEAD_LINEAR("generator_predictions.dense", head_dense, HS_DIM_EMBEDDING),
    EMBEDDING_NORM("generator_predictions.LayerNorm", head_norm),
    FACTORED_UNEMBEDDING("generator_lm_head.weight"),
    UNEMBEDDING_BIAS("generator_lm_head.bias"),
    {0},
};

static const hs_tensor_rule electra_classifier_rules[] = {
    HEAD_LINEAR("classifier.dense", head_dense, HS_DIM_WIDTH),
    HEAD_LINEAR("classifier.out_proj", unembedding, HS_DIM_LABELS),
    {0},
};

static const hs_architecture electra_architectures[] = {
    {.name = "ElectraForMaskedLM",
     .head = HS_HEAD_MASKED_LANGUAGE_MODEL,
     .has_outputs = true,
     .head_activation = HS_ACTIVATION_GELU,
     .rules = electra_masked_rules},
    CLASSIFIER("ElectraForSequenceClassification", HS_ACTIVATION_GELU, electra_classifier_rules),
    TOKEN_CLASSIFIER("ElectraForTokenClassification"),
    BARE("ElectraModel"),
    {0},
};

static const char *const electra_ignored[] = {"embeddings.token_type_ids", NULL};

/* ALBERT: all layers of a group have the same weights; heads are numbered as layers are applied. */

static const hs_config_field albert_fields[] = {
    BERT_FIELDS,
    SIZE_REQUIRED("embedding_size", shape.embedding_width, HS_MAX_WIDTH),
    SIZE("num_hidden_groups", n_layer_groups, HS_MAX_LAYERS),
    {0},
};

static const hs_config_constraint albert_constraints[] = {
    ENCODER_CONSTRAINTS,
    {"inner_group_num", HS_DEMAND_ONE, "groups of several layers are not supported; no published model has them"},
    {0},
};

#define ALBERT_LAYER "{base}encoder.albert_layer_groups.{layer}.albert_layers.0."

static const hs_tensor_rule albert_rules[] = {
    FACTORED_EMBEDDINGS,
    PROJECTION("{base}encoder.embedding_hidden_mapping_in", HS_PRESENT_ALWAYS),
    LINEAR(ALBERT_LAYER "attention.query", query, HS_DIM_WIDTH, HS_DIM_QUERY, HS_PRESENT_ALWAYS),
    LINEAR(ALBERT_LAYER "attention.key", key, HS_DIM_WIDTH, HS_DIM_KV, HS_PRESENT_ALWAYS),
    LINEAR(ALBERT_LAYER "attention.value", value, HS_DIM_WIDTH, HS_DIM_KV, HS_PRESENT_ALWAYS),
    LINEAR(ALBERT_LAYER "attention.dense", output, HS_DIM_QUERY, HS_DIM_WIDTH, HS_PRESENT_ALWAYS),
    NORM(ALBERT_LAYER "attention.LayerNorm", IN_LAYER(attention_norm)),
    LINEAR(ALBERT_LAYER "ffn", mlp_up, HS_DIM_WIDTH, HS_DIM_MLP, HS_PRESENT_ALWAYS),
    LINEAR(ALBERT_LAYER "ffn_output", mlp_down, HS_DIM_MLP, HS_DIM_WIDTH, HS_PRESENT_ALWAYS),
    NORM(ALBERT_LAYER "full_layer_layer_norm", IN_LAYER(mlp_norm)),
    {0},
};

static const hs_tensor_rule albert_masked_rules[] = {
    HEAD_LINEAR("predictions.dense", head_dense, HS_DIM_EMBEDDING),
    EMBEDDING_NORM("predictions.LayerNorm", head_norm),
    FACTORED_UNEMBEDDING("predictions.decoder.weight"),
    UNEMBEDDING_BIAS("predictions.bias"),
    {0},
};

static const hs_tensor_rule albert_classifier_rules[] = {
    HEAD_LINEAR("{base}pooler", head_dense, HS_DIM_WIDTH),
    HEAD_LINEAR("classifier", unembedding, HS_DIM_LABELS),
    {0},
};

static const hs_architecture albert_architectures[] = {
    MASKED("AlbertForMaskedLM", albert_masked_rules, "predictions.decoder.bias"),
    MASKED("AlbertForPreTraining", albert_masked_rules, "predictions.decoder.bias"),
    CLASSIFIER("AlbertForSequenceClassification", HS_ACTIVATION_TANH, albert_classifier_rules),
    TOKEN_CLASSIFIER("AlbertForTokenClassification"),
    BARE("AlbertModel"),
    {0},
};

/* A masked language model keeps the pooler and the sentence-order head of its training. */
static const char *const albert_ignored[] = {"embeddings.token_type_ids", "pooler.*", "sop_classifier.*", NULL};

/* The table. */

const hs_family hs__model_factored_families[] = {
    {
        .model_type = "electra",
        .base_prefix = "electra.",
        .preset = {.shape = {ENCODER_SHAPE, .n_token_types = 2}, ENCODER_OPTIONS},
        .fields = electra_fields,
        .constraints = electra_constraints,
        .rules = electra_rules,
        .architectures = electra_architectures,
        .aliases = aliases,
        .ignored_patterns = electra_ignored,
        .may_lack_heads = true,
    },
    {
        .model_type = "albert",
        .base_prefix = "albert.",
        .preset = {.shape = {ENCODER_SHAPE_WITH(HS_ACTIVATION_GELU_TANH), .n_token_types = 2},
                   ENCODER_OPTIONS,
                   .n_layer_groups = 1},
        .fields = albert_fields,
        .constraints = albert_constraints,
        .rules = albert_rules,
        .architectures = albert_architectures,
        .aliases = aliases,
        .ignored_patterns = albert_ignored,
    },
    {0},
};
