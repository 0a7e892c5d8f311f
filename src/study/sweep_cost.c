/* What the sweep costs: operations counted from a sample of the groups, memory, the size of the file. */
#include <math.h>

#include "study/group_sizes.h"

/* Groups of a task that are counted: all of a small sweep, an even sample of a large one. */
enum { COUNTED_GROUPS = 256 };

/* Ablations of one group and their components. */
struct group_sets {
    hs_component *components;
    hs_ablation *ablations;
};

static hs_status group_sets_init(struct group_sets *sets, const hs_study *study, hs_error *error)
{
    size_t n = (size_t)study->plan.sets_per_group;

    HS_TRY(hs_allocate(&sets->components, n * study->phases.max_order, sizeof *sets->components, "cost", error));
    return hs_allocate(&sets->ablations, n, sizeof *sets->ablations, "cost", error);
}

static void group_sets_clear(struct group_sets *sets)
{
    hs_free(sets->components);
    hs_free(sets->ablations);
}

hs_status hs__study_count_ablations(const hs_study *study, size_t task, const hs_workload *workload,
                                    const hs_ablation *ablations, size_t n, hs_engine_cost *cost_out, hs_error *error)
{
    if (hs_tasks_generates(study->tasks[task]))
        return hs_tasks_generation_count_cost(study->tasks[task], study->engine, study->storage->scorers[task],
                                              workload, ablations, n, cost_out, error);
    return hs_engine_count_cost(study->engine, workload, ablations, n, cost_out, error);
}

static hs_status count_sets(const hs_study *study, size_t task, const hs_workload *workload, uint64_t first, uint64_t n,
                            struct group_sets *sets, hs_engine_cost *cost_out, hs_error *error)
{
    for (uint64_t i = 0; i < n; ++i)
        sets->ablations[i] =
            hs_sweep_space_ablation(&study->space, first + i, sets->components + i * study->phases.max_order);
    return hs__study_count_ablations(study, task, workload, sets->ablations, (size_t)n, cost_out, error);
}

hs_status hs__study_shard_workload(const hs_study *study, size_t task, size_t shard, hs_task_workload **workload_out,
                                   hs_error *error)
{
    const uint64_t *first = study->plan.tasks[task].shard_first + shard;

    return hs_tasks_workload_new(study->tasks[task], (size_t)first[0], (size_t)(first[1] - first[0]),
                                 study->donors != NULL ? study->donors[task] : NULL, workload_out, error);
}

void hs__study_counted_free(struct study_counted *counted, size_t n_tasks)
{
    for (size_t task = 0; counted != NULL && task < n_tasks; ++task) {
        hs_free(counted[task].block_sums);
        hs_free(counted[task].shards);
    }
    hs_free(counted);
}

static hs_status count_blocks(const hs_plan_task *task, struct study_counted *counted, hs_error *error)
{
    HS_TRY(hs_allocate(&counted->shards, task->n_shards, sizeof *counted->shards, "cost", error));
    HS_TRY(hs_allocate(&counted->block_sums, task->n_blocks + 1, sizeof *counted->block_sums, "cost", error));
    for (uint64_t block = 0; block < task->n_blocks; ++block)
        counted->block_sums[block + 1] = counted->block_sums[block] + hs__study_block_weight(task, block);
    return HS_OK;
}

/* A new one in place of the last one's. */
static hs_status counted_new(const hs_study *study, hs_error *error)
{
    struct hs_study_storage *storage = study->storage;

    hs__study_counted_free(storage->counted, study->n_tasks);
    storage->counted = NULL;
    HS_TRY(hs_allocate(&storage->counted, study->n_tasks, sizeof *storage->counted, "cost", error));
    for (size_t task = 0; task < study->n_tasks; ++task)
        HS_TRY(count_blocks(&study->plan.tasks[task], &storage->counted[task], error));
    return HS_OK;
}

/* A rank has one more cell after the clean model on the shard and what is computed until answers are complete. */
static void note_stretches(hs_study_cost *cost, const hs_engine_cost *counted)
{
    cost->flops_to_cell = fmax(cost->flops_to_cell, counted->flops_of_workload + counted->flops_to_answers);
    cost->flops_to_stop = fmax(cost->flops_to_stop, counted->flops_of_product);
}

