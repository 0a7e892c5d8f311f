/* control: where a set lies among other sets of the file with as many components in each layer. */
#include <math.h>

#include "analysis/statistics.h"
#include "headsweep/analysis.h"

/*
 * Components are sorted by layer, so matched sets agree place by place in kind and layer. `own`, `its`[max_order] are
 * theirs.
 */
static bool is_matched(const hs_sets *sets, uint64_t set, uint64_t other, const hs_component *own, hs_component *its)
{
    if (set == other || sets->order[set] != sets->order[other] || sets->intervention[set] != sets->intervention[other])
        return false;
    hs_sets_view(sets, other, its);
    for (int32_t i = 0; i < sets->order[set]; ++i)
        if (own[i].kind != its[i].kind || own[i].layer != its[i].layer)
            return false;
    return true;
}

/* Does a control with this number do as much as the set? Sums of equal shares may differ by their last bits. */
static bool does_as_much(const hs_ranked_by *by, double number, double own)
{
    const double size = fabs(number) + fabs(own);

    return by->two_sided ? hs__analysis_without_residue(fabs(own) - fabs(number), size) <= 0
                         : hs__analysis_without_residue(number - own, size) <= 0;
}

/* The numbers of the matched sets into numbers[n_sets], and how many of them are as much as `own`. */
static hs_status find_matched(const hs_analysis *analysis, const hs_ranked_by *by, uint64_t set, double own,
                              double *numbers, size_t *n_out, size_t *n_as_much_out, hs_error *error)
{
    const hs_sets *sets = hs_results_sets_of(analysis->results);
    const size_t order = (size_t)sets->order[set];
    hs_component *views = NULL;
    size_t n = 0, n_as_much = 0;

    HS_TRY(hs_allocate(&views, 2 * order, sizeof *views, "controls", error));
    hs_sets_view(sets, set, views);
    for (uint64_t other = 1; other < analysis->n_sets; ++other) {
        double number = hs_analysis_value(analysis, by->statistic, by->task, by->metric, other);
        if (!analysis->complete[other] || !isfinite(number) || !is_matched(sets, set, other, views, views + order))
            continue;
        numbers[n++] = number;
        n_as_much += does_as_much(by, number, own);
    }
    hs_free(views);
    *n_out = n;
    *n_as_much_out = n_as_much;
    return HS_OK;
}

/*
 * p = (1 + number that do as much) / (1 + number of controls), the set counted among them as a
 * permutation test does it, so that p is never 0. Quantiles need two controls.
 */
hs_status hs_analysis_control(const hs_analysis *analysis, const hs_ranking_request *request, uint64_t set,
                              hs_control *control_out, hs_error *error)
{
    const hs_ranked_by by = hs_analysis_ranking_by(request);
    const double own = hs_analysis_value(analysis, by.statistic, by.task, by.metric, set);
    const double tail = 0.5 * (1 - analysis->options.confidence);
    hs_control control = {.mean = NAN, .low = NAN, .high = NAN, .p = NAN};
    size_t n_as_much = 0;
    double *numbers = NULL;
    hs_status status;

    *control_out = control;
    HS_GOTO_DONE(hs_allocate(&numbers, analysis->n_sets, sizeof *numbers, "controls", error));
    HS_GOTO_DONE(find_matched(analysis, &by, set, own, numbers, &control.n, &n_as_much, error));
    if (control.n > 0 && isfinite(own)) {
        control.mean = hs__analysis_mean_of_values(numbers, control.n);
        control.p = (double)(n_as_much + 1) / (double)(control.n + 1);
    }
    if (control.n > 1 && isfinite(own)) {
        control.low = hs__analysis_quantile_of(numbers, control.n, tail);
        control.high = hs__analysis_quantile_of(numbers, control.n, 1 - tail);
    }
    *control_out = control;
done:
    hs_free(numbers);
    return status;
}
