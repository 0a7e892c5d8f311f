/* All phases of a sweep, one after the other: choosing their sets, sweeping them, telling how far that is. */
#include <inttypes.h>

#include "headsweep/phases.h"
#include "study/best_so_far.h"
#include "study/group_sizes.h"
#include "study/session.h"

/* What rank 0 chose, on every rank: `rows` continue the file's table, so the arrays are all there is to them. */
static hs_status share_rows(hs_comm *comm, hs_sets *rows, hs_error *error)
{
    uint64_t sizes[] = {rows->n_sets, rows->n_added, rows->max_order};
    hs_status status = HS_OK;

    HS_TRY(hs_comm_broadcast(comm, sizes, sizeof sizes, 0, error));
    if (hs_comm_rank(comm) != 0)
        status = hs_sets_reserve(rows, (size_t)sizes[0], (size_t)sizes[1], error);
    HS_TRY(hs_comm_agree(comm, status, error));
    if (sizes[0] == 0)
        return HS_OK;
    rows->n_sets = (size_t)sizes[0];
    rows->n_added = (size_t)sizes[1];
    rows->max_order = (size_t)sizes[2];
    HS_TRY(hs_comm_broadcast(comm, rows->order, rows->n_sets * sizeof *rows->order, 0, error));
    HS_TRY(hs_comm_broadcast(comm, rows->intervention, rows->n_sets * sizeof *rows->intervention, 0, error));
    HS_TRY(hs_comm_broadcast(comm, rows->parent, rows->n_sets * sizeof *rows->parent, 0, error));
    HS_TRY(hs_comm_broadcast(comm, rows->first_added, (rows->n_sets + 1) * sizeof *rows->first_added, 0, error));
    return hs_comm_broadcast(comm, rows->added, rows->n_added * sizeof *rows->added, 0, error);
}

static hs_status choose_next(study_session *s, hs_error *error)
{
    hs_sets rows = {.base = hs_results_sets_of(s->results)};
    hs_status status = HS_OK;

    if (hs_comm_rank(s->comm) == 0)
        status = hs_analysis_choose_phase(s->results, &rows, error);
    HS_GOTO_DONE(hs_comm_agree(s->comm, status, error));
    HS_GOTO_DONE(share_rows(s->comm, &rows, error));
    HS_GOTO_DONE(hs_results_add_phase(s->results, &rows, error));
    hs__study_take_phases(s->study, s->results);
done:
    hs_sets_clear(&rows);
    return status;
}

static void announce_phase(study_session *s, size_t phase, uint64_t n_sets)
{
    const size_t n_phases = hs_results_n_phases(s->results);

    if (hs_comm_rank(s->comm) == 0 && n_phases > 1)
        hs_log_print(&s->options->log, HS_LOG_INFO, "phase   %zu of %zu, %s: %" PRIu64 " sets", phase + 1, n_phases,
                     hs_results_phase_name(s->results, phase), n_sets);
}

/* What the phases of one run share. */
typedef struct phase_sweep {
    study_session *s;
    best_so_far best; /* rank 0, where progress is shown */
    hs_run_report *sum;
} phase_sweep;

/* What is shown and would run into lines of the log is to go. */
static void hide_progress(const phase_sweep *sweep)
{
    const hs_study_run_options *options = sweep->s->options;

    if (options->progress != NULL)
        options->progress(options->progress_context, NULL);
}

static void show_progress(void *context, const hs_progress *progress)
{
    phase_sweep *sweep = context;
    const hs_study_run_options *options = sweep->s->options;
    const hs_plan *plan = &sweep->s->study->plan;

    if (options->progress == NULL)
        return;
    hs__study_best_so_far_look(&sweep->best);
    const hs_study_progress shown = {*progress, plan->n_cells / plan->n_sets, sweep->best.text};
    options->progress(options->progress_context, &shown);
}

/*
 * By the words of the user: set, task and line of the data file, and the layer from which on it is
 * so, for that is where one would look. A failure to say it must not end the sweep.
 */
