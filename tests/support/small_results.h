/*
 * A finished results file from tables that a test writes down: sets, tasks with the values of every example, what the
 * experiment states, and one later phase where the test wants one. Test code: a failure fails the test that runs.
 */
#ifndef HEADSWEEP_TESTS_SMALL_RESULTS_H
#define HEADSWEEP_TESTS_SMALL_RESULTS_H

#include "headsweep/analysis.h"

typedef struct small_task {
    const char *name;
    const char *kind;
    const hs_metric *metrics;
    size_t n_metrics;
    size_t n_examples;
    const float *values;  /* [sets of all phases, n_examples, n_metrics] */
    const double *chance; /* [n_metrics] or NULL */
} small_task;

/* Everything borrowed. */
typedef struct small_tables {
    hs_sets sets;       /* of the first phase */
    const char *later;  /* name of a later phase; NULL: none */
    hs_sets later_sets; /* in whatever order: they continue no table yet */
    const small_task *tasks;
    size_t n_tasks;
    const hs_results_attribute *experiment;
    size_t n_experiment;
} small_tables;

typedef struct small_results {
    char *folder;
    char path[512];
    hs_results *results; /* open for reading */
    hs_analysis *analysis;
} small_results;

void small_results_open(small_results *s, hs_comm *comm, const small_tables *tables);
void small_results_close(small_results *s);

#endif
