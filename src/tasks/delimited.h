/* delimited: records of comma- or tab-separated files as RFC 4180 has them. */
#ifndef TASKS_DELIMITED_H
#define TASKS_DELIMITED_H

#include "headsweep/base.h"

/* The fields of a record, back to back, each with a zero behind it. Initialise with {0}; may be read into again. */
typedef struct delimited_record {
    hs_text bytes;
    size_t *offsets; /* [n + 1] */
    size_t n;
    size_t capacity;
} delimited_record;

void delimited_record_clear(delimited_record *record);
const char *delimited_field(const delimited_record *record, size_t index);
size_t delimited_field_length(const delimited_record *record, size_t index);

/*
 * Length of the record at `bytes` with its line end, which may lie within quotes before that; *n_lines_out: the lines
 * that it takes. 0 where a quote is not closed within `n_bytes`; there is at least one byte.
 */
size_t delimited_length(const char *bytes, size_t n_bytes, char delimiter, size_t *n_lines_out);

/* HS_ERROR_INPUT "place: ...": bytes between a closing quote and the delimiter. `length` is delimited_length(). */
hs_status delimited_read(const char *bytes, size_t length, char delimiter, const char *place, delimited_record *record,
                         hs_error *error);

#endif
