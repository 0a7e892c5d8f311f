/*
 * A run from end to end: the results file, its lock and this run's row in it, around the sweep and what is concluded
 * from it.
 */
#include "study/session.h"

#include <math.h>
#include <time.h>
#include <unistd.h>

bool hs__study_is_first_rank(const study_session *s)
{
    return hs_comm_rank(s->comm) == 0;
}

/*
 * Described by rank 0 alone, but a failure to describe is everybody's, or the others would go on
 * to the sweep.
 */
static hs_status announce(study_session *s, hs_error *error)
{
    hs_text text = {0};
    char size[16];
    hs_status status = HS_OK;

    if (hs__study_is_first_rank(s)) {
        status = hs_study_describe(s->study, hs_comm_size(s->comm), &text, error);
        if (status == HS_OK)
            hs_log_print_lines(&s->options->log, HS_LOG_INFO, text.text);
        if (hs__study_weights_are_copied(s->study) && hs_comm_node_size(s->comm) > 1)
            hs_log_print(&s->options->log, HS_LOG_WARNING,
                         "there is too little shared memory (/dev/shm) for the converted weights: each rank "
                         "holds a copy of %s",
                         hs_format_bytes((double)hs_model_arena_bytes(s->study->model), size, sizeof size));
    }
    hs_text_clear(&text);
    return hs_comm_agree(s->comm, status, error);
}

hs_status hs_study_check_place(const hs_experiment *experiment, hs_error *error)
{
    hs_status status = hs_results_check_place(experiment->results, error);

    return status == HS_OK ? HS_OK : hs_error_prefix(error, "output.results");
}

/* Found before the model is read, let alone anything computed. */
static hs_status check_place(study_session *s, hs_error *error)
{
    hs_status status = hs__study_is_first_rank(s) ? hs_study_check_place(s->experiment, error) : HS_OK;

    return hs_comm_agree(s->comm, status, error);
}

static hs_status lock_results(study_session *s, hs_error *error)
{
    hs_status status = HS_OK;

    if (hs__study_is_first_rank(s)) {
        char *folder = hs_path_folder(s->experiment->results, error);
        status = folder != NULL ? hs_folder_make(folder, error) : error->status;
        hs_free(folder);
    }
    if (status == HS_OK && hs__study_is_first_rank(s))
        status = hs_results_lock_new(s->experiment->results, &s->lock, error);
    return hs_comm_agree(s->comm, status, error);
}

hs_status hs__study_make_layout(study_session *s, const hs_results_layout **layout_out, hs_error *error)
{
    return hs_study_layout(s->study, s->hosts != NULL ? s->hosts : "", s->options->command_line, hs_comm_size(s->comm),
                           layout_out, error);
}

/* The operations go into the file's provenance; people see them before the sweep begins. */
static hs_status report_cost(study_session *s, hs_error *error)
{
    char executed[16], naive[16];

    HS_TRY(hs_study_count_cost(s->study, &s->cost, error));
    hs_format_count(s->cost.flops_executed, executed, sizeof executed);
    hs_format_count(s->cost.flops_naive, naive, sizeof naive);
    hs_log_print(&s->options->log, HS_LOG_INFO,
                 "work    %s floating-point operations; a pass for every set would take %s", executed, naive);
    return HS_OK;
}

/* Rank 0 creates the file alone; nobody opens it before all ranks know how that went. */
static hs_status create_results(study_session *s, hs_error *error)
{
    const hs_results_layout *layout = NULL;
    hs_status status = HS_OK;

    if (s->study->needs_means)
        HS_TRY(hs__study_compute_means(s->comm, s->study, error));
    if (hs__study_is_first_rank(s))
        status = report_cost(s, error);
    if (status == HS_OK && hs__study_is_first_rank(s))
        status = hs__study_make_layout(s, &layout, error);
    if (status == HS_OK && hs__study_is_first_rank(s))
        status = hs_results_create(s->experiment->results, layout, error);
    return hs_comm_agree(s->comm, status, error);
}

/*
 * By rank 0 alone with the serial driver, so that a wrong file ends the run before all ranks open
 * it.
 */
static hs_status check_results(study_session *s, hs_error *error)
{
    const hs_results_layout *layout;
    hs_results *results = NULL;
    hs_status status = HS_OK;

    if (hs__study_is_first_rank(s)) {
        status = hs_results_open_read(s->experiment->results, &results, error);
        if (status == HS_OK)
            status = hs__study_make_layout(s, &layout, error);
        if (status == HS_OK)
            status = hs_results_check_experiment(results, layout, error);
        if (status == HS_OK)
            status = hs_analysis_check_restated(results, layout->experiment, layout->n_experiment, error);
        status = hs_results_close_after(results, status, error);
    }
    return hs_comm_agree(s->comm, status, error);
}

static hs_status open_results(study_session *s, hs_error *error)
{
    uint8_t exists = hs__study_is_first_rank(s) && hs_path_exists(s->experiment->results);
    hs_status status = HS_OK;

    HS_TRY(hs_comm_broadcast(s->comm, &exists, sizeof exists, 0, error));
    s->fresh = !exists;
    HS_TRY(s->fresh ? create_results(s, error) : check_results(s, error));
    HS_TRY(hs_results_open_with_hints(s->comm, s->experiment->results, &s->experiment->mpi_hints, &s->results, error));
    if (!s->fresh && s->study->needs_means)
        status = hs__study_read_means(s->study, s->results, error);
    return hs_comm_agree(s->comm, status, error);
}

static hs_status sweep(study_session *s, hs_error *error)
{
    hs_run_report report = {0};
    hs_status status = hs__study_sweep_phases(s, &report, error);

    s->record.cells = report.cells_this_run;
    s->record.sweep_seconds = report.seconds;
    return status;
}

