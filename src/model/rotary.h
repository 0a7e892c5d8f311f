/*
 * rotary: frequencies of rotary position embeddings (Su et al. 2021, arXiv:2104.09864), with the scalings that Hugging
 * Face configurations name.
 */
#ifndef HEADSWEEP_MODEL_ROTARY_H
#define HEADSWEEP_MODEL_ROTARY_H

#include "model/config_reader.h"

typedef enum hs_rope_kind { HS_ROPE_DEFAULT, HS_ROPE_LINEAR, HS_ROPE_LLAMA3 } hs_rope_kind;

typedef struct hs_rope {
    hs_rope_kind kind;
    double theta;
    double factor;                /* linear, llama3 */
    double low_frequency_factor;  /* llama3 */
    double high_frequency_factor; /* llama3 */
    size_t original_positions;    /* llama3: positions that the model was first trained with */
} hs_rope;

const char *hs__model_rope_name(hs_rope_kind kind);

/*
 * Reads rope_scaling (transformers 4) or rope_parameters (5); a rope_theta or a partial_rotary_factor in there goes
 * before what the arguments hold, which is the config's own or the family's default. `partial`: a part of each head may
 * rotate; else *share_inout is 1. HS_ERROR_INPUT: a scaling that is not supported, or a field of it.
 */
hs_status hs__model_rope_read(const hs_config *config, size_t n_positions, bool partial, hs_rope *rope_inout,
                              double *share_inout, hs_error *error);

/* frequencies_out[rotary_dim / 2]: radians a position of the pair i, theta^(-2i / rotary_dim) before scaling. */
void hs__model_rope_frequencies(const hs_rope *rope, size_t rotary_dim, float *frequencies_out);

#endif
