/* The page: what is where in it. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "report/figures.h"

static hs_status put(hs_text *page, const char *markup, hs_error *error)
{
    return hs_text_append(page, markup, strlen(markup), error);
}

static hs_status put_asset(hs_text *page, const unsigned char *bytes, size_t size, hs_error *error)
{
    return hs_text_append(page, (const char *)bytes, size, error);
}

static const char *provenance(const hs_report *report, const char *name)
{
    const char *value = hs_results_attribute_of(report->results, "provenance", name);

    return value != NULL ? value : "not recorded";
}

/* ---- head -------------------------------------------------------------------------------------------------------- */

/* The policy keeps the page from the network whatever is in it. */
static hs_status write_head(const hs_report *report, hs_text *page, hs_error *error)
{
    HS_TRY(put(page,
               "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n" HS_REPORT_PAGE_MARK "\n"
               "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
               "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
               "script-src 'unsafe-inline'; img-src data:\">\n<link rel=\"icon\" href=\"data:,\">\n<title>",
               error));
    HS_TRY(hs__report_escape_html(report->options.title, page, error));
    HS_TRY(put(page, "</title>\n<style>\n", error));
    HS_TRY(put_asset(page, report_asset_css, report_asset_css_size, error));
    HS_TRY(put_asset(page, report_asset_figure_css, report_asset_figure_css_size, error));
    return put(page, "</style>\n</head>\n<body>\n", error);
}

static hs_status write_fact(const char *name, const char *value, hs_text *page, hs_error *error)
{
    HS_TRY(hs_text_appendf(page, error, "<div><dt>%s</dt><dd>", name));
    HS_TRY(hs__report_escape_html(value, page, error));
    return put(page, "</dd></div>\n", error);
}

static hs_status describe_sets(const hs_report *report, hs_text *text, hs_error *error)
{
    const hs_results_sets *sets = report->sets;

    text->length = 0;
    HS_TRY(hs_text_appendf(text, error, "%zu, of up to %zu heads; ", sets->n_sets - 1, sets->max_order));
    for (size_t i = 0; i < sets->n_interventions; ++i)
        HS_TRY(hs_text_appendf(text, error, "%s%s", i > 0 ? ", " : "", sets->intervention_names[i]));
    return HS_OK;
}

static hs_status describe_tasks(const hs_report *report, hs_text *text, hs_error *error)
{
    text->length = 0;
    for (size_t i = 0; i < report->analysis->n_tasks; ++i) {
        const hs_results_task *task = hs_results_task_at(report->results, i);
        HS_TRY(hs_text_appendf(text, error, "%s%s (%s, %zu examples)", i > 0 ? ", " : "", task->name, task->kind,
                               task->n_examples));
    }
    return HS_OK;
}

static hs_status describe_objective(const hs_report *report, hs_text *text, hs_error *error)
{
    text->length = 0;
    if (!report->has_objective)
        return hs_text_appendf(text, error, "none stated: largest change");
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
    return hs_text_status(text, error);
}

static hs_status write_facts(const hs_report *report, hs_text *page, hs_error *error)
{
    hs_text text = {0};
    hs_status status;

    HS_GOTO_DONE(put(page, "<dl class=\"facts\">\n", error));
    HS_GOTO_DONE(hs_text_appendf(&text, error, "%s, %s layers, %s heads each", provenance(report, "architecture"),
                                 provenance(report, "n_layers"), provenance(report, "n_heads")));
    HS_GOTO_DONE(write_fact("Model", text.text, page, error));
    HS_GOTO_DONE(write_fact("Checkpoint", provenance(report, "checkpoint"), page, error));
    HS_GOTO_DONE(describe_objective(report, &text, error));
    HS_GOTO_DONE(write_fact("Asked for", text.text, page, error));
    HS_GOTO_DONE(describe_sets(report, &text, error));
    HS_GOTO_DONE(write_fact("Ablation sets", text.text, page, error));
    HS_GOTO_DONE(describe_tasks(report, &text, error));
    HS_GOTO_DONE(write_fact("Tasks", text.text, page, error));
    HS_GOTO_DONE(put(page, "</dl>\n", error));
done:
    hs_text_clear(&text);
    return status;
}

