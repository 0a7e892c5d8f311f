/* task: what others may know of an evaluation set that is open. */
#include "tasks/task.h"

#include <math.h>
#include <string.h>

/* Takes a task that was opened halfway too: what was not reached is zero. */
void hs_tasks_free(hs_task *task)
{
    if (task == NULL)
        return;
    hs_free(task->name);
    hs__tasks_metrics_clear(task);
    hs_free(task->examples);
    hs__tasks_sequences_clear(&task->sequences);
    hs_free(task->queries.items);
    hs_free(task->spans.items);
    hs_tokenizer_token_list_clear(&task->lexicon);
    hs_tasks_text_list_clear(&task->generation.stops);
    hs_tasks_text_list_clear(&task->generation.special_stops);
    hs_text_clear(&task->notes);
    hs_free(task);
}

const char *hs_tasks_name(const hs_task *task)
{
    return task->name;
}

const char *hs_tasks_kind(const hs_task *task)
{
    return task->kind->name;
}

size_t hs_tasks_n_examples(const hs_task *task)
{
    return task->n_examples;
}

size_t hs_tasks_n_truncated(const hs_task *task)
{
    return task->n_truncated;
}

size_t hs_tasks_n_pairs(const hs_task *task)
{
    return task->n_pairs;
}

size_t hs_tasks_n_joined(const hs_task *task)
{
    return task->n_joined;
}

const char *hs_tasks_truncated_part(const hs_task *task)
{
    return task->cuts_ends ? "last" : "first";
}

size_t hs_tasks_n_metrics(const hs_task *task)
{
    return task->n_metrics;
}

const hs_metric *hs_tasks_metric(const hs_task *task, size_t index)
{
    return &task->metrics[index];
}

const char *hs_tasks_notes(const hs_task *task)
{
    return task->notes.text != NULL ? task->notes.text : "";
}

/* Guessing's part of one example. */
static double chance_of_example(const task_example *example)
{
    if (example->facts.independent)
        return pow(0.5, (double)example->n_spans);
    return example->n_spans > 0 ? 1.0 / (double)example->n_spans : 0;
}

double hs_tasks_chance(const hs_task *task, size_t index)
{
    /* Those of labels come after the kind's own. */
    const task_chance chance = index < TASK_KIND_MAX_METRICS ? task->kind->chance[index] : TASK_CHANCE_NONE;
    double sum = 0;
    if (chance == TASK_CHANCE_HALF)
        return 0.5;
    if (chance != TASK_CHANCE_ONE_CHOICE)
        return 0;
    for (size_t i = 0; i < task->n_examples; i++)
        sum += chance_of_example(&task->examples[i]);
    return sum / (double)task->n_examples;
}

uint64_t hs_tasks_hash(const hs_task *task)
{
    return task->hash;
}

size_t hs_tasks_example_rows(const hs_task *task, size_t index)
{
    const task_example *example = &task->examples[index];
    const size_t *offsets = task->sequences.offsets + example->first_sequence;
    return offsets[example->n_sequences] - offsets[0];
}

size_t hs_tasks_memory_bytes(const hs_task *task)
{
    return sizeof *task + task->examples_capacity * sizeof *task->examples +
           task->sequences.offsets_capacity * sizeof *task->sequences.offsets +
           task->sequences.tokens_capacity * sizeof *task->sequences.tokens +
           task->sequences.types_capacity * sizeof *task->sequences.types +
           task->queries.capacity * sizeof *task->queries.items + task->spans.capacity * sizeof *task->spans.items +
           task->lexicon.capacity * sizeof *task->lexicon.ids;
}

size_t hs_tasks_example_queries(const hs_task *task, size_t index)
{
    return task->examples[index].n_queries;
}

size_t hs_tasks_example_line(const hs_task *task, size_t index)
{
    return task->examples[index].line;
}

bool hs_tasks_generates(const hs_task *task)
{
    return task->kind->generates;
}

const hs_sampling *hs_tasks_sampling(const hs_task *task)
{
    return &task->generation.sampling;
}

size_t hs_tasks_new_rows(const hs_task *task)
{
    return task->kind->generates ? task->generation.sampling.n_samples * task->generation.sampling.max_new_tokens : 0;
}
