/*
 * weights: F64, F16 and BF16 to single precision, and the search for what is not finite: all weights
 * pass through these loops, which are written so that the compiler vectorises them.
 */
#include "model/weights.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* safetensors is little-endian, and F32 weights are used where they lie in the mapped file. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "headsweep needs a little-endian machine");
_Static_assert(sizeof(float) == 4, "headsweep needs 32-bit floats");

enum { CHUNK = 4096 };

bool hs__model_dtype_is_weight(hs_dtype dtype)
{
    return dtype == HS_DTYPE_F32 || dtype == HS_DTYPE_F64 || dtype == HS_DTYPE_F16 || dtype == HS_DTYPE_BF16;
}

static inline uint16_t load_u16(const unsigned char *bytes, size_t i)
{
    uint16_t value;
    memcpy(&value, bytes + 2 * i, sizeof value);
    return value;
}

static inline uint32_t load_u32(const unsigned char *bytes, size_t i)
{
    uint32_t value;
    memcpy(&value, bytes + 4 * i, sizeof value);
    return value;
}

static inline float from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Expansion: without branches, so that the loops vectorise. */

/*
 * IEEE half precision. Normal numbers change the exponent's bias from 15 to 127. A subnormal m is m * 2^-24, and 0.5
 * has its last place there: m is put into the last places of 0.5, and 0.5 taken away again, which is exact.
 */
static inline float expand_half(uint16_t half)
{
    const uint32_t half_bits = 0x3f000000u; /* 0.5f */
    uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
    uint32_t magnitude = half & 0x7fffu;
    uint32_t normal = (magnitude << 13) + ((127u - 15u) << 23);
    uint32_t special = (magnitude << 13) | 0x7f800000u;
    float difference = from_bits(half_bits | magnitude) - 0.5f;
    uint32_t subnormal;
    memcpy(&subnormal, &difference, sizeof subnormal);
    uint32_t bits = magnitude < 0x400u ? subnormal : normal;
    return from_bits(sign | (magnitude >= 0x7c00u ? special : bits));
}

static void expand_f16(const unsigned char *bytes, size_t n, float *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = expand_half(load_u16(bytes, i));
}

static void expand_bf16(const unsigned char *bytes, size_t n, float *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = from_bits((uint32_t)load_u16(bytes, i) << 16);
}

static inline double load_f64(const unsigned char *bytes, size_t i)
{
    double value;
    memcpy(&value, bytes + 8 * i, sizeof value);
    return value;
}

/* To the nearest; what is too large becomes infinite. */
static void round_f64(const unsigned char *bytes, size_t n, float *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (float)load_f64(bytes, i);
}

void hs__model_weights_expand(hs_dtype dtype, const unsigned char *bytes, size_t n, float *out)
{
    if (n == 0)
        return;
    if (dtype == HS_DTYPE_F16)
        expand_f16(bytes, n, out);
    else if (dtype == HS_DTYPE_BF16)
        expand_bf16(bytes, n, out);
    else if (dtype == HS_DTYPE_F64)
        round_f64(bytes, n, out);
    else
        memcpy(out, bytes, n * sizeof *out);
}

/* Fewer bits of the significand, the even one of two that are as near. */
float hs__model_weights_round(hs_dtype dtype, float value)
{
    unsigned n_dropped = dtype == HS_DTYPE_F16 ? 13 : dtype == HS_DTYPE_BF16 ? 16 : 0;
    uint32_t bits;
    if (n_dropped == 0)
        return value;
    memcpy(&bits, &value, sizeof bits);
    bits += (1u << (n_dropped - 1)) - 1 + (bits >> n_dropped & 1u);
    return from_bits(bits >> n_dropped << n_dropped);
}

/* Finiteness: an exponent of nothing but ones; of F64 also what is larger than any number of single precision. */

static bool has_not_finite_u16(const unsigned char *bytes, size_t n, uint16_t exponent)
{
    unsigned found = 0;
    for (size_t i = 0; i < n; i++)
        found |= (load_u16(bytes, i) & exponent) == exponent;
    return found != 0;
}

static bool has_not_finite_u32(const unsigned char *bytes, size_t n)
{
    const uint32_t exponent = 0x7f800000u;
    unsigned found = 0;
    for (size_t i = 0; i < n; i++)
        found |= (load_u32(bytes, i) & exponent) == exponent;
    return found != 0;
}

static bool has_not_finite_f64(const unsigned char *bytes, size_t n)
{
    unsigned found = 0;
    for (size_t i = 0; i < n; i++)
        found |= !(fabs(load_f64(bytes, i)) <= (double)FLT_MAX);
    return found != 0;
}

static bool has_not_finite(hs_dtype dtype, const unsigned char *bytes, size_t n)
{
    if (dtype == HS_DTYPE_F32)
        return has_not_finite_u32(bytes, n);
    if (dtype == HS_DTYPE_F64)
        return has_not_finite_f64(bytes, n);
    return has_not_finite_u16(bytes, n, dtype == HS_DTYPE_F16 ? 0x7c00u : 0x7f80u);
}

size_t hs__model_weights_find_not_finite(hs_dtype dtype, const unsigned char *bytes, size_t n)
{
    size_t element_bytes = dtype == HS_DTYPE_F64 ? 8 : dtype == HS_DTYPE_F32 ? 4 : 2;
    for (size_t start = 0; start < n; start += CHUNK) {
        size_t length = n - start < CHUNK ? n - start : CHUNK;
        if (!has_not_finite(dtype, bytes + start * element_bytes, length))
            continue;
        for (size_t i = start; i < start + length; i++)
            if (has_not_finite(dtype, bytes + i * element_bytes, 1))
                return i;
    }
    return n;
}
