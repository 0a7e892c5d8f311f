/* encoder_families: the rows of the models that see both sides, with heads for masked tokens and for labels. */
#include "model/encoder_rows.h"

/* BERT. */

static const hs_config_field bert_fields[] = {BERT_FIELDS, {0}};

static const hs_config_constraint encoder_constraints[] = {ENCODER_CONSTRAINTS, {0}};

static const hs_tensor_rule bert_rules[] = {
    TABLE("{base}embeddings.word_embeddings.weight", token_embedding, HS_DIM_VOCABULARY),
    TABLE("{base}embeddings.position_embeddings.weight", position_embedding, HS_DIM_POSITIONS),
    TABLE("{base}embeddings.token_type_embeddings.weight", token_type_embedding, HS_DIM_TOKEN_TYPES),
    NORM("{base}embeddings.LayerNorm", IN_MODEL(embedding_norm)),
    BERT_LAYER_RULES,
    {0},
};

static const hs_tensor_rule bert_masked_rules[] = {
    HEAD_LINEAR("cls.predictions.transform.dense", head_dense, HS_DIM_WIDTH),
    NORM("cls.predictions.transform.LayerNorm", IN_MODEL(head_norm)),
    UNEMBEDDING("cls.predictions.decoder.weight"),
    UNEMBEDDING_BIAS("cls.predictions.bias"),
    {0},
};

static const hs_tensor_rule bert_classifier_rules[] = {
    HEAD_LINEAR("{base}pooler.dense", head_dense, HS_DIM_WIDTH),
    HEAD_LINEAR("classifier", unembedding, HS_DIM_LABELS),
    {0},
};

static const hs_architecture bert_architectures[] = {
    MASKED("BertForMaskedLM", bert_masked_rules, "cls.predictions.decoder.bias"),
    MASKED("BertForPreTraining", bert_masked_rules, "cls.predictions.decoder.bias"),
    CLASSIFIER("BertForSequenceClassification", HS_ACTIVATION_TANH, bert_classifier_rules),
    TOKEN_CLASSIFIER("BertForTokenClassification"),
    BARE("BertModel"),
    {0},
};

static const hs_tensor_alias encoder_aliases[] = {ENCODER_ALIASES};

/* A masked language model keeps the pooler and the next-sentence head of its training. */
static const char *const encoder_ignored[] = {"embeddings.token_type_ids", "pooler.dense.*", "cls.seq_relationship.*",
                                              NULL};

/* RoBERTa, XLM-RoBERTa and CamemBERT: BERT with another head and positions that begin after the padding token. */

static const hs_config_field roberta_fields[] = {
    BERT_FIELDS,
    {"pad_token_id", HS_FIELD_PADDING_TOKEN, FIELD(shape.first_position), false, 0.0, HS_MAX_VOCABULARY},
    {0},
};

static const hs_tensor_rule roberta_masked_rules[] = {
    HEAD_LINEAR("lm_head.dense", head_dense, HS_DIM_WIDTH),
    NORM("lm_head.layer_norm", IN_MODEL(head_norm)),
    UNEMBEDDING("lm_head.decoder.weight"),
    UNEMBEDDING_BIAS("lm_head.bias"),
    {0},
};

static const hs_tensor_rule roberta_classifier_rules[] = {
    HEAD_LINEAR("classifier.dense", head_dense, HS_DIM_WIDTH),
    HEAD_LINEAR("classifier.out_proj", unembedding, HS_DIM_LABELS),
    {0},
};

/* clang-format off */

#define ROBERTA_ARCHITECTURES(stem) \
    {.name = stem "ForMaskedLM", .head = HS_HEAD_MASKED_LANGUAGE_MODEL, .has_outputs = true, \
     .head_activation = HS_ACTIVATION_GELU, .rules = roberta_masked_rules, \
     .winning_bias = "lm_head.decoder.bias"}, \
    CLASSIFIER(stem "ForSequenceClassification", HS_ACTIVATION_TANH, roberta_classifier_rules), \
    TOKEN_CLASSIFIER(stem "ForTokenClassification"), \
    BARE(stem "Model"), \
    {0}

/* clang-format on */

static const hs_architecture roberta_architectures[] = {ROBERTA_ARCHITECTURES("Roberta")};
static const hs_architecture xlm_roberta_architectures[] = {ROBERTA_ARCHITECTURES("XLMRoberta")};
static const hs_architecture camembert_architectures[] = {ROBERTA_ARCHITECTURES("Camembert")};

/* DistilBERT. */

static const hs_config_field distilbert_fields[] = {
    SIZE_REQUIRED("n_layers", shape.n_layers, HS_MAX_LAYERS),
    SIZE_REQUIRED("n_heads", shape.n_heads, HS_MAX_HEADS),
    SIZE_REQUIRED("dim", shape.width, HS_MAX_WIDTH),
    SIZE_REQUIRED("hidden_dim", shape.mlp_width, HS_MAX_MLP_WIDTH),
    SIZE("num_hidden_layers", shape.n_layers, HS_MAX_LAYERS), /* second names, which go before */
    SIZE("num_attention_heads", shape.n_heads, HS_MAX_HEADS),
    SIZE("hidden_size", shape.width, HS_MAX_WIDTH),
    SIZE_REQUIRED("max_position_embeddings", shape.n_positions, HS_MAX_POSITIONS),
    SIZE_REQUIRED("vocab_size", shape.vocabulary, HS_MAX_VOCABULARY),
    ACTIVATION("activation"),
    FLAG("tie_word_embeddings", shape.tied_unembedding),
    {0},
};

