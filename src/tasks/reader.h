/* reader: a JSON Lines file, object by object. Blank lines, CRLF and a byte order mark at the start are accepted. */
#ifndef TASKS_READER_H
#define TASKS_READER_H

#include "headsweep/base.h"

enum { TASK_MAX_LINE_BYTES = 16 * 1024 * 1024 };

typedef struct task_reader {
    const char *path; /* borrowed */
    hs_mapped_file file;
    size_t position;
    size_t line;   /* number of the line read last, from 1 */
    hs_text place; /* "path:line" of it, for messages */
    hs_json *json; /* its document */
} task_reader;

hs_status task_reader_open(const char *path, task_reader *reader_out, hs_error *error);
void task_reader_clear(task_reader *reader);

/*
 * The object of the next line that is not blank, valid until the next call; NULL at the end. HS_ERROR_INPUT begins with
 * "path:line: ": not UTF-8, no JSON, no object, longer than TASK_MAX_LINE_BYTES (found without reading the rest of it).
 */
hs_status task_reader_next(task_reader *reader, const hs_json_value **object_out, hs_error *error);

/*
 * The next line of `bytes` from *position on, without its end (LF or CRLF); *position moves behind it. False at the
 * end. A line longer than `max_bytes` comes with *length_out > max_bytes, cut.
 */
bool task_next_line(const char *bytes, size_t n_bytes, size_t max_bytes, size_t *position, const char **line_out,
                    size_t *length_out);

#endif
