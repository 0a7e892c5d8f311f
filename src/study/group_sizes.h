/* How large groups are (internal to the study room). */
#ifndef STUDY_GROUP_SIZES_H
#define STUDY_GROUP_SIZES_H

#include "study/storage.h"

/*
 * Cuts the blocks of the study's plan, whose shards are cut and whose sets_per_group are the most that a group may
 * hold, by counted operations. `inputs` [n_tasks] are those of the plan; `n_live`: rows that each set computes on the
 * largest shard. A pure function of experiment, model and data.
 */
hs_status hs__study_size_groups(hs_study *study, const hs_plan_input *inputs, size_t n_live, hs_error *error);
/*
 * The plan of a phase: sets first_set .. first_set + n_sets - 1, n_sets > 0, which the space has, on the shards of
 * the study's plan, in groups that are no larger than that plan's.
 */
hs_status hs__study_plan_phase(const hs_study *study, uint64_t first_set, uint64_t n_sets, hs_plan *plan_out,
                               hs_error *error);

/*
 * Rows for shards, at most `batch_rows`, that let one set be a group of the size that was chosen by
 * hs__study_size_groups, but not so few that matrix products are slow, unless a set would have more operations than
 * any group should.
 */
size_t hs__study_rows_per_shard(const hs_study *study, const hs_plan_input *inputs, size_t batch_rows);

/* What a block costs beside the others of its task: operations, or sets where these are not counted. */
double hs__study_block_weight(const hs_plan_task *task, uint64_t block);

/* Rows of all shards of the present plan. */
size_t hs__study_planned_rows(const hs_study *study, const hs_plan_input *inputs);

/* The workload of a shard of the present plan; and what these ablations cost on a workload of the task. */
hs_status hs__study_shard_workload(const hs_study *study, size_t task, size_t shard, hs_task_workload **workload_out,
                                   hs_error *error);
hs_status hs__study_count_ablations(const hs_study *study, size_t task, const hs_workload *workload,
                                    const hs_ablation *ablations, size_t n, hs_engine_cost *cost_out, hs_error *error);

#endif
