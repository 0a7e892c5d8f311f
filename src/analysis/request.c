/*
 * request: what is ranked by, from words: "objective", TASK.METRIC, "interaction:" and "backup:".
 */
#include <stdlib.h>
#include <string.h>

#include "headsweep/analysis.h"
#include "headsweep/config.h"

static hs_status find_metric(const hs_analysis *analysis, const char *task, const char *metric, size_t *task_out,
                             size_t *metric_out, hs_error *error)
{
    const hs_metric_table table = hs_results_metrics(analysis->results);
    hs_metric_place place;

    HS_TRY(hs_config_find_metric_of(&table, task, metric, &place, error));
    *task_out = place.task;
    *metric_out = place.metric;
    return HS_OK;
}

/* "TASK.METRIC=TOLERANCE"; without the latter the objective's tolerance holds. */
static hs_status parse_keep(const hs_analysis *analysis, const char *text, hs_objective_keep *keep, hs_error *error)
{
    const hs_metric_table table = hs_results_metrics(analysis->results);
    hs_metric_name name;
    hs_metric_place place;

    if (hs_config_metric_name_parse(text, &name, error) != HS_OK ||
        hs_config_find_metric(&table, &name, &place, error) != HS_OK)
        return hs_error_prefix(error, "keep");
    *keep = (hs_objective_keep){.task = place.task, .metric = place.metric};
    keep->tolerance = name.has_tolerance ? name.tolerance : analysis->objective.tolerance;
    return HS_OK;
}

/*
 * The first metric that is kept may be stated in two keys or in one word; further ones are words.
 * Each has its own tolerance or the objective's.
 */
static hs_status find_keeps(const hs_analysis *analysis, hs_objective *objective, hs_error *error)
{
    const hs_objective_names *names = &analysis->objective;

    if (names->keep[0] == '\0')
        return HS_OK;
    objective->keeps[0].tolerance = names->tolerance;
    if (names->keep_metric[0] == '\0')
        HS_TRY(parse_keep(analysis, names->keep, &objective->keeps[0], error));
    else
        HS_TRY(find_metric(analysis, names->keep, names->keep_metric, &objective->keeps[0].task,
                           &objective->keeps[0].metric, error));
    objective->n_keeps = 1;
    for (size_t i = 0; i < names->n_keep_also; ++i) {
        if (objective->n_keeps == HS_OBJECTIVE_MAX_KEEPS)
            return hs_fail(error, HS_ERROR_USAGE, "an objective keeps at most %d metrics", HS_OBJECTIVE_MAX_KEEPS);
        HS_TRY(parse_keep(analysis, names->keep_also[i], &objective->keeps[objective->n_keeps++], error));
    }
    return HS_OK;
}

/*
 * Looked up in the file's metrics and not in the experiment's: a file may be older than the words
 * that one uses today.
 */
hs_status hs_analysis_objective(const hs_analysis *analysis, hs_objective *objective_out, bool *has_out,
                                hs_error *error)
{
    const hs_objective_names *names = &analysis->objective;
    hs_objective objective = {0};

    *has_out = false;
    *objective_out = objective;
    if (names->reduce[0] == '\0')
        return HS_OK;
    HS_TRY(find_metric(analysis, names->reduce, names->reduce_metric, &objective.reduce_task, &objective.reduce_metric,
                       error));
    HS_TRY(find_keeps(analysis, &objective, error));
    *objective_out = objective;
    *has_out = true;
    return HS_OK;
}

/* Prefixes of `by`; none is a task's delta. */
static const struct {
    const char *prefix;
    hs_ranking_key key;
} prefixes[] = {{"interaction:", HS_RANK_BY_INTERACTION}, {"backup:", HS_RANK_BY_BACKUP}, {"", HS_RANK_BY_DELTA}};

static hs_status parse_key(const hs_analysis *analysis, const char *by, hs_ranking_request *request, hs_error *error)
{
    size_t i = 0;

    while (strncmp(by, prefixes[i].prefix, strlen(prefixes[i].prefix)) != 0)
        ++i;
    request->key = prefixes[i].key;
    if (find_metric(analysis, by + strlen(prefixes[i].prefix), "", &request->task, &request->metric, error) != HS_OK)
        return hs_error_prefix(error, "--by %s", by);
    return HS_OK;
}

/*
 * Without a word it is the objective if one was stated, else the first task's delta; asking for an
 * objective that there is none of is refused, as the answer to another question would not be
 * noticed.
 */
hs_status hs_analysis_request_parse(const hs_analysis *analysis, const char *by, hs_ranking_request *request_out,
                                    hs_error *error)
{
    hs_ranking_request request = {.key = HS_RANK_BY_DELTA, .intervention = -1};
    bool has_objective = false;

    HS_TRY(hs_analysis_objective(analysis, &request.objective, &has_objective, error));
    if (by != NULL && strcmp(by, "objective") == 0 && !has_objective)
        return hs_fail(error, HS_ERROR_USAGE,
                       "--by objective: the experiment stated none; state one with --reduce, or rank by a task");
    if (by != NULL && strcmp(by, "objective") != 0)
        HS_TRY(parse_key(analysis, by, &request, error));
    else if (has_objective)
        request.key = HS_RANK_BY_OBJECTIVE;
    *request_out = request;
    return HS_OK;
}
