/*
 * rotary: frequencies of rotary position embeddings (Su et al. 2021, arXiv:2104.09864), with the scalings that Hugging
 * Face configurations name.
 */
#ifndef HEADSWEEP_MODEL_ROTARY_H
#define HEADSWEEP_MODEL_ROTARY_H

#include "model/config_reader.h"

typedef enum hs_rope_kind {
    HS_ROPE_DEFAULT,
    HS_ROPE_LINEAR,
    HS_ROPE_DYNAMIC,
    HS_ROPE_YARN,
    HS_ROPE_LONGROPE,
    HS_ROPE_LLAMA3,
} hs_rope_kind;

typedef struct hs_rope {
    hs_rope_kind kind;
    bool is_longrope; /* of the family: "su" and "yarn" are older names of longrope, and there is no other scaling */
    double theta;
    double factor;                /* of any scaling */
    double low_frequency_factor;  /* llama3 */
    double high_frequency_factor; /* llama3 */
    size_t original_positions;    /* llama3, yarn, longrope: positions that the model was first trained with */
    double attention_factor;      /* yarn, longrope: of cosines and sines; negative: it follows from the factor */
    double scale;                 /* yarn: "mscale"; 0: none. So is scale_of_all, "mscale_all_dim" */
    double scale_of_all;
    double fast_turns; /* yarn: "beta_fast", waves that turn so often within original_positions stay */
    double slow_turns; /* yarn: "beta_slow", those that turn less often are stretched */
    bool whole_pairs;  /* yarn: "truncate", the borders between them are rounded */
    double *divisors;  /* longrope: [rotary_dim / 2] short factors; owned */
    bool has_one_list; /* longrope: long factors are the short ones */
} hs_rope;

const char *hs__model_rope_name(hs_rope_kind kind);

/* What a config says of rotation beside hs_rope: defaults before it is read. */
typedef struct hs_rope_extent {
    size_t head_dim;
    size_t n_positions; /* of the config; then as many as the frequencies are for, see hs__model_rope_read */
    bool is_partial;    /* a part of each head may rotate; else share is 1 */
    double share;       /* of head_dim that rotates */
} hs_rope_extent;

/*
 * Reads rope_scaling (transformers 4) or rope_parameters (5); a rope_theta or a partial_rotary_factor in there goes
 * before what the arguments hold, which is the config's own or the family's default. HS_ERROR_INPUT: a scaling that is
 * not supported, or a field of it.
 *
 * transformers takes the frequencies of two scalings by the longest position of a call: dynamic ones stretch beyond
 * max_position_embeddings, longrope changes its list of factors beyond the original length. Here sequences share rows,
 * and a row's numbers must not depend on its neighbours. So n_positions ends where the frequencies change.
 */
hs_status hs__model_rope_read(const hs_config *config, hs_rope *rope_inout, hs_rope_extent *extent_inout,
                              hs_error *error);
/*
 * The same of a model whose layers with a window rotate otherwise than the others: rope_parameters has a section for
 * either kind, rope_scaling is that of layers without. Rotations of layers with a window are default or linear.
 */
hs_status hs__model_rope_read_kinds(const hs_config *config, hs_rope *rope_inout, hs_rope *window_rope_inout,
                                    hs_rope_extent *extent_inout, hs_error *error);
/* Also of one that could not be read. */
void hs__model_rope_clear(hs_rope *rope);

/* By which cosines and sines are multiplied; 1 without a scaling that has it. */
double hs__model_rope_attention_factor(const hs_rope *rope);
/* frequencies_out[rotary_dim / 2]: radians a position of the pair i, theta^(-2i / rotary_dim) before scaling. */
void hs__model_rope_frequencies(const hs_rope *rope, size_t rotary_dim, float *frequencies_out);

#endif
