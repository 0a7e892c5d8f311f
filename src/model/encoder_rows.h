/* encoder_rows: what the rows of the models that see both sides have in common. */
#ifndef HEADSWEEP_MODEL_ENCODER_ROWS_H
#define HEADSWEEP_MODEL_ENCODER_ROWS_H

#include "model/family_rows.h"

/* clang-format off */

/* What BERT and RoBERTa have in common. */
#define BERT_FIELDS \
    SIZE_REQUIRED("num_hidden_layers", shape.n_layers, HS_MAX_LAYERS), \
    SIZE_REQUIRED("num_attention_heads", shape.n_heads, HS_MAX_HEADS), \
    SIZE_REQUIRED("hidden_size", shape.width, HS_MAX_WIDTH), \
    SIZE_REQUIRED("intermediate_size", shape.mlp_width, HS_MAX_MLP_WIDTH), \
    SIZE_REQUIRED("max_position_embeddings", shape.n_positions, HS_MAX_POSITIONS), \
    SIZE_REQUIRED("vocab_size", shape.vocabulary, HS_MAX_VOCABULARY), \
    SIZE("type_vocab_size", shape.n_token_types, HS_MAX_TOKEN_TYPES), \
    REAL("layer_norm_eps", shape.norm_epsilon, 0.0, 1.0), \
    ACTIVATION("hidden_act"), \
    FLAG("tie_word_embeddings", shape.tied_unembedding)
#define ENCODER_SHAPE ENCODER_SHAPE_WITH(HS_ACTIVATION_GELU)
#define ENCODER_SHAPE_WITH(activation_) \
    .norm = HS_NORM_LAYER, .norm_epsilon = 1e-12, .position = HS_POSITION_LEARNED, .activation = activation_, \
    .bidirectional = true, .post_norm = true, .tied_unembedding = true
#define ENCODER_OPTIONS \
    .query_key_value_bias = true, .output_bias = true, .mlp_bias = true, .scale_attention = true

/* Architectures. */
#define MASKED(name_, head_rules, second_bias) \
    {.name = name_, .head = HS_HEAD_MASKED_LANGUAGE_MODEL, .has_outputs = true, .activates_as_mlp = true, \
     .rules = head_rules, .winning_bias = second_bias}
#define CLASSIFIER(name_, activation, head_rules) \
    {.name = name_, .head = HS_HEAD_CLASSIFIER, .has_outputs = true, .head_activation = activation, .rules = head_rules}
/* All families have it alike: no pooler, and each row's label. */
#define TOKEN_CLASSIFIER(name_) \
    {.name = name_, .head = HS_HEAD_TOKEN_CLASSIFIER, .has_outputs = true, \
     .rules = (const hs_tensor_rule[]){HEAD_LINEAR("classifier", unembedding, HS_DIM_LABELS), {0}}}
#define BARE(name_) \
    {.name = name_, .head = HS_HEAD_MASKED_LANGUAGE_MODEL, .rules = (const hs_tensor_rule[]){{0}}}

/* What transformers obeys in every family of them. */
#define ENCODER_CONSTRAINTS \
    {"is_causal", HS_DEMAND_FALSE, \
     "transformers would attend to what is before only; remove it, or set it to false"}, \
    {"is_decoder", HS_DEMAND_FALSE, "a decoder of this family is not supported"}, \
    {"add_cross_attention", HS_DEMAND_FALSE, "cross-attention is not supported"}, \
    {"is_encoder_decoder", HS_DEMAND_FALSE, "encoder-decoder models are not supported"}, \
    {"position_embedding_type", HS_DEMAND_ABSOLUTE, "relative positions are not supported"}

/* TensorFlow's names of a norm's parts. */
#define ENCODER_ALIASES {"LayerNorm.weight", "LayerNorm.gamma"}, {"LayerNorm.bias", "LayerNorm.beta"}, {0}

/* The layers of BERT. */
#define BERT_LAYER "{base}encoder.layer.{layer}."
#define BERT_LAYER_RULES \
    LINEAR(BERT_LAYER "attention.self.query", query, HS_DIM_WIDTH, HS_DIM_QUERY, HS_PRESENT_ALWAYS), \
    LINEAR(BERT_LAYER "attention.self.key", key, HS_DIM_WIDTH, HS_DIM_KV, HS_PRESENT_ALWAYS), \
    LINEAR(BERT_LAYER "attention.self.value", value, HS_DIM_WIDTH, HS_DIM_KV, HS_PRESENT_ALWAYS), \
    LINEAR(BERT_LAYER "attention.output.dense", output, HS_DIM_QUERY, HS_DIM_WIDTH, HS_PRESENT_ALWAYS), \
    NORM(BERT_LAYER "attention.output.LayerNorm", IN_LAYER(attention_norm)), \
    LINEAR(BERT_LAYER "intermediate.dense", mlp_up, HS_DIM_WIDTH, HS_DIM_MLP, HS_PRESENT_ALWAYS), \
    LINEAR(BERT_LAYER "output.dense", mlp_down, HS_DIM_MLP, HS_DIM_WIDTH, HS_PRESENT_ALWAYS), \
    NORM(BERT_LAYER "output.LayerNorm", IN_LAYER(mlp_norm))

/* clang-format on */

#endif
