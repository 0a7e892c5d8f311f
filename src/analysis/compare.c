/* compare: do two interventions order single heads alike? */
#include <math.h>
#include <string.h>

#include "analysis/statistics.h"
#include "headsweep/analysis.h"

/* The set that ablates the component of single set `set` under `intervention`; 0 if there is none. */
static uint64_t counterpart(const hs_sets *sets, uint64_t set, int32_t intervention)
{
    hs_component own, its;

    hs_sets_view(sets, set, &own);
    for (uint64_t other = 1; other < sets->n_sets; ++other) {
        if (sets->order[other] != 1 || sets->intervention[other] != intervention)
            continue;
        hs_sets_view(sets, other, &its);
        if (hs_sets_compare(&own, 1, &its, 1) == 0)
            return other;
    }
    return 0;
}

/* Fills both rows of deltas[2][n_sets] with what is complete under both; returns how many. */
static size_t gather_deltas(const hs_analysis *analysis, size_t task, size_t metric, int32_t intervention,
                            int32_t other, double *deltas)
{
    const hs_sets *sets = hs_results_sets_of(analysis->results);
    size_t n = 0;

    for (uint64_t set = 1; set < sets->n_sets; ++set) {
        if (sets->order[set] != 1 || sets->intervention[set] != intervention)
            continue;
        uint64_t twin = counterpart(sets, set, other);
        double delta = hs_analysis_value(analysis, HS_STATISTIC_DELTA, task, metric, set);
        double twin_delta = hs_analysis_value(analysis, HS_STATISTIC_DELTA, task, metric, twin);
        if (twin == 0 || !analysis->complete[set] || !analysis->complete[twin] || !isfinite(delta + twin_delta))
            continue;
        deltas[n] = delta;
        deltas[sets->n_sets + n++] = twin_delta;
    }
    return n;
}

/*
 * Over heads that are complete under both. Differences that are equal but for rounding get equal
 * ranks, for shares of few examples have many ties.
 */
hs_status hs_analysis_compare(const hs_analysis *analysis, size_t task, size_t metric, int32_t intervention,
                              int32_t other, double *spearman_out, size_t *n_out, hs_error *error)
{
    double *deltas = NULL, *ranks = NULL;
    uint32_t *order = NULL;
    hs_status status;

    *spearman_out = NAN;
    *n_out = 0;
    HS_GOTO_DONE(hs_allocate(&deltas, 2 * analysis->n_sets, sizeof *deltas, "interventions", error));
    HS_GOTO_DONE(hs_allocate(&ranks, 2 * analysis->n_sets, sizeof *ranks, "interventions", error));
    HS_GOTO_DONE(hs_allocate(&order, analysis->n_sets, sizeof *order, "interventions", error));
    *n_out = gather_deltas(analysis, task, metric, intervention, other, deltas);
    hs__analysis_restore_ties(deltas, *n_out);
    hs__analysis_restore_ties(deltas + analysis->n_sets, *n_out);
    if (*n_out > 1)
        *spearman_out = hs__analysis_spearman(deltas, deltas + analysis->n_sets, *n_out, order, ranks);
done:
    hs_free(deltas);
    hs_free(ranks);
    hs_free(order);
    return status;
}
