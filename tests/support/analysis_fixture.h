/*
 * A sweep small enough to work everything out by hand: three heads, their pairs and two tasks in a results file. Test
 * code: a failure fails the test that runs.
 */
#ifndef HEADSWEEP_TESTS_ANALYSIS_FIXTURE_H
#define HEADSWEEP_TESTS_ANALYSIS_FIXTURE_H

#include "headsweep/analysis.h"

/* Sets: clean, 0.0, 0.1, 1.0, and the three pairs of them. */
enum { N_SETS = 7, N_EXAMPLES = 4 };
enum { CLEAN, HEAD_A, HEAD_B, HEAD_C, PAIR_AB, PAIR_AC, PAIR_BC };

typedef struct analysis_fixture {
    char *folder;
    char path[512];
    hs_comm *comm;
    hs_results *results; /* open for reading */
} analysis_fixture;

/* A file with the cells of the first n_sets sets. */
void analysis_fixture_open(analysis_fixture *f, hs_comm *comm, uint64_t n_sets);
/* With one more attribute of the experiment. */
void analysis_fixture_open_with(analysis_fixture *f, hs_comm *comm, uint64_t n_sets, const hs_results_attribute *extra);
void analysis_fixture_close(analysis_fixture *f);

hs_analysis *analyse(analysis_fixture *f);
/* The whole ranking by `by`, as hs_analysis_request_parse reads it; *request is filled. */
hs_ranking rank_by(const hs_analysis *analysis, const char *by, hs_ranking_request *request);

#endif
