/*
 * cells: values and commit words of cells, written raw, read back and checked. A cell is done
 * exactly if its word is the checksum of its bytes, its place and its experiment.
 */
#include "results/file.h"

#include <errno.h>
#include <math.h>

/* Values that are checked or written at once: large enough for the disk, small beside a model. */
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

static size_t sets_at_once(const hs_results *results, const cell_range *range)
{
    const size_t n_row = range_row_values(&results->tasks[range->task], range);
    return n_row >= BLOCK_VALUES ? 1 : BLOCK_VALUES / n_row;
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

/*
 * One contiguous extent of each dataset: a selection with gaps would be left to MPI-IO, which may read, change and
 * write back what lies between, where other ranks write.
 */
static hs_status write_extent(hs_results *results, const cell_range *range, const float *values, hs_error *error)
{
    HS_TRY(check_range(results, range, error));
    const hs_file_task *file = &results->files[range->task];
    const size_t n_values = range_row_values(&results->tasks[range->task], range);
    const uint32_t shard = (uint32_t)range->first_shard;
    HS_TRY(hs_reserve(&results->words, &results->words_capacity, range->n_sets, sizeof *results->words, "commit words",
                      error));
    for (size_t i = 0; i < range->n_sets; i++)
        results->words[i] = commit_word(results->experiment_hash, (hs_cell){range->task, shard, range->first_set + i},
                                        values + i * n_values, n_values);
    errno = 0;
    if (select_values(results, range) < 0 || select_words(results, range) < 0 ||
        H5Dwrite(file->values, H5T_IEEE_F32LE, hs__results_file_memory(results, range->n_sets * n_values),
                 file->values_space, results->transfer, values) < 0 ||
        H5Dwrite(file->commit, H5T_STD_U64LE, hs__results_file_memory(results, range->n_sets), file->commit_space,
                 results->transfer, results->words) < 0)
        return hs__results_file_fail_write(results, error, "set %llu, shard %u of task %s",
                                           (unsigned long long)range->first_set, shard,
                                           results->tasks[range->task].name);
    return HS_OK;
}

hs_status hs_results_write_cell(hs_results *results, hs_cell cell, const float *values, hs_error *error)
{
    return hs_results_write_cells(results, cell, 1, values, error);
}

/* Cells of consecutive sets lie side by side only where the task has one shard; else each is an extent of its own. */
hs_status hs_results_write_cells(hs_results *results, hs_cell first, size_t n_sets, const float *values,
                                 hs_error *error)
{
    const cell_range all = {first.task, first.set, n_sets, first.shard, 1};
    HS_TRY(check_range(results, &all, error));
    const hs_results_task *task = &results->tasks[first.task];
    const size_t n_values = range_row_values(task, &all);
    const size_t n_most = task->n_shards == 1 ? sets_at_once(results, &all) : 1;
    for (size_t done = 0; done < n_sets; done += n_most) {
        cell_range extent = all;
        extent.first_set += done;
        extent.n_sets = n_sets - done < n_most ? n_sets - done : n_most;
        HS_TRY(write_extent(results, &extent, values + done * n_values, error));
    }
    return HS_OK;
}

/* Elements [first, first + n) of the range's rows of a dataset [sets, n_row]: at once where that is all of the rows. */
static hs_status read_rows(const hs_results *results, const cell_range *range, hs_file_extent of, size_t n_row,
                           size_t first, char *bytes, hs_error *error)
{
    const size_t n = of.n, n_rows_at_once = n == n_row ? range->n_sets : 1;
    for (size_t done = 0; done < range->n_sets; done += n_rows_at_once) {
        of.first = (range->first_set + done) * n_row + first;
        of.n = n * n_rows_at_once;
        HS_TRY(hs__results_file_read(results, &of, bytes + done * n * of.element_bytes, error));
    }
    return HS_OK;
}

static hs_status read_words(const hs_results *results, const cell_range *range, uint64_t *words, hs_error *error)
{
    const hs_file_extent of = {.dataset = results->files[range->task].commit,
                               .element_bytes = sizeof *words,
                               .n = range->n_shards,
                               .what = "commit words of cells"};
    return read_rows(results, range, of, results->tasks[range->task].n_shards, range->first_shard, (char *)words,
                     error);
}

static hs_status read_values(const hs_results *results, const cell_range *range, float *values, hs_error *error)
{
    const hs_results_task *task = &results->tasks[range->task];
    const hs_file_extent of = {.dataset = results->files[range->task].values,
                               .element_bytes = sizeof *values,
                               .n = range_row_values(task, range),
                               .what = "values of cells"};
    return read_rows(results, range, of, task->n_examples * task->n_metrics,
                     (size_t)task->shard_first[range->first_shard] * task->n_metrics, (char *)values, error);
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

/*
 * Cells are visited in the order in which values lie, so that the pointer only has to walk on.
 * Without a word the values are not looked at.
 */
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
    const size_t n_most = sets_at_once(results, range);
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

/* `context`: where to mark the cells that are done, as above, or NULL. */
static void hide_unfinished(void *context, hs_cell cell, cell_state state, float *values, size_t n_values)
{
    if (context != NULL)
        mark_cell(context, cell, state, values, n_values);
    for (size_t i = 0; state != CELL_DONE && i < n_values; i++)
        values[i] = NAN;
}

hs_status hs_results_read_cells(hs_results *results, uint32_t task, uint32_t shard, uint64_t first_set, size_t n_sets,
                                bool *done, float *values, hs_error *error)
{
    const cell_range range = {task, first_set, n_sets, shard, 1};
    cell_marks marks = {done, first_set, 0};
    return visit_range(results, &range, values, hide_unfinished, &marks, error);
}

/* All shards of so many sets of a task; no set if there is no such task, which check_range reports. */
static cell_range all_shards(const hs_results *results, uint32_t task, uint64_t first_set, size_t n_sets)
{
    return (cell_range){task, first_set, n_sets, 0, task < results->n_tasks ? results->tasks[task].n_shards : 0};
}

/* `context`: the first cell that is not done, at `found`. */
typedef struct missing_cell {
    bool found;
    hs_cell cell;
} missing_cell;

static void find_missing(void *context, hs_cell cell, cell_state state, float *values, size_t n_values)
{
    missing_cell *missing = context;
    (void)values;
    (void)n_values;
    if (state != CELL_DONE && !missing->found)
        *missing = (missing_cell){true, cell};
}

/*
 * MPI-IO can take what cannot be read for zeros (Open MPI 4.1 does), and other hosts can have written what is not
 * seen here.
 */
static hs_status read_back(hs_results *results, const cell_range *range, float *values, hs_error *error)
{
    missing_cell missing = {0};
    HS_TRY(visit_range(results, range, values, find_missing, &missing, error));
    if (missing.found)
        return hs_fail(
            error, HS_ERROR_IO,
            "%s: set %llu, shard %u of task %s was written and cannot be read back; see to the file system, and "
            "run the same command again to continue",
            results->path, (unsigned long long)missing.cell.set, missing.cell.shard, results->tasks[range->task].name);
    return HS_OK;
}

hs_status hs_results_read_values(hs_results *results, uint32_t task, uint64_t first_set, size_t n_sets, float *values,
                                 hs_error *error)
{
    const cell_range range = all_shards(results, task, first_set, n_sets);
    return results->comm != NULL ? read_back(results, &range, values, error)
                                 : visit_range(results, &range, values, hide_unfinished, NULL, error);
}

/* Sets of one task with all of their shards, and the watch's entries of them. */
typedef struct looked_block {
    cell_range cells;
    uint32_t *seen; /* [n_sets, n_shards] */
    uint64_t n_damaged;
} looked_block;

static uint32_t count_not_finite(const float *values, size_t n_values)
{
    uint32_t n = 0;
    for (size_t i = 0; i < n_values; i++)
        n += isfinite(values[i]) ? 0 : 1;
    return n;
}

static void look_at_cell(void *context, hs_cell cell, cell_state state, float *values, size_t n_values)
{
    looked_block *block = context;
    uint32_t *seen = &block->seen[(cell.set - block->cells.first_set) * block->cells.n_shards + cell.shard];
    if (state != CELL_DONE)
        *seen = 0;
    else if (*seen == 0)
        *seen = 1 + count_not_finite(values, n_values);
    block->n_damaged += state == CELL_DAMAGED;
}

/* The smallest range of all cells that have a word and were not seen, or were seen and have none; no sets: no cell. */
static cell_range find_news(const looked_block *block, const uint64_t *words)
{
    const size_t n_shards = block->cells.n_shards;
    size_t first_set = SIZE_MAX, last_set = 0, first_shard = SIZE_MAX, last_shard = 0;
    cell_range news = block->cells;
    for (size_t i = 0; i < block->cells.n_sets * n_shards; i++) {
        const size_t set = i / n_shards, shard = i % n_shards;
        if ((words[i] != 0) == (block->seen[i] != 0))
            continue;
        first_set = first_set == SIZE_MAX ? set : first_set;
        last_set = set;
        first_shard = shard < first_shard ? shard : first_shard;
        last_shard = shard > last_shard ? shard : last_shard;
    }
    news.n_sets = first_set == SIZE_MAX ? 0 : last_set - first_set + 1;
    if (news.n_sets > 0) {
        news.first_set += first_set;
        news.first_shard = first_shard;
        news.n_shards = last_shard - first_shard + 1;
    }
    return news;
}

/*
 * Words of all cells are read, values only of the range that has news: a watch that looks every
 * two seconds must not read the file each time. seen[] is 0, or 1 + how many values of the cell
 * are not finite.
 */
static hs_status look_at_block(hs_results *results, looked_block *block, hs_results_counts *counts, hs_error *error)
{
    const size_t n_cells = block->cells.n_sets * block->cells.n_shards;
    HS_TRY(
        hs_reserve(&results->words, &results->words_capacity, n_cells, sizeof *results->words, "commit words", error));
    HS_TRY(read_words(results, &block->cells, results->words, error));
    const cell_range news = find_news(block, results->words);
    if (news.n_sets > 0)
        HS_TRY(visit_range(results, &news, NULL, look_at_cell, block, error));
    counts->n_cells += n_cells;
    counts->n_damaged += block->n_damaged;
    for (size_t i = 0; i < n_cells; i++) {
        counts->n_done += block->seen[i] != 0;
        counts->n_not_finite += block->seen[i] != 0 ? block->seen[i] - 1 : 0;
    }
    return HS_OK;
}

static hs_status look_at_task(hs_results *results, uint32_t task, uint32_t *seen, hs_results_counts *counts,
                              hs_error *error)
{
    const cell_range all = all_shards(results, task, 0, results->sets.n_sets);
    const size_t n_most = sets_at_once(results, &all);
    for (size_t done = 0; done < all.n_sets; done += n_most) {
        looked_block block = {.cells = all, .seen = seen + done * all.n_shards};
        block.cells.first_set = done;
        block.cells.n_sets = all.n_sets - done < n_most ? all.n_sets - done : n_most;
        HS_TRY(look_at_block(results, &block, counts, error));
    }
    return HS_OK;
}

/* What was seen is forgotten if the file has become another experiment's under the same name. */
hs_status hs_results_look(hs_results *results, hs_results_watch *watch, hs_results_counts *counts_out, hs_error *error)
{
    const size_t n_sets = results->extents.of[HS_AXIS_SET];
    hs_results_counts counts = {0};
    size_t n_cells = 0;
    *counts_out = counts;
    for (uint32_t task = 0; task < results->n_tasks; task++)
        n_cells += n_sets * results->tasks[task].n_shards;
    if (watch->experiment_hash != results->experiment_hash)
        hs_results_watch_clear(watch);
    watch->experiment_hash = results->experiment_hash;
    HS_TRY(hs_reserve(&watch->seen, &watch->capacity, n_cells, sizeof *watch->seen, "cells of a watched file", error));
    uint32_t *seen = watch->seen;
    for (uint32_t task = 0; task < results->n_tasks; task++) {
        HS_TRY(look_at_task(results, task, seen, &counts, error));
        seen += n_sets * results->tasks[task].n_shards;
    }
    *counts_out = counts;
    return HS_OK;
}

void hs_results_watch_clear(hs_results_watch *watch)
{
    hs_free(watch->seen);
    *watch = (hs_results_watch){0};
}

hs_status hs_results_progress(hs_results *results, hs_results_counts *counts_out, hs_error *error)
{
    hs_results_watch watch = {0};
    hs_status status = hs_results_look(results, &watch, counts_out, error);
    hs_results_watch_clear(&watch);
    return status;
}
