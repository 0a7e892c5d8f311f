/*
 * text_list: texts of any bytes, back to back, each found by its offset; also those with zeros in
 * them, which a generating model does write.
 */
#include "headsweep/tasks.h"

hs_status hs_tasks_text_list_add(hs_text_list *list, const char *bytes, size_t length, hs_error *error)
{
    HS_TRY(
        hs_reserve(&list->offsets, &list->offsets_capacity, list->n + 2, sizeof *list->offsets, "text offsets", error));
    HS_TRY(hs_text_append(&list->bytes, bytes, length, error));
    list->offsets[++list->n] = list->bytes.length;
    return HS_OK;
}

const char *hs_tasks_text_list_at(const hs_text_list *list, size_t index, size_t *length_out)
{
    *length_out = list->offsets[index + 1] - list->offsets[index];
    return list->bytes.text + list->offsets[index];
}

void hs_tasks_text_list_reset(hs_text_list *list)
{
    list->n = 0;
    list->bytes.length = 0;
}

void hs_tasks_text_list_clear(hs_text_list *list)
{
    hs_text_clear(&list->bytes);
    hs_free(list->offsets);
    *list = (hs_text_list){0};
}
