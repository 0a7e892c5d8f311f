/* Pages of the file's tables of statistics. Those that left are known by a hash when they come back. */
#include "analysis/statistic_pages.h"

#include <math.h>

/* Pages are found by what they hold, among those of a bucket; 8 MB of them hold a few rows of every statistic. */
enum { PAGE_BYTES = 32 * 1024, N_BUCKETS = 64, BUCKET_PAGES = 4, N_PAGES = N_BUCKETS * BUCKET_PAGES };

/* Consecutive sets of one statistic of one task. */
typedef struct page {
    double *values; /* [sets, n_metrics]; NULL: never used */
    size_t task;
    hs_statistic statistic;
    uint64_t first;
    uint64_t last_use; /* 0: holds nothing */
    bool is_changed;
} page;

struct hs_statistic_pages {
    hs_results *results;
    uint64_t *hashes; /* of all pages of the file, 0: not written yet; NULL: nothing is filled */
    uint64_t n_uses;
    page held[N_PAGES];
};

static size_t metrics_of(const hs_results *results, size_t task)
{
    return hs_results_task_at(results, task)->n_metrics;
}

static size_t n_sets_of(const hs_results *results)
{
    return hs_results_sets_of(results)->n_sets;
}

size_t hs__analysis_sets_of_page(const hs_results *results, size_t task)
{
    const size_t n = PAGE_BYTES / (metrics_of(results, task) * sizeof(double));

    return n == 0 ? 1 : n < n_sets_of(results) ? n : n_sets_of(results);
}

static size_t pages_of(const hs_results *results, size_t task)
{
    const size_t n = hs__analysis_sets_of_page(results, task);

    return (n_sets_of(results) + n - 1) / n;
}

static hs_status allocate_hashes(hs_statistic_pages *pages, hs_error *error)
{
    size_t n = 0;

    for (size_t task = 0; task < hs_results_n_tasks(pages->results); ++task)
        n += HS_STATISTIC_COUNT * pages_of(pages->results, task);
    return hs_allocate(&pages->hashes, n, sizeof *pages->hashes, "tables of statistics", error);
}

/* Who only reads a stored ranking has written no page, and so no hash to compare with. */
hs_status hs__analysis_pages_new(hs_results *results, bool fills, hs_statistic_pages **pages_out, hs_error *error)
{
    hs_statistic_pages *pages = NULL;
    hs_status status = hs_allocate(&pages, 1, sizeof *pages, "tables of statistics", error);

    *pages_out = NULL;
    if (status != HS_OK)
        return status;
    pages->results = results;
    status = fills ? allocate_hashes(pages, error) : HS_OK;
    if (status == HS_OK)
        *pages_out = pages;
    else
        hs__analysis_pages_free(pages);
    return status;
}

void hs__analysis_pages_free(hs_statistic_pages *pages)
{
    if (pages == NULL)
        return;
    for (size_t i = 0; i < N_PAGES; ++i)
        hs_free(pages->held[i].values);
    hs_free(pages->hashes);
    hs_free(pages);
}

/*
 * Pages of a task with more metrics than fit hold one set: few tasks have 4,096. Whole sets fill at least half of a
 * page, but of the last one of a table.
 */
size_t hs__analysis_pages_bytes(size_t n_numbers, size_t n_tasks)
{
    const size_t whole = n_numbers * sizeof(double), most = (size_t)N_PAGES * PAGE_BYTES;
    const size_t n_hashes = 2 * (whole / PAGE_BYTES + 1) + n_tasks * HS_STATISTIC_COUNT;

    return (whole < most ? whole : most) + sizeof(hs_statistic_pages) + n_hashes * sizeof(uint64_t);
}

/* Sets that a page of the file's table has: the last one ends with the table. */
static size_t length_of(const hs_results *results, const page *p)
{
    const size_t n_left = n_sets_of(results) - (size_t)p->first, n = hs__analysis_sets_of_page(results, p->task);

    return n_left < n ? n_left : n;
}

/* Where the hash of a page is kept: those of a task, statistic after statistic, after those of the tasks before. */
static uint64_t *hash_of(const hs_statistic_pages *pages, const page *p)
{
    const hs_results *results = pages->results;
    uint64_t *hashes = pages->hashes;

    for (size_t task = 0; task < p->task; ++task)
        hashes += HS_STATISTIC_COUNT * pages_of(results, task);
    return hashes + (size_t)p->statistic * pages_of(results, p->task) +
           p->first / hs__analysis_sets_of_page(results, p->task);
}

static uint64_t compute_hash(const hs_results *results, const page *p)
{
    const size_t n = length_of(results, p) * metrics_of(results, p->task);
    const uint64_t place = hs_hash_u64(hs_hash_u64((uint64_t)p->statistic, p->task), p->first);
    const uint64_t hash = hs_hash(place, p->values, n * sizeof *p->values);

    return hash == 0 ? 1 : hash;
}

