/* A run of the sweep phase from the missing groups to the report, and what both roles do with a group. */
#include <inttypes.h>
#include <math.h>
#include <mpi.h>
#include <string.h>

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

/* A group on its way into the file. */
typedef struct group_writer {
    run_state *run;
    hs_group group;
    size_t cell_values;
    size_t first_not_finite; /* of the group's values that were written; SIZE_MAX: all are finite */
} group_writer;

static void look_for_not_finite(group_writer *w, uint64_t set)
{
    const size_t first = (size_t)set * w->cell_values;

    for (size_t i = first; i < first + w->cell_values; ++i)
        if (!isfinite(w->run->values[i])) {
            ++w->run->values_not_finite;
            w->first_not_finite = i < w->first_not_finite ? i : w->first_not_finite;
        }
}

/* Consecutive sets of the group, none of which is written yet. */
static hs_status write_together(group_writer *w, uint64_t first, uint64_t n, hs_error *error)
{
    run_state *run = w->run;
    const hs_cell cell = {w->group.task, w->group.shard, w->group.first_set + first};

    if (run->results != NULL)
        HS_TRY(hs_results_write_cells(run->results, cell, (size_t)n, run->values + first * w->cell_values, error));
    for (uint64_t set = first; set < first + n; ++set) {
        if (run->results != NULL)
            look_for_not_finite(w, set);
        run->written[set] = true;
        ++run->cells_written;
    }
    return HS_OK;
}

static hs_status write_sets(void *context, uint64_t first, uint64_t n, hs_error *error)
{
    group_writer *w = context;
    const bool *written = w->run->written;

    for (uint64_t set = first, end; set < first + n; set = end) {
        for (end = set + 1; end < first + n && written[end] == written[set];)
            ++end;
        if (!written[set])
            HS_TRY(write_together(w, set, end - set, error));
    }
    return HS_OK;
}

/* A place takes a pass of the model, so only the first few are asked for. */
static hs_status locate_not_finite(const group_writer *w, hs_error *error)
{
    run_state *run = w->run;
    const hs_plan_task *task = &run->plan->tasks[w->group.task];
    const size_t first = w->first_not_finite;

    if (first == SIZE_MAX || run->evaluator->locate == NULL || run->n_places == HS_RUN_MAX_PLACES)
        return HS_OK;
    ++run->n_places;
    run->has_place = true;
    run->place =
        (hs_not_finite){.set = w->group.first_set + first / w->cell_values,
                        .task = w->group.task,
                        .example = task->shard_first[w->group.shard] + first % w->cell_values / task->n_metrics};
    return run->evaluator->locate(run->evaluator->context, &w->group, &run->place, error);
}

hs_status hs__sweep_run_compute_item(run_state *run, uint64_t item, hs_poll poll, hs_error *error)
{
    const hs_group group = hs_sweep_plan_group(run->plan, run->missing[item]);
    const size_t n_examples = hs_sweep_plan_group_examples(run->plan, &group);
    group_writer w = {run, group, n_examples * run->plan->tasks[group.task].n_metrics, SIZE_MAX};
    const hs_group_run group_run = {poll, run->done_words != NULL ? run->done : NULL, write_sets, &w};

    run->has_place = false;
    hs__sweep_run_list_done(run, &group);
    memcpy(run->written, run->done, (size_t)group.n_sets * sizeof *run->written);
    HS_TRY(run->evaluator->evaluate(run->evaluator->context, &group, &group_run, run->values, error));
    HS_TRY(write_sets(&w, 0, group.n_sets, error));
    return locate_not_finite(&w, error);
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

static hs_status allocate_group(run_state *run, hs_error *error)
{
    const size_t n_sets = (size_t)run->plan->sets_per_group;

    HS_TRY(hs_allocate(&run->values, run->plan->max_group_values, sizeof *run->values, "values of a group", error));
    HS_TRY(hs_allocate(&run->done, n_sets, sizeof *run->done, "sets of a group", error));
    return hs_allocate(&run->written, n_sets, sizeof *run->written, "sets of a group", error);
}

/*
 * Roles differ only between the last agreement before the sweep and the first after it; what can
 * fail on one rank alone stands before. The report is rank 0's and is given to all, so that all
 * return alike.
 */
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
    status = allocate_group(&run, error);
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
    hs_free(run.done);
    hs_free(run.written);
    hs_free(run.done_words);
    hs_free(run.missing);
    return status;
}
