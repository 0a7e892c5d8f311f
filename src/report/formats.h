/* What the three formats of a ranking share. Internal to the report room. */
#ifndef REPORT_FORMATS_H
#define REPORT_FORMATS_H

#include "headsweep/report.h"

/* A ranking and how much of it is wanted. Borrowed. */
typedef struct ranking_view {
    const hs_analysis *analysis;
    const hs_ranking_request *request;
    const hs_ranking *ranking;
    const hs_results_sets *sets;
    size_t n_shown;
} ranking_view;

hs_status ranking_as_table(const ranking_view *view, hs_text *text, hs_error *error);
hs_status ranking_as_csv(const ranking_view *view, hs_text *text, hs_error *error);
hs_status ranking_as_json(const ranking_view *view, hs_text *text, hs_error *error);

const hs_results_task *view_task(const ranking_view *view, size_t task);
/* The metric that decides the order. */
void view_ranked_metric(const ranking_view *view, size_t *task_out, size_t *metric_out);
const char *view_intervention(const ranking_view *view, uint64_t set);
/* One number of a [sets, metrics] table. */
double view_value(const ranking_view *view, double *const *tables, size_t task, uint64_t set, size_t metric);

#endif
