/* The plan: examples cut into shards, sets into blocks, and both together the groups. */
#include <string.h>

#include "headsweep/sweep.h"

static uint64_t at_least(uint64_t value, uint64_t least)
{
    return value > least ? value : least;
}

/* Fills shard_first of one task; see hs_sweep_plan_init for the rule. */
static void cut_shards(hs_plan_task *task, const hs_plan_input *input, uint64_t batch_rows)
{
    uint64_t rows = 0;

    task->n_shards = 0;
    for (size_t i = 0; i < task->n_examples; ++i) {
        size_t added = input->example_rows[i] - (input->shared_rows != NULL ? input->shared_rows[i] : 0);
        if (i == 0 || rows + added > batch_rows) {
            task->shard_first[task->n_shards++] = i;
            rows = 0;
            added = input->example_rows[i];
        }
        rows += added;
    }
    task->shard_first[task->n_shards] = task->n_examples;
}

/* Counts groups and cells of a task whose shards and blocks are cut. */
static void count_groups(hs_plan *plan, hs_plan_task *task)
{
    task->first_group = plan->n_groups;
    plan->n_groups += task->n_shards * task->n_blocks;
    plan->n_cells += task->n_shards * plan->n_sets;
    for (size_t s = 0; s < task->n_shards; ++s) {
        uint64_t values = (task->shard_first[s + 1] - task->shard_first[s]) * task->n_metrics * plan->sets_per_group;
        if (values > plan->max_group_values)
            plan->max_group_values = values;
    }
}

/* Blocks of as many sets each; the last one has what is left. */
static hs_status cut_evenly(const hs_plan *plan, hs_plan_task *task, hs_error *error)
{
    task->n_blocks = (plan->n_sets + plan->sets_per_group - 1) / plan->sets_per_group;
    HS_TRY(hs_allocate(&task->block_first, task->n_blocks + 1, sizeof *task->block_first, "plan", error));
    for (uint64_t block = 0; block < task->n_blocks; ++block)
        task->block_first[block] = block * plan->sets_per_group;
    task->block_first[task->n_blocks] = plan->n_sets;
    return HS_OK;
}

static hs_status plan_task(hs_plan *plan, size_t index, const hs_plan_input *input, hs_error *error)
{
    hs_plan_task *task = &plan->tasks[index];

    task->n_examples = input->n_examples;
    task->n_metrics = input->n_metrics;
    HS_TRY(hs_allocate(&task->shard_first, input->n_examples + 1, sizeof *task->shard_first, "plan", error));
    cut_shards(task, input, plan->batch_rows);
    HS_TRY(cut_evenly(plan, task, error));
    count_groups(plan, task);
    return HS_OK;
}

static hs_plan plan_of(uint64_t first_set, uint64_t n_sets, uint64_t sets_per_group, uint64_t batch_rows)
{
    hs_plan plan = {.first_set = first_set, .n_sets = n_sets, .batch_rows = batch_rows};

    plan.sets_per_group = sets_per_group < n_sets ? sets_per_group : n_sets;
    return plan;
}

hs_status hs_sweep_plan_init(hs_plan *plan, uint64_t n_sets, uint64_t sets_per_group, uint64_t batch_rows,
                             const hs_plan_input *tasks, size_t n_tasks, hs_error *error)
{
    hs_status status;

    *plan = plan_of(0, n_sets, sets_per_group, batch_rows);
    HS_GOTO_DONE(hs_allocate(&plan->tasks, n_tasks, sizeof *plan->tasks, "plan", error));
    plan->n_tasks = n_tasks;
    for (size_t i = 0; i < n_tasks; ++i)
        HS_GOTO_DONE(plan_task(plan, i, &tasks[i], error));
done:
    if (status != HS_OK)
        hs_sweep_plan_clear(plan);
    return status;
}

static hs_status copy_task(hs_plan *plan, size_t index, const hs_plan_task *from, hs_error *error)
{
    hs_plan_task *task = &plan->tasks[index];

    *task = *from;
    task->shard_first = NULL;
    task->block_first = NULL;
    task->block_flops = NULL;
    HS_TRY(hs_allocate(&task->shard_first, from->n_shards + 1, sizeof *task->shard_first, "plan", error));
    memcpy(task->shard_first, from->shard_first, (from->n_shards + 1) * sizeof *task->shard_first);
    HS_TRY(cut_evenly(plan, task, error));
    count_groups(plan, task);
    return HS_OK;
}

hs_status hs_sweep_plan_of_sets(const hs_plan *plan, uint64_t first_set, uint64_t n_sets, hs_plan *plan_out,
                                hs_error *error)
{
    hs_status status;

    *plan_out = plan_of(first_set, n_sets, plan->sets_per_group, plan->batch_rows);
    HS_GOTO_DONE(hs_allocate(&plan_out->tasks, plan->n_tasks, sizeof *plan_out->tasks, "plan", error));
    plan_out->n_tasks = plan->n_tasks;
    for (size_t i = 0; i < plan->n_tasks; ++i)
        HS_GOTO_DONE(copy_task(plan_out, i, &plan->tasks[i], error));
done:
    if (status != HS_OK)
        hs_sweep_plan_clear(plan_out);
    return status;
}

