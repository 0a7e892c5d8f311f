/*
 * report: rankings as people and programs read them. Everything is appended to a text; the caller prints it.
 */
#ifndef HEADSWEEP_REPORT_H
#define HEADSWEEP_REPORT_H

#include "headsweep/analysis.h"

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

#endif