/* From the last block backwards, each shard beginning elsewhere, so that few samples a shard still see all kinds. */
static hs_status count_shard(const hs_study *study, size_t task, size_t shard, const hs_workload *workload,
                             struct group_sets *sets, hs_study_cost *cost, hs_error *error)
{
    const hs_plan *plan = &study->plan;
    const hs_plan_task *of = &plan->tasks[task];
    const uint64_t n_blocks = of->n_blocks;
    uint64_t share = COUNTED_GROUPS / of->n_shards;
    uint64_t n_counted = share == 0 ? 1 : share < n_blocks ? share : n_blocks;
    uint64_t start = 2 * n_blocks - 1 + shard * n_blocks / of->n_shards;
    hs_engine_cost counted = {0};
    double flops = 0, share_counted = 0;

    if (n_blocks == 0)
        return HS_OK;
    for (uint64_t i = 0; i < n_counted; ++i) {
        const uint64_t block = (start - i * n_blocks / n_counted) % n_blocks;
        const uint64_t *first = of->block_first + block;
        const uint64_t n = first[1] - first[0];
        HS_TRY(count_sets(study, task, workload, first[0], n, sets, &counted, error));
        flops += counted.flops_of_group;
        note_stretches(cost, &counted);
        share_counted += hs__study_block_weight(of, block);
        if (i == 0)
            cost->flops_naive += counted.flops_naive / (double)n * (double)plan->n_sets;
    }
    struct study_counted *of_task = &study->storage->counted[task];
    of_task->shards[shard].flops_of_workload = counted.flops_of_workload;
    of_task->shards[shard].flops_a_weight = share_counted > 0 ? flops / share_counted : 0;
    cost->flops_executed +=
        counted.flops_of_workload + of_task->shards[shard].flops_a_weight * of_task->block_sums[n_blocks];
    return HS_OK;
}

static hs_status count_task(const hs_study *study, size_t task, struct group_sets *sets, hs_study_cost *cost,
                            hs_error *error)
{
    for (size_t shard = 0; shard < study->plan.tasks[task].n_shards; ++shard) {
        hs_task_workload *workload = NULL;
        HS_TRY(hs__study_shard_workload(study, task, shard, &workload, error));
        hs_status status = count_shard(study, task, shard, &workload->workload, sets, cost, error);
        hs_tasks_workload_free(workload);
        HS_TRY(status);
    }
    return HS_OK;
}

static hs_status count_tasks(const hs_study *study, hs_study_cost *cost, hs_error *error)
{
    struct group_sets sets = {0};
    hs_status status;

    HS_GOTO_DONE(group_sets_init(&sets, study, error));
    HS_GOTO_DONE(counted_new(study, error));
    for (size_t task = 0; task < study->n_tasks; ++task)
        HS_GOTO_DONE(count_task(study, task, &sets, cost, error));
done:
    group_sets_clear(&sets);
    return status;
}

/* Of the model and of the classifiers that score what it writes. */
static size_t count_parameters(const hs_study *study)
{
    size_t n = study->model->n_parameters;

    for (size_t i = 0; i < study->storage->n_classifiers; ++i)
        n += study->storage->classifiers[i].model->n_parameters;
    return n;
}

/*
 * Without running anything, so that headers are enough. Later phases are scaled, since their sets
 * do not exist yet.
 */
hs_status hs_study_count_cost(hs_study *study, hs_study_cost *cost_out, hs_error *error)
{
    const hs_results_layout *layout;
    hs_study_cost cost = {0};

    *cost_out = cost;
    HS_TRY(count_tasks(study, &cost, error));
    HS_TRY(hs__study_count_memory(study, SIZE_MAX, &cost.memory, error));
    HS_TRY(hs_study_layout(study, "", "", 1, &layout, error));
    cost.file_bytes = hs_results_file_bytes(layout);
    cost.flops_later = cost.flops_naive * (double)study->phases.later.n_sets / (double)study->plan.n_sets;
    cost.weight_bytes = count_parameters(study) * sizeof(float);
    study->storage->flops_executed = cost.flops_executed;
    study->storage->flops_naive = cost.flops_naive;
    study->storage->flops_to_stop = cost.flops_to_stop;
    *cost_out = cost;
    return HS_OK;
}
