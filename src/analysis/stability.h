/* stability: how far a ranking of single components depends on the examples. Internal to the analysis room. */
#ifndef ANALYSIS_STABILITY_H
#define ANALYSIS_STABILITY_H

#include "headsweep/analysis.h"

enum { STABILITY_HALVES = 200 };

/*
 * Deltas of n single components under resampling, and under random halves of the examples
 * (hs__analysis_resampling_halves): rows of matrices that hold others too, because those of thousands of components
 * are too large to be copied.
 */
typedef struct stability_inputs {
    size_t n;
    size_t n_examples;        /* one alone has no other samples */
    const size_t *rows;       /* [n] */
    const double *estimates;  /* [rows] */
    const double *replicates; /* [rows, n_resamples] */
    size_t n_resamples;
    const double *halves; /* [rows, 2 STABILITY_HALVES] */
    double confidence;
} stability_inputs;

/* Into row[HS_STABILITY_COUNT]; NaN where there are too few components. */
hs_status hs__analysis_stability_fill(const stability_inputs *inputs, double *row, hs_error *error);

#endif
