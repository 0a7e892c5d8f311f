/*
 * metric: how TASK.METRIC is looked up wherever there are tasks with metrics (hs_metric of base.h): in an experiment,
 * among the tasks that were opened, in a results file.
 */
#ifndef HEADSWEEP_METRIC_H
#define HEADSWEEP_METRIC_H

#include "headsweep/base.h"

/* A change as people read it: the number times the factor, in the unit. */
double hs_config_metric_factor(const hs_metric *metric);
const char *hs_config_metric_change_unit(const hs_metric *metric); /* "points", "nats" */

/* Names. */

/* What "TASK", "TASK.METRIC" or "TASK.METRIC=TOLERANCE" says; borrowed from it, not zero-terminated. */
typedef struct hs_metric_name {
    const char *task;
    size_t task_length;
    const char *metric;
    size_t metric_length; /* 0: the task's first */
    bool has_tolerance;
    double tolerance;
} hs_metric_name;

/* HS_ERROR_USAGE: the tolerance is not a number from 0 on. */
hs_status hs_config_metric_name_parse(const char *text, hs_metric_name *name_out, hs_error *error);
hs_status hs_config_tolerance_parse(const char *text, double *tolerance_out, hs_error *error);

/* Looking up. */

/* A task with its metrics. `metrics` NULL: nobody knows them yet, and any name will do. */
typedef struct hs_task_metrics {
    const char *task;
    const hs_metric *metrics;
    size_t n;
} hs_task_metrics;

/* Where to look: n_tasks of whatever `context` is. */
typedef struct hs_metric_table {
    size_t n_tasks;
    hs_task_metrics (*at)(const void *context, size_t task);
    const void *context;
    const char *where; /* behind "there is no task "x"" in messages: "", " in the file" */
} hs_metric_table;

typedef struct hs_metric_place {
    size_t task;
    size_t metric;
} hs_metric_place;

/* HS_ERROR_USAGE: there is no such task, or it has no such metric; with the nearest name and all that there are. */
hs_status hs_config_find_metric(const hs_metric_table *table, const hs_metric_name *name, hs_metric_place *place_out,
                                hs_error *error);
/*
 * The same of two texts, as objective.keep and objective.keep_metric: with "" as the metric the task may name one,
 * but no tolerance.
 */
hs_status hs_config_find_metric_of(const hs_metric_table *table, const char *task, const char *metric,
                                   hs_metric_place *place_out, hs_error *error);

#endif
