/*
 * best_so_far: which single component changes the ranked metric most, by what a run has written so far. For the eye of
 * whoever waits: a plain difference of means, over the shards of examples that every single component has; nothing is
 * said of chance.
 *
 * Rank 0 reads its own run's file for it, independently of the other ranks: the first shard that is not added yet,
 * until all single components have it, and so seldom that it takes a thousandth of the time at most.
 */
#ifndef STUDY_BEST_SO_FAR_H
#define STUDY_BEST_SO_FAR_H

#include "headsweep/sweep.h"

typedef struct best_so_far {
    hs_results *results; /* borrowed; NULL: there is nothing to look for */
    uint32_t task;
    size_t metric;
    bool reduce;    /* the lowest delta is the best, else the largest in either direction */
    uint64_t *sets; /* [n_sets] the clean model, then the single components */
    size_t n_sets;
    double (*sums)[2]; /* [n_sets] of the shards that were added: the metric, and what it is divided by */
    double (*shard_sums)[2];
    float *values; /* scratch: of the sets that are read at once */
    bool *done;
    uint32_t n_shards; /* that were added */
    double next_seconds;
    char text[192]; /* "0.2 zero -1.45 toxicity.contrast"; empty while nothing is known */
} best_so_far;

/*
 * By the objective that the experiment states, else by the first task. Nothing is looked for without single components
 * in the first phase, or where the metric is not a mean or ratio of sums. HS_ERROR_MEMORY.
 */
hs_status hs__study_best_so_far_init(best_so_far *best, const hs_experiment *experiment, hs_results *results,
                                     hs_error *error);
/* Reads what is due, if anything is; an error ends the looking, not the run. */
void hs__study_best_so_far_look(best_so_far *best);
void hs__study_best_so_far_clear(best_so_far *best);

#endif
