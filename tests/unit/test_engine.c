/* The engine's queries, bits and figures. */
#include "engine/state.h"
#include "support/assert_status.h"
#include "support/engine_models.h"
#include "support/naive_model.h"
#include "support/valgrind.h"

#include <stdlib.h>
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
#include <malloc.h>
#endif

enum { MAX_LENGTH = 160, MAX_VOCABULARY = 64 };

/* Packed with others, a sequence's answers are those it has by itself. */
static void add_three_sequences(struct work *work, size_t vocabulary)
{
    static const size_t lengths[] = {5, 70, 9};
    for (size_t i = 0; i < 3; i++) {
        int32_t tokens[MAX_LENGTH];
        fill_tokens(tokens, lengths[i], vocabulary, 40 + i);
        add_sequence(work, tokens, lengths[i]);
    }
}

static double expected_answer(const struct work *work, const hs_query *query, const double *logits, size_t vocabulary)
{
    const double *row = logits + query->row * vocabulary;
    double log_sum = naive_log_sum(row, vocabulary);
    double sum = 0;
    switch (query->kind) {
    case HS_QUERY_LOGIT:
        return row[query->token];
    case HS_QUERY_IS_GREEDY:
        for (size_t i = 0; i < vocabulary; i++)
            if (row[i] > row[query->token])
                return 0;
        return 1;
    case HS_QUERY_LIST_PROBABILITY:
        for (size_t i = work->workload.list_offsets[query->token]; i < work->workload.list_offsets[query->token + 1];
             i++)
            sum += exp(row[work->workload.list_tokens[i]] - log_sum);
        return sum;
    default:
        return row[query->token] - log_sum;
    }
}

static void ask_everything(struct work *work, size_t vocabulary)
{
    static const size_t list_offsets[] = {0, 3, 3, 5};
    static const int32_t list_tokens[] = {1, 2, 28, 0, 7};
    work->workload.list_offsets = list_offsets;
    work->workload.list_tokens = list_tokens;
    work->workload.n_lists = 3;
    for (size_t i = 0; i < 120; i++) {
        uint32_t sequence = (uint32_t)(i % 3);
        size_t length = work->offsets[sequence + 1] - work->offsets[sequence];
        hs_query_kind kind = (hs_query_kind)(i / 3 % 4);
        size_t limit = kind == HS_QUERY_LIST_PROBABILITY ? 3 : vocabulary;
        add_query(work, sequence, hs_random_below(5, 1, i, length), kind, (int32_t)hs_random_below(5, 2, i, limit));
    }
}

static void test_every_kind_of_query(void **state)
{
    (void)state;
    loaded model = load_small_gpt2();
    size_t vocabulary = model.model->shape.vocabulary;
    hs_engine *engine = new_engine(model.model, (hs_engine_options){0});
    struct work work = {0};
    add_three_sequences(&work, vocabulary);
    ask_everything(&work, vocabulary);
    /* One that is the most probable token, so that IS_GREEDY says 1 at least once. */
    static double logits[3][MAX_LENGTH * MAX_VOCABULARY];
    for (size_t i = 0; i < 3; i++)
        naive_logits(logits[i], model.model, work.tokens + work.offsets[i], work.offsets[i + 1] - work.offsets[i], NULL,
                     NULL);
    int32_t best = 0;
    for (int32_t i = 1; (size_t)i < vocabulary; i++)
        best = logits[1][69 * vocabulary + (size_t)i] > logits[1][69 * vocabulary + (size_t)best] ? i : best;
    add_query(&work, 1, 69, HS_QUERY_IS_GREEDY, best);
    hs_ablation clean = {0};
    double *answers = evaluate(engine, &work.workload, &clean, 1);
    for (size_t i = 0; i < work.workload.n_queries; i++) {
        const hs_query *query = &work.queries[i];
        assert_float_equal(answers[i], expected_answer(&work, query, logits[query->sequence], vocabulary), 1e-5);
    }
    assert_true(answers[work.workload.n_queries - 1] == 1.0);
    hs_free(answers);
    clear_work(&work);
    hs_engine_free(engine);
    unload(&model);
}

static void test_greedy_ties_go_to_the_lowest(void **state)
{
    (void)state;
    loaded model = load_small_gpt2();
    /* All logits are equal without an unembedding. */
    float *zeros = NULL;
    ASSERT_OK(hs_allocate(&zeros, 31 * 24, sizeof *zeros, "test", &error));
    model.model->unembedding.values = zeros;
    hs_engine *engine = new_engine(model.model, (hs_engine_options){0});
    struct work work = {0};
    add_sequence(&work, (const int32_t[]){3}, 1);
    add_query(&work, 0, 0, HS_QUERY_IS_GREEDY, 0);
    add_query(&work, 0, 0, HS_QUERY_IS_GREEDY, 1);
    hs_ablation clean = {0};
    double *answers = evaluate(engine, &work.workload, &clean, 1);
    assert_true(answers[0] == 1.0 && answers[1] == 0.0);
    hs_free(answers);
    clear_work(&work);
    hs_engine_free(engine);
    unload(&model);
    hs_free(zeros);
}

