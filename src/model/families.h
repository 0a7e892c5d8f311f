/*
 * families: what headsweep knows of each Hugging Face model family, as data. A family that needs no new mathematics is
 * one more row in decoder_families.c and its like, or in encoder_families.c: how config.json's fields fill
 * hs_family_options, which options are refused, and where each tensor belongs in the canonical model. What stands on
 * the base model, the architecture, is a row of its own.
 */
#ifndef HEADSWEEP_MODEL_FAMILIES_H
#define HEADSWEEP_MODEL_FAMILIES_H

#include "headsweep/model.h"
#include "model/config_reader.h"
#include "model/limits.h"
#include "model/rotary.h"

/* Beginning or end of a text where config.json names none. */
#define HS_NO_TOKEN (-1)

/* What a family's row presets and config.json overrides: the canonical shape and what only loading needs to know. */
typedef struct hs_family_options {
    hs_model_shape shape;
    bool query_key_value_bias;
    bool output_bias;
    bool mlp_bias;
    bool has_plain_norms; /* without weights: ones */
    bool scale_embedding; /* by width^1/2, rounded as the stored weights are */
    bool has_head_norms;  /* layer norms of queries and keys, of each head */
    bool scale_attention; /* scores by head_dim^-1/2 */
    double score_divisor; /* by its root instead; 0: the config has none */
    bool lacks_final_norm;
    bool exact_slopes;        /* ALiBi's are powers of an exact base, not of one that was rounded first */
    bool rows_come_first;     /* the first rows of the position table come on top of what the config counts (OPT) */
    bool positions_in_scores; /* Falcon: ALiBi instead of the rotation that is preset */
    bool new_decoder;         /* Falcon's */
    bool multi_query;         /* the same */
    size_t n_parallel_norms;  /* that attention and MLP read a parallel residual through; 0: not given */
    bool partial_rotary;      /* a config may let a part of each head rotate */
    double logit_divisor;     /* of the logits; 0: none */
    double rotary_share;      /* of head_dim that rotates */
    hs_rope rope;
    hs_rope window_rope; /* of layers with a window, where shape.rotates_windows_apart */
    bool one_theta;      /* "rope_theta" beside the parameters is of both, but for transformers 5 of the others alone */
    size_t n_layer_groups; /* layers of a group share their weights; 0: each has its own */
} hs_family_options;

typedef enum hs_field_kind {
    HS_FIELD_SIZE,
    HS_FIELD_REAL,
    HS_FIELD_SCALE, /* a real that cannot be null: transformers would multiply by nothing */
    HS_FIELD_CAP,   /* a real, and null is none */
    HS_FIELD_FLAG,
    HS_FIELD_GIVEN_FLAG,    /* null is refused: transformers takes it for false, and the preset is true */
    HS_FIELD_INVERTED_FLAG, /* true where the config says false; null is refused too */
    HS_FIELD_ACTIVATION,
    HS_FIELD_ACTIVATION_GEMMA, /* whose "gelu" means the approximation by tanh */
    HS_FIELD_PADDING_TOKEN,    /* a size, that positions begin after */
} hs_field_kind;

/* A field of config.json. Absent or null, the preset stays; a size that is preset to 0 is then derived (options.c). */
typedef struct hs_config_field {
    const char *key; /* "SECTION.key" of what stands in an object, as config_reader.c lists them */
    hs_field_kind kind;
    size_t offset; /* in hs_family_options */
    bool is_required;
    double minimum; /* of a real */
    double maximum; /* of a size or real */
} hs_config_field;

/* What is absent or null meets each of them, unless it says otherwise. */
typedef enum hs_demand {
    HS_DEMAND_EMPTY, /* an object or a list of nothing */
    HS_DEMAND_FALSE,
    HS_DEMAND_TRUE, /* but null does not */
    HS_DEMAND_ONE,
    HS_DEMAND_FOUR,
    HS_DEMAND_EIGHT,
    HS_DEMAND_COVERS_POSITIONS, /* a count that is at least n_positions */
    HS_DEMAND_ABSOLUTE,         /* "absolute" */
    HS_DEMAND_MULTIHEAD,        /* "multihead_attention" */
    HS_DEMAND_LOW_PRECISION,    /* "low_precision_layernorm" */
    HS_DEMAND_HEAD_DIM,         /* what the other fields say of it */
    HS_DEMAND_NOT_NULL,         /* but absent */
} hs_demand;

