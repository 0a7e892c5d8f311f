/* Inside of the analysis room: from samples to rows of statistics. */
#ifndef ANALYSIS_INFERENCE_H
#define ANALYSIS_INFERENCE_H

#include "analysis/samples.h"
#include "headsweep/analysis.h"

/* One row of samples. */
typedef struct sample {
    double estimate;
    const double *paired;
    const double *leave_one_out;
    const double *replicates;
} sample;

sample hs__analysis_sample_of(const samples *s, size_t row);

/* contrasts.c: what is made of a set's delta, its two singles' and the clean model's mean. */

typedef struct contrast_inputs {
    sample set;
    sample first; /* deltas of a pair's singles; all 0 where `is_pair` is false */
    sample second;
    sample clean; /* the mean */
    bool is_pair;
    bool is_share;
} contrast_inputs;

typedef struct contrast_scratch {
    double *replicates;    /* [n_resamples] */
    double *leave_one_out; /* [n_examples] */
} contrast_scratch;

/* Estimates and intervals into row[HS_STATISTIC_COUNT]. */
void hs__analysis_contrasts_fill(const contrast_inputs *inputs, size_t n_examples, const hs_analysis_options *options,
                                 contrast_scratch *scratch, double *row);

/* Marks the sets with every cell of every task. */
hs_status hs__analysis_tables_find_complete(hs_analysis *analysis, hs_error *error);
/* Fills `singles`. */
hs_status hs__analysis_tables_find_singles(hs_analysis *analysis, hs_error *error);

/* Computes all statistics of one task. Collective with `comm`. */
hs_status hs__analysis_infer_task(hs_analysis *analysis, hs_comm *comm, uint32_t task, hs_error *error);

/* q-values of delta and interaction of one task. */
hs_status hs__analysis_families_adjust(hs_analysis *analysis, uint32_t task, hs_error *error);

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

/*
 * Leaves of a ranking by objective, best first, the sets that no other set equals or beats in everything and beats in
 * something.
 */
void hs__analysis_pareto_front(const hs_analysis *analysis, const hs_objective *objective, hs_ranking *ranking);

#endif
