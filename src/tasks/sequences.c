#include "tasks/sequences.h"

#include <string.h>

hs_status task_sequences_add(task_sequences *list, const int32_t *tokens, size_t n, hs_error *error)
{
    size_t n_tokens = task_sequences_n_tokens(list);
    HS_TRY(hs_reserve(&list->offsets, &list->offsets_capacity, list->n + 2, sizeof *list->offsets, "sequence offsets",
                      error));
    HS_TRY(hs_reserve(&list->tokens, &list->tokens_capacity, n_tokens + n, sizeof *list->tokens, "token ids", error));
    if (n > 0)
        memcpy(list->tokens + n_tokens, tokens, n * sizeof *tokens);
    list->n++;
    list->offsets[list->n] = n_tokens + n;
    return HS_OK;
}

void task_sequences_reset(task_sequences *list)
{
    list->n = 0;
}

void task_sequences_clear(task_sequences *list)
{
    hs_free(list->offsets);
    hs_free(list->tokens);
    *list = (task_sequences){0};
}

size_t task_sequence_length(const task_sequences *list, size_t index)
{
    return list->offsets[index + 1] - list->offsets[index];
}

const int32_t *task_sequence_tokens(const task_sequences *list, size_t index)
{
    return list->tokens + list->offsets[index];
}

size_t task_sequences_n_tokens(const task_sequences *list)
{
    return list->n > 0 ? list->offsets[list->n] : 0;
}

hs_sequences task_sequences_view(const task_sequences *list)
{
    return (hs_sequences){.n = list->n, .offsets = list->offsets, .tokens = list->tokens};
}
