#include "cli/session.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/arguments.h"
#include "cli/best_texts.h"
#include "cli/cores.h"
#include "cli/describe.h"
#include "cli/phases.h"
#include "cli/results_file.h"
#include "headsweep/report.h"

/* What a run holds open. */
typedef struct session {
    hs_comm *comm;
    const hs_experiment *experiment;
    const session_options *options;
    hs_study *study;
    char *hosts;           /* rank 0 */
    hs_results_lock *lock; /* rank 0 */
    hs_results *results;
    bool fresh;            /* this run made the file */
    hs_results_run record; /* rank 0: this run's row in the file */
    size_t record_row;
    hs_study_cost cost; /* rank 0, of a run that made its file */
} session;

static bool is_first(const session *s)
{
    return hs_comm_rank(s->comm) == 0;
}

static hs_status announce(session *s, hs_error *error)
{
    hs_text text = {0};
    char size[16];
    hs_status status = HS_OK;

    if (is_first(s)) {
        status = hs__cli_describe_study(s->study, hs_comm_size(s->comm), &text, error);
        if (status == HS_OK)
            hs_log_print(&s->options->log, HS_LOG_INFO, "%.*s", (int)text.length - 1, text.text);
        if (hs_study_weights_are_copied(s->study) && hs_comm_node_size(s->comm) > 1)
            hs_log_print(&s->options->log, HS_LOG_WARNING,
                         "there is too little shared memory (/dev/shm) for the converted weights: each rank "
                         "holds a copy of %s",
                         hs_format_bytes((double)hs_model_arena_bytes(s->study->model), size, sizeof size));
    }
    hs_text_clear(&text);
    return hs_comm_agree(s->comm, status, error);
}

/* ---- the results file ----------------------------------------------------------------------------------------------- */

/* Found before the model is read, let alone anything computed. */
static hs_status check_place(session *s, hs_error *error)
{
    hs_status status = is_first(s) ? hs__cli_check_results_place(s->experiment->results, error) : HS_OK;

    return hs_comm_agree(s->comm, status, error);
}

static hs_status lock_results(session *s, hs_error *error)
{
    hs_status status = HS_OK;

    if (is_first(s)) {
        char *folder = hs_path_folder(s->experiment->results, error);
        status = folder != NULL ? hs_folder_make(folder, error) : error->status;
        hs_free(folder);
    }
    if (status == HS_OK && is_first(s))
        status = hs_results_lock_new(s->experiment->results, &s->lock, error);
    return hs_comm_agree(s->comm, status, error);
}

static hs_status make_layout(session *s, const hs_results_layout **layout_out, hs_error *error)
{
    return hs_study_layout(s->study, s->hosts != NULL ? s->hosts : "", s->options->command_line, hs_comm_size(s->comm),
                           layout_out, error);
}

/* The operations go into the file's provenance; people see them before the sweep begins. */
static hs_status report_cost(session *s, hs_error *error)
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
static hs_status create_results(session *s, hs_error *error)
{
    const hs_results_layout *layout = NULL;
    hs_status status = HS_OK;

    if (s->study->needs_means)
        HS_TRY(hs_study_compute_means(s->comm, s->study, error));
    if (is_first(s))
        status = report_cost(s, error);
    if (status == HS_OK && is_first(s))
        status = make_layout(s, &layout, error);
    if (status == HS_OK && is_first(s))
        status = hs_results_create(s->experiment->results, layout, error);
    return hs_comm_agree(s->comm, status, error);
}

static hs_status check_results(session *s, hs_error *error)
{
    const hs_results_layout *layout;
    hs_results *results = NULL;
    hs_status status = HS_OK;

    if (is_first(s)) {
        status = hs_results_open_read(s->experiment->results, &results, error);
        if (status == HS_OK)
            status = make_layout(s, &layout, error);
        if (status == HS_OK)
            status = hs_results_check_experiment(results, layout, error);
        if (status == HS_OK)
            status = hs_analysis_check_restated(results, layout->experiment, layout->n_experiment, error);
        status = hs_results_close_after(results, status, error);
    }
    return hs_comm_agree(s->comm, status, error);
}

static hs_status open_results(session *s, hs_error *error)
{
    uint8_t exists = is_first(s) && hs_path_exists(s->experiment->results);
    hs_status status = HS_OK;

    HS_TRY(hs_comm_broadcast(s->comm, &exists, sizeof exists, 0, error));
    s->fresh = !exists;
    HS_TRY(s->fresh ? create_results(s, error) : check_results(s, error));
    HS_TRY(hs_results_open_parallel(s->comm, s->experiment->results, &s->results, error));
    if (!s->fresh && s->study->needs_means)
        status = hs_study_read_means(s->study, s->results, error);
    return hs_comm_agree(s->comm, status, error);
}

