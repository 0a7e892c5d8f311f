/*
 * fluency: how likely the clean model finds what the ablated one wrote. Samples are batched by
 * tokens in a fixed order, so that the composition of batches depends on the samples alone.
 */
#include <stdlib.h>
#include <string.h>

#include "tasks/generation.h"

/* Rows that are evaluated together, about: a prompt counts once a batch, as where samples share its rows. */
enum { BATCH_ROWS = 4096 };

/* One sample of the prompt in hand, for sorting. */
typedef struct fluency_sample {
    const int32_t *tokens;
    size_t n;
    size_t index; /* in nll */
} fluency_sample;

typedef struct fluency {
    hs_engine *engine;
    const task_samples *samples;
    double *nll;
    size_t *same_as; /* [n_ablations, n_prompts, n_samples]: the sample that is evaluated in its place */
    fluency_sample *order;
    /* The batch: a sequence for each sample that is evaluated. */
    task_sequences sequences;
    task_queries queries;
    size_t *owners; /* index in nll of each sequence */
    size_t owners_capacity;
    int32_t *joined; /* prompt and sample */
    size_t joined_capacity;
    double *answers;
    size_t answers_capacity;
    size_t n_rows;
} fluency;

static void fluency_clear(fluency *f)
{
    hs__tasks_sequences_clear(&f->sequences);
    hs_free(f->queries.items);
    hs_free(f->same_as);
    hs_free(f->order);
    hs_free(f->owners);
    hs_free(f->joined);
    hs_free(f->answers);
}

/* By tokens, so that equal samples are neighbours; of those the first in the array comes first. */
static int compare_samples(const void *left, const void *right)
{
    const fluency_sample *a = left;
    const fluency_sample *b = right;
    size_t n_shared = a->n < b->n ? a->n : b->n;
    int order = memcmp(a->tokens, b->tokens, n_shared * sizeof *a->tokens);
    if (order != 0)
        return order;
    if (a->n != b->n)
        return a->n < b->n ? -1 : 1;
    return a->index < b->index ? -1 : 1;
}

static bool same_sample(const fluency_sample *a, const fluency_sample *b)
{
    return a->n == b->n && memcmp(a->tokens, b->tokens, a->n * sizeof *a->tokens) == 0;
}

static size_t sort_samples(fluency *f, size_t prompt)
{
    const task_samples *samples = f->samples;
    const hs_sampling *sampling = samples->sampling;
    size_t n = 0;
    for (size_t a = 0; a < samples->n_ablations; a++)
        for (size_t s = 0; s < sampling->n_samples; s++) {
            size_t index = (a * samples->prompts->n + prompt) * sampling->n_samples + s;
            const int32_t *tokens = samples->tokens + index * sampling->max_new_tokens;
            f->order[n++] = (fluency_sample){tokens, hs__tasks_continuation_length(sampling, tokens), index};
        }
    qsort(f->order, n, sizeof *f->order, compare_samples);
    return n;
}

/*
 * Answers are log-probabilities; a sequence's owner is the sample that it belongs to, whose sum
 * they are taken from in the order of the queries.
 */
static hs_status evaluate_batch(fluency *f, hs_error *error)
{
    const hs_ablation clean = {0};
    const hs_workload workload = {
        .sequences = hs__tasks_sequences_view(&f->sequences), .queries = f->queries.items, .n_queries = f->queries.n};
    hs_prepared *prepared = NULL;
    if (f->sequences.n == 0)
        return HS_OK;
    HS_TRY(hs_reserve(&f->answers, &f->answers_capacity, f->queries.n, sizeof *f->answers, "answers", error));
    HS_TRY(hs_engine_prepare(f->engine, &workload, &prepared, error));
    hs_status status = hs_engine_evaluate(f->engine, prepared, &clean, 1, f->answers, error);
    hs_engine_prepared_free(prepared);
    HS_TRY(status);
    for (size_t q = 0; q < f->queries.n; q++)
        f->nll[f->owners[f->queries.items[q].sequence]] -= f->answers[q];
    hs__tasks_sequences_reset(&f->sequences);
    f->queries.n = 0;
    f->n_rows = 0;
    return HS_OK;
}

