/* Who gets which groups next: guided or in blocks that are fixed beforehand. */
#include <string.h>

#include "headsweep/sweep.h"

/* A policy decides which items a rank gets next; the bookkeeping around it is the same for all. */
typedef hs_lease scheduler_next(hs_scheduler *scheduler, size_t rank);

struct hs_scheduler {
    scheduler_next *next;
    uint64_t n_items;
    uint64_t max_lease;
    size_t n_ranks;
    bool stopped;
    uint64_t cursor;       /* guided: first item that nobody has */
    uint64_t *rank_cursor; /* [n_ranks], static: first item of the rank's block that it does not have yet */
    uint64_t n_handed_out;
    uint64_t n_reported;
};

static uint64_t at_most(uint64_t value, uint64_t limit)
{
    return value < limit ? value : limit;
}

/*
 * Guided self-scheduling with a factor of 4 for groups of unequal cost: large leases first, single groups at the end.
 */
static hs_lease guided_next(hs_scheduler *scheduler, size_t rank)
{
    uint64_t remaining = scheduler->n_items - scheduler->cursor;
    uint64_t share = remaining / (4 * (uint64_t)scheduler->n_ranks);
    hs_lease lease = {scheduler->cursor, at_most(at_most(share > 0 ? share : 1, remaining), scheduler->max_lease)};

    (void)rank;
    scheduler->cursor += lease.count;
    return lease;
}

/* The block of a rank is [n * rank / ranks, n * (rank + 1) / ranks), computed without overflow. */
static uint64_t block_first(const hs_scheduler *scheduler, size_t rank)
{
    uint64_t each = scheduler->n_items / scheduler->n_ranks;
    uint64_t extra = scheduler->n_items % scheduler->n_ranks;

    return each * rank + at_most(rank, extra);
}

static hs_lease static_next(hs_scheduler *scheduler, size_t rank)
{
    uint64_t end = block_first(scheduler, rank + 1);
    hs_lease lease = {scheduler->rank_cursor[rank], at_most(end - scheduler->rank_cursor[rank], scheduler->max_lease)};

    scheduler->rank_cursor[rank] += lease.count;
    return lease;
}

static scheduler_next *const policies[] = {[HS_SCHEDULER_GUIDED] = guided_next, [HS_SCHEDULER_STATIC] = static_next};

/* The cursors are for the policy of fixed blocks and cost nothing for the other. */
hs_status hs_sweep_scheduler_new(hs_scheduler_policy policy, uint64_t n_items, size_t n_ranks, uint64_t max_lease,
                                 hs_scheduler **scheduler_out, hs_error *error)
{
    hs_scheduler *scheduler = NULL;
    hs_status status;

    *scheduler_out = NULL;
    HS_GOTO_DONE(hs_allocate(&scheduler, 1, sizeof *scheduler, "scheduler", error));
    scheduler->next = policies[policy];
    scheduler->n_items = n_items;
    scheduler->n_ranks = n_ranks;
    scheduler->max_lease = max_lease > 0 ? max_lease : 1;
    HS_GOTO_DONE(hs_allocate(&scheduler->rank_cursor, n_ranks, sizeof *scheduler->rank_cursor, "scheduler", error));
    for (size_t rank = 0; rank < n_ranks; ++rank)
        scheduler->rank_cursor[rank] = block_first(scheduler, rank);
    *scheduler_out = scheduler;
    scheduler = NULL;
done:
    hs_sweep_scheduler_free(scheduler);
    return status;
}

void hs_sweep_scheduler_free(hs_scheduler *scheduler)
{
    if (scheduler == NULL)
        return;
    hs_free(scheduler->rank_cursor);
    hs_free(scheduler);
}

hs_lease hs_sweep_scheduler_next(hs_scheduler *scheduler, size_t rank)
{
    hs_lease lease = {0, 0};

    if (!scheduler->stopped)
        lease = scheduler->next(scheduler, rank);
    scheduler->n_handed_out += lease.count;
    return lease;
}

void hs_sweep_scheduler_report(hs_scheduler *scheduler, size_t rank, uint64_t n_items)
{
    (void)rank;
    scheduler->n_reported += n_items;
}

bool hs_sweep_scheduler_drained(const hs_scheduler *scheduler)
{
    return scheduler->n_reported == scheduler->n_handed_out;
}

void hs_sweep_scheduler_stop(hs_scheduler *scheduler)
{
    scheduler->stopped = true;
}
