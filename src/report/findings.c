/* The finding as a sentence: of the best set, and of a pruning curve. */
#include <math.h>
#include <string.h>

#include "report/contents.h"
#include "report/listing.h"

void hs__report_findings_put_change(const report_metric *metric, double value, double low, double high, hs_text *text)
{
    const report_format format = hs__report_change_format(metric);
    char unit[64];

    snprintf(unit, sizeof unit, " %s", hs__report_unit(metric));
    hs__report_put_interval(&format, value, low, high, unit, ", ", text);
}

void hs__report_findings_change(const hs_report *report, const report_metric *metric, uint64_t set, hs_text *text)
{
    hs__report_findings_put_change(metric, hs__report_value(report, HS_STATISTIC_DELTA, metric, set),
                                   hs__report_value(report, HS_STATISTIC_DELTA_LOW, metric, set),
                                   hs__report_value(report, HS_STATISTIC_DELTA_HIGH, metric, set), text);
}

static void append_set(const hs_report *report, uint64_t set, hs_text *text)
{
    hs_text_putf(text, report->sets->order[set] == 1 ? "Ablating head " : "Ablating heads ");
    hs__report_put_set(report->sets, set, text);
    hs_text_putf(text, " (%s)", hs__report_intervention(report, set));
}

static void append_levels(const hs_report *report, const report_metric *metric, uint64_t set, hs_text *text)
{
    const report_format format = hs__report_mean_format(metric);

    hs_text_put(text, " takes ");
    hs__report_put_metric(metric, text);
    hs_text_put(text, " from ");
    hs__report_put_number(&format, hs__report_value(report, HS_STATISTIC_MEAN, metric, 0), text);
    hs_text_put(text, " to ");
    hs__report_put_number(&format, hs__report_value(report, HS_STATISTIC_MEAN, metric, set), text);
    hs_text_putf(text, " %s, a change of ", metric->is->percent ? "%" : metric->is->unit);
}

static void append_kept(const hs_report *report, uint64_t set, hs_text *text)
{
    enum { MAX_TOLD = 6 };

    for (size_t i = 0; i < report->objective.n_keeps && i < MAX_TOLD; ++i) {
        const hs_objective_keep *keep = &report->objective.keeps[i];
        const report_metric *metric = &report->metrics[hs__report_find_metric(report, keep->task, keep->metric)];
        hs_text_putf(text, "%s%s.%s changes by ", i == 0 ? ", while " : " and ", metric->of->name, metric->is->name);
        hs__report_findings_change(report, metric, set, text);
        hs_text_putf(text, " (tolerance %g)", metric->factor * keep->tolerance);
    }
    if (report->objective.n_keeps <= MAX_TOLD)
        return;
    hs_text_putf(text, " and %zu more stay within their tolerances", report->objective.n_keeps - MAX_TOLD);
}

/* Nothing is ranked, or the first of the ranking does not do what was asked for. */
static void say_nothing_found(const hs_report *report, const report_metric *metric, hs_text *text)
{
    if (report->ranking.n == 0) {
        hs_text_put(text, "There is nothing to report: ");
        hs__report_put_why_empty(report->analysis, &report->request, &report->ranking, text);
        {
            hs_text_put(text, ".");
            return;
        }
    }
    hs_text_putf(text, "No ablation set%s lowers %s.%s: the lowest change, under ",
                 report->objective.n_keeps > 0 ? " within the tolerance" : "", metric->of->name, metric->is->name);
    hs__report_put_set(report->sets, report->ranking.sets[0], text);
    hs_text_putf(text, " (%s), is ", hs__report_intervention(report, report->ranking.sets[0]));
    hs__report_findings_change(report, metric, report->ranking.sets[0], text);
    hs_text_put(text, ".");
}

/*
 * Says what was found, from which level, with its interval, at which price, and whether it can be
 * told from no change at all: a sentence that is quoted alone must not claim more than the table.
 */
void hs__report_findings_sentence(const hs_report *report, hs_text *text)
{
    const report_metric *metric = &report->metrics[hs__report_ranked_metric(report)];
    const uint64_t set = report->ranking.n > 0 ? report->ranking.sets[0] : 0;
    if (set == 0 || (report->has_objective && !(hs__report_value(report, HS_STATISTIC_DELTA, metric, set) < 0))) {
        say_nothing_found(report, metric, text);
        return;
    }
    append_set(report, set, text);
    append_levels(report, metric, set, text);
    hs__report_findings_change(report, metric, set, text);
    if (report->has_objective)
        append_kept(report, set, text);
    hs_text_putf(text, report->has_objective ? ": the most of all sets within the tolerance"
                                             : ": the largest change of all sets");
    hs_text_putf(text, hs__report_is_significant(report, HS_STATISTIC_DELTA_Q, metric, set)
                           ? "."
                           : ", but it cannot be told from no change.");
}

static void append_removed(const hs_report *report, const hs_pruning_curve *curve, hs_text *text)
{
    const bool greedy = curve->method == HS_CURVES_GREEDY;

    hs_text_putf(text, "With heads removed %s (%s), the model ", greedy ? "greedily" : "from the least important up",
                 report->sets->intervention_names[curve->intervention]);
}

/*
 * furthest = 0 means that no head could go; a curve of one point has not been measured, which is
 * not the same.
 */
void hs__report_findings_pruning(const hs_report *report, const hs_pruning_curve *curve, hs_text *text)
{
    const hs_pruning_point *point = &curve->points[curve->furthest];
    const hs_results_task *kept = hs_results_task_at(report->results, curve->task);

    append_removed(report, curve, text);
    if (curve->furthest > 0 || !isfinite(point->kept))
        hs__report_put_curve_sentence(report->results, curve, text);
    else if (curve->n_points > 1)
        hs_text_putf(text, "keeps less than %.4g%% of its %s.%s at every step", 100 * curve->threshold, kept->name,
                     kept->metrics[curve->metric].name);
    else {
        hs_text_put(text, "has not been measured yet.");
        return;
    }
    if (curve->has_reduced && curve->furthest > 0) {
        const report_metric *metric =
            &report->metrics[hs__report_find_metric(report, curve->reduced_task, curve->reduced_metric)];
        hs_text_putf(text, ", while %s.%s changes by ", metric->of->name, metric->is->name);
        hs__report_findings_put_change(metric, point->reduced, point->reduced_low, point->reduced_high, text);
    }
    hs_text_put(text, ".");
}
