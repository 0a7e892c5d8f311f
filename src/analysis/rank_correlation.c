/*
 * rank_correlation: Spearman's correlation with ties, for a few hundred heads thousands of times.
 */
#include <math.h>
#include <stdlib.h>

#include "analysis/statistics.h"

void hs__analysis_restore_ties(double *values, size_t n)
{
    double largest = 0;
    int exponent;

    for (size_t i = 0; i < n; ++i)
        largest = fmax(largest, fabs(values[i]));
    if (largest == 0 || !isfinite(largest))
        return;
    (void)frexp(largest, &exponent);
    const double unit = ldexp(1, exponent - 40);
    for (size_t i = 0; i < n; ++i)
        values[i] = rint(values[i] / unit) * unit;
}

/* Ties in the order of the indices, so that the order is one. */
static bool comes_after(const double *values, uint32_t a, uint32_t b)
{
    return values[a] > values[b] || (values[a] == values[b] && a > b);
}

/*
 * Shell sort of indices by value (gaps of Ciura 2001): a few hundred heads, thousands of times, and no context to
 * pass.
 */
static void sort_order(const double *values, size_t n, uint32_t *order)
{
    static const size_t gaps[] = {16577, 7367, 3274, 1455, 701, 301, 132, 57, 23, 10, 4, 1};

    for (size_t i = 0; i < n; ++i)
        order[i] = (uint32_t)i;
    for (size_t g = 0; g < sizeof gaps / sizeof *gaps; ++g)
        for (size_t i = gaps[g]; i < n; ++i) {
            uint32_t moved = order[i];
            size_t place = i;
            for (; place >= gaps[g] && comes_after(values, order[place - gaps[g]], moved); place -= gaps[g])
                order[place] = order[place - gaps[g]];
            order[place] = moved;
        }
}

void hs__analysis_mid_ranks(const double *values, size_t n, uint32_t *order, double *ranks)
{
    sort_order(values, n, order);
    for (size_t first = 0, after; first < n; first = after) {
        for (after = first + 1; after < n && values[order[after]] == values[order[first]]; ++after)
            ;
        for (size_t i = first; i < after; ++i)
            ranks[order[i]] = 0.5 * (double)(first + after + 1);
    }
}

/*
 * Pearson's correlation of mid-ranks, which is right with ties where the formula of squared
 * differences is not. NaN where one side has a single value: a constant orders nothing.
 */
double hs__analysis_spearman(const double *a, const double *b, size_t n, uint32_t *order, double *ranks)
{
    const double mean = 0.5 * (double)(n + 1);
    double ab = 0, aa = 0, bb = 0;

    for (size_t i = 0; i < n; ++i)
        if (!isfinite(a[i]) || !isfinite(b[i]))
            return NAN;
    hs__analysis_mid_ranks(a, n, order, ranks);
    hs__analysis_mid_ranks(b, n, order, ranks + n);
    for (size_t i = 0; i < n; ++i) {
        double left = ranks[i] - mean, right = ranks[n + i] - mean;
        ab += left * right;
        aa += left * left;
        bb += right * right;
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : NAN;
}
