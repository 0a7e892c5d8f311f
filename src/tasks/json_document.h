/*
 * json_document: how the records of a JSON file lie in it. A line each (JSON Lines); one value after the other, over
 * any number of lines; or as elements of a list, which is the whole document or somewhere in it.
 */
#ifndef TASKS_JSON_DOCUMENT_H
#define TASKS_JSON_DOCUMENT_H

#include "tasks/data_source.h"

typedef enum task_json_layout { TASK_JSON_LINES, TASK_JSON_VALUES, TASK_JSON_LIST } task_json_layout;

typedef struct task_json_document {
    task_json_layout layout;
    size_t n_records; /* of a list: that were passed */
    size_t depth;     /* brackets around the list */
    bool is_at_end;
} task_json_document;

/*
 * Finds the records and passes over what is before them. `records` leads to the list: "data", "data.train",
 * "0.items"; "" where the file is the list, or has no list. HS_ERROR_INPUT names file and line of what is in the way.
 */
hs_status hs__tasks_json_open(task_source *source, const char *records, task_json_document *document_out,
                              hs_error *error);

/*
 * Not for lines: passes to the next record; false at the end. HS_ERROR_INPUT: no comma, cut off, or more behind the
 * document that has the list.
 */
hs_status hs__tasks_json_next(task_source *source, task_json_document *document, bool *found_out, hs_error *error);

/* A task_measure of one value that begins at `bytes`. */
size_t hs__tasks_json_value_length(const char *bytes, size_t n_bytes, void *unused);

#endif
