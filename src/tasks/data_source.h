/* data_source: the text of a data file from front to back, in lines that are counted. */
#ifndef TASKS_DATA_SOURCE_H
#define TASKS_DATA_SOURCE_H

#include "headsweep/base.h"

enum { TASK_MAX_LINE_BYTES = 16 * 1024 * 1024 };

/* Records of which people are told: how many, and where the first is. Initialise with {0}. */
typedef struct task_oddity {
    size_t n;
    size_t line;
} task_oddity;

void hs__tasks_oddity_add(task_oddity *oddity, size_t line);
/* Appends "path:line and others: what" and a line end; nothing if there is no such record. */
hs_status hs__tasks_oddity_note(const task_oddity *oddity, const char *path, const char *what, hs_text *notes,
                                hs_error *error);

typedef struct task_source {
    const char *path; /* borrowed */
    hs_input *input;
    char line_end;    /* '\n', with or without '\r' before it; or '\r', where no line ends otherwise */
    size_t next_line; /* number of the line at the position, from 1 */
} task_source;

/*
 * HS_ERROR_INPUT: a file of another kind (Parquet, an archive, UTF-16, ...); says how to get a text out of
 * it. `quote` is the byte around fields that may hold line ends, '\0' for none.
 */
hs_status hs__tasks_source_open(const char *path, char quote, task_source *source_out, hs_error *error);
void hs__tasks_source_clear(task_source *source);

/* As hs_input_look(). */
hs_status hs__tasks_source_look(task_source *source, size_t n_wanted, const char **bytes_out, size_t *n_out,
                                bool *is_all_out, hs_error *error);
/* Passes over what was looked at; stays readable until the next look. */
void hs__tasks_source_pass(task_source *source, const char *bytes, size_t n_bytes);
/* Passes over white space; the byte behind it, or -1 at the end. */
hs_status hs__tasks_source_next_byte(task_source *source, int *byte_out, hs_error *error);

/* Length of a record at the start of `bytes`, with its line end if it has one; 0: it does not end within n_bytes. */
typedef size_t task_measure(const char *bytes, size_t n_bytes, void *context);

/*
 * Passes over the record at the position as `measure` finds it, or all that is left; *is_whole_out is false if it has
 * no end. Of one that is longer than TASK_MAX_LINE_BYTES comes one byte more than these, and the rest is not read.
 */
hs_status hs__tasks_source_cut(task_source *source, task_measure *measure, void *context, const char **record_out,
                               size_t *length_out, bool *is_whole_out, hs_error *error);

#endif
