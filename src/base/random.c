/*
 * random: Philox4x32-10 (Salmon et al. 2011). A number depends on key, stream and index alone, so
 * that every rank can draw any of them, in any order, and the results do not depend on who did.
 */
#include "headsweep/base.h"

/* Constants of Philox4x32 (Salmon et al. 2011, table 2): multipliers, and Weyl increments of the round keys. */
enum { PHILOX_ROUNDS = 10 };
static const uint32_t philox_multiplier_0 = UINT32_C(0xD2511F53);
static const uint32_t philox_multiplier_1 = UINT32_C(0xCD9E8D57);
static const uint32_t philox_weyl_0 = UINT32_C(0x9E3779B9); /* golden ratio */
static const uint32_t philox_weyl_1 = UINT32_C(0xBB67AE85); /* sqrt(3) - 1 */

/*
 * The rounds of the paper, with the order of words of Random123, whose known answers a test
 * compares with: another order would be as random and agree with nobody.
 */
void hs_random_philox(uint64_t key, const uint32_t counter[4], uint32_t out[4])
{
    uint32_t key_0 = (uint32_t)key, key_1 = (uint32_t)(key >> 32);
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    for (int round = 0; round < PHILOX_ROUNDS; round++) {
        uint64_t product_0 = (uint64_t)philox_multiplier_0 * c0;
        uint64_t product_1 = (uint64_t)philox_multiplier_1 * c2;
        c0 = (uint32_t)(product_1 >> 32) ^ c1 ^ key_0;
        c1 = (uint32_t)product_1;
        c2 = (uint32_t)(product_0 >> 32) ^ c3 ^ key_1;
        c3 = (uint32_t)product_0;
        key_0 += philox_weyl_0;
        key_1 += philox_weyl_1;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

uint64_t hs_random_stream(hs_random_use use, uint32_t part)
{
    return ((uint64_t)use << 32) + part;
}

static const char *word_of(hs_random_use use)
{
    switch (use) {
#define WORD_CASE(name, number, word, what) \
    case name:                              \
        return word;
        HS_RANDOM_USE_LIST(WORD_CASE)
#undef WORD_CASE
    }
    return "";
}

uint64_t hs_random_key(uint64_t seed, hs_random_use use, const char *part)
{
    return hs_hash_text(hs_hash_text(hs_hash_u64(0, seed), part), word_of(use));
}

uint64_t hs_random_u64(uint64_t key, uint64_t stream, uint64_t index)
{
    const uint32_t counter[4] = {(uint32_t)index, (uint32_t)(index >> 32), (uint32_t)stream, (uint32_t)(stream >> 32)};
    uint32_t out[4];
    hs_random_philox(key, counter, out);
    return (uint64_t)out[1] << 32 | out[0];
}

double hs_random_uniform(uint64_t key, uint64_t stream, uint64_t index)
{
    return (double)(hs_random_u64(key, stream, index) >> 11) * 0x1p-53;
}

/* The upper half of the 128-bit product. */
static uint64_t multiply_high(uint64_t a, uint64_t b)
{
    uint64_t a_low = a & UINT32_MAX, a_high = a >> 32;
    uint64_t b_low = b & UINT32_MAX, b_high = b >> 32;
    uint64_t middle_1 = a_high * b_low + (a_low * b_low >> 32);
    uint64_t middle_2 = a_low * b_high + (middle_1 & UINT32_MAX);
    return a_high * b_high + (middle_1 >> 32) + (middle_2 >> 32);
}

uint64_t hs_random_below(uint64_t key, uint64_t stream, uint64_t index, uint64_t bound)
{
    return multiply_high(hs_random_u64(key, stream, index), bound);
}

void hs_random_permutation(uint64_t key, uint64_t stream, size_t n, uint32_t *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (uint32_t)i;
    for (size_t i = n; i-- > 1;) {
        size_t j = (size_t)hs_random_below(key, stream, i, i + 1);
        uint32_t swapped = out[i];
        out[i] = out[j];
        out[j] = swapped;
    }
}
