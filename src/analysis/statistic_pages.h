/*
 * Pages of the file's tables of statistics: 8 MB of them are held, and changed ones are written back before they make
 * room for others. Internal to the analysis room.
 */
#ifndef ANALYSIS_STATISTIC_PAGES_H
#define ANALYSIS_STATISTIC_PAGES_H

#include "headsweep/results.h"

typedef struct hs_statistic_pages hs_statistic_pages;

/* `fills`: the tables begin empty, whatever the file holds; else nothing changes them. `results` is borrowed. */
hs_status hs__analysis_pages_new(hs_results *results, bool fills, hs_statistic_pages **pages_out, hs_error *error);
/* Changed pages are dropped: after a failure there is nothing to be written, and else they were flushed. */
void hs__analysis_pages_free(hs_statistic_pages *pages);

/* Where the number is, until the next call; NULL: it could not be read. `changes`: the caller writes to it. */
double *hs__analysis_pages_find(hs_statistic_pages *pages, hs_statistic statistic, size_t task, size_t metric,
                                uint64_t set, bool changes, hs_error *error);
hs_status hs__analysis_pages_flush(hs_statistic_pages *pages, hs_error *error);

/* How many sets a page of the task's tables has; the last one may have fewer. */
size_t hs__analysis_sets_of_page(const hs_results *results, size_t task);

/*
 * What pages of so many numbers, of so many tasks, hold at most while they are filled: 8 MB, and 8 bytes for each page
 * of the file.
 */
size_t hs__analysis_pages_bytes(size_t n_numbers, size_t n_tasks);

#endif