static void test_workloads_with_nothing_in_them(void **state)
{
    (void)state;
    loaded model = load_small_gpt2();
    hs_engine *engine = new_engine(model.model, (hs_engine_options){0});
    struct work work = {0};
    hs_ablation clean = {0};
    hs_free(evaluate(engine, &work.workload, &clean, 1));
    add_sequence(&work, NULL, 0);
    add_sequence(&work, (const int32_t[]){1, 2}, 2);
    hs_free(evaluate(engine, &work.workload, &clean, 1));
    add_query(&work, 1, 1, HS_QUERY_LOGIT, 0);
    double *answers = evaluate(engine, &work.workload, &clean, 1);
    float logits[2 * 31];
    ASSERT_OK(hs_engine_logits(engine, work.tokens, 2, NULL, logits, &error));
    assert_float_equal(answers[0], (double)logits[31], 1e-5);
    hs_free(answers);
    clear_work(&work);
    hs_engine_free(engine);
    unload(&model);
}

/* A workload may be a window of a larger array: offsets need not start at 0. */
static void test_offsets_may_start_anywhere(void **state)
{
    (void)state;
    loaded model = load_small_gpt2();
    hs_engine *engine = new_engine(model.model, (hs_engine_options){0});
    const int32_t tokens[] = {9, 9, 9, 1, 2, 3, 4};
    const size_t offsets[] = {3, 5, 7};
    const size_t same_from_zero[] = {0, 2, 4};
    const hs_query queries[] = {{0, 1, HS_QUERY_LOGIT, 4}, {1, 0, HS_QUERY_LOGIT, 5}};
    hs_workload window = {.sequences = {2, offsets, tokens, NULL}, .queries = queries, .n_queries = 2};
    hs_workload whole = {.sequences = {2, same_from_zero, tokens + 3, NULL}, .queries = queries, .n_queries = 2};
    hs_ablation clean = {0};
    double *first = evaluate(engine, &window, &clean, 1);
    double *second = evaluate(engine, &whole, &clean, 1);
    assert_memory_equal(first, second, 2 * sizeof *first);
    hs_free(first);
    hs_free(second);
    hs_engine_free(engine);
    unload(&model);
}

static void test_answers_depend_on_the_ablation_only(void **state)
{
    (void)state;
    loaded model = load_small_llama();
    hs_engine *engine = new_engine(model.model, (hs_engine_options){0});
    struct work work = {0};
    add_three_sequences(&work, model.model->shape.vocabulary);
    ask_everything(&work, model.model->shape.vocabulary);
    const hs_component components[] = {{HS_COMPONENT_HEAD, 0, 1}, {HS_COMPONENT_HEAD, 1, 4}};
    const hs_ablation ablations[] = {
        {components, 2, {HS_INTERVENTION_SCALE, -1.0f}},
        {NULL, 0, {HS_INTERVENTION_ZERO, 0.0f}},
        {components, 1, {HS_INTERVENTION_UNIFORM, 0.0f}},
        {components + 1, 1, {HS_INTERVENTION_ZERO, 0.0f}},
    };
    enum { N = 4 };
    size_t n_bytes = work.workload.n_queries * sizeof(double);
    double *together = evaluate(engine, &work.workload, ablations, N);
    hs_prepared *prepared = NULL;
    double *alone = NULL;
    ASSERT_OK(hs_allocate(&alone, work.workload.n_queries, sizeof *alone, "test", &error));
    ASSERT_OK(hs_engine_prepare(engine, &work.workload, &prepared, &error));
    for (size_t i = N; i-- > 0;) {
        ASSERT_OK(hs_engine_evaluate(engine, prepared, &ablations[i], 1, alone, &error));
        assert_memory_equal(alone, together + i * work.workload.n_queries, n_bytes);
    }
    assert_true(memcmp(together, together + work.workload.n_queries, n_bytes) != 0);
    hs_engine_prepared_free(prepared);
    hs_free(alone);
    hs_free(together);
    clear_work(&work);
    hs_engine_free(engine);
    unload(&model);
}

static bool count_call(void *context)
{
    ++*(size_t *)context;
    return true;
}

static void test_poll_is_called_in_every_layer(void **state)
{
    (void)state;
    loaded model = load_small_gpt2();
    size_t n_calls = 0;
    hs_engine *engine = new_engine(model.model, (hs_engine_options){.poll = count_call, .poll_context = &n_calls});
    float logits[31];
    ASSERT_OK(hs_engine_logits(engine, (const int32_t[]){1}, 1, NULL, logits, &error));
    assert_true(n_calls >= model.model->shape.n_layers);
    hs_engine_free(engine);
    unload(&model);
}

