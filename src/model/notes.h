/* notes: what was read in a way that whoever uses a checkpoint should know, one line each. Initialise with {0}. */
#ifndef HEADSWEEP_MODEL_NOTES_H
#define HEADSWEEP_MODEL_NOTES_H

#include "headsweep/base.h"

typedef struct hs_note_list {
    char **items;
    size_t n_items;
    size_t capacity;
} hs_note_list;

hs_status hs__model_note_add(hs_note_list *notes, hs_error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void hs__model_note_list_clear(hs_note_list *notes);

#endif
