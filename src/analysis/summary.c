/*
 * summary: the kinds of summaries: a mean, a ratio of sums, F1 from counts, macro F1 as a mean of
 * F1s.
 */
#include "analysis/summary.h"

#include <math.h>

/* From the metric's `per` alone: no kind of task is known here. */
summary hs__analysis_summary_of(const hs_results_task *task, size_t metric)
{
    const int per = task->metrics[metric].per;
    summary s = {.kind = SUMMARY_MEAN, .n_parts = 1, .metrics = {metric}};

    if (per >= 0) {
        s.kind = SUMMARY_RATIO;
        s.per = (size_t)per;
    } else if (per == HS_PER_F1 || per == HS_PER_MACRO_F1) {
        s.kind = SUMMARY_F1;
    }
    if (per != HS_PER_MACRO_F1)
        return s;
    s.n_parts = 0;
    for (size_t i = 0; i < task->n_metrics && s.n_parts < SUMMARY_MAX_PARTS; ++i)
        if (task->metrics[i].per == HS_PER_F1)
            s.metrics[s.n_parts++] = i;
    return s;
}

size_t hs__analysis_summary_n_columns(const summary *s)
{
    return s->kind == SUMMARY_MEAN ? 1 : 2;
}

double hs__analysis_summary_column(const summary *s, size_t part, size_t column, const float *values)
{
    double value = (double)values[s->metrics[part]];

    switch (s->kind) {
    case SUMMARY_RATIO:
        return column == 0 ? value : (double)values[s->per];
    case SUMMARY_F1:
        return column == 0 ? value * value : value;
    default:
        return value;
    }
}

double hs__analysis_summary_part(const summary *s, const summary_sums sums, double total_weight, bool *occurs_out)
{
    *occurs_out = true;
    switch (s->kind) {
    case SUMMARY_RATIO: /* documents that are token ids have no words, a model that ends at once writes no token */
        return sums[1] != 0 ? sums[0] / sums[1] : NAN;
    case SUMMARY_F1:
        *occurs_out = sums[1] != 0;
        return sums[1] != 0 ? sums[0] / sums[1] - 1 : 0;
    default:
        return sums[0] / total_weight;
    }
}

void hs__analysis_summary_add_up(const summary *s, const hs_results_task *task, const float *values, summary_sums *sums)
{
    for (size_t part = 0; part < s->n_parts; ++part)
        for (size_t column = 0; column < SUMMARY_COLUMNS; ++column) {
            sums[part][column] = 0;
            for (size_t example = 0; column < hs__analysis_summary_n_columns(s) && example < task->n_examples;
                 ++example)
                sums[part][column] += hs__analysis_summary_column(s, part, column, values + example * task->n_metrics);
        }
}

double hs__analysis_summary_value(const summary *s, const summary_sums *sums, double total_weight)
{
    double total = 0;
    size_t n = 0;
    bool occurs;

    for (size_t part = 0; part < s->n_parts; ++part) {
        total += hs__analysis_summary_part(s, sums[part], total_weight, &occurs);
        n += occurs;
    }
    return n > 0 ? total / (double)n : 0;
}
