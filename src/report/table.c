#include "report/table.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "report/contents.h"

void hs__report_table_clear(report_table *s)
{
    hs_free(s->columns);
    hs_free(s->cells);
    hs_free(s->row_sets);
    hs_text_clear(&s->texts);
    *s = (report_table){0};
}

size_t hs__report_table_n_rows(const report_table *s)
{
    return s->n_columns > 0 ? s->n_cells / s->n_columns : 0;
}

table_column *hs__report_table_last(report_table *s)
{
    return &s->columns[s->n_columns - 1];
}

hs_status hs__report_table_add_column(report_table *s, table_kind kind, const char *name, const char *title,
                                      hs_error *error)
{
    HS_TRY(hs_reserve(&s->columns, &s->columns_capacity, s->n_columns + 1, sizeof *s->columns, "table", error));
    table_column *column = &s->columns[s->n_columns++];
    *column = (table_column){.kind = kind, .format = {.factor = 1, .digits = -4}};
    snprintf(column->name, sizeof column->name, "%s", name);
    snprintf(column->title, sizeof column->title, "%s", title);
    return HS_OK;
}

static hs_status add_cell(report_table *s, table_cell cell, hs_error *error)
{
    HS_TRY(hs_reserve(&s->cells, &s->capacity, s->n_cells + 1, sizeof *s->cells, "table", error));
    s->cells[s->n_cells++] = cell;
    return HS_OK;
}

hs_status hs__report_table_add_text(report_table *s, const char *string, hs_error *error)
{
    size_t offset = s->texts.length;

    HS_TRY(hs_text_append(&s->texts, string, strlen(string) + 1, error));
    return add_cell(s, (table_cell){.text = offset, .value = NAN, .low = NAN, .high = NAN}, error);
}

hs_status hs__report_table_add_time(report_table *s, double seconds, hs_error *error)
{
    static const double year_10000 = 253402300800.0;
    const bool is_time = seconds > 0 && seconds < year_10000;
    const time_t whole = is_time ? (time_t)seconds : 0;
    char text[32] = "";
    struct tm parts;

    if (is_time && gmtime_r(&whole, &parts) != NULL)
        (void)strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts);
    return hs__report_table_add_text(s, text, error);
}

hs_status hs__report_table_add_number(report_table *s, double value, hs_error *error)
{
    return add_cell(s, (table_cell){.value = value, .low = NAN, .high = NAN}, error);
}

hs_status hs__report_table_add_interval(report_table *s, double value, double low, double high, bool marked,
                                        hs_error *error)
{
    return add_cell(s, (table_cell){.value = value, .low = low, .high = high, .marked = marked}, error);
}

hs_status hs__report_table_begin_set(report_table *s, uint64_t set, hs_error *error)
{
    HS_TRY(hs_reserve(&s->row_sets, &s->row_sets_capacity, s->n_row_sets + 1, sizeof *s->row_sets, "table", error));
    s->row_sets[s->n_row_sets++] = set;
    return HS_OK;
}

static const table_cell *cell_at(const report_table *s, size_t row, size_t column)
{
    return &s->cells[row * s->n_columns + column];
}

void hs__report_table_of_metric(report_table *s, const report_metric *metric)
{
    const bool is_change = s->columns[(s->n_cells - 1) % s->n_columns].format.sign;
    table_cell *cell = &s->cells[s->n_cells - 1];

    cell->format = is_change ? hs__report_change_format(metric) : hs__report_mean_format(metric);
    cell->unit = is_change || !metric->is->percent ? hs__report_unit(metric) : "%";
}

static hs_status format_cell(const report_table *s, size_t row, size_t column, hs_text *text, hs_error *error)
{
    const table_cell *cell = cell_at(s, row, column);
    const table_column *of = &s->columns[column];
    char unit[TABLE_NAME_BYTES] = "";

    if (of->kind == TABLE_TEXT)
        return hs_text_append(text, s->texts.text + cell->text, strlen(s->texts.text + cell->text), error);
    if (cell->unit != NULL)
        snprintf(unit, sizeof unit, "%s%s", strcmp(cell->unit, "%") == 0 ? "" : " ", cell->unit);
    hs_text_put(text, "");
    hs__report_put_interval(cell->unit != NULL ? &cell->format : &of->format, cell->value, cell->low, cell->high, unit,
                            ", ", text);
    hs_text_put(text, cell->marked ? "*" : "");
    return hs_text_status(text, error);
}

/* ---- CSV and JSON: every number as it is, an interval as three --------------------------------------------------- */

