/*
 * contrasts: what is made of a set's delta, its two singles' and the clean model's mean. Internal to the analysis room.
 */
#ifndef ANALYSIS_CONTRASTS_H
#define ANALYSIS_CONTRASTS_H

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

#endif
