/* Which sets and metrics of a large file the page has numbers of. Internal to the report room. */
#ifndef REPORT_PAYLOAD_SETS_H
#define REPORT_PAYLOAD_SETS_H

#include "report/contents.h"

typedef struct payload_choice {
    uint64_t *sets; /* ascending, without the clean one; hs_free() it */
    size_t n_sets;
    size_t n_metrics; /* the first of the report's */
} payload_choice;

/*
 * As many as `n_most_bytes` hold, a row of one metric's tables being `row_bytes`: beyond it fewer metrics, then fewer
 * sets. *choice_out is {0} before; what it has after a failure is freed as after success.
 */
hs_status hs__report_payload_choose(const hs_report *report, size_t row_bytes, size_t n_most_bytes,
                                    payload_choice *choice_out, hs_error *error);

#endif
