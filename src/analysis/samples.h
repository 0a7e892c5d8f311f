/* One metric of several sets as everything that its statistics are made of. Internal to the analysis room. */
#ifndef ANALYSIS_SAMPLES_H
#define ANALYSIS_SAMPLES_H

#include "analysis/statistics.h"
#include "analysis/summary.h"

/* Of deltas; of the means themselves for the clean model. Rows of sets that are not complete hold NaN. */
typedef struct samples {
    size_t n_rows;
    size_t n_examples;
    size_t n_resamples;
    double *mean;          /* [n_rows] the summary itself */
    double *estimate;      /* [n_rows] */
    double *paired;        /* [n_rows, n_examples]: differences of the examples, whose mean is the estimate */
    double *leave_one_out; /* [n_rows, n_examples]: the estimate without each example */
    double *replicates;    /* [n_rows, n_resamples] */
    double *block;         /* of all of them; NULL: somebody else's */
} samples;

hs_status hs__analysis_samples_new(size_t n_rows, size_t n_examples, size_t n_resamples, samples *samples_out,
                                   hs_error *error);
void hs__analysis_samples_clear(samples *s);
size_t hs__analysis_samples_bytes(size_t n_rows, size_t n_examples, size_t n_resamples); /* that they take */
/* In a block of that size, which is aligned to 64 bytes and stays its owner's. */
samples hs__analysis_samples_place(size_t n_rows, size_t n_examples, size_t n_resamples, double *block);

/* Room for what hs__analysis_samples_fill works out on the way. */
typedef struct samples_scratch {
    double *columns;               /* [n_rows, n_examples] */
    double *sums[SUMMARY_COLUMNS]; /* [n_rows, n_resamples] */
    double *occurring;             /* [n_rows, n_resamples]: parts that do */
} samples_scratch;

hs_status hs__analysis_samples_scratch_new(size_t n_rows, size_t n_examples, size_t n_resamples,
                                           samples_scratch *scratch_out, hs_error *error);
void hs__analysis_samples_scratch_clear(samples_scratch *scratch);
size_t hs__analysis_samples_scratch_bytes(size_t n_rows, size_t n_examples, size_t n_resamples);

/* The clean model, from which deltas are taken. */
typedef struct samples_clean {
    const float *values; /* [n_examples, n_metrics] */
    const samples *of;   /* one row; NULL while it is being filled itself */
} samples_clean;

/* Rows 0 .. n_rows - 1 of `out` from values[n_rows, n_examples, n_metrics]. */
void hs__analysis_samples_fill(const hs_results_task *task, const summary *s, const float *values, size_t n_rows,
                               samples_clean clean, const resampling *bootstrap, samples_scratch *scratch,
                               samples *out);
/*
 * Deltas of the rows under other weights: out[n_rows, columns of `r`]. `clean_under`: summaries of the clean model
 * under them; NULL means 0, so that it is computed by the same function. `paired`, of rows that
 * hs__analysis_samples_fill filled, serves linear summaries; NULL for the clean model.
 */
void hs__analysis_samples_under(const hs_results_task *task, const summary *s, const float *values,
                                const double *paired, size_t n_rows, const resampling *r, const double *clean_under,
                                samples_scratch *scratch, double *out);

#endif
