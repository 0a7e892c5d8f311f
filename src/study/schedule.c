/*
 * schedule: how well a plan's groups fill so many ranks, by the scheduler itself in virtual time over what the groups
 * were counted to cost.
 */
#include <math.h>

#include "study/group_sizes.h"

/* What a message takes rank 0: `headsweep bench scheduler` measured 0.9 us on idle cores. */
#define SERVICE_SECONDS 2e-6
/* A number of ranks is sought to within a few in a hundred: no estimate of time is better than that. */
#define NEAR 64
/* More than any machine has. */
#define MOST_RANKS 10000000.0

typedef struct virtual_costs {
    const hs_study *study;
    double flops_per_second;
} virtual_costs;

static double seconds_of_blocks(void *context, uint32_t task, uint32_t shard, uint64_t block, uint64_t n)
{
    const virtual_costs *v = context;
    const struct study_counted *counted = &v->study->storage->counted[task];

    return (counted->block_sums[block + n] - counted->block_sums[block]) * counted->shards[shard].flops_a_weight /
           v->flops_per_second;
}

static double seconds_of_shard(void *context, uint32_t task, uint32_t shard)
{
    const virtual_costs *v = context;

    return v->study->storage->counted[task].shards[shard].flops_of_workload / v->flops_per_second;
}

/* Rank 0 looks at its messages after each product of its own: the largest is the longest that a rank waits. */
hs_status hs_study_simulate(const hs_study *study, double flops_per_second, size_t n_ranks,
                            hs_simulation *simulation_out, hs_error *error)
{
    virtual_costs costs = {study, flops_per_second};
    const hs_group_times times = {&costs, seconds_of_blocks, seconds_of_shard,
                                  study->storage->flops_to_stop / flops_per_second, SERVICE_SECONDS};

    return hs_sweep_simulate(&study->plan, &times, study->experiment->scheduler,
                             (uint64_t)study->experiment->max_lease_groups, n_ranks, simulation_out, error);
}

/* Between `good`, which will do, and `bad`, which will not: a number near the border that will do. */
typedef bool ranks_will_do(const hs_simulation *simulation, double bound);

static hs_status find_border(const hs_study *study, double flops_per_second, ranks_will_do *will_do, double bound,
                             size_t good, size_t bad, size_t *n_ranks_out, hs_error *error)
{
    while ((good > bad ? good - bad : bad - good) > 1 + (good < bad ? good : bad) / NEAR) {
        const size_t middle = good / 2 + bad / 2 + (good % 2 + bad % 2) / 2;
        hs_simulation simulation;
        HS_TRY(hs_study_simulate(study, flops_per_second, middle, &simulation, error));
        if (will_do(&simulation, bound))
            good = middle;
        else
            bad = middle;
    }
    *n_ranks_out = good;
    return HS_OK;
}

static bool are_busy(const hs_simulation *simulation, double bound)
{
    return simulation->efficiency >= bound;
}

static bool finish(const hs_simulation *simulation, double bound)
{
    return simulation->seconds <= bound;
}

hs_status hs_study_busy_ranks(const hs_study *study, double flops_per_second, size_t most_ranks, size_t *n_ranks_out,
                              hs_error *error)
{
    return find_border(study, flops_per_second, are_busy, HS_STUDY_BUSY, 1, most_ranks, n_ranks_out, error);
}

/*
 * First up from the fewest that could do it if none ever waited, then bisection. More ranks than
 * groups help nobody, so the search ends there.
 */
hs_status hs_study_ranks_in_time(const hs_study *study, double flops_per_second, double seconds, size_t *n_ranks_out,
                                 hs_error *error)
{
    const double least = ceil(study->storage->flops_executed / flops_per_second / seconds);
    size_t bad = 0, good = 1;
    hs_simulation simulation = {.seconds = HUGE_VAL};

    *n_ranks_out = 0;
    if (least > MOST_RANKS)
        return HS_OK;
    for (good = least > 1 ? (size_t)least : 1; simulation.seconds > seconds; good += 1 + good / 8) {
        if (good > 2 * study->plan.n_groups + 1)
            return HS_OK;
        HS_TRY(hs_study_simulate(study, flops_per_second, good, &simulation, error));
        if (simulation.seconds <= seconds)
            break;
        bad = good;
    }
    return find_border(study, flops_per_second, finish, seconds, good, bad, n_ranks_out, error);
}