static hs_status write_back(hs_statistic_pages *pages, page *p, hs_error *error)
{
    if (!p->is_changed)
        return HS_OK;
    p->is_changed = false;
    if (pages->hashes != NULL)
        *hash_of(pages, p) = compute_hash(pages->results, p);
    return hs_results_write_statistic(pages->results, (uint32_t)p->task, p->statistic, p->first,
                                      length_of(pages->results, p), p->values, error);
}

/* Rankings come of it, and a file system may hand out other bytes without an error. */
static hs_status read_back(hs_statistic_pages *pages, page *p, uint64_t hash, hs_error *error)
{
    const size_t n_sets = length_of(pages->results, p);

    HS_TRY(
        hs_results_read_statistic(pages->results, (uint32_t)p->task, p->statistic, p->first, n_sets, p->values, error));
    if (hash == 0 || compute_hash(pages->results, p) == hash)
        return HS_OK;
    return hs_fail(error, HS_ERROR_IO,
                   "%.400s: statistics of sets %llu to %llu of task %s were written and cannot be read back; see to "
                   "the file system, and run the same command again to continue",
                   hs_results_path(pages->results), (unsigned long long)p->first,
                   (unsigned long long)(p->first + n_sets - 1), hs_results_task_at(pages->results, p->task)->name);
}

/*
 * Where tables are filled, what was not put yet is NaN, whatever an analysis that was broken off has left in the file.
 * All sets get all statistics, but pairs' statistics, of which the file never held any but the same pairs'.
 */
static hs_status fill_page(hs_statistic_pages *pages, page *p, hs_error *error)
{
    const size_t n = length_of(pages->results, p) * metrics_of(pages->results, p->task);
    const uint64_t hash = pages->hashes != NULL ? *hash_of(pages, p) : 0;

    if (pages->hashes == NULL || hash != 0)
        return read_back(pages, p, hash, error);
    for (size_t i = 0; i < n; ++i)
        p->values[i] = NAN;
    return HS_OK;
}

static bool holds(const page *p, hs_statistic statistic, size_t task, uint64_t first)
{
    return p->last_use > 0 && p->statistic == statistic && p->task == task && p->first == first;
}

/* The page of the bucket that holds this, or the one whose last use is longest ago. */
static page *choose_page(hs_statistic_pages *pages, hs_statistic statistic, size_t task, uint64_t first)
{
    const uint64_t place = hs_hash_u64(hs_hash_u64((uint64_t)statistic, task), first);
    page *bucket = pages->held + place % N_BUCKETS * BUCKET_PAGES, *oldest = bucket;

    for (page *p = bucket; p < bucket + BUCKET_PAGES; ++p) {
        if (holds(p, statistic, task, first))
            return p;
        oldest = p->last_use < oldest->last_use ? p : oldest;
    }
    return oldest;
}

/*
 * The page counts as empty until it is read: after a failure nobody may find its memory under the old name or the new
 * one. It is allocated anew because tasks have different numbers of metrics, and so pages of different sizes.
 */
static hs_status load_page(hs_statistic_pages *pages, page *p, hs_statistic statistic, size_t task, uint64_t first,
                           hs_error *error)
{
    const size_t n_most = hs__analysis_sets_of_page(pages->results, task) * metrics_of(pages->results, task);

    HS_TRY(write_back(pages, p, error));
    p->last_use = 0;
    hs_free(p->values);
    p->values = NULL;
    HS_TRY(hs_allocate(&p->values, n_most, sizeof *p->values, "page of statistics", error));
    p->task = task;
    p->statistic = statistic;
    p->first = first;
    return fill_page(pages, p, error);
}

double *hs__analysis_pages_find(hs_statistic_pages *pages, hs_statistic statistic, size_t task, size_t metric,
                                uint64_t set, bool changes, hs_error *error)
{
    const uint64_t first = set - set % hs__analysis_sets_of_page(pages->results, task);
    page *p = choose_page(pages, statistic, task, first);

    if (!holds(p, statistic, task, first) && load_page(pages, p, statistic, task, first, error) != HS_OK)
        return NULL;
    p->last_use = ++pages->n_uses;
    p->is_changed = p->is_changed || changes;
    return &p->values[(size_t)(set - first) * metrics_of(pages->results, task) + metric];
}

hs_status hs__analysis_pages_flush(hs_statistic_pages *pages, hs_error *error)
{
    for (size_t i = 0; i < N_PAGES; ++i)
        HS_TRY(write_back(pages, &pages->held[i], error));
    return HS_OK;
}
