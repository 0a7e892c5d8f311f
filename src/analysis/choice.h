/*
 * How sets are chosen, as functions of tables and numbers: nothing here reads a file. Internal to the analysis room,
 * tested by itself.
 */
#ifndef ANALYSIS_CHOICE_H
#define ANALYSIS_CHOICE_H

#include "headsweep/phases.h"

/* ---- set_index.c: which set is it? ------------------------------------------------------------------------------- */

typedef struct set_index {
    const hs_results_sets *sets; /* borrowed */
    uint64_t *slots;             /* [n_slots] set + 1, 0 = empty; open addressing */
    size_t n_slots;              /* a power of two */
} set_index;

hs_status hs__analysis_set_index_new(const hs_results_sets *sets, set_index *index_out, hs_error *error);
void hs__analysis_set_index_clear(set_index *index);
/* The first set of these components[n, 3], sorted as in the table; -1 if there is none. */
int64_t hs__analysis_set_index_find(const set_index *index, const int32_t *components, size_t n, int32_t intervention);

/* ---- chosen.c ---------------------------------------------------------------------------------------------------- */

/* Adds a set of components[n, 3] in any order; sorts them. HS_ERROR_INTERNAL: n > max_order. */
hs_status hs__analysis_chosen_append(hs_chosen_sets *chosen, const int32_t *components, size_t n, int32_t intervention,
                                     hs_error *error);
/* Sorts by layer, kind and index, as sets are in the table. */
void hs__analysis_choice_sort_components(int32_t *components, size_t n);

/* ---- choice.c ---------------------------------------------------------------------------------------------------- */

/* order[n] <- 0 .. n - 1 from the smallest loss up, equal ones as they stand; what is not a number last. */
hs_status hs__analysis_choice_order(const double *loss, size_t n, uint32_t *order, hs_error *error);

/* How many components a layer has of each kind: of hs_component_kind. */
enum { CHOICE_KINDS = 2 };

/*
 * Appends to `chosen` what is new among `n_wanted` different random sets with as many components of each kind in each
 * layer as `set` has, under its intervention: not `set` itself, nor what `index` or `chosen` has. Fewer than n_wanted
 * where there are not so many. Draws are stream `stream` of the seed.
 */
hs_status hs__analysis_choice_controls(const set_index *index, uint64_t set, const size_t n_indices[CHOICE_KINDS],
                                       size_t n_wanted, uint64_t seed, uint64_t stream, hs_chosen_sets *chosen,
                                       hs_error *error);

/*
 * Removing heads one after the other. `heads`[n_heads, 3] are all that can go, `order` them from the least important
 * up, `loss`[sets] how much worse the metric is under each set (NaN: not known).
 */
typedef struct choice_pruning {
    const set_index *index;
    int32_t intervention;
    const int32_t *heads;
    const uint32_t *order;
    size_t n_heads;
    size_t n_candidates; /* that a greedy step tries; 0 = all */
    const double *loss;
} choice_pruning;

/* components[n, 3] <- the heads removed[n], sorted. */
void hs__analysis_choice_removed(const choice_pruning *p, const uint32_t *removed, size_t n, int32_t *components);
/* Heads that a greedy step tries after removed[n]: tried_out[n_heads], least important first; returns how many. */
size_t hs__analysis_choice_tried(const choice_pruning *p, const uint32_t *removed, size_t n, uint32_t *tried_out);
/*
 * The greedy curve as far as the losses tell, at most `limit` heads: removed_out[limit]; *n_out is how many. Each head
 * is the one of those tried that loses least together with those before it, equal ones: the less important.
 */
hs_status hs__analysis_choice_greedy(const choice_pruning *p, size_t limit, uint32_t *removed_out, size_t *n_out,
                                     hs_error *error);

#endif
