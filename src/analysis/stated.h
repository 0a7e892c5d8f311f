/* What the experiment states, as the results file has it. Internal to the analysis room. */
#ifndef ANALYSIS_STATED_H
#define ANALYSIS_STATED_H

#include "headsweep/analysis.h"

/* "" where the file has no such key. Borrowed. */
const char *hs__analysis_stated_text(const hs_results *results, const char *key);
/* `missing` where the file has no such key. */
double hs__analysis_stated_number(const hs_results *results, const char *key, double missing);
uint64_t hs__analysis_stated_count(const hs_results *results, const char *key, uint64_t missing);

/* How the statistics are to be computed. HS_ERROR_RESULTS: as no experiment can say. */
hs_status hs__analysis_stated_options(const hs_results *results, hs_analysis_options *options_out, hs_error *error);
/* The same of options that were read from anywhere else in a file. */
hs_status hs__analysis_stated_check_options(const hs_analysis_options *options, hs_error *error);

typedef struct stated_metric {
    size_t task;
    size_t metric;
} stated_metric;

/* The task and metric of those names; "" as a metric is the task's first. HS_ERROR_USAGE: the file has none such. */
hs_status hs__analysis_stated_find_metric(const hs_results *results, const char *task, const char *metric,
                                          stated_metric *out, hs_error *error);
/* "TASK" or "TASK.METRIC". */
hs_status hs__analysis_stated_parse_metric(const hs_results *results, const char *text, stated_metric *out,
                                           hs_error *error);

#endif
