/*
 * task_workload: a shard of a task as the engine takes it. Arrays are copied rather than pointed
 * into the task, since sequences of donors are gathered from other examples.
 */
#include "tasks/task_workload.h"

#include <string.h>

hs_status hs__tasks_workload_allocate(hs_task_workload **workload_out, hs_error *error)
{
    hs_task_workload *workload = NULL;
    *workload_out = NULL;
    HS_TRY(hs_allocate(&workload, 1, sizeof *workload, "workload", error));
    hs_status status = hs_allocate(&workload->storage, 1, sizeof *workload->storage, "workload", error);
    if (status != HS_OK) {
        hs_free(workload);
        return status;
    }
    *workload_out = workload;
    return HS_OK;
}

void hs_tasks_workload_free(hs_task_workload *workload)
{
    if (workload == NULL)
        return;
    task_workload_storage *storage = workload->storage;
    hs__tasks_sequences_clear(&storage->sequences);
    hs__tasks_sequences_clear(&storage->donor_sequences);
    hs_free(storage->queries.items);
    hs_free(storage->list_tokens);
    hs_free(storage->donors);
    hs_text_clear(&storage->notes);
    hs_free(storage);
    hs_free(workload);
}

void hs__tasks_workload_bind(hs_task_workload *workload)
{
    const task_workload_storage *storage = workload->storage;
    workload->workload = (hs_workload){.sequences = hs__tasks_sequences_view(&storage->sequences),
                                       .queries = storage->queries.items,
                                       .n_queries = storage->queries.n,
                                       .list_offsets = storage->list_offsets,
                                       .list_tokens = storage->list_tokens,
                                       .n_lists = storage->list_tokens != NULL ? 1 : 0,
                                       .donor_sequences = hs__tasks_sequences_view(&storage->donor_sequences),
                                       .donors = storage->donors};
}

static hs_status copy_sequence(task_sequences *to, const task_sequences *from, size_t index, hs_error *error)
{
    return hs__tasks_sequences_add(to, hs__tasks_sequence_tokens(from, index), hs__tasks_sequence_types(from, index),
                                   hs__tasks_sequence_length(from, index), error);
}

static hs_status add_example(const hs_task *task, const task_example *example, task_workload_storage *storage,
                             hs_error *error)
{
    size_t first = storage->sequences.n;
    for (size_t i = 0; i < example->n_sequences; i++)
        HS_TRY(copy_sequence(&storage->sequences, &task->sequences, example->first_sequence + i, error));
    if (storage->sequences.n > UINT32_MAX)
        return hs_fail(error, HS_ERROR_INTERNAL, "a shard of more than %u sequences", UINT32_MAX);
    for (size_t i = 0; i < example->n_queries; i++) {
        hs_query query = task->queries.items[example->first_query + i];
        query.sequence += (uint32_t)first;
        HS_TRY(hs__tasks_queries_add(&storage->queries, query, error));
    }
    return HS_OK;
}

/* The donor's sequences that are needed, and which of them each sequence of the example takes. */
static hs_status add_donor(const hs_task *task, const task_example *example, const task_example *donor,
                           task_workload_storage *storage, hs_error *error)
{
    size_t first = storage->donor_sequences.n;
    size_t n_used = example->n_sequences < donor->n_sequences ? example->n_sequences : donor->n_sequences;
    size_t n_before = storage->sequences.n - example->n_sequences;
    for (size_t i = 0; i < n_used; i++)
        HS_TRY(copy_sequence(&storage->donor_sequences, &task->sequences, donor->first_sequence + i, error));
    HS_TRY(hs_reserve(&storage->donors, &storage->donors_capacity, storage->sequences.n, sizeof *storage->donors,
                      "donors", error));
    for (size_t i = 0; i < example->n_sequences; i++)
        storage->donors[n_before + i] = (uint32_t)(first + (i < n_used ? i : n_used - 1));
    return HS_OK;
}

static hs_status add_list(const hs_task *task, task_workload_storage *storage, hs_error *error)
{
    if (task->lexicon.n == 0)
        return HS_OK;
    HS_TRY(hs_allocate(&storage->list_tokens, task->lexicon.n, sizeof *storage->list_tokens, "token list", error));
    memcpy(storage->list_tokens, task->lexicon.ids, task->lexicon.n * sizeof *storage->list_tokens);
    storage->list_offsets[1] = task->lexicon.n;
    return HS_OK;
}

static hs_status fill(const hs_task *task, size_t first_example, size_t n_examples, const uint32_t *donors,
                      task_workload_storage *storage, hs_error *error)
{
    for (size_t i = first_example; i < first_example + n_examples; i++) {
        const task_example *example = &task->examples[i];
        HS_TRY(add_example(task, example, storage, error));
        if (donors == NULL)
            continue;
        if (donors[i] >= task->n_examples)
            return hs_fail(error, HS_ERROR_INTERNAL, "task %s: donor %u of example %zu is outside its %zu examples",
                           task->name, (unsigned)donors[i], i, task->n_examples);
        HS_TRY(add_donor(task, example, &task->examples[donors[i]], storage, error));
    }
    return add_list(task, storage, error);
}

/* Bound at the end: the views hold pointers into arrays that move while they grow. */
hs_status hs_tasks_workload_new(const hs_task *task, size_t first_example, size_t n_examples, const uint32_t *donors,
                                hs_task_workload **workload_out, hs_error *error)
{
    hs_task_workload *workload = NULL;
    *workload_out = NULL;
    if (first_example > task->n_examples || n_examples > task->n_examples - first_example)
        return hs_fail(error, HS_ERROR_INTERNAL, "task %s: examples %zu to %zu are outside its %zu", task->name,
                       first_example, first_example + n_examples, task->n_examples);
    HS_TRY(hs__tasks_workload_allocate(&workload, error));
    hs_status status = fill(task, first_example, n_examples, donors, workload->storage, error);
    if (status != HS_OK) {
        hs_tasks_workload_free(workload);
        return status;
    }
    workload->first_example = first_example;
    workload->n_examples = n_examples;
    hs__tasks_workload_bind(workload);
    *workload_out = workload;
    return HS_OK;
}