static void report_not_finite(void *context, const hs_not_finite *place)
{
    const phase_sweep *sweep = context;
    const hs_study *study = sweep->s->study;
    const hs_task *task = study->tasks[place->task];
    const hs_sets *sets = hs_results_sets_of(sweep->s->results);
    const char *ablation = sets->intervention_names[sets->intervention[place->set]];
    char where[64] = "after the last layer";
    hs_text heads = {0};
    hs_error ignored = {0};

    if (place->layer < study->model->shape.n_layers)
        snprintf(where, sizeof where, "from layer %" PRIu64 " on", place->layer);
    if (hs_sets_name(sets, place->set, &heads, &ignored) != HS_OK)
        return;
    hide_progress(sweep);
    hs_log_print(&sweep->s->options->log, HS_LOG_WARNING,
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

/*
 * Of one host alone: where a file system keeps pages of a file on each host, reading what other hosts write could let
 * this one write its old bytes beside its own cells.
 */
static hs_status begin_best_so_far(phase_sweep *sweep, hs_error *error)
{
    study_session *s = sweep->s;

    if (s->options->progress == NULL || hs_comm_node_size(s->comm) < hs_comm_size(s->comm))
        return HS_OK;
    return hs__study_best_so_far_init(&sweep->best, s->experiment, s->results, error);
}

/* With an evaluator of its own: none is held while the sets of the next phase are chosen. */
static hs_status sweep_sets(phase_sweep *sweep, uint64_t first, uint64_t n, bool fresh, hs_error *error)
{
    study_session *s = sweep->s;
    const hs_run_options options = {.scheduler = s->experiment->scheduler,
                                    .max_lease_groups = (uint64_t)s->experiment->max_lease_groups,
                                    .progress = show_progress,
                                    .progress_context = sweep,
                                    .stop = s->options->stop,
                                    .stop_context = s->options->stop_context,
                                    .not_finite = report_not_finite,
                                    .not_finite_context = sweep};
    hs_run_report report = {0};
    hs_evaluator evaluator = {0};
    hs_plan plan = {0};
    hs_status status = hs__study_plan_phase(s->study, first, n, &plan, error);

    if (status == HS_OK)
        status = hs_study_evaluator(s->study, &evaluator, error);
    HS_GOTO_DONE(hs_comm_agree(s->comm, status, error));
    HS_GOTO_DONE(hs_sweep_run(s->comm, &plan, s->results, fresh, &evaluator, &options, &report, error));
done:
    hide_progress(sweep);
    add_report(sweep->sum, &report);
    hs_study_evaluator_clear(&evaluator);
    hs_sweep_plan_clear(&plan);
    return status;
}

/*
 * The file says which phases were chosen, so that a resumed run goes on where it was. A phase is
 * fresh if this run chose it: nothing of it can be done yet.
 */
static hs_status sweep_each(phase_sweep *sweep, hs_error *error)
{
    study_session *s = sweep->s;

    for (size_t phase = 0; phase < hs_results_n_phases(s->results); ++phase) {
        bool fresh = s->fresh || phase >= hs_results_n_chosen_phases(s->results);
        uint64_t first, n;

        if (phase >= hs_results_n_chosen_phases(s->results))
            HS_TRY(choose_next(s, error));
        hs_results_phase_sets(s->results, phase, &first, &n);
        announce_phase(s, phase, n);
        if (n > 0)
            HS_TRY(sweep_sets(sweep, first, n, fresh, error));
    }
    return HS_OK;
}

/*
 * That nothing had to be computed is worth its own line: people who start a finished run wonder
 * otherwise.
 */
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

hs_status hs__study_sweep_phases(study_session *s, hs_run_report *report_out, hs_error *error)
{
    phase_sweep sweep = {.s = s, .sum = report_out};

    *report_out = (hs_run_report){0};
    hs__study_take_phases(s->study, s->results);
    hs_status status = hs_comm_agree(s->comm, begin_best_so_far(&sweep, error), error);
    if (status == HS_OK)
        status = sweep_each(&sweep, error);
    hs__study_best_so_far_clear(&sweep.best);
    if (status == HS_OK)
        report_sweep(&s->options->log, report_out);
    return status;
}
