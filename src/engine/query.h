/*
 * query: from the last residual to answers.
 *
 * Only rows that a query reads are normed and unembedded, in blocks of rows that bound the logits' buffer.
 */
#ifndef HEADSWEEP_ENGINE_QUERY_H
#define HEADSWEEP_ENGINE_QUERY_H

#include "engine/forward.h"

/* Number of distinct rows that queries read; marks them in row_slots [rows of the workload] (0, else HS_NOT_SCORED). */
size_t hs__engine_mark_scored_rows(uint32_t *row_slots, const hs_workload *workload);
/* Numbers the marked rows in row_slots [n_rows] in ascending order and lists them in scored_rows. */
void hs__engine_number_scored_rows(uint32_t *row_slots, uint32_t *scored_rows, size_t n_rows);
/* Fills scratch->statistics, after the rows are numbered. */
void hs__engine_mark_statistics(struct hs_scratch *scratch, const hs_workload *workload);

/* answers [n_queries] from the pass's residual; NaN where a logit that the query depends on is not finite. */
hs_status hs__engine_answer_queries(const struct hs_pass *pass, const hs_workload *workload, size_t n_scored_rows,
                                    double *answers, hs_error *error);

#endif
