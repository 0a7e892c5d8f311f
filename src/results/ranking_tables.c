/* The datasets of /ranking: written raw, covered by one word, read back. */
#include "results/file.h"

/* Rows that are hashed at once; part of what the word means, so it must not change within a layout version. */
enum { HASH_ROWS = 4096 };

static const char *const statistic_names[HS_STATISTIC_COUNT] = {
#define STATISTIC_NAME(id, name, meaning) [id] = name,
    HS_RESULTS_STATISTIC_LIST(STATISTIC_NAME)
#undef STATISTIC_NAME
};

/* All rows of one statistic of one task. */
static hs_status statistic_rows(const hs_results *results, uint32_t task, hs_statistic statistic,
                                hs_file_rows *rows_out, hs_error *error)
{
    if (task >= results->n_tasks || (unsigned)statistic >= HS_STATISTIC_COUNT)
        return hs_fail(error, HS_ERROR_INTERNAL, "%s has no statistic %d of task %u", results->path, (int)statistic,
                       task);
    *rows_out = (hs_file_rows){
        .dataset = hs__results_file_dataset(&results->files[task].ranking, statistic_names[statistic]),
        .element = HS_ELEMENT_F64,
        .n = results->sets.n_sets,
        .n_columns = results->tasks[task].n_metrics,
        .what = statistic_names[statistic],
    };
    return HS_OK;
}

/* Of all rows those that a caller asks for: out of range is a bug. */
static hs_status take_part(const hs_results *results, hs_file_rows *rows, uint64_t first, size_t n, hs_error *error)
{
    if (first > rows->n || n > rows->n - first)
        return hs_fail(error, HS_ERROR_INTERNAL, "%s has no statistics of sets %llu to %llu", results->path,
                       (unsigned long long)first, (unsigned long long)(first + n));
    rows->first = (size_t)first;
    rows->n = n;
    return HS_OK;
}

hs_status hs_results_write_statistic(hs_results *results, uint32_t task, hs_statistic statistic, uint64_t first_set,
                                     size_t n_sets, const double *table, hs_error *error)
{
    hs_file_rows rows;
    HS_TRY(statistic_rows(results, task, statistic, &rows, error));
    HS_TRY(take_part(results, &rows, first_set, n_sets, error));
    return hs__results_file_transfer(results, HS_DIRECTION_WRITE, &rows, (void *)table, error);
}

hs_status hs_results_read_statistic(hs_results *results, uint32_t task, hs_statistic statistic, uint64_t first_set,
                                    size_t n_sets, double *table, hs_error *error)
{
    hs_file_rows rows;
    HS_TRY(statistic_rows(results, task, statistic, &rows, error));
    HS_TRY(take_part(results, &rows, first_set, n_sets, error));
    return hs__results_file_transfer(results, HS_DIRECTION_READ, &rows, table, error);
}

static hs_status stability_rows(const hs_results *results, uint32_t task, hs_file_rows *rows_out, hs_error *error)
{
    if (task >= results->n_tasks)
        return hs_fail(error, HS_ERROR_INTERNAL, "%s has no task %u", results->path, task);
    *rows_out = (hs_file_rows){
        .dataset = hs__results_file_dataset(&results->files[task].ranking, "stability"),
        .element = HS_ELEMENT_F64,
        .n = results->sets.n_interventions,
        .n_columns = results->tasks[task].n_metrics * HS_STABILITY_COUNT,
        .what = "stability",
    };
    return HS_OK;
}

hs_status hs_results_write_stability(hs_results *results, uint32_t task, const double *table, hs_error *error)
{
    hs_file_rows rows;
    HS_TRY(stability_rows(results, task, &rows, error));
    return hs__results_file_transfer(results, HS_DIRECTION_WRITE, &rows, (void *)table, error);
}

hs_status hs_results_read_stability(hs_results *results, uint32_t task, double *table, hs_error *error)
{
    hs_file_rows rows;
    HS_TRY(stability_rows(results, task, &rows, error));
    return hs__results_file_transfer(results, HS_DIRECTION_READ, &rows, table, error);
}

_Static_assert(sizeof(hs_results_method) == HS_LAYOUT_METHOD_FIELDS * sizeof(double), "the method is stored as it is");

static hs_file_rows method_rows(const hs_results *results)
{
    return (hs_file_rows){
        .dataset = hs__results_file_dataset(&results->ranking, "method"),
        .element = HS_ELEMENT_F64,
        .n = HS_LAYOUT_METHOD_FIELDS,
        .n_columns = 1,
        .what = "/ranking/method",
    };
}

