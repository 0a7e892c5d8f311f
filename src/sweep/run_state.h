/* What coordinator and worker share during the sweep phase. Internal to the sweep room. */
#ifndef SWEEP_RUN_STATE_H
#define SWEEP_RUN_STATE_H

#include "headsweep/sweep.h"

typedef struct run_state {
    hs_comm *comm;
    const hs_plan *plan;
    hs_results *results; /* NULL: a simulation, nothing is written */
    const hs_evaluator *evaluator;
    const hs_run_options *options;
    uint64_t *missing; /* groups with a missing cell, the same list on every rank: the items of all leases */
    uint64_t n_missing;
    uint64_t *done_words;    /* a bit for each cell that is in the file, by task, shard, set; NULL: none is */
    float *values;           /* [plan->max_group_values] */
    bool *done;              /* [plan->sets_per_group]: sets of the item at work that were done before it */
    bool *written;           /* [plan->sets_per_group]: sets of it whose cells are in the file now */
    hs_scheduler *scheduler; /* rank 0 only */
    uint64_t cells_before;
    uint64_t cells_damaged; /* cells whose commit word does not match their bytes */
    /* Since whoever counts them has taken them. */
    uint64_t cells_written;
    uint64_t values_not_finite;
    size_t n_places; /* how many this rank has located: at most HS_RUN_MAX_PLACES */
    bool has_place;  /* of the item that was computed last */
    hs_not_finite place;
} run_state;

/*
 * Collective. Fills missing, n_missing, done_words, cells_before and cells_damaged; the ranks share the checking. With
 * `fresh` every group is missing and nothing is read.
 */
hs_status hs__sweep_run_find_missing(run_state *run, bool fresh, hs_error *error);

/* Which sets of the group are done, into run->done. */
void hs__sweep_run_list_done(run_state *run, const hs_group *group);
/* Computes what is missing of group `item`, and writes its cells as they are finished, also of one that is given up. */
hs_status hs__sweep_run_compute_item(run_state *run, uint64_t item, hs_poll poll, hs_error *error);

/* Does this rank want the sweep to end early? */
bool hs__sweep_run_wants_stop(const run_state *run);
/* A group that was dropped is not an error of the rank that dropped it: clears what evaluating said. Returns HS_OK. */
hs_status hs__sweep_run_forget_stop(hs_error *error);

/* The two roles. Rank 0 coordinates and computes; all others work. Each returns its own rank's error. */
hs_status hs__sweep_run_coordinate(run_state *run, hs_run_report *report, hs_error *error);
hs_status hs__sweep_run_work(run_state *run, hs_error *error);

/* All tags of the sweep's messages. */
enum run_tag { RUN_TAG_REPORT = 1, RUN_TAG_LEASE = 2, RUN_TAG_STOP = 3 };

/*
 * The coordinator sends each worker exactly one empty RUN_TAG_STOP: early when the sweep is to end, else after the
 * last report.
 */

/* A worker to the coordinator: RUN_REPORT_WORDS of u64. */
enum run_report_word {
    RUN_REPORT_ITEMS,      /* items finished since the last report */
    RUN_REPORT_CELLS,      /* cells written since then */
    RUN_REPORT_WANTS,      /* 1: asks for a lease */
    RUN_REPORT_FINAL,      /* 1: nothing more will come from this worker */
    RUN_REPORT_FAILED,     /* 1: it stopped because of an error */
    RUN_REPORT_STOPS,      /* 1: it was asked to stop */
    RUN_REPORT_NOT_FINITE, /* values stored as NaN since the last report */
    RUN_REPORT_HAS_PLACE,  /* 1: the words of an hs_not_finite follow */
    RUN_REPORT_PLACE,
    RUN_REPORT_WORDS = RUN_REPORT_PLACE + sizeof(hs_not_finite) / sizeof(uint64_t)
};

/* The coordinator's answer: a lease; count 0 means that there is nothing more. */
enum run_lease_word { RUN_LEASE_FIRST, RUN_LEASE_COUNT, RUN_LEASE_WORDS };

/* HS_OK or HS_ERROR_COMM with MPI's own text for `code`. */
hs_status hs__sweep_run_check_mpi(int code, const char *what, hs_error *error);

#endif