#define DISTILBERT_LAYER "{base}transformer.layer.{layer}."

static const hs_tensor_rule distilbert_rules[] = {
    TABLE("{base}embeddings.word_embeddings.weight", token_embedding, HS_DIM_VOCABULARY),
    TABLE("{base}embeddings.position_embeddings.weight", position_embedding, HS_DIM_POSITIONS),
    NORM("{base}embeddings.LayerNorm", IN_MODEL(embedding_norm)),
    LINEAR(DISTILBERT_LAYER "attention.q_lin", query, HS_DIM_WIDTH, HS_DIM_QUERY, HS_PRESENT_ALWAYS),
    LINEAR(DISTILBERT_LAYER "attention.k_lin", key, HS_DIM_WIDTH, HS_DIM_KV, HS_PRESENT_ALWAYS),
    LINEAR(DISTILBERT_LAYER "attention.v_lin", value, HS_DIM_WIDTH, HS_DIM_KV, HS_PRESENT_ALWAYS),
    LINEAR(DISTILBERT_LAYER "attention.out_lin", output, HS_DIM_QUERY, HS_DIM_WIDTH, HS_PRESENT_ALWAYS),
    NORM(DISTILBERT_LAYER "sa_layer_norm", IN_LAYER(attention_norm)),
    LINEAR(DISTILBERT_LAYER "ffn.lin1", mlp_up, HS_DIM_WIDTH, HS_DIM_MLP, HS_PRESENT_ALWAYS),
    LINEAR(DISTILBERT_LAYER "ffn.lin2", mlp_down, HS_DIM_MLP, HS_DIM_WIDTH, HS_PRESENT_ALWAYS),
    NORM(DISTILBERT_LAYER "output_layer_norm", IN_LAYER(mlp_norm)),
    {0},
};

static const hs_tensor_rule distilbert_masked_rules[] = {
    HEAD_LINEAR("vocab_transform", head_dense, HS_DIM_WIDTH),
    NORM("vocab_layer_norm", IN_MODEL(head_norm)),
    UNEMBEDDING("vocab_projector.weight"),
    UNEMBEDDING_BIAS("vocab_projector.bias"),
    {0},
};

static const hs_tensor_rule distilbert_classifier_rules[] = {
    HEAD_LINEAR("pre_classifier", head_dense, HS_DIM_WIDTH),
    HEAD_LINEAR("classifier", unembedding, HS_DIM_LABELS),
    {0},
};

static const hs_architecture distilbert_architectures[] = {
    MASKED("DistilBertForMaskedLM", distilbert_masked_rules, NULL),
    CLASSIFIER("DistilBertForSequenceClassification", HS_ACTIVATION_RELU, distilbert_classifier_rules),
    TOKEN_CLASSIFIER("DistilBertForTokenClassification"),
    BARE("DistilBertModel"),
    {0},
};

/* The table. */

const hs_family hs__model_encoder_families[] = {
    {
        .model_type = "bert",
        .base_prefix = "bert.",
        .preset = {.shape = {ENCODER_SHAPE, .n_token_types = 2}, ENCODER_OPTIONS},
        .fields = bert_fields,
        .constraints = encoder_constraints,
        .rules = bert_rules,
        .architectures = bert_architectures,
        .aliases = encoder_aliases,
        .ignored_patterns = encoder_ignored,
        .may_lack_heads = true,
    },
    {
        .model_type = "distilbert",
        .base_prefix = "distilbert.",
        .preset = {.shape = {ENCODER_SHAPE}, ENCODER_OPTIONS},
        .fields = distilbert_fields,
        .constraints = encoder_constraints,
        .rules = distilbert_rules,
        .architectures = distilbert_architectures,
        .aliases = encoder_aliases,
        .ignored_patterns = encoder_ignored,
        .may_lack_heads = true,
    },
    {
        .model_type = "roberta",
        .base_prefix = "roberta.",
        .preset = {.shape = {ENCODER_SHAPE, .n_token_types = 2, .first_position = 2}, ENCODER_OPTIONS},
        .fields = roberta_fields,
        .constraints = encoder_constraints,
        .rules = bert_rules,
        .architectures = roberta_architectures,
        .aliases = encoder_aliases,
        .ignored_patterns = encoder_ignored,
        .may_lack_heads = true,
    },
    {
        .model_type = "xlm-roberta",
        .base_prefix = "roberta.",
        .preset = {.shape = {ENCODER_SHAPE, .n_token_types = 2, .first_position = 2}, ENCODER_OPTIONS},
        .fields = roberta_fields,
        .constraints = encoder_constraints,
        .rules = bert_rules,
        .architectures = xlm_roberta_architectures,
        .aliases = encoder_aliases,
        .ignored_patterns = encoder_ignored,
        .may_lack_heads = true,
    },
    {
        .model_type = "camembert",
        .base_prefix = "roberta.",
        .preset = {.shape = {ENCODER_SHAPE, .n_token_types = 2, .first_position = 2}, ENCODER_OPTIONS},
        .fields = roberta_fields,
        .constraints = encoder_constraints,
        .rules = bert_rules,
        .architectures = camembert_architectures,
        .aliases = encoder_aliases,
        .ignored_patterns = encoder_ignored,
        .may_lack_heads = true,
    },
    {0},
};
