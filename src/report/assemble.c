/*
 * assemble: finds what a report shows of a file, once and before any part of it is written:
 * components, metrics, rankings, controls, the sets whose examples are shown, the figures.
 */
#include <stdlib.h>
#include <string.h>

#include "report/contents.h"
#include "report/figures.h"

static hs_status make_view(hs_report *report, hs_error *error)
{
    HS_TRY(hs_allocate(&report->view, 1, sizeof *report->view, "components", error));
    return hs_allocate(&report->view->components, report->sets->max_order, sizeof *report->view->components,
                       "components", error);
}

static void keep_distinct(hs_report *report)
{
    size_t n = 0;

    if (report->n_components > 0)
        qsort(report->components, report->n_components, sizeof *report->components, hs__report_compare_components);
    for (size_t i = 0; i < report->n_components; ++i)
        if (n == 0 || hs__report_compare_components(&report->components[n - 1], &report->components[i]) != 0)
            report->components[n++] = report->components[i];
    report->n_components = n;
}

/* Named as a set of itself alone is. */
static hs_status name_component(report_component *component, hs_error *error)
{
    hs_text name = {0};
    hs_status status = hs_sets_components_name(&component->is, 1, &name, error);

    if (status == HS_OK)
        snprintf(component->name, sizeof component->name, "%s", name.text);
    hs_text_clear(&name);
    return status;
}

static hs_status name_components(hs_report *report, hs_error *error)
{
    for (size_t i = 0; i < report->n_components; ++i) {
        report_component *component = &report->components[i];
        report->n_layers = component->is.layer >= report->n_layers ? component->is.layer + 1 : report->n_layers;
        report->n_indices = component->is.index >= report->n_indices ? component->is.index + 1 : report->n_indices;
        HS_TRY(name_component(component, error));
    }
    return HS_OK;
}

/*
 * What every set adds is all there is. Sorts and merges when the buffer is full, so that it never grows far beyond
 * the distinct components.
 */
static hs_status find_components(hs_report *report, hs_error *error)
{
    const hs_sets *sets = report->sets;
    size_t capacity = 0, merged = 1024;

    for (size_t i = 0; i < sets->n_added; ++i) {
        if (report->n_components >= merged) {
            keep_distinct(report);
            merged = 2 * report->n_components + 1024;
        }
        HS_TRY(hs_reserve(&report->components, &capacity, report->n_components + 1, sizeof *report->components,
                          "components", error));
        report->components[report->n_components++].is = sets->added[i];
    }
    keep_distinct(report);
    HS_TRY(make_view(report, error));
    return name_components(report, error);
}

static hs_status find_singles(hs_report *report, hs_error *error)
{
    const hs_sets *sets = report->sets;

    HS_TRY(hs_allocate(&report->singles, sets->n_interventions * report->n_components, sizeof *report->singles,
                       "single components", error));
    for (uint64_t set = 1; set < sets->n_sets; ++set) {
        report->has_pairs = report->has_pairs || sets->order[set] == 2;
        if (sets->order[set] == 1)
            report->singles[(size_t)sets->intervention[set] * report->n_components +
                            hs__report_component_of(report, set, 0)] = set;
    }
    return HS_OK;
}

static void add_metric(hs_report *report, size_t task, size_t metric)
{
    if (hs__report_find_metric(report, task, metric) == report->n_metrics)
        report->metrics[report->n_metrics++] = hs__report_metric_of(report->analysis, task, metric);
}

/*
 * The order is that of interest: what is ranked by, what is kept, the first metric of each task,
 * those of the curves, the rest. The first n_main have columns everywhere; where the page must
 * leave metrics out, it takes them from the end. A metric with no better direction is a count that
 * others are made of.
 */
static hs_status choose_metrics(hs_report *report, hs_error *error)
{
    size_t n = 0;

    for (size_t task = 0; task < report->analysis->n_tasks; ++task)
        n += hs_results_task_at(report->results, task)->n_metrics;
    HS_TRY(hs_allocate(&report->metrics, n, sizeof *report->metrics, "metrics", error));
    if (report->has_objective) {
        add_metric(report, report->objective.reduce_task, report->objective.reduce_metric);
        for (size_t i = 0; i < report->objective.n_keeps; ++i)
            add_metric(report, report->objective.keeps[i].task, report->objective.keeps[i].metric);
    }
    for (size_t task = 0; task < report->analysis->n_tasks; ++task)
        add_metric(report, task, 0);
    report->n_main = report->n_metrics;
    for (size_t i = 0; i < report->n_curves; ++i)
        add_metric(report, report->curves[i].task, report->curves[i].metric);
    for (size_t task = 0; task < report->analysis->n_tasks; ++task)
        for (size_t m = 1; m < hs_results_task_at(report->results, task)->n_metrics; ++m)
            if (hs_results_task_at(report->results, task)->metrics[m].better != 0)
                add_metric(report, task, m);
    return HS_OK;
}

