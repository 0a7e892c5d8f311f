/*
 * How numbers and names are written for people: one rule for rankings, findings, tables, figures and the page.
 * Internal to the report room.
 */
#ifndef REPORT_NUMBERS_H
#define REPORT_NUMBERS_H

#include "headsweep/analysis.h"

/* How one kind of number is written. */
typedef struct report_format {
    double factor; /* people read the number times this */
    int digits;    /* behind the point; negative: significant ones */
    bool sign;     /* a change: with its sign */
    double least;  /* of what is smaller only that is said */
} report_format;

/* p- and q-values. */
extern const report_format hs__report_p_format;

/* Nothing unless the number is finite. */
void hs__report_put_number(const report_format *format, double number, hs_text *text);
/*
 * "-0.712 [-0.781, -0.633]", the interval left out where there is none; `unit` stands after the value, `comma`
 * within.
 */
void hs__report_put_interval(const report_format *format, double value, double low, double high, const char *unit,
                             const char *comma, hs_text *text);
/* The number that people read, and what its last digit is worth. */
double hs__report_shown_number(const report_format *format, double number, double *unit_out);

/* A metric of a task, as people choose and read it. */
typedef struct report_metric {
    size_t task;
    size_t metric;
    const hs_results_task *of;
    const hs_metric *is;
    double factor; /* shares are shown in points of 100 */
    int digits; /* behind the point, of all numbers of the metric: means, changes, interactions and their intervals */
} report_metric;

/*
 * Three digits, one of points. More where the largest change would have less than two, so that small effects do not
 * all read 0; fewer where numbers are so large that the page's do not hold them all.
 */
report_metric hs__report_metric_of(const hs_analysis *analysis, size_t task, size_t metric);
report_format hs__report_change_format(const report_metric *metric);
report_format hs__report_mean_format(const report_metric *metric);
/* Unit of changes as people read them: "points", or the metric's own. */
const char *hs__report_unit(const report_metric *metric);
/* "4.937 [4.909,4.966] nats", "97.5% [96.0,98.5]"; "no number" if it is not finite. */
void hs__report_put_mean(const report_metric *metric, double mean, double low, double high, hs_text *text);
/* "toxicity.contrast", as metrics are named everywhere. */
void hs__report_put_metric(const report_metric *metric, hs_text *text);
/* "2.1+3.0" */
void hs__report_put_set(const hs_sets *sets, uint64_t set, hs_text *text);

#endif
