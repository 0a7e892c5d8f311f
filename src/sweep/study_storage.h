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
 * Cuts shards and groups of a size that suits the engine: the rows of a shard are counted as the engine computes them.
 * A pure function of experiment, model and data.
 */
hs_status study_make_plan(hs_study *study, hs_error *error);

/*
 * Identity of the experiment: the identity keys of the configuration, then hashes of model, tokenizer, data and sets. The experiment
 * hash runs over exactly these rows, so two experiments differ if and only if a row does. Owned rows.
 */
hs_status study_identity(const hs_study *study, hs_config_values *values_out, hs_error *error);

#endif
