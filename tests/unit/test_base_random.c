/* base: hashes and counter-based random numbers against published vectors. */
#include "headsweep/base.h"

#include <math.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

/* xxHash's own sanity check: a generated buffer, and the 64-bit XXH3 of its first bytes for two seeds. */
static const uint64_t prime_32 = UINT64_C(2654435761);
static const uint64_t prime_64 = UINT64_C(11400714785074694797);

static const struct {
    size_t length;
    uint64_t seedless, seeded;
} xxh3_rows[] = {
    {0, UINT64_C(0x2D06800538D394C2), UINT64_C(0xA8A6B918B2F0364A)},
    {1, UINT64_C(0xC44BDFF4074EECDB), UINT64_C(0x032BE332DD766EF8)},
    {6, UINT64_C(0x27B56A84CD2D7325), UINT64_C(0x84589C116AB59AB9)},
    {12, UINT64_C(0xA713DAF0DFBB77E7), UINT64_C(0xE7303E1B2336DE0E)},
    {24, UINT64_C(0xA3FE70BF9D3510EB), UINT64_C(0x850E80FC35BDD690)},
    {48, UINT64_C(0x397DA259ECBA1F11), UINT64_C(0xADC2CBAA44ACC616)},
    {80, UINT64_C(0xBCDEFBBB2C47C90A), UINT64_C(0xC6DD0CB699532E73)},
    {195, UINT64_C(0xCD94217EE362EC3A), UINT64_C(0xBA68003D370CB3D9)},
    {403, UINT64_C(0xCDEB804D65C6DEA4), UINT64_C(0x6259F6ECFD6443FD)},
    {512, UINT64_C(0x617E49599013CB6B), UINT64_C(0x3CE457DE14C27708)},
    {2048, UINT64_C(0xDD59E2C3A5F038E0), UINT64_C(0x66F81670669ABABC)},
};

static void fill_sanity_buffer(unsigned char *bytes, size_t n_bytes)
{
    uint64_t generator = prime_32;
    for (size_t i = 0; i < n_bytes; i++) {
        bytes[i] = (unsigned char)(generator >> 56);
        generator *= prime_64;
    }
}

static void test_xxh3_vectors(void **state)
{
    (void)state;
    unsigned char bytes[2048];
    fill_sanity_buffer(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof xxh3_rows / sizeof xxh3_rows[0]; i++) {
        assert_true(hs_hash(0, bytes, xxh3_rows[i].length) == xxh3_rows[i].seedless);
        assert_true(hs_hash(prime_64, bytes, xxh3_rows[i].length) == xxh3_rows[i].seeded);
    }
    assert_true(hs_hash(0, NULL, 0) == UINT64_C(0x2D06800538D394C2));
}

static void test_hash_pieces(void **state)
{
    (void)state;
    assert_true(hs_hash_text(3, "abc") == hs_hash(3, "abc\0", 4));
    assert_true(hs_hash_text(hs_hash_text(0, "ab"), "c") != hs_hash_text(hs_hash_text(0, "a"), "bc"));
    /* The bytes of the value from the lowest up, whatever the machine has. */
    assert_true(hs_hash_u64(9, UINT64_C(0x0807060504030201)) == hs_hash(9, "\1\2\3\4\5\6\7\10", 8));
}

/* kat_vectors of Random123, "philox4x32 10": counter, key, result. */
static const struct {
    uint32_t counter[4], key[2], result[4];
} philox_rows[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     {0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

static void test_philox_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof philox_rows / sizeof philox_rows[0]; i++) {
        uint32_t out[4];
        uint64_t key = (uint64_t)philox_rows[i].key[1] << 32 | philox_rows[i].key[0];
        hs_random_philox(key, philox_rows[i].counter, out);
        assert_memory_equal(out, philox_rows[i].result, sizeof out);
    }
}

/* The counter is the index below the stream: the published vectors seen through hs_random_u64. */
static void test_u64_is_philox(void **state)
{
    (void)state;
    assert_true(hs_random_u64(0, 0, 0) == UINT64_C(0xe169c58d6627e8d5));
    assert_true(hs_random_u64(UINT64_MAX, UINT64_MAX, UINT64_MAX) == UINT64_C(0x41c83b0e408f276d));
    assert_true(hs_random_u64(UINT64_C(0x299f31d0a4093822), UINT64_C(0x0370734413198a2e),
                              UINT64_C(0x85a308d3243f6a88)) == UINT64_C(0x94fdccebd16cfe09));
}

static void test_uniform(void **state)
{
    (void)state;
    assert_true(hs_random_uniform(0, 0, 0) == (double)(UINT64_C(0xe169c58d6627e8d5) >> 11) / 9007199254740992.0);
    enum { N = 100000 };
    double sum = 0, sum_squares = 0;
    for (uint64_t i = 0; i < N; i++) {
        double u = hs_random_uniform(42, 7, i);
        assert_true(u >= 0 && u < 1);
        sum += u;
        sum_squares += u * u;
    }
    /* Five standard errors: of the mean sqrt(1/12 / N), of the mean square sqrt(4/45 / N). */
    assert_true(fabs(sum / N - 0.5) < 5 * sqrt(1.0 / 12 / N));
    assert_true(fabs(sum_squares / N - 1.0 / 3) < 5 * sqrt(4.0 / 45 / N));
}

