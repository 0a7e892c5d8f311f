/* The plan: examples cut into shards, sets into blocks, and both together the groups. */
#include <string.h>

#include "headsweep/sweep.h"

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

/* Counts groups and cells of a task whose shards are cut. */
static void count_groups(hs_plan *plan, hs_plan_task *task)
{
    task->first_group = plan->n_groups;
    plan->n_groups += task->n_shards * plan->n_blocks;
    plan->n_cells += task->n_shards * plan->n_sets;
    for (size_t s = 0; s < task->n_shards; ++s) {
        uint64_t values = (task->shard_first[s + 1] - task->shard_first[s]) * task->n_metrics * plan->sets_per_group;
        if (values > plan->max_group_values)
            plan->max_group_values = values;
    }
}

static hs_status plan_task(hs_plan *plan, size_t index, const hs_plan_input *input, hs_error *error)
{
    hs_plan_task *task = &plan->tasks[index];

    task->n_examples = input->n_examples;
    task->n_metrics = input->n_metrics;
    HS_TRY(hs_allocate(&task->shard_first, input->n_examples + 1, sizeof *task->shard_first, "plan", error));
    cut_shards(task, input, plan->batch_rows);
    count_groups(plan, task);
    return HS_OK;
}

static hs_plan plan_of(uint64_t first_set, uint64_t n_sets, uint64_t sets_per_group, uint64_t batch_rows)
{
    hs_plan plan = {.first_set = first_set, .n_sets = n_sets, .batch_rows = batch_rows};

    plan.sets_per_group = sets_per_group < n_sets ? sets_per_group : n_sets;
    plan.n_blocks = (n_sets + plan.sets_per_group - 1) / plan.sets_per_group;
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
    HS_TRY(hs_allocate(&task->shard_first, from->n_shards + 1, sizeof *task->shard_first, "plan", error));
    memcpy(task->shard_first, from->shard_first, (from->n_shards + 1) * sizeof *task->shard_first);
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

void hs_sweep_plan_clear(hs_plan *plan)
{
    for (size_t i = 0; i < plan->n_tasks; ++i)
        hs_free(plan->tasks[i].shard_first);
    hs_free(plan->tasks);
    *plan = (hs_plan){0};
}

hs_group hs_sweep_plan_group(const hs_plan *plan, uint64_t index)
{
    uint32_t task = 0;

    while (task + 1 < plan->n_tasks && plan->tasks[task + 1].first_group <= index)
        ++task;
    uint64_t within = index - plan->tasks[task].first_group;
    uint64_t first_set = within % plan->n_blocks * plan->sets_per_group;
    uint64_t left = plan->n_sets - first_set;
    return (hs_group){task, (uint32_t)(within / plan->n_blocks), plan->first_set + first_set,
                      left < plan->sets_per_group ? left : plan->sets_per_group};
}

size_t hs_sweep_plan_group_examples(const hs_plan *plan, const hs_group *group)
{
    const uint64_t *shard_first = plan->tasks[group->task].shard_first;

    return (size_t)(shard_first[group->shard + 1] - shard_first[group->shard]);
}
