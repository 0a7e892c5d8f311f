/* Which groups miss a cell: the ranks share the checking of commit words. */
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

/* Looks at the cells of blocks first_block .. end_block - 1 of one shard and marks the groups that miss one. */
static hs_status check_blocks(run_state *run, uint32_t task, uint32_t shard, uint64_t first_block, uint64_t end_block,
                              bool *done, uint64_t *missing_words, hs_error *error)
{
    const hs_plan *plan = run->plan;
    const hs_plan_task *of = &plan->tasks[task];
    const uint64_t first_set = of->block_first[first_block];
    const uint64_t n_sets = of->block_first[end_block] - first_set;

    HS_TRY(hs_results_check_cells(run->results, task, shard, plan->first_set + first_set, n_sets, done,
                                  &run->cells_damaged, error));
    for (uint64_t block = first_block; block < end_block; ++block)
        for (uint64_t set = of->block_first[block]; set < of->block_first[block + 1]; ++set)
            if (!done[set - first_set])
                set_bit(missing_words, of->first_group + shard * of->n_blocks + block);
    return HS_OK;
}

/* This rank's share of the checking: every size-th piece. */
static hs_status check_share(run_state *run, bool *done, uint64_t *missing_words, hs_error *error)
{
    const hs_plan *plan = run->plan;
    uint64_t piece = 0, end = 0;

    for (uint32_t task = 0; task < plan->n_tasks; ++task)
        for (uint32_t shard = 0; shard < plan->tasks[task].n_shards; ++shard)
            for (uint64_t block = 0; block < plan->tasks[task].n_blocks; block = end) {
                end = end_of_piece(&plan->tasks[task], block);
                if (piece++ % (uint64_t)hs_comm_size(run->comm) == (uint64_t)hs_comm_rank(run->comm))
                    HS_TRY(check_blocks(run, task, shard, block, end, done, missing_words, error));
            }
    return HS_OK;
}

static hs_status list_missing(run_state *run, const uint64_t *missing_words, hs_error *error)
{
    uint64_t cells_missing = 0;

    HS_TRY(hs_allocate(&run->missing, run->plan->n_groups, sizeof *run->missing, "list of groups", error));
    for (uint64_t group = 0; group < run->plan->n_groups; ++group)
        if (get_bit(missing_words, group)) {
            run->missing[run->n_missing++] = group;
            cells_missing += hs_sweep_plan_group(run->plan, group).n_sets;
        }
    run->cells_before = run->plan->n_cells - cells_missing;
    return HS_OK;
}

static void mark_all(const hs_plan *plan, uint64_t *missing_words)
{
    for (uint64_t group = 0; group < plan->n_groups; ++group)
        set_bit(missing_words, group);
}

hs_status hs__sweep_run_find_missing(run_state *run, bool fresh, hs_error *error)
{
    size_t n_words = (size_t)(run->plan->n_groups / 64 + 1);
    uint64_t *missing_words = NULL;
    bool *done = NULL;
    hs_status status = hs_allocate(&missing_words, n_words, sizeof *missing_words, "list of groups", error);

    if (status == HS_OK)
        status = hs_allocate(&done, CHECK_SETS + run->plan->sets_per_group, sizeof *done, "list of cells", error);
    if (status == HS_OK && fresh)
        mark_all(run->plan, missing_words);
    else if (status == HS_OK)
        status = check_share(run, done, missing_words, error);
    HS_GOTO_DONE(hs_comm_agree(run->comm, status, error));
    HS_GOTO_DONE(hs_comm_or(run->comm, missing_words, n_words, error));
    HS_GOTO_DONE(hs_comm_sum_u64(run->comm, &run->cells_damaged, 1, error));
    HS_GOTO_DONE(hs_comm_agree(run->comm, list_missing(run, missing_words, error), error));
done:
    hs_free(done);
    hs_free(missing_words);
    return status;
}
