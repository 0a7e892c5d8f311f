/*
 * kernel_levels: the kernels of kernels.h and generate_kernels.h once for each instruction set; see device.h.
 */
#ifndef HEADSWEEP_ENGINE_KERNEL_LEVELS_H
#define HEADSWEEP_ENGINE_KERNEL_LEVELS_H

#include "engine/generate_kernels.h"
#include "engine/kernels.h"

/* values [n] in place; all but the first are activations, which hs__engine_activate chooses from. */
#define HS_ELEMENTWISE_LIST(X) X(exp) X(gelu) X(gelu_tanh) X(silu) X(tanh) X(relu)

/* Result, name, parameters and arguments of each other kernel; see kernels.h for what it does. */
#define HS_KERNEL_LIST(X)                                                                                            \
    X(void, layer_norm,                                                                                              \
      (float *out, const float *in, const float *weight, const float *bias, size_t n_rows, size_t width,             \
       double epsilon),                                                                                              \
      (out, in, weight, bias, n_rows, width, epsilon))                                                               \
    X(void, rms_norm,                                                                                                \
      (float *out, const float *in, const float *weight, const float *bias, size_t n_rows, size_t width,             \
       double epsilon),                                                                                              \
      (out, in, weight, bias, n_rows, width, epsilon))                                                               \
    X(void, visible_softmax, (float *scores, size_t stride, size_t n_rows, const struct hs_range *visible),          \
      (scores, stride, n_rows, visible))                                                                             \
    X(float, max, (const float *values, size_t n), (values, n))                                                      \
    X(double, sum_exp, (const float *values, float maximum, size_t n), (values, maximum, n))                         \
    X(void, add, (float *out, const float *in, size_t n), (out, in, n))                                              \
    X(void, multiply, (float *out, const float *in, size_t n), (out, in, n))                                         \
    X(void, scale_and_shift, (float *out, float scale, const float *shift, float shift_scale, size_t n),             \
      (out, scale, shift, shift_scale, n))                                                                           \
    X(void, rotate_heads,                                                                                            \
      (float *heads, const float *cosines, const float *sines, size_t n_heads, size_t head_dim, size_t rotary_dim),  \
      (heads, cosines, sines, n_heads, head_dim, rotary_dim))                                                        \
    X(void, score_row,                                                                                               \
      (float *scores, size_t stride, const float *queries, const float *key, struct hs_head_row shape, float scale), \
      (scores, stride, queries, key, shape, scale))                                                                  \
    X(void, mix_row, (float *z, const float *weights, size_t stride, const float *value, struct hs_head_row shape),  \
      (z, weights, stride, value, shape))                                                                            \
    X(void, divide, (float *values, float divisor, size_t n), (values, divisor, n))                                  \
    X(void, exp_below, (float *out, const float *values, float maximum, size_t n), (out, values, maximum, n))        \
    X(void, grade, (int32_t * out, const float *values, float maximum, float per_unit, int32_t last, size_t n),      \
      (out, values, maximum, per_unit, last, n))                                                                     \
    X(size_t, find_at_least, (uint32_t * out, size_t limit, const float *values, float least, size_t n),             \
      (out, limit, values, least, n))                                                                                \
    X(size_t, find_integer, (const uint32_t *values, uint32_t least, size_t first, size_t n),                        \
      (values, least, first, n))                                                                                     \
    X(void, fill_noise,                                                                                              \
      (uint32_t * noise, uint64_t key, uint32_t first_block, const uint32_t counter[3], size_t n_blocks),            \
      (noise, key, first_block, counter, n_blocks))

struct hs_kernels {
#define HS_ELEMENTWISE_POINTER(name) void (*name)(float *values, size_t n);
    HS_ELEMENTWISE_LIST(HS_ELEMENTWISE_POINTER)
#undef HS_ELEMENTWISE_POINTER
#define HS_KERNEL_POINTER(type, name, parameters, arguments) type(*name) parameters;
    HS_KERNEL_LIST(HS_KERNEL_POINTER)
#undef HS_KERNEL_POINTER
};

#endif