static const char *const ends[] = {"", "_low", "_high"};

static double end_of(const table_cell *cell, size_t end)
{
    return end == 0 ? cell->value : end == 1 ? cell->low : cell->high;
}

static size_t n_ends(const table_column *column)
{
    return column->kind == TABLE_INTERVAL ? 3 : 1;
}

typedef hs_status escape_function(const char *string, hs_text *text, hs_error *error);

/* A text as it is, but heads in the spelling that data frames leave alone. */
static hs_status program_text(const report_table *s, size_t row, size_t column, escape_function *escape, hs_text *text,
                              hs_error *error)
{
    const char *string = s->texts.text + cell_at(s, row, column)->text;
    hs_text spelt = {0};

    if (!s->columns[column].of_heads || string[0] == '\0')
        return escape(string, text, error);
    hs_status status = hs_results_spell_name(string, &spelt, error);
    if (status == HS_OK)
        status = escape(spelt.text, text, error);
    hs_text_clear(&spelt);
    return status;
}

static hs_status csv_header(const report_table *s, hs_text *text, hs_error *error)
{
    for (size_t column = 0; column < s->n_columns; ++column)
        for (size_t end = 0; end < n_ends(&s->columns[column]); ++end) {
            hs_text name = {0};
            hs_status status = hs_text_appendf(&name, error, "%s%s", s->columns[column].name, ends[end]);
            if (status == HS_OK && column + end > 0)
                status = hs_text_append(text, ",", 1, error);
            if (status == HS_OK)
                status = hs__report_escape_csv(name.text, text, error);
            hs_text_clear(&name);
            HS_TRY(status);
        }
    return hs_text_append(text, "\n", 1, error);
}

hs_status hs__report_table_as_csv(const report_table *s, hs_text *text, hs_error *error)
{
    HS_TRY(csv_header(s, text, error));
    for (size_t row = 0; row < hs__report_table_n_rows(s); ++row) {
        for (size_t column = 0; column < s->n_columns; ++column) {
            const table_cell *cell = cell_at(s, row, column);
            if (column > 0)
                HS_TRY(hs_text_append(text, ",", 1, error));
            if (s->columns[column].kind == TABLE_TEXT) {
                HS_TRY(program_text(s, row, column, hs__report_escape_csv, text, error));
                continue;
            }
            for (size_t end = 0; end < n_ends(&s->columns[column]); ++end) {
                if (end > 0)
                    HS_TRY(hs_text_append(text, ",", 1, error));
                if (isfinite(end_of(cell, end)))
                    HS_TRY(hs_text_appendf(text, error, "%.9g", end_of(cell, end)));
            }
        }
        HS_TRY(hs_text_append(text, "\n", 1, error));
    }
    return HS_OK;
}

static hs_status json_key(const char *name, const char *end, hs_text *text, hs_error *error)
{
    hs_text key = {0};
    hs_status status = hs_text_appendf(&key, error, "%s%s", name, end);

    if (status == HS_OK)
        status = hs__report_escape_json(key.text, text, error);
    hs_text_clear(&key);
    return status == HS_OK ? hs_text_append(text, ": ", 2, error) : status;
}

static hs_status json_cell(const report_table *s, size_t row, size_t column, hs_text *text, hs_error *error)
{
    const table_cell *cell = cell_at(s, row, column);

    for (size_t end = 0; end < n_ends(&s->columns[column]); ++end) {
        HS_TRY(hs_text_appendf(text, error, "%s", column + end > 0 ? ", " : ""));
        HS_TRY(json_key(s->columns[column].name, ends[end], text, error));
        if (s->columns[column].kind == TABLE_TEXT)
            HS_TRY(program_text(s, row, column, hs__report_escape_json, text, error));
        else if (isfinite(end_of(cell, end)))
            HS_TRY(hs_text_appendf(text, error, "%.9g", end_of(cell, end)));
        else
            HS_TRY(hs_text_append(text, "null", 4, error));
    }
    return HS_OK;
}

hs_status hs__report_table_as_json(const report_table *s, hs_text *text, hs_error *error)
{
    HS_TRY(hs_text_append(text, "[", 1, error));
    for (size_t row = 0; row < hs__report_table_n_rows(s); ++row) {
        HS_TRY(hs_text_appendf(text, error, "%s\n    {", row > 0 ? "," : ""));
        for (size_t column = 0; column < s->n_columns; ++column)
            HS_TRY(json_cell(s, row, column, text, error));
        HS_TRY(hs_text_append(text, "}", 1, error));
    }
    return hs_text_append(text, "]", 1, error);
}

