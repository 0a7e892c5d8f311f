/* The rows of the table. */
#include "engine/device.h"

static bool has_portable(void)
{
    return true;
}

/* What the operating system keeps over a context switch counts too: both compilers' libraries look at that. */
static bool has_avx2(void)
{
#if defined(__x86_64__)
    return HS__ENGINE_AVX2_KERNELS.add != NULL && __builtin_cpu_supports("avx2");
#else
    return false;
#endif
}

static bool has_avx512(void)
{
#if defined(__x86_64__)
    return HS__ENGINE_AVX512_KERNELS.add != NULL && __builtin_cpu_supports("avx512f");
#else
    return false;
#endif
}

/* BLAS finds its own instruction set. */
#define HOST hs_blas_product_f32, hs_allocate, hs_free, NULL

static const struct hs_device DEVICES[HS_N_DEVICES] = {
    [HS_DEVICE_PORTABLE] = {"portable", has_portable, &HS__ENGINE_PORTABLE_KERNELS, HOST},
    [HS_DEVICE_AVX2] = {"AVX2", has_avx2, &HS__ENGINE_AVX2_KERNELS, HOST},
    [HS_DEVICE_AVX512] = {"AVX-512", has_avx512, &HS__ENGINE_AVX512_KERNELS, HOST},
};

const struct hs_device *hs__engine_device(enum hs_device_row row)
{
    return &DEVICES[row];
}

const struct hs_device *hs__engine_best_device(void)
{
    size_t row = HS_N_DEVICES - 1;
    while (!DEVICES[row].is_here())
        row--;
    return &DEVICES[row];
}
