/* Statistics by set: tables in memory, made when their first number comes, or pages of the tables of the file. */
#include "analysis/statistic_tables.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/statistic_pages.h"

/* Sets that are asked for in another order than the file's are read so many at a time. */
enum { FETCHED_BYTES = 16 * 1024 * 1024 };

/* All statistics of some sets, in the order of the file. */
typedef struct fetched_sets {
    uint64_t *sets; /* [n], ascending */
    size_t n;
    size_t capacity, values_capacity;
    double *values;     /* [n, a_set] */
    size_t a_set;       /* of all tasks' metrics and statistics */
    size_t *task_first; /* [n_tasks]: of a task's among those */
    size_t last;        /* the one that was asked for last */
} fetched_sets;

struct hs_statistic_tables {
    hs_results *results;
    const hs_pairs *pairs;
    hs_tables_place place;
    double **columns[HS_STATISTIC_COUNT]; /* [n_tasks] in memory: [sets or pairs, n_metrics], NULL while all are NaN */
    hs_statistic_pages *pages;            /* of a file */
    fetched_sets fetched;
    hs_error problem;
};

bool hs__analysis_is_of_pairs(hs_statistic statistic)
{
    return statistic >= HS_STATISTIC_INTERACTION;
}

static size_t metrics_of(const hs_statistic_tables *tables, size_t task)
{
    return hs_results_task_at(tables->results, task)->n_metrics;
}

static size_t n_sets_of(const hs_statistic_tables *tables)
{
    return hs_results_sets_of(tables->results)->n_sets;
}

static hs_status allocate_columns(hs_statistic_tables *tables, hs_error *error)
{
    for (size_t s = 0; s < HS_STATISTIC_COUNT; ++s)
        HS_TRY(hs_allocate(&tables->columns[s], hs_results_n_tasks(tables->results), sizeof **tables->columns, "tables",
                           error));
    return HS_OK;
}

/* Neither pages nor columns have memory yet: a statistic that is NaN everywhere, or is never asked for, needs none. */
hs_status hs__analysis_tables_new(hs_results *results, const hs_pairs *pairs, hs_tables_place place,
                                  hs_statistic_tables **tables_out, hs_error *error)
{
    hs_statistic_tables *tables = NULL;
    hs_status status = hs_allocate(&tables, 1, sizeof *tables, "tables of statistics", error);

    *tables_out = NULL;
    if (status != HS_OK)
        return status;
    *tables = (hs_statistic_tables){.results = results, .pairs = pairs, .place = place};
    status = place == HS_TABLES_IN_MEMORY
                 ? allocate_columns(tables, error)
                 : hs__analysis_pages_new(results, place == HS_TABLES_IN_FILE, &tables->pages, error);
    if (status == HS_OK)
        *tables_out = tables;
    else
        hs__analysis_tables_free(tables);
    return status;
}

void hs__analysis_tables_free(hs_statistic_tables *tables)
{
    if (tables == NULL)
        return;
    for (size_t s = 0; s < HS_STATISTIC_COUNT; ++s) {
        for (size_t task = 0; tables->columns[s] != NULL && task < hs_results_n_tasks(tables->results); ++task)
            hs_free(tables->columns[s][task]);
        hs_free(tables->columns[s]);
    }
    hs__analysis_pages_free(tables->pages);
    hs_free(tables->fetched.sets);
    hs_free(tables->fetched.values);
    hs_free(tables->fetched.task_first);
    hs_free(tables);
}

hs_status hs__analysis_tables_status(const hs_statistic_tables *tables, hs_error *error)
{
    return tables->problem.status == HS_OK ? HS_OK
                                           : hs_fail(error, tables->problem.status, "%s", tables->problem.message);
}

/* The row of a set in the table of a statistic; -1: it has none. */
static int64_t row_of(const hs_statistic_tables *tables, hs_statistic statistic, uint64_t set)
{
    return hs__analysis_is_of_pairs(statistic) ? hs__analysis_pairs_row(tables->pairs, set) : (int64_t)set;
}

