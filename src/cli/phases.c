#include "cli/phases.h"

#include <inttypes.h>

#include "cli/progress.h"
#include "cli/stop.h"
#include "headsweep/phases.h"

/* ---- choosing ---------------------------------------------------------------------------------------------------- */

/* What rank 0 chose, on every rank. */
static hs_status share_sets(hs_comm *comm, hs_chosen_sets *sets, hs_error *error)
{
    const size_t row = 3 * sets->max_order;
    uint64_t n = sets->n_sets;
    hs_status status = HS_OK;

    HS_TRY(hs_comm_broadcast(comm, &n, sizeof n, 0, error));
    if (hs_comm_rank(comm) != 0) {
        sets->n_sets = (size_t)n;
        status = hs_allocate(&sets->order, sets->n_sets, sizeof *sets->order, "chosen sets", error);
        if (status == HS_OK)
            status = hs_allocate(&sets->intervention, sets->n_sets, sizeof *sets->intervention, "chosen sets", error);
        if (status == HS_OK)
            status = hs_allocate(&sets->components, sets->n_sets, row * sizeof *sets->components, "chosen sets", error);
    }
    HS_TRY(hs_comm_agree(comm, status, error));
    if (n == 0)
        return HS_OK;
    HS_TRY(hs_comm_broadcast(comm, sets->order, sets->n_sets * sizeof *sets->order, 0, error));
    HS_TRY(hs_comm_broadcast(comm, sets->intervention, sets->n_sets * sizeof *sets->intervention, 0, error));
    return hs_comm_broadcast(comm, sets->components, sets->n_sets * row * sizeof *sets->components, 0, error);
}

static hs_status choose_next(const phase_job *job, hs_error *error)
{
    hs_chosen_sets sets = {.max_order = hs_results_sets_of(job->results)->max_order};
    hs_status status = HS_OK;

    if (hs_comm_rank(job->comm) == 0)
        status = hs_analysis_choose_phase(job->results, &sets, error);
    HS_GOTO_DONE(hs_comm_agree(job->comm, status, error));
    HS_GOTO_DONE(share_sets(job->comm, &sets, error));
    const hs_results_sets rows = hs_analysis_chosen_sets_view(&sets, job->results);
    HS_GOTO_DONE(hs_comm_agree(job->comm, hs_results_add_phase(job->results, &rows, error), error));
    hs_study_take_phases(job->study, job->results);
done:
    hs_analysis_chosen_sets_clear(&sets);
    return status;
}

/* ---- sweeping ---------------------------------------------------------------------------------------------------- */

static void announce_phase(const phase_job *job, size_t phase, uint64_t n_sets)
{
    const size_t n_phases = hs_results_n_phases(job->results);

    if (hs_comm_rank(job->comm) == 0 && n_phases > 1)
        hs_log_print(job->log, HS_LOG_INFO, "phase   %zu of %zu, %s: %" PRIu64 " sets", phase + 1, n_phases,
                     hs_results_phase_name(job->results, phase), n_sets);
}

/* What is told of a NaN, and the display that it must not run into. */
typedef struct not_finite_context {
    const phase_job *job;
    progress_display *display;
} not_finite_context;

static void report_not_finite(void *context, const hs_not_finite *place)
{
    const not_finite_context *c = context;
    const hs_study *study = c->job->study;
    const hs_task *task = study->tasks[place->task];
    const hs_results_sets *sets = hs_results_sets_of(c->job->results);
    const char *ablation = sets->intervention_names[sets->intervention[place->set]];
    char where[64] = "after the last layer";
    hs_text heads = {0};
    hs_error ignored = {0};

    if (place->layer < study->model->shape.n_layers)
        snprintf(where, sizeof where, "from layer %" PRIu64 " on", place->layer);
    if (hs_results_set_name(sets, place->set, &heads, &ignored) != HS_OK)
        return;
    hs__cli_progress_end(c->display);
    hs_log_print(c->job->log, HS_LOG_WARNING,
                 "set %" PRIu64 ", heads %s (%s): task %s, example %" PRIu64 " (line %zu), row %" PRIu64
                 ": not finite %s; its metrics are stored as NaN",
                 place->set, heads.text, ablation, hs_tasks_name(task), place->example,
                 hs_tasks_example_line(task, (size_t)place->example), place->row, where);
    hs_text_clear(&heads);
}

static void add_report(hs_run_report *sum, const hs_run_report *report)
{
    sum->cells_before += report->cells_before;
    sum->cells_damaged += report->cells_damaged;
    sum->cells_this_run += report->cells_this_run;
    sum->values_not_finite += report->values_not_finite;
    sum->seconds += report->seconds;
    sum->stopped = report->stopped;
}

