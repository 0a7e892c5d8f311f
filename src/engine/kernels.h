/*
 * kernels: what the passes do between matrix products, one function an operation, as a table: kernel_loops.h is
 * compiled into one for each instruction set, and device.h has the rows.
 *
 * Outputs first, then inputs, then sizes. Sums that decide accuracy run in double over a fixed number of lanes, so
 * that a result depends neither on the vector width of the processor nor on how many rows a call has.
 */
#ifndef HEADSWEEP_ENGINE_KERNELS_H
#define HEADSWEEP_ENGINE_KERNELS_H

#include "headsweep/model.h"

/* Lanes of the accumulators, and what rows of scores are padded to: one register of AVX2. */
enum { HS_LANES = 8 };

/* Columns first .. end of a row, at least one. */
struct hs_range {
    uint32_t first;
    uint32_t end;
};

/* Query heads of a row against one key or value row: head h reads columns (h / heads_per_group) * head_dim .. of it. */
struct hs_head_row {
    size_t n_heads;
    size_t heads_per_group;
    size_t head_dim;
};

struct hs_kernels {
    /* out, in [n_rows, width]; weight [width]; bias [width] or NULL. */
    void (*layer_norm)(float *out, const float *in, const float *weight, const float *bias, size_t n_rows, size_t width,
                       double epsilon);
    void (*rms_norm)(float *out, const float *in, const float *weight, const float *bias, size_t n_rows, size_t width,
                     double epsilon);
    /* values [n_rows, width], rows `stride` apart, in place: the same without a bias. */
    void (*rms_norm_rows)(float *values, size_t stride, const float *weight, size_t n_rows, size_t width,
                          double epsilon);
    void (*layer_norm_rows)(float *values, size_t stride, const float *weight, const float *bias, size_t n_rows,
                            size_t width, double epsilon);
    /* values [n], in place; hs__engine_activate chooses among those that are activations. */
    void (*exp)(float *values, size_t n);
    void (*gelu)(float *values, size_t n);      /* x/2 (1 + erf(x / sqrt 2)) */
    void (*gelu_tanh)(float *values, size_t n); /* x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) */
    void (*silu)(float *values, size_t n);      /* x / (1 + exp(-x)) */
    void (*tanh)(float *values, size_t n);
    void (*relu)(float *values, size_t n);
    void (*relu_squared)(float *values, size_t n); /* max(x, 0)^2 */
    /* out, in [n_rows, n_columns], rows so many floats apart; with in_stride 0 all are the first row of in. */
    void (*copy_rows)(float *out, size_t out_stride, const float *in, size_t in_stride, size_t n_rows,
                      size_t n_columns);
    /* out, in [n]. */
    void (*add)(float *out, const float *in, size_t n);
    void (*multiply)(float *out, const float *in, size_t n);
    /* values [n_rows, width], rows `stride` apart, in place: to -limit .. limit; NaN stays. */
    void (*clip_rows)(float *values, size_t stride, size_t n_rows, size_t width, float limit);
    /* out [n] <- scale * out + shift_scale * shift; scale 0 forgets out, NaN or not; shift NULL counts as zeros. */
    void (*scale_and_shift)(float *out, float scale, const float *shift, float shift_scale, size_t n);
    /*
     * Rotates dimensions (i, i + rotary_dim / 2), i < rotary_dim / 2, of each head in heads [n_heads, head_dim] by the
     * angle whose cosine and sine are cosines[i], sines[i] (Su et al. 2021, arXiv:2104.09864, in the pairing of GPT-
     * NeoX).
     */
    void (*rotate_heads)(float *heads, const float *cosines, const float *sines, size_t n_heads, size_t head_dim,
                         size_t rotary_dim);

    /* values [n], in place: cap tanh(values / cap), to within 2e-6 of itself. */
    void (*soft_cap)(float *values, float cap, size_t n);

    /* scores[i] += slope * (first + i), scores [n]: what ALiBi adds to keys that lie `first` .. from a query. */
    void (*add_distances)(float *scores, float slope, float first, size_t n);
    /* scores[i] += scale * (slope * (first + i)), the inner product rounded to the nearest bfloat16. */
    void (*add_rounded_positions)(float *scores, float slope, float scale, float first, size_t n);
    /*
     * scores [n_rows, stride], stride a multiple of HS_LANES: the columns visible[r] of row r become their softmax, all
     * others zeros.
     */
    void (*visible_softmax)(float *scores, size_t stride, size_t n_rows, const struct hs_range *visible);
    /* scores[h * stride] <- scale * queries_h . key_h, queries [n_heads, head_dim]. */
    void (*score_row)(float *scores, size_t stride, const float *queries, const float *key, struct hs_head_row shape,
                      float scale);
    /* z_h += weights[h * stride] * value_h, z [n_heads, head_dim]. */
    void (*mix_row)(float *z, const float *weights, size_t stride, const float *value, struct hs_head_row shape);

    /* values [n], n > 0; where one is not a number the result may be any of them. */
    float (*max)(const float *values, size_t n);
    /* Sum of exp(values - maximum), values [n] none of which is larger; not a number where any value is not. */
    double (*sum_exp)(const float *values, float maximum, size_t n);
    /* values [n] divided in place. */
    void (*divide)(float *values, float divisor, size_t n);
    /* out [n] <- exp(values - maximum). */
    void (*exp_below)(float *out, const float *values, float maximum, size_t n);
    /* out [n] <- the whole part of (maximum - values) * per_unit, `last` where that is more or not a number. */
    void (*grade)(int32_t *out, const float *values, float maximum, float per_unit, int32_t last, size_t n);
    /*
     * Places of values [n] that are at least `least`, ascending, into out [limit]. Returns their number, at most limit.
     */
    size_t (*find_at_least)(uint32_t *out, size_t limit, const float *values, float least, size_t n);
    /* First place from `first` on at which values [n] are at least `least`; n where there is none. */
    size_t (*find_integer)(const uint32_t *values, uint32_t least, size_t first, size_t n);
    /*
     * Number i of `noise` [4 * n_blocks] is word i % 4 of Philox4x32-10 (hs_random_philox) with this key and the
     * counter {first_block + i / 4, counter[0], counter[1], counter[2]}.
     */
    void (*fill_noise)(uint32_t *noise, uint64_t key, uint32_t first_block, const uint32_t counter[3], size_t n_blocks);
};

/* out, in [n]. */
static inline void hs_copy_floats(const struct hs_kernels *kernels, float *out, const float *in, size_t n)
{
    kernels->copy_rows(out, n, in, n, 1, n);
}

/* values [n], in place. */
void hs__engine_activate(const struct hs_kernels *kernels, float *values, size_t n, hs_activation activation);
/* values [n], n > 0: log sum exp(values); not a number where any value is not. */
double hs__engine_log_sum_exp(const struct hs_kernels *kernels, const float *values, size_t n);
/* values [n], n > 0: index of the largest; the lowest index wins ties. */
size_t hs__engine_argmax(const float *values, size_t n);

#endif