static double get_held(const hs_statistic_tables *tables, hs_statistic statistic, size_t task, size_t metric,
                       uint64_t set)
{
    const double *column = tables->columns[statistic][task];
    const int64_t row = column != NULL ? row_of(tables, statistic, set) : -1;

    return row < 0 ? NAN : column[(size_t)row * metrics_of(tables, task) + metric];
}

/* NULL where there is no memory: that is kept in `problem`. Made only when there is a number to hold. */
static double *make_column(hs_statistic_tables *tables, hs_statistic statistic, size_t task)
{
    const size_t n_rows = hs__analysis_is_of_pairs(statistic) ? tables->pairs->n : n_sets_of(tables);
    const size_t n = n_rows * metrics_of(tables, task);
    double *column = NULL;

    if (hs_allocate(&column, n, sizeof *column, "table of statistics", &tables->problem) != HS_OK)
        return NULL;
    for (size_t i = 0; i < n; ++i)
        column[i] = NAN;
    return column;
}

static void put_held(hs_statistic_tables *tables, hs_statistic statistic, size_t task, size_t metric, uint64_t set,
                     double value)
{
    double **column = &tables->columns[statistic][task];
    const int64_t row = row_of(tables, statistic, set);

    if (row < 0 || (*column == NULL && isnan(value)))
        return;
    if (*column == NULL)
        *column = make_column(tables, statistic, task);
    if (*column != NULL)
        (*column)[(size_t)row * metrics_of(tables, task) + metric] = value;
}

/* Where the number is; NULL: it could not be read. */
static double *find(hs_statistic_tables *tables, hs_statistic statistic, size_t task, size_t metric, uint64_t set,
                    bool changes)
{
    if (tables->problem.status != HS_OK)
        return NULL;
    return hs__analysis_pages_find(tables->pages, statistic, task, metric, set, changes, &tables->problem);
}

static int compare_sets(const void *left, const void *right)
{
    const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

    return (a > b) - (a < b);
}

/* NULL: that set was not fetched. */
static const double *find_fetched(hs_statistic_tables *tables, hs_statistic statistic, size_t task, size_t metric,
                                  uint64_t set)
{
    fetched_sets *f = &tables->fetched;

    if (f->n == 0)
        return NULL;
    if (f->sets[f->last] != set) {
        const uint64_t *found = bsearch(&set, f->sets, f->n, sizeof set, compare_sets);
        if (found == NULL)
            return NULL;
        f->last = (size_t)(found - f->sets);
    }
    return &f->values[f->last * f->a_set + f->task_first[task] + metric * HS_STATISTIC_COUNT + statistic];
}

double hs__analysis_tables_get(hs_statistic_tables *tables, hs_statistic statistic, size_t task, size_t metric,
                               uint64_t set)
{
    if (tables->place == HS_TABLES_IN_MEMORY)
        return get_held(tables, statistic, task, metric, set);
    const double *value = find_fetched(tables, statistic, task, metric, set);
    if (value == NULL)
        value = find(tables, statistic, task, metric, set, false);
    return value != NULL ? *value : NAN;
}

/* Table after table, each from its beginning to its end. */
static void fill_fetched(hs_statistic_tables *tables)
{
    fetched_sets *f = &tables->fetched;

    for (size_t task = 0; task < hs_results_n_tasks(tables->results); ++task)
        for (size_t s = 0; s < HS_STATISTIC_COUNT; ++s)
            for (size_t i = 0; i < f->n; ++i)
                for (size_t metric = 0; metric < metrics_of(tables, task); ++metric) {
                    const double *value = find(tables, (hs_statistic)s, task, metric, f->sets[i], false);
                    f->values[i * f->a_set + f->task_first[task] + metric * HS_STATISTIC_COUNT + s] =
                        value != NULL ? *value : NAN;
                }
}

