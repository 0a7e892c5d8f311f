/*
 * How sets are chosen, as functions of tables and numbers: nothing here reads a file. Internal to the analysis room,
 * tested by itself.
 */
#ifndef ANALYSIS_CHOICE_H
#define ANALYSIS_CHOICE_H

#include "headsweep/phases.h"

/* order[n] <- 0 .. n - 1 from the smallest loss up, equal ones as they stand; what is not a number last. */
hs_status hs__analysis_choice_order(const double *loss, size_t n, uint32_t *order, hs_error *error);

/* What random sets are drawn from. */
typedef struct choice_components {
    size_t n_indices[HS_COMPONENT_KINDS]; /* of a layer */
    const hs_component *gone;             /* [n_gone] heads that the checkpoint lacks */
    size_t n_gone;
} choice_components;

/*
 * Appends to `chosen`, which continues the table, what is new among `n_wanted` different random sets with as many
 * components of each kind in each layer as `set` has, under its intervention: not `set` itself, nor what `index` or
 * `chosen` has. Fewer than n_wanted where there are not so many. Draws are stream `stream` of the seed.
 */
hs_status hs__analysis_choice_controls(const hs_sets_index *index, uint64_t set, const choice_components *from,
                                       size_t n_wanted, uint64_t seed, uint64_t stream, hs_sets *chosen,
                                       hs_error *error);

/*
 * Removing heads one after the other. `heads`[n_heads] are all that can go, `order` them from the least important
 * up, `loss`[sets] how much worse the metric is under each set (NaN: not known).
 */
typedef struct choice_pruning {
    const hs_sets_index *index;
    int32_t intervention;
    const hs_component *heads;
    const uint32_t *order;
    size_t n_heads;
    size_t n_candidates; /* that a greedy step tries; 0 = all */
    const double *loss;
} choice_pruning;

/* The head that goes at a step, and the set without it and those before it. */
typedef struct choice_step {
    uint32_t head;
    uint64_t set;
} choice_step;

/* Heads that a greedy step tries besides gone[n_heads]: tried_out[n_heads], least important first; returns how many. */
size_t hs__analysis_choice_tried(const choice_pruning *p, const bool *gone, uint32_t *tried_out);
/*
 * The step after the set `parent`, which lacks gone[n_heads]; false where a loss is missing. The head is the one of
 * those tried that loses least together with those that are gone, equal ones: the less important. `tried`[n_heads] is
 * scratch.
 */
bool hs__analysis_choice_next(const choice_pruning *p, uint64_t parent, const bool *gone, uint32_t *tried,
                              choice_step *step_out);
/* The greedy curve as far as the losses tell, at most `limit` heads: steps_out[limit]; *n_out is how many. */
hs_status hs__analysis_choice_greedy(const choice_pruning *p, size_t limit, choice_step *steps_out, size_t *n_out,
                                     hs_error *error);
/* The curve by importance as far as its sets are there: steps_out[limit]; returns how many. */
size_t hs__analysis_choice_importance(const choice_pruning *p, size_t limit, choice_step *steps_out);

#endif