/* The blocks of one task as they are cut. */
typedef struct block_list {
    uint64_t *first;
    double *flops;
    size_t n, room_first, room_flops;
} block_list;

static hs_status begin_block(block_list *blocks, uint64_t set, hs_error *error)
{
    HS_TRY(hs_reserve(&blocks->first, &blocks->room_first, blocks->n + 2, sizeof *blocks->first, "plan", error));
    HS_TRY(hs_reserve(&blocks->flops, &blocks->room_flops, blocks->n + 1, sizeof *blocks->flops, "plan", error));
    blocks->first[blocks->n] = set;
    blocks->flops[blocks->n++] = 0;
    return HS_OK;
}

/*
 * Does the set that costs `flops` begin another block? Small groups hold a few sets, for the speed of their products.
 */
static bool is_full(const block_list *blocks, uint64_t set, double flops, hs_group_size size)
{
    const uint64_t n = set - blocks->first[blocks->n - 1];
    const double sum = blocks->flops[blocks->n - 1] + flops;

    return n >= size.most_sets || sum > size.most_flops || (sum > size.target_flops && n >= size.fewest_sets);
}

/*
 * The first set of a block computes all that leads to it, so that a set which does not fit is
 * counted again as a first one.
 */
static hs_status cut_task(const hs_plan *plan, size_t task, const hs_set_costs *costs, hs_group_size size,
                          block_list *blocks, hs_error *error)
{
    HS_TRY(hs_reserve(&blocks->first, &blocks->room_first, 1, sizeof *blocks->first, "plan", error));
    for (uint64_t set = 0; set < plan->n_sets; ++set) {
        bool is_first = set == 0;
        double flops = costs->flops_of(costs->context, task, plan->first_set + set, is_first);
        if (!is_first && is_full(blocks, set, flops, size)) {
            is_first = true;
            flops = costs->flops_of(costs->context, task, plan->first_set + set, true);
        }
        if (is_first)
            HS_TRY(begin_block(blocks, set, error));
        blocks->flops[blocks->n - 1] += flops;
    }
    blocks->first[blocks->n] = plan->n_sets;
    return HS_OK;
}

static void take_blocks(hs_plan_task *task, block_list *blocks)
{
    hs_free(task->block_first);
    hs_free(task->block_flops);
    task->block_first = blocks->first;
    task->block_flops = blocks->flops;
    task->n_blocks = blocks->n;
    *blocks = (block_list){0};
}

static double sum_blocks(const hs_plan_task *task)
{
    double flops = 0;

    for (uint64_t block = 0; block < task->n_blocks; ++block)
        flops += task->block_flops[block];
    return flops;
}

static void count_all(hs_plan *plan)
{
    plan->n_groups = plan->n_cells = plan->sets_per_group = plan->max_group_values = 0;
    for (size_t i = 0; i < plan->n_tasks; ++i)
        for (uint64_t block = 0; block < plan->tasks[i].n_blocks; ++block) {
            const uint64_t *first = plan->tasks[i].block_first + block;
            plan->sets_per_group = at_least(plan->sets_per_group, first[1] - first[0]);
        }
    for (size_t i = 0; i < plan->n_tasks; ++i)
        count_groups(plan, &plan->tasks[i]);
}

/*
 * Tasks are cut each by themselves, as a set costs differently in each; groups are numbered when
 * all are cut.
 */
hs_status hs_sweep_plan_cut(hs_plan *plan, const hs_set_costs *costs, hs_group_size size, double *flops_out,
                            hs_error *error)
{
    block_list blocks = {0};
    hs_status status = HS_OK;

    *flops_out = 0;
    for (size_t task = 0; task < plan->n_tasks; ++task) {
        HS_GOTO_DONE(cut_task(plan, task, costs, size, &blocks, error));
        take_blocks(&plan->tasks[task], &blocks);
        *flops_out += sum_blocks(&plan->tasks[task]);
    }
    count_all(plan);
done:
    hs_free(blocks.first);
    hs_free(blocks.flops);
    return status;
}

void hs_sweep_plan_clear(hs_plan *plan)
{
    for (size_t i = 0; i < plan->n_tasks; ++i) {
        hs_free(plan->tasks[i].shard_first);
        hs_free(plan->tasks[i].block_first);
        hs_free(plan->tasks[i].block_flops);
    }
    hs_free(plan->tasks);
    *plan = (hs_plan){0};
}

hs_group hs_sweep_plan_group(const hs_plan *plan, uint64_t index)
{
    uint32_t task = 0;

    while (task + 1 < plan->n_tasks && plan->tasks[task + 1].first_group <= index)
        ++task;
    const hs_plan_task *of = &plan->tasks[task];
    uint64_t within = index - of->first_group;
    const uint64_t *first_set = of->block_first + within % of->n_blocks;
    return (hs_group){task, (uint32_t)(within / of->n_blocks), plan->first_set + first_set[0],
                      first_set[1] - first_set[0]};
}

size_t hs_sweep_plan_group_examples(const hs_plan *plan, const hs_group *group)
{
    const uint64_t *shard_first = plan->tasks[group->task].shard_first;

    return (size_t)(shard_first[group->shard + 1] - shard_first[group->shard]);
}
