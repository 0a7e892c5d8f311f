#include <math.h>
#include <string.h>

#include "report/listing.h"

/* ---- cells ------------------------------------------------------------------------------------------------------- */

/* What a column shows of each set: a statistic with its interval and, where it is tested, its q-value. */
typedef struct shown {
    const char *title; /* NULL: task, metric and unit */
    hs_statistic value, low, high;
    hs_statistic q; /* HS_STATISTIC_COUNT: none */
    int single;     /* 0: of the set; 1, 2: of the first, second head alone */
} shown;

static const shown delta_column = {
    NULL, HS_STATISTIC_DELTA, HS_STATISTIC_DELTA_LOW, HS_STATISTIC_DELTA_HIGH, HS_STATISTIC_DELTA_Q, 0};
static const shown interaction_column = {"interaction",
                                         HS_STATISTIC_INTERACTION,
                                         HS_STATISTIC_INTERACTION_LOW,
                                         HS_STATISTIC_INTERACTION_HIGH,
                                         HS_STATISTIC_INTERACTION_Q,
                                         0};
static const shown single_columns[] = {
    {"first alone", HS_STATISTIC_DELTA, HS_STATISTIC_DELTA_LOW, HS_STATISTIC_DELTA_HIGH, HS_STATISTIC_DELTA_Q, 1},
    {"second alone", HS_STATISTIC_DELTA, HS_STATISTIC_DELTA_LOW, HS_STATISTIC_DELTA_HIGH, HS_STATISTIC_DELTA_Q, 2}};

static hs_status add_ranks(grid *g, hs_error *error)
{
    grid_column *ranks = NULL;

    HS_TRY(hs__report_grid_add_column(g, true, &ranks, error));
    strcpy(ranks->title, "rank");
    for (size_t row = 0; row < g->n_rows; ++row)
        snprintf(ranks->cells[row], GRID_CELL_BYTES, "%zu", row + 1);
    return HS_OK;
}

static hs_status add_heads(const listing *view, grid *g, hs_error *error)
{
    grid_column *heads = NULL, *ablations = NULL;
    hs_text name = {0};
    hs_status status = hs__report_grid_add_column(g, false, &heads, error);

    if (status == HS_OK)
        status = hs__report_grid_add_column(g, false, &ablations, error);
    if (status != HS_OK)
        return status;
    strcpy(heads->title, "heads");
    strcpy(ablations->title, "ablation");
    for (size_t row = 0; status == HS_OK && row < g->n_rows; ++row) {
        uint64_t set = view->ranking->sets[row];
        name.length = 0;
        status = hs_results_set_name(view->sets, set, &name, error);
        if (status == HS_OK && name.length < GRID_CELL_BYTES)
            strcpy(heads->cells[row], name.text);
        else if (status == HS_OK)
            snprintf(heads->cells[row], GRID_CELL_BYTES, "%.*s...", GRID_CELL_BYTES - 4, name.text);
        snprintf(ablations->cells[row], GRID_CELL_BYTES, "%s", hs__report_listing_intervention(view, set));
    }
    hs_text_clear(&name);
    return status;
}

static void format_shown(const listing *view, const shown *what, const report_metric *metric, uint64_t set, char *cell)
{
    const hs_analysis *analysis = view->analysis;

    if (what->single > 0) {
        int64_t single = analysis->singles[2 * set + (size_t)what->single - 1];
        if (single < 0)
            return;
        set = (uint64_t)single;
    }
    const size_t task = metric->task, row = metric->metric;
    double q = what->q < HS_STATISTIC_COUNT ? hs_analysis_value(analysis, what->q, task, row, set) : NAN;
    hs__report_listing_format_change(metric, hs_analysis_value(analysis, what->value, task, row, set),
                                     hs_analysis_value(analysis, what->low, task, row, set),
                                     hs_analysis_value(analysis, what->high, task, row, set), cell);
    if (cell[0] != '\0' && strlen(cell) + 1 < GRID_CELL_BYTES)
        strcat(cell, q < 1 - analysis->options.confidence ? "*" : " ");
}

