/* Metrics that an experiment names, found in the results file. Internal to the analysis room. */
#ifndef ANALYSIS_STATED_H
#define ANALYSIS_STATED_H

#include "headsweep/analysis.h"

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
