/* A ranking for people: the table of its first sets, on a terminal or as Markdown, between its captions. */
#include <math.h>
#include <string.h>

#include "report/listing.h"

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

static void add_columns(const shown *what, const report_metric *metric, report_table *table)
{
    char title[TABLE_NAME_BYTES];

    if (what->title != NULL)
        snprintf(title, sizeof title, "%s", what->title);
    else
        snprintf(title, sizeof title, "%.30s.%.30s [%.16s]", metric->of->name, metric->is->name,
                 hs__report_unit(metric));
    hs__report_table_add_column(table, TABLE_INTERVAL, title, title);
    hs__report_table_last(table)->style.format = hs__report_change_format(metric);
    hs__report_table_last(table)->is_tested = true;
}

/* A head alone that the file does not have leaves its cell empty. */
static void add_change(const listing *view, const shown *what, const report_metric *metric, uint64_t set,
                       report_table *table)
{
    const hs_analysis *analysis = view->analysis;
    const size_t task = metric->task, row = metric->metric;

    if (what->single > 0) {
        int64_t singles[2];
        (void)hs_analysis_singles(analysis, set, singles);
        const int64_t single = singles[what->single - 1];
        if (single < 0) {
            hs__report_table_add_number(table, NAN);
            return;
        }
        set = (uint64_t)single;
    }
    const double value = hs_analysis_value(analysis, what->value, task, row, set);
    const double q = hs_analysis_value(analysis, what->q, task, row, set);
    hs__report_table_add_interval(table, value, hs_analysis_value(analysis, what->low, task, row, set),
                                  hs_analysis_value(analysis, what->high, task, row, set),
                                  isfinite(value) && q < 1 - analysis->options.confidence);
}

static bool shows_a_pair(const listing *view)
{
    for (size_t row = 0; row < view->n_shown; ++row)
        if (view->sets->order[view->ranking->sets[row]] == 2)
            return true;
    return false;
}

enum { MOST_CHANGES = LISTING_MAX_METRICS + 3 };

/*
 * What is ranked by, of pairs the interaction and, by backup, either head alone, then the other metrics; returns
 * how many.
 */
static size_t choose_changes(const listing *view, const shown *what[MOST_CHANGES], report_metric of[MOST_CHANGES])
{
    report_metric metrics[LISTING_MAX_METRICS];
    size_t n_left_out, n = 1;
    const size_t n_metrics = hs__report_listing_shown_metrics(view, metrics, &n_left_out);

    what[0] = &delta_column;
    if (shows_a_pair(view))
        what[n++] = &interaction_column;
    for (size_t i = 0; view->request->key == HS_RANK_BY_BACKUP && i < 2; ++i)
        what[n++] = &single_columns[i];
    for (size_t i = 0; i < n; ++i)
        of[i] = metrics[0];
    for (size_t i = 1; i < n_metrics; ++i, ++n) {
        what[n] = &delta_column;
        of[n] = metrics[i];
    }
    return n;
}

/*
 * The same table for terminal and Markdown. Errors of texts are kept in the table and asked for at
 * the end.
 */
static void fill(const listing *view, report_table *table)
{
    const shown *what[MOST_CHANGES];
    report_metric of[MOST_CHANGES];
    const size_t n = choose_changes(view, what, of);
    hs_text name = {0};

    table->is_listing = true;
    hs__report_table_add_column(table, TABLE_NUMBER, "rank", "rank");
    hs__report_table_last(table)->style.format.digits = 0;
    hs__report_table_add_column(table, TABLE_TEXT, "heads", "heads");
    hs__report_table_add_column(table, TABLE_TEXT, "ablation", "ablation");
    for (size_t i = 0; i < n; ++i)
        add_columns(what[i], &of[i], table);
    for (size_t row = 0; row < view->n_shown; ++row) {
        const uint64_t set = view->ranking->sets[row];
        name.length = 0;
        hs__report_put_set(view->sets, set, &name);
        hs__report_table_add_number(table, (double)(row + 1));
        hs__report_table_add_text(table, hs_text_kept(&table->texts, &name));
        hs__report_table_add_text(table, hs__report_listing_intervention(view, set));
        for (size_t i = 0; i < n; ++i)
            add_change(view, what[i], &of[i], set, table);
    }
    hs_text_clear(&name);
}

hs_status hs__report_listing_as_table(const listing *view, hs_text *text, hs_error *error)
{
    report_table table = {0};
    hs_status status;

    fill(view, &table);
    HS_GOTO_DONE(hs__report_table_status(&table, error));
    hs__report_listing_captions_above(view, text);
    if (view->n_shown > 0)
        hs__report_table_as_text(&table, text);
    status = hs__report_listing_captions_below(view, text, error);
done:
    hs__report_table_clear(&table);
    return status;
}

/* A caption's lines become one paragraph each; a star would begin emphasis. */
static void put_paragraphs(const hs_text *lines, hs_text *text)
{
    hs_text_keep(text, lines->status);
    for (const char *c = lines->text; c != NULL && *c != '\0'; ++c) {
        if (*c == ' ' && (c == lines->text || c[-1] == '\n' || c[-1] == ' '))
            continue;
        hs_text_putf(text, "%s%c%s", *c == '*' ? "\\" : "", *c, *c == '\n' ? "\n" : "");
    }
}

/*
 * Captions are made as for the terminal and then turned into paragraphs, so that both say the
 * same.
 */
hs_status hs__report_listing_as_markdown(const listing *view, hs_text *text, hs_error *error)
{
    report_table table = {0};
    hs_text above = {0}, below = {0};
    hs_status status;

    fill(view, &table);
    HS_GOTO_DONE(hs__report_table_status(&table, error));
    hs__report_listing_captions_above(view, &above);
    HS_GOTO_DONE(hs__report_listing_captions_below(view, &below, error));
    put_paragraphs(&above, text);
    if (view->n_shown > 0) {
        hs__report_table_as_markdown(&table, text);
        hs_text_put(text, "\n");
    }
    put_paragraphs(&below, text);
done:
    hs_text_clear(&above);
    hs_text_clear(&below);
    hs__report_table_clear(&table);
    return status;
}