/* An option that would need what the engine does not have. */
typedef struct hs_config_constraint {
    const char *key; /* as in hs_config_field */
    hs_demand demand;
    const char *reason;
} hs_config_constraint;

/* Which layers have a window, where config.json says that there is one. */
typedef enum hs_window_layers {
    HS_WINDOW_REFUSED,  /* the model's class knows of none and its cache does: texts that are longer are refused */
    HS_WINDOW_ALL,      /* whatever "layer_types" says */
    HS_WINDOW_BY_LAYER, /* those that "layer_types" names */
    HS_WINDOW_LOCAL,    /* GPT-Neo's "local" ones in attention_layers or attention_types, of window_size */
    /* the same, with use_sliding_window as a switch, and without a list from max_window_layers on */
    HS_WINDOW_SWITCHED,
} hs_window_layers;

/* How config.json says that attention has a window. */
typedef struct hs_window_rule {
    hs_window_layers layers;
    size_t absent;          /* tokens where the key is absent; 0: no window */
    size_t period;          /* of HS_WINDOW_BY_LAYER: without "layer_types" every so many-th layer has no window */
    const char *period_key; /* that says so; NULL: none does */
} hs_window_rule;

/* Which layers are mixtures of experts, of a family that has any. */
typedef enum hs_sparse_layers {
    HS_SPARSE_NONE,
    HS_SPARSE_ALL,
    HS_SPARSE_BY_STEP, /* every decoder_sparse_step-th, but for mlp_only_layers */
} hs_sparse_layers;

/* When a tensor must be there; otherwise it must not. */
typedef enum hs_presence {
    HS_PRESENT_ALWAYS,
    HS_PRESENT_WITH_QKV_BIAS,
    HS_PRESENT_WITH_OUTPUT_BIAS,
    HS_PRESENT_WITH_MLP_BIAS,
    HS_PRESENT_PROJECTED, /* where embeddings are as wide as the residual, nothing projects them */
    HS_PRESENT_WITH_HEAD_NORMS,
    HS_PRESENT_PARALLEL,      /* with parallel residuals */
    HS_PRESENT_SEQUENTIAL,    /* without parallel residuals */
    HS_PRESENT_WITH_ONE_NORM, /* with parallel residuals, which attention and MLP read through one norm or two */
    HS_PRESENT_WITH_TWO_NORMS,
    HS_PRESENT_WITH_FINAL_NORM,  /* where the norms of layers come before and the config has not taken it away */
    HS_PRESENT_IN_DENSE_LAYERS,  /* those with one MLP */
    HS_PRESENT_IN_SPARSE_LAYERS, /* those with experts */
    HS_PRESENT_UNTIED, /* if tied, it may be there nevertheless and counts where it differs from the token embedding */
} hs_presence;

/* Axes of expected shapes. */
typedef enum hs_dimension {
    HS_DIM_NONE,
    HS_DIM_WIDTH,
    HS_DIM_EMBEDDING, /* embedding_width */
    HS_DIM_QUERY,     /* n_heads * head_dim */
    HS_DIM_KV,        /* n_kv_heads * head_dim */
    HS_DIM_HEAD,      /* head_dim */
    HS_DIM_HEADS,     /* n_heads */
    HS_DIM_KV_HEADS,
    HS_DIM_QUERY_KEY_VALUE, /* query, key and value one after another */
    HS_DIM_MLP,
    HS_DIM_EXPERTS,
    HS_DIM_EXPERT_MLP,
    HS_DIM_GATE_UP, /* gate and up one after another */
    HS_DIM_VOCABULARY,
    HS_DIM_POSITIONS, /* rows of the position embedding */
    HS_DIM_TOKEN_TYPES,
    HS_DIM_LABELS,
} hs_dimension;

/* How a tensor lands in the canonical model. */
typedef enum hs_place {
    HS_PLACE_VALUES,         /* the `const float *` at target */
    HS_PLACE_ONE_AND,        /* the same, one more than stored: a norm's weights in the arena */
    HS_PLACE_LINEAR,         /* the hs_linear at target, from torch's Linear [n_out, n_in] */
    HS_PLACE_CONV1D,         /* the hs_linear at target, from GPT-2's Conv1D [n_in, n_out] */
    HS_PLACE_CONV1D_QKV,     /* query, key and value as column ranges of one Conv1D */
    HS_PLACE_LINEAR_QKV,     /* the same as row ranges of one Linear */
    HS_PLACE_LINEAR_GATE_UP, /* gate and up as row ranges of one Linear */
    /*
     * A query's or key's Linear, and its bias or norm, of a family that rotates dimensions (2 i, 2 i + 1) together:
     * rows of a head are sorted in the arena so that they are (i, i + rotary_dim / 2), as the engine has them. Scores
     * stay what they are, since queries and keys are sorted alike.
     */
    HS_PLACE_LINEAR_PAIRS,
    HS_PLACE_PAIRS,
    HS_PLACE_QKV_BIAS, /* their biases, one after another */
    /* queries, key and value of each KV head in turn as row ranges of one Linear; sorted in the arena */
    HS_PLACE_HEADS_QKV,
    HS_PLACE_HEADS_QKV_BIAS,
} hs_place;

