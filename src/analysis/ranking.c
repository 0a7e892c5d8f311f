/*
 * ranking: sets in the order of what is asked for, and the reason why each of the others is not
 * ranked. Stores order and statistics in the file at the end of a run.
 */
#include <math.h>
#include <stdlib.h>

#include "analysis/inference.h"
#include "analysis/statistic_tables.h"

static int ranked_set_compare(const void *a, const void *b)
{
    const ranked_set *left = a, *right = b;

    if (left->key != right->key)
        return left->key < right->key ? -1 : 1;
    return (left->set > right->set) - (left->set < right->set);
}

double hs_analysis_objective_loss(const hs_analysis *analysis, const hs_objective_keep *keep, uint64_t set)
{
    const hs_results_task *task = hs_results_task_at(analysis->results, keep->task);
    double delta = hs_analysis_value(analysis, HS_STATISTIC_DELTA, keep->task, keep->metric, set);

    return task->metrics[keep->metric].better < 0 ? delta : -delta;
}

/*
 * Shares are multiples of 1/n_examples: a loss of exactly the tolerance must count as within it although its difference
 * of two rounded means may be larger in the last bit.
 */
static bool within_tolerance(double loss, double tolerance)
{
    return loss <= tolerance + 1e-12;
}

static bool is_asked_for(const hs_analysis *analysis, const hs_ranking_request *request, uint64_t set)
{
    const hs_sets *sets = hs_results_sets_of(analysis->results);

    return (request->order == 0 || sets->order[set] == request->order) &&
           (request->intervention < 0 || sets->intervention[set] == request->intervention) &&
           (request->key != HS_RANK_BY_INTERACTION || sets->order[set] == 2) &&
           (request->key != HS_RANK_BY_BACKUP || hs_analysis_is_backup(analysis, request->task, request->metric, set));
}

static bool is_added(const hs_analysis *analysis, uint64_t set)
{
    uint64_t first, n;

    hs_results_phase_sets(analysis->results, 0, &first, &n);
    return set < first || set >= first + n;
}

hs_ranked_by hs_analysis_ranking_by(const hs_ranking_request *request)
{
    const hs_objective *objective = &request->objective;

    if (request->key == HS_RANK_BY_OBJECTIVE)
        return (hs_ranked_by){HS_STATISTIC_DELTA, objective->reduce_task, objective->reduce_metric, false};
    return (hs_ranked_by){request->key == HS_RANK_BY_DELTA ? HS_STATISTIC_DELTA : HS_STATISTIC_INTERACTION,
                          request->task, request->metric, true};
}

/* The number that a set that belongs is ranked by, smaller first. */
static double key_of(const hs_analysis *analysis, const hs_ranking_request *request, uint64_t set)
{
    const hs_ranked_by by = hs_analysis_ranking_by(request);
    const double value = hs_analysis_value(analysis, by.statistic, by.task, by.metric, set);

    return by.two_sided ? -fabs(value) : value;
}

/* Of a set that has all its values. The front shows what every tolerance would cost, so it has none. */
static hs_standing standing_by_values(const hs_analysis *analysis, const hs_ranking_request *request, uint64_t set)
{
    const hs_objective *objective = &request->objective;
    bool within = true, finite = isfinite(key_of(analysis, request, set));

    for (size_t i = 0; request->key == HS_RANK_BY_OBJECTIVE && i < objective->n_keeps; ++i) {
        double loss = hs_analysis_objective_loss(analysis, &objective->keeps[i], set);
        finite = finite && isfinite(loss);
        within = within && (request->pareto || within_tolerance(loss, objective->keeps[i].tolerance));
    }
    return !finite ? HS_STANDING_NOT_FINITE : within ? HS_STANDING_RANKED : HS_STANDING_OUTSIDE_TOLERANCE;
}

hs_standing hs_analysis_standing(const hs_analysis *analysis, const hs_ranking_request *request, uint64_t set)
{
    if (hs_results_sets_of(analysis->results)->order[set] == 0)
        return HS_STANDING_CLEAN;
    if (!analysis->complete[set])
        return HS_STANDING_UNFINISHED;
    if (!is_asked_for(analysis, request, set))
        return HS_STANDING_NOT_ASKED_FOR;
    return is_added(analysis, set) ? HS_STANDING_ADDED : standing_by_values(analysis, request, set);
}

