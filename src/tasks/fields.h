/* fields: canonical field names -> values of a line, by the field map of the experiment file. */
#ifndef TASKS_FIELDS_H
#define TASKS_FIELDS_H

#include "headsweep/config.h"
#include "tasks/record.h"

enum { TASK_MAX_FIELDS = 5, TASK_FIELD_LABEL = 96 };

typedef struct task_field {
    const char *name; /* canonical; NULL ends a kind's list */
    const char *what; /* "text or ids", for the table */
} task_field;

/* Keys borrowed from the experiment and the table of kinds. Initialise with {0}. */
typedef struct task_field_map {
    const task_field *fields;
    size_t n;
    const char *keys[TASK_MAX_FIELDS]; /* the names in the file, or templates */
    bool mapped[TASK_MAX_FIELDS];      /* named in the experiment file */
    hs_text expanded[TASK_MAX_FIELDS]; /* what a template became for the record at hand */
} task_field_map;

/*
 * HS_ERROR_USAGE: a mapping of a field that is not in `fields` (lists those that are), one given twice, a template that
 * cannot be read.
 */
hs_status hs__tasks_field_map_init(task_field_map *map, const task_field *fields, const hs_field_mapping *mappings,
                                   size_t n_mappings, hs_error *error);
void hs__tasks_field_map_clear(task_field_map *map);

/* True if the kind has this field. */
bool hs__tasks_has_field(const task_field_map *map, const char *name);
/* True if the experiment file says where this field is. */
bool hs__tasks_field_is_mapped(const task_field_map *map, const char *name);
/* NULL if the line does not have it. */
const hs_json_value *hs__tasks_field_find(const task_field_map *map, const char *name, const hs_json_value *line);

/* False if the line does not have it; an array or not, list_out->array is what is there. */
bool hs__tasks_field_list(const task_field_map *map, const char *name, const hs_json_value *line, task_list *list_out);

/* A value that is text or token ids. Borrowed from the line. */
typedef struct task_text {
    char label[TASK_FIELD_LABEL]; /* "field `choices[1]`", for messages */
    bool is_ids;
    const char *bytes; /* the text */
    size_t length;
    const hs_json_value *ids; /* an array of integers, all at least 0 and at most INT32_MAX */
    size_t n_ids;
} task_text;

/*
 * HS_ERROR_INPUT where the value is neither. The index is of an element of the field; SIZE_MAX if it is the field. A
 * number is the text that the file has, for which `number` is: the text is borrowed from it then.
 */
hs_status hs__tasks_text_from(const hs_json_value *value, const char *name, size_t index, const char *place,
                              hs_text *number, task_text *text_out, hs_error *error);

/* A field that must be there. As a text it may come of a template: it is then borrowed from the map. */
hs_status hs__tasks_field_value(const task_field_map *map, const char *name, const hs_json_value *line,
                                const char *place, const hs_json_value **value_out, hs_error *error);
hs_status hs__tasks_field_text(task_field_map *map, const char *name, const hs_json_value *line, const char *place,
                               task_text *text_out, hs_error *error);

#endif