/* The last token of a sample is predicted and never read. */
static hs_status add_sequence(fluency *f, size_t prompt, const fluency_sample *sample, hs_error *error)
{
    const hs_sequences *prompts = f->samples->prompts;
    size_t n_prompt = prompts->offsets[prompt + 1] - prompts->offsets[prompt];
    size_t n = n_prompt + sample->n - 1;
    uint32_t sequence = (uint32_t)f->sequences.n;
    HS_TRY(hs_reserve(&f->joined, &f->joined_capacity, n, sizeof *f->joined, "token ids", error));
    HS_TRY(hs_reserve(&f->owners, &f->owners_capacity, f->sequences.n + 1, sizeof *f->owners, "samples", error));
    memcpy(f->joined, prompts->tokens + prompts->offsets[prompt], n_prompt * sizeof *f->joined);
    memcpy(f->joined + n_prompt, sample->tokens, (sample->n - 1) * sizeof *f->joined);
    f->owners[sequence] = sample->index;
    HS_TRY(hs__tasks_sequences_add(&f->sequences, f->joined, NULL, n, error));
    for (size_t i = 0; i < sample->n; i++) {
        hs_query query = {sequence, (uint32_t)(n_prompt - 1 + i), HS_QUERY_LOG_PROBABILITY, sample->tokens[i]};
        HS_TRY(hs__tasks_queries_add(&f->queries, query, error));
    }
    f->n_rows += sample->n - 1;
    return HS_OK;
}

/*
 * Equal samples, of which greedy and strongly ablated models write many, are evaluated once.
 * n_rows counts a prompt once a batch, because the engine shares its rows among the samples.
 */
static hs_status add_prompt(fluency *f, size_t prompt, hs_error *error)
{
    const hs_sequences *prompts = f->samples->prompts;
    size_t n_prompt = prompts->offsets[prompt + 1] - prompts->offsets[prompt];
    size_t n = sort_samples(f, prompt);
    f->n_rows += n_prompt;
    for (size_t i = 0; i < n; i++) {
        const fluency_sample *sample = &f->order[i];
        bool repeated = i > 0 && same_sample(sample - 1, sample);
        f->same_as[sample->index] = repeated ? f->same_as[sample[-1].index] : sample->index;
        if (repeated || sample->n == 0)
            continue;
        if (f->n_rows + sample->n > BATCH_ROWS && f->sequences.n > 0) {
            HS_TRY(evaluate_batch(f, error));
            f->n_rows = n_prompt;
        }
        HS_TRY(add_sequence(f, prompt, sample, error));
    }
    return HS_OK;
}

/*
 * A sample without tokens has 0. Repeated ones take over the sum of the first only at the end,
 * when its batch is done.
 */
hs_status hs__tasks_fluency_measure(hs_engine *engine, const task_samples *samples, double *nll, hs_error *error)
{
    size_t n_per_prompt = samples->n_ablations * samples->sampling->n_samples;
    size_t n = n_per_prompt * samples->prompts->n;
    fluency f = {.engine = engine, .samples = samples, .nll = nll};
    hs_status status;
    HS_GOTO_DONE(hs_allocate(&f.same_as, n, sizeof *f.same_as, "samples", error));
    HS_GOTO_DONE(hs_allocate(&f.order, n_per_prompt, sizeof *f.order, "samples", error));
    memset(nll, 0, n * sizeof *nll);
    for (size_t prompt = 0; prompt < samples->prompts->n; prompt++)
        HS_GOTO_DONE(add_prompt(&f, prompt, error));
    HS_GOTO_DONE(evaluate_batch(&f, error));
    for (size_t i = 0; i < n; i++)
        nll[i] = nll[f.same_as[i]];
done:
    fluency_clear(&f);
    return status;
}

/* Samples that differ from their first token on, as far as there are ids for it. */
static hs_status add_made_up(fluency *f, size_t prompt, size_t vocabulary, int32_t *tokens, hs_error *error)
{
    const hs_sampling *sampling = f->samples->sampling;
    for (size_t s = 0; s < sampling->n_samples; s++) {
        tokens[0] = (int32_t)(s % vocabulary);
        HS_TRY(add_sequence(f, prompt, &(fluency_sample){tokens, sampling->max_new_tokens, s}, error));
    }
    return HS_OK;
}

/* An upper bound: samples of full length that share nothing but the prompt. */
hs_status hs__tasks_fluency_count(const hs_engine *engine, const hs_sequences *prompts,
                                  const task_generation *generation, hs_engine_cost *cost_out, hs_error *error)
{
    const task_samples samples = {.prompts = prompts, .sampling = &generation->sampling, .n_ablations = 1};
    const hs_ablation clean = {0};
    fluency f = {.samples = &samples};
    int32_t *tokens = NULL;
    hs_status status;
    HS_GOTO_DONE(hs_allocate(&tokens, generation->sampling.max_new_tokens, sizeof *tokens, "token ids", error));
    for (size_t prompt = 0; prompt < prompts->n; prompt++)
        HS_GOTO_DONE(add_made_up(&f, prompt, generation->vocabulary, tokens, error));
    const hs_workload workload = {
        .sequences = hs__tasks_sequences_view(&f.sequences), .queries = f.queries.items, .n_queries = f.queries.n};
    HS_GOTO_DONE(hs_engine_count_cost(engine, &workload, &clean, 1, cost_out, error));
done:
    hs_free(tokens);
    fluency_clear(&f);
    return status;
}
