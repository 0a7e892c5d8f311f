/* A table of the report with numbers in it, for every format. Internal to the report room. */
#ifndef REPORT_TABLE_H
#define REPORT_TABLE_H

#include "headsweep/base.h"
#include "headsweep/report.h"
#include "report/numbers.h"

enum { TABLE_NAME_BYTES = 96 };

typedef enum table_kind { TABLE_TEXT, TABLE_NUMBER, TABLE_INTERVAL } table_kind;

typedef struct table_column {
    char name[TABLE_NAME_BYTES]; /* in CSV and JSON */
    char title[TABLE_NAME_BYTES];
    table_kind kind;
    report_format format; /* for people */
    bool of_heads;        /* names of sets: they may be long */
} table_column;

typedef struct table_cell {
    size_t text;  /* offset into `texts` */
    double value; /* NaN: none */
    double low, high;
    bool marked;          /* significant */
    report_format format; /* where a column is of several metrics, else that of the column */
    const char *unit;     /* behind the value then; NULL: the column's format. Borrowed */
} table_cell;

typedef struct report_table {
    table_column *columns; /* [n_columns] */
    size_t n_columns, columns_capacity;
    table_cell *cells; /* [n_rows, n_columns], filled cell by cell */
    size_t n_cells, capacity;
    uint64_t *row_sets; /* [n_rows] or shorter: the set that a row is about, 0: none */
    size_t n_row_sets, row_sets_capacity;
    hs_text texts;
    size_t n_wanted; /* rows that page and Markdown show; 0: all */
    bool by_set;     /* the page lets people choose the rows of one set */
} report_table;

void hs__report_table_clear(report_table *s);
size_t hs__report_table_n_rows(const report_table *s);

hs_status hs__report_table_add_column(report_table *s, table_kind kind, const char *name, const char *title,
                                      hs_error *error);
/* The column that was added last. */
table_column *hs__report_table_last(report_table *s);
/* Cells come row by row, in the order of the columns. */
hs_status hs__report_table_add_text(report_table *s, const char *string, hs_error *error);
hs_status hs__report_table_add_number(report_table *s, double value, hs_error *error);
/* Seconds since 1970 as a text, UTC; empty for what is no time until the year 9999, such as 0. */
hs_status hs__report_table_add_time(report_table *s, double seconds, hs_error *error);
hs_status hs__report_table_add_interval(report_table *s, double value, double low, double high, bool marked,
                                        hs_error *error);
/* The cell that was added last is of this metric, in a column of several. */
void hs__report_table_of_metric(report_table *s, const report_metric *metric);
/* Before a row's first cell, where rows are about sets. */
hs_status hs__report_table_begin_set(report_table *s, uint64_t set, hs_error *error);

hs_status hs__report_table_as_csv(const report_table *s, hs_text *text, hs_error *error);
/* An array of objects. */
hs_status hs__report_table_as_json(const report_table *s, hs_text *text, hs_error *error);
hs_status hs__report_table_as_markdown(const report_table *s, hs_text *text, hs_error *error);
hs_status hs__report_table_as_html(const report_table *s, const char *name, const char *caption, hs_text *text,
                                   hs_error *error);

#endif
