/*
 * Rows and columns with texts and numbers in them, for every format: the one table of the report room. What fails
 * while a table is filled is kept in it, as in a text, and told of once, by hs__report_table_status(). Internal to
 * the report room.
 */
#ifndef REPORT_TABLE_H
#define REPORT_TABLE_H

#include "report/numbers.h"

enum { TABLE_NAME_BYTES = 96 };

typedef enum table_kind { TABLE_TEXT, TABLE_NUMBER, TABLE_INTERVAL } table_kind;

/* How people read a number: its format and what stands behind it, "%". The unit is borrowed. */
typedef struct table_style {
    report_format format;
    const char *unit;
} table_style;

typedef struct table_column {
    char name[TABLE_NAME_BYTES]; /* in CSV and JSON */
    char title[TABLE_NAME_BYTES];
    table_kind kind;
    table_style style;
    bool of_heads;  /* names of sets: they may be long */
    bool is_tested; /* some of its numbers are marked as significant */
} table_column;

typedef struct table_cell {
    size_t text;  /* offset into `texts` */
    double value; /* NaN: none */
    double low, high;
    bool is_marked;    /* significant */
    bool has_style;    /* its own: in a column of several metrics */
    table_style style; /* then */
} table_cell;

/* Initialise with {0}. */
typedef struct report_table {
    table_column *columns; /* [n_columns] */
    size_t n_columns, columns_capacity;
    table_cell *cells; /* [n_rows, n_columns], filled cell by cell */
    size_t n_cells, capacity;
    uint64_t *row_sets; /* [n_rows] or shorter: the set that a row is about, 0: none */
    size_t n_row_sets, row_sets_capacity;
    hs_text texts;     /* of the cells; keeps what failed */
    table_column lost; /* what is changed in a column for which there was no memory */
    void (*pour)(struct report_table *table,
                 void *context); /* writes rows that are then given up; NULL: all are held */
    void *pour_context;
    bool by_set;     /* the page lets people choose the rows of one set */
    bool is_listing; /* on a terminal or in Markdown, of checked names: no blanks within intervals, few escapes */
} report_table;

void hs__report_table_clear(report_table *table);
hs_status hs__report_table_status(const report_table *table, hs_error *error);
size_t hs__report_table_n_rows(const report_table *table);

void hs__report_table_add_column(report_table *table, table_kind kind, const char *name, const char *title);
/* The column that was added last. */
table_column *hs__report_table_last(report_table *table);
/* Cells come row by row, in the order of the columns. */
void hs__report_table_add_text(report_table *table, const char *string);
void hs__report_table_add_number(report_table *table, double value);
/* Seconds since 1970 as a text, UTC; empty for what is not a time until the year 9999, such as 0. */
void hs__report_table_add_time(report_table *table, double seconds);
void hs__report_table_add_interval(report_table *table, double value, double low, double high, bool is_marked);
/* The cell that was added last is of this metric, in a column of several. */
void hs__report_table_of_metric(report_table *table, const report_metric *metric);
/* Before a row's first cell, where rows are about sets; pours those that there are, if they are many. */
void hs__report_table_begin_set(report_table *table, uint64_t set);

const table_cell *hs__report_table_cell(const report_table *table, size_t row, size_t column);
/* The string of a cell of texts. */
const char *hs__report_table_text(const report_table *table, size_t row, size_t column);
/* A cell as people read it. */
void hs__report_table_put_cell(const report_table *table, size_t row, size_t column, hs_text *text);

/* Of a table that is poured, the first of its rows, with their head, the last, or those between. */
typedef struct table_part {
    bool is_first, is_last;
} table_part;
void hs__report_table_as_csv(const report_table *table, table_part part, hs_text *text);
/* An array of objects. */
void hs__report_table_as_json(const report_table *table, table_part part, hs_json_writer *json);
/* Aligned columns; the widest cell decides a column's width. */
void hs__report_table_as_text(const report_table *table, hs_text *text);
void hs__report_table_as_markdown(const report_table *table, hs_text *text);
/* Rows until so many bytes are taken; says how many are left out. */
void hs__report_table_as_html(const report_table *table, const char *name, const char *caption, size_t n_most_bytes,
                              hs_text *text);

#endif