/* ---- the sweep --------------------------------------------------------------------------------------------------------- */

static hs_status sweep(session *s, hs_error *error)
{
    const phase_job job = {s->comm, s->experiment, &s->options->log, s->study, s->results, s->fresh};
    hs_run_report report = {0};
    hs_status status = hs__cli_sweep_phases(&job, &report, error);

    s->record.cells = report.cells_this_run;
    s->record.sweep_seconds = report.seconds;
    return status;
}

/* The largest rank's, when all work is done. */
static hs_status report_memory(const session *s, hs_error *error)
{
    double peak = (double)hs_peak_memory_bytes();
    size_t planned = hs_study_memory_bytes(&s->cost.memory);
    char measured[16], own[16], weights[16];

    HS_TRY(hs_comm_maximum(s->comm, &peak, 1, error));
    hs_format_bytes(peak, measured, sizeof measured);
    hs_format_bytes((double)planned, own, sizeof own);
    hs_format_bytes((double)s->cost.weight_bytes, weights, sizeof weights);
    if (is_first(s) && planned > 0 && peak > 0)
        hs_log_print(&s->options->log, HS_LOG_INFO,
                     "memory  %s at the peak of a rank; planned %s, and %s of weights that a host's ranks share",
                     measured, own, weights);
    return HS_OK;
}

/* ---- what is kept of a run --------------------------------------------------------------------------------------------- */

static hs_status begin_record(session *s, hs_error *error)
{
    hs_status status = HS_OK;

    if (is_first(s)) {
        s->record = (hs_results_run){.start = (double)time(NULL), .ranks = (uint64_t)hs_comm_size(s->comm)};
        gethostname(s->record.host, sizeof s->record.host - 1);
        snprintf(s->record.version, sizeof s->record.version, "%s", HEADSWEEP_VERSION);
        status = hs_results_n_runs(s->results, &s->record_row, error);
        if (status == HS_OK)
            status = hs_results_write_run(s->results, s->record_row, &s->record, error);
    }
    return hs_comm_agree(s->comm, status, error);
}

static hs_status end_record(session *s, hs_error *error)
{
    s->record.end = (double)time(NULL);
    return hs_results_write_run(s->results, s->record_row, &s->record, error);
}

/* ---- the ranking ------------------------------------------------------------------------------------------------------- */

static hs_status print_ranking(session *s, const hs_analysis *analysis, hs_error *error)
{
    hs_ranking_request request;
    hs_ranking ranking = {0};
    hs_text text = {0};
    hs_status status;

    HS_GOTO_DONE(hs_analysis_request_parse(analysis, NULL, &request, error));
    HS_GOTO_DONE(hs_analysis_rank(analysis, &request, &ranking, error));
    HS_GOTO_DONE(hs_report_ranking(analysis, &request, &ranking, s->options->top, HS_REPORT_TABLE, &text, error));
    hs_log_print(&s->options->log, HS_LOG_INFO, "wrote   %s", s->experiment->results);
    hs_log_print(&s->options->log, HS_LOG_INFO, "%s", "");
    hs__cli_print_text(&text);
done:
    hs_text_clear(&text);
    hs_analysis_ranking_clear(&ranking);
    return status;
}

/* The objective may be another than the one that the file was made with: it changes no value, only the ranking, and the
 * file says so from then on. */
static hs_objective_names objective_of(const hs_experiment *experiment)
{
    return (hs_objective_names){.reduce = experiment->objective_reduce,
                                .reduce_metric = experiment->objective_reduce_metric,
                                .keep = experiment->objective_keep,
                                .keep_metric = experiment->objective_keep_metric,
                                .tolerance = experiment->objective_tolerance,
                                .keep_also = (const char *const *)experiment->objective_keep_also.items,
                                .n_keep_also = experiment->objective_keep_also.n};
}

static hs_analysis_options options_of(const hs_experiment *experiment)
{
    return (hs_analysis_options){.resamples = (size_t)experiment->resamples,
                                 .permutations = (size_t)experiment->permutations,
                                 .confidence = experiment->confidence,
                                 .bca = strcmp(experiment->interval, "bca") == 0,
                                 .seed = (uint64_t)experiment->seed};
}

