#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "report/formats.h"

/* A column of text cells; the widest decides its width. */
enum { MAX_COLUMNS = 80, CELL_BYTES = 96 };

typedef struct column {
    char title[CELL_BYTES];
    bool right_aligned;
    char (*cells)[CELL_BYTES]; /* [n_rows] */
} column;

typedef struct table {
    column columns[MAX_COLUMNS];
    size_t n_columns;
    size_t n_rows;
} table;

static void table_clear(table *t)
{
    for (size_t i = 0; i < t->n_columns; ++i)
        hs_free(t->columns[i].cells);
}

static hs_status add_column(table *t, bool right_aligned, column **column_out, hs_error *error)
{
    if (t->n_columns == MAX_COLUMNS)
        return hs_fail(error, HS_ERROR_INTERNAL, "a table has more than %d columns", MAX_COLUMNS);
    column *added = &t->columns[t->n_columns];
    HS_TRY(hs_allocate(&added->cells, t->n_rows, sizeof *added->cells, "table", error));
    added->right_aligned = right_aligned;
    ++t->n_columns;
    *column_out = added;
    return HS_OK;
}

static size_t column_width(const column *c, size_t n_rows)
{
    size_t width = strlen(c->title);

    for (size_t row = 0; row < n_rows; ++row)
        width = strlen(c->cells[row]) > width ? strlen(c->cells[row]) : width;
    return width;
}

static hs_status print_row(const table *t, const int *widths, size_t row, bool title, hs_text *text, hs_error *error)
{
    for (size_t i = 0; i < t->n_columns; ++i) {
        const column *c = &t->columns[i];
        const char *cell = title ? c->title : c->cells[row];
        bool last = i + 1 == t->n_columns && !c->right_aligned;
        HS_TRY(hs_text_appendf(text, error, "  %*s", last ? 0 : c->right_aligned ? widths[i] : -widths[i], cell));
    }
    return hs_text_appendf(text, error, "\n");
}

static hs_status print_table(const table *t, hs_text *text, hs_error *error)
{
    int widths[MAX_COLUMNS];

    for (size_t i = 0; i < t->n_columns; ++i)
        widths[i] = (int)column_width(&t->columns[i], t->n_rows);
    HS_TRY(print_row(t, widths, 0, true, text, error));
    for (size_t row = 0; row < t->n_rows; ++row)
        HS_TRY(print_row(t, widths, row, false, text, error));
    return HS_OK;
}

/* ---- cells -------------------------------------------------------------------------------------------------------- */

static void format_change(char *cell, const hs_results_metric *metric, double change)
{
    if (!isfinite(change))
        cell[0] = '\0';
    else if (metric->percent)
        snprintf(cell, CELL_BYTES, "%+.1f", 100 * change);
    else
        snprintf(cell, CELL_BYTES, "%+.3f", change);
}

static const char *change_unit(const hs_results_metric *metric)
{
    return metric->percent ? "points" : metric->unit;
}

static hs_status add_ranks(const ranking_view *view, table *t, hs_error *error)
{
    column *ranks = NULL;

    HS_TRY(add_column(t, true, &ranks, error));
    strcpy(ranks->title, "rank");
    for (size_t row = 0; row < t->n_rows; ++row)
        snprintf(ranks->cells[row], CELL_BYTES, "%zu", row + 1);
    (void)view;
    return HS_OK;
}

static hs_status add_heads(const ranking_view *view, table *t, hs_error *error)
{
    column *heads = NULL, *ablations = NULL;
    hs_text name = {0};
    hs_status status = add_column(t, false, &heads, error);

    if (status == HS_OK)
        status = add_column(t, false, &ablations, error);
    if (status != HS_OK)
        return status;
    strcpy(heads->title, "heads");
    strcpy(ablations->title, "ablation");
    for (size_t row = 0; status == HS_OK && row < t->n_rows; ++row) {
        uint64_t set = view->ranking->sets[row];
        name.length = 0;
        status = hs_results_set_name(view->sets, set, &name, error);
        if (status == HS_OK && name.length < CELL_BYTES)
            strcpy(heads->cells[row], name.text);
        else if (status == HS_OK)
            snprintf(heads->cells[row], CELL_BYTES, "%.*s...", CELL_BYTES - 4, name.text);
        snprintf(ablations->cells[row], CELL_BYTES, "%s", view_intervention(view, set));
    }
    hs_text_clear(&name);
    return status;
}

/* Delta of one metric, or its interaction. */
static hs_status add_changes(const ranking_view *view, table *t, size_t task, size_t metric, bool interaction,
                             hs_error *error)
{
    const hs_results_task *of = view_task(view, task);
    const hs_results_metric *description = &of->metrics[metric];
    double *const *source = interaction ? view->analysis->interaction : view->analysis->delta;
    column *changes = NULL;

    HS_TRY(add_column(t, true, &changes, error));
    if (interaction)
        snprintf(changes->title, CELL_BYTES, "interaction");
    else
        snprintf(changes->title, CELL_BYTES, "%.30s %.30s [%.16s]", of->name, description->name,
                 change_unit(description));
    for (size_t row = 0; row < t->n_rows; ++row)
        format_change(changes->cells[row], description,
                      view_value(view, source, task, view->ranking->sets[row], metric));
    return HS_OK;
}

