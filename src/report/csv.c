#include <inttypes.h>
#include <math.h>

#include "report/formats.h"

/* The statistics that each metric has a column of. */
static const char *const statistics[] = {"mean", "delta", "interaction"};

static hs_status print_header(const ranking_view *view, hs_text *text, hs_error *error)
{
    HS_TRY(hs_text_appendf(text, error, "rank,set,heads,order,ablation"));
    for (size_t task = 0; task < view->analysis->n_tasks; ++task)
        for (size_t metric = 0; metric < view_task(view, task)->n_metrics; ++metric)
            for (size_t s = 0; s < sizeof statistics / sizeof *statistics; ++s)
                HS_TRY(hs_text_appendf(text, error, ",%s.%s.%s", view_task(view, task)->name,
                                       view_task(view, task)->metrics[metric].name, statistics[s]));
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
        for (size_t metric = 0; metric < view_task(view, task)->n_metrics; ++metric) {
            HS_TRY(print_number(view_value(view, analysis->mean, task, set, metric), text, error));
            HS_TRY(print_number(view_value(view, analysis->delta, task, set, metric), text, error));
            HS_TRY(print_number(view_value(view, analysis->interaction, task, set, metric), text, error));
        }
    return hs_text_appendf(text, error, "\n");
}

hs_status ranking_as_csv(const ranking_view *view, hs_text *text, hs_error *error)
{
    HS_TRY(print_header(view, text, error));
    for (size_t row = 0; row < view->n_shown; ++row)
        HS_TRY(print_row(view, row, text, error));
    return HS_OK;
}
