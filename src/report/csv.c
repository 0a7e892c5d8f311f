#include <inttypes.h>
#include <math.h>

#include "report/formats.h"

static hs_status print_header(const ranking_view *view, hs_text *text, hs_error *error)
{
    HS_TRY(hs_text_appendf(text, error, "rank,set,heads,order,ablation"));
    for (size_t task = 0; task < view->analysis->n_tasks; ++task)
        for (size_t metric = 0; metric < view_task(view, task)->n_metrics; ++metric)
            for (size_t s = 0; s < HS_STATISTIC_COUNT; ++s)
                HS_TRY(hs_text_appendf(text, error, ",%s.%s.%s", view_task(view, task)->name,
                                       view_task(view, task)->metrics[metric].name,
                                       view_statistic_name((hs_statistic)s)));
    return hs_text_appendf(text, error, "\n");
}

static hs_status print_number(double value, hs_text *text, hs_error *error)
{
    return isfinite(value) ? hs_text_appendf(text, error, ",%.9g", value) : hs_text_appendf(text, error, ",");
}

static hs_status print_row(const ranking_view *view, size_t row, hs_text *text, hs_error *error)
{
    const hs_analysis *analysis = view->analysis;
    uint64_t set = view->ranking->sets[row];

    HS_TRY(hs_text_appendf(text, error, "%zu,%" PRIu64 ",", row + 1, set));
    HS_TRY(hs_results_set_name(view->sets, set, text, error));
    HS_TRY(hs_text_appendf(text, error, ",%d,%s", view->sets->order[set], view_intervention(view, set)));
    for (size_t task = 0; task < analysis->n_tasks; ++task)
        for (size_t metric = 0; metric < view_task(view, task)->n_metrics; ++metric)
            for (size_t s = 0; s < HS_STATISTIC_COUNT; ++s)
                HS_TRY(print_number(hs_analysis_value(analysis, (hs_statistic)s, task, metric, set), text, error));
    return hs_text_appendf(text, error, "\n");
}

hs_status ranking_as_csv(const ranking_view *view, hs_text *text, hs_error *error)
{
    HS_TRY(print_header(view, text, error));
    for (size_t row = 0; row < view->n_shown; ++row)
        HS_TRY(print_row(view, row, text, error));
    return HS_OK;
}
