#include "report/grid.h"

#include <string.h>

void hs__report_grid_clear(grid *g)
{
    for (size_t i = 0; i < g->n_columns; ++i)
        hs_free(g->columns[i].cells);
    g->n_columns = 0;
}

hs_status hs__report_grid_add_column(grid *g, bool right_aligned, grid_column **column_out, hs_error *error)
{
    if (g->n_columns == GRID_MAX_COLUMNS)
        return hs_fail(error, HS_ERROR_INTERNAL, "a table has more than %d columns", GRID_MAX_COLUMNS);
    grid_column *added = &g->columns[g->n_columns];
    HS_TRY(hs_allocate(&added->cells, g->n_rows, sizeof *added->cells, "table", error));
    added->right_aligned = right_aligned;
    ++g->n_columns;
    *column_out = added;
    return HS_OK;
}

static size_t column_width(const grid_column *c, size_t n_rows)
{
    size_t width = strlen(c->title);

    for (size_t row = 0; row < n_rows; ++row)
        width = strlen(c->cells[row]) > width ? strlen(c->cells[row]) : width;
    return width;
}

/* Without the blanks that align the last column. */
static hs_status end_line(hs_text *text, hs_error *error)
{
    while (text->length > 0 && text->text[text->length - 1] == ' ')
        --text->length;
    return hs_text_append(text, "\n", 1, error);
}

static hs_status print_text_row(const grid *g, const int *widths, size_t row, bool title, hs_text *text,
                                hs_error *error)
{
    for (size_t i = 0; i < g->n_columns; ++i) {
        const grid_column *c = &g->columns[i];
        HS_TRY(hs_text_appendf(text, error, "  %*s", c->right_aligned ? widths[i] : -widths[i],
                               title ? c->title : c->cells[row]));
    }
    return end_line(text, error);
}

hs_status hs__report_grid_print_text(const grid *g, hs_text *text, hs_error *error)
{
    int widths[GRID_MAX_COLUMNS];

    for (size_t i = 0; i < g->n_columns; ++i)
        widths[i] = (int)column_width(&g->columns[i], g->n_rows);
    HS_TRY(print_text_row(g, widths, 0, true, text, error));
    for (size_t row = 0; row < g->n_rows; ++row)
        HS_TRY(print_text_row(g, widths, row, false, text, error));
    return HS_OK;
}

/* Blanks at the end of a cell, which align figures in text, mean nothing here; a star would begin emphasis. */
static hs_status print_markdown_cell(const char *cell, hs_text *text, hs_error *error)
{
    size_t length = strlen(cell);

    while (length > 0 && cell[length - 1] == ' ')
        --length;
    HS_TRY(hs_text_append(text, " ", 1, error));
    for (size_t i = 0; i < length; ++i)
        HS_TRY(hs_text_appendf(text, error, "%s%c", cell[i] == '*' || cell[i] == '|' ? "\\" : "", cell[i]));
    return hs_text_append(text, " |", 2, error);
}

hs_status hs__report_grid_print_markdown(const grid *g, hs_text *text, hs_error *error)
{
    HS_TRY(hs_text_append(text, "|", 1, error));
    for (size_t i = 0; i < g->n_columns; ++i)
        HS_TRY(print_markdown_cell(g->columns[i].title, text, error));
    HS_TRY(hs_text_append(text, "\n|", 2, error));
    for (size_t i = 0; i < g->n_columns; ++i)
        HS_TRY(hs_text_appendf(text, error, " %s |", g->columns[i].right_aligned ? "---:" : "---"));
    for (size_t row = 0; row < g->n_rows; ++row) {
        HS_TRY(hs_text_append(text, "\n|", 2, error));
        for (size_t i = 0; i < g->n_columns; ++i)
            HS_TRY(print_markdown_cell(g->columns[i].cells[row], text, error));
    }
    return hs_text_append(text, "\n", 1, error);
}