static hs_status add_changes(const listing *view, grid *g, const shown *what, const report_metric *metric,
                             hs_error *error)
{
    grid_column *changes = NULL;

    HS_TRY(hs__report_grid_add_column(g, true, &changes, error));
    if (what->title != NULL)
        snprintf(changes->title, GRID_CELL_BYTES, "%s ", what->title);
    else
        snprintf(changes->title, GRID_CELL_BYTES, "%.30s.%.30s [%.16s] ", metric->of->name, metric->is->name,
                 hs__report_unit(metric));
    for (size_t row = 0; row < g->n_rows; ++row)
        format_shown(view, what, metric, view->ranking->sets[row], changes->cells[row]);
    return HS_OK;
}

/* ---- columns ----------------------------------------------------------------------------------------------------- */

static bool shows_a_pair(const listing *view)
{
    for (size_t row = 0; row < view->n_shown; ++row)
        if (view->sets->order[view->ranking->sets[row]] == 2)
            return true;
    return false;
}

static hs_status fill_grid(const listing *view, grid *g, hs_error *error)
{
    report_metric metrics[LISTING_MAX_METRICS];
    size_t n_left_out;
    const size_t n = hs__report_listing_shown_metrics(view, metrics, &n_left_out);

    HS_TRY(add_ranks(g, error));
    HS_TRY(add_heads(view, g, error));
    HS_TRY(add_changes(view, g, &delta_column, &metrics[0], error));
    if (shows_a_pair(view))
        HS_TRY(add_changes(view, g, &interaction_column, &metrics[0], error));
    for (size_t i = 0; view->request->key == HS_RANK_BY_BACKUP && i < 2; ++i)
        HS_TRY(add_changes(view, g, &single_columns[i], &metrics[0], error));
    for (size_t i = 1; i < n; ++i)
        HS_TRY(add_changes(view, g, &delta_column, &metrics[i], error));
    return HS_OK;
}

/* ---- the two formats of people ----------------------------------------------------------------------------------- */

hs_status hs__report_listing_as_table(const listing *view, hs_text *text, hs_error *error)
{
    grid g = {.n_rows = view->n_shown};
    hs_status status;

    HS_GOTO_DONE(fill_grid(view, &g, error));
    HS_GOTO_DONE(hs__report_listing_captions_above(view, text, error));
    if (g.n_rows > 0)
        HS_GOTO_DONE(hs__report_grid_print_text(&g, text, error));
    HS_GOTO_DONE(hs__report_listing_captions_below(view, text, error));
done:
    hs__report_grid_clear(&g);
    return status;
}

/* A caption's lines become one paragraph each; a star would begin emphasis. */
static hs_status print_paragraphs(const hs_text *lines, hs_text *text, hs_error *error)
{
    for (const char *c = lines->text; c != NULL && *c != '\0'; ++c) {
        if (*c == ' ' && (c == lines->text || c[-1] == '\n' || c[-1] == ' '))
            continue;
        HS_TRY(hs_text_appendf(text, error, "%s%c%s", *c == '*' ? "\\" : "", *c, *c == '\n' ? "\n" : ""));
    }
    return HS_OK;
}

hs_status hs__report_listing_as_markdown(const listing *view, hs_text *text, hs_error *error)
{
    grid g = {.n_rows = view->n_shown};
    hs_text above = {0}, below = {0};
    hs_status status;

    HS_GOTO_DONE(fill_grid(view, &g, error));
    HS_GOTO_DONE(hs__report_listing_captions_above(view, &above, error));
    HS_GOTO_DONE(hs__report_listing_captions_below(view, &below, error));
    HS_GOTO_DONE(print_paragraphs(&above, text, error));
    if (g.n_rows > 0) {
        HS_GOTO_DONE(hs__report_grid_print_markdown(&g, text, error));
        HS_GOTO_DONE(hs_text_append(text, "\n", 1, error));
    }
    HS_GOTO_DONE(print_paragraphs(&below, text, error));
done:
    hs_text_clear(&above);
    hs_text_clear(&below);
    hs__report_grid_clear(&g);
    return status;
}