static hs_status write_caveats(const hs_report *report, hs_text *page, hs_error *error)
{
    report_table caveats = {0};
    hs_status status;

    HS_GOTO_DONE(hs__report_caveats_list(report, &caveats, error));
    if (hs__report_table_n_rows(&caveats) > 0)
        HS_GOTO_DONE(put(page, "<p>Read it with this in mind:</p>\n<ul class=\"caveats\">\n", error));
    for (size_t row = 0; row < hs__report_table_n_rows(&caveats); ++row) {
        HS_GOTO_DONE(put(page, "<li><b>", error));
        HS_GOTO_DONE(hs__report_escape_html(caveats.texts.text + caveats.cells[2 * row].text, page, error));
        HS_GOTO_DONE(put(page, ":</b> ", error));
        HS_GOTO_DONE(hs__report_escape_html(caveats.texts.text + caveats.cells[2 * row + 1].text, page, error));
        HS_GOTO_DONE(put(page, "</li>\n", error));
    }
    if (hs__report_table_n_rows(&caveats) > 0)
        HS_GOTO_DONE(put(page, "</ul>\n", error));
done:
    hs__report_table_clear(&caveats);
    return status;
}

/* The finding and, where heads were pruned, what is left of the model. */
static hs_status write_finding(const hs_report *report, hs_text *page, hs_error *error)
{
    hs_text sentence = {0};
    hs_status status;

    HS_GOTO_DONE(put(page, "<div class=\"finding\" id=\"finding\"><p>", error));
    HS_GOTO_DONE(hs__report_findings_sentence(report, &sentence, error));
    HS_GOTO_DONE(hs__report_escape_html(sentence.text, page, error));
    for (size_t i = 0; i < report->n_curves; ++i) {
        sentence.length = 0;
        HS_GOTO_DONE(put(page, "</p>\n<p>", error));
        HS_GOTO_DONE(hs__report_findings_pruning(report, &report->curves[i], &sentence, error));
        HS_GOTO_DONE(hs__report_escape_html(sentence.text, page, error));
    }
    HS_GOTO_DONE(put(page, "</p></div>\n", error));
done:
    hs_text_clear(&sentence);
    return status;
}

static hs_status write_header(const hs_report *report, hs_text *page, hs_error *error)
{
    HS_TRY(put(page, "<header>\n<h1>", error));
    HS_TRY(hs__report_escape_html(report->options.title, page, error));
    HS_TRY(put(page, "</h1>\n", error));
    HS_TRY(write_finding(report, page, error));
    HS_TRY(write_facts(report, page, error));
    HS_TRY(write_caveats(report, page, error));
    return put(page, "</header>\n", error);
}
/* ---- figures ----------------------------------------------------------------------------------------------------- */

static bool has_kind(const hs_report *report, const figure_kind *kind)
{
    for (size_t i = 0; i < report->n_figures; ++i)
        if (report->figures[i].kind == kind)
            return true;
    return false;
}

static hs_status write_bar(const hs_report *report, hs_text *page, hs_error *error)
{
    HS_TRY(put(page, "<div class=\"bar\"><nav aria-label=\"Sections\">\n<a href=\"#finding\">Finding</a>\n", error));
    for (size_t i = 0; i < hs__report_n_figure_kinds; ++i)
        if (has_kind(report, &hs__report_figure_kinds[i]))
            HS_TRY(hs_text_appendf(page, error, "<a href=\"#%s\">%s</a>\n", hs__report_figure_kinds[i].name,
                                   hs__report_figure_kinds[i].section));
    HS_TRY(put(page, "<a href=\"#tables\">Tables</a>\n<label class=\"script\" hidden>Metric <select id=\"metric\">\n",
               error));
    for (size_t m = 0; m < report->n_metrics; ++m) {
        HS_TRY(hs_text_appendf(page, error, "<option value=\"%zu\">", m));
        HS_TRY(hs__report_escape_html(report->metrics[m].of->name, page, error));
        HS_TRY(put(page, ".", error));
        HS_TRY(hs__report_escape_html(report->metrics[m].is->name, page, error));
        HS_TRY(put(page, "</option>\n", error));
    }
    return put(page, "</select></label>\n</nav></div>\n", error);
}

static hs_status write_caption(const hs_report *report, const report_figure *figure, hs_text *page, hs_error *error)
{
    const report_metric *metric = &report->metrics[figure->metric];

    HS_TRY(put(page, "<figcaption>", error));
    if (figure->kind->by_metric) {
        HS_TRY(hs__report_escape_html(metric->of->name, page, error));
        HS_TRY(put(page, ".", error));
        HS_TRY(hs__report_escape_html(metric->is->name, page, error));
    }
    if (figure->kind->by_intervention) {
        HS_TRY(put(page, ", ", error));
        HS_TRY(hs__report_escape_html(report->sets->intervention_names[figure->intervention], page, error));
    }
    return put(page, "</figcaption>\n", error);
}

