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

void hs__tasks_delimited_record_clear(delimited_record *record);
const char *hs__tasks_delimited_field(const delimited_record *record, size_t index);
size_t hs__tasks_delimited_field_length(const delimited_record *record, size_t index);
hs_status hs__tasks_delimited_add(delimited_record *record, const char *field, size_t length, hs_error *error);

/* How a file is written. */
typedef struct delimited_dialect {
    char delimiter;
    char quote;    /* around fields; '\0': none, and every byte stands for itself */
    char line_end; /* '\n', with or without '\r' before it; or '\r' */
} delimited_dialect;

/*
 * Length of the record at `bytes` with its line end, which is none within quotes; 0 where it does not end within
 * `n_bytes`;
 * *in_quotes_out: because of a quote that is not closed there.
 */
size_t hs__tasks_delimited_length(const char *bytes, size_t n_bytes, const delimited_dialect *dialect,
                                  bool *in_quotes_out);

/*
 * HS_ERROR_INPUT "place: ...": bytes between a closing quote and the delimiter. `length` is
 * hs__tasks_delimited_length(), or that of the last record, which needs no line end.
 */
hs_status hs__tasks_delimited_read(const char *bytes, size_t length, const delimited_dialect *dialect,
                                   const char *place, delimited_record *record, hs_error *error);

/*
 * Whether the lines of a record of several are like records of `n_fields` fields each, at least half of them and two:
 * so it looks where a quote that was none has swallowed records.
 */
bool hs__tasks_delimited_looks_swallowed(const char *bytes, size_t length, const delimited_dialect *dialect,
                                         size_t n_fields);

#endif
