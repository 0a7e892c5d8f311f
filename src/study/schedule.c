/*
 * schedule: how well a plan's groups fill so many ranks, by the scheduler itself in virtual time over what the groups
 * cost.
 */
#include "study/group_sizes.h"

/* Ranks are busy where at most a tenth of their time goes by idle. */
#define BUSY 0.9
/* A rank answers within a matrix product; and what handing out a group takes. */
#define ANSWER_SECONDS 0.005

typedef struct group_seconds {
    const hs_study *study;
    double seconds_a_weight;
} group_seconds;

/* A shard beside the largest of its task, by examples. */
static double share_of_shard(const hs_plan_task *task, uint64_t shard)
{
    uint64_t most = 1;

    for (size_t i = 0; i < task->n_shards; ++i) {
        const uint64_t n = task->shard_first[i + 1] - task->shard_first[i];
        most = n > most ? n : most;
    }
    return (double)(task->shard_first[shard + 1] - task->shard_first[shard]) / (double)most;
}

static double seconds_of_group(void *context, uint64_t index, const hs_group *group)
{
    const group_seconds *s = context;
    const hs_plan_task *task = &s->study->plan.tasks[group->task];
    const uint64_t block = (index - task->first_group) % task->n_blocks;

    return hs__study_block_weight(task, block) * share_of_shard(task, group->shard) * s->seconds_a_weight;
}

/* The clean model on the shard, as much as a head of the first layer. */
static double seconds_of_shard(void *context, const hs_group *group)
{
    const group_seconds *s = context;
    const hs_study *study = s->study;
    const hs_plan_task *task = &study->plan.tasks[group->task];
    const double weight =
        study->storage->set_flops != NULL
            ? study->storage->set_flops[group->task * study->space.n_interventions * study->model->shape.n_layers]
            : 1;

    return weight * share_of_shard(task, group->shard) * s->seconds_a_weight;
}

/* All groups, and the clean model once on each shard. */
static double weight_of_sweep(const hs_study *study)
{
    const group_seconds unit = {study, 1};
    double weight = 0;

    for (uint32_t i = 0; i < study->plan.n_tasks; ++i) {
        const hs_plan_task *task = &study->plan.tasks[i];
        double blocks = 0, shards = 0;
        for (uint64_t block = 0; block < task->n_blocks; ++block)
            blocks += hs__study_block_weight(task, block);
        for (uint32_t shard = 0; shard < task->n_shards; ++shard)
            shards += share_of_shard(task, shard);
        const hs_group first = {.task = i};
        weight += shards * (blocks + seconds_of_shard((void *)&unit, &first) / share_of_shard(task, 0));
    }
    return weight;
}

hs_status hs_study_simulate(const hs_study *study, const hs_study_cost *cost, size_t n_ranks,
                            hs_simulation *simulation_out, hs_error *error)
{
    group_seconds seconds = {study, cost->seconds_a_rank / weight_of_sweep(study)};
    const hs_group_times times = {&seconds, seconds_of_group, seconds_of_shard, ANSWER_SECONDS};

    return hs_sweep_simulate(&study->plan, &times, study->experiment->scheduler,
                             (uint64_t)study->experiment->max_lease_groups, n_ranks, simulation_out, error);
}

hs_status hs_study_busy_ranks(const hs_study *study, const hs_study_cost *cost, size_t most_ranks, size_t *n_ranks_out,
                              hs_error *error)
{
    size_t busy = 1, idle = most_ranks + 1, middle = most_ranks;

    for (; idle - busy > 1 + busy / 16; middle = busy + (idle - busy) / 2) {
        hs_simulation simulation;
        HS_TRY(hs_study_simulate(study, cost, middle, &simulation, error));
        if (simulation.efficiency >= BUSY)
            busy = middle;
        else
            idle = middle;
    }
    *n_ranks_out = busy;
    return HS_OK;
}
