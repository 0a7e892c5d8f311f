/*
 * reader: a data file, record by record, as objects. The file's ending says what it is, what gzip packed is unpacked
 * whatever it is called, and ".gz" is not an ending of its own:
 *
 *   .csv .tsv   a header, then an object a record: the header's names, or those that the experiment file gives, ->
 *               strings. CSV is as RFC 4180 has it: a field in quotes may hold delimiters, line ends and doubled
 *               quotes; a quote elsewhere than at a field's start stands for itself. In TSV all quotes stand for
 *               themselves, unless the experiment file says otherwise.
 *   .txt        { "text": the line }
 *   all others  JSON: an object a line (JSON Lines), objects over several lines, or a list of them
 *
 * Blank lines, CRLF, carriage returns alone and a byte order mark at the start are accepted.
 */
#ifndef TASKS_READER_H
#define TASKS_READER_H

#include "headsweep/config.h"
#include "tasks/data_source.h"
#include "tasks/delimited.h"
#include "tasks/json_document.h"

enum { TASK_MAX_COLUMNS = 4096 };

typedef struct task_reader {
    task_source source;
    const struct task_file_format *format;
    delimited_dialect dialect;
    task_json_document document;
    size_t line;             /* where the record read last begins */
    hs_text place;           /* "path:line" of it, for messages */
    hs_json *json;           /* its document */
    delimited_record header; /* of a CSV or TSV file */
    bool has_columns;        /* `header` is the experiment file's, and the file has none */
    delimited_record record;
    size_t n_records;     /* that were parsed */
    task_oddity spread;   /* a field in quotes over several lines */
    task_oddity quoted;   /* a field in quotes that stand for themselves */
    task_oddity replaced; /* half of a surrogate pair */
} task_reader;

/*
 * `data_format` may be NULL: nothing but the ending says how to read. HS_ERROR_USAGE: it says what does not suit the
 * ending.
 * HS_ERROR_INPUT: a file that is not a text, a CSV or TSV file without a header, or with a name twice in it, no list
 * of records where one should be.
 */
hs_status hs__tasks_reader_open(const char *path, const hs_data_format *data_format, task_reader *reader_out,
                                hs_error *error);
void hs__tasks_reader_clear(task_reader *reader);

/*
 * The object of the next record that is not blank, valid until the next call; NULL at the end. HS_ERROR_INPUT begins
 * with "path:line: ": not UTF-8, a NUL byte, no JSON, no object, quotes that do not match, more or fewer fields than
 * the header has, longer than TASK_MAX_LINE_BYTES (found without reading the rest of it).
 */
hs_status hs__tasks_reader_next(task_reader *reader, const hs_json_value **object_out, hs_error *error);
/* Passes over the next record without looking at what is in it; *skipped_out is false at the end. */
hs_status hs__tasks_reader_skip(task_reader *reader, bool *skipped_out, hs_error *error);

/* Appends a line for each thing that people should know of what was read. */
hs_status hs__tasks_reader_notes(const task_reader *reader, hs_text *notes, hs_error *error);

/*
 * The next line of `bytes` from *position on, without its end (LF or CRLF); *position moves behind it. False at the
 * end. A line longer than `max_bytes` comes with *length_out > max_bytes, cut.
 */
bool hs__tasks_next_line(const char *bytes, size_t n_bytes, size_t max_bytes, size_t *position, const char **line_out,
                         size_t *length_out);

#endif
