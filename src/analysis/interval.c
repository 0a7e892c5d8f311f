/* interval: quantiles and bootstrap intervals of replicates. */
#include <math.h>

#include "analysis/statistics.h"

static void swap(double *a, double *b)
{
    double kept = *a;

    *a = *b;
    *b = kept;
}

static double median_of_three(double a, double b, double c)
{
    return fmax(fmin(a, b), fmin(fmax(a, b), c));
}

/* Hoare's selection: afterwards values[k] is the k-th smallest and nothing after it is smaller. */
static double select_smallest(double *values, ptrdiff_t n, ptrdiff_t k)
{
    ptrdiff_t left = 0, right = n - 1;

    while (left < right) {
        double pivot = median_of_three(values[left], values[left + (right - left) / 2], values[right]);
        ptrdiff_t i = left, j = right;
        while (i <= j) {
            while (values[i] < pivot)
                ++i;
            while (pivot < values[j])
                --j;
            if (i <= j)
                swap(&values[i++], &values[j--]);
        }
        if (k > j && k < i)
            break;
        if (k <= j)
            right = j;
        else
            left = i;
    }
    return values[k];
}

double hs__analysis_quantile_of(double *values, size_t n, double q)
{
    double position = q * (double)(n - 1);
    size_t k = (size_t)position;
    double share = position - (double)k;
    double low = select_smallest(values, (ptrdiff_t)n, (ptrdiff_t)k);

    if (share == 0 || k + 1 >= n)
        return low;
    double next = values[k + 1];
    for (size_t i = k + 2; i < n; ++i)
        next = values[i] < next ? values[i] : next;
    return low + share * (next - low);
}

double hs__analysis_without_residue(double difference, double size)
{
    return fabs(difference) <= size * 0x1p-40 ? 0 : difference;
}

double hs__analysis_mean_of_values(const double *values, size_t n)
{
    double sum = 0;

    for (size_t i = 1; i < n; ++i)
        sum += values[i] - values[0];
    return n > 0 ? values[0] + sum / (double)n : NAN;
}

double hs__analysis_jackknife_acceleration(const double *leave_one_out, size_t n)
{
    const double mean = hs__analysis_mean_of_values(leave_one_out, n);
    double squares = 0, cubes = 0;

    for (size_t i = 0; i < n; ++i) {
        double deviation = mean - leave_one_out[i];
        squares += deviation * deviation;
        cubes += deviation * deviation * deviation;
    }
    return squares > 0 ? cubes / (6.0 * pow(squares, 1.5)) : 0.0;
}

/*
 * Differences of shares fall on a lattice, and a combination of rounded ones may miss its tie with the estimate by some
 * last bits; such replicates count as tied.
 */
static double share_below(const double *replicates, size_t n, double estimate)
{
    double scale = fabs(estimate);
    size_t twice_below = 0;

    for (size_t i = 0; i < n; ++i)
        scale = fabs(replicates[i]) > scale ? fabs(replicates[i]) : scale;
    for (size_t i = 0; i < n; ++i)
        twice_below +=
            (size_t)(replicates[i] < estimate - 1e-13 * scale) + (size_t)(replicates[i] <= estimate + 1e-13 * scale);
    return (double)twice_below / (2.0 * (double)n);
}

static bool all_finite(const double *values, size_t n)
{
    size_t n_finite = 0;

    for (size_t i = 0; i < n; ++i)
        n_finite += isfinite(values[i]) != 0;
    return n_finite == n;
}

/* Of skewed data the correction has a pole; beyond it, as at it, the interval reaches to the last replicate. */
static double corrected_share(double bias, double share, double acceleration)
{
    const double z = bias + hs__analysis_normal_quantile(share), room = 1.0 - acceleration * z;

    return room > 0 ? hs__analysis_normal_cdf(bias + z / room) : z > 0 ? 1.0 : 0.0;
}

interval hs__analysis_bootstrap_interval(double *replicates, size_t n, double estimate, double acceleration,
                                         double confidence, bool bca)
{
    double shares[2] = {0.5 * (1.0 - confidence), 0.5 * (1.0 + confidence)};
    if (!all_finite(replicates, n))
        return (interval){NAN, NAN};
    double bias = bca ? hs__analysis_normal_quantile(share_below(replicates, n, estimate)) : 0.0;

    for (size_t i = 0; bca && isfinite(bias) && i < 2; ++i)
        shares[i] = corrected_share(bias, shares[i], acceleration);
    interval result = {hs__analysis_quantile_of(replicates, n, shares[0]), 0};
    result.high = hs__analysis_quantile_of(replicates, n, shares[1]);
    return result;
}