hs_status hs_results_write_method(hs_results *results, const hs_results_method *method, hs_error *error)
{
    const hs_file_rows rows = method_rows(results);
    return hs__results_file_transfer(results, HS_DIRECTION_WRITE, &rows, (void *)method, error);
}

hs_status hs_results_read_method(hs_results *results, hs_results_method *method_out, hs_error *error)
{
    const hs_file_rows rows = method_rows(results);
    return hs__results_file_transfer(results, HS_DIRECTION_READ, &rows, method_out, error);
}

static hs_file_rows objective_rows(const hs_results *results)
{
    return (hs_file_rows){
        .dataset = hs__results_file_dataset(&results->ranking, "rank_objective"),
        .element = HS_ELEMENT_I32,
        .n = results->sets.n_sets,
        .n_columns = 1,
        .what = "/ranking/rank_objective",
    };
}

hs_status hs_results_write_objective_rank(hs_results *results, const int32_t *rank, hs_error *error)
{
    const hs_file_rows rows = objective_rows(results);
    return hs__results_file_transfer(results, HS_DIRECTION_WRITE, &rows, (void *)rank, error);
}

hs_status hs_results_read_objective_rank(hs_results *results, int32_t *rank, hs_error *error)
{
    const hs_file_rows rows = objective_rows(results);
    return hs__results_file_transfer(results, HS_DIRECTION_READ, &rows, rank, error);
}

static hs_status hash_rows(hs_results *results, hs_file_rows rows, uint64_t *hash_inout, hs_error *error)
{
    const size_t n_row_bytes = rows.n_columns * hs__results_element_bytes(rows.element), n_total = rows.n;
    unsigned char *bytes = NULL;
    hs_status status;
    HS_GOTO_DONE(hs_allocate(&bytes, n_total < HASH_ROWS ? n_total : HASH_ROWS, n_row_bytes, "ranking", error));
    for (rows.first = 0; rows.first < n_total; rows.first += rows.n) {
        rows.n = n_total - rows.first < HASH_ROWS ? n_total - rows.first : HASH_ROWS;
        HS_GOTO_DONE(hs__results_file_transfer(results, HS_DIRECTION_READ, &rows, bytes, error));
        *hash_inout = hs_hash(*hash_inout, bytes, rows.n * n_row_bytes);
    }
done:
    hs_free(bytes);
    return status;
}

/*
 * Read back and hashed from the file, not from memory: it says what is there. 0 means that there
 * is no ranking.
 */
static hs_status ranking_word(hs_results *results, uint64_t *word_out, hs_error *error)
{
    uint64_t word = results->experiment_hash;
    hs_file_rows rows;
    for (uint32_t task = 0; task < results->n_tasks; task++) {
        for (int statistic = 0; statistic < HS_STATISTIC_COUNT; statistic++) {
            HS_TRY(statistic_rows(results, task, (hs_statistic)statistic, &rows, error));
            HS_TRY(hash_rows(results, rows, &word, error));
        }
        HS_TRY(stability_rows(results, task, &rows, error));
        HS_TRY(hash_rows(results, rows, &word, error));
    }
    HS_TRY(hash_rows(results, method_rows(results), &word, error));
    HS_TRY(hash_rows(results, objective_rows(results), &word, error));
    if (results->restated.length > 0)
        word = hs_hash(word, results->restated.text, results->restated.length);
    *word_out = word == 0 ? 1 : word;
    return HS_OK;
}

static hs_file_rows commit_row(const hs_results *results)
{
    return (hs_file_rows){
        .dataset = hs__results_file_dataset(&results->ranking, "commit"),
        .element = HS_ELEMENT_U64,
        .n = 1,
        .n_columns = 1,
        .what = "/ranking/commit",
    };
}

hs_status hs_results_commit_ranking(hs_results *results, hs_error *error)
{
    const hs_file_rows row = commit_row(results);
    uint64_t word = 0;
    HS_TRY(ranking_word(results, &word, error));
    return hs__results_file_transfer(results, HS_DIRECTION_WRITE, &row, &word, error);
}

/* What cannot be read is an error: a ranking that is taken for missing would be computed anew. */
hs_status hs_results_ranking_done(hs_results *results, bool *done_out, hs_error *error)
{
    const hs_file_rows row = commit_row(results);
    uint64_t stored = 0, word = 0;
    *done_out = false;
    HS_TRY(hs__results_file_transfer(results, HS_DIRECTION_READ, &row, &stored, error));
    if (stored == 0)
        return HS_OK;
    HS_TRY(ranking_word(results, &word, error));
    *done_out = stored == word;
    return HS_OK;
}
