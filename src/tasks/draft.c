/*
 * draft: one example before it is part of the task. Its sequences are trimmed to the rows that
 * queries need, fitted to the window, and those that another one begins with are dropped, so that
 * an engine that shares no prefixes runs them once too.
 */
#include <stdlib.h>
#include <string.h>

#include "tasks/task.h"

/* A trimmed sequence, for sorting. */
typedef struct task_draft_order {
    const int32_t *tokens;
    const int32_t *types; /* NULL: all 0 */
    size_t n_rows;
    size_t first_queried; /* row */
    size_t n_cut;         /* tokens */
    size_t index;
} task_draft_order;

void hs__tasks_draft_reset(task_draft *draft)
{
    hs__tasks_sequences_reset(&draft->sequences);
    draft->queries.n = 0;
    draft->spans.n = 0;
    draft->facts = (task_facts){0};
    draft->truncated = draft->is_pair = draft->is_joined = false;
}

void hs__tasks_draft_clear(task_draft *draft)
{
    hs__tasks_sequences_clear(&draft->sequences);
    hs_free(draft->queries.items);
    hs_free(draft->spans.items);
    hs_free(draft->order);
    hs_free(draft->renumbered);
    *draft = (task_draft){0};
}

hs_status hs__tasks_queries_add(task_queries *queries, hs_query query, hs_error *error)
{
    HS_TRY(hs_reserve(&queries->items, &queries->capacity, queries->n + 1, sizeof *queries->items, "queries", error));
    queries->items[queries->n++] = query;
    return HS_OK;
}

static hs_status add_span(task_spans *spans, task_span span, hs_error *error)
{
    HS_TRY(hs_reserve(&spans->items, &spans->capacity, spans->n + 1, sizeof *spans->items, "query spans", error));
    spans->items[spans->n++] = span;
    return HS_OK;
}

hs_status hs__tasks_draft_span(task_draft *draft, size_t length, hs_error *error)
{
    return add_span(&draft->spans, (task_span){.first_query = draft->queries.n, .length = length}, error);
}

hs_status hs__tasks_draft_sequence(task_draft *draft, const int32_t *tokens, size_t n, hs_error *error)
{
    return hs__tasks_sequences_add(&draft->sequences, tokens, NULL, n, error);
}

hs_status hs__tasks_draft_encoding(task_draft *draft, const hs_encoding *encoding, hs_error *error)
{
    return hs__tasks_sequences_add(&draft->sequences, encoding->ids.ids, encoding->types.ids, encoding->ids.n, error);
}

hs_status hs__tasks_draft_query(task_draft *draft, size_t row, hs_query_kind kind, int32_t token, hs_error *error)
{
    if (row > UINT32_MAX || draft->sequences.n > UINT32_MAX)
        return hs_fail(error, HS_ERROR_INPUT, "an example with more than %u rows or sequences", UINT32_MAX);
    hs_query query = {(uint32_t)(draft->sequences.n - 1), (uint32_t)row, (int32_t)kind, token};
    HS_TRY(hs__tasks_queries_add(&draft->queries, query, error));
    draft->spans.items[draft->spans.n - 1].n_queries++;
    return HS_OK;
}

hs_status hs__tasks_draft_continuation(task_draft *draft, const hs_token_list *ids, size_t n_context,
                                       hs_query_kind kind, size_t length, hs_error *error)
{
    HS_TRY(hs__tasks_draft_span(draft, length, error));
    HS_TRY(hs__tasks_draft_sequence(draft, ids->ids, ids->n, error));
    for (size_t i = n_context; i < ids->n; i++)
        HS_TRY(hs__tasks_draft_query(draft, i - 1, kind, ids->ids[i], error));
    return HS_OK;
}

/* Only sequences that rows see both sides of have any: those are shared where all of both is equal. */
static int compare_types(const task_draft_order *a, const task_draft_order *b)
{
    return a->types != NULL && a->n_rows > 0 ? memcmp(a->types, b->types, a->n_rows * sizeof *a->types) : 0;
}

