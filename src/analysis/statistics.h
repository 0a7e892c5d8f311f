/*
 * Statistics as pure functions of arrays: internal to the analysis room, tested by themselves. Arrays are double and
 * dense, matrices row-major; nothing here knows a results file.
 */
#ifndef ANALYSIS_STATISTICS_H
#define ANALYSIS_STATISTICS_H

#include "headsweep/base.h"

double hs__analysis_normal_cdf(double z);
/* Inverse of hs__analysis_normal_cdf for p in (0, 1), to 1e-15 (Wichura 1988, AS 241); infinite at 0 and 1. */
double hs__analysis_normal_quantile(double p);

/* resampling.c: weights under which sums over examples are taken again. */

typedef struct resampling {
    size_t n_examples;
    size_t n_columns;
    double total;     /* sum of each column */
    uint8_t *weights; /* [n_examples, n_columns]; that an example is drawn more than 255 times is not to be seen */
    double *panel;    /* scratch */
} resampling;

/*
 * Column b holds how often each example was drawn in resample b: n_examples draws with replacement (Efron 1979). A pure
 * function of key and sizes; the draws of column b are stream b of the key.
 */
hs_status hs__analysis_resampling_bootstrap(uint64_t key, size_t n_examples, size_t n_columns,
                                            resampling *resampling_out, hs_error *error);
/* Columns 2h and 2h + 1 are 1 on the two random halves h of the examples (n_examples / 2 in each), else 0. */
hs_status hs__analysis_resampling_halves(uint64_t key, size_t n_examples, size_t n_halves, resampling *resampling_out,
                                         hs_error *error);
void hs__analysis_resampling_clear(resampling *r);
size_t hs__analysis_resampling_bytes(size_t n_examples, size_t n_columns); /* that one takes */
/* sums[n_rows, n_columns] <- values[n_rows, n_examples] x weights. */
void hs__analysis_resampling_sums(const resampling *r, const double *values, size_t n_rows, double *sums);

/* interval.c: residues of rounding. */

/*
 * A difference of numbers of this size, or 0 if it is no more than what rounding in double leaves of equal ones. Values
 * of examples are in single precision: what differs, differs by 2^-24 of its size at least.
 */
double hs__analysis_without_residue(double difference, double size);
/* Exactly the value itself where all are equal; NaN of none. */
double hs__analysis_mean_of_values(const double *values, size_t n);

typedef struct interval {
    double low;
    double high;
} interval;

/* Quantile q in [0, 1] with linear interpolation between order statistics (type 7, numpy's default). Reorders. */
double hs__analysis_quantile_of(double *values, size_t n, double q);
/* Acceleration of BCa from the estimates that leave out one example each (Efron 1987); 0 if they are all equal. */
double hs__analysis_jackknife_acceleration(const double *leave_one_out, size_t n);
/*
 * Interval of `estimate` at `confidence` from n bootstrap replicates, which are reordered: their quantiles, or BCa
 * (Efron 1987) with its bias correction from the share of replicates below the estimate, ties counting half. Where BCa
 * is not defined (every replicate on one side of the estimate) the plain quantiles; NaN where a replicate is not
 * finite.
 */
interval hs__analysis_bootstrap_interval(double *replicates, size_t n, double estimate, double acceleration,
                                         double confidence, bool bca);

/* Signs for Monte Carlo flips: bit f of word w of example e is the sign of that example in flip 64 w + f. */
typedef struct sign_flips {
    size_t n_examples;
    size_t n_words;
    uint64_t *words; /* [n_words, n_examples] */
} sign_flips;

hs_status hs__analysis_sign_flips_new(uint64_t key, size_t n_examples, size_t n_flips, sign_flips *flips_out,
                                      hs_error *error);
void hs__analysis_sign_flips_clear(sign_flips *flips);
/* That they take, and while n_rows are tested. */
size_t hs__analysis_sign_flips_bytes(size_t n_examples, size_t n_flips, size_t n_rows);
/*
 * Two-sided p-values of the paired sign-flip test that the mean of each row of differences[n_rows, n_examples] is 0:
 * how often the sum with random signs is as far from 0 as the sum. Only examples that differ count, say k of them.
 * Exact where all flips can be counted: differences of one size (then a binomial tail) or 2^k no more than the flips.
 * Else (b + 1) / (m + 1) for b of m flips; and where fewer than 10 reach the sum, the saddlepoint approximation of the
 * flips' distribution (Lugannani and Rice 1980; Robinson 1982), because a p-value that cannot fall below 1 / (m + 1)
 * would make every correction for thousands of pairs refuse. A row without any difference has p = 1, one that is not
 * finite NaN.
 */
hs_status hs__analysis_sign_flip_test(const sign_flips *flips, const double *differences, size_t n_rows, double *p,
                                      hs_error *error);
/* The same by the saddlepoint alone; for tests. */
double hs__analysis_sign_flip_saddlepoint(const double *differences, size_t n);
/*
 * Mean over standard deviation (n - 1) of the differences: Cohen's d_z. NaN for fewer than two or if all are equal,
 * residues of rounding aside.
 */
double hs__analysis_paired_effect(const double *differences, size_t n);

/* Benjamini and Hochberg (1995): q[n] of the p-values p[n]. NaN stays NaN and is not counted. */
hs_status hs__analysis_benjamini_hochberg(const double *p, size_t n, double *q, hs_error *error);

/*
 * Rounds values[n] to a 2^-40th of the largest: combinations of shares that are equal on paper, such as means of F1s,
 * may differ by some last bits, and those must not decide a rank.
 */
void hs__analysis_restore_ties(double *values, size_t n);
/* Mid-ranks from 1 (ties share their mean) of values[n] into ranks[n]; order[n] is scratch. */
void hs__analysis_mid_ranks(const double *values, size_t n, uint32_t *order, double *ranks);
/* Spearman's rho: correlation of the mid-ranks. ranks[2n] and order[n] are scratch. NaN if a side is constant or
 * holds a number that is not finite. */
double hs__analysis_spearman(const double *a, const double *b, size_t n, uint32_t *order, double *ranks);

#endif