/* ---- Markdown and HTML: as people read it ------------------------------------------------------------------------ */

static size_t n_shown(const report_table *s)
{
    size_t n = hs__report_table_n_rows(s);

    return s->n_wanted > 0 && s->n_wanted < n ? s->n_wanted : n;
}

/* One cell through the escape of a format. */
static hs_status print_cell(const report_table *s, size_t row, size_t column,
                            hs_status (*escape)(const char *, hs_text *, hs_error *), hs_text *text, hs_error *error)
{
    hs_text cell = {0};
    hs_status status = format_cell(s, row, column, &cell, error);

    if (status == HS_OK && cell.text != NULL)
        status = escape(cell.text, text, error);
    hs_text_clear(&cell);
    return status;
}

hs_status hs__report_table_as_markdown(const report_table *s, hs_text *text, hs_error *error)
{
    HS_TRY(hs_text_append(text, "|", 1, error));
    for (size_t column = 0; column < s->n_columns; ++column) {
        HS_TRY(hs_text_append(text, " ", 1, error));
        HS_TRY(hs__report_escape_markdown(s->columns[column].title, text, error));
        HS_TRY(hs_text_append(text, " |", 2, error));
    }
    HS_TRY(hs_text_append(text, "\n|", 2, error));
    for (size_t column = 0; column < s->n_columns; ++column)
        HS_TRY(hs_text_appendf(text, error, " %s |", s->columns[column].kind == TABLE_TEXT ? "---" : "---:"));
    for (size_t row = 0; row < n_shown(s); ++row) {
        HS_TRY(hs_text_append(text, "\n|", 2, error));
        for (size_t column = 0; column < s->n_columns; ++column) {
            HS_TRY(hs_text_append(text, " ", 1, error));
            HS_TRY(print_cell(s, row, column, hs__report_escape_markdown, text, error));
            HS_TRY(hs_text_append(text, " |", 2, error));
        }
    }
    return hs_text_append(text, "\n", 1, error);
}

static hs_status html_head(const report_table *s, hs_text *text, hs_error *error)
{
    HS_TRY(hs_text_appendf(text, error, "<thead><tr>"));
    for (size_t column = 0; column < s->n_columns; ++column) {
        HS_TRY(hs_text_appendf(text, error, "<th scope=\"col\"%s>",
                               s->columns[column].kind == TABLE_TEXT ? "" : " class=\"number\""));
        HS_TRY(hs__report_escape_html(s->columns[column].title, text, error));
        HS_TRY(hs_text_appendf(text, error, "</th>"));
    }
    return hs_text_appendf(text, error, "</tr></thead>\n<tbody>\n");
}

static hs_status html_row(const report_table *s, size_t row, hs_text *text, hs_error *error)
{
    if (row < s->n_row_sets)
        HS_TRY(hs_text_appendf(text, error, "<tr data-s=\"%" PRIu64 "\">", s->row_sets[row]));
    else
        HS_TRY(hs_text_appendf(text, error, "<tr>"));
    for (size_t column = 0; column < s->n_columns; ++column) {
        const table_cell *cell = cell_at(s, row, column);
        if (s->columns[column].kind == TABLE_TEXT)
            HS_TRY(hs_text_appendf(text, error, s->columns[column].of_heads ? "<td class=\"heads\">" : "<td>"));
        else if (isfinite(cell->value))
            HS_TRY(hs_text_appendf(text, error, "<td class=\"number\" data-v=\"%.9g\">", cell->value));
        else
            HS_TRY(hs_text_appendf(text, error, "<td class=\"number\">"));
        HS_TRY(print_cell(s, row, column, hs__report_escape_html, text, error));
        HS_TRY(hs_text_appendf(text, error, "</td>"));
    }
    return hs_text_appendf(text, error, "</tr>\n");
}

hs_status hs__report_table_as_html(const report_table *s, const char *name, const char *caption, hs_text *text,
                                   hs_error *error)
{
    HS_TRY(hs_text_appendf(text, error, "<div class=\"scroll\"><table id=\"table-%s\" class=\"data\"%s><caption>", name,
                           s->by_set ? " data-by-set" : ""));
    HS_TRY(hs__report_escape_html(caption, text, error));
    HS_TRY(hs_text_appendf(text, error, "</caption>\n"));
    HS_TRY(html_head(s, text, error));
    for (size_t row = 0; row < n_shown(s); ++row)
        HS_TRY(html_row(s, row, text, error));
    return hs_text_appendf(text, error, "</tbody></table></div>\n");
}
