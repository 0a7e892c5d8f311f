/*
 * sampler: from a row of logits to the token that comes next.
 *
 * temperature, top_k and top_p as the logits warpers of transformers have them: scores are logits / temperature; top_k
 * keeps what is not below the k-th largest score; top_p drops the least likely tokens whose probabilities, among those
 * left, sum up to no more than 1 - top_p. Where scores tie at top_p's border the lower ids are kept;
 * transformers leaves that to its sort.
 *
 * Gumbel-max: the token with the largest score + G, G = -log(-log u). u is (r + 1/2) / 2^32, where r is word token % 4
 * of Philox with the key hash(seed, prompt key) and the counter {token / 4, step, sample, 0}. Both the border and the
 * draw are found without a sort and, but for a few tokens, without a logarithm.
 */
#ifndef HEADSWEEP_ENGINE_SAMPLER_H
#define HEADSWEEP_ENGINE_SAMPLER_H

#include "engine/buffers.h"
#include "headsweep/engine.h"

struct hs_candidate {
    float score;
    uint32_t token;
};

struct hs_sampler {
    const struct hs_device *device;
    const hs_sampling *sampling;
    size_t vocabulary;
    struct hs_memory memory;
    float *weights;                  /* [vocabulary]: exp(score - maximum) */
    int32_t *grades;                 /* [vocabulary]: how far below the maximum, in steps */
    struct hs_candidate *candidates; /* [vocabulary]: those of one grade */
    double *masses;                  /* of each grade */
    uint32_t *noise;                 /* of a stretch of tokens */
    uint32_t *kept;                  /* [n_kept] tokens, ascending, where they are few */
    /* The row that was loaded. */
    const float *scores;
    float maximum;
    float least;     /* the lowest score that is kept */
    size_t last_tie; /* and the highest token that is kept with this score */
    bool is_sparse;  /* `kept` lists all */
    size_t n_kept;
};

/* HS_ERROR_INPUT: a number of `sampling` is out of its range. */
hs_status hs__engine_sampling_check(const hs_sampling *sampling, size_t vocabulary, hs_error *error);
/* The device is where the logits are; it and `sampling` are borrowed. */
hs_status hs__engine_sampler_init(struct hs_sampler *sampler, const struct hs_device *device,
                                  const hs_sampling *sampling, size_t vocabulary, hs_error *error);
void hs__engine_sampler_clear(struct hs_sampler *sampler);
size_t hs__engine_sampler_bytes(size_t vocabulary);

/* Makes scores of logits [vocabulary] in place and borrows them. False where one is not finite. */
bool hs__engine_sampler_load(struct hs_sampler *sampler, float *logits);
bool hs__engine_sampler_keeps(const struct hs_sampler *sampler, size_t token);
/* The token of a sample at a step (0: the first new one), of a prompt with this key. */
int32_t hs__engine_sampler_draw(struct hs_sampler *sampler, uint64_t prompt_key, size_t sample, size_t step);

/* Samples that are drawn for a prompt: one where it is greedy. */
static inline size_t hs_sampling_distinct(const hs_sampling *sampling)
{
    return sampling->temperature > 0 ? sampling->n_samples : 1;
}

/* Whether a sample's newest token ends it; tokens [n]. */
bool hs__engine_sampling_ends(const hs_sampling *sampling, const int32_t *tokens, size_t n);

#endif
