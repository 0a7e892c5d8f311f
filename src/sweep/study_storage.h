/* What a study owns beside its public parts. Internal to the sweep room. */
#ifndef SWEEP_STUDY_STORAGE_H
#define SWEEP_STUDY_STORAGE_H

#include "headsweep/sweep.h"

struct hs_study_storage {
    hs_shared_block *shared_weights; /* converted weights, shared by the ranks of a host */
    float *own_weights;              /* the same without MPI */
    hs_poll poll;                    /* whom the engine calls now and then */
    uint64_t model_hash;
    hs_task_workload *reference_set; /* NULL: the sequences of the tasks */
    struct study_layout *layout;     /* made by hs_study_layout */
    double flops_executed;           /* of hs_study_count_cost; 0 before it */
    double flops_naive;
};

void study_layout_free(struct study_layout *layout);

hs_positions study_positions(const hs_study *study);

/*
 * Cuts shards and groups of a size that suits the engine and run.memory_per_rank: the rows of a shard are counted as
 * the engine computes them. Tells the engine how many rows to stack. A pure function of experiment, model and data.
 * HS_ERROR_USAGE: the memory does not suffice for one example and set (says how much does).
 */
hs_status study_make_plan(hs_study *study, hs_error *error);

/*
 * What a rank holds at its peak with the present plan and engine; stops counting once that is beyond `limit`. A pure
 * function of experiment, model and data.
 */
hs_status study_count_memory(const hs_study *study, size_t limit, hs_study_memory *memory_out, hs_error *error);
/* Tokens of the longest sequence of the reference set. */
hs_status study_longest_reference(const hs_study *study, size_t *longest_out, hs_error *error);
/* Examples of the first task that the start-up self-test runs on. */
size_t study_self_test_examples(const hs_study *study);

/*
 * Identity of the experiment: the identity keys of the configuration, then hashes of model, tokenizer, data and sets. The experiment
 * hash runs over exactly these rows, so two experiments differ if and only if a row does. Owned rows.
 */
hs_status study_identity(const hs_study *study, hs_config_values *values_out, hs_error *error);

#endif
