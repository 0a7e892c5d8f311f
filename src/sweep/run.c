/* A run of the sweep phase from the missing groups to the report, and what both roles do with a group. */
#include <inttypes.h>
#include <math.h>
#include <mpi.h>

#include "sweep/run_state.h"

hs_status hs__sweep_run_check_mpi(int code, const char *what, hs_error *error)
{
    char text[MPI_MAX_ERROR_STRING];
    int length;

    if (code == MPI_SUCCESS)
        return HS_OK;
    MPI_Error_string(code, text, &length);
    return hs_fail(error, HS_ERROR_COMM, "%s: %s", what, text);
}

/* After its cells are written: a place takes a pass of the model, so only the first few are asked for. */
static hs_status look_for_not_finite(run_state *run, const hs_group *group, size_t cell_values, hs_error *error)
{
    const hs_plan_task *task = &run->plan->tasks[group->task];
    size_t first = 0;

    run->values_not_finite = 0;
    run->has_place = false;
    for (size_t i = (size_t)group->n_sets * cell_values; run->results != NULL && i-- > 0;)
        if (!isfinite(run->values[i])) {
            ++run->values_not_finite;
            first = i;
        }
    if (run->values_not_finite == 0 || run->evaluator->locate == NULL || run->n_places == HS_RUN_MAX_PLACES)
        return HS_OK;
    ++run->n_places;
    run->has_place = true;
    run->place = (hs_not_finite){.set = group->first_set + first / cell_values,
                                 .task = group->task,
                                 .example = task->shard_first[group->shard] + first % cell_values / task->n_metrics};
    return run->evaluator->locate(run->evaluator->context, group, &run->place, error);
}

hs_status hs__sweep_run_compute_item(run_state *run, uint64_t item, hs_poll poll, hs_error *error)
{
    hs_group group = hs_sweep_plan_group(run->plan, run->missing[item]);
    size_t cell_values = hs_sweep_plan_group_examples(run->plan, &group) * run->plan->tasks[group.task].n_metrics;

    HS_TRY(run->evaluator->evaluate(run->evaluator->context, &group, poll, run->values, error));
    for (uint64_t i = 0; run->results != NULL && i < group.n_sets; ++i) {
        hs_cell cell = {group.task, group.shard, group.first_set + i};
        HS_TRY(hs_results_write_cell(run->results, cell, run->values + i * cell_values, error));
    }
    return look_for_not_finite(run, &group, cell_values, error);
}

bool hs__sweep_run_wants_stop(const run_state *run)
{
    const hs_run_options *options = run->options;

    return options->stop != NULL && options->stop(options->stop_context);
}

hs_status hs__sweep_run_forget_stop(hs_error *error)
{
    *error = (hs_error){0};
    return HS_OK;
}

/* Cells of a group that a resumed run found done are written again, so all of them count as work of this run. */
uint64_t hs__sweep_run_item_cells(const run_state *run, uint64_t item)
{
    return hs_sweep_plan_group(run->plan, run->missing[item]).n_sets;
}

hs_status hs_sweep_run(hs_comm *comm, const hs_plan *plan, hs_results *results, bool fresh,
                       const hs_evaluator *evaluator, const hs_run_options *options, hs_run_report *report_out,
                       hs_error *error)
{
    run_state run = {.comm = comm, .plan = plan, .results = results, .evaluator = evaluator, .options = options};
    hs_status status;

    *report_out = (hs_run_report){0};
    HS_GOTO_DONE(hs__sweep_run_find_missing(&run, fresh, error));
    report_out->cells_before = run.cells_before;
    report_out->cells_damaged = run.cells_damaged;
    status = hs_allocate(&run.values, plan->max_group_values, sizeof *run.values, "values of a group", error);
    if (status == HS_OK && hs_comm_rank(comm) == 0)
        status = hs_sweep_scheduler_new(options->scheduler, run.n_missing, (size_t)hs_comm_size(comm),
                                        options->max_lease_groups, &run.scheduler, error);
    /* Everything that can fail on one rank alone lies before this line: from here on the ranks wait for each other. */
    HS_GOTO_DONE(hs_comm_agree(comm, status, error));
    status =
        hs_comm_rank(comm) == 0 ? hs__sweep_run_coordinate(&run, report_out, error) : hs__sweep_run_work(&run, error);
    HS_GOTO_DONE(hs_comm_agree(comm, status, error));
    HS_GOTO_DONE(hs_comm_broadcast(comm, report_out, sizeof *report_out, 0, error));
    if (report_out->stopped)
        status = hs_fail(error, HS_UNFINISHED,
                         "stopped on request with %" PRIu64 " of %" PRIu64
                         " cells done; run the same command again to continue",
                         report_out->cells_before + report_out->cells_this_run, plan->n_cells);
done:
    hs_sweep_scheduler_free(run.scheduler);
    hs_free(run.values);
    hs_free(run.missing);
    return status;
}
