/*
 * simulate: the scheduler on many ranks in virtual time, for plans that are true and for measurements that no machine
 * is large enough for.
 *
 * An event is a rank that begins the last group of its lease: that is when it asks for the next one. Rank 0 answers
 * between two matrix products of its own, one message after the other; what it hands itself takes no time.
 */
#include "headsweep/sweep.h"

typedef struct virtual_rank {
    double seconds; /* when it begins the last group of its lease */
    hs_lease last;  /* that group; count 0: it has no lease */
    uint64_t shard; /* of the group before, numbered over all tasks; UINT64_MAX: none */
} virtual_rank;

typedef struct virtual_sweep {
    const hs_plan *plan;
    const hs_group_times *times;
    hs_scheduler *scheduler;
    virtual_rank *ranks;
    size_t *heap; /* ranks that have a lease, those that ask first on top */
    size_t n_heap;
    double served_seconds; /* when rank 0 has answered all that asked so far */
    double busy_seconds;
    double end_seconds;
    double waited_seconds;
    uint64_t n_leases;
} virtual_sweep;

static bool asks_before(const virtual_sweep *v, size_t a, size_t b)
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
    for (; at > 0 && asks_before(v, at, (at - 1) / 2); at = (at - 1) / 2)
        swap(v, at, (at - 1) / 2);
}

static size_t pop(virtual_sweep *v)
{
    const size_t rank = v->heap[0];

    v->heap[0] = v->heap[--v->n_heap];
    for (size_t at = 0, child; (child = 2 * at + 1) < v->n_heap; at = child) {
        if (child + 1 < v->n_heap && asks_before(v, child + 1, child))
            ++child;
        if (!asks_before(v, child, at))
            break;
        swap(v, at, child);
    }
    return rank;
}

/* The groups of a lease, one run of blocks after the other; the shard of each is prepared where it is a new one. */
static double compute(virtual_sweep *v, virtual_rank *rank, hs_lease lease)
{
    const hs_group_times *times = v->times;
    double seconds = 0;

    while (lease.count > 0) {
        const hs_group group = hs_sweep_plan_group(v->plan, lease.first);
        const hs_plan_task *task = &v->plan->tasks[group.task];
        const uint64_t shard = (uint64_t)group.task << 32 | group.shard;
        const uint64_t block = (lease.first - task->first_group) % task->n_blocks;
        const uint64_t n = lease.count < task->n_blocks - block ? lease.count : task->n_blocks - block;
        if (shard != rank->shard)
            seconds += times->of_shard(times->context, group.task, group.shard);
        seconds += times->of_blocks(times->context, group.task, group.shard, block, n);
        rank->shard = shard;
        lease = (hs_lease){lease.first + n, lease.count - n};
    }
    v->busy_seconds += seconds;
    return seconds;
}

/* When the rank has the answer to what it asks now. */
static double answer_seconds(virtual_sweep *v, size_t rank, double seconds)
{
    if (rank == 0)
        return seconds;
    seconds += v->times->answer_seconds;
    v->served_seconds = (seconds > v->served_seconds ? seconds : v->served_seconds) + v->times->service_seconds;
    return v->served_seconds;
}

/* Asks, ends the last group of the lease, and goes through the next one up to its last group. */
static void go_on(virtual_sweep *v, size_t rank)
{
    virtual_rank *r = &v->ranks[rank];
    const hs_lease next = hs_sweep_scheduler_next(v->scheduler, rank);
    const double answered = answer_seconds(v, rank, r->seconds);
    const double ended = r->seconds + compute(v, r, r->last);

    v->end_seconds = r->last.count > 0 && ended > v->end_seconds ? ended : v->end_seconds;
    r->seconds = ended;
    r->last = (hs_lease){0};
    if (next.count == 0)
        return;
    r->seconds = answered > ended ? answered : ended;
    v->waited_seconds += r->seconds - ended;
    ++v->n_leases;
    r->seconds += compute(v, r, (hs_lease){next.first, next.count - 1});
    r->last = (hs_lease){next.first + next.count - 1, 1};
    push(v, rank);
}

/*
 * Ranks ask in their order before anything runs, as they do in a run. The heap holds those that
 * compute; who gets nothing was never needed.
 */
static void run_all(virtual_sweep *v, size_t n_ranks, hs_simulation *simulation)
{
    for (size_t rank = 0; rank < n_ranks; ++rank) {
        v->ranks[rank].shard = UINT64_MAX;
        go_on(v, rank);
        simulation->n_idle_ranks += v->ranks[rank].last.count == 0;
    }
    while (v->n_heap > 0)
        go_on(v, pop(v));
    simulation->seconds = v->end_seconds;
    simulation->n_leases = v->n_leases;
    simulation->waited_seconds = v->waited_seconds;
    simulation->efficiency = v->end_seconds > 0 ? v->busy_seconds / ((double)n_ranks * v->end_seconds) : 1;
}

/* The scheduler is the one that a run uses, not a model of it. */
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