static hs_status measure_fetched(hs_statistic_tables *tables, hs_error *error)
{
    fetched_sets *f = &tables->fetched;

    if (f->task_first != NULL)
        return HS_OK;
    HS_TRY(hs_allocate(&f->task_first, hs_results_n_tasks(tables->results), sizeof *f->task_first, "ranking", error));
    for (size_t task = 0; task < hs_results_n_tasks(tables->results); ++task) {
        f->task_first[task] = f->a_set;
        f->a_set += metrics_of(tables, task) * HS_STATISTIC_COUNT;
    }
    return HS_OK;
}

/*
 * Sorted, because reading in the file's order touches each page once, while a ranking's order would read one for nearly
 * every number. What fails is kept and the answer still `n`, so that the caller's loop ends.
 */
size_t hs__analysis_tables_fetch(hs_statistic_tables *tables, const uint64_t *sets, size_t n)
{
    fetched_sets *f = &tables->fetched;
    hs_error *problem = &tables->problem;

    f->n = 0;
    if (tables->place == HS_TABLES_IN_MEMORY || problem->status != HS_OK || measure_fetched(tables, problem) != HS_OK)
        return n;
    const size_t most = FETCHED_BYTES / (f->a_set * sizeof(double)) + 1, n_fetched = n < most ? n : most;
    if (hs_reserve(&f->sets, &f->capacity, n_fetched, sizeof *f->sets, "ranking", problem) != HS_OK ||
        hs_reserve(&f->values, &f->values_capacity, n_fetched * f->a_set, sizeof *f->values, "ranking", problem) !=
            HS_OK)
        return n;
    memcpy(f->sets, sets, n_fetched * sizeof *f->sets);
    qsort(f->sets, n_fetched, sizeof *f->sets, compare_sets);
    f->last = 0;
    f->n = n_fetched;
    fill_fetched(tables);
    return n_fetched;
}

void hs__analysis_tables_put(hs_statistic_tables *tables, hs_statistic statistic, size_t task, size_t metric,
                             uint64_t set, double value)
{
    if (tables->place == HS_TABLES_IN_MEMORY) {
        put_held(tables, statistic, task, metric, set, value);
        return;
    }
    if (hs__analysis_is_of_pairs(statistic) && hs__analysis_pairs_row(tables->pairs, set) < 0)
        return;
    double *place = find(tables, statistic, task, metric, set, true);
    if (place != NULL)
        *place = value;
}

/* All of one statistic of one task, a page's worth at a time. */
static hs_status write_column(const hs_statistic_tables *tables, hs_results *results, hs_statistic statistic,
                              size_t task, double *rows, hs_error *error)
{
    const size_t n_metrics = metrics_of(tables, task), n_most = hs__analysis_sets_of_page(results, task);

    for (size_t first = 0; first < n_sets_of(tables); first += n_most) {
        const size_t n = n_sets_of(tables) - first < n_most ? n_sets_of(tables) - first : n_most;
        for (size_t i = 0; i < n * n_metrics; ++i)
            rows[i] = get_held(tables, statistic, task, i % n_metrics, first + i / n_metrics);
        HS_TRY(hs_results_write_statistic(results, (uint32_t)task, statistic, first, n, rows, error));
    }
    return HS_OK;
}

static hs_status write_columns(const hs_statistic_tables *tables, hs_results *results, hs_error *error)
{
    hs_status status = HS_OK;

    for (size_t task = 0; status == HS_OK && task < hs_results_n_tasks(results); ++task) {
        const size_t n = hs__analysis_sets_of_page(results, task) * metrics_of(tables, task);
        double *rows = NULL;
        status = hs_allocate(&rows, n, sizeof *rows, "table of statistics", error);
        for (size_t s = 0; status == HS_OK && s < HS_STATISTIC_COUNT; ++s)
            status = write_column(tables, results, (hs_statistic)s, task, rows, error);
        hs_free(rows);
    }
    return status;
}

hs_status hs__analysis_tables_flush(hs_statistic_tables *tables, hs_results *results, hs_error *error)
{
    HS_TRY(hs__analysis_tables_status(tables, error));
    if (tables->place == HS_TABLES_IN_MEMORY)
        return write_columns(tables, results, error);
    return hs__analysis_pages_flush(tables->pages, error);
}
