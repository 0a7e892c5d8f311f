/*
 * notes: lines for whoever opened a checkpoint to print; nothing is printed here, where the ranks
 * are not known.
 */
#include "model/notes.h"

#include <stdarg.h>
#include <stdio.h>

enum { MAX_NOTE = 1024 };

hs_status hs__model_note_add(hs_note_list *notes, hs_error *error, const char *format, ...)
{
    char line[MAX_NOTE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    HS_TRY(hs_reserve(&notes->items, &notes->capacity, notes->n_items + 1, sizeof *notes->items, "notes", error));
    notes->items[notes->n_items] = hs_string_copy(line, error);
    if (notes->items[notes->n_items] == NULL)
        return error->status;
    notes->n_items++;
    return HS_OK;
}

void hs__model_note_list_clear(hs_note_list *notes)
{
    for (size_t i = 0; i < notes->n_items; i++)
        hs_free(notes->items[i]);
    hs_free(notes->items);
    *notes = (hs_note_list){0};
}
