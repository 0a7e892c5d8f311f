/* record: values of a record of a data file by their keys, and what people are told where there is none. */
#ifndef TASKS_RECORD_H
#define TASKS_RECORD_H

#include "headsweep/base.h"

/*
 * NULL if the line does not have it. A key that is not there as it stands descends at its dots: "prompt.text",
 * "choices.0" (an element).
 */
const hs_json_value *hs__tasks_key_find(const hs_json_value *line, const char *key);

/* The elements of an array, or where the key goes on behind an array, as "choices.text" of objects, a part of each. */
typedef struct task_list {
    const hs_json_value *array;
    const char *rest; /* "" for the elements themselves */
} task_list;

/* False if the line does not have it; an array or not, list_out->array is what is there. */
bool hs__tasks_key_list(const hs_json_value *line, const char *key, task_list *list_out);
const hs_json_value *hs__tasks_list_at(const task_list *list, size_t index); /* NULL where the part is missing */

/* HS_ERROR_INPUT that lists the fields the line has; `needed` says in words what is missing. */
hs_status hs__tasks_field_missing(const char *needed, const hs_json_value *line, const char *place, hs_error *error);

/* Bytes of a data file made fit for a message: no control characters, cut to the capacity; returns buffer. */
const char *hs__tasks_quote(const char *bytes, size_t length, char *buffer, size_t capacity);

#endif