static hs_status begin_record(study_session *s, hs_error *error)
{
    hs_status status = HS_OK;

    if (hs__study_is_first_rank(s)) {
        s->record = (hs_results_run){.start = (double)time(NULL), .ranks = (uint64_t)hs_comm_size(s->comm)};
        gethostname(s->record.host, sizeof s->record.host - 1);
        snprintf(s->record.version, sizeof s->record.version, "%s", HEADSWEEP_VERSION);
        status = hs_results_n_runs(s->results, &s->record_row, error);
        if (status == HS_OK)
            status = hs_results_write_run(s->results, s->record_row, &s->record, error);
    }
    return hs_comm_agree(s->comm, status, error);
}

/* Millijoules of all hosts, and how many of them tell theirs. */
static hs_status sum_energy(study_session *s, double *joules_out, hs_error *error)
{
    uint64_t sums[] = {0, 0, 0};

    if (s->energy != NULL) {
        hs_energy_look(s->energy, true);
        const double joules = hs_energy_joules(s->energy);
        sums[0] = joules >= 0 ? (uint64_t)(joules * 1e3) : 0;
        sums[1] = joules >= 0;
        sums[2] = 1;
    }
    HS_TRY(hs_comm_sum_u64(s->comm, sums, 3, error));
    *joules_out = sums[1] == sums[2] ? (double)sums[0] * 1e-3 : (double)NAN;
    return HS_OK;
}

hs_status hs__study_record_cost(study_session *s, hs_error *error)
{
    const double hours = (hs_time_seconds() - s->started) / 3600;
    double joules;

    HS_TRY(sum_energy(s, &joules, error));
    if (!hs__study_is_first_rank(s))
        return HS_OK;
    return hs_results_write_run_cost(s->results, s->record_row,
                                     hours * hs_comm_size(s->comm) * (double)s->experiment->threads_per_rank, joules,
                                     error);
}

hs_status hs__study_end_record(study_session *s, hs_error *error)
{
    s->record.end = (double)time(NULL);
    return hs_results_write_run(s->results, s->record_row, &s->record, error);
}

/* In the self-test, the means and the texts, which are no groups and are stopped all the same. */
static bool goes_on(void *context)
{
    const hs_study_run_options *options = ((const study_session *)context)->options;

    return options->stop == NULL || !options->stop(options->stop_context);
}

static hs_status start_energy(study_session *s, hs_error *error)
{
    return hs_comm_node_rank(s->comm) == 0 ? hs_energy_new(HS_ENERGY_FOLDER, &s->energy, error) : HS_OK;
}

/*
 * In the order in which things can go wrong at least cost: the place of the file before the model, the model before
 * the file.
 */
static hs_status begin(study_session *s, hs_error *error)
{
    char host[256] = "";

    gethostname(host, sizeof host - 1);
    HS_TRY(hs_comm_agree(s->comm, start_energy(s, error), error));
    HS_TRY(hs_comm_gather_lines(s->comm, host, &s->hosts, error));
    HS_TRY(check_place(s, error));
    HS_TRY(hs_study_open_polled(s->comm, s->experiment, (hs_poll){goes_on, s}, &s->study, error));
    s->study->storage->energy = s->energy;
    HS_TRY(announce(s, error));
    HS_TRY(lock_results(s, error));
    HS_TRY(open_results(s, error));
    HS_TRY(hs__study_warn_of_other_cores(s, error));
    return begin_record(s, error);
}

/* Where the sweep does not say itself what is done, an engine has only said that it was given up. */
static hs_status say_when_stopped(hs_status status, const char *when, hs_error *error)
{
    if (status != HS_UNFINISHED)
        return status;
    *error = (hs_error){0};
    return hs_fail(error, HS_UNFINISHED, "stopped on request %s; run the same command again to continue", when);
}

static hs_status run(study_session *s, hs_study_outcome *outcome, hs_error *error)
{
    HS_TRY(say_when_stopped(begin(s, error), "before the sweep", error));
    hs_status status = sweep(s, error);
    if (status == HS_OK || status == HS_UNFINISHED)
        HS_TRY(hs_comm_agree(s->comm, hs__study_record_cost(s, error), error));
    if (status == HS_UNFINISHED && hs__study_is_first_rank(s))
        hs__study_end_record(s, error);
    if (status != HS_OK)
        return status;
    return say_when_stopped(hs__study_conclude(s, outcome, error), "with all cells done, before the results were final",
                            error);
}

/*
 * File and lock are the outcome's whatever has happened, so that one function closes them in their order: called here
 * after a failure, by the caller otherwise.
 */
hs_status hs_study_run(hs_comm *comm, const hs_experiment *experiment, const hs_study_run_options *options,
                       hs_study_outcome *outcome_out, hs_error *error)
{
    study_session s = {.comm = comm, .experiment = experiment, .options = options, .started = hs_time_seconds()};

    *outcome_out = (hs_study_outcome){0};
    hs_status status = run(&s, outcome_out, error);
    outcome_out->results = s.results;
    outcome_out->lock = s.lock;
    if (status != HS_OK)
        status = hs_study_outcome_close(outcome_out, status, error);
    hs_study_free(s.study);
    hs_energy_free(s.energy);
    hs_free(s.hosts);
    return status;
}

hs_status hs_study_outcome_close(hs_study_outcome *outcome, hs_status status, hs_error *error)
{
    hs_analysis_ranking_clear(&outcome->ranking);
    hs_analysis_free(outcome->analysis);
    status = hs_results_close_after(outcome->results, status, error);
    hs_results_lock_free(outcome->lock);
    *outcome = (hs_study_outcome){0};
    return status;
}