static bool shows_a_pair(const ranking_view *view)
{
    for (size_t row = 0; row < view->n_shown; ++row)
        if (view->sets->order[view->ranking->sets[row]] == 2)
            return true;
    return false;
}

static hs_status fill_table(const ranking_view *view, table *t, hs_error *error)
{
    size_t ranked_task, ranked_metric;

    view_ranked_metric(view, &ranked_task, &ranked_metric);
    HS_TRY(add_ranks(view, t, error));
    HS_TRY(add_heads(view, t, error));
    HS_TRY(add_changes(view, t, ranked_task, ranked_metric, false, error));
    if (shows_a_pair(view))
        HS_TRY(add_changes(view, t, ranked_task, ranked_metric, true, error));
    for (size_t task = 0; task < view->analysis->n_tasks; ++task) {
        bool kept = view->request->key == HS_RANK_BY_OBJECTIVE && view->request->objective.has_keep &&
                    view->request->objective.keep_task == task;
        size_t metric = kept ? view->request->objective.keep_metric : 0;
        bool shown_already = task == ranked_task && (!kept || metric == ranked_metric);
        if (!shown_already)
            HS_TRY(add_changes(view, t, task, metric, false, error));
    }
    return HS_OK;
}

/* ---- what stands above and below the table ------------------------------------------------------------------------ */

static hs_status print_title(const ranking_view *view, hs_text *text, hs_error *error)
{
    const hs_objective *objective = &view->request->objective;
    size_t task, metric;

    view_ranked_metric(view, &task, &metric);
    const char *task_name = view_task(view, task)->name;
    const char *metric_name = view_task(view, task)->metrics[metric].name;
    if (view->request->key == HS_RANK_BY_INTERACTION)
        return hs_text_appendf(text, error, "largest interactions on %s (%s): delta of the pair minus both deltas\n",
                               task_name, metric_name);
    if (view->request->key == HS_RANK_BY_DELTA)
        return hs_text_appendf(text, error, "largest change of %s (%s)\n", task_name, metric_name);
    HS_TRY(hs_text_appendf(text, error, "most %s removed", task_name));
    if (objective->has_keep) {
        const hs_results_task *keep = view_task(view, objective->keep_task);
        const hs_results_metric *kept = &keep->metrics[objective->keep_metric];
        HS_TRY(hs_text_appendf(text, error, " with %s within %g %s", keep->name,
                               kept->percent ? 100 * objective->tolerance : objective->tolerance, change_unit(kept)));
    }
    return hs_text_appendf(text, error, "\n");
}

/* Deltas mean little without the level that they start from. */
static hs_status print_clean(const ranking_view *view, hs_text *text, hs_error *error)
{
    HS_TRY(hs_text_appendf(text, error, "  clean model:"));
    for (size_t task = 0; task < view->analysis->n_tasks; ++task) {
        const hs_results_metric *metric = &view_task(view, task)->metrics[0];
        double mean = view_value(view, view->analysis->mean, task, 0, 0);
        HS_TRY(
            hs_text_appendf(text, error, "%s %s %s ", task > 0 ? "," : "", view_task(view, task)->name, metric->name));
        if (!isfinite(mean))
            HS_TRY(hs_text_appendf(text, error, "not known yet"));
        else if (metric->percent)
            HS_TRY(hs_text_appendf(text, error, "%.1f%%", 100 * mean));
        else
            HS_TRY(hs_text_appendf(text, error, "%.3f %s", mean, metric->unit));
    }
    return hs_text_appendf(text, error, "; below: ablated minus clean\n");
}

/* One line of what the table does not show, and why. */
static hs_status print_left_out(const ranking_view *view, hs_text *text, hs_error *error)
{
    const hs_ranking *ranking = view->ranking;
    const struct {
        size_t n;
        const char *why;
    } reasons[] = {{ranking->n - view->n_shown, "ranked lower (--top 0 shows all)"},
                   {ranking->n_outside_tolerance, "outside the tolerance"},
                   {ranking->n_not_finite, "with a value that is not a finite number"},
                   {view->analysis->n_sets - view->analysis->n_complete, "not finished yet"}};
    bool first = true;

    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; ++i) {
        if (reasons[i].n == 0)
            continue;
        HS_TRY(hs_text_appendf(text, error, "%s%zu %s", first ? "  not shown: " : ", ", reasons[i].n, reasons[i].why));
        first = false;
    }
    return first ? HS_OK : hs_text_appendf(text, error, "\n");
}

hs_status ranking_as_table(const ranking_view *view, hs_text *text, hs_error *error)
{
    table t = {.n_rows = view->n_shown};
    hs_status status;

    HS_GOTO_DONE(print_title(view, text, error));
    HS_GOTO_DONE(print_clean(view, text, error));
    HS_GOTO_DONE(fill_table(view, &t, error));
    HS_GOTO_DONE(print_table(&t, text, error));
    HS_GOTO_DONE(print_left_out(view, text, error));
done:
    table_clear(&t);
    return status;
}