/*
 * Lexicographic by bytes, so that a sequence is directly before those that it is a prefix of; of equal ones the first
 * of the example comes last and is the one that stays.
 */
static int compare_sequences(const void *left, const void *right)
{
    const task_draft_order *a = left;
    const task_draft_order *b = right;
    size_t n_shared = a->n_rows < b->n_rows ? a->n_rows : b->n_rows;
    int order = n_shared > 0 ? memcmp(a->tokens, b->tokens, n_shared * sizeof *a->tokens) : 0;
    if (order != 0)
        return order;
    if (a->n_rows != b->n_rows)
        return a->n_rows < b->n_rows ? -1 : 1;
    order = compare_types(a, b);
    if (order != 0)
        return order;
    return a->index > b->index ? -1 : 1;
}

static bool is_prefix(const task_draft_order *a, const task_draft_order *b)
{
    return a->n_rows <= b->n_rows &&
           (a->n_rows == 0 || memcmp(a->tokens, b->tokens, a->n_rows * sizeof *a->tokens) == 0);
}

/* Cuts off the first tokens of a sequence that needs more rows than there are; a two-sided one cannot spare them. */
static hs_status cut(const task_draft *draft, task_draft_order *sequence, const task_room *room, const char *place,
                     hs_error *error)
{
    if (sequence->n_rows <= room->n_positions)
        return HS_OK;
    size_t n_cut = sequence->n_rows - room->n_positions;
    if (!room->truncate)
        return hs_fail(error, HS_ERROR_INPUT,
                       "%s: the example needs %zu token positions, but %s %zu; shorten or remove it, or set "
                       "too_long = \"truncate\"",
                       place, sequence->n_rows, room->left_by, room->n_positions);
    size_t n_kept = draft->two_sided ? 0 : sequence->first_queried;
    if (n_kept < n_cut)
        return hs_fail(error, HS_ERROR_INPUT,
                       "%s: what is scored needs %zu token positions, but %s %zu; shorten or remove it", place,
                       sequence->n_rows - n_kept, room->left_by, room->n_positions);
    sequence->tokens += n_cut;
    sequence->n_rows = room->n_positions;
    sequence->n_cut = n_cut;
    return HS_OK;
}

/* A text that is cut to the window has other numbers than transformers gives it, so it is not cut. */
static hs_status fit(const task_draft *draft, task_draft_order *sequence, const task_room *room, const char *place,
                     hs_error *error)
{
    HS_TRY(cut(draft, sequence, room, place, error));
    if (sequence->n_rows <= room->window)
        return HS_OK;
    return hs_fail(error, HS_ERROR_INPUT,
                   "%s: the example needs %zu token positions, but %s %zu, which transformers gives this family's "
                   "cache but not its attention; "
                   "%s, or lower \"max_position_embeddings\" in config.json to the window's size, which truncates it",
                   place, sequence->n_rows, room->window_left_by, room->window, room->window_advice);
}

/* Fills draft->order, unsorted: each sequence with the rows that its queries need; all, where rows see both sides. */
static hs_status trim(task_draft *draft, const task_room *room, const char *place, bool *truncated_out, hs_error *error)
{
    *truncated_out = draft->truncated;
    for (size_t i = 0; i < draft->sequences.n; i++)
        draft->order[i] = (task_draft_order){.tokens = hs__tasks_sequence_tokens(&draft->sequences, i),
                                             .types = hs__tasks_sequence_types(&draft->sequences, i),
                                             .first_queried = SIZE_MAX,
                                             .index = i};
    for (size_t q = 0; q < draft->queries.n; q++) {
        const hs_query *query = &draft->queries.items[q];
        task_draft_order *sequence = &draft->order[query->sequence];
        if ((size_t)query->row + 1 > sequence->n_rows)
            sequence->n_rows = (size_t)query->row + 1;
        if (query->row < sequence->first_queried)
            sequence->first_queried = query->row;
    }
    for (size_t i = 0; draft->two_sided && i < draft->sequences.n; i++)
        draft->order[i].n_rows = hs__tasks_sequence_length(&draft->sequences, i);
    for (size_t i = 0; i < draft->sequences.n; i++) {
        HS_TRY(fit(draft, &draft->order[i], room, place, error));
        *truncated_out = *truncated_out || draft->order[i].n_cut > 0;
    }
    for (size_t q = 0; q < draft->queries.n; q++)
        draft->queries.items[q].row -= (uint32_t)draft->order[draft->queries.items[q].sequence].n_cut;
    return HS_OK;
}