/*
 * Into ranked[n] and ranking->not_finite_sets, in the order of the table, which statistics in a file are read in; and
 * into losses[n, n_keeps], unless NULL, what each loses.
 */
static void list_ranked(const hs_analysis *analysis, const hs_ranking_request *request, ranked_set *ranked,
                        double *losses, hs_ranking *ranking)
{
    const hs_objective *objective = &request->objective;

    for (uint64_t set = 0; set < analysis->n_sets; ++set) {
        const hs_standing standing = hs_analysis_standing(analysis, request, set);
        ++ranking->n_of[standing];
        if (standing == HS_STANDING_NOT_FINITE)
            ranking->not_finite_sets[ranking->n_not_finite++] = set;
        if (standing != HS_STANDING_RANKED)
            continue;
        for (size_t i = 0; losses != NULL && i < objective->n_keeps; ++i)
            losses[ranking->n * objective->n_keeps + i] =
                hs_analysis_objective_loss(analysis, &objective->keeps[i], set);
        ranked[ranking->n] = (ranked_set){set, key_of(analysis, request, set), ranking->n};
        ++ranking->n;
    }
}

/*
 * Sorted by number and then by set, so that equal numbers always come in one order. Every set has a standing that is
 * counted: what is not ranked must not vanish. Sets that later phases added are never ranked: there is room for those
 * of the first.
 */
hs_status hs_analysis_rank(const hs_analysis *analysis, const hs_ranking_request *request, hs_ranking *ranking_out,
                           hs_error *error)
{
    const bool is_front = request->pareto && request->key == HS_RANK_BY_OBJECTIVE;
    const size_t n_keeps = request->objective.n_keeps;
    ranked_set *ranked = NULL;
    double *losses = NULL;
    hs_ranking ranking = {0};
    uint64_t first, n_most;
    hs_status status;

    *ranking_out = ranking;
    hs_results_phase_sets(analysis->results, 0, &first, &n_most);
    HS_GOTO_DONE(hs_allocate(&ranked, (size_t)n_most, sizeof *ranked, "ranking", error));
    HS_GOTO_DONE(hs_allocate(&ranking.sets, (size_t)n_most, sizeof *ranking.sets, "ranking", error));
    HS_GOTO_DONE(hs_allocate(&ranking.not_finite_sets, (size_t)n_most, sizeof *ranking.sets, "ranking", error));
    if (is_front)
        HS_GOTO_DONE(hs_allocate(&losses, (size_t)n_most, n_keeps * sizeof *losses, "ranking", error));
    list_ranked(analysis, request, ranked, losses, &ranking);
    HS_GOTO_DONE(hs_analysis_check(analysis, error));
    qsort(ranked, ranking.n, sizeof *ranked, ranked_set_compare);
    if (is_front)
        ranking.n = hs__analysis_pareto_front(ranked, ranking.n, losses, n_keeps);
    for (size_t i = 0; i < ranking.n; ++i)
        ranking.sets[i] = ranked[i].set;
    *ranking_out = ranking;
    ranking = (hs_ranking){0};
done:
    hs_free(ranked);
    hs_free(losses);
    hs_analysis_ranking_clear(&ranking);
    return status;
}

void hs_analysis_ranking_clear(hs_ranking *ranking)
{
    hs_free(ranking->sets);
    hs_free(ranking->not_finite_sets);
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
    hs_analysis_ranking_clear(&ranking);
    hs_free(ranks);
    return status;
}

static hs_status store_method(const hs_analysis *analysis, hs_results *results, hs_error *error)
{
    const hs_analysis_options *options = &analysis->options;
    const hs_results_method method = {(double)options->resamples, (double)options->permutations, options->confidence,
                                      options->bca ? 1 : 0};

    return hs_results_write_method(results, &method, error);
}

hs_status hs_analysis_store(const hs_analysis *analysis, hs_results *results, hs_error *error)
{
    HS_TRY(hs__analysis_tables_flush(analysis->statistics, results, error));
    for (uint32_t task = 0; task < analysis->n_tasks; ++task)
        HS_TRY(hs_results_write_stability(results, task, analysis->stability[task], error));
    HS_TRY(store_method(analysis, results, error));
    HS_TRY(store_objective(analysis, results, error));
    return hs_results_commit_ranking(results, error);
}
