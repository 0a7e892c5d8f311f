/*
 * The statistics of the analysis room on data of which the truth is known: simulations with fixed seeds, and cases that
 * can be worked out by hand. What formulas give is compared with scipy in test_statistics_golden.
 */
#include "analysis/statistics.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/assert_status.h"

enum { N_EXAMPLES = 100, N_RESAMPLES = 1000, N_TRIALS = 2000 };

static double normal(uint64_t seed, uint64_t stream, uint64_t index)
{
    return hs__analysis_normal_quantile(hs_random_uniform(seed, stream, index) + 0x1p-54);
}

/* One number per example, of mean `truth`. */
typedef double draw_function(uint64_t trial, uint64_t example);

static double draw_normal(uint64_t trial, uint64_t example)
{
    return normal(11, trial, example) + 0.3;
}

/* Log-normal with sigma 0.5, as skewed as a log-likelihood ratio may be. */
static double draw_skewed(uint64_t trial, uint64_t example)
{
    return exp(0.5 * normal(12, trial, example));
}

/* What ablation does to an accuracy: 1 right before and wrong after, -1 the other way round, mostly 0. */
static double draw_flipped_answers(uint64_t trial, uint64_t example)
{
    double u = hs_random_uniform(13, trial, example);

    return u < 0.2 ? 1 : u < 0.3 ? -1 : 0;
}

static void leave_one_out_of(const double *values, size_t n, double sum, double *out)
{
    for (size_t i = 0; i < n; ++i)
        out[i] = (sum - values[i]) / (double)(n - 1);
}

/* Share of trials in which the 95% interval holds the truth. */
static double coverage_of(draw_function *draw, double truth, bool bca)
{
    double values[N_EXAMPLES], without[N_EXAMPLES];
    double *replicates;
    resampling r;
    size_t n_covered = 0;

    ASSERT_OK(hs__analysis_resampling_bootstrap(99, N_EXAMPLES, N_RESAMPLES, &r, &error));
    ASSERT_OK(hs_allocate(&replicates, N_RESAMPLES, sizeof *replicates, "replicates", &error));
    for (uint64_t trial = 0; trial < N_TRIALS; ++trial) {
        double sum = 0;
        for (size_t i = 0; i < N_EXAMPLES; ++i)
            sum += values[i] = draw(trial, i);
        hs__analysis_resampling_sums(&r, values, 1, replicates);
        for (size_t b = 0; b < N_RESAMPLES; ++b)
            replicates[b] /= r.total;
        leave_one_out_of(values, N_EXAMPLES, sum, without);
        interval found =
            hs__analysis_bootstrap_interval(replicates, N_RESAMPLES, sum / N_EXAMPLES,
                                            hs__analysis_jackknife_acceleration(without, N_EXAMPLES), 0.95, bca);
        n_covered += found.low <= truth && truth <= found.high;
    }
    hs__analysis_resampling_clear(&r);
    hs_free(replicates);
    return (double)n_covered / N_TRIALS;
}

static void intervals_cover_the_truth(void **state)
{
    const struct {
        const char *name;
        draw_function *draw;
        double truth;
    } cases[] = {
        {"normal", draw_normal, 0.3}, {"skewed", draw_skewed, exp(0.125)}, {"answers", draw_flipped_answers, 0.1}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i)
        for (int bca = 0; bca < 2; ++bca) {
            double coverage = coverage_of(cases[i].draw, cases[i].truth, bca);
            if (!(coverage >= 0.93 && coverage <= 0.97))
                fail_msg("%s, %s: %.4f of 95%% intervals hold the truth", cases[i].name, bca ? "BCa" : "percentile",
                         coverage);
        }
}

/* Nothing varies: the interval is the number. One side of the estimate empty: the plain quantiles. Not finite: none. */
static void degenerate_intervals(void **state)
{
    double same[] = {2, 2, 2, 2}, above[] = {3, 4, 5, 6, 7}, broken[] = {1, NAN, 3};

    (void)state;
    interval found = hs__analysis_bootstrap_interval(same, 4, 2, 0, 0.95, true);
    assert_true(found.low == 2 && found.high == 2);
    found = hs__analysis_bootstrap_interval(above, 5, 1, 0.1, 0.5, true);
    assert_true(found.low == 4 && found.high == 6);
    found = hs__analysis_bootstrap_interval(broken, 3, 2, 0, 0.95, true);
    assert_true(isnan(found.low) && isnan(found.high));
}

/*
 * Skewness beyond the pole of the correction: an interval that ends at a replicate, its lower end below its upper one.
 */
static void skewed_intervals_have_two_ends(void **state)
{
    double replicates[1000];

    (void)state;
    for (size_t i = 0; i < 1000; ++i)
        replicates[i] = i < 998 ? (double)i : -1.0 - (double)i;
    interval found = hs__analysis_bootstrap_interval(replicates, 1000, 996.5, 1.0 / 6, 0.99999, true);
    assert_true(found.low < found.high && found.high == 997);
}

