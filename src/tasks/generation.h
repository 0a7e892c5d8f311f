/* generation: the parts of a task that continues its prompts. tasks.h has the whole. */
#ifndef TASKS_GENERATION_H
#define TASKS_GENERATION_H

#include "tasks/task.h"

/*
 * Sets up task->generation from the experiment; nothing for a kind that does not generate, where keys of generation
 * that say something are HS_ERROR_USAGE. HS_ERROR_INPUT: no tokenizer.
 */
hs_status hs__tasks_generation_init(const hs_task_config *config, const task_encoder *encoder, hs_task *task,
                                    hs_error *error);
/* A text that ends a continuation; it may hold special tokens of the tokenizer, which texts are without. */
hs_status hs__tasks_generation_add_stop(task_generation *generation, const char *stop, hs_error *error);
uint64_t hs__tasks_generation_hash(uint64_t hash, const task_generation *generation);

/* continuation.c: sampled ids -> text. */

/* Reads one continuation after the other. Initialise with the task's generation alone. */
typedef struct task_continuation {
    const task_generation *generation;
    hs_text decoded;
    hs_text whole;   /* decoded with its special tokens, where a stop text has some */
    hs_text text;    /* of the continuation read last */
    hs_error *error; /* where hs__tasks_continuation_stops leaves what went wrong; the engine asks it for a bool only */
} task_continuation;

void hs__tasks_continuation_clear(task_continuation *continuation);
/* Tokens of a sample before -1 and its end token. */
size_t hs__tasks_continuation_length(const hs_sampling *sampling, const int32_t *tokens);
/* continuation->text of these tokens. */
hs_status hs__tasks_continuation_read(task_continuation *continuation, const int32_t *tokens, size_t n,
                                      hs_error *error);
/* `stops` of hs_sampling, with a task_continuation as its context: true also when reading fails. */
bool hs__tasks_continuation_stops(void *context, const int32_t *tokens, size_t n);

/* diversity.c: distinct n-grams. */

enum { TASK_LONGEST_GRAM = 3 };

typedef struct task_diversity {
    uint64_t *words; /* hashes */
    size_t n_words;
    size_t words_capacity;
    uint64_t *grams[TASK_LONGEST_GRAM]; /* hashes of all n-grams of the texts */
    size_t n_grams[TASK_LONGEST_GRAM];
    size_t grams_capacity[TASK_LONGEST_GRAM];
} task_diversity;

void hs__tasks_diversity_clear(task_diversity *diversity);
/*
 * distinct_out[n - 1]: different n-grams of texts first .. first + n_texts - 1 over all of their words (Li et al. 2016,
 * arXiv:1510.03055; over the continuations of one prompt as Liu et al. 2021, arXiv:2105.03023). Words lie between white
 * space (their script splits at single spaces), an n-gram lies within one text. 0 where there is no word.
 */
hs_status hs__tasks_diversity_measure(task_diversity *diversity, const hs_text_list *texts, size_t first,
                                      size_t n_texts, double distinct_out[TASK_LONGEST_GRAM], hs_error *error);

/* fluency.c: likelihood under the clean model. */

/* Samples of the prompts of a workload under several ablations, as hs_engine_generate gives them. */
typedef struct task_samples {
    const hs_sequences *prompts;
    const hs_sampling *sampling;
    const int32_t *tokens; /* [n_ablations, prompts->n, n_samples, max_new_tokens] */
    size_t n_ablations;
} task_samples;

/*
 * nll[n_ablations, prompts->n, n_samples]: -log p of each sample's tokens after its prompt, without the end token, by
 * the model with nothing ablated. Equal samples of a prompt are evaluated once.
 */
hs_status hs__tasks_fluency_measure(hs_engine *engine, const task_samples *samples, double *nll, hs_error *error);
/* What that costs at most for the samples of one ablation. */
hs_status hs__tasks_fluency_count(const hs_engine *engine, const hs_sequences *prompts,
                                  const task_generation *generation, hs_engine_cost *cost_out, hs_error *error);

#endif
