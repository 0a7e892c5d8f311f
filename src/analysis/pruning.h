/* Pruning as the results file states it, with what it knows so far. Internal to the analysis room. */
#ifndef ANALYSIS_PRUNING_H
#define ANALYSIS_PRUNING_H

#include "analysis/choice.h"
#include "headsweep/analysis.h"

typedef struct pruning {
    choice_pruning choice; /* `index` and arrays below */
    hs_sets_index index;
    hs_component *heads; /* [n_heads]: those that were swept alone */
    double *single_loss; /* [n_heads] */
    uint32_t *order;     /* [n_heads], least important first */
    double *loss;        /* [sets] */
    size_t length;       /* heads that a curve removes in the end */
    hs_metric_place kept;
} pruning;

/*
 * Reads the values of the kept metric under all sets, or only those that a greedy step asks for: of greedy phases the
 * last one. What was made is in *out also on failure, for hs__analysis_pruning_clear.
 */
hs_status hs__analysis_pruning_read(hs_results *results, bool last_step, pruning *out, hs_error *error);
void hs__analysis_pruning_clear(pruning *p);
/* Is this curve asked for? `method` is the name of its phases. */
bool hs__analysis_pruning_has(const hs_results *results, const hs_experiment *stated, hs_curves method);

#endif
