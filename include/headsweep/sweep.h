/*
 * sweep: the ablation space, the plan (what is computed together), the scheduler (who computes it when), and the run.
 *
 * The plan is a pure function of experiment, model and data; the scheduler decides only who computes a group and
 * when. So the numbers cannot depend on the number of ranks, on their speed, or on how often a run was killed and
 * resumed.
 *
 * The run reaches the model through a callback (hs_evaluator), so scheduling and resuming are tested without a model.
 */
#ifndef HEADSWEEP_SWEEP_H
#define HEADSWEEP_SWEEP_H

#include "headsweep/comm.h"
#include "headsweep/config.h"
#include "headsweep/results.h"
#include "headsweep/sets.h"

/* Ablation space. */

#define HS_SPACE_MAX_ORDER 4096

/*
 * The table of ablation sets. Set 0 is the clean model; then, for each intervention, the same base sets: by order, and
 * within an order lexicographically by (layer, index), so that neighbours share the longest prefix.
 *
 * These are the sets of the first phase. Once the results file is open the table is the file's, which has those of
 * later phases too.
 */
typedef struct hs_space {
    hs_component_kind kind; /* of all components */
    hs_sets sets;           /* its own until it is the file's */
    size_t n_sets;          /* of the first phase: n_sets == 1 + n_interventions * n_base_sets */
    size_t n_base_sets;     /* sets of one intervention */
    size_t n_singles;       /* base sets of order 1 */
    size_t max_order;
    hs_intervention *interventions;
    char **intervention_names;
    size_t n_interventions;
} hs_space;

/*
 * Enumerates `sweep.orders` over the components that `sweep.heads` selects, and adds the sets of `sweep.sets_file`
 * (duplicates once). HS_ERROR_USAGE: a selector or set outside the model, no set at all, more than sweep.max_sets
 * (says how many it would be).
 */
hs_status hs_sweep_space_build(const hs_experiment *experiment, const hs_model_shape *shape, hs_space *space_out,
                               hs_error *error);
void hs_sweep_space_clear(hs_space *space);
/* The set as the engine takes it; `buffer` [max_order] holds its components. */
hs_ablation hs_sweep_space_ablation(const hs_space *space, uint64_t set, hs_component *buffer);

/* Plan. */

typedef struct hs_plan_task {
    size_t n_examples;
    size_t n_metrics;
    size_t n_shards;
    uint64_t *shard_first; /* [n_shards + 1]: first example of each shard; owned by the plan */
    uint64_t n_blocks;     /* groups of a shard */
    uint64_t *block_first; /* [n_blocks + 1]: first set of each block, counted from the plan's first set; owned */
    double
        *block_flops; /* [n_blocks] on the largest shard, where the blocks were cut by operations; else NULL; owned */
    uint64_t first_group;
} hs_plan_task;

typedef struct hs_plan {
    uint64_t first_set; /* 0, or the first set of a later phase */
    uint64_t n_sets;
    uint64_t sets_per_group; /* at most */
    uint64_t batch_rows;     /* that shards aim at */
    hs_plan_task *tasks;
    size_t n_tasks;
    uint64_t n_groups;
    uint64_t n_cells;
    size_t max_group_values; /* floats of the largest group */
} hs_plan;

/* Sets first_set .. first_set + n_sets - 1 on one shard of one task. */
typedef struct hs_group {
    uint32_t task;
    uint32_t shard;
    uint64_t first_set;
    uint64_t n_sets;
} hs_group;

/* What the plan needs to know of a task: token rows of each example. */
typedef struct hs_plan_input {
    size_t n_examples;
    size_t n_metrics;
    const size_t *example_rows; /* [n_examples] */
    const size_t *shared_rows;  /* [n_examples]: of which shared with the example before; NULL: none */
} hs_plan_input;

/*
 * Cuts each task's examples, in their order, into shards of at most `batch_rows` token rows (a longer example is a
 * shard of its own; rows that an example shares with the one before it in the shard count once) and the sets into
 * blocks of `sets_per_group`.
 */
