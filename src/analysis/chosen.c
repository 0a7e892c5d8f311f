#include <stdlib.h>
#include <string.h>

#include "analysis/choice.h"

/* By layer, then kind, then index: the order of the sweep's own table. */
static int compare_components(const void *left, const void *right)
{
    static const size_t fields[] = {1, 0, 2};
    const int32_t *a = left, *b = right;

    for (size_t i = 0; i < sizeof fields / sizeof *fields; ++i)
        if (a[fields[i]] != b[fields[i]])
            return a[fields[i]] < b[fields[i]] ? -1 : 1;
    return 0;
}

void hs__analysis_choice_sort_components(int32_t *components, size_t n)
{
    qsort(components, n, 3 * sizeof *components, compare_components);
}

hs_status hs__analysis_chosen_append(hs_chosen_sets *chosen, const int32_t *components, size_t n, int32_t intervention,
                                     hs_error *error)
{
    const size_t set = chosen->n_sets, n_columns = 3 * chosen->max_order;

    if (n > chosen->max_order)
        return hs_fail(error, HS_ERROR_INTERNAL, "a set of %zu components where %zu are the most", n,
                       chosen->max_order);
    HS_TRY(hs_reserve(&chosen->order, &chosen->order_capacity, set + 1, sizeof *chosen->order, "chosen sets", error));
    HS_TRY(hs_reserve(&chosen->intervention, &chosen->intervention_capacity, set + 1, sizeof *chosen->intervention,
                      "chosen sets", error));
    HS_TRY(hs_reserve(&chosen->components, &chosen->components_capacity, (set + 1) * n_columns,
                      sizeof *chosen->components, "chosen sets", error));
    int32_t *row = chosen->components + set * n_columns;
    memset(row, -1, n_columns * sizeof *row);
    memcpy(row, components, 3 * n * sizeof *row);
    hs__analysis_choice_sort_components(row, n);
    chosen->order[set] = (int32_t)n;
    chosen->intervention[set] = intervention;
    chosen->n_sets += 1;
    return HS_OK;
}

void hs_analysis_chosen_sets_clear(hs_chosen_sets *sets)
{
    hs_free(sets->order);
    hs_free(sets->intervention);
    hs_free(sets->components);
    *sets = (hs_chosen_sets){0};
}

hs_results_sets hs_analysis_chosen_sets_view(const hs_chosen_sets *sets, const hs_results *results)
{
    hs_results_sets view = *hs_results_sets_of(results);

    view.n_sets = sets->n_sets;
    view.max_order = sets->max_order;
    view.order = sets->order;
    view.intervention = sets->intervention;
    view.components = sets->components;
    return view;
}
