#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "headsweep/sets.h"
#include "report/listing.h"

/* One curve, as all formats see it. */
typedef struct curve_view {
    const hs_results *results;
    const hs_pruning_curve *curve;
    report_metric reduced; /* whose metric is to go down; only where the curve has one */
} curve_view;

static const char *ablation_of(const curve_view *view)
{
    return hs_results_sets_of(view->results)->intervention_names[view->curve->intervention];
}

static const hs_results_task *kept_task(const curve_view *view)
{
    return hs_results_task_at(view->results, view->curve->task);
}

static const char *kept_metric(const curve_view *view)
{
    return kept_task(view)->metrics[view->curve->metric].name;
}

static double share_removed(const hs_pruning_curve *curve, const hs_pruning_point *point)
{
    return (double)point->n_removed / (double)curve->n_heads;
}

void hs__report_pruning_format_head(const hs_pruning_point *point, char cell[GRID_CELL_BYTES])
{
    const hs_component head = {point->head[0], point->head[1], point->head[2]};
    char name[HS_COMPONENT_NAME_BYTES];

    snprintf(cell, GRID_CELL_BYTES, "%s", point->n_removed > 0 ? hs_sets_component_name(head, name) : "");
}

/* ---- table and Markdown ------------------------------------------------------------------------------------------ */

static void format_kept(const hs_pruning_point *point, char cell[GRID_CELL_BYTES])
{
    int length = snprintf(cell, GRID_CELL_BYTES, "%.1f%%", 100 * point->kept);

    if (isfinite(point->kept_low) && isfinite(point->kept_high) && length > 0)
        snprintf(cell + length, GRID_CELL_BYTES - (size_t)length, " [%.1f,%.1f]", 100 * point->kept_low,
                 100 * point->kept_high);
}

static hs_status add_titles(const curve_view *view, grid *g, hs_error *error)
{
    const size_t n_columns = view->curve->has_reduced ? 5 : 4;
    grid_column *added = NULL;

    for (size_t i = 0; i < n_columns; ++i)
        HS_TRY(hs__report_grid_add_column(g, i != 2, &added, error));
    strcpy(g->columns[0].title, "removed");
    strcpy(g->columns[1].title, "share");
    strcpy(g->columns[2].title, "head");
    snprintf(g->columns[3].title, GRID_CELL_BYTES, "%.30s.%.30s kept", kept_task(view)->name, kept_metric(view));
    if (view->curve->has_reduced)
        snprintf(g->columns[4].title, GRID_CELL_BYTES, "%.30s.%.30s [%.16s]", view->reduced.of->name,
                 view->reduced.is->name, hs__report_unit(&view->reduced));
    return HS_OK;
}

static hs_status fill_grid(const curve_view *view, grid *g, hs_error *error)
{
    HS_TRY(add_titles(view, g, error));
    for (size_t row = 0; row < g->n_rows; ++row) {
        const hs_pruning_point *point = &view->curve->points[row];
        snprintf(g->columns[0].cells[row], GRID_CELL_BYTES, "%zu", point->n_removed);
        snprintf(g->columns[1].cells[row], GRID_CELL_BYTES, "%.1f%%", 100 * share_removed(view->curve, point));
        hs__report_pruning_format_head(point, g->columns[2].cells[row]);
        format_kept(point, g->columns[3].cells[row]);
        if (view->curve->has_reduced)
            hs__report_listing_format_change(&view->reduced, point->reduced, point->reduced_low, point->reduced_high,
                                             g->columns[4].cells[row]);
    }
    return HS_OK;
}

static hs_status print_finding(const curve_view *view, hs_text *text, hs_error *error)
{
    const hs_pruning_curve *curve = view->curve;

    HS_TRY(hs_text_appendf(text, error, "pruning by %s, %s ablation: the model ", curve->method, ablation_of(view)));
    HS_TRY(hs_analysis_pruning_sentence(view->results, curve, text, error));
    if (curve->n_points < curve->n_planned)
        HS_TRY(hs_text_appendf(text, error, "; unfinished, %zu of %zu points", curve->n_points, curve->n_planned));
    return hs_text_appendf(text, error, "\n");
}

static hs_status print_grid(const curve_view *view, hs_status (*print)(const grid *, hs_text *, hs_error *),
                            const char *gap, hs_text *text, hs_error *error)
{
    grid g = {.n_rows = view->curve->n_points};
    hs_status status;

    HS_GOTO_DONE(fill_grid(view, &g, error));
    HS_GOTO_DONE(print_finding(view, text, error));
    HS_GOTO_DONE(hs_text_appendf(text, error, "%s", gap));
    HS_GOTO_DONE(print(&g, text, error));
    HS_GOTO_DONE(
        hs_text_appendf(text, error,
                        "%s  kept: share of the clean model's %s.%s%s; [ , ]: %.4g%% percentile intervals over "
                        "examples\n",
                        gap, kept_task(view)->name, kept_metric(view), view->curve->chance != 0 ? " above chance" : "",
                        100 * view->curve->confidence));
done:
    hs__report_grid_clear(&g);
    return status;
}

static hs_status curve_as_table(const curve_view *view, hs_text *text, hs_error *error)
{
    return print_grid(view, hs__report_grid_print_text, "", text, error);
}

static hs_status curve_as_markdown(const curve_view *view, hs_text *text, hs_error *error)
{
    return print_grid(view, hs__report_grid_print_markdown, "\n", text, error);
}

/* ---- CSV and JSON ------------------------------------------------------------------------------------------------ */

const char *const hs__report_pruning_number_names[PRUNING_NUMBERS] = {
    "share_removed", "kept", "kept_low", "kept_high", "reduced", "reduced_low", "reduced_high"};

