/* The page: what is where in it. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "report/figures.h"

/*
 * The page is at most 5 MB, whatever the file: figures and tables, which come first in it, may take so much, and the
 * numbers for the script what is left.
 */
enum {
    MOST_PAGE_BYTES = 5000000,
    MOST_FIGURE_BYTES = 1000000,
    MOST_TABLES_BYTES = 1800000,
    MOST_TABLE_BYTES = 600000,
    END_BYTES = 1000, /* what comes after the script */
};

static void put_asset(hs_text *page, const unsigned char *bytes, size_t size)
{
    hs_text_put_bytes(page, (const char *)bytes, size);
}

static const char *provenance(const hs_report *report, const char *name)
{
    const char *value = hs_results_attribute_of(report->results, "provenance", name);

    return value != NULL ? value : "not recorded";
}

/* The policy keeps the page from the network whatever is in it. */
static void write_head(const hs_report *report, hs_text *page)
{
    hs_text_put(page,
                "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n" HS_REPORT_PAGE_MARK "\n"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
                "script-src 'unsafe-inline'; img-src data:\">\n<link rel=\"icon\" href=\"data:,\">\n<title>");
    hs__report_put_html(report->options.title, page);
    hs_text_put(page, "</title>\n<style>\n");
    put_asset(page, report_asset_css, report_asset_css_size);
    put_asset(page, report_asset_figure_css, report_asset_figure_css_size);
    hs_text_put(page, "</style>\n</head>\n<body>\n");
}

static void write_fact(const char *name, const char *value, hs_text *page)
{
    hs_text_putf(page, "<div><dt>%s</dt><dd>", name);
    hs__report_put_html(value, page);
    hs_text_put(page, "</dd></div>\n");
}

static void describe_sets(const hs_report *report, hs_text *text)
{
    const hs_sets *sets = report->sets;

    text->length = 0;
    hs_text_putf(text, "%zu, of up to %zu heads; ", sets->n_sets - 1, sets->max_order);
    for (size_t i = 0; i < sets->n_interventions; ++i)
        hs_text_putf(text, "%s%s", i > 0 ? ", " : "", sets->intervention_names[i]);
}

static void describe_tasks(const hs_report *report, hs_text *text)
{
    text->length = 0;
    for (size_t i = 0; i < report->analysis->n_tasks; ++i) {
        const hs_results_task *task = hs_results_task_at(report->results, i);
        hs_text_putf(text, "%s%s (%s, %zu examples)", i > 0 ? ", " : "", task->name, task->kind, task->n_examples);
    }
}

/* In the words of the experiment, with tolerances in the unit that the tables have. */
static void describe_objective(const hs_report *report, hs_text *text)
{
    text->length = 0;
    if (!report->has_objective) {
        hs_text_put(text, "none stated: largest change");
        return;
    }
    hs_text_put(text, "most ");
    hs__report_put_metric(&report->metrics[hs__report_ranked_metric(report)], text);
    hs_text_put(text, " removed");
    for (size_t i = 0; i < report->objective.n_keeps; ++i) {
        const hs_objective_keep *keep = &report->objective.keeps[i];
        const report_metric *metric = &report->metrics[hs__report_find_metric(report, keep->task, keep->metric)];
        hs_text_put(text, i > 0 ? ", " : " with ");
        hs__report_put_metric(metric, text);
        hs_text_putf(text, " within %g %s", metric->factor * keep->tolerance, hs__report_unit(metric));
    }
}

/*
 * What one must know before reading any number; all else about the file is in the tables at the
 * end.
 */
static void write_facts(const hs_report *report, hs_text *page)
{
    hs_text text = {0};

    hs_text_put(page, "<dl class=\"facts\">\n");
    hs_text_putf(&text, "%s, %s layers, %s heads each", provenance(report, "architecture"),
                 provenance(report, "n_layers"), provenance(report, "n_heads"));
    write_fact("Model", hs_text_kept(page, &text), page);
    write_fact("Checkpoint", provenance(report, "checkpoint"), page);
    describe_objective(report, &text);
    write_fact("Asked for", hs_text_kept(page, &text), page);
    describe_sets(report, &text);
    write_fact("Ablation sets", hs_text_kept(page, &text), page);
    describe_tasks(report, &text);
    write_fact("Tasks", hs_text_kept(page, &text), page);
    hs_text_put(page, "</dl>\n");
    hs_text_clear(&text);
}

/*
 * The same table that the other formats print, as a list: on the page it must be read, not looked
 * up.
 */
static hs_status write_caveats(const hs_report *report, hs_text *page, hs_error *error)
{
    report_table caveats = {0};
    hs_status status;

    HS_GOTO_DONE(hs__report_caveats_list(report, &caveats, error));
    HS_GOTO_DONE(hs__report_table_status(&caveats, error));
    if (hs__report_table_n_rows(&caveats) > 0)
        hs_text_put(page, "<p>Read it with this in mind:</p>\n<ul class=\"caveats\">\n");
    for (size_t row = 0; row < hs__report_table_n_rows(&caveats); ++row) {
        hs_text_put(page, "<li><b>");
        hs__report_put_html(hs__report_table_text(&caveats, row, 0), page);
        hs_text_put(page, ":</b> ");
        hs__report_put_html(hs__report_table_text(&caveats, row, 1), page);
        hs_text_put(page, "</li>\n");
    }
    if (hs__report_table_n_rows(&caveats) > 0)
        hs_text_put(page, "</ul>\n");
done:
    hs__report_table_clear(&caveats);
    return status;
}

