/* The sampler against sorting, against Gumbel-max written out, and against the probabilities it should draw with. */
#include "engine/sampler.h"
#include "support/engine_fixture.h"

#include <stdlib.h>

enum { SEED = 77 };

/* Bell-shaped enough: sums of uniform numbers; `deviation` 0.5 is nearly flat. */
static void fill_logits(float *logits, size_t n, double deviation, uint64_t stream)
{
    for (size_t i = 0; i < n; i++) {
        double sum = -6;
        for (uint64_t k = 0; k < 12; k++)
            sum += hs_random_uniform(SEED, stream, i * 12 + k);
        logits[i] = (float)(deviation * sum);
    }
}

static void test_noise_is_philox(void **state)
{
    (void)state;
    enum { N_BLOCKS = 37 };
    const uint32_t counter[3] = {5, 6, 7};
    const uint64_t key = UINT64_C(0x123456789abcdef0);
    uint32_t noise[4 * N_BLOCKS];
    hs__engine_best_device()->kernels->fill_noise(noise, key, 1000, counter, N_BLOCKS);
    for (uint32_t block = 0; block < N_BLOCKS; block++) {
        uint32_t expected[4];
        hs_random_philox(key, (uint32_t[]){1000 + block, 5, 6, 7}, expected);
        assert_memory_equal(noise + (size_t)4 * block, expected, sizeof expected);
    }
}

static void test_attention_of_a_row(void **state)
{
    (void)state;
    const struct hs_head_row shape = {6, 3, 11};
    float queries[66], key[22], z[66], scores[6 * 2];
    fill_logits(queries, 66, 1, 1);
    fill_logits(key, 22, 1, 2);
    fill_logits(z, 66, 1, 3);
    hs__engine_best_device()->kernels->score_row(scores, 2, queries, key, shape, 0.5f);
    for (size_t head = 0; head < 6; head++) {
        double sum = 0;
        for (size_t i = 0; i < 11; i++)
            sum += 0.5 * (double)queries[head * 11 + i] * (double)key[head / 3 * 11 + i];
        assert_true(fabs((double)scores[2 * head] - sum) < 1e-5);
    }
    float mixed[66];
    memcpy(mixed, z, sizeof mixed);
    hs__engine_best_device()->kernels->mix_row(mixed, scores, 2, key, shape);
    for (size_t i = 0; i < 66; i++) {
        double sum = (double)z[i] + (double)scores[i / 11 * 2] * (double)key[i / 33 * 11 + i % 11];
        assert_true(fabs((double)mixed[i] - sum) < 1e-5);
    }
}

static void test_finding(void **state)
{
    (void)state;
    float values[300];
    uint32_t integers[300];
    uint32_t found[300];
    for (size_t i = 0; i < 300; i++) {
        values[i] = i % 97 == 3 ? 2.0f : 1.0f;
        integers[i] = i % 97 == 3 ? UINT32_MAX : 10;
    }
    assert_int_equal(hs__engine_best_device()->kernels->find_at_least(found, 300, values, 2.0f, 300), 4);
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(found[i], 97 * i + 3);
    assert_int_equal(hs__engine_best_device()->kernels->find_at_least(found, 2, values, 2.0f, 300), 2);
    assert_int_equal(hs__engine_best_device()->kernels->find_at_least(found, 300, values, 3.0f, 300), 0);
    assert_int_equal(hs__engine_best_device()->kernels->find_integer(integers, UINT32_MAX, 0, 300), 3);
    assert_int_equal(hs__engine_best_device()->kernels->find_integer(integers, UINT32_MAX, 4, 300), 100);
    assert_int_equal(hs__engine_best_device()->kernels->find_integer(integers, UINT32_MAX, 295, 300), 300);
    assert_int_equal(hs__engine_best_device()->kernels->find_integer(integers, 10, 130, 300), 130);
    assert_int_equal(hs__engine_best_device()->kernels->find_integer(integers, 10, 300, 300), 300);
}

struct sorted {
    float score;
    int32_t token;
};

static int compare_sorted(const void *left, const void *right)
{
    const struct sorted *a = left;
    const struct sorted *b = right;
    if (a->score != b->score)
        return a->score < b->score ? 1 : -1;
    return a->token - b->token;
}

