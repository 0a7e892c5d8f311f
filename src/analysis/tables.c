#include <string.h>

#include "analysis/inference.h"

/* ---- which sets are complete ------------------------------------------------------------------------------------- */

static hs_status mark_incomplete(hs_analysis *analysis, uint32_t task, bool *done, hs_error *error)
{
    const hs_results_task *of = hs_results_task_at(analysis->results, task);
    uint64_t n_damaged = 0;

    for (uint32_t shard = 0; shard < of->n_shards; ++shard) {
        HS_TRY(hs_results_check_cells(analysis->results, task, shard, 0, analysis->n_sets, done, &n_damaged, error));
        for (size_t set = 0; set < analysis->n_sets; ++set)
            analysis->complete[set] = analysis->complete[set] && done[set];
    }
    return HS_OK;
}

hs_status tables_find_complete(hs_analysis *analysis, hs_error *error)
{
    bool *done = NULL;
    hs_status status = hs_allocate(&done, analysis->n_sets, sizeof *done, "list of cells", error);

    memset(analysis->complete, true, analysis->n_sets * sizeof *analysis->complete);
    for (uint32_t task = 0; status == HS_OK && task < analysis->n_tasks; ++task)
        status = mark_incomplete(analysis, task, done, error);
    for (size_t set = 0; status == HS_OK && set < analysis->n_sets; ++set)
        analysis->n_complete += analysis->complete[set];
    hs_free(done);
    return status;
}

/* ---- pairs and their singles ------------------------------------------------------------------------------------- */

/* The largest layer and index of the table + 1: the extents of a dense map of components. */
static void component_extents(const hs_results_sets *sets, size_t extents[3])
{
    extents[0] = extents[1] = extents[2] = 1;
    for (size_t i = 0; i < sets->n_sets * sets->max_order; ++i)
        for (size_t axis = 0; axis < 3; ++axis)
            if (sets->components[3 * i + axis] >= (int32_t)extents[axis])
                extents[axis] = (size_t)sets->components[3 * i + axis] + 1;
}

/* Place of component `i` of a set in a dense map [interventions, kinds, layers, indices]. */
static size_t place_of(const hs_results_sets *sets, const size_t extents[3], size_t set, size_t i)
{
    const int32_t *component = sets->components + (set * sets->max_order + i) * 3;
    size_t place = (size_t)sets->intervention[set];

    for (size_t axis = 0; axis < 3; ++axis)
        place = place * extents[axis] + (size_t)component[axis];
    return place;
}

/* For each pair the sets of the same intervention that hold just one of its components. */
hs_status tables_find_singles(hs_analysis *analysis, hs_error *error)
{
    const hs_results_sets *sets = hs_results_sets_of(analysis->results);
    size_t extents[3];
    int64_t *map = NULL; /* set + 1, 0 where there is none */

    component_extents(sets, extents);
    HS_TRY(hs_allocate(&map, sets->n_interventions * extents[0] * extents[1] * extents[2], sizeof *map,
                       "map of single ablations", error));
    for (size_t set = 0; set < sets->n_sets; ++set)
        if (sets->order[set] == 1)
            map[place_of(sets, extents, set, 0)] = (int64_t)set + 1;
    for (size_t set = 0; set < sets->n_sets; ++set)
        for (size_t i = 0; i < 2; ++i)
            analysis->singles[2 * set + i] = sets->order[set] == 2 ? map[place_of(sets, extents, set, i)] - 1 : -1;
    hs_free(map);
    return HS_OK;
}
