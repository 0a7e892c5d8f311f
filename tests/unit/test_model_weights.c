/* model: stored element types to single precision, and the search for what is not finite. */
#include "model/weights.h"

#include <math.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static void test_known_bit_patterns(void **state)
{
    (void)state;
    const struct {
        hs_dtype dtype;
        uint16_t stored;
        uint32_t expected;
    } cases[] = {
        {HS_DTYPE_F16, 0x0000, 0x00000000},  {HS_DTYPE_F16, 0x8000, 0x80000000},
        {HS_DTYPE_F16, 0x3c00, 0x3f800000}, /* 1 */
        {HS_DTYPE_F16, 0xc000, 0xc0000000}, /* -2 */
        {HS_DTYPE_F16, 0x3555, 0x3eaaa000}, /* nearest to 1/3 */
        {HS_DTYPE_F16, 0x7bff, 0x477fe000}, /* 65504, the largest */
        {HS_DTYPE_F16, 0x0400, 0x38800000}, /* 2^-14, the smallest normal */
        {HS_DTYPE_F16, 0x03ff, 0x387fc000}, /* the largest subnormal */
        {HS_DTYPE_F16, 0x0001, 0x33800000}, /* 2^-24, the smallest subnormal */
        {HS_DTYPE_F16, 0x8001, 0xb3800000},  {HS_DTYPE_F16, 0x7c00, 0x7f800000},
        {HS_DTYPE_F16, 0xfc00, 0xff800000},  {HS_DTYPE_F16, 0x7e00, 0x7fc00000},
        {HS_DTYPE_BF16, 0x3f80, 0x3f800000}, {HS_DTYPE_BF16, 0xc049, 0xc0490000},
        {HS_DTYPE_BF16, 0x0001, 0x00010000}, /* a subnormal in single precision too */
        {HS_DTYPE_BF16, 0x7f80, 0x7f800000}, {HS_DTYPE_BF16, 0x7fc0, 0x7fc00000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned char bytes[2] = {(unsigned char)(cases[i].stored & 0xff), (unsigned char)(cases[i].stored >> 8)};
        float value;
        hs__model_weights_expand(cases[i].dtype, bytes, 1, &value);
        assert_int_equal(bits_of(value), cases[i].expected);
    }
}

/* IEEE 754's definition: (-1)^s 2^(e-15) (1 + m/1024), and (-1)^s 2^-14 m/1024 where e is 0. */
static double half_by_definition(unsigned half)
{
    int exponent = (int)(half >> 10) & 31;
    double fraction = (double)(half & 1023u) / 1024.0;
    double magnitude = exponent == 0 ? ldexp(fraction, -14) : ldexp(1.0 + fraction, exponent - 15);
    return half & 0x8000u ? -magnitude : magnitude;
}

static void test_every_half_is_exact(void **state)
{
    (void)state;
    enum { N = 65536 };
    unsigned char *bytes = malloc(2 * N + 1);
    float *values = malloc(N * sizeof *values);
    assert_non_null(bytes);
    assert_non_null(values);
    unsigned char *odd = bytes + 1; /* stored weights need no alignment */
    for (unsigned i = 0; i < N; i++) {
        odd[2 * i] = (unsigned char)(i & 0xff);
        odd[2 * i + 1] = (unsigned char)(i >> 8);
    }
    hs__model_weights_expand(HS_DTYPE_F16, odd, N, values);
    for (unsigned i = 0; i < N; i++) {
        if ((i & 0x7c00u) != 0x7c00u) {
            assert_true((double)values[i] == half_by_definition(i));
            assert_true(!signbit(values[i]) == !(i & 0x8000u));
        } else {
            assert_true((i & 0x3ffu) == 0 ? isinf(values[i]) : isnan(values[i]));
        }
    }
    free(values);
    free(bytes);
}

/* Of two that are as near the one whose last bit is 0; what the type holds stays. */
static void test_rounding(void **state)
{
    (void)state;
    static const struct {
        hs_dtype dtype;
        float value;
        float expected;
    } cases[] = {
        {HS_DTYPE_F32, 55.4256248f, 55.4256248f}, {HS_DTYPE_F16, 55.4256248f, 55.4375f},
        {HS_DTYPE_BF16, 55.4256248f, 55.5f},      {HS_DTYPE_BF16, 45.2548332f, 45.25f},
        {HS_DTYPE_BF16, 257.0f, 256.0f},          {HS_DTYPE_BF16, 259.0f, 260.0f},
        {HS_DTYPE_BF16, 1.9999f, 2.0f},           {HS_DTYPE_F16, 2049.0f, 2048.0f},
        {HS_DTYPE_F16, 2051.0f, 2052.0f},         {HS_DTYPE_F16, 1.5f, 1.5f},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_true(hs__model_weights_round(cases[i].dtype, cases[i].value) == cases[i].expected);
}

/* To the nearest, ties to even; what single precision cannot hold is found as what is not finite is. */
static void test_f64_is_rounded(void **state)
{
    (void)state;
    const double stored[] = {1.5, -0.0, 1.0 / 3, 1 + 0x1p-24, 1 + 0x3p-24, 0x1.fffffep127, 1e-60};
    const float expected[] = {1.5f, -0.0f, 0x1.555556p-2f, 1.0f, 1 + 0x1p-22f, 0x1.fffffep127f, 0.0f};
    const double too_large[] = {0x1.ffffffp127, -1e300, INFINITY, NAN};
    enum { N = sizeof stored / sizeof stored[0] };
    unsigned char bytes[8 * N + 1];
    float values[N];
    memcpy(bytes + 1, stored, sizeof stored);
    hs__model_weights_expand(HS_DTYPE_F64, bytes + 1, N, values);
    assert_memory_equal(values, expected, sizeof expected);
    assert_int_equal(hs__model_weights_find_not_finite(HS_DTYPE_F64, bytes + 1, N), N);
    for (size_t i = 0; i < sizeof too_large / sizeof too_large[0]; i++) {
        memcpy(bytes + 1 + 8 * i, &too_large[i], sizeof too_large[i]);
        assert_int_equal(hs__model_weights_find_not_finite(HS_DTYPE_F64, bytes + 1, N), i);
        memcpy(bytes + 1 + 8 * i, &stored[0], sizeof stored[0]);
    }
}

static void test_f32_is_copied(void **state)
{
    (void)state;
    const float stored[3] = {1.5f, -0.0f, 1e-42f};
    unsigned char bytes[13];
    float values[3];
    memcpy(bytes + 1, stored, sizeof stored);
    hs__model_weights_expand(HS_DTYPE_F32, bytes + 1, 3, values);
    assert_memory_equal(values, stored, sizeof stored);
}

/* The search runs in chunks: one bad element at every place around their borders, first and last included. */
static void test_the_first_not_finite_element_is_found(void **state)
{
    (void)state;
    const struct {
        hs_dtype dtype;
        size_t n_bytes;
        uint32_t bad[3];
        uint32_t good[3];
    } cases[] = {
        {HS_DTYPE_F32, 4, {0x7f800000, 0xff800000, 0x7fc00001}, {0x7f7fffff, 0x00000001, 0xff7fffff}},
        {HS_DTYPE_F16, 2, {0x7c00, 0xfc00, 0x7e01}, {0x7bff, 0x0001, 0xfbff}},
        {HS_DTYPE_BF16, 2, {0x7f80, 0xff80, 0x7fc1}, {0x7f7f, 0x0001, 0xff7f}},
    };
    enum { N = 9000 };
    const size_t places[] = {0, 1, 4095, 4096, 4097, 8191, 8192, N - 1};
    unsigned char *bytes = malloc(N * 4);
    assert_non_null(bytes);
    for (size_t c = 0; c < 3; c++) {
        for (size_t i = 0; i < N; i++)
            memcpy(bytes + i * cases[c].n_bytes, &cases[c].good[i % 3], cases[c].n_bytes);
        assert_int_equal(hs__model_weights_find_not_finite(cases[c].dtype, bytes, N), N);
        for (size_t p = 0; p < sizeof places / sizeof places[0]; p++) {
            unsigned char *place = bytes + places[p] * cases[c].n_bytes;
            memcpy(place, &cases[c].bad[p % 3], cases[c].n_bytes);
            assert_int_equal(hs__model_weights_find_not_finite(cases[c].dtype, bytes, N), places[p]);
            memcpy(place, &cases[c].good[0], cases[c].n_bytes);
        }
    }
    assert_int_equal(hs__model_weights_find_not_finite(HS_DTYPE_F32, bytes, 0), 0);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_bit_patterns),  cmocka_unit_test(test_f64_is_rounded),
        cmocka_unit_test(test_every_half_is_exact), cmocka_unit_test(test_rounding),
        cmocka_unit_test(test_f32_is_copied),       cmocka_unit_test(test_the_first_not_finite_element_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