/* Which tokens are left, by sorting all of them; hs_free() it. */
static bool *sort_kept(const float *logits, size_t n, const hs_sampling *sampling)
{
    struct sorted *sorted = NULL;
    bool *kept = NULL;
    ASSERT_OK(hs_allocate(&sorted, n, sizeof *sorted, "test", &error));
    ASSERT_OK(hs_allocate(&kept, n, sizeof *kept, "test", &error));
    for (size_t i = 0; i < n; i++)
        sorted[i] = (struct sorted){logits[i] / (float)sampling->temperature, (int32_t)i};
    qsort(sorted, n, sizeof *sorted, compare_sorted);
    size_t n_left = n;
    while (sampling->top_k > 0 && n_left > sampling->top_k &&
           sorted[n_left - 1].score < sorted[sampling->top_k - 1].score)
        n_left--;
    double whole = 0;
    double sum = 0;
    for (size_t i = 0; i < n_left; i++)
        whole += exp((double)(sorted[i].score - sorted[0].score));
    for (size_t i = 0; i < n_left && (sampling->top_p == 1 || sum < sampling->top_p * whole); i++) {
        kept[sorted[i].token] = true;
        sum += exp((double)(sorted[i].score - sorted[0].score));
    }
    hs_free(sorted);
    return kept;
}

static int32_t draw_by_definition(const float *scores, size_t n, const bool *kept, uint64_t seed, uint64_t prompt_key,
                                  uint32_t sample, uint32_t step)
{
    uint64_t key = hs_hash_u64(hs_hash_u64(0, seed), prompt_key);
    int32_t best = -1;
    double largest = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t words[4];
        hs_random_philox(key, (uint32_t[]){(uint32_t)i / 4, step, sample, 0}, words);
        double value = (double)scores[i] - log(-log((words[i % 4] + 0.5) / 4294967296.0));
        if (kept[i] && (best < 0 || value > largest)) {
            best = (int32_t)i;
            largest = value;
        }
    }
    return best;
}

/* Vocabularies of every remainder, flat and peaked, sparse nuclei and dense ones. */
static void test_draws_by_definition(void **state)
{
    (void)state;
    static const double temperatures[] = {1, 0.7, 1.8};
    static const double shares[] = {1, 0.9, 0.3};
    static const size_t limits[] = {0, 1, 7, 1000};
    for (uint64_t round = 0; round < 108; round++) {
        size_t n = 1 + hs_random_below(SEED, round, 1, round % 4 == 0 ? 20000 : 500);
        float *logits = NULL;
        struct hs_sampler sampler;
        hs_sampling sampling = {
            .n_samples = 3,
            .max_new_tokens = 2,
            .temperature = temperatures[round % 3],
            .top_p = shares[round / 3 % 3],
            .top_k = limits[round / 9 % 4],
            .seed = round,
        };
        ASSERT_OK(hs_allocate(&logits, n, sizeof *logits, "test", &error));
        ASSERT_OK(hs__engine_sampler_init(&sampler, hs__engine_best_device(), &sampling, n, &error));
        fill_logits(logits, n, round % 2 == 0 ? 0.5 : 3, round);
        for (size_t i = 0; i < n && round % 5 == 0; i++)
            logits[i] = roundf(4 * logits[i]) / 4;
        bool *kept = sort_kept(logits, n, &sampling);
        assert_true(hs__engine_sampler_load(&sampler, logits));
        for (size_t i = 0; i < n; i++)
            assert_int_equal(hs__engine_sampler_keeps(&sampler, i), kept[i]);
        for (uint32_t i = 0; i < 6; i++)
            assert_int_equal(hs__engine_sampler_draw(&sampler, 40 + round, i / 2, i % 2),
                             draw_by_definition(logits, n, kept, round, 40 + round, i / 2, i % 2));
        hs_free(kept);
        hs_free(logits);
        hs__engine_sampler_clear(&sampler);
    }
}

static void test_greedy_takes_the_lowest_of_equals(void **state)
{
    (void)state;
    float logits[] = {0, 1, 3, 2, 3, 3, -1};
    const hs_sampling sampling = {.n_samples = 9, .max_new_tokens = 1, .top_p = 0.5};
    struct hs_sampler sampler;
    ASSERT_OK(hs__engine_sampler_init(&sampler, hs__engine_best_device(), &sampling, 7, &error));
    assert_true(hs__engine_sampler_load(&sampler, logits));
    assert_int_equal(hs__engine_sampler_draw(&sampler, 1, 0, 0), 2);
    assert_int_equal(hs_sampling_distinct(&sampling), 1);
    hs__engine_sampler_clear(&sampler);
}

static void test_what_is_not_finite(void **state)
{
    (void)state;
    const hs_sampling samplings[] = {{.n_samples = 1, .max_new_tokens = 1, .top_p = 0.9, .temperature = 1},
                                     {.n_samples = 1, .max_new_tokens = 1, .top_p = 1}};
    const float bad[] = {NAN, INFINITY};
    for (size_t i = 0; i < 4; i++) {
        struct hs_sampler sampler;
        float logits[100] = {0};
        logits[71] = bad[i % 2];
        ASSERT_OK(hs__engine_sampler_init(&sampler, hs__engine_best_device(), &samplings[i / 2], 100, &error));
        assert_false(hs__engine_sampler_load(&sampler, logits));
        hs__engine_sampler_clear(&sampler);
    }
}