/* What the phases of one run share. */
typedef struct phase_sweep {
    const phase_job *job;
    best_so_far best; /* rank 0, where progress is shown */
    hs_run_report *sum;
} phase_sweep;

static FILE *progress_stream(const phase_job *job)
{
    return job->log->level >= HS_LOG_INFO ? job->log->stream : NULL;
}

/*
 * Of one host alone: where a file system keeps pages of a file on each host, reading what other hosts write could let
 * this one write its old bytes beside its own cells.
 */
static hs_status begin_best_so_far(phase_sweep *sweep, hs_error *error)
{
    const phase_job *job = sweep->job;

    if (progress_stream(job) == NULL || hs_comm_node_size(job->comm) < hs_comm_size(job->comm))
        return HS_OK;
    return hs__cli_best_so_far_init(&sweep->best, job->experiment, job->results, error);
}

/* With an evaluator of its own: none is held while the sets of the next phase are chosen. */
static hs_status sweep_sets(phase_sweep *sweep, uint64_t first, uint64_t n, bool fresh, hs_error *error)
{
    const phase_job *job = sweep->job;
    progress_display display =
        hs__cli_progress_display_make(progress_stream(job), job->experiment->progress_seconds,
                                      job->study->plan.n_cells / job->study->plan.n_sets, &sweep->best);
    not_finite_context not_finite = {job, &display};
    const hs_run_options options = {.scheduler = job->experiment->scheduler,
                                    .max_lease_groups = (uint64_t)job->experiment->max_lease_groups,
                                    .progress = hs__cli_progress_show,
                                    .progress_context = &display,
                                    .stop = hs__cli_stop_is_requested,
                                    .not_finite = report_not_finite,
                                    .not_finite_context = &not_finite};
    hs_run_report report = {0};
    hs_evaluator evaluator = {0};
    hs_plan plan = {0};
    hs_status status = hs_sweep_plan_of_sets(&job->study->plan, first, n, &plan, error);

    if (status == HS_OK)
        status = hs_study_evaluator(job->study, &evaluator, error);
    HS_GOTO_DONE(hs_comm_agree(job->comm, status, error));
    HS_GOTO_DONE(hs_sweep_run(job->comm, &plan, job->results, fresh, &evaluator, &options, &report, error));
done:
    hs__cli_progress_end(&display);
    add_report(sweep->sum, &report);
    hs_study_evaluator_clear(&evaluator);
    hs_sweep_plan_clear(&plan);
    return status;
}

static hs_status sweep_each(phase_sweep *sweep, hs_error *error)
{
    const phase_job *job = sweep->job;

    for (size_t phase = 0; phase < hs_results_n_phases(job->results); ++phase) {
        bool fresh = job->fresh || phase >= hs_results_n_chosen_phases(job->results);
        uint64_t first, n;

        if (phase >= hs_results_n_chosen_phases(job->results))
            HS_TRY(choose_next(job, error));
        hs_results_phase_sets(job->results, phase, &first, &n);
        announce_phase(job, phase, n);
        if (n > 0)
            HS_TRY(sweep_sets(sweep, first, n, fresh, error));
    }
    return HS_OK;
}

static void report_sweep(const hs_log *log, const hs_run_report *report)
{
    char duration[32];

    if (report->cells_damaged > 0)
        hs_log_print(log, HS_LOG_WARNING, "%" PRIu64 " cells did not match their commit words and were computed again",
                     report->cells_damaged);
    if (report->values_not_finite > 0)
        hs_log_print(log, HS_LOG_WARNING,
                     "%" PRIu64 " values are not finite: they are stored as NaN, and no set is ranked by them",
                     report->values_not_finite);
    hs_format_duration(report->seconds, duration, sizeof duration);
    if (report->cells_this_run == 0)
        hs_log_print(log, HS_LOG_INFO, "sweep   was finished already: all %" PRIu64 " cells are in the file",
                     report->cells_before);
    else
        hs_log_print(log, HS_LOG_INFO, "sweep   %" PRIu64 " cells in %s (%.2f s); %" PRIu64 " were done before",
                     report->cells_this_run, duration, report->seconds, report->cells_before);
}

hs_status hs__cli_sweep_phases(const phase_job *job, hs_run_report *report_out, hs_error *error)
{
    phase_sweep sweep = {.job = job, .sum = report_out};

    *report_out = (hs_run_report){0};
    hs_study_take_phases(job->study, job->results);
    hs_status status = hs_comm_agree(job->comm, begin_best_so_far(&sweep, error), error);
    if (status == HS_OK)
        status = sweep_each(&sweep, error);
    hs__cli_best_so_far_clear(&sweep.best);
    if (status == HS_OK)
        report_sweep(job->log, report_out);
    return status;
}
