#include "results/file.h"

#include <math.h>

/* Values that are checked at once: large enough for the disk, small beside a model. */
enum { BLOCK_VALUES = 1024 * 1024 };

/*
 * Cells of consecutive sets and consecutive shards of one task: values[n_sets, examples, n_metrics], words[n_sets,
 * n_shards].
 */
typedef struct cell_range {
    uint32_t task;
    uint64_t first_set;
    size_t n_sets;
    size_t first_shard;
    size_t n_shards;
} cell_range;

typedef enum cell_state { CELL_MISSING, CELL_DONE, CELL_DAMAGED } cell_state;

/* The word of a cell: says that its bytes are there, and that they belong to this place of this experiment. */
static uint64_t commit_word(uint64_t experiment_hash, hs_cell cell, const float *values, size_t n_values)
{
    uint64_t word = hs_hash_u64(hs_hash_u64(hs_hash_u64(experiment_hash, cell.task), cell.set), cell.shard);
    word = hs_hash(word, values, n_values * sizeof *values);
    return word == 0 ? 1 : word;
}

/* ---- selections -------------------------------------------------------------------------------------------------- */

static size_t range_examples(const hs_results_task *task, const cell_range *range)
{
    return (size_t)(task->shard_first[range->first_shard + range->n_shards] - task->shard_first[range->first_shard]);
}

static size_t range_row_values(const hs_results_task *task, const cell_range *range)
{
    return range_examples(task, range) * task->n_metrics;
}

static herr_t select_values(const hs_results *results, const cell_range *range)
{
    const hs_results_task *task = &results->tasks[range->task];
    const hsize_t start[] = {range->first_set, task->shard_first[range->first_shard], 0};
    const hsize_t count[] = {range->n_sets, range_examples(task, range), task->n_metrics};
    return H5Sselect_hyperslab(results->files[range->task].values_space, H5S_SELECT_SET, start, NULL, count, NULL);
}

static herr_t select_words(const hs_results *results, const cell_range *range)
{
    const hsize_t start[] = {range->first_set, range->first_shard};
    const hsize_t count[] = {range->n_sets, range->n_shards};
    return H5Sselect_hyperslab(results->files[range->task].commit_space, H5S_SELECT_SET, start, NULL, count, NULL);
}

