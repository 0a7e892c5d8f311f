/* Tables for people: aligned on a terminal, and Markdown. */
#include <string.h>

#include "report/escape.h"
#include "report/table.h"

/* A number that could be marked and is not has a blank there, so that the digits of a column stand below each other. */
static const char *padding(const report_table *table, size_t row, size_t column)
{
    const table_cell *cell = hs__report_table_cell(table, row, column);

    return table->columns[column].is_tested && !cell->is_marked && cell->value == cell->value ? " " : "";
}

/* The cell in `scratch`, padded. */
static const char *cell_text(const report_table *table, size_t row, size_t column, hs_text *scratch)
{
    hs_text_empty(scratch);
    hs__report_table_put_cell(table, row, column, scratch);
    hs_text_put(scratch, padding(table, row, column));
    return scratch->text != NULL ? scratch->text : "";
}

static const char *title_text(const report_table *table, size_t column, hs_text *scratch)
{
    scratch->length = 0;
    hs_text_putf(scratch, "%s%s", table->columns[column].title, table->columns[column].is_tested ? " " : "");
    return scratch->text != NULL ? scratch->text : "";
}

static int width_of(const report_table *table, size_t column, hs_text *scratch)
{
    size_t width = strlen(title_text(table, column, scratch));

    for (size_t row = 0; row < hs__report_table_n_rows(table); ++row) {
        const size_t length = strlen(cell_text(table, row, column, scratch));
        width = length > width ? length : width;
    }
    return (int)width;
}

/* Without the blanks that align the last column. */
static void end_line(hs_text *text)
{
    while (text->length > 0 && text->text[text->length - 1] == ' ')
        --text->length;
    hs_text_put(text, "\n");
}

static void put_aligned(const table_column *column, int width, const char *string, hs_text *text)
{
    hs_text_putf(text, "  %*s", column->kind == TABLE_TEXT ? -width : width, string);
}

/*
 * Every cell is made twice, for its column's width and for its line: nothing is kept for as many rows as a file may
 * have.
 */
void hs__report_table_as_text(const report_table *table, hs_text *text)
{
    enum { MOST_COLUMNS = 80 };
    const size_t n = table->n_columns < MOST_COLUMNS ? table->n_columns : MOST_COLUMNS;
    int widths[MOST_COLUMNS];
    hs_text scratch = {0};

    for (size_t column = 0; column < n; ++column) {
        widths[column] = width_of(table, column, &scratch);
        put_aligned(&table->columns[column], widths[column], title_text(table, column, &scratch), text);
    }
    end_line(text);
    for (size_t row = 0; row < hs__report_table_n_rows(table); ++row) {
        for (size_t column = 0; column < n; ++column)
            put_aligned(&table->columns[column], widths[column], cell_text(table, row, column, &scratch), text);
        end_line(text);
    }
    hs_text_keep(text, scratch.status);
    hs_text_clear(&scratch);
}

/*
 * In a listing a star would begin emphasis, and a stroke end the cell: that is all that its names and numbers can
 * do.
 */
static void put_markdown_cell(const report_table *table, const char *string, hs_text *text)
{
    hs_text_put(text, " ");
    if (table->is_listing)
        hs__report_put_escaped(string, "*|", text);
    else
        hs__report_put_markdown(string, text);
    hs_text_put(text, " |");
}

/* Numbers are aligned by the renderer, so that cells need no padding. */
void hs__report_table_as_markdown(const report_table *table, hs_text *text)
{
    hs_text scratch = {0};

    hs_text_put(text, "|");
    for (size_t column = 0; column < table->n_columns; ++column)
        put_markdown_cell(table, table->columns[column].title, text);
    hs_text_put(text, "\n|");
    for (size_t column = 0; column < table->n_columns; ++column)
        hs_text_put(text, table->columns[column].kind == TABLE_TEXT ? " --- |" : " ---: |");
    for (size_t row = 0; row < hs__report_table_n_rows(table); ++row) {
        hs_text_put(text, "\n|");
        for (size_t column = 0; column < table->n_columns; ++column) {
            hs_text_empty(&scratch);
            hs__report_table_put_cell(table, row, column, &scratch);
            put_markdown_cell(table, hs_text_kept(text, &scratch), text);
        }
    }
    hs_text_put(text, "\n");
    hs_text_keep(text, scratch.status);
    hs_text_clear(&scratch);
}
