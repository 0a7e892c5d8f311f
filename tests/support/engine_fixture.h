/* An engine on a loaded model, and sequences and queries put together piece by piece, for tests. */
#ifndef HEADSWEEP_TESTS_ENGINE_FIXTURE_H
#define HEADSWEEP_TESTS_ENGINE_FIXTURE_H

#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "headsweep/engine.h"
#include "support/assert_status.h"
#include "support/loaded_model.h"

/* Sequences and queries that own their arrays; initialise with {0}. */
struct work {
    hs_workload workload;
    size_t *offsets;
    int32_t *tokens;
    hs_query *queries;
    size_t offset_capacity;
    size_t token_capacity;
    size_t query_capacity;
};

/* Adds a sequence and returns its index. */
static inline uint32_t add_sequence(struct work *work, const int32_t *tokens, size_t length)
{
    hs_sequences *sequences = &work->workload.sequences;
    size_t used = sequences->n == 0 ? 0 : work->offsets[sequences->n];
    ASSERT_OK(hs_reserve(&work->offsets, &work->offset_capacity, sequences->n + 2, sizeof(size_t), "test", &error));
    ASSERT_OK(hs_reserve(&work->tokens, &work->token_capacity, used + length + 1, sizeof(int32_t), "test", &error));
    for (size_t i = 0; i < length; i++)
        work->tokens[used + i] = tokens[i];
    work->offsets[sequences->n + 1] = used + length;
    *sequences = (hs_sequences){.n = sequences->n + 1, .offsets = work->offsets, .tokens = work->tokens};
    return (uint32_t)sequences->n - 1;
}

static inline void add_query(struct work *work, uint32_t sequence, size_t row, hs_query_kind kind, int32_t token)
{
    size_t n = work->workload.n_queries;
    ASSERT_OK(hs_reserve(&work->queries, &work->query_capacity, n + 1, sizeof(hs_query), "test", &error));
    work->queries[n] = (hs_query){sequence, (uint32_t)row, (int32_t)kind, token};
    work->workload.queries = work->queries;
    work->workload.n_queries = n + 1;
}

/* Asks for the log-probability of every token but the first, given those before it. */
static inline void ask_next_tokens(struct work *work, uint32_t sequence)
{
    size_t first = work->offsets[sequence];
    for (size_t t = first; t + 1 < work->offsets[sequence + 1]; t++)
        add_query(work, sequence, t - first, HS_QUERY_LOG_PROBABILITY, work->tokens[t + 1]);
}

static inline void clear_work(struct work *work)
{
    hs_free(work->offsets);
    hs_free(work->tokens);
    hs_free(work->queries);
    *work = (struct work){0};
}

static inline hs_engine *new_engine(const hs_model *model, hs_engine_options options)
{
    hs_engine *engine = NULL;
    ASSERT_OK(hs_engine_new(model, &options, &engine, &error));
    return engine;
}

/* Answers of n ablations; hs_free() them. */
static inline double *evaluate(hs_engine *engine, const hs_workload *workload, const hs_ablation *ablations, size_t n)
{
    hs_prepared *prepared = NULL;
    double *answers = NULL;
    ASSERT_OK(hs_allocate(&answers, n * workload->n_queries, sizeof *answers, "test", &error));
    ASSERT_OK(hs_engine_prepare(engine, workload, &prepared, &error));
    ASSERT_OK(hs_engine_evaluate(engine, prepared, ablations, n, answers, &error));
    hs_engine_prepared_free(prepared);
    return answers;
}

/* Largest difference of two arrays, as a share of the largest expected value. */
static inline double relative_difference(const float *actual, const double *expected, size_t n)
{
    double difference = 0;
    double largest = 0;
    for (size_t i = 0; i < n; i++) {
        double distance = fabs((double)actual[i] - expected[i]);
        if (!(distance <= difference))
            difference = distance;
        largest = fmax(largest, fabs(expected[i]));
    }
    return difference / largest;
}

/* Tokens that repeat after a while but never in step with a power of two. */
static inline void fill_tokens(int32_t *tokens, size_t n, size_t vocabulary, size_t seed)
{
    for (size_t i = 0; i < n; i++)
        tokens[i] = (int32_t)(hs_random_u64(seed, 1, i) % vocabulary);
}

/* All heads of a model, sorted; hs_free() them. */
static inline hs_component *all_heads(const hs_model_shape *shape)
{
    hs_component *heads = NULL;
    ASSERT_OK(hs_allocate(&heads, shape->n_layers * shape->n_heads, sizeof *heads, "test", &error));
    for (size_t i = 0; i < shape->n_layers * shape->n_heads; i++)
        heads[i] = (hs_component){HS_COMPONENT_HEAD, (int32_t)(i / shape->n_heads), (int32_t)(i % shape->n_heads)};
    return heads;
}

#endif
