/* What a finished sweep comes to: the statistics, which all ranks compute, and the ranking, which rank 0 stores. */
#include <string.h>

#include "study/session.h"

/* A stored ranking, computed with these options. */
static hs_status look_for_statistics(study_session *s, const hs_analysis_options *options, bool *stored_out,
                                     hs_error *error)
{
    hs_results_method method;

    HS_TRY(hs_results_ranking_done(s->results, stored_out, error));
    if (!*stored_out)
        return HS_OK;
    HS_TRY(hs_results_read_method(s->results, &method, error));
    *stored_out = (size_t)method.resamples == options->resamples &&
                  (size_t)method.permutations == options->permutations && method.confidence == options->confidence &&
                  (method.bca != 0) == options->bca;
    return HS_OK;
}

/* Whether the file holds these statistics already, as after a run that found it finished. */
static hs_status find_statistics(study_session *s, const hs_analysis_options *options, bool *stored_out,
                                 hs_error *error)
{
    hs_status status = HS_OK;
    uint8_t stored;

    *stored_out = false;
    if (hs__study_is_first_rank(s))
        status = look_for_statistics(s, options, stored_out, error);
    HS_TRY(hs_comm_agree(s->comm, status, error));
    stored = *stored_out;
    HS_TRY(hs_comm_broadcast(s->comm, &stored, sizeof stored, 0, error));
    *stored_out = stored;
    return HS_OK;
}

/* All ranks compute the statistics from the file; rank 0 has them then. */
static hs_status analyse(study_session *s, hs_analysis **analysis_out, hs_error *error)
{
    const hs_analysis_options options = hs_analysis_options_of(s->experiment);
    const double start = hs_time_seconds();
    char duration[32];
    bool stored;

    *analysis_out = NULL;
    HS_TRY(find_statistics(s, &options, &stored, error));
    if (stored)
        return hs_comm_agree(
            s->comm, hs__study_is_first_rank(s) ? hs_analysis_new(s->results, NULL, NULL, analysis_out, error) : HS_OK,
            error);
    HS_TRY(hs_analysis_new(s->results, s->comm, &options, analysis_out, error));
    hs_format_duration(hs_time_seconds() - start, duration, sizeof duration);
    hs_log_print(&s->options->log, HS_LOG_INFO,
                 "stats   %zu resamples and %zu sign flips of the examples of %zu sets in %s", options.resamples,
                 options.permutations, (*analysis_out)->n_sets, duration);
    return HS_OK;
}

/* What the file states goes before what is computed from it: whoever finds only the first computes the rest anew. */
static hs_status store_ranking(study_session *s, hs_analysis *analysis, hs_error *error)
{
    const hs_results_layout *layout;
    hs_objective found;
    bool has_objective;

    /* It may be another than the one that the file was made with: it changes no value, only the ranking. */
    analysis->objective = hs_analysis_objective_of(s->experiment);
    HS_TRY(hs_analysis_objective(analysis, &found, &has_objective, error));
    HS_TRY(hs__study_make_layout(s, &layout, error));
    HS_TRY(hs_results_restate(s->results, layout->experiment, layout->n_experiment, error));
    HS_TRY(hs_analysis_store(analysis, s->results, error));
    return hs__study_end_record(s, error);
}

static hs_status rank(const hs_analysis *analysis, hs_study_outcome *outcome, hs_error *error)
{
    HS_TRY(hs_analysis_request_parse(analysis, NULL, &outcome->request, error));
    return hs_analysis_rank(analysis, &outcome->request, &outcome->ranking, error);
}

/* The largest rank's, when all work is done. */
static hs_status report_memory(const study_session *s, hs_error *error)
{
    double peak = (double)hs_peak_memory_bytes();
    size_t planned = hs_study_memory_bytes(&s->cost.memory);
    char measured[16], own[16], weights[16];

    HS_TRY(hs_comm_maximum(s->comm, &peak, 1, error));
    hs_format_bytes(peak, measured, sizeof measured);
    hs_format_bytes((double)planned, own, sizeof own);
    hs_format_bytes((double)s->cost.weight_bytes, weights, sizeof weights);
    if (hs__study_is_first_rank(s) && planned > 0 && peak > 0)
        hs_log_print(&s->options->log, HS_LOG_INFO,
                     "memory  %s at the peak of a rank; planned %s, and %s of weights that a host's ranks share",
                     measured, own, weights);
    return HS_OK;
}

hs_status hs__study_conclude(study_session *s, hs_study_outcome *outcome, hs_error *error)
{
    hs_status status = analyse(s, &outcome->analysis, error);

    if (status == HS_OK && hs__study_is_first_rank(s) && outcome->analysis != NULL)
        status = store_ranking(s, outcome->analysis, error);
    HS_TRY(hs_comm_agree(s->comm, status, error));
    HS_TRY(hs__study_save_best_texts(s, hs__study_is_first_rank(s) ? outcome->analysis : NULL, error));
    HS_TRY(report_memory(s, error));
    HS_TRY(hs_comm_agree(s->comm, hs__study_record_cost(s, error), error));
    if (hs__study_is_first_rank(s))
        status = rank(outcome->analysis, outcome, error);
    return hs_comm_agree(s->comm, status, error);
}
