/*
 * The statistics of all sets: in memory, where a process computes them for itself, else in the results file, of which
 * a few pages are held. Tables grow with sets x metrics x statistics, which is more than a rank should need for them.
 * Internal to the analysis room.
 */
#ifndef ANALYSIS_STATISTIC_TABLES_H
#define ANALYSIS_STATISTIC_TABLES_H

#include "analysis/pairs.h"

/* Of a pair alone: NaN of all other sets. */
bool hs__analysis_is_of_pairs(hs_statistic statistic);

typedef enum hs_tables_place {
    HS_TABLES_IN_MEMORY,
    HS_TABLES_IN_FILE, /* empty, whatever the file holds: it gets what is put, flush() at the latest */
    HS_TABLES_STORED,  /* those that the file holds; nothing is put */
} hs_tables_place;

/* `pairs` is borrowed. */
hs_status hs__analysis_tables_new(hs_results *results, const hs_pairs *pairs, hs_tables_place place,
                                  hs_statistic_tables **tables_out, hs_error *error);
void hs__analysis_tables_free(hs_statistic_tables *tables);

/* NaN of what is not defined, and of what could not be read: hs__analysis_tables_status() tells. */
double hs__analysis_tables_get(hs_statistic_tables *tables, hs_statistic statistic, size_t task, size_t metric,
                               uint64_t set);
/* What fails is kept, too. NaN of a pair's statistic of what is no pair is no news, and costs nothing. */
void hs__analysis_tables_put(hs_statistic_tables *tables, hs_statistic statistic, size_t task, size_t metric,
                             uint64_t set, double value);
/* The first failure of reading or writing. */
hs_status hs__analysis_tables_status(const hs_statistic_tables *tables, hs_error *error);
/* Writes what was put into the file's tables, or all of those in memory into `results`. */
hs_status hs__analysis_tables_flush(hs_statistic_tables *tables, hs_results *results, hs_error *error);

/* Of tables in a file: reads those of the first of sets[n], as many as it returns; `n` of those in memory. */
size_t hs__analysis_tables_fetch(hs_statistic_tables *tables, const uint64_t *sets, size_t n);

#endif