/* The finding and, where heads were pruned, what is left of the model. */
static void write_finding(const hs_report *report, hs_text *page)
{
    hs_text sentence = {0};

    hs_text_put(page, "<div class=\"finding\" id=\"finding\"><p>");
    hs__report_findings_sentence(report, &sentence);
    hs__report_put_html(hs_text_kept(page, &sentence), page);
    for (size_t i = 0; i < report->n_curves; ++i) {
        hs_text_empty(&sentence);
        hs_text_put(page, "</p>\n<p>");
        hs__report_findings_pruning(report, &report->curves[i], &sentence);
        hs__report_put_html(hs_text_kept(page, &sentence), page);
    }
    hs_text_put(page, "</p></div>\n");
    hs_text_clear(&sentence);
}

static hs_status write_header(const hs_report *report, hs_text *page, hs_error *error)
{
    hs_text_put(page, "<header>\n<h1>");
    hs__report_put_html(report->options.title, page);
    hs_text_put(page, "</h1>\n");
    write_finding(report, page);
    write_facts(report, page);
    HS_TRY(write_caveats(report, page, error));
    hs_text_put(page, "</header>\n");
    return HS_OK;
}

static bool has_kind(const hs_report *report, const figure_kind *kind)
{
    for (size_t i = 0; i < report->n_figures; ++i)
        if (report->figures[i].kind == kind)
            return true;
    return false;
}

/*
 * Links to what there is and no more. The choice of a metric needs the script and stays hidden
 * without it.
 */
static void write_bar(const hs_report *report, hs_text *page)
{
    hs_text_put(page, "<div class=\"bar\"><nav aria-label=\"Sections\">\n<a href=\"#finding\">Finding</a>\n");
    for (size_t i = 0; i < hs__report_n_figure_kinds; ++i)
        if (has_kind(report, &hs__report_figure_kinds[i]))
            hs_text_putf(page, "<a href=\"#%s\">%s</a>\n", hs__report_figure_kinds[i].name,
                         hs__report_figure_kinds[i].section);
    hs_text_put(page, "<a href=\"#tables\">Tables</a>\n<label class=\"script\" hidden>Metric <select id=\"metric\">\n");
    for (size_t m = 0; m < report->n_metrics; ++m) {
        hs_text_putf(page, "<option value=\"%zu\">", m);
        hs__report_put_html(report->metrics[m].of->name, page);
        hs_text_put(page, ".");
        hs__report_put_html(report->metrics[m].is->name, page);
        hs_text_put(page, "</option>\n");
    }
    hs_text_put(page, "</select></label>\n</nav></div>\n");
}

/* A figure's kind says what distinguishes it from its siblings, and only that is repeated here. */
static void write_caption(const hs_report *report, const report_figure *figure, hs_text *page)
{
    const report_metric *metric = &report->metrics[figure->metric];

    hs_text_put(page, "<figcaption>");
    if (figure->kind->by_metric) {
        hs__report_put_html(metric->of->name, page);
        hs_text_put(page, ".");
        hs__report_put_html(metric->is->name, page);
    }
    if (figure->kind->by_intervention) {
        hs_text_put(page, ", ");
        hs__report_put_html(report->sets->intervention_names[figure->intervention], page);
    }
    hs_text_put(page, "</figcaption>\n");
}

/*
 * Drawn apart, because only then its length is known. One that does not fit is left out, and a smaller one behind it
 * may still have room.
 */
static hs_status draw_figure(const hs_report *report, const report_figure *figure, size_t *n_drawn_inout, hs_text *page,
                             hs_error *error)
{
    hs_text svg = {0};
    hs_status status = figure->kind->draw(report, figure, &svg, error);

    hs_text_keep(page, svg.status);
    if (status == HS_OK && *n_drawn_inout + svg.length <= MOST_FIGURE_BYTES) {
        hs_text_put_bytes(page, hs_text_string(&svg), svg.length);
        *n_drawn_inout += svg.length;
    } else if (status == HS_OK)
        hs_text_put(page, "<p class=\"empty\">Left out, because the page would be larger than 5 MB; headsweep report "
                          "--figures writes it as a file.</p>\n");
    hs_text_clear(&svg);
    return status;
}

/*
 * The id is the name of the figure's file, so that a link and a file name mean the same. A matrix
 * of thousands of cells is drawn by the script from the numbers that the page has anyway.
 */