static void test_flops(void **state)
{
    (void)state;
    loaded model = load_small_llama();
    hs_engine *engine = new_engine(model.model, (hs_engine_options){0});
    struct work work = {0};
    add_sequence(&work, (const int32_t[]){1, 2, 3, 4, 5}, 5);
    add_sequence(&work, (const int32_t[]){1, 2, 3}, 3);
    add_query(&work, 0, 4, HS_QUERY_LOGIT, 1);
    add_query(&work, 0, 4, HS_QUERY_LOGIT, 2);
    add_query(&work, 1, 0, HS_QUERY_LOGIT, 2);
    /* Width 20, six query heads and two KV heads of 10, gated MLP of 36, vocabulary 29, two layers. */
    double weights = 20 * 60 + 2 * 20 * 20 + 60 * 20 + 3 * 20 * 36;
    double pairs = 5 * 6 / 2 + 3 * 4 / 2;
    double expected = 2 * (8 * 2 * weights + 4 * pairs * 60) + 2 * 2 * 20 * 29;
    assert_float_equal(hs_engine_flops(engine, &work.workload), expected, 1e-6);
    clear_work(&work);
    hs_engine_free(engine);
    unload(&model);
}

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
static size_t allocated_bytes(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/* What the allocator handed out while a workload is prepared and evaluated against what was promised. */
static void check_memory(const hs_model *model, bool donors)
{
    hs_engine *engine = new_engine(model, (hs_engine_options){0});
    struct work work = {0};
    static const uint32_t donor_of[] = {2, 0, 1};
    add_three_sequences(&work, model->shape.vocabulary);
    for (uint32_t i = 0; i < 3; i++)
        ask_next_tokens(&work, i);
    if (donors) {
        work.workload.donor_sequences = work.workload.sequences;
        work.workload.donors = donor_of;
    }
    double answers[256];
    hs_prepared *prepared = NULL;
    hs_ablation clean = {0};
    hs_error error = {0};
    size_t before = allocated_bytes();
    assert_ok(hs_engine_prepare(engine, &work.workload, &prepared, &error), &error);
    assert_ok(hs_engine_evaluate(engine, prepared, &clean, 1, answers, &error), &error);
    size_t held = allocated_bytes() - before;
    size_t promised = hs_engine_memory_bytes(&model->shape, 84, 81, 70, donors);
    print_message("%zu bytes promised, %zu held\n", promised, held);
    assert_true(held >= promised && held <= promised + 4096);
    hs_engine_prepared_free(prepared);
    clear_work(&work);
    hs_engine_free(engine);
}

static void test_memory_is_what_was_promised(void **state)
{
    (void)state;
    skip_under_valgrind();
    loaded gpt2 = load_small_gpt2();
    loaded llama = load_small_llama();
    check_memory(gpt2.model, false);
    check_memory(gpt2.model, true);
    check_memory(llama.model, false);
    check_memory(llama.model, true);
    unload(&gpt2);
    unload(&llama);
}
#else
static void test_memory_is_what_was_promised(void **state)
{
    (void)state;
    print_message("skipped: this allocator does not say how much it handed out\n");
    skip();
}
#endif

static void test_memory_of_a_large_model(void **state)
{
    (void)state;
    hs_model_shape shape = {
        .n_layers = 12,
        .n_heads = 12,
        .n_kv_heads = 12,
        .head_dim = 64,
        .width = 768,
        .mlp_width = 3072,
        .vocabulary = 50257,
        .n_outputs = 50257,
        .n_positions = 1024,
    };
    size_t rows = 32 * 64;
    /* Residual, attention output, z and three times that for heads; one block of MLP; one block of logits. */
    size_t expected = rows * 768 * 4 * 6 + 256 * (768 + 3072) * 4 + 32 * 50257 * 4;
    size_t actual = hs_engine_memory_bytes(&shape, rows, 32, 64, false);
    assert_true(actual >= expected && actual < expected + expected / 50);
    /* Logits stay below 64 MB however many rows are scored, and donors keep z of every layer. */
    size_t scored = hs_engine_memory_bytes(&shape, rows, rows, 64, false);
    assert_true(scored - actual <= 64u << 20);
    assert_int_equal(hs_engine_memory_bytes(&shape, rows, 32, 64, true) - actual, 12 * rows * 768 * 4);
    assert_int_equal(hs_engine_memory_bytes(&shape, SIZE_MAX / 16, 32, 64, true), SIZE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind_of_query),
        cmocka_unit_test(test_greedy_ties_go_to_the_lowest),
        cmocka_unit_test(test_workloads_with_nothing_in_them),
        cmocka_unit_test(test_offsets_may_start_anywhere),
        cmocka_unit_test(test_answers_depend_on_the_ablation_only),
        cmocka_unit_test(test_poll_is_called_in_every_layer),
        cmocka_unit_test(test_flops),
        cmocka_unit_test(test_memory_is_what_was_promised),
        cmocka_unit_test(test_memory_of_a_large_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
