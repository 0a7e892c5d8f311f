/*
 * kernels: what the forward pass does between matrix products, one function an operation.
 *
 * Outputs first, then inputs, then sizes. Sums that decide accuracy run in double over a fixed number of lanes, so
 * that a result depends neither on the vector width of the processor nor on how many rows a call has.
 */
#ifndef HEADSWEEP_ENGINE_KERNELS_H
#define HEADSWEEP_ENGINE_KERNELS_H

#include "headsweep/model.h"

/* out, in [n_rows, width]; weight [width]; bias [width] or NULL. */
void hs__engine_layer_norm(float *out, const float *in, const float *weight, const float *bias, size_t n_rows,
                           size_t width, double epsilon);
void hs__engine_rms_norm(float *out, const float *in, const float *weight, const float *bias, size_t n_rows,
                         size_t width, double epsilon);

/*
 * values [n], in place. gelu is x/2 (1 + erf(x / sqrt 2)); gelu_tanh is x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))); silu is
 * x / (1 + exp(-x)).
 */
void hs__engine_activate(float *values, size_t n, hs_activation activation);

/* Columns first .. end of a row, at least one. */
struct hs_range {
    uint32_t first;
    uint32_t end;
};

/*
 * scores [n_rows, stride], stride a multiple of HS_LANES: the columns visible[r] of row r become their softmax, all
 * others zeros.
 */
void hs__engine_visible_softmax(float *scores, size_t stride, size_t n_rows, const struct hs_range *visible);
/* values [n], n > 0; where one is not a number the result may be any of them. */
float hs__engine_max(const float *values, size_t n);
/* Sum of exp(values - maximum), values [n] none of which is larger; not a number where any value is not. */
double hs__engine_sum_exp(const float *values, float maximum, size_t n);
/* values [n], n > 0: log sum exp(values); not a number where any value is not. */
double hs__engine_log_sum_exp(const float *values, size_t n);
/* values [n], n > 0: index of the largest; the lowest index wins ties. */
size_t hs__engine_argmax(const float *values, size_t n);

/* out, in [n]. */
void hs__engine_add(float *out, const float *in, size_t n);
void hs__engine_multiply(float *out, const float *in, size_t n);
/* out [n] <- scale * out + shift_scale * shift; scale 0 forgets out, NaN or not; shift NULL counts as zeros. */
void hs__engine_scale_and_shift(float *out, float scale, const float *shift, float shift_scale, size_t n);

/*
 * Rotates dimensions (i, i + rotary_dim / 2), i < rotary_dim / 2, of each head in heads [n_heads, head_dim] by the
 * angle whose cosine and sine are cosines[i], sines[i] (Su et al. 2021, arXiv:2104.09864, in the pairing of GPT-
 * NeoX).
 */
void hs__engine_rotate_heads(float *heads, const float *cosines, const float *sines, size_t n_heads, size_t head_dim,
                             size_t rotary_dim);

/* Lanes of the accumulators, and what rows of scores are padded to: one register of AVX2. */
enum { HS_LANES = 8 };

#endif
