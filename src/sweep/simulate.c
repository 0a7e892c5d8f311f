/*
 * simulate: the scheduler on many ranks in virtual time, for plans that are true and for measurements that no machine
 * is large enough for.
 *
 * An event is a rank that ends a group. The rank goes on with its lease, or with the next one, which it asked for
 * when it began the last group of this one. Rank 0 answers between two matrix products of its own, so an answer takes
 * a while.
 */
#include "headsweep/sweep.h"

typedef struct virtual_rank {
    double seconds; /* when it ends what it is at */
    hs_lease lease; /* what is left of it, without the group that it is at */
    hs_lease next;
    double next_seconds; /* when the answer is there */
    uint64_t shard;      /* of its last group, numbered over all tasks; UINT64_MAX: none */
} virtual_rank;

typedef struct virtual_sweep {
    const hs_plan *plan;
    const hs_group_times *times;
    hs_scheduler *scheduler;
    virtual_rank *ranks;
    size_t *heap; /* ranks at work, those that end first on top */
    size_t n_heap;
    double busy_seconds;
} virtual_sweep;

static bool ends_before(const virtual_sweep *v, size_t a, size_t b)
{
    const double left = v->ranks[v->heap[a]].seconds, right = v->ranks[v->heap[b]].seconds;

    return left < right || (left == right && v->heap[a] < v->heap[b]);
}

static void swap(virtual_sweep *v, size_t a, size_t b)
{
    const size_t rank = v->heap[a];

    v->heap[a] = v->heap[b];
    v->heap[b] = rank;
}

static void push(virtual_sweep *v, size_t rank)
{
    size_t at = v->n_heap++;

    v->heap[at] = rank;
    for (; at > 0 && ends_before(v, at, (at - 1) / 2); at = (at - 1) / 2)
        swap(v, at, (at - 1) / 2);
}

static size_t pop(virtual_sweep *v)
{
    const size_t rank = v->heap[0];

    v->heap[0] = v->heap[--v->n_heap];
    for (size_t at = 0, child; (child = 2 * at + 1) < v->n_heap; at = child) {
        if (child + 1 < v->n_heap && ends_before(v, child + 1, child))
            ++child;
        if (!ends_before(v, child, at))
            break;
        swap(v, at, child);
    }
    return rank;
}

static void ask(virtual_sweep *v, size_t rank)
{
    virtual_rank *r = &v->ranks[rank];

    r->next = hs_sweep_scheduler_next(v->scheduler, rank);
    r->next_seconds = r->seconds + v->times->answer_seconds;
}

/* Takes the first group of the lease; its shard is prepared where it is another one. */
static void begin_group(virtual_sweep *v, size_t rank)
{
    virtual_rank *r = &v->ranks[rank];
    const hs_group group = hs_sweep_plan_group(v->plan, r->lease.first++);
    const uint64_t shard = (uint64_t)group.task << 32 | group.shard;
    double seconds = v->times->of_group(v->times->context, r->lease.first - 1, &group);

    --r->lease.count;
    if (r->lease.count == 0)
        ask(v, rank);
    if (shard != r->shard)
        seconds += v->times->of_shard(v->times->context, &group);
    r->shard = shard;
    r->seconds += seconds;
    v->busy_seconds += seconds;
    push(v, rank);
}

/* Goes on with the lease or the next one; a rank without either has done its part. */
static void go_on(virtual_sweep *v, size_t rank)
{
    virtual_rank *r = &v->ranks[rank];

    if (r->lease.count == 0 && r->next.count > 0) {
        r->lease = r->next;
        r->next = (hs_lease){0};
        r->seconds = r->next_seconds > r->seconds ? r->next_seconds : r->seconds;
    }
    if (r->lease.count > 0)
        begin_group(v, rank);
}

static void run_all(virtual_sweep *v, size_t n_ranks, hs_simulation *simulation)
{
    for (size_t rank = 0; rank < n_ranks; ++rank) {
        v->ranks[rank].shard = UINT64_MAX;
        ask(v, rank);
    }
    for (size_t rank = 0; rank < n_ranks; ++rank)
        go_on(v, rank);
    simulation->n_idle_ranks = n_ranks - v->n_heap;
    while (v->n_heap > 0) {
        const size_t rank = pop(v);
        const double seconds = v->ranks[rank].seconds;
        simulation->seconds = seconds > simulation->seconds ? seconds : simulation->seconds;
        go_on(v, rank);
    }
    simulation->efficiency = simulation->seconds > 0 ? v->busy_seconds / ((double)n_ranks * simulation->seconds) : 1;
}

hs_status hs_sweep_simulate(const hs_plan *plan, const hs_group_times *times, hs_scheduler_policy policy,
                            uint64_t max_lease, size_t n_ranks, hs_simulation *simulation_out, hs_error *error)
{
    virtual_sweep v = {.plan = plan, .times = times};
    hs_status status;

    *simulation_out = (hs_simulation){0};
    HS_GOTO_DONE(hs_sweep_scheduler_new(policy, plan->n_groups, n_ranks, max_lease, &v.scheduler, error));
    HS_GOTO_DONE(hs_allocate(&v.ranks, n_ranks, sizeof *v.ranks, "simulated ranks", error));
    HS_GOTO_DONE(hs_allocate(&v.heap, n_ranks, sizeof *v.heap, "simulated ranks", error));
    run_all(&v, n_ranks, simulation_out);
done:
    hs_free(v.heap);
    hs_free(v.ranks);
    hs_sweep_scheduler_free(v.scheduler);
    return status;
}
