/*
 * reader: a data file, record by record, as objects. The file's ending says what it is:
 *
 *   .csv .tsv   RFC 4180 with a header: an object a record, the header's names -> strings. A field in quotes may hold
 *               delimiters, line ends and doubled quotes; a quote elsewhere than at a field's start stands for itself.
 *   .txt        { "text": the line }
 *   all others  JSON Lines
 *
 * Blank lines, CRLF and a byte order mark at the start are accepted.
 */
#ifndef TASKS_READER_H
#define TASKS_READER_H

#include "tasks/delimited.h"

enum { TASK_MAX_LINE_BYTES = 16 * 1024 * 1024, TASK_MAX_COLUMNS = 4096 };

typedef struct task_reader {
    const char *path; /* borrowed */
    const struct task_file_format *format;
    hs_mapped_file file;
    size_t position;
    size_t next_line;        /* number of the line at `position`, from 1 */
    size_t line;             /* where the record read last begins */
    hs_text place;           /* "path:line" of it, for messages */
    hs_json *json;           /* its document */
    delimited_record header; /* of a CSV or TSV file */
    delimited_record record;
} task_reader;

/* HS_ERROR_INPUT: a CSV or TSV file without a header, or with a name twice in it. */
hs_status task_reader_open(const char *path, task_reader *reader_out, hs_error *error);
void task_reader_clear(task_reader *reader);

/*
 * The object of the next record that is not blank, valid until the next call; NULL at the end. HS_ERROR_INPUT begins
 * with "path:line: ": not UTF-8, a NUL byte, no JSON, no object, quotes that do not match, more or fewer fields than the
 * header has, longer than TASK_MAX_LINE_BYTES (found without reading the rest of it).
 */
hs_status task_reader_next(task_reader *reader, const hs_json_value **object_out, hs_error *error);
/* Passes over the next record without looking at what is in it; *skipped_out is false at the end. */
hs_status task_reader_skip(task_reader *reader, bool *skipped_out, hs_error *error);

/*
 * The next line of `bytes` from *position on, without its end (LF or CRLF); *position moves behind it. False at the
 * end. A line longer than `max_bytes` comes with *length_out > max_bytes, cut.
 */
bool task_next_line(const char *bytes, size_t n_bytes, size_t max_bytes, size_t *position, const char **line_out,
                    size_t *length_out);

#endif
