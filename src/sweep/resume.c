/* Which cells are missing, and of which groups: the ranks share the checking of commit words. */
#include "sweep/run_state.h"

/* Sets that are checked in one call: large enough to read at disk speed, small enough to spread over the ranks. */
enum { CHECK_SETS = 256 };

/* The block after the piece that begins with this one. */
static uint64_t end_of_piece(const hs_plan_task *task, uint64_t block)
{
    const uint64_t first_set = task->block_first[block];

    do
        ++block;
    while (block < task->n_blocks && task->block_first[block + 1] - first_set <= CHECK_SETS);
    return block;
}

static void set_bit(uint64_t *words, uint64_t index)
{
    words[index / 64] |= (uint64_t)1 << (index % 64);
}

static bool get_bit(const uint64_t *words, uint64_t index)
{
    return (words[index / 64] >> (index % 64)) & 1;
}

/* Where the bit of a cell is: by task, shard, set of the plan. */
static uint64_t cell_index(const hs_plan *plan, uint32_t task, uint32_t shard, uint64_t set)
{
    uint64_t n_shards = shard;

    for (uint32_t i = 0; i < task; ++i)
        n_shards += plan->tasks[i].n_shards;
    return n_shards * plan->n_sets + set;
}

/* Looks at the cells of blocks first_block .. end_block - 1 of one shard and marks those that are done. */
static hs_status check_blocks(run_state *run, uint32_t task, uint32_t shard, uint64_t first_block, uint64_t end_block,
                              bool *done, hs_error *error)
{
    const hs_plan *plan = run->plan;
    const uint64_t first_set = plan->tasks[task].block_first[first_block];
    const uint64_t n_sets = plan->tasks[task].block_first[end_block] - first_set;
    const uint64_t first = cell_index(plan, task, shard, first_set);

    HS_TRY(hs_results_check_cells(run->results, task, shard, plan->first_set + first_set, n_sets, done,
                                  &run->cells_damaged, error));
    for (uint64_t i = 0; i < n_sets; ++i)
        if (done[i])
            set_bit(run->done_words, first + i);
    return HS_OK;
}

/* This rank's share of the checking: every size-th piece. */
static hs_status check_share(run_state *run, bool *done, hs_error *error)
{
    const hs_plan *plan = run->plan;
    uint64_t piece = 0, end = 0;

    for (uint32_t task = 0; task < plan->n_tasks; ++task)
        for (uint32_t shard = 0; shard < plan->tasks[task].n_shards; ++shard)
            for (uint64_t block = 0; block < plan->tasks[task].n_blocks; block = end) {
                end = end_of_piece(&plan->tasks[task], block);
                if (piece++ % (uint64_t)hs_comm_size(run->comm) == (uint64_t)hs_comm_rank(run->comm))
                    HS_TRY(check_blocks(run, task, shard, block, end, done, error));
            }
    return HS_OK;
}

void hs__sweep_run_list_done(run_state *run, const hs_group *group)
{
    const uint64_t first = cell_index(run->plan, group->task, group->shard, group->first_set - run->plan->first_set);

    for (uint64_t i = 0; i < group->n_sets; ++i)
        run->done[i] = run->done_words != NULL && get_bit(run->done_words, first + i);
}

static uint64_t count_missing(const run_state *run, uint64_t group_index)
{
    const hs_group group = hs_sweep_plan_group(run->plan, group_index);
    const uint64_t first = cell_index(run->plan, group.task, group.shard, group.first_set - run->plan->first_set);
    uint64_t n = 0;

    for (uint64_t i = 0; i < group.n_sets; ++i)
        n += run->done_words == NULL || !get_bit(run->done_words, first + i);
    return n;
}

static hs_status list_missing(run_state *run, hs_error *error)
{
    uint64_t cells_missing = 0;

    HS_TRY(hs_allocate(&run->missing, run->plan->n_groups, sizeof *run->missing, "list of groups", error));
    for (uint64_t group = 0; group < run->plan->n_groups; ++group) {
        const uint64_t n = count_missing(run, group);
        cells_missing += n;
        if (n > 0)
            run->missing[run->n_missing++] = group;
    }
    run->cells_before = run->plan->n_cells - cells_missing;
    return HS_OK;
}

/* A bit for each cell, as the other ranks find them. */
static hs_status find_done(run_state *run, hs_error *error)
{
    const size_t n_words = (size_t)(run->plan->n_cells / 64 + 1);
    bool *done = NULL;
    hs_status status = hs_allocate(&run->done_words, n_words, sizeof *run->done_words, "list of cells", error);

    if (status == HS_OK)
        status = hs_allocate(&done, CHECK_SETS + run->plan->sets_per_group, sizeof *done, "list of cells", error);
    if (status == HS_OK)
        status = check_share(run, done, error);
    HS_GOTO_DONE(hs_comm_agree(run->comm, status, error));
    HS_GOTO_DONE(hs_comm_or(run->comm, run->done_words, n_words, error));
    HS_GOTO_DONE(hs_comm_sum_u64(run->comm, &run->cells_damaged, 1, error));
done:
    hs_free(done);
    return status;
}

/*
 * The ranks share the reading, then all know all missing groups: rank 0 hands out indices into a
 * list that every rank has. A file that this run created has no cell yet, so nothing is read.
 */
hs_status hs__sweep_run_find_missing(run_state *run, bool fresh, hs_error *error)
{
    if (!fresh)
        HS_TRY(find_done(run, error));
    return hs_comm_agree(run->comm, list_missing(run, error), error);
}
