/* sequences: a growing list of token sequences, back to back as the engine takes them. Initialise with {0}. */
#ifndef TASKS_SEQUENCES_H
#define TASKS_SEQUENCES_H

#include "headsweep/engine.h"

typedef struct task_sequences {
    size_t n;
    size_t *offsets; /* [n + 1] */
    size_t offsets_capacity;
    int32_t *tokens;
    size_t tokens_capacity;
    int32_t *types; /* beside `tokens` */
    size_t types_capacity;
    bool has_types; /* one is not 0; else `types` says nothing */
} task_sequences;

/* `types` [n] may be NULL: all 0. */
hs_status hs__tasks_sequences_add(task_sequences *list, const int32_t *tokens, const int32_t *types, size_t n,
                                  hs_error *error);
void hs__tasks_sequences_reset(task_sequences *list); /* empties it and keeps the memory */
void hs__tasks_sequences_clear(task_sequences *list);

size_t hs__tasks_sequence_length(const task_sequences *list, size_t index);
/* NULL where no sequence of the list has a type but 0. */
const int32_t *hs__tasks_sequence_types(const task_sequences *list, size_t index);
const int32_t *hs__tasks_sequence_tokens(const task_sequences *list, size_t index);
size_t hs__tasks_sequences_n_tokens(const task_sequences *list);
/* As the engine takes it; borrowed. */
hs_sequences hs__tasks_sequences_view(const task_sequences *list);

#endif
