/* gold_label: which of several alternatives - choices, or labels of a classifier - the label of a record means. */
#ifndef TASKS_GOLD_LABEL_H
#define TASKS_GOLD_LABEL_H

#include "tasks/task.h"

typedef struct task_alternatives {
    size_t n;
    const char *one;        /* "choice", "label", for messages */
    const char *expected;   /* what a label must be, for messages */
    const task_list *names; /* by which the record itself calls them; NULL: none */
    const void *context;
    /* Valid until the next one is asked for. */
    hs_status (*text)(task_compiler *compiler, const void *context, size_t index, task_text *text_out, hs_error *error);
    /* Fails with compiler->label, which is none of them; `is_index`: it is a number or the map's. */
    hs_status (*unknown)(const task_compiler *compiler, size_t n, bool is_index, hs_error *error);
} task_alternatives;

/*
 * By the experiment file's `labels`, or else by the record's names, or else by what `label_is` says: the index from
 * 0, as a whole number, a truth value of two, or digits; the text, white space around it apart; or a list with a 1
 * for the right one and a 0 for each other. Without that it is what it can be. A list of one is its element.
 * HS_ERROR_INPUT: it is none of these; it is the text of one and the index of another; digits are an index here and
 * were a text in an earlier record.
 */
hs_status hs__tasks_label_read(task_compiler *compiler, const task_alternatives *alternatives,
                               const hs_json_value *value, size_t *index_out, hs_error *error);

/*
 * Whether a list has a 0 or 1 for each of the n alternatives that may be right together, rather than their indices.
 * HS_ERROR_INPUT: it could be either.
 */
hs_status hs__tasks_label_is_marks(const task_compiler *compiler, const hs_json_value *list, size_t n, bool *marks_out,
                                   hs_error *error);
/* The element's mark; false where it is none. */
bool hs__tasks_label_mark(const hs_json_value *element, bool *marked_out);

/* What people should know of the labels that were read: a line, or nothing. */
hs_status hs__tasks_label_notes(const task_compiler *compiler, hs_text *notes, hs_error *error);

/* The labels of a classifier, by index or name. */
task_alternatives hs__tasks_labels_of(const hs_model *model);

#endif