/*
 * Pearson's chi-square of the drawn tokens against the softmax of what is kept, tokens of small expectation together.
 * The seed is fixed: the bound is one that chance exceeds once in 30,000 times.
 */
static void check_frequencies(const hs_sampling *sampling, double deviation)
{
    enum { N = 60, N_DRAWS = 40000, FEWEST = 10 };
    float logits[N];
    double probabilities[N];
    size_t counts[N] = {0};
    struct hs_sampler sampler;
    ASSERT_OK(hs__engine_sampler_init(&sampler, hs__engine_best_device(), sampling, N, &error));
    fill_logits(logits, N, deviation, 5);
    bool *kept = sort_kept(logits, N, sampling);
    double whole = 0;
    for (size_t i = 0; i < N; i++)
        whole += probabilities[i] = kept[i] ? exp((double)logits[i] / sampling->temperature) : 0;
    assert_true(hs__engine_sampler_load(&sampler, logits));
    for (size_t i = 0; i < N_DRAWS; i++)
        counts[hs__engine_sampler_draw(&sampler, i / 1000, i % 1000, i % 7)]++;
    double statistic = 0;
    double rest = N_DRAWS;
    double rest_drawn = N_DRAWS;
    double n_classes = 0;
    for (size_t i = 0; i < N; i++) {
        double expectation = N_DRAWS * probabilities[i] / whole;
        if (!kept[i])
            assert_int_equal(counts[i], 0);
        if (expectation < FEWEST)
            continue;
        double difference = (double)counts[i] - expectation;
        statistic += difference * difference / expectation;
        rest -= expectation;
        rest_drawn -= (double)counts[i];
        n_classes++;
    }
    if (rest >= FEWEST) {
        statistic += (rest_drawn - rest) * (rest_drawn - rest) / rest;
        n_classes++;
    }
    /* Wilson and Hilferty 1931: the cube root of chi-square over its degrees of freedom is nearly normal. */
    double freedom = n_classes - 1;
    double bound = freedom * pow(1 - 2 / (9 * freedom) + 4 * sqrt(2 / (9 * freedom)), 3);
    print_message("chi-square %.1f, bound %.1f, %g degrees of freedom\n", statistic, bound, freedom);
    assert_true(freedom >= 2 && statistic < bound);
    hs_free(kept);
    hs__engine_sampler_clear(&sampler);
}

static void test_frequencies(void **state)
{
    (void)state;
    const hs_sampling samplings[] = {
        {.n_samples = 1, .max_new_tokens = 1, .temperature = 1, .top_p = 1, .seed = 1},
        {.n_samples = 1, .max_new_tokens = 1, .temperature = 0.7, .top_p = 0.9, .seed = 2},
        {.n_samples = 1, .max_new_tokens = 1, .temperature = 1.5, .top_p = 1, .top_k = 12, .seed = 3},
        {.n_samples = 1, .max_new_tokens = 1, .temperature = 1, .top_p = 0.8, .top_k = 20, .seed = 4},
    };
    for (size_t i = 0; i < sizeof samplings / sizeof *samplings; i++) {
        check_frequencies(&samplings[i], 0.6);
        check_frequencies(&samplings[i], 1.5);
    }
}

static void test_ranges(void **state)
{
    (void)state;
    const hs_sampling good = {.n_samples = 1, .max_new_tokens = 1, .temperature = 1, .top_p = 1};
    hs_sampling bad[7];
    for (size_t i = 0; i < 7; i++)
        bad[i] = good;
    bad[0].n_samples = 0;
    bad[1].max_new_tokens = 0;
    bad[2].temperature = -1;
    bad[3].temperature = NAN;
    bad[4].top_p = 0;
    bad[5].top_p = NAN;
    const int32_t outside[] = {3, 10};
    bad[6].end_tokens = outside;
    bad[6].n_end_tokens = 2;
    ASSERT_OK(hs__engine_sampling_check(&good, 10, &error));
    for (size_t i = 0; i < 7; i++)
        ASSERT_FAILS(hs__engine_sampling_check(&bad[i], 10, &error), HS_ERROR_INPUT, "sampling: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_noise_is_philox),
        cmocka_unit_test(test_attention_of_a_row),
        cmocka_unit_test(test_finding),
        cmocka_unit_test(test_draws_by_definition),
        cmocka_unit_test(test_greedy_takes_the_lowest_of_equals),
        cmocka_unit_test(test_what_is_not_finite),
        cmocka_unit_test(test_frequencies),
        cmocka_unit_test(test_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