hs_status hs_sweep_plan_init(hs_plan *plan, uint64_t n_sets, uint64_t sets_per_group, uint64_t batch_rows,
                             const hs_plan_input *tasks, size_t n_tasks, hs_error *error);
/* The same shards, with groups of sets first_set .. first_set + n_sets - 1, n_sets > 0, no larger than the plan's. */
hs_status hs_sweep_plan_of_sets(const hs_plan *plan, uint64_t first_set, uint64_t n_sets, hs_plan *plan_out,
                                hs_error *error);

/* Operations of a set on the largest shard of a task, where it is a group's first set, or follows the set before it. */
typedef struct hs_set_costs {
    void *context;
    double (*flops_of)(void *context, size_t task, uint64_t set, bool is_first);
} hs_set_costs;

/*
 * A group ends before it has more operations than `target`, but holds `fewest_sets` at least while they are under
 * `most`.
 */
typedef struct hs_group_size {
    double target_flops;
    double most_flops;
    uint64_t fewest_sets;
    uint64_t most_sets;
} hs_group_size;

/*
 * Cuts the blocks of all tasks anew, by operations; sets_per_group becomes that of the largest. *flops_out is the sum
 * over the blocks of all tasks, each on its largest shard.
 */
hs_status hs_sweep_plan_cut(hs_plan *plan, const hs_set_costs *costs, hs_group_size size, double *flops_out,
                            hs_error *error);
void hs_sweep_plan_clear(hs_plan *plan);
/* Group `index` of 0 .. n_groups - 1: by task, shard, block, so that neighbours share a shard and a prefix of sets. */
hs_group hs_sweep_plan_group(const hs_plan *plan, uint64_t index);
size_t hs_sweep_plan_group_examples(const hs_plan *plan, const hs_group *group);

/* Scheduler: who gets what next. */

/* Work items first .. first + count - 1 of a fixed list. */
typedef struct hs_lease {
    uint64_t first;
    uint64_t count;
} hs_lease;

typedef struct hs_scheduler hs_scheduler;

hs_status hs_sweep_scheduler_new(hs_scheduler_policy policy, uint64_t n_items, size_t n_ranks, uint64_t max_lease,
                                 hs_scheduler **scheduler_out, hs_error *error);
void hs_sweep_scheduler_free(hs_scheduler *scheduler);
/* The next lease for `rank`; count 0 when there is nothing more for it. */
hs_lease hs_sweep_scheduler_next(hs_scheduler *scheduler, size_t rank);
/* `rank` has finished so many items of what it was handed. */
void hs_sweep_scheduler_report(hs_scheduler *scheduler, size_t rank, uint64_t n_items);
/* True when every item that was handed out was reported. */
bool hs_sweep_scheduler_drained(const hs_scheduler *scheduler);
/* Hand out nothing more (an error, a request to stop). */
void hs_sweep_scheduler_stop(hs_scheduler *scheduler);

/* The scheduler in virtual time. */

/* Seconds of a rank: for n blocks of a shard; before a group on another shard than the rank's last one. */
typedef struct hs_group_times {
    void *context;
    double (*of_blocks)(void *context, uint32_t task, uint32_t shard, uint64_t block, uint64_t n);
    double (*of_shard)(void *context, uint32_t task, uint32_t shard);
    double answer_seconds;  /* until rank 0, which computes too, looks at a message */
    double service_seconds; /* that a message takes it; others wait */
} hs_group_times;

typedef struct hs_simulation {
    double seconds;      /* until the last cell */
    double efficiency;   /* share of the ranks' time in which they compute */
    size_t n_idle_ranks; /* that get nothing at all */
    uint64_t n_leases;
    double waited_seconds; /* that all ranks together wait for rank 0's answers, the first ones included */
} hs_simulation;

/* All groups of the plan on n_ranks > 0 ranks, as hs_sweep_run hands them out. Takes n_leases log(n_ranks) steps. */
hs_status hs_sweep_simulate(const hs_plan *plan, const hs_group_times *times, hs_scheduler_policy policy,
                            uint64_t max_lease, size_t n_ranks, hs_simulation *simulation_out, hs_error *error);