/* floor(x * bound / 2^64), in long division by the bits of x. */
static uint64_t scaled_slowly(uint64_t x, uint64_t bound)
{
    uint64_t high = 0, low = 0;
    for (int bit = 63; bit >= 0; bit--) {
        high = high << 1 | low >> 63;
        low <<= 1;
        if (x >> bit & 1) {
            low += bound;
            high += low < bound;
        }
    }
    return high;
}

static void test_below_scales_exactly(void **state)
{
    (void)state;
    static const uint64_t bounds[] = {
        1, 2, 3, 10, 1000, UINT32_MAX, UINT64_C(1) << 32, UINT64_C(0x123456789ABCDEF1), UINT64_MAX};
    for (size_t b = 0; b < sizeof bounds / sizeof bounds[0]; b++)
        for (uint64_t i = 0; i < 1000; i++) {
            uint64_t drawn = hs_random_below(5, b, i, bounds[b]);
            assert_true(drawn < bounds[b]);
            assert_true(drawn == scaled_slowly(hs_random_u64(5, b, i), bounds[b]));
        }
}

static void test_permutation_is_one(void **state)
{
    (void)state;
    enum { N = 1000 };
    uint32_t out[N];
    bool seen[N] = {false};
    hs_random_permutation(1, 2, N, out);
    size_t n_fixed = 0;
    for (uint32_t i = 0; i < N; i++) {
        assert_true(out[i] < N);
        assert_false(seen[out[i]]);
        seen[out[i]] = true;
        n_fixed += out[i] == i;
    }
    assert_true(n_fixed < 10); /* Poisson with mean 1: more has a chance of 1e-7 */
    uint32_t again[N], other[N];
    hs_random_permutation(1, 2, N, again);
    hs_random_permutation(1, 3, N, other);
    assert_memory_equal(out, again, sizeof out);
    assert_memory_not_equal(out, other, sizeof out);
    hs_random_permutation(1, 2, 0, NULL);
    out[0] = 9;
    hs_random_permutation(1, 2, 1, out);
    assert_int_equal(out[0], 0);
}

/* All 24 orders of four things are equally likely: chi-square with 23 degrees of freedom, its 1 - 1e-6 quantile. */
static void test_permutation_is_fair(void **state)
{
    (void)state;
    enum { N = 48000, N_ORDERS = 24 };
    size_t counts[256] = {0};
    for (uint64_t stream = 0; stream < N; stream++) {
        uint32_t out[4];
        hs_random_permutation(11, stream, 4, out);
        counts[out[0] | out[1] << 2 | out[2] << 4 | out[3] << 6]++;
    }
    double chi_square = 0, expected = (double)N / N_ORDERS;
    size_t n_orders = 0;
    for (size_t i = 0; i < 256; i++) {
        if (counts[i] == 0)
            continue;
        n_orders++;
        chi_square += ((double)counts[i] - expected) * ((double)counts[i] - expected) / expected;
    }
    assert_int_equal(n_orders, N_ORDERS);
    assert_true(chi_square < 70.55);
}

/* No two uses of a seed have a stream or a key in common. */
static void test_uses_are_apart(void **state)
{
    (void)state;
    static const hs_random_use uses[] = {
#define USE(name, number, word, what) name,
        HS_RANDOM_USE_LIST(USE)
#undef USE
    };
    for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++) {
        assert_true(hs_random_stream(uses[i], 0) > UINT32_MAX);
        for (size_t j = 0; j < i; j++) {
            assert_true(hs_random_stream(uses[i], 0) >> 32 != hs_random_stream(uses[j], UINT32_MAX) >> 32);
            assert_true(hs_random_key(1, uses[i], "task") != hs_random_key(1, uses[j], "task"));
        }
    }
    assert_true(hs_random_key(1, HS_RANDOM_FLIPS, "a") != hs_random_key(1, HS_RANDOM_FLIPS, "b"));
    assert_true(hs_random_key(1, HS_RANDOM_FLIPS, "a") != hs_random_key(2, HS_RANDOM_FLIPS, "a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_xxh3_vectors),
        cmocka_unit_test(test_hash_pieces),
        cmocka_unit_test(test_philox_vectors),
        cmocka_unit_test(test_u64_is_philox),
        cmocka_unit_test(test_uniform),
        cmocka_unit_test(test_below_scales_exactly),
        cmocka_unit_test(test_permutation_is_one),
        cmocka_unit_test(test_permutation_is_fair),
        cmocka_unit_test(test_uses_are_apart),
    };
    return cmocka_run_group_tests_name("base_random", tests, NULL, NULL);
}
