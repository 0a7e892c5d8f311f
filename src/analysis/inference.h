/* What the files that make the tables of an analysis give each other. Internal to the analysis room. */
#ifndef ANALYSIS_INFERENCE_H
#define ANALYSIS_INFERENCE_H

#include "headsweep/analysis.h"

/* Marks the sets with every cell of every task. */
hs_status hs__analysis_tables_find_complete(hs_analysis *analysis, hs_error *error);

/* Computes all statistics of one task. Collective with `comm`. */
hs_status hs__analysis_infer_task(hs_analysis *analysis, hs_comm *comm, uint32_t task, hs_error *error);

/* q-values of delta and interaction of one task. */
hs_status hs__analysis_families_adjust(const hs_analysis *analysis, uint32_t task, hs_error *error);

/* A set with the number it is ranked by, smaller first, and its place in the order of the file among those ranked. */
typedef struct ranked_set {
    uint64_t set;
    double key;
    size_t place;
} ranked_set;

/*
 * Leaves of n sets ranked by an objective, best first, those that no other set equals or beats in everything and beats
 * in something; returns how many. losses[n, n_keeps] by place.
 */
size_t hs__analysis_pareto_front(ranked_set *ranked, size_t n, const double *losses, size_t n_keeps);

#endif
