/*
 * families: what headsweep knows of each Hugging Face model family, as data. A family that needs no new mathematics is
 * one more row in families.c: how config.json's fields fill hs_family_options, which options are refused, and where
 * each tensor belongs in the canonical model.
 */
#ifndef HEADSWEEP_MODEL_FAMILIES_H
#define HEADSWEEP_MODEL_FAMILIES_H

#include "headsweep/model.h"
#include "model/limits.h"
#include "model/rotary.h"

/* What a family's row presets and config.json overrides: the canonical shape and what only loading needs to know. */
typedef struct hs_family_options {
    hs_model_shape shape;
    bool query_key_value_bias;
    bool output_bias;
    bool mlp_bias;
    bool scale_attention; /* scores by head_dim^-1/2 */
    double rotary_share;  /* of head_dim that rotates */
    hs_rope rope;
} hs_family_options;

typedef enum hs_field_kind { HS_FIELD_SIZE, HS_FIELD_REAL, HS_FIELD_FLAG, HS_FIELD_ACTIVATION } hs_field_kind;

/* A field of config.json. Absent or null, the preset stays; a size that is preset to 0 is then derived (options.c). */
typedef struct hs_config_field {
    const char *key;
    hs_field_kind kind;
    size_t offset; /* in hs_family_options */
    bool is_required;
    double minimum; /* of a real */
    double maximum; /* of a size or real */
} hs_config_field;

typedef enum hs_demand {
    HS_DEMAND_ABSENT,           /* or null */
    HS_DEMAND_FALSE,            /* or absent */
    HS_DEMAND_ONE,              /* or absent */
    HS_DEMAND_COVERS_POSITIONS, /* null, or a count that is at least n_positions */
    HS_DEMAND_FULL_ATTENTION,   /* absent, or a list of nothing but "full_attention" */
} hs_demand;

/* An option that would need mathematics the engine does not have. */
typedef struct hs_config_constraint {
    const char *key;
    hs_demand demand;
    double absent_value; /* what transformers takes for an absent key, where that needs checking; else 0 */
    const char *reason;
} hs_config_constraint;

/* When a tensor must be there; otherwise it must not. */
typedef enum hs_presence {
    HS_PRESENT_ALWAYS,
    HS_PRESENT_WITH_QKV_BIAS,
    HS_PRESENT_WITH_OUTPUT_BIAS,
    HS_PRESENT_WITH_MLP_BIAS,
    HS_PRESENT_UNTIED, /* if tied, it may be there nevertheless and must then equal the token embedding */
} hs_presence;

/* Axes of expected shapes. */
typedef enum hs_axis {
    HS_AXIS_NONE,
    HS_AXIS_WIDTH,
    HS_AXIS_QUERY,           /* n_heads * head_dim */
    HS_AXIS_KV,              /* n_kv_heads * head_dim */
    HS_AXIS_QUERY_KEY_VALUE, /* query, key and value one after another */
    HS_AXIS_MLP,
    HS_AXIS_VOCABULARY,
    HS_AXIS_POSITIONS,
} hs_axis;

/* How a tensor lands in the canonical model. */
typedef enum hs_place {
    HS_PLACE_VALUES,     /* the `const float *` at target */
    HS_PLACE_LINEAR,     /* the hs_linear at target, from torch's Linear [n_out, n_in] */
    HS_PLACE_CONV1D,     /* the hs_linear at target, from GPT-2's Conv1D [n_in, n_out] */
    HS_PLACE_CONV1D_QKV, /* query, key and value as column ranges of one Conv1D */
    HS_PLACE_QKV_BIAS,   /* their biases, one after another */
} hs_place;

typedef struct hs_tensor_rule {
    const char *pattern; /* "{base}" is the family's prefix, "{layer}" the layer's number */
    hs_presence presence;
    hs_place place;
    size_t target;    /* offset in hs_model_layer if the pattern has "{layer}", else in hs_model */
    hs_axis shape[2]; /* HS_AXIS_NONE ends it */
} hs_tensor_rule;

/* Arrays end with a row of zeros. */
typedef struct hs_family {
    const char *model_type;
    const char *architecture; /* the one with a language-model head */
    const char *base_prefix;  /* of the tensors' names; a checkpoint of the bare base model lacks it throughout */
    hs_family_options preset;
    const hs_config_field *fields;
    const hs_config_constraint *constraints;
    const hs_tensor_rule *rules;
    const char *const *ignored_patterns; /* buffers that old checkpoints carry and no forward pass needs */
} hs_family;

extern const hs_family hs_families[];
extern const size_t hs_n_families;

/* The family of model_type and architecture, either of which may be NULL; NULL if none fits. */
const hs_family *hs_family_find(const char *model_type, const char *architecture);

/* Does the pattern hold "{layer}"? */
bool hs_pattern_is_per_layer(const char *pattern);
/* Puts in prefix and layer; returns buffer. Patterns are the table's own and short: `capacity` 256 is enough. */
const char *hs_pattern_expand(const char *pattern, const char *base_prefix, size_t layer, char *buffer,
                              size_t capacity);

#endif
