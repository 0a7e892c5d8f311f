/*
 * What a metric's summary is: columns of per-example numbers, their weighted sums, a function of the sums. Everything
 * that resamples examples goes through this, so a new summary is a new kind here. Internal to the analysis room.
 */
#ifndef ANALYSIS_SUMMARY_H
#define ANALYSIS_SUMMARY_H

#include "headsweep/results.h"

enum { SUMMARY_COLUMNS = 2, SUMMARY_MAX_PARTS = 256 };

typedef enum summary_kind {
    SUMMARY_MEAN,  /* sum / weight: differences of summaries are means of differences */
    SUMMARY_RATIO, /* sum / sum of another metric */
    SUMMARY_F1,    /* from counts (hs_per) */
} summary_kind;

/* The mean over the parts that occur: one part, but for macro F1, whose parts are the labels. */
typedef struct summary {
    summary_kind kind;
    size_t n_parts;
    size_t metrics[SUMMARY_MAX_PARTS]; /* of each part */
    size_t per;                        /* of a ratio */
} summary;

typedef double summary_sums[SUMMARY_COLUMNS];

summary hs__analysis_summary_of(const hs_results_task *task, size_t metric);
size_t hs__analysis_summary_n_columns(const summary *s);
/* What an example, values[n_metrics], adds to a column of a part. */
double hs__analysis_summary_column(const summary *s, size_t part, size_t column, const float *values);
/* Value of a part; *occurs_out false: it does not count. */
double hs__analysis_summary_part(const summary *s, const summary_sums sums, double total_weight, bool *occurs_out);
/* sums[n_parts] over values[n_examples, n_metrics] of one set, and the summary of such sums. */
void hs__analysis_summary_add_up(const summary *s, const hs_results_task *task, const float *values,
                                 summary_sums *sums);
double hs__analysis_summary_value(const summary *s, const summary_sums *sums, double total_weight);

#endif