/* Whether the file holds these statistics already, as after a run that found it finished. */
static hs_status find_statistics(session *s, const hs_analysis_options *options, bool *stored_out, hs_error *error)
{
    hs_results_method method;
    uint8_t stored = 0;

    *stored_out = false;
    if (is_first(s) && hs_results_ranking_done(s->results))
        stored = hs_results_read_method(s->results, &method, error) == HS_OK &&
                 (size_t)method.resamples == options->resamples &&
                 (size_t)method.permutations == options->permutations && method.confidence == options->confidence &&
                 (method.bca != 0) == options->bca;
    HS_TRY(hs_comm_broadcast(s->comm, &stored, sizeof stored, 0, error));
    *stored_out = stored;
    return HS_OK;
}

/* All ranks compute the statistics from the file; rank 0 has them then. */
static hs_status analyse(session *s, hs_analysis **analysis_out, hs_error *error)
{
    const hs_analysis_options options = options_of(s->experiment);
    const double start = hs_time_seconds();
    char duration[32];
    bool stored;

    *analysis_out = NULL;
    HS_TRY(find_statistics(s, &options, &stored, error));
    if (stored)
        return hs_comm_agree(s->comm,
                             is_first(s) ? hs_analysis_new(s->results, NULL, NULL, analysis_out, error) : HS_OK, error);
    HS_TRY(hs_analysis_new(s->results, s->comm, &options, analysis_out, error));
    hs_format_duration(hs_time_seconds() - start, duration, sizeof duration);
    hs_log_print(&s->options->log, HS_LOG_INFO,
                 "stats   %zu resamples and %zu sign flips of the examples of %zu sets in %s", options.resamples,
                 options.permutations, (*analysis_out)->n_sets, duration);
    return HS_OK;
}

/* What the file states goes before what is computed from it: whoever finds only the first computes the rest anew. */
static hs_status store_ranking(session *s, hs_analysis *analysis, hs_error *error)
{
    const hs_results_layout *layout;
    hs_objective found;
    bool has_objective;

    analysis->objective = objective_of(s->experiment);
    HS_TRY(hs_analysis_objective(analysis, &found, &has_objective, error));
    HS_TRY(make_layout(s, &layout, error));
    HS_TRY(hs_results_restate(s->results, layout->experiment, layout->n_experiment, error));
    HS_TRY(hs_analysis_store(analysis, s->results, error));
    return end_record(s, error);
}

/* Rank 0 stores the ranking, all ranks make the texts that are to be kept, and the ranking is what is printed last. */
static hs_status rank_results(session *s, hs_error *error)
{
    hs_analysis *analysis = NULL;
    hs_status status = analyse(s, &analysis, error);

    if (status == HS_OK && is_first(s))
        status = store_ranking(s, analysis, error);
    HS_GOTO_DONE(hs_comm_agree(s->comm, status, error));
    HS_GOTO_DONE(hs__cli_save_best_texts(s->comm, s->study, s->results, is_first(s) ? analysis : NULL, error));
    HS_GOTO_DONE(report_memory(s, error));
    if (is_first(s))
        status = print_ranking(s, analysis, error);
    status = hs_comm_agree(s->comm, status, error);
done:
    hs_analysis_free(analysis);
    return status;
}

hs_status hs__cli_session_run(hs_comm *comm, const hs_experiment *experiment, const session_options *options,
                              hs_error *error)
{
    session s = {.comm = comm, .experiment = experiment, .options = options};
    char host[256] = "";
    hs_status status;

    gethostname(host, sizeof host - 1);
    HS_GOTO_DONE(hs_comm_gather_lines(comm, host, &s.hosts, error));
    HS_GOTO_DONE(check_place(&s, error));
    HS_GOTO_DONE(hs_study_open(comm, experiment, &s.study, error));
    HS_GOTO_DONE(announce(&s, error));
    HS_GOTO_DONE(lock_results(&s, error));
    HS_GOTO_DONE(open_results(&s, error));
    HS_GOTO_DONE(hs__cli_warn_of_other_cores(comm, s.results, &options->log, error));
    HS_GOTO_DONE(begin_record(&s, error));
    status = sweep(&s, error);
    if (status == HS_UNFINISHED && is_first(&s))
        end_record(&s, error);
    if (status != HS_OK)
        goto done;
    HS_GOTO_DONE(rank_results(&s, error));
done:
    status = hs_results_close_after(s.results, status, error);
    hs_results_lock_free(s.lock);
    hs_study_free(s.study);
    hs_free(s.hosts);
    return status;
}
