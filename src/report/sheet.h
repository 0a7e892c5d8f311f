/* A table of the report with numbers in it, for every format. Internal to the report room. */
#ifndef REPORT_SHEET_H
#define REPORT_SHEET_H

#include "headsweep/base.h"
#include "headsweep/report.h"
#include "report/numbers.h"

enum { SHEET_NAME_BYTES = 96 };

typedef enum sheet_kind { SHEET_TEXT, SHEET_NUMBER, SHEET_INTERVAL } sheet_kind;

typedef struct sheet_column {
    char name[SHEET_NAME_BYTES]; /* in CSV and JSON */
    char title[SHEET_NAME_BYTES];
    sheet_kind kind;
    report_format format; /* for people */
    bool of_heads;        /* names of sets: they may be long */
} sheet_column;

typedef struct sheet_cell {
    size_t text;  /* offset into `texts` */
    double value; /* NaN: none */
    double low, high;
    bool marked;          /* significant */
    report_format format; /* where a column is of several metrics, else that of the column */
    const char *unit;     /* behind the value then; NULL: the column's format. Borrowed */
} sheet_cell;

typedef struct sheet {
    sheet_column *columns; /* [n_columns] */
    size_t n_columns, columns_capacity;
    sheet_cell *cells; /* [n_rows, n_columns], filled cell by cell */
    size_t n_cells, capacity;
    uint64_t *row_sets; /* [n_rows] or shorter: the set that a row is about, 0: none */
    size_t n_row_sets, row_sets_capacity;
    hs_text texts;
    size_t n_wanted; /* rows that page and Markdown show; 0: all */
    bool by_set;     /* the page lets people choose the rows of one set */
} sheet;

void hs__report_sheet_clear(sheet *s);
size_t hs__report_sheet_n_rows(const sheet *s);

hs_status hs__report_sheet_add_column(sheet *s, sheet_kind kind, const char *name, const char *title, hs_error *error);
/* The column that was added last. */
sheet_column *hs__report_sheet_last(sheet *s);
/* Cells come row by row, in the order of the columns. */
hs_status hs__report_sheet_add_text(sheet *s, const char *string, hs_error *error);
hs_status hs__report_sheet_add_number(sheet *s, double value, hs_error *error);
/* Seconds since 1970 as a text, UTC; empty for what is no time until the year 9999, such as 0. */
hs_status hs__report_sheet_add_time(sheet *s, double seconds, hs_error *error);
hs_status hs__report_sheet_add_interval(sheet *s, double value, double low, double high, bool marked, hs_error *error);
/* The cell that was added last is of this metric, in a column of several. */
void hs__report_sheet_of_metric(sheet *s, const report_metric *metric);
/* Before a row's first cell, where rows are about sets. */
hs_status hs__report_sheet_begin_set(sheet *s, uint64_t set, hs_error *error);

hs_status hs__report_sheet_as_csv(const sheet *s, hs_text *text, hs_error *error);
/* An array of objects. */
hs_status hs__report_sheet_as_json(const sheet *s, hs_text *text, hs_error *error);
hs_status hs__report_sheet_as_markdown(const sheet *s, hs_text *text, hs_error *error);
hs_status hs__report_sheet_as_html(const sheet *s, const char *name, const char *caption, hs_text *text,
                                   hs_error *error);

#endif
