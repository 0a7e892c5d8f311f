#include <string.h>

#include "report/formats.h"

/* One row a format: the names people type, in the order of hs_report_format. */
static const struct {
    const char *name;
    hs_status (*write)(const ranking_view *view, hs_text *text, hs_error *error);
} formats[] = {
    [HS_REPORT_TABLE] = {"table", ranking_as_table},
    [HS_REPORT_CSV] = {"csv", ranking_as_csv},
    [HS_REPORT_JSON] = {"json", ranking_as_json},
};

hs_status hs_report_format_parse(const char *text, hs_report_format *format_out, hs_error *error)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; ++i)
        if (strcmp(formats[i].name, text) == 0) {
            *format_out = (hs_report_format)i;
            return HS_OK;
        }
    return hs_fail(error, HS_ERROR_USAGE, "--format %s: there is table, csv and json", text);
}

hs_status hs_report_ranking(const hs_analysis *analysis, const hs_ranking_request *request, const hs_ranking *ranking,
                            size_t top, hs_report_format format, hs_text *text, hs_error *error)
{
    const ranking_view view = {analysis, request, ranking, hs_results_sets_of(analysis->results),
                               top == 0 || top > ranking->n ? ranking->n : top};

    return formats[format].write(&view, text, error);
}

const hs_results_task *view_task(const ranking_view *view, size_t task)
{
    return hs_results_task_at(view->analysis->results, task);
}

void view_ranked_metric(const ranking_view *view, size_t *task_out, size_t *metric_out)
{
    bool by_objective = view->request->key == HS_RANK_BY_OBJECTIVE;

    *task_out = by_objective ? view->request->objective.reduce_task : view->request->task;
    *metric_out = by_objective ? view->request->objective.reduce_metric : view->request->metric;
}

const char *view_intervention(const ranking_view *view, uint64_t set)
{
    int32_t intervention = view->sets->intervention[set];

    return intervention >= 0 ? view->sets->intervention_names[intervention] : "none";
}

double view_value(const ranking_view *view, double *const *tables, size_t task, uint64_t set, size_t metric)
{
    return tables[task][set * view_task(view, task)->n_metrics + metric];
}