typedef struct hs_tensor_rule {
    const char *pattern; /* "{base}" is the family's prefix, "{layer}" the number of the layer, or of its
                            group, "{expert}" that of the expert */
    hs_presence presence;
    hs_place place;
    size_t target;         /* offset in hs_expert if the pattern has "{expert}", in hs_model_layer if "{layer}", else in
                      hs_model */
    hs_dimension shape[2]; /* HS_DIM_NONE ends it */
} hs_tensor_rule;

/* What stands on the base model. */
typedef struct hs_architecture {
    const char *name; /* in "architectures" */
    hs_head_kind head;
    bool has_outputs;              /* false: a bare base model */
    bool activates_as_mlp;         /* head_dense has the MLP's activation, whatever it is */
    hs_activation head_activation; /* else this one */
    const hs_tensor_rule *rules;
    const char *winning_bias; /* a second name of the unembedding's bias: what is under it counts, and without tied
                                 embeddings only that; or NULL */
    const char *read_as;      /* the row that is meant: a base model without head as the language model; or NULL */
} hs_architecture;

/* An old name of a tensor, by how it ends. */
typedef struct hs_tensor_alias {
    const char *ending;
    const char *other_ending;
} hs_tensor_alias;

/* Arrays end with a row of zeros. */
typedef struct hs_family {
    const char *model_type;
    const char *base_prefix; /* of the tensors' names; a checkpoint of the bare base model lacks it throughout */
    hs_family_options preset;
    const hs_config_field *fields;
    const hs_config_constraint *constraints;
    const int32_t *padding_token; /* where config.json names none; NULL: the class names none either */
    /* What several fields say together, before the rest is derived; or NULL. */
    hs_status (*derive)(const hs_config *config, hs_family_options *options, hs_error *error);
    const hs_window_rule *window; /* NULL: none whatever the config says */
    hs_sparse_layers sparse;
    const hs_tensor_rule *rules; /* of the base model */
    const hs_architecture *architectures;
    const hs_tensor_alias *aliases;      /* or NULL */
    const char *const *ignored_patterns; /* what no forward pass needs, names without prefix; or NULL */
    bool may_lack_heads;                 /* transformers 4 can have removed heads: pruned.h */
} hs_family;

extern const hs_family hs__model_decoder_families[];  /* decoder_families.c */
extern const hs_family hs__model_learned_families[];  /* learned_families.c */
extern const hs_family hs__model_normed_families[];   /* normed_families.c */
extern const hs_family hs__model_expert_families[];   /* expert_families.c */
extern const hs_family hs__model_alibi_families[];    /* alibi_families.c */
extern const hs_family hs__model_encoder_families[];  /* encoder_families.c */
extern const hs_family hs__model_factored_families[]; /* factored_families.c */
extern const hs_family hs__model_rotary_families[];   /* rotary_families.c */
extern const hs_family hs__model_scaled_families[];   /* scaled_families.c */

/* All of them, one after another; NULL past the end. */
const hs_family *hs__model_family_at(size_t index);

/* The family of model_type and architecture, either of which may be NULL; NULL if none fits. */
const hs_family *hs__model_family_find(const char *model_type, const char *architecture,
                                       const hs_architecture **architecture_out);

/* Does the pattern hold "{layer}"? "{expert}"? */
bool hs__model_pattern_is_per_layer(const char *pattern);
bool hs__model_pattern_is_per_expert(const char *pattern);

typedef struct hs_pattern_place {
    size_t layer;
    size_t expert;
} hs_pattern_place;

/* Puts in prefix and numbers; returns buffer. Patterns are the table's own and short: `capacity` 256 is enough. */
const char *hs__model_pattern_expand(const char *pattern, const char *base_prefix, hs_pattern_place place, char *buffer,
                                     size_t capacity);

#endif
