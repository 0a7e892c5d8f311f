#include <inttypes.h>
#include <math.h>

#include "report/listing.h"

static hs_status print_header(const listing *view, hs_text *text, hs_error *error)
{
    HS_TRY(hs_text_appendf(text, error, "rank,set,heads,order,ablation,layer,head,standing"));
    for (size_t task = 0; task < view->analysis->n_tasks; ++task)
        for (size_t metric = 0; metric < hs__report_listing_task(view, task)->n_metrics; ++metric)
            for (size_t s = 0; s < HS_STATISTIC_COUNT; ++s)
                HS_TRY(hs_text_appendf(text, error, ",%s.%s.%s", hs__report_listing_task(view, task)->name,
                                       hs__report_listing_task(view, task)->metrics[metric].name,
                                       hs__report_listing_statistic_name((hs_statistic)s)));
    return hs_text_appendf(text, error, "\n");
}

static hs_status print_number(double value, hs_text *text, hs_error *error)
{
    return isfinite(value) ? hs_text_appendf(text, error, ",%.9g", value) : hs_text_appendf(text, error, ",");
}

/* "L0H1+L2H3,2,zero,,": layer and index only of what is ablated alone. */
static hs_status print_set(const listing *view, uint64_t set, hs_text *text, hs_error *error)
{
    const int32_t *component = view->sets->components + set * view->sets->max_order * 3;

    HS_TRY(hs__report_listing_spell_set(view, set, text, error));
    HS_TRY(hs_text_appendf(text, error, ",%d,%s,", view->sets->order[set], hs__report_listing_intervention(view, set)));
    return view->sets->order[set] == 1 ? hs_text_appendf(text, error, "%d,%d", component[1], component[2])
                                       : hs_text_append(text, ",", 1, error);
}

/* `rank` 0: it has none. */
static hs_status print_row(const listing *view, uint64_t set, size_t rank, const char *standing, hs_text *text,
                           hs_error *error)
{
    const hs_analysis *analysis = view->analysis;

    if (rank > 0)
        HS_TRY(hs_text_appendf(text, error, "%zu", rank));
    HS_TRY(hs_text_appendf(text, error, ",%" PRIu64 ",", set));
    HS_TRY(print_set(view, set, text, error));
    HS_TRY(hs_text_appendf(text, error, ",%s", standing));
    for (size_t task = 0; task < analysis->n_tasks; ++task)
        for (size_t metric = 0; metric < hs__report_listing_task(view, task)->n_metrics; ++metric)
            for (size_t s = 0; s < HS_STATISTIC_COUNT; ++s)
                HS_TRY(print_number(hs_analysis_value(analysis, (hs_statistic)s, task, metric, set), text, error));
    return hs_text_appendf(text, error, "\n");
}

static hs_status print_unranked(const listing *view, hs_text *text, hs_error *error)
{
    listing_unranked *unranked = NULL;
    size_t n = 0;
    hs_status status = hs__report_listing_list_unranked(view, &unranked, &n, error);

    for (size_t i = 0; status == HS_OK && i < n; ++i)
        status = print_row(view, unranked[i].set, 0, unranked[i].standing, text, error);
    hs_free(unranked);
    return status;
}

hs_status hs__report_listing_as_csv(const listing *view, hs_text *text, hs_error *error)
{
    HS_TRY(print_header(view, text, error));
    for (size_t row = 0; row < view->n_shown; ++row)
        HS_TRY(print_row(view, view->ranking->sets[row], row + 1, "ranked", text, error));
    return view->all ? print_unranked(view, text, error) : HS_OK;
}
