#include <math.h>

#include "analysis/inference.h"

/* Components are sorted by layer, so matched sets agree place by place in kind and layer. */
static bool is_matched(const hs_results_sets *sets, uint64_t set, uint64_t other)
{
    const int32_t *left = sets->components + set * sets->max_order * 3;
    const int32_t *right = sets->components + other * sets->max_order * 3;

    if (set == other || sets->order[set] != sets->order[other] || sets->intervention[set] != sets->intervention[other])
        return false;
    for (int32_t i = 0; i < sets->order[set]; ++i)
        if (left[3 * i] != right[3 * i] || left[3 * i + 1] != right[3 * i + 1])
            return false;
    return true;
}

hs_status hs_analysis_control(const hs_analysis *analysis, size_t task, size_t metric, uint64_t set,
                              hs_control *control_out, hs_error *error)
{
    const hs_results_sets *sets = hs_results_sets_of(analysis->results);
    const double own = hs_analysis_value(analysis, HS_STATISTIC_DELTA, task, metric, set);
    const double tail = 0.5 * (1 - analysis->options.confidence);
    hs_control control = {.mean = NAN, .low = NAN, .high = NAN, .p = NAN};
    size_t n_as_low = 0;
    double *deltas = NULL, sum = 0;

    *control_out = control;
    HS_TRY(hs_allocate(&deltas, analysis->n_sets, sizeof *deltas, "controls", error));
    for (uint64_t other = 1; other < analysis->n_sets; ++other) {
        double delta = hs_analysis_value(analysis, HS_STATISTIC_DELTA, task, metric, other);
        if (!analysis->complete[other] || !isfinite(delta) || !is_matched(sets, set, other))
            continue;
        deltas[control.n++] = delta;
        sum += delta;
        n_as_low += delta <= own;
    }
    if (control.n > 0 && isfinite(own)) {
        control.mean = sum / (double)control.n;
        control.low = quantile_of(deltas, control.n, tail);
        control.high = quantile_of(deltas, control.n, 1 - tail);
        control.p = (double)(n_as_low + 1) / (double)(control.n + 1);
    }
    hs_free(deltas);
    *control_out = control;
    return HS_OK;
}