/* What is equal on paper has no spread, whatever rounding left of it. */
static void equal_values_have_no_spread(void **state)
{
    static const double sizes[] = {1.0, 0.1, 1.0 / 3, 1e-30, 4.7e9};
    double values[333];

    (void)state;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; ++s)
        for (int with_residue = 0; with_residue < 2; ++with_residue) {
            for (size_t i = 0; i < 333; ++i)
                values[i] = -sizes[s] * (1 + with_residue * (double)(i % 3) * 0x1p-52);
            assert_true(isnan(hs__analysis_paired_effect(values, 333)));
            if (!with_residue)
                assert_true(hs__analysis_mean_of_values(values, 333) == values[0] &&
                            hs__analysis_jackknife_acceleration(values, 333) == 0);
        }
    values[0] *= 1 + 0x1p-24; /* one example differs by the last bit of single precision */
    assert_true(isfinite(hs__analysis_paired_effect(values, 333)));
    assert_true(isnan(hs__analysis_paired_effect(values, 1)) && isnan(hs__analysis_paired_effect(values, 0)));
}

/* Not a number is not a rank: half of one example has no mean. */
static void rank_correlations_need_numbers(void **state)
{
    const double a[] = {1, 2, 3, 4}, broken[] = {NAN, NAN, NAN, NAN}, same[] = {2, 2, 2, 2};
    double ranks[8];
    uint32_t order[4];

    (void)state;
    assert_true(hs__analysis_spearman(a, a, 4, order, ranks) == 1);
    assert_true(isnan(hs__analysis_spearman(broken, broken, 4, order, ranks)) &&
                isnan(hs__analysis_spearman(a, broken, 4, order, ranks)));
    assert_true(isnan(hs__analysis_spearman(a, same, 4, order, ranks)));
}

/* Differences[n_rows, N_EXAMPLES], symmetric around `shift` of the row; each row has a scale of its own. */
static double *draw_differences(uint64_t seed, size_t n_rows, size_t n_shifted, double shift)
{
    double *differences = NULL;

    ASSERT_OK(hs_allocate(&differences, n_rows * N_EXAMPLES, sizeof *differences, "differences", &error));
    for (size_t row = 0; row < n_rows; ++row)
        for (size_t i = 0; i < N_EXAMPLES; ++i)
            differences[row * N_EXAMPLES + i] =
                (normal(seed, row, i) + (row < n_shifted ? shift : 0)) * (0.1 + (double)(i % 5));
    return differences;
}

/* Largest distance between the distribution of p and the uniform one (Kolmogorov). */
static double distance_from_uniform(const double *p, size_t n)
{
    double *sorted = NULL, distance = 0, *ranks = NULL;
    uint32_t *order = NULL;

    ASSERT_OK(hs_allocate(&sorted, n, sizeof *sorted, "p", &error));
    ASSERT_OK(hs_allocate(&ranks, n, sizeof *ranks, "p", &error));
    ASSERT_OK(hs_allocate(&order, n, sizeof *order, "p", &error));
    hs__analysis_mid_ranks(p, n, order, ranks);
    for (size_t i = 0; i < n; ++i) {
        double x = p[order[i]];
        distance = fmax(distance, fmax(fabs(x - (double)i / (double)n), fabs(x - (double)(i + 1) / (double)n)));
    }
    hs_free(sorted);
    hs_free(ranks);
    hs_free(order);
    return distance;
}

static void p_values_under_the_null_are_uniform(void **state)
{
    double p[N_TRIALS];
    double *differences = draw_differences(21, N_TRIALS, 0, 0);
    sign_flips flips;

    (void)state;
    ASSERT_OK(hs__analysis_sign_flips_new(5, N_EXAMPLES, 2000, &flips, &error));
    ASSERT_OK(hs__analysis_sign_flip_test(&flips, differences, N_TRIALS, p, &error));
    /* 1.63 / sqrt(n) is Kolmogorov's bound at 1%. */
    double distance = distance_from_uniform(p, N_TRIALS);
    if (distance > 1.63 / sqrt(N_TRIALS))
        fail_msg("the p-values are %.4f from uniform", distance);
    hs__analysis_sign_flips_clear(&flips);
    hs_free(differences);
}

