/* What is put together from kernels, the same on every device. */
#include "engine/kernels.h"

#include <math.h>

void hs__engine_activate(const struct hs_kernels *kernels, float *values, size_t n, hs_activation activation)
{
    void (*const functions[])(float *, size_t) = {
        [HS_ACTIVATION_GELU] = kernels->gelu, [HS_ACTIVATION_GELU_TANH] = kernels->gelu_tanh,
        [HS_ACTIVATION_RELU] = kernels->relu, [HS_ACTIVATION_SILU] = kernels->silu,
        [HS_ACTIVATION_TANH] = kernels->tanh, [HS_ACTIVATION_RELU_SQUARED] = kernels->relu_squared,
        [HS_ACTIVATION_NONE] = NULL,
    };
    if (functions[activation] != NULL)
        functions[activation](values, n);
}

double hs__engine_log_sum_exp(const struct hs_kernels *kernels, const float *values, size_t n)
{
    float maximum = kernels->max(values, n);
    return (double)maximum + log(kernels->sum_exp(values, maximum, n));
}

size_t hs__engine_argmax(const float *values, size_t n)
{
    size_t best_index = 0;
    for (size_t i = 1; i < n; i++)
        best_index = values[i] > values[best_index] ? i : best_index;
    return best_index;
}
