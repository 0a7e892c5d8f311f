/*
 * sequences: the growing list of token sequences; offsets and types exist only from the first that
 * needs them, because most models have no types.
 */
#include "tasks/sequences.h"

#include <string.h>

static bool has_type(const int32_t *types, size_t n)
{
    for (size_t i = 0; types != NULL && i < n; i++)
        if (types[i] != 0)
            return true;
    return false;
}

/* Types are kept from the first one on that is not 0. */
static hs_status add_types(task_sequences *list, const int32_t *types, size_t n, hs_error *error)
{
    size_t n_before = hs__tasks_sequences_n_tokens(list);
    if (!list->has_types && !has_type(types, n))
        return HS_OK;
    HS_TRY(hs_reserve(&list->types, &list->types_capacity, n_before + n, sizeof *list->types, "token types", error));
    if (!list->has_types)
        memset(list->types, 0, n_before * sizeof *list->types);
    list->has_types = true;
    if (types != NULL)
        memcpy(list->types + n_before, types, n * sizeof *types);
    else
        memset(list->types + n_before, 0, n * sizeof *list->types);
    return HS_OK;
}

hs_status hs__tasks_sequences_add(task_sequences *list, const int32_t *tokens, const int32_t *types, size_t n,
                                  hs_error *error)
{
    size_t n_tokens = hs__tasks_sequences_n_tokens(list);
    HS_TRY(hs_reserve(&list->offsets, &list->offsets_capacity, list->n + 2, sizeof *list->offsets, "sequence offsets",
                      error));
    HS_TRY(hs_reserve(&list->tokens, &list->tokens_capacity, n_tokens + n, sizeof *list->tokens, "token ids", error));
    HS_TRY(add_types(list, types, n, error));
    if (n > 0)
        memcpy(list->tokens + n_tokens, tokens, n * sizeof *tokens);
    list->n++;
    list->offsets[list->n] = n_tokens + n;
    return HS_OK;
}

void hs__tasks_sequences_reset(task_sequences *list)
{
    list->n = 0;
    list->has_types = false;
}

void hs__tasks_sequences_clear(task_sequences *list)
{
    hs_free(list->offsets);
    hs_free(list->tokens);
    hs_free(list->types);
    *list = (task_sequences){0};
}

size_t hs__tasks_sequence_length(const task_sequences *list, size_t index)
{
    return list->offsets[index + 1] - list->offsets[index];
}

const int32_t *hs__tasks_sequence_tokens(const task_sequences *list, size_t index)
{
    return list->tokens + list->offsets[index];
}

const int32_t *hs__tasks_sequence_types(const task_sequences *list, size_t index)
{
    return list->has_types ? list->types + list->offsets[index] : NULL;
}

size_t hs__tasks_sequences_n_tokens(const task_sequences *list)
{
    return list->n > 0 ? list->offsets[list->n] : 0;
}

hs_sequences hs__tasks_sequences_view(const task_sequences *list)
{
    return (hs_sequences){
        .n = list->n, .offsets = list->offsets, .tokens = list->tokens, .types = list->has_types ? list->types : NULL};
}
