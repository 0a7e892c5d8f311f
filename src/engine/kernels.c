#include "engine/kernels.h"
#include "engine/kernel_levels.h"

#include <math.h>

/* ---- levels ---------------------------------------------------------------------------------------------------- */

/* What the operating system keeps over a context switch counts too: both compilers' libraries look at that. */
#if defined(__x86_64__)
static const struct hs_kernels *avx512(void)
{
    return __builtin_cpu_supports("avx512f") ? HS__ENGINE_AVX512_KERNELS : NULL;
}

static const struct hs_kernels *avx2(void)
{
    return __builtin_cpu_supports("avx2") ? HS__ENGINE_AVX2_KERNELS : NULL;
}
#else
static const struct hs_kernels *avx512(void)
{
    return NULL;
}

static const struct hs_kernels *avx2(void)
{
    return NULL;
}
#endif

static const struct hs_kernels *portable(void)
{
    return HS__ENGINE_PORTABLE_KERNELS;
}

static const struct {
    const char *name;
    const struct hs_kernels *(*find)(void);
} LEVELS[HS_N_KERNEL_LEVELS] = {
    [HS_KERNELS_PORTABLE] = {"portable", portable},
    [HS_KERNELS_AVX2] = {"AVX2", avx2},
    [HS_KERNELS_AVX512] = {"AVX-512", avx512},
};

const char *hs__engine_kernel_level_name(hs_kernel_level level)
{
    return LEVELS[level].name;
}

const struct hs_kernels *hs__engine_kernels_of(hs_kernel_level level)
{
    return LEVELS[level].find();
}

/* At each call, a load and a test or two: nothing has to be set up, and there is nothing that could be changed. */
const struct hs_kernels *hs__engine_kernels_in_use(void)
{
    const struct hs_kernels *kernels = avx512();
    if (kernels == NULL)
        kernels = avx2();
    return kernels != NULL ? kernels : portable();
}

/* ---- kernels.h ------------------------------------------------------------------------------------------------- */

#define HS_KERNEL(type, name, parameters, arguments)        \
    type hs__engine_##name parameters                       \
    {                                                       \
        return hs__engine_kernels_in_use()->name arguments; \
    }
HS_KERNEL_LIST(HS_KERNEL)
#undef HS_KERNEL

void hs__engine_activate(float *values, size_t n, hs_activation activation)
{
    const struct hs_kernels *kernels = hs__engine_kernels_in_use();
    void (*const functions[])(float *, size_t) = {
        [HS_ACTIVATION_GELU] = kernels->gelu, [HS_ACTIVATION_GELU_TANH] = kernels->gelu_tanh,
        [HS_ACTIVATION_RELU] = kernels->relu, [HS_ACTIVATION_SILU] = kernels->silu,
        [HS_ACTIVATION_TANH] = kernels->tanh,
    };
    functions[activation](values, n);
}

double hs__engine_log_sum_exp(const float *values, size_t n)
{
    float maximum = hs__engine_max(values, n);
    return (double)maximum + log(hs__engine_sum_exp(values, maximum, n));
}

size_t hs__engine_argmax(const float *values, size_t n)
{
    size_t best_index = 0;
    for (size_t i = 1; i < n; i++)
        best_index = values[i] > values[best_index] ? i : best_index;
    return best_index;
}
