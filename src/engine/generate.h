/*
 * generate: continuations of prompts under ablations, as both engines have them.
 */
#ifndef HEADSWEEP_ENGINE_GENERATE_H
#define HEADSWEEP_ENGINE_GENERATE_H

#include "engine/sampler.h"

/* What hs_engine_generate was given, checked. tokens_out is -1 throughout; greedy samples are all like sample 0. */
struct hs_generate_call {
    const hs_workload *prompts; /* without queries */
    const uint64_t *keys;
    const hs_sampling *sampling;
    const hs_ablation *ablations;
    size_t n_ablations;
    int32_t *tokens_out;
};

/* tokens_out [max_new_tokens] of one sample. */
static inline int32_t *hs_generation_tokens(const struct hs_generate_call *generation, size_t ablation, size_t prompt,
                                            size_t sample)
{
    const hs_sampling *sampling = generation->sampling;
    size_t index = (ablation * generation->prompts->sequences.n + prompt) * sampling->n_samples + sample;
    return generation->tokens_out + index * sampling->max_new_tokens;
}

/* Of one row that sees n_visible rows, itself included, in all layers; its logits not included. */
double hs__engine_generation_row_flops(const hs_model *model, size_t n_visible);

#endif