/* A caller's numbers, not the file's: out of range is a bug. */
static hs_status check_range(const hs_results *results, const cell_range *range, hs_error *error)
{
    if (range->task >= results->n_tasks || range->first_set > results->sets.n_sets ||
        range->n_sets > results->sets.n_sets - range->first_set ||
        range->first_shard + range->n_shards > results->tasks[range->task].n_shards)
        return hs_fail(error, HS_ERROR_INTERNAL, "%s has no cell of task %u, set %llu, shard %zu", results->path,
                       range->task, (unsigned long long)range->first_set, range->first_shard);
    return HS_OK;
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

hs_status hs_results_write_cell(hs_results *results, hs_cell cell, const float *values, hs_error *error)
{
    const cell_range range = {cell.task, cell.set, 1, cell.shard, 1};
    HS_TRY(check_range(results, &range, error));
    const hs_file_task *file = &results->files[cell.task];
    const size_t n_values = range_row_values(&results->tasks[cell.task], &range);
    const uint64_t word = commit_word(results->experiment_hash, cell, values, n_values);
    if (select_values(results, &range) < 0 || select_words(results, &range) < 0 ||
        H5Dwrite(file->values, H5T_IEEE_F32LE, hs_file_memory(results, n_values), file->values_space, results->transfer,
                 values) < 0 ||
        H5Dwrite(file->commit, H5T_STD_U64LE, hs_file_memory(results, 1), file->commit_space, results->transfer,
                 &word) < 0)
        return hs_hdf5_fail(error, HS_ERROR_IO, "%s: set %llu, shard %u of task %s cannot be written", results->path,
                            (unsigned long long)cell.set, cell.shard, results->tasks[cell.task].name);
    return HS_OK;
}

/* ---- reading and checking ---------------------------------------------------------------------------------------- */

static hs_status read_words(hs_results *results, const cell_range *range, uint64_t *words, hs_error *error)
{
    const hs_file_task *file = &results->files[range->task];
    hid_t memory = hs_file_memory(results, range->n_sets * range->n_shards);
    if (select_words(results, range) < 0 ||
        H5Dread(file->commit, H5T_STD_U64LE, memory, file->commit_space, results->transfer, words) < 0)
        return hs_hdf5_fail(error, HS_ERROR_IO, "%s: commit words of task %s cannot be read", results->path,
                            results->tasks[range->task].name);
    return HS_OK;
}

static hs_status read_values(hs_results *results, const cell_range *range, float *values, hs_error *error)
{
    const hs_file_task *file = &results->files[range->task];
    hid_t memory = hs_file_memory(results, range->n_sets * range_row_values(&results->tasks[range->task], range));
    if (select_values(results, range) < 0 ||
        H5Dread(file->values, H5T_IEEE_F32LE, memory, file->values_space, results->transfer, values) < 0)
        return hs_hdf5_fail(error, HS_ERROR_IO, "%s: values of task %s cannot be read", results->path,
                            results->tasks[range->task].name);
    return HS_OK;
}

static bool any_word(const uint64_t *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (words[i] != 0)
            return true;
    return false;
}

/* Called for every cell of a range; `values` are the cell's. */
typedef void (*cell_visitor)(void *context, hs_cell cell, cell_state state, float *values, size_t n_values);

static void visit_cells(const hs_results *results, const cell_range *range, float *values, const uint64_t *words,
                        cell_visitor visit, void *context)
{
    const hs_results_task *task = &results->tasks[range->task];
    for (size_t i = 0; i < range->n_sets; i++) {
        for (size_t k = 0; k < range->n_shards; k++, words++) {
            size_t shard = range->first_shard + k;
            hs_cell cell = {range->task, (uint32_t)shard, range->first_set + i};
            size_t n_values = (size_t)(task->shard_first[shard + 1] - task->shard_first[shard]) * task->n_metrics;
            cell_state state = CELL_MISSING;
            if (*words != 0)
                state =
                    commit_word(results->experiment_hash, cell, values, n_values) == *words ? CELL_DONE : CELL_DAMAGED;
            visit(context, cell, state, values, n_values);
            values += n_values;
        }
    }
}

/* Words are read before values: a cell that is being written meanwhile may then look missing, but never damaged. */
static hs_status read_block(hs_results *results, const cell_range *block, float *values, bool always_values,
                            hs_error *error)
{
    const size_t n_words = block->n_sets * block->n_shards;
    HS_TRY(
        hs_reserve(&results->words, &results->words_capacity, n_words, sizeof *results->words, "commit words", error));
    HS_TRY(read_words(results, block, results->words, error));
    if (!always_values && !any_word(results->words, n_words))
        return HS_OK;
    return read_values(results, block, values, error);
}

/*
 * Visits all cells of the range in pieces. With `whole` the values go there, [n_sets, examples, n_metrics]; else into
 * scratch.
 */
static hs_status visit_range(hs_results *results, const cell_range *range, float *whole, cell_visitor visit,
                             void *context, hs_error *error)
{
    HS_TRY(check_range(results, range, error));
    const size_t n_row = range_row_values(&results->tasks[range->task], range);
    const size_t n_most = n_row >= BLOCK_VALUES ? 1 : BLOCK_VALUES / n_row;
    for (size_t done = 0; done < range->n_sets; done += n_most) {
        cell_range block = *range;
        block.first_set += done;
        block.n_sets = range->n_sets - done < n_most ? range->n_sets - done : n_most;
        if (whole == NULL)
            HS_TRY(hs_reserve(&results->values, &results->values_capacity, block.n_sets * n_row,
                              sizeof *results->values, "values of cells", error));
        float *values = whole == NULL ? results->values : whole + done * n_row;
        HS_TRY(read_block(results, &block, values, whole != NULL, error));
        visit_cells(results, &block, values, results->words, visit, context);
    }
    return HS_OK;
}

typedef struct cell_marks {
    bool *done;
    uint64_t first_set;
    uint64_t n_damaged;
} cell_marks;

static void mark_cell(void *context, hs_cell cell, cell_state state, float *values, size_t n_values)
{
    cell_marks *marks = context;
    (void)values;
    (void)n_values;
    marks->done[cell.set - marks->first_set] = state == CELL_DONE;
    marks->n_damaged += state == CELL_DAMAGED;
}

hs_status hs_results_check_cells(hs_results *results, uint32_t task, uint32_t shard, uint64_t first_set, size_t n_sets,
                                 bool *done, uint64_t *n_damaged_inout, hs_error *error)
{
    const cell_range range = {task, first_set, n_sets, shard, 1};
    cell_marks marks = {done, first_set, 0};
    HS_TRY(visit_range(results, &range, NULL, mark_cell, &marks, error));
    *n_damaged_inout += marks.n_damaged;
    return HS_OK;
}

static void hide_unfinished(void *context, hs_cell cell, cell_state state, float *values, size_t n_values)
{
    (void)context;
    (void)cell;
    for (size_t i = 0; state != CELL_DONE && i < n_values; i++)
        values[i] = NAN;
}

/* All shards of so many sets of a task; no set if there is no such task, which check_range reports. */
static cell_range all_shards(const hs_results *results, uint32_t task, uint64_t first_set, size_t n_sets)
{
    return (cell_range){task, first_set, n_sets, 0, task < results->n_tasks ? results->tasks[task].n_shards : 0};
}

hs_status hs_results_read_values(hs_results *results, uint32_t task, uint64_t first_set, size_t n_sets, float *values,
                                 hs_error *error)
{
    const cell_range range = all_shards(results, task, first_set, n_sets);
    return visit_range(results, &range, values, hide_unfinished, NULL, error);
}

static void count_cell(void *context, hs_cell cell, cell_state state, float *values, size_t n_values)
{
    hs_results_counts *counts = context;
    (void)cell;
    counts->n_cells++;
    counts->n_done += state == CELL_DONE;
    counts->n_damaged += state == CELL_DAMAGED;
    for (size_t i = 0; state == CELL_DONE && i < n_values; i++)
        counts->n_not_finite += isfinite(values[i]) ? 0 : 1;
}

hs_status hs_results_progress(hs_results *results, hs_results_counts *counts_out, hs_error *error)
{
    hs_results_counts counts = {0};
    *counts_out = counts;
    for (uint32_t task = 0; task < results->n_tasks; task++) {
        const cell_range range = all_shards(results, task, 0, results->sets.n_sets);
        HS_TRY(visit_range(results, &range, NULL, count_cell, &counts, error));
    }
    *counts_out = counts;
    return HS_OK;
}
