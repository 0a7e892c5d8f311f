/* Which sets of a file are complete. */
#include <string.h>

#include "analysis/inference.h"

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

hs_status hs__analysis_tables_find_complete(hs_analysis *analysis, hs_error *error)
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