static hs_status write_figure(const hs_report *report, const report_figure *figure, size_t *n_drawn_inout,
                              hs_text *page, hs_error *error)
{
    hs_text_put(page, "<figure id=\"figure-");
    hs__report_figure_name(report, figure, page);
    hs_text_put(page, figure->kind->drawn_by_script ? "\" class=\"matrix\"" : "\"");
    if (figure->kind->by_metric)
        hs_text_putf(page, " data-of-metric=\"%zu\"", figure->metric);
    hs_text_putf(page, " data-intervention=\"%d\">\n", figure->intervention);
    write_caption(report, figure, page);
    if (figure->kind->drawn_by_script)
        hs_text_put(page,
                    "<noscript><p class=\"empty\">This figure is drawn by the script of this page; headsweep report "
                    "--figures writes it as a file.</p></noscript>\n");
    else
        HS_TRY(draw_figure(report, figure, n_drawn_inout, page, error));
    hs_text_put(page, "</figure>\n");
    return HS_OK;
}

static hs_status write_kind(const hs_report *report, const figure_kind *kind, size_t *n_drawn_inout, hs_text *page,
                            hs_error *error)
{
    hs_text_putf(page, "<section id=\"%s\">\n<h2>%s</h2>\n<p class=\"note\">%s</p>\n<div class=\"figures\">\n",
                 kind->name, kind->section, kind->note);
    for (size_t i = 0; i < report->n_figures; ++i)
        if (report->figures[i].kind == kind)
            HS_TRY(write_figure(report, &report->figures[i], n_drawn_inout, page, error));
    hs_text_put(page, "</div>\n</section>\n");
    return HS_OK;
}

/* The finding and its caveats stand at the head of the page. */
static bool is_in_header(const report_sheet *row)
{
    return row->write == hs__report_caveats_list || strcmp(row->name, "finding") == 0;
}

static void put_table(const report_table *table, const report_sheet *sheet, size_t n_most_bytes, hs_text *page)
{
    hs_text_putf(page,
                 sheet->folded ? "<details id=\"%s-section\">\n<summary><h2>%s</h2></summary>\n"
                               : "<section id=\"%s-section\">\n<h2>%s</h2>\n",
                 sheet->name, sheet->title);
    hs__report_table_as_html(table, sheet->name, sheet->note, n_most_bytes, page);
    hs_text_put(page, sheet->folded ? "</details>\n" : "</section>\n");
}

static hs_status write_table(const hs_report *report, const report_sheet *sheet, size_t n_most_bytes, hs_text *page,
                             hs_error *error)
{
    report_table table = {0};
    hs_status status = hs__report_fill_sheet(report, sheet, &table, error);

    if (status == HS_OK && hs__report_table_n_rows(&table) > 0)
        put_table(&table, sheet, n_most_bytes, page);
    hs__report_table_clear(&table);
    return status;
}

/* All tables have a limit together and each has one, so that the first long one does not leave the others without. */
static hs_status write_tables(const hs_report *report, hs_text *page, hs_error *error)
{
    const size_t before = page->length;

    hs_text_put(
        page,
        "<div id=\"tables\">\n<section id=\"all\" class=\"script screen\" hidden>\n<h2>Every set</h2>\n</section>\n");
    for (size_t i = 0; i < hs__report_n_sheets; ++i) {
        const size_t n_held = page->length - before,
                     n_left = n_held < MOST_TABLES_BYTES ? MOST_TABLES_BYTES - n_held : 0;
        if (!is_in_header(&hs__report_sheets[i]))
            HS_TRY(write_table(report, &hs__report_sheets[i], n_left < MOST_TABLE_BYTES ? n_left : MOST_TABLE_BYTES,
                               page, error));
    }
    hs_text_put(page, "</div>\n");
    return HS_OK;
}

/*
 * Everything is within the one file: it is sent by mail and opened without a network. The data
 * stand before the script, which reads them at once.
 */
hs_status hs_report_page(const hs_report *report, hs_text *page, hs_error *error)
{
    size_t n_drawn = 0;

    write_head(report, page);
    HS_TRY(write_header(report, page, error));
    write_bar(report, page);
    hs_text_put(page, "<main>\n");
    for (size_t i = 0; i < hs__report_n_figure_kinds; ++i)
        if (has_kind(report, &hs__report_figure_kinds[i]))
            HS_TRY(write_kind(report, &hs__report_figure_kinds[i], &n_drawn, page, error));
    HS_TRY(write_tables(report, page, error));
    hs_text_put(page,
                "</main>\n<footer>Made by headsweep " HEADSWEEP_VERSION " from the results file alone.</footer>\n");
    hs_text_put(page,
                "<aside id=\"detail\" aria-live=\"polite\" hidden></aside>\n<div id=\"tip\" role=\"status\"></div>\n");
    hs_text_put(page, "<script type=\"application/json\" id=\"data\">");
    const size_t n_held = page->length + report_asset_js_size + END_BYTES;
    HS_TRY(hs__report_payload_write(report, n_held < MOST_PAGE_BYTES ? MOST_PAGE_BYTES - n_held : 0, page, error));
    hs_text_put(page, "</script>\n<script>\n");
    put_asset(page, report_asset_js, report_asset_js_size);
    hs_text_put(page, "</script>\n</body>\n</html>\n");
    HS_TRY(hs_analysis_check(report->analysis, error));
    return hs_text_status(page, error);
}
