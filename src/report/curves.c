/* Pruning curves as `rank --pruning` prints them, and the numbers and names of their points. */
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

void hs__report_pruning_format_head(const hs_pruning_point *point, char head[PRUNING_HEAD_BYTES])
{
    char name[HS_COMPONENT_NAME_BYTES];

    snprintf(head, PRUNING_HEAD_BYTES, "%s", point->n_removed > 0 ? hs_sets_component_name(point->head, name) : "");
}

void hs__report_put_curve_sentence(const hs_results *results, const hs_pruning_curve *curve, hs_text *text)
{
    hs_error error;

    error.status = HS_OK;
    if (text->status == HS_OK)
        hs_text_keep(text, hs_analysis_pruning_sentence(results, curve, text, &error));
}

/*
 * Titles are cut to what a terminal has beside the numbers; the names of the data formats are not
 * made from them.
 */
static void add_columns(const curve_view *view, report_table *table)
{
    static const table_style share = {.format = {.factor = 100, .digits = 1}, .unit = "%"};
    char title[TABLE_NAME_BYTES];

    hs__report_table_add_column(table, TABLE_NUMBER, "removed", "removed");
    hs__report_table_last(table)->style.format.digits = 0;
    hs__report_table_add_column(table, TABLE_NUMBER, "share", "share");
    hs__report_table_last(table)->style = share;
    hs__report_table_add_column(table, TABLE_TEXT, "head", "head");
    snprintf(title, sizeof title, "%.30s.%.30s kept", kept_task(view)->name, kept_metric(view));
    hs__report_table_add_column(table, TABLE_INTERVAL, "kept", title);
    hs__report_table_last(table)->style = share;
    if (!view->curve->has_reduced)
        return;
    snprintf(title, sizeof title, "%.30s.%.30s [%.16s]", view->reduced.of->name, view->reduced.is->name,
             hs__report_unit(&view->reduced));
    hs__report_table_add_column(table, TABLE_INTERVAL, "reduced", title);
    hs__report_table_last(table)->style.format = hs__report_change_format(&view->reduced);
}

/*
 * Points are measured sets, so the rows are filled in order of heads removed, and a point without
 * an interval leaves its ends empty.
 */
static void fill(const curve_view *view, report_table *table)
{
    char head[PRUNING_HEAD_BYTES];

    table->is_listing = true;
    add_columns(view, table);
    for (size_t row = 0; row < view->curve->n_points; ++row) {
        const hs_pruning_point *point = &view->curve->points[row];
        hs__report_pruning_format_head(point, head);
        hs__report_table_add_number(table, (double)point->n_removed);
        hs__report_table_add_number(table, share_removed(view->curve, point));
        hs__report_table_add_text(table, head);
        hs__report_table_add_interval(table, point->kept, point->kept_low, point->kept_high, false);
        if (view->curve->has_reduced)
            hs__report_table_add_interval(table, point->reduced, point->reduced_low, point->reduced_high, false);
    }
}

static void put_finding(const curve_view *view, hs_text *text)
{
    const hs_pruning_curve *curve = view->curve;

    hs_text_putf(text, "pruning by %s, %s ablation: the model ", hs_analysis_pruning_method(curve->method),
                 ablation_of(view));
    hs__report_put_curve_sentence(view->results, curve, text);
    if (curve->n_points < curve->n_planned)
        hs_text_putf(text, "; unfinished, %zu of %zu points", curve->n_points, curve->n_planned);
    hs_text_put(text, "\n");
}

/*
 * The footnote defines "kept": above chance it is a share of what is more than guessing, else of
 * the whole value.
 */
static void put_table(const curve_view *view, void (*print)(const report_table *, hs_text *), const char *gap,
                      hs_text *text)
{
    report_table table = {0};

    fill(view, &table);
    hs_text_keep(text, table.texts.status);
    put_finding(view, text);
    hs_text_put(text, gap);
    if (text->status == HS_OK)
        print(&table, text);
    hs_text_putf(text,
                 "%s  kept: share of the clean model's %s.%s%s; [ , ]: %.4g%% percentile intervals over examples\n",
                 gap, kept_task(view)->name, kept_metric(view), view->curve->chance != 0 ? " above chance" : "",
                 100 * view->curve->confidence);
    hs__report_table_clear(&table);
}

static void curve_as_table(const curve_view *view, hs_text *text)
{
    put_table(view, hs__report_table_as_text, "", text);
}

static void curve_as_markdown(const curve_view *view, hs_text *text)
{
    put_table(view, hs__report_table_as_markdown, "\n", text);
}

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

static void put_csv_header(hs_csv_writer *csv)
{
    static const char *const names[] = {"method", "ablation", "removed", "set", "head"};

    for (size_t i = 0; i < sizeof names / sizeof *names; ++i)
        hs_csv_put_string(csv, names[i]);
    for (size_t i = 0; i < PRUNING_NUMBERS; ++i)
        hs_csv_put_string(csv, hs__report_pruning_number_names[i]);
    hs_csv_put_string(csv, "chance");
    hs_csv_end_row(csv);
}

