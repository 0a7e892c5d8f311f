#include <math.h>
#include <stdlib.h>

#include "headsweep/analysis.h"

/* A set with the number it is ranked by: smaller is better. */
typedef struct ranked_set {
    uint64_t set;
    double key;
} ranked_set;

static int ranked_set_compare(const void *a, const void *b)
{
    const ranked_set *left = a, *right = b;

    if (left->key != right->key)
        return left->key < right->key ? -1 : 1;
    return (left->set > right->set) - (left->set < right->set);
}

static double value_of(const hs_analysis *analysis, double *const *tables, size_t task, size_t metric, uint64_t set)
{
    return tables[task][set * hs_results_task_at(analysis->results, task)->n_metrics + metric];
}

/* How much worse the kept metric gets: positive is a loss, in the metric's own unit. */
static double loss_of_kept(const hs_analysis *analysis, const hs_objective *objective, uint64_t set)
{
    const hs_results_task *task = hs_results_task_at(analysis->results, objective->keep_task);
    double delta = value_of(analysis, analysis->delta, objective->keep_task, objective->keep_metric, set);

    return task->metrics[objective->keep_metric].better < 0 ? delta : -delta;
}

/*
 * Shares are multiples of 1/n_examples: a loss of exactly the tolerance must count as within it although its difference of two
 * rounded means may be larger in the last bit.
 */
static bool within_tolerance(double loss, double tolerance)
{
    return loss <= tolerance + 1e-12;
}

static bool belongs(const hs_analysis *analysis, const hs_ranking_request *request, uint64_t set)
{
    const hs_results_sets *sets = hs_results_sets_of(analysis->results);

    return sets->order[set] > 0 && analysis->complete[set] &&
           (request->order == 0 || sets->order[set] == request->order) &&
           (request->intervention < 0 || sets->intervention[set] == request->intervention) &&
           (request->key != HS_RANK_BY_INTERACTION || sets->order[set] == 2);
}

/* The key of a set that belongs; counts and returns NaN for one that is left out. */
static double key_of(const hs_analysis *analysis, const hs_ranking_request *request, uint64_t set, hs_ranking *ranking)
{
    const hs_objective *objective = &request->objective;
    double loss = 0;
    double key;

    switch (request->key) {
    case HS_RANK_BY_OBJECTIVE:
        key = value_of(analysis, analysis->delta, objective->reduce_task, objective->reduce_metric, set);
        loss = objective->has_keep ? loss_of_kept(analysis, objective, set) : 0;
        break;
    case HS_RANK_BY_DELTA:
        key = -fabs(value_of(analysis, analysis->delta, request->task, request->metric, set));
        break;
    default:
        key = -fabs(value_of(analysis, analysis->interaction, request->task, request->metric, set));
        break;
    }
    if (!isfinite(key) || !isfinite(loss)) {
        ++ranking->n_not_finite;
        return NAN;
    }
    if (request->key == HS_RANK_BY_OBJECTIVE && objective->has_keep && !within_tolerance(loss, objective->tolerance)) {
        ++ranking->n_outside_tolerance;
        return NAN;
    }
    return key;
}

hs_status hs_analysis_rank(const hs_analysis *analysis, const hs_ranking_request *request, hs_ranking *ranking_out,
                           hs_error *error)
{
    ranked_set *ranked = NULL;
    hs_ranking ranking = {0};
    hs_status status;

    *ranking_out = ranking;
    HS_GOTO_DONE(hs_allocate(&ranked, analysis->n_sets, sizeof *ranked, "ranking", error));
    HS_GOTO_DONE(hs_allocate(&ranking.sets, analysis->n_sets, sizeof *ranking.sets, "ranking", error));
    for (uint64_t set = 0; set < analysis->n_sets; ++set) {
        double key = belongs(analysis, request, set) ? key_of(analysis, request, set, &ranking) : NAN;
        if (!isnan(key))
            ranked[ranking.n++] = (ranked_set){set, key};
    }
    qsort(ranked, ranking.n, sizeof *ranked, ranked_set_compare);
    for (size_t i = 0; i < ranking.n; ++i)
        ranking.sets[i] = ranked[i].set;
    *ranking_out = ranking;
    ranking = (hs_ranking){0};
done:
    hs_free(ranked);
    hs_ranking_clear(&ranking);
    return status;
}

void hs_ranking_clear(hs_ranking *ranking)
{
    hs_free(ranking->sets);
    *ranking = (hs_ranking){0};
}

/* Ranks by the stated objective as the file keeps them: from 1, 0 for sets that are not ranked. */
static hs_status store_objective(const hs_analysis *analysis, hs_results *results, hs_error *error)
{
    hs_ranking_request request = {.key = HS_RANK_BY_OBJECTIVE, .intervention = -1};
    hs_ranking ranking = {0};
    int32_t *ranks = NULL;
    bool stated = false;
    hs_status status = hs_analysis_objective(analysis, &request.objective, &stated, error);

    if (status == HS_OK)
        status = hs_allocate(&ranks, analysis->n_sets, sizeof *ranks, "ranking", error);
    if (status == HS_OK && stated)
        status = hs_analysis_rank(analysis, &request, &ranking, error);
    for (size_t i = 0; status == HS_OK && i < ranking.n; ++i)
        ranks[ranking.sets[i]] = (int32_t)i + 1;
    if (status == HS_OK)
        status = hs_results_write_objective_rank(results, ranks, error);
    hs_ranking_clear(&ranking);
    hs_free(ranks);
    return status;
}

hs_status hs_analysis_store(const hs_analysis *analysis, hs_results *results, hs_error *error)
{
    for (uint32_t task = 0; task < analysis->n_tasks; ++task) {
        HS_TRY(hs_results_write_statistic(results, task, HS_STATISTIC_MEAN, analysis->mean[task], error));
        HS_TRY(hs_results_write_statistic(results, task, HS_STATISTIC_DELTA, analysis->delta[task], error));
        HS_TRY(hs_results_write_statistic(results, task, HS_STATISTIC_INTERACTION, analysis->interaction[task], error));
    }
    HS_TRY(store_objective(analysis, results, error));
    return hs_results_commit_ranking(results, error);
}