/* renumbered[i] = the sequence that takes over sequence i: itself, or one that it is a prefix of. */
static void find_prefixes(task_draft *draft)
{
    size_t n = draft->sequences.n;
    qsort(draft->order, n, sizeof *draft->order, compare_sequences);
    for (size_t i = n; i-- > 0;) {
        const task_draft_order *sequence = &draft->order[i];
        bool shared = i + 1 < n && is_prefix(sequence, sequence + 1);
        if (draft->two_sided)
            shared = shared && sequence[0].n_rows == sequence[1].n_rows && compare_types(sequence, sequence + 1) == 0;
        draft->renumbered[sequence->index] = shared ? draft->renumbered[sequence[1].index] : sequence->index;
    }
}

/* Back to the order of the example, so that sequences stay in the order in which the kind made them. */
static int compare_indices(const void *left, const void *right)
{
    const task_draft_order *a = left;
    const task_draft_order *b = right;
    return a->index < b->index ? -1 : a->index > b->index;
}

/*
 * A sequence that is a prefix of another has no rows of its own; its queries move to the longer
 * one, whose first rows are the same.
 */
static hs_status append_sequences(task_draft *draft, task_example *example, hs_task *task, hs_error *error)
{
    size_t n = draft->sequences.n;
    qsort(draft->order, n, sizeof *draft->order, compare_indices);
    for (size_t i = 0; i < n; i++)
        if (draft->renumbered[i] == i) {
            HS_TRY(hs__tasks_sequences_add(&task->sequences, draft->order[i].tokens, draft->order[i].types,
                                           draft->order[i].n_rows, error));
            draft->order[i].index = example->n_sequences++;
        }
    for (size_t q = 0; q < draft->queries.n; q++) {
        hs_query query = draft->queries.items[q];
        query.sequence = (uint32_t)draft->order[draft->renumbered[query.sequence]].index;
        HS_TRY(hs__tasks_queries_add(&task->queries, query, error));
    }
    return HS_OK;
}

/* trim() is the last that can refuse the example; only then does the task grow. */
hs_status hs__tasks_draft_commit(task_draft *draft, const task_room *room, size_t line, const char *place,
                                 hs_task *task, hs_error *error)
{
    task_example example = {.first_sequence = task->sequences.n,
                            .first_query = task->queries.n,
                            .n_queries = draft->queries.n,
                            .first_span = task->spans.n,
                            .n_spans = draft->spans.n,
                            .line = line,
                            .facts = draft->facts};
    size_t n = draft->sequences.n;
    bool truncated;
    HS_TRY(hs_reserve(&draft->order, &draft->order_capacity, n, sizeof *draft->order, "sequence order", error));
    HS_TRY(hs_reserve(&draft->renumbered, &draft->renumbered_capacity, n, sizeof *draft->renumbered, "sequence order",
                      error));
    HS_TRY(trim(draft, room, place, &truncated, error));
    find_prefixes(draft);
    HS_TRY(append_sequences(draft, &example, task, error));
    for (size_t i = 0; i < draft->spans.n; i++)
        HS_TRY(add_span(&task->spans, draft->spans.items[i], error));
    HS_TRY(hs_reserve(&task->examples, &task->examples_capacity, task->n_examples + 1, sizeof *task->examples,
                      "examples", error));
    task->examples[task->n_examples++] = example;
    task->n_truncated += truncated;
    task->n_pairs += draft->is_pair;
    task->n_joined += draft->is_joined;
    return HS_OK;
}