/* Heads are spelt L2H1 as in every CSV, which spreadsheets cannot take for a number. */
static void put_csv_point(const curve_view *view, const hs_pruning_point *point, hs_csv_writer *csv, hs_text *scratch)
{
    char head[PRUNING_HEAD_BYTES];
    double numbers[PRUNING_NUMBERS];
    hs_error error = {0};

    hs__report_pruning_format_head(point, head);
    hs__report_pruning_list_numbers(view->curve, point, numbers);
    hs_text_empty(scratch);
    hs_text_keep(scratch, hs_sets_spell_name(head, scratch, &error));
    hs_csv_put_string(csv, hs_analysis_pruning_method(view->curve->method));
    hs_csv_put_string(csv, ablation_of(view));
    hs_csv_put_whole(csv, (int64_t)point->n_removed);
    hs_csv_put_whole(csv, (int64_t)point->set);
    hs_csv_put_string(csv, hs_text_kept(csv->text, scratch));
    for (size_t i = 0; i < PRUNING_NUMBERS; ++i)
        hs_csv_put_number(csv, numbers[i]);
    hs_csv_put_number(csv, view->curve->chance);
    hs_csv_end_row(csv);
}

static void curve_as_csv(const curve_view *view, hs_text *text)
{
    hs_csv_writer csv = {.text = text};
    hs_text scratch = {0};

    for (size_t row = 0; row < view->curve->n_points; ++row)
        put_csv_point(view, &view->curve->points[row], &csv, &scratch);
    hs_text_keep(text, scratch.status);
    hs_text_clear(&scratch);
}

/* The point without any head removed has none that was removed last. */
static void put_json_point(const curve_view *view, const hs_pruning_point *point, hs_json_writer *json)
{
    double numbers[PRUNING_NUMBERS];

    hs__report_pruning_list_numbers(view->curve, point, numbers);
    hs_json_begin_line(json, 7);
    hs_json_begin(json, '{');
    hs_json_put_key(json, "removed");
    hs_json_put_whole(json, (int64_t)point->n_removed);
    hs_json_put_key(json, "set");
    hs_json_put_whole(json, (int64_t)point->set);
    if (point->n_removed > 0) {
        hs_json_put_key(json, "head");
        hs_json_begin(json, '[');
        hs_json_put_whole(json, point->head.layer);
        hs_json_put_whole(json, point->head.index);
        hs_json_end(json, ']');
    }
    for (size_t i = 0; i < PRUNING_NUMBERS; ++i) {
        hs_json_put_key(json, hs__report_pruning_number_names[i]);
        hs_json_put_number(json, numbers[i]);
    }
    hs_json_end(json, '}');
}

static void put_json_sentence(const curve_view *view, hs_json_writer *json)
{
    hs_text sentence = {0};

    hs__report_put_curve_sentence(view->results, view->curve, &sentence);
    hs_text_keep(json->text, sentence.status);
    hs_json_begin_line(json, 5);
    hs_json_put_key(json, "sentence");
    hs_json_put_string(json, hs_text_kept(json->text, &sentence));
    hs_text_clear(&sentence);
}

/* An object, whose place in the document its callers have begun. */
static void curve_as_json(const curve_view *view, hs_text *text)
{
    const hs_pruning_curve *curve = view->curve;
    const struct {
        const char *key, *string; /* NULL: a number */
        double number;
    } members[] = {{"method", hs_analysis_pruning_method(curve->method), 0},
                   {"ablation", ablation_of(view), 0},
                   {"task", kept_task(view)->name, 0},
                   {"metric", kept_metric(view), 0},
                   {"chance", NULL, curve->chance},
                   {"heads", NULL, (double)curve->n_heads},
                   {"threshold", NULL, curve->threshold},
                   {"furthest", NULL, (double)curve->furthest},
                   {"confidence", NULL, curve->confidence},
                   {"points_planned", NULL, (double)curve->n_planned}};
    hs_json_writer json = {.text = text};

    hs_text_put(text, "    ");
    hs_json_begin(&json, '{');
    for (size_t i = 0; i < sizeof members / sizeof *members; ++i) {
        hs_json_put_key(&json, members[i].key);
        if (members[i].string != NULL)
            hs_json_put_string(&json, members[i].string);
        else
            hs_json_put_number(&json, members[i].number);
    }
    put_json_sentence(view, &json);
    hs_json_begin_line(&json, 5);
    hs_json_put_key(&json, "points");
    hs_json_begin(&json, '[');
    for (size_t row = 0; row < curve->n_points; ++row)
        put_json_point(view, &curve->points[row], &json);
    hs_json_end(&json, ']');
    hs_json_end(&json, '}');
}

/* One row a format, in the order of hs_report_format: what stands before, between and after the curves. */
static const struct {
    void (*write)(const curve_view *view, hs_text *text);
    const char *before, *between, *after;
} formats[] = {
    [HS_REPORT_TABLE] = {curve_as_table, "", "\n", ""},
    [HS_REPORT_CSV] = {curve_as_csv, "", "", ""},
    [HS_REPORT_JSON] = {curve_as_json, "{\"curves\": [\n", ",\n", "\n]}\n"},
    [HS_REPORT_MARKDOWN] = {curve_as_markdown, "", "\n", ""},
};

/*
 * A format is a row of texts and one function, so that all formats have the same curves in the
 * same order.
 */
hs_status hs_report_pruning(const hs_analysis *analysis, const hs_pruning_curve *curves, size_t n_curves,
                            hs_report_format format, hs_text *text, hs_error *error)
{
    hs_csv_writer csv = {.text = text};

    hs_text_put(text, formats[format].before);
    if (format == HS_REPORT_CSV)
        put_csv_header(&csv);
    for (size_t i = 0; i < n_curves; ++i) {
        curve_view view = {.results = analysis->results, .curve = &curves[i]};
        if (curves[i].has_reduced)
            view.reduced = hs__report_metric_of(analysis, curves[i].reduced_task, curves[i].reduced_metric);
        hs_text_put(text, i > 0 ? formats[format].between : "");
        formats[format].write(&view, text);
    }
    hs_text_put(text, formats[format].after);
    return hs_text_status(text, error);
}
