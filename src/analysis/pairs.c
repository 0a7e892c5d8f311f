/* Finds the pairs of a table of sets and, for each, the sets of the same intervention that hold just one of the two. */
#include "analysis/pairs.h"

#include <stdlib.h>

/* Nothing relies on pairs standing together: scattered ones would be runs of one, found as well but not as fast. */
static hs_status list_runs(const hs_sets *sets, hs_pairs *pairs, hs_error *error)
{
    for (uint64_t set = 0; set < sets->n_sets; ++set) {
        pair_run *last = pairs->n_runs > 0 ? &pairs->runs[pairs->n_runs - 1] : NULL;
        if (sets->order[set] != 2)
            continue;
        if (last == NULL || last->first + last->n != set) {
            HS_TRY(hs_reserve(&pairs->runs, &pairs->capacity, pairs->n_runs + 1, sizeof *pairs->runs, "pairs", error));
            last = &pairs->runs[pairs->n_runs++];
            *last = (pair_run){set, 0, pairs->n};
        }
        ++last->n;
        ++pairs->n;
    }
    return HS_OK;
}

/* Searched, not looked up: a number for each set would be as large as a column of what the pairs are wanted for. */
int64_t hs__analysis_pairs_row(const hs_pairs *pairs, uint64_t set)
{
    size_t first = 0, end = pairs->n_runs;

    while (first < end) {
        const size_t middle = (first + end) / 2;
        const pair_run *run = &pairs->runs[middle];
        if (set < run->first)
            end = middle;
        else if (set >= run->first + run->n)
            first = middle + 1;
        else
            return (int64_t)(run->row + (size_t)(set - run->first));
    }
    return -1;
}

/* A set of one component. */
typedef struct single {
    int32_t intervention;
    hs_component component;
    uint64_t set;
} single;

static int compare_places(const single *a, const single *b)
{
    if (a->intervention != b->intervention)
        return a->intervention < b->intervention ? -1 : 1;
    if (a->component.kind != b->component.kind)
        return a->component.kind < b->component.kind ? -1 : 1;
    return hs_sets_compare(&a->component, 1, &b->component, 1);
}

/* Of equal ones the first in the table. */
static int compare_singles(const void *left, const void *right)
{
    const single *a = left, *b = right;
    const int order = compare_places(a, b);

    return order != 0 ? order : (a->set > b->set) - (a->set < b->set);
}

static size_t count_singles(const hs_sets *sets)
{
    size_t n = 0;

    for (uint64_t set = 0; set < sets->n_sets; ++set)
        n += sets->order[set] == 1;
    return n;
}

static void list_singles(const hs_sets *sets, single *singles)
{
    size_t n = 0;

    for (uint64_t set = 0; set < sets->n_sets; ++set) {
        if (sets->order[set] != 1)
            continue;
        singles[n] = (single){.intervention = sets->intervention[set], .set = set};
        hs_sets_view(sets, set, &singles[n++].component);
    }
    if (n > 0)
        qsort(singles, n, sizeof *singles, compare_singles);
}

static int64_t find_single(const single *singles, size_t n, int32_t intervention, hs_component component)
{
    const single wanted = {.intervention = intervention, .component = component};
    size_t first = 0, end = n;

    while (first < end) {
        const size_t middle = (first + end) / 2;
        if (compare_places(&singles[middle], &wanted) < 0)
            first = middle + 1;
        else
            end = middle;
    }
    return first < n && compare_places(&singles[first], &wanted) == 0 ? (int64_t)singles[first].set : -1;
}

/* Singles are sorted once and searched for each pair: comparing all with all would be quadratic in the sets. */
static hs_status find_singles(const hs_sets *sets, hs_pairs *pairs, hs_error *error)
{
    const size_t n_singles = pairs->n > 0 ? count_singles(sets) : 0;
    hs_component components[2];
    single *singles = NULL;

    HS_TRY(hs_allocate(&pairs->singles, pairs->n, sizeof *pairs->singles, "pairs", error));
    HS_TRY(hs_allocate(&singles, n_singles, sizeof *singles, "single ablations", error));
    if (n_singles > 0)
        list_singles(sets, singles);
    for (size_t run = 0; run < pairs->n_runs; ++run)
        for (uint64_t i = 0; i < pairs->runs[run].n; ++i) {
            const uint64_t set = pairs->runs[run].first + i;
            hs_sets_view(sets, set, components);
            for (size_t k = 0; k < 2; ++k)
                pairs->singles[pairs->runs[run].row + i][k] =
                    find_single(singles, n_singles, sets->intervention[set], components[k]);
        }
    hs_free(singles);
    return HS_OK;
}

/* Runs come first, as they tell how many pairs there are. A space without pairs has no runs, and is no failure. */
hs_status hs__analysis_pairs_find(const hs_sets *sets, hs_pairs **pairs_out, hs_error *error)
{
    hs_pairs *pairs = NULL;
    hs_status status = hs_allocate(&pairs, 1, sizeof *pairs, "pairs", error);

    if (status == HS_OK)
        status = list_runs(sets, pairs, error);
    if (status == HS_OK)
        status = find_singles(sets, pairs, error);
    if (status != HS_OK) {
        hs__analysis_pairs_free(pairs);
        pairs = NULL;
    }
    *pairs_out = pairs;
    return status;
}

void hs__analysis_pairs_free(hs_pairs *pairs)
{
    if (pairs == NULL)
        return;
    hs_free(pairs->runs);
    hs_free(pairs->singles);
    hs_free(pairs);
}

bool hs_analysis_singles(const hs_analysis *analysis, uint64_t set, int64_t singles_out[2])
{
    const int64_t row = hs__analysis_pairs_row(analysis->pairs, set);

    for (size_t i = 0; i < 2; ++i)
        singles_out[i] = row >= 0 ? analysis->pairs->singles[row][i] : -1;
    return row >= 0;
}
