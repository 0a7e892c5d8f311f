/* Which sets are pairs, and the sets of their components alone. Internal to the analysis room. */
#ifndef ANALYSIS_PAIRS_H
#define ANALYSIS_PAIRS_H

#include "headsweep/analysis.h"

/* Consecutive sets that are pairs; the first of them is pair `row`. */
typedef struct pair_run {
    uint64_t first;
    uint64_t n;
    size_t row;
} pair_run;

/* Pairs stand together in the table of sets: a few runs find the place of any. */
struct hs_pairs {
    pair_run *runs; /* [n_runs], ascending */
    size_t n_runs, capacity;
    size_t n;              /* pairs */
    int64_t (*singles)[2]; /* [n]: the sets that ablate just one of the pair, under its intervention; -1: none */
};

hs_status hs__analysis_pairs_find(const hs_sets *sets, hs_pairs **pairs_out, hs_error *error);
void hs__analysis_pairs_free(hs_pairs *pairs);
/* The number of a pair among all; -1 of any other set. */
int64_t hs__analysis_pairs_row(const hs_pairs *pairs, uint64_t set);

#endif