/* 100 experiments of 200 heads, 20 of which do something: the share of false ones among those found, on average. */
static void false_discoveries_stay_under_their_level(void **state)
{
    enum { N_EXPERIMENTS = 100, N_HEADS = 200, N_TRUE = 20 };
    const double level = 0.1;
    double p[N_HEADS], q[N_HEADS], rate = 0, power = 0;
    sign_flips flips;

    (void)state;
    ASSERT_OK(hs__analysis_sign_flips_new(6, N_EXAMPLES, 2000, &flips, &error));
    for (uint64_t experiment = 0; experiment < N_EXPERIMENTS; ++experiment) {
        double *differences = draw_differences(1000 + experiment, N_HEADS, N_TRUE, 0.4);
        size_t n_found = 0, n_false = 0;
        ASSERT_OK(hs__analysis_sign_flip_test(&flips, differences, N_HEADS, p, &error));
        ASSERT_OK(hs__analysis_benjamini_hochberg(p, N_HEADS, q, &error));
        for (size_t head = 0; head < N_HEADS; ++head) {
            n_found += q[head] < level;
            n_false += q[head] < level && head >= N_TRUE;
        }
        rate += n_found > 0 ? (double)n_false / (double)n_found / N_EXPERIMENTS : 0;
        power += (double)(n_found - n_false) / N_TRUE / N_EXPERIMENTS;
        hs_free(differences);
    }
    hs__analysis_sign_flips_clear(&flips);
    /* Expected: level * 180 / 200 = 0.09, with a standard error of 0.007. And a test that finds nothing is none. */
    if (!(rate < level && rate > 0.06 && power > 0.5))
        fail_msg("false discovery rate %.4f at level %.2f, power %.3f", rate, level, power);
}

/*
 * 3 of 3 and 2 of 3 answers worse: 2 and 8 of 8 flips are as far from 0. No difference: 1. Sizes 1, 2, 4 all positive:
 * only both ends; with the smallest negative 4 of 8 reach 5.
 */
static void exact_p_values(void **state)
{
    static const struct {
        double differences[4];
        double p;
    } cases[] = {{{1, 1, 1, 0}, 0.25}, {{1, 1, -1, 0}, 1},   {{0, 0, 0, 0}, 1},
                 {{1, 2, 4, 0}, 0.25}, {{-1, 2, 4, 0}, 0.5}, {{1, NAN, 0, 0}, NAN}};
    sign_flips flips;
    double p;

    (void)state;
    ASSERT_OK(hs__analysis_sign_flips_new(1, 4, 64, &flips, &error));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        ASSERT_OK(hs__analysis_sign_flip_test(&flips, cases[i].differences, 1, &p, &error));
        if (isnan(cases[i].p) ? !isnan(p) : fabs(p - cases[i].p) > 1e-12)
            fail_msg("case %zu: p = %.17g", i, p);
    }
    hs__analysis_sign_flips_clear(&flips);
}

/* More examples than a panel holds, and a row that is not finite, which is its own affair. */
static void sums_are_weighted_sums(void **state)
{
    enum { N = 300, N_COLUMNS = 7 };
    double values[2][N], sums[2][N_COLUMNS];
    resampling r;

    (void)state;
    ASSERT_OK(hs__analysis_resampling_bootstrap(3, N, N_COLUMNS, &r, &error));
    for (size_t i = 0; i < N; ++i) {
        values[0][i] = (double)i;
        values[1][i] = NAN;
    }
    hs__analysis_resampling_sums(&r, &values[0][0], 2, &sums[0][0]);
    for (size_t column = 0; column < N_COLUMNS; ++column) {
        double expected = 0, total = 0;
        for (size_t i = 0; i < N; ++i) {
            expected += (double)r.weights[i * N_COLUMNS + column] * (double)i;
            total += (double)r.weights[i * N_COLUMNS + column];
        }
        assert_true(total == N && sums[0][column] == expected && isnan(sums[1][column]));
    }
    hs__analysis_resampling_clear(&r);
}

/* The two halves hold each example at most once, and all but one of an odd number. */
static void halves_are_halves(void **state)
{
    enum { N = 31, N_HALVES = 5 };
    resampling r;

    (void)state;
    ASSERT_OK(hs__analysis_resampling_halves(3, N, N_HALVES, &r, &error));
    assert_true(r.total == 15);
    for (size_t h = 0; h < N_HALVES; ++h) {
        size_t sizes[2] = {0, 0};
        for (size_t i = 0; i < N; ++i) {
            const uint8_t *pair = r.weights + i * r.n_columns + 2 * h;
            assert_true(pair[0] + pair[1] <= 1);
            sizes[0] += pair[0];
            sizes[1] += pair[1];
        }
        assert_true(sizes[0] == 15 && sizes[1] == 15);
    }
    hs__analysis_resampling_clear(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_cover_the_truth),
        cmocka_unit_test(degenerate_intervals),
        cmocka_unit_test(skewed_intervals_have_two_ends),
        cmocka_unit_test(equal_values_have_no_spread),
        cmocka_unit_test(rank_correlations_need_numbers),
        cmocka_unit_test(p_values_under_the_null_are_uniform),
        cmocka_unit_test(false_discoveries_stay_under_their_level),
        cmocka_unit_test(exact_p_values),
        cmocka_unit_test(sums_are_weighted_sums),
        cmocka_unit_test(halves_are_halves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
