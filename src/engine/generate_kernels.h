/*
 * generate_kernels: what generating does between matrix products, one function an operation, as in kernels.h.
 */
#ifndef HEADSWEEP_ENGINE_GENERATE_KERNELS_H
#define HEADSWEEP_ENGINE_GENERATE_KERNELS_H

#include "headsweep/base.h"

/* Query heads of a row against one key or value row: head h reads columns (h / heads_per_group) * head_dim .. of it. */
struct hs_head_row {
    size_t n_heads;
    size_t heads_per_group;
    size_t head_dim;
};

/* scores[h * stride] <- scale * queries_h . key_h, queries [n_heads, head_dim]. */
void hs__engine_score_row(float *scores, size_t stride, const float *queries, const float *key,
                          struct hs_head_row shape, float scale);
/* z_h += weights[h * stride] * value_h, z [n_heads, head_dim]. */
void hs__engine_mix_row(float *z, const float *weights, size_t stride, const float *value, struct hs_head_row shape);

/* values [n] divided in place. */
void hs__engine_divide(float *values, float divisor, size_t n);
/* out [n] <- exp(values - maximum). */
void hs__engine_exp_below(float *out, const float *values, float maximum, size_t n);
/* out [n] <- the whole part of (maximum - values) * per_unit, `last` where that is more or not a number. */
void hs__engine_grade(int32_t *out, const float *values, float maximum, float per_unit, int32_t last, size_t n);
/* Places of values [n] that are at least `least`, ascending, into out [limit]. Returns their number, at most limit. */
size_t hs__engine_find_at_least(uint32_t *out, size_t limit, const float *values, float least, size_t n);
/* First place from `first` on at which values [n] are at least `least`; n where there is none. */
size_t hs__engine_find_integer(const uint32_t *values, uint32_t least, size_t first, size_t n);

/*
 * Number i of `noise` [4 * n_blocks] is word i % 4 of Philox4x32-10 (hs_random_philox) with this key and the counter
 * {first_block + i / 4, counter[0], counter[1], counter[2]}.
 */
void hs__engine_fill_noise(uint32_t *noise, uint64_t key, uint32_t first_block, const uint32_t counter[3],
                           size_t n_blocks);

#endif
