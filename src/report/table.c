/* A table as it is filled, and its cells as people read them. */
#include "report/table.h"

#include <math.h>
#include <string.h>
#include <time.h>

void hs__report_table_clear(report_table *table)
{
    hs_free(table->columns);
    hs_free(table->cells);
    hs_free(table->row_sets);
    hs_text_clear(&table->texts);
    *table = (report_table){0};
}

hs_status hs__report_table_status(const report_table *table, hs_error *error)
{
    return hs_text_status(&table->texts, error);
}

size_t hs__report_table_n_rows(const report_table *table)
{
    return table->n_columns > 0 ? table->n_cells / table->n_columns : 0;
}

table_column *hs__report_table_last(report_table *table)
{
    return table->texts.status == HS_OK && table->n_columns > 0 ? &table->columns[table->n_columns - 1] : &table->lost;
}

/* Room for one more item; false, and nothing more goes into the table, where there is none. */
static bool has_room(report_table *table, void *items_inout, size_t *capacity_inout, size_t n, size_t item_size)
{
    hs_error error;

    error.status = HS_OK;
    if (table->texts.status == HS_OK)
        hs_text_keep(&table->texts, hs_reserve(items_inout, capacity_inout, n + 1, item_size, "table", &error));
    return table->texts.status == HS_OK;
}

void hs__report_table_add_column(report_table *table, table_kind kind, const char *name, const char *title)
{
    if (!has_room(table, &table->columns, &table->columns_capacity, table->n_columns, sizeof *table->columns))
        return;
    table_column *column = &table->columns[table->n_columns++];
    *column = (table_column){.kind = kind, .style = {.format = {.factor = 1, .digits = -4}, .unit = ""}};
    snprintf(column->name, sizeof column->name, "%s", name);
    snprintf(column->title, sizeof column->title, "%s", title);
}

static void add_cell(report_table *table, table_cell cell)
{
    if (has_room(table, &table->cells, &table->capacity, table->n_cells, sizeof *table->cells))
        table->cells[table->n_cells++] = cell;
}

void hs__report_table_add_text(report_table *table, const char *string)
{
    const size_t offset = table->texts.length;

    hs_text_put_bytes(&table->texts, string, strlen(string) + 1);
    add_cell(table, (table_cell){.text = offset, .value = NAN, .low = NAN, .high = NAN});
}

void hs__report_table_add_time(report_table *table, double seconds)
{
    static const double year_10000 = 253402300800.0;
    const bool is_time = seconds > 0 && seconds < year_10000;
    const time_t whole = is_time ? (time_t)seconds : 0;
    char text[32] = "";
    struct tm parts;

    if (is_time && gmtime_r(&whole, &parts) != NULL)
        (void)strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts);
    hs__report_table_add_text(table, text);
}

void hs__report_table_add_number(report_table *table, double value)
{
    hs__report_table_add_interval(table, value, NAN, NAN, false);
}

void hs__report_table_add_interval(report_table *table, double value, double low, double high, bool is_marked)
{
    add_cell(table, (table_cell){.value = value, .low = low, .high = high, .is_marked = is_marked});
}

void hs__report_table_of_metric(report_table *table, const report_metric *metric)
{
    if (table->texts.status != HS_OK)
        return;
    table_cell *cell = &table->cells[table->n_cells - 1];
    const bool is_change = table->columns[(table->n_cells - 1) % table->n_columns].style.format.sign;

    cell->has_style = true;
    cell->style.format = is_change ? hs__report_change_format(metric) : hs__report_mean_format(metric);
    cell->style.unit = is_change || !metric->is->percent ? hs__report_unit(metric) : "%";
}

/* Rows that are held where they can be poured. */
enum { MOST_POURED_ROWS = 1024 };

static void pour_rows(report_table *table)
{
    table->pour(table, table->pour_context);
    table->n_cells = table->n_row_sets = 0;
    hs_text_empty(&table->texts);
}

void hs__report_table_begin_set(report_table *table, uint64_t set)
{
    if (table->pour != NULL && hs__report_table_n_rows(table) >= MOST_POURED_ROWS)
        pour_rows(table);
    if (has_room(table, &table->row_sets, &table->row_sets_capacity, table->n_row_sets, sizeof *table->row_sets))
        table->row_sets[table->n_row_sets++] = set;
}

const table_cell *hs__report_table_cell(const report_table *table, size_t row, size_t column)
{
    return &table->cells[row * table->n_columns + column];
}

const char *hs__report_table_text(const report_table *table, size_t row, size_t column)
{
    return table->texts.text + hs__report_table_cell(table, row, column)->text;
}

/*
 * A cell may have its own style, in tables whose rows are different metrics; units stand at the
 * number there, and in the column's title otherwise.
 */
void hs__report_table_put_cell(const report_table *table, size_t row, size_t column, hs_text *text)
{
    const table_cell *cell = hs__report_table_cell(table, row, column);
    const table_style *style = cell->has_style ? &cell->style : &table->columns[column].style;
    char unit[TABLE_NAME_BYTES] = "";

    if (table->columns[column].kind == TABLE_TEXT) {
        hs_text_put(text, hs__report_table_text(table, row, column));
        return;
    }
    if (style->unit[0] != '\0')
        snprintf(unit, sizeof unit, "%s%s", strcmp(style->unit, "%") == 0 ? "" : " ", style->unit);
    hs__report_put_interval(&style->format, cell->value, cell->low, cell->high, unit, table->is_listing ? "," : ", ",
                            text);
    if (cell->is_marked)
        hs_text_put(text, "*");
}
