/* What the files that make the tables of an analysis give each other. Internal to the analysis room. */
#ifndef ANALYSIS_INFERENCE_H
#define ANALYSIS_INFERENCE_H

#include "headsweep/analysis.h"

/* Marks the sets with every cell of every task. */
hs_status hs__analysis_tables_find_complete(hs_analysis *analysis, hs_error *error);
/* Fills `singles`. */
hs_status hs__analysis_tables_find_singles(hs_analysis *analysis, hs_error *error);

/* Computes all statistics of one task. Collective with `comm`. */
hs_status hs__analysis_infer_task(hs_analysis *analysis, hs_comm *comm, uint32_t task, hs_error *error);

/* q-values of delta and interaction of one task. */
hs_status hs__analysis_families_adjust(hs_analysis *analysis, uint32_t task, hs_error *error);

/*
 * Leaves of a ranking by objective, best first, the sets that no other set equals or beats in everything and beats in
 * something.
 */
void hs__analysis_pareto_front(const hs_analysis *analysis, const hs_objective *objective, hs_ranking *ranking);

#endif
