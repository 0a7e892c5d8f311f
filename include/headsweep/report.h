/*
 * report: findings as people and programs read them: rankings, and the report of a whole file as one page, its figures
 * and its tables. Everything is appended to a text; the caller prints or writes it.
 */
#ifndef HEADSWEEP_REPORT_H
#define HEADSWEEP_REPORT_H

#include "headsweep/analysis.h"
#include "headsweep/phases.h"

typedef enum hs_report_format { HS_REPORT_TABLE, HS_REPORT_CSV, HS_REPORT_JSON, HS_REPORT_MARKDOWN } hs_report_format;

/* "table", "csv", "json" or "md"; HS_ERROR_USAGE otherwise. */
hs_status hs_report_format_parse(const char *text, hs_report_format *format_out, hs_error *error);

/*
 * The first `top` sets of a ranking (0 = all). Table and Markdown show deltas with intervals of the metric that is
 * ranked by and of what is kept or the first metric of each task (shares in points of 100), for pairs the interaction,
 * and what says how far to trust them; CSV and JSON have every statistic of every metric, undefined ones empty or null.
 */
hs_status hs_report_ranking(const hs_analysis *analysis, const hs_ranking_request *request, const hs_ranking *ranking,
                            size_t top, hs_report_format format, hs_text *text, hs_error *error);

/* Of a ranking without a set: why it has none, as the end of a sentence. */
hs_status hs_report_why_empty(const hs_analysis *analysis, const hs_ranking_request *request, const hs_ranking *ranking,
                              hs_text *text, hs_error *error);

/*
 * Pruning curves, one after the other: the finding as a sentence and a row a point. CSV has one table of all curves,
 * JSON an object with `curves`.
 */
hs_status hs_report_pruning(const hs_analysis *analysis, const hs_pruning_curve *curves, size_t n_curves,
                            hs_report_format format, hs_text *text, hs_error *error);

/* The report of a whole file. */

typedef struct hs_report_options {
    size_t top;              /* rows of the ranking in page and Markdown; CSV and JSON have all */
    const char *const *sets; /* [n_sets] names, "2.1+3.0", of which the examples are wanted too; borrowed */
    size_t n_sets;
    const char *title; /* of the page; borrowed */
} hs_report_options;

typedef struct hs_report hs_report;

/* What stands at the beginning of a page and of a figure that is a file: by it a file is known to be ours. */
#define HS_REPORT_PAGE_MARK "<meta name=\"generator\" content=\"headsweep\">"
#define HS_REPORT_FIGURE_MARK "<!-- made by headsweep -->"

/*
 * Everything from the file and its statistics alone; `analysis` is borrowed and must outlive the report. The ranking is
 * the default one of hs_analysis_request_parse. HS_ERROR_USAGE: a named set that the file does not have.
 */
hs_status hs_report_new(const hs_analysis *analysis, const hs_report_options *options, hs_report **report_out,
                        hs_error *error);
void hs_report_free(hs_report *report);

/*
 * One HTML page that needs no other file and no network: figures as SVG, tables, and the numbers behind them for the
 * script that is part of it. Without script figures and tables can still be read.
 */
hs_status hs_report_page(const hs_report *report, hs_text *page, hs_error *error);

/*
 * The tables of the page as CSV, JSON or Markdown; `table` names one of them, NULL means all. HS_ERROR_USAGE: no such
 * table (lists those there are), or the format HS_REPORT_TABLE.
 */
hs_status hs_report_tables(const hs_report *report, const char *table, hs_report_format format, hs_text *text,
                           hs_error *error);

/* The figures of the page as SVG files of their own, each with its style. The name is that of a file, "heads-1.svg". */
size_t hs_report_n_figures(const hs_report *report);
hs_status hs_report_figure(const hs_report *report, size_t figure, hs_text *name, hs_text *svg, hs_error *error);

#endif
