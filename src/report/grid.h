/* A table of text cells, as text or Markdown. Internal to the report room. */
#ifndef REPORT_GRID_H
#define REPORT_GRID_H

#include "headsweep/base.h"

enum { GRID_MAX_COLUMNS = 80, GRID_CELL_BYTES = 96 };

/* The widest cell decides a column's width. */
typedef struct grid_column {
    char title[GRID_CELL_BYTES];
    bool right_aligned;
    char (*cells)[GRID_CELL_BYTES]; /* [n_rows] */
} grid_column;

typedef struct grid {
    grid_column columns[GRID_MAX_COLUMNS];
    size_t n_columns;
    size_t n_rows;
} grid;

/* An empty column; owned by the grid. */
hs_status hs__report_grid_add_column(grid *g, bool right_aligned, grid_column **column_out, hs_error *error);
hs_status hs__report_grid_print_text(const grid *g, hs_text *text, hs_error *error);
hs_status hs__report_grid_print_markdown(const grid *g, hs_text *text, hs_error *error);
void hs__report_grid_clear(grid *g);

#endif
