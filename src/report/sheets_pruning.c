/* The table behind the pruning curves. */
#include <stdio.h>

#include "report/contents.h"
#include "report/listing.h"

/* Names and numbers are those of `headsweep rank --pruning`. */
static void add_columns(const hs_report *report, report_table *s)
{
    const hs_pruning_curve *curve = &report->curves[0];
    char title[TABLE_NAME_BYTES];

    hs__report_table_add_column(s, TABLE_TEXT, "method", "method");
    hs__report_table_add_column(s, TABLE_TEXT, "ablation", "ablation");
    hs__report_table_add_column(s, TABLE_NUMBER, "removed", "heads removed");
    hs__report_table_last(s)->style.format.digits = 0;
    hs__report_table_add_column(s, TABLE_NUMBER, "share_removed", "share [%]");
    hs__report_table_last(s)->style.format.factor = 100;
    hs__report_table_last(s)->style.format.digits = 1;
    hs__report_table_add_column(s, TABLE_TEXT, "head", "head that goes");
    hs__report_table_last(s)->of_heads = true;
    if (report->n_curves == 0)
        return;
    const hs_results_task *kept = hs_results_task_at(report->results, curve->task);
    snprintf(title, sizeof title, "%.40s.%.40s kept [%%]", kept->name, kept->metrics[curve->metric].name);
    hs__report_table_add_column(s, TABLE_INTERVAL, "kept", title);
    hs__report_table_last(s)->style.format.factor = 100;
    hs__report_table_last(s)->style.format.digits = 1;
    if (!curve->has_reduced)
        return;
    const report_metric *reduced =
        &report->metrics[hs__report_find_metric(report, curve->reduced_task, curve->reduced_metric)];
    snprintf(title, sizeof title, "%.30s.%.30s, change [%.16s]", reduced->of->name, reduced->is->name,
             hs__report_unit(reduced));
    hs__report_table_add_column(s, TABLE_INTERVAL, "reduced", title);
    hs__report_table_last(s)->style.format = hs__report_change_format(reduced);
}

/*
 * A row is a set, which the page can be asked to show; a share is of all heads that could be
 * removed.
 */
static void add_point(const hs_report *report, const hs_pruning_curve *curve, const hs_pruning_point *point,
                      report_table *s)
{
    char head[PRUNING_HEAD_BYTES];

    hs__report_pruning_format_head(point, head);
    hs__report_table_begin_set(s, point->set);
    hs__report_table_add_text(s, hs_analysis_pruning_method(curve->method));
    hs__report_table_add_text(s, report->sets->intervention_names[curve->intervention]);
    hs__report_table_add_number(s, (double)point->n_removed);
    hs__report_table_add_number(s, (double)point->n_removed / (double)curve->n_heads);
    hs__report_table_add_text(s, head);
    hs__report_table_add_interval(s, point->kept, point->kept_low, point->kept_high, false);
    if (curve->has_reduced)
        hs__report_table_add_interval(s, point->reduced, point->reduced_low, point->reduced_high, false);
}

hs_status hs__report_sheet_pruning(const hs_report *report, report_table *s, hs_error *error)
{
    (void)error;
    add_columns(report, s);
    for (size_t c = 0; c < report->n_curves; ++c)
        for (size_t point = 0; point < report->curves[c].n_points; ++point)
            add_point(report, &report->curves[c], &report->curves[c].points[point], s);
    return HS_OK;
}
