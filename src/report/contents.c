/* What a report shows of a file: components, metrics, the ranking, controls, the sets whose examples are shown. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/contents.h"

double hs__report_value(const hs_report *report, hs_statistic statistic, const report_metric *metric, uint64_t set)
{
    return hs_analysis_value(report->analysis, statistic, metric->task, metric->metric, set);
}

bool hs__report_has(const hs_report *report, const report_metric *metric, uint64_t set)
{
    return report->analysis->complete[set] && isfinite(hs__report_value(report, HS_STATISTIC_DELTA, metric, set));
}

bool hs__report_is_significant(const hs_report *report, hs_statistic q, const report_metric *metric, uint64_t set)
{
    return hs__report_value(report, q, metric, set) < 1 - report->analysis->options.confidence;
}

const char *hs__report_intervention(const hs_report *report, uint64_t set)
{
    int32_t intervention = report->sets->intervention[set];

    return intervention >= 0 ? report->sets->intervention_names[intervention] : "none";
}

size_t hs__report_find_metric(const hs_report *report, size_t task, size_t metric)
{
    size_t i = 0;

    while (i < report->n_metrics && (report->metrics[i].task != task || report->metrics[i].metric != metric))
        ++i;
    return i;
}

size_t hs__report_ranked_metric(const hs_report *report)
{
    const hs_ranked_by by = hs_analysis_ranking_by(&report->request);

    return hs__report_find_metric(report, by.task, by.metric);
}

/*
 * By the ranking of the analysis, so that "largest" means the same in figures, tables and on the
 * command line.
 */
hs_status hs__report_largest(const hs_report *report, hs_statistic statistic, const report_metric *metric,
                             int32_t intervention, uint64_t *sets, size_t n, size_t *n_out, hs_error *error)
{
    const hs_ranking_request request = {.key = statistic == HS_STATISTIC_INTERACTION ? HS_RANK_BY_INTERACTION
                                                                                     : HS_RANK_BY_DELTA,
                                        .task = metric->task,
                                        .metric = metric->metric,
                                        .intervention = intervention};
    hs_ranking ranking = {0};

    HS_TRY(hs_analysis_rank(report->analysis, &request, &ranking, error));
    *n_out = ranking.n < n ? ranking.n : n;
    memcpy(sets, ranking.sets, *n_out * sizeof *sets);
    hs_analysis_ranking_clear(&ranking);
    return HS_OK;
}

int hs__report_compare_components(const void *left, const void *right)
{
    const report_component *a = left, *b = right;

    return a->is.kind != b->is.kind ? (a->is.kind < b->is.kind ? -1 : 1) : hs_sets_compare(&a->is, 1, &b->is, 1);
}

static report_component *find_component(const hs_report *report, const hs_component *component)
{
    const report_component wanted = {.is = *component};

    return bsearch(&wanted, report->components, report->n_components, sizeof wanted, hs__report_compare_components);
}

size_t hs__report_component_of(const hs_report *report, uint64_t set, int32_t place)
{
    report_view *view = report->view;

    if (view->set != set)
        hs_sets_view(report->sets, set, view->components);
    view->set = set;
    return (size_t)(find_component(report, &view->components[place]) - report->components);
}