/* The run. */

typedef struct hs_poll {
    bool (*call)(void *context); /* false: give up with HS_UNFINISHED; may be NULL */
    void *context;
} hs_poll;

/* What the evaluation of a group has to do with the run around it. All zeros: nothing. */
typedef struct hs_group_run {
    hs_poll poll;
    const bool
        *done; /* [n_sets]: sets of the group whose cells are in the file: their values need not be; NULL: none */
    /* The values of sets first .. first + n - 1 of the group are complete: they are written now. May be NULL. */
    hs_status (*finished)(void *context, uint64_t first, uint64_t n, hs_error *error);
    void *context;
} hs_group_run;

/* Where a value came out as NaN. All u64, so that it travels as words of a message. */
typedef struct hs_not_finite {
    uint64_t set;
    uint64_t task;
    uint64_t example; /* of the task */
    uint64_t layer; /* the first after which the residual is not finite; n_layers: only a logit or the metric is not */
    uint64_t row;   /* of the example's first sequence with such a logit */
} hs_not_finite;

/*
 * Computes one group: values[n_sets, examples of the shard, n_metrics], the same bits whatever is done. Calls `poll`
 * often enough (a few ms apart), and `finished` as soon as sets are; those that it was never called for, and that are
 * not done, are when the evaluation returns. What comes out as NaN is written like any other value, and counted.
 */
typedef struct hs_evaluator {
    void *context;
    hs_status (*evaluate)(void *context, const hs_group *group, const hs_group_run *run, float *values,
                          hs_error *error);
    /* Fills in layer and row of a NaN of the group that was evaluated last; takes a pass of the model. May be NULL. */
    hs_status (*locate)(void *context, const hs_group *group, hs_not_finite *place, hs_error *error);
} hs_evaluator;

#define HS_RUN_MAX_PLACES 5

typedef struct hs_progress {
    uint64_t cells_done; /* earlier runs included */
    uint64_t cells_total;
    uint64_t cells_this_run;
    double seconds; /* of this run's sweep phase */
} hs_progress;

typedef struct hs_run_options {
    hs_scheduler_policy scheduler;
    uint64_t max_lease_groups;
    void (*progress)(void *context, const hs_progress *progress); /* rank 0 only; may be NULL */
    void *progress_context;
    bool (*stop)(void *context); /* asked on every rank every few ms: true ends the sweep early; may be NULL */
    void *stop_context;
    void (*not_finite)(void *context,
                       const hs_not_finite *place); /* rank 0: the first HS_RUN_MAX_PLACES; may be NULL */
    void *not_finite_context;
} hs_run_options;

typedef struct hs_run_report {
    uint64_t cells_before;      /* done when this run began */
    uint64_t cells_damaged;     /* of those that claimed to be done; they were computed again */
    uint64_t cells_this_run;    /* by all ranks */
    uint64_t values_not_finite; /* stored as NaN in this run */
    double seconds;
    uint64_t n_leases;
    uint64_t n_served;      /* leases that went to workers by message */
    double service_seconds; /* that rank 0 spent on its workers' messages */
    bool stopped;           /* ended early because a rank asked for it */
} hs_run_report;

/*
 * Collective. Finds the missing cells (the ranks share the checking; `fresh` skips it: the file was made by this run),
 * computes them group by group and writes each as soon as its set is finished. Rank 0 coordinates and computes too. Any
 * rank's error or wish to stop ends the sweep: groups in hand are dropped at the next poll, cells that are being
 * written are finished. The error is returned on all ranks; a stop is HS_UNFINISHED with the report filled in.
 * `results` may be NULL with `fresh`: the values are dropped, so that scheduling can be tested and measured by itself.
 */
hs_status hs_sweep_run(hs_comm *comm, const hs_plan *plan, hs_results *results, bool fresh,
                       const hs_evaluator *evaluator, const hs_run_options *options, hs_run_report *report_out,
                       hs_error *error);

#endif