void hs__report_pruning_list_numbers(const hs_pruning_curve *curve, const hs_pruning_point *point,
                                     double numbers[PRUNING_NUMBERS])
{
    const double all[PRUNING_NUMBERS] = {
        share_removed(curve, point), point->kept,        point->kept_low, point->kept_high, point->reduced,
        point->reduced_low,          point->reduced_high};

    memcpy(numbers, all, sizeof all);
}

static hs_status print_csv_header(hs_text *text, hs_error *error)
{
    HS_TRY(hs_text_appendf(text, error, "method,ablation,removed,set,head"));
    for (size_t i = 0; i < PRUNING_NUMBERS; ++i)
        HS_TRY(hs_text_appendf(text, error, ",%s", hs__report_pruning_number_names[i]));
    return hs_text_appendf(text, error, ",chance\n");
}

static hs_status curve_as_csv(const curve_view *view, hs_text *text, hs_error *error)
{
    char head[GRID_CELL_BYTES];
    double numbers[PRUNING_NUMBERS];

    for (size_t row = 0; row < view->curve->n_points; ++row) {
        const hs_pruning_point *point = &view->curve->points[row];
        hs__report_pruning_format_head(point, head);
        hs__report_pruning_list_numbers(view->curve, point, numbers);
        HS_TRY(hs_text_appendf(text, error, "%s,%s,%zu,%" PRIu64 ",", view->curve->method, ablation_of(view),
                               point->n_removed, point->set));
        HS_TRY(hs_results_spell_name(head, text, error));
        for (size_t i = 0; i < PRUNING_NUMBERS; ++i)
            HS_TRY(isfinite(numbers[i]) ? hs_text_appendf(text, error, ",%.9g", numbers[i])
                                        : hs_text_appendf(text, error, ","));
        HS_TRY(hs_text_appendf(text, error, ",%.9g\n", view->curve->chance));
    }
    return HS_OK;
}

static hs_status print_json_point(const curve_view *view, const hs_pruning_point *point, hs_text *text, hs_error *error)
{
    double numbers[PRUNING_NUMBERS];

    hs__report_pruning_list_numbers(view->curve, point, numbers);
    HS_TRY(hs_text_appendf(text, error, "{\"removed\": %zu, \"set\": %" PRIu64, point->n_removed, point->set));
    if (point->n_removed > 0)
        HS_TRY(hs_text_appendf(text, error, ", \"head\": [%d, %d]", point->head[1], point->head[2]));
    for (size_t i = 0; i < PRUNING_NUMBERS; ++i)
        HS_TRY(isfinite(numbers[i])
                   ? hs_text_appendf(text, error, ", \"%s\": %.9g", hs__report_pruning_number_names[i], numbers[i])
                   : hs_text_appendf(text, error, ", \"%s\": null", hs__report_pruning_number_names[i]));
    return hs_text_appendf(text, error, "}");
}

/* Names in the file are checked to be plain: nothing here needs an escape. */
static hs_status curve_as_json(const curve_view *view, hs_text *text, hs_error *error)
{
    const hs_pruning_curve *curve = view->curve;

    HS_TRY(hs_text_appendf(
        text, error,
        "    {\"method\": \"%s\", \"ablation\": \"%s\", \"task\": \"%s\", \"metric\": \"%s\", "
        "\"chance\": %.9g, \"heads\": %zu, \"threshold\": %.9g, \"furthest\": %zu, \"confidence\": %.9g, "
        "\"points_planned\": %zu,\n     \"sentence\": \"",
        curve->method, ablation_of(view), kept_task(view)->name, kept_metric(view), curve->chance, curve->n_heads,
        curve->threshold, curve->furthest, curve->confidence, curve->n_planned));
    HS_TRY(hs_analysis_pruning_sentence(view->results, curve, text, error));
    HS_TRY(hs_text_appendf(text, error, "\",\n     \"points\": ["));
    for (size_t row = 0; row < curve->n_points; ++row) {
        HS_TRY(hs_text_appendf(text, error, "%s\n       ", row > 0 ? "," : ""));
        HS_TRY(print_json_point(view, &curve->points[row], text, error));
    }
    return hs_text_appendf(text, error, "]}");
}

/* ---- all curves -------------------------------------------------------------------------------------------------- */

/* One row a format, in the order of hs_report_format: what stands before, between and after the curves. */
static const struct {
    hs_status (*write)(const curve_view *view, hs_text *text, hs_error *error);
    const char *before, *between, *after;
} formats[] = {
    [HS_REPORT_TABLE] = {curve_as_table, "", "\n", ""},
    [HS_REPORT_CSV] = {curve_as_csv, "", "", ""},
    [HS_REPORT_JSON] = {curve_as_json, "{\"curves\": [\n", ",\n", "\n]}\n"},
    [HS_REPORT_MARKDOWN] = {curve_as_markdown, "", "\n", ""},
};

hs_status hs_report_pruning(const hs_analysis *analysis, const hs_pruning_curve *curves, size_t n_curves,
                            hs_report_format format, hs_text *text, hs_error *error)
{
    HS_TRY(hs_text_appendf(text, error, "%s", formats[format].before));
    if (format == HS_REPORT_CSV)
        HS_TRY(print_csv_header(text, error));
    for (size_t i = 0; i < n_curves; ++i) {
        curve_view view = {.results = analysis->results, .curve = &curves[i]};
        if (curves[i].has_reduced)
            view.reduced = hs__report_metric_of(analysis, curves[i].reduced_task, curves[i].reduced_metric);
        HS_TRY(hs_text_appendf(text, error, "%s", i > 0 ? formats[format].between : ""));
        HS_TRY(formats[format].write(&view, text, error));
    }
    return hs_text_appendf(text, error, "%s", formats[format].after);
}