static void choose(hs_report *report, uint64_t set)
{
    for (size_t i = 0; i < report->n_chosen; ++i)
        if (report->chosen[i] == set)
            return;
    if (report->n_chosen < REPORT_MAX_CHOSEN)
        report->chosen[report->n_chosen++] = set;
}

/* The set under every intervention under which it is complete. */
static hs_status choose_named(hs_report *report, const char *name, hs_error *error)
{
    hs_status status = HS_OK;
    bool is_named = false, is_there = false, is_complete = false;

    for (uint64_t set = 1; status == HS_OK && set < report->sets->n_sets; ++set) {
        status = hs_sets_is_named(report->sets, set, name, &is_named, error);
        if (status != HS_OK || !is_named)
            continue;
        is_there = true;
        is_complete = is_complete || report->analysis->complete[set];
        if (report->analysis->complete[set])
            choose(report, set);
    }
    if (status == HS_OK && !is_there)
        status = hs_fail(error, HS_ERROR_USAGE,
                         "--set %s: the file has no such set; write its heads as in 2.1+3.0, in any order", name);
    else if (status == HS_OK && !is_complete)
        status = hs_fail(error, HS_ERROR_USAGE, "--set %s: the set is not complete yet; go on with the sweep", name);
    return status;
}

/*
 * Sets that were asked for by name come first, since there is room for so many only; then those
 * that readers will look for.
 */
static hs_status choose_sets(hs_report *report, hs_error *error)
{
    enum { FROM_RANKING = 6, FROM_METRIC = 2 };
    uint64_t largest[FROM_METRIC];
    size_t n;

    for (size_t i = 0; i < report->options.n_sets; ++i)
        HS_TRY(choose_named(report, report->options.sets[i], error));
    for (size_t i = 0; i < report->ranking.n && i < FROM_RANKING; ++i)
        choose(report, report->ranking.sets[i]);
    for (size_t m = 0; m < report->n_main; ++m) {
        HS_TRY(
            hs__report_largest(report, HS_STATISTIC_DELTA, &report->metrics[m], -1, largest, FROM_METRIC, &n, error));
        for (size_t i = 0; i < n; ++i)
            choose(report, largest[i]);
    }
    return HS_OK;
}

static hs_status find_controls(hs_report *report, hs_error *error)
{
    for (size_t i = 0; i < report->ranking.n && i < REPORT_MAX_CONTROLS; ++i)
        HS_TRY(hs_analysis_control(report->analysis, &report->request, report->ranking.sets[i],
                                   &report->controls[report->n_controls++], error));
    return HS_OK;
}

static hs_status rank_all(hs_report *report, hs_error *error)
{
    HS_TRY(hs_analysis_request_parse(report->analysis, NULL, &report->request, error));
    HS_TRY(hs_analysis_rank(report->analysis, &report->request, &report->ranking, error));
    report->has_objective = report->request.key == HS_RANK_BY_OBJECTIVE;
    report->objective = report->request.objective;
    if (!report->has_objective || report->objective.n_keeps == 0)
        return HS_OK;
    hs_ranking_request request = report->request;
    request.pareto = true;
    return hs_analysis_rank(report->analysis, &request, &report->pareto, error);
}

static hs_status fill(hs_report *report, hs_error *error)
{
    HS_TRY(rank_all(report, error));
    HS_TRY(hs_analysis_pruning_curves(report->results, report->curves, &report->n_curves, error));
    HS_TRY(find_components(report, error));
    HS_TRY(find_singles(report, error));
    HS_TRY(choose_metrics(report, error));
    HS_TRY(find_controls(report, error));
    HS_TRY(choose_sets(report, error));
    return hs__report_figures_list(report, error);
}

/*
 * Everything that several parts show is found once, here: two places that ranked for themselves
 * could disagree.
 */
hs_status hs_report_new(const hs_analysis *analysis, const hs_report_options *options, hs_report **report_out,
                        hs_error *error)
{
    hs_report *report = NULL;

    *report_out = NULL;
    HS_TRY(hs_allocate(&report, 1, sizeof *report, "report", error));
    report->analysis = analysis;
    report->results = analysis->results;
    report->sets = hs_results_sets_of(analysis->results);
    report->options = *options;
    hs_status status = fill(report, error);
    if (status == HS_OK)
        *report_out = report;
    else
        hs_report_free(report);
    return status;
}

/* Also frees what fill() made halfway, hence the look at `view`. */
void hs_report_free(hs_report *report)
{
    if (report == NULL)
        return;
    hs_analysis_ranking_clear(&report->ranking);
    hs_analysis_ranking_clear(&report->pareto);
    for (size_t i = 0; i < report->n_curves; ++i)
        hs_analysis_pruning_curve_clear(&report->curves[i]);
    if (report->view != NULL)
        hs_free(report->view->components);
    hs_free(report->view);
    hs_free(report->components);
    hs_free(report->singles);
    hs_free(report->metrics);
    hs_free(report->figures);
    hs_free(report);
}
