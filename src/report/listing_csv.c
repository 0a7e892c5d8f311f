/* A ranking as CSV: a row per set, with every statistic of every metric. */
#include "report/listing.h"

/*
 * All metrics and statistics, whatever is ranked by: columns must not depend on the question, or
 * scripts would break with another --by.
 */
static void put_header(const listing *view, hs_csv_writer *csv, hs_text *scratch)
{
    static const char *const names[] = {"rank", "set", "heads", "order", "ablation", "layer", "head", "standing"};

    for (size_t i = 0; i < sizeof names / sizeof *names; ++i)
        hs_csv_put_string(csv, names[i]);
    for (size_t task = 0; task < view->analysis->n_tasks; ++task)
        for (size_t metric = 0; metric < hs__report_listing_task(view, task)->n_metrics; ++metric)
            for (size_t s = 0; s < HS_STATISTIC_COUNT; ++s) {
                scratch->length = 0;
                hs_text_putf(scratch, "%s.%s.%s", hs__report_listing_task(view, task)->name,
                             hs__report_listing_task(view, task)->metrics[metric].name,
                             hs__report_listing_statistic_name((hs_statistic)s));
                hs_csv_put_string(csv, hs_text_kept(csv->text, scratch));
            }
    hs_csv_end_row(csv);
}

/* "L0H1+L2H3,2,zero,,": layer and index only of what is ablated alone. */
static void put_set(const listing *view, uint64_t set, hs_csv_writer *csv, hs_text *scratch)
{
    const bool is_alone = view->sets->order[set] == 1;
    hs_component component = {0};

    scratch->length = 0;
    hs__report_listing_spell_set(view, set, scratch);
    hs_csv_put_string(csv, hs_text_kept(csv->text, scratch));
    hs_csv_put_whole(csv, view->sets->order[set]);
    hs_csv_put_string(csv, hs__report_listing_intervention(view, set));
    if (is_alone)
        hs_sets_view(view->sets, set, &component);
    for (size_t field = 0; field < 2; ++field)
        if (is_alone)
            hs_csv_put_whole(csv, field == 0 ? component.layer : component.index);
        else
            hs_csv_put_string(csv, "");
}

/* `rank` 0: it has none. */
static void put_row(const listing *view, uint64_t set, size_t rank, const char *standing, hs_csv_writer *csv,
                    hs_text *scratch)
{
    const hs_analysis *analysis = view->analysis;

    if (rank > 0)
        hs_csv_put_whole(csv, (int64_t)rank);
    else
        hs_csv_put_string(csv, "");
    hs_csv_put_whole(csv, (int64_t)set);
    put_set(view, set, csv, scratch);
    hs_csv_put_string(csv, standing);
    for (size_t task = 0; task < analysis->n_tasks; ++task)
        for (size_t metric = 0; metric < hs__report_listing_task(view, task)->n_metrics; ++metric)
            for (size_t s = 0; s < HS_STATISTIC_COUNT; ++s)
                hs_csv_put_number(csv, hs_analysis_value(analysis, (hs_statistic)s, task, metric, set));
    hs_csv_end_row(csv);
}

/* Where all sets are asked for, those without a rank too. */
hs_status hs__report_listing_as_csv(const listing *view, hs_text *text, hs_error *error)
{
    hs_csv_writer csv = {.text = text};
    const uint64_t *sets = view->ranking->sets;
    listing_unranked *unranked = NULL;
    size_t n = 0;
    hs_text scratch = {0};
    hs_status status = view->all ? hs__report_listing_list_unranked(view, &unranked, &n, error) : HS_OK;

    put_header(view, &csv, &scratch);
    for (size_t row = 0, end; row < view->n_shown; row = end)
        for (end = row + hs_analysis_fetch(view->analysis, sets + row, view->n_shown - row); row < end; ++row)
            put_row(view, sets[row], row + 1, "ranked", &csv, &scratch);
    for (size_t i = 0; i < n; ++i)
        put_row(view, unranked[i].set, 0, unranked[i].standing, &csv, &scratch);
    hs_text_keep(text, scratch.status);
    hs_text_clear(&scratch);
    hs_free(unranked);
    return status;
}