static hs_status write_figure(const hs_report *report, const report_figure *figure, hs_text *page, hs_error *error)
{
    hs_text name = {0};
    hs_status status = hs__report_figure_name(report, figure, &name, error);

    if (status == HS_OK)
        status = hs_text_appendf(page, error, "<figure id=\"figure-%s\"%s", name.text,
                                 figure->kind->drawn_by_script ? " class=\"matrix\"" : "");
    hs_text_clear(&name);
    HS_TRY(status);
    if (figure->kind->by_metric)
        HS_TRY(hs_text_appendf(page, error, " data-of-metric=\"%zu\"", figure->metric));
    HS_TRY(hs_text_appendf(page, error, " data-intervention=\"%d\">\n", figure->intervention));
    HS_TRY(write_caption(report, figure, page, error));
    if (figure->kind->drawn_by_script)
        HS_TRY(put(page,
                   "<noscript><p class=\"empty\">This figure is drawn by the script of this page; headsweep report "
                   "--figures writes it as a file.</p></noscript>\n",
                   error));
    else
        HS_TRY(figure->kind->draw(report, figure, page, error));
    return put(page, "</figure>\n", error);
}

static hs_status write_kind(const hs_report *report, const figure_kind *kind, hs_text *page, hs_error *error)
{
    HS_TRY(hs_text_appendf(page, error,
                           "<section id=\"%s\">\n<h2>%s</h2>\n<p class=\"note\">%s</p>\n<div class=\"figures\">\n",
                           kind->name, kind->section, kind->note));
    for (size_t i = 0; i < report->n_figures; ++i)
        if (report->figures[i].kind == kind)
            HS_TRY(write_figure(report, &report->figures[i], page, error));
    return put(page, "</div>\n</section>\n", error);
}

/* ---- tables ------------------------------------------------------------------------------------------------------ */

/* The finding and its caveats stand at the head of the page. */
static bool is_in_header(const report_sheet *row)
{
    return row->write == hs__report_caveats_list || strcmp(row->name, "finding") == 0;
}

static hs_status write_table(const hs_report *report, const report_sheet *row, hs_text *page, hs_error *error)
{
    report_table s = {0};
    hs_status status = row->write(report, &s, error);

    if (status == HS_OK && hs__report_table_n_rows(&s) > 0) {
        status = hs_text_appendf(page, error,
                                 row->folded ? "<details id=\"%s-section\">\n<summary><h2>%s</h2></summary>\n"
                                             : "<section id=\"%s-section\">\n<h2>%s</h2>\n",
                                 row->name, row->title);
        if (status == HS_OK)
            status = hs__report_table_as_html(&s, row->name, row->note, page, error);
        if (status == HS_OK)
            status = put(page, row->folded ? "</details>\n" : "</section>\n", error);
    }
    hs__report_table_clear(&s);
    return status;
}

static hs_status write_tables(const hs_report *report, hs_text *page, hs_error *error)
{
    HS_TRY(put(
        page,
        "<div id=\"tables\">\n<section id=\"all\" class=\"script screen\" hidden>\n<h2>Every set</h2>\n</section>\n",
        error));
    for (size_t i = 0; i < hs__report_n_sheets; ++i)
        if (!is_in_header(&hs__report_sheets[i]))
            HS_TRY(write_table(report, &hs__report_sheets[i], page, error));
    return put(page, "</div>\n", error);
}

hs_status hs_report_page(const hs_report *report, hs_text *page, hs_error *error)
{
    HS_TRY(write_head(report, page, error));
    HS_TRY(write_header(report, page, error));
    HS_TRY(write_bar(report, page, error));
    HS_TRY(put(page, "<main>\n", error));
    for (size_t i = 0; i < hs__report_n_figure_kinds; ++i)
        if (has_kind(report, &hs__report_figure_kinds[i]))
            HS_TRY(write_kind(report, &hs__report_figure_kinds[i], page, error));
    HS_TRY(write_tables(report, page, error));
    HS_TRY(put(page, "</main>\n<footer>Made by headsweep " HEADSWEEP_VERSION " from the results file alone.</footer>\n",
               error));
    HS_TRY(put(page,
               "<aside id=\"detail\" aria-live=\"polite\" hidden></aside>\n<div id=\"tip\" role=\"status\"></div>\n",
               error));
    HS_TRY(put(page, "<script type=\"application/json\" id=\"data\">", error));
    HS_TRY(hs__report_payload_write(report, page, error));
    HS_TRY(put(page, "</script>\n<script>\n", error));
    HS_TRY(put_asset(page, report_asset_js, report_asset_js_size, error));
    return put(page, "</script>\n</body>\n</html>\n", error);
}
