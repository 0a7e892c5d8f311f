/* What generation refuses, what it does where a logit is not finite, what it costs and what it holds. */
#include <malloc.h>

#include "support/engine_random.h"
#include "support/valgrind.h"

enum { N_KEYS = 4 };
static const uint64_t keys[N_KEYS] = {11, 12, 13, 14};
static const hs_ablation clean = {0};

static hs_sampling sampling_of(size_t n_samples, size_t max_new_tokens)
{
    return (hs_sampling){.n_samples = n_samples, .max_new_tokens = max_new_tokens, .temperature = 1, .top_p = 1};
}

static hs_status try(hs_engine *engine, const struct work *work, hs_sampling sampling, const hs_ablation *ablation,
                     int32_t *tokens, hs_error *error)
{
    return hs_engine_generate(engine, &work->workload, keys, &sampling, ablation, 1, tokens, error);
}

static void check_refusals(hs_engine_kind kind)
{
    loaded model = load_small_gpt2();
    hs_engine *engine = new_engine(model.model, (hs_engine_options){.kind = kind});
    struct work work = {0}, empty = {0}, unknown = {0};
    int32_t prompt[160] = {0}, bad[] = {3, 31};
    int32_t tokens[2 * 2 * 4];
    const hs_component heads[] = {{HS_COMPONENT_HEAD, 0, 1}, {HS_COMPONENT_HEAD, 7, 0}};
    const hs_ablation mean = {heads, 1, {HS_INTERVENTION_MEAN, 0}};
    const hs_ablation resample = {heads, 1, {HS_INTERVENTION_RESAMPLE, 0}};
    const hs_ablation absent = {heads + 1, 1, {HS_INTERVENTION_ZERO, 0}};
    hs_sampling sampling = sampling_of(2, 4);
    add_sequence(&work, prompt, 3);
    ASSERT_FAILS(try(engine, &work, sampling, &mean, tokens, &error), HS_ERROR_INPUT, "reference means");
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(tokens[i], -1);
    ASSERT_FAILS(try(engine, &work, sampling, &resample, tokens, &error), HS_ERROR_INPUT, "donor");
    ASSERT_FAILS(try(engine, &work, sampling, &absent, tokens, &error), HS_ERROR_INPUT, "head 7.0 does not exist");
    sampling.top_p = 1.5;
    ASSERT_FAILS(try(engine, &work, sampling, &clean, tokens, &error), HS_ERROR_INPUT, "top_p is 1.5");
    sampling = sampling_of(2, 4);
    add_sequence(&work, prompt, 157);
    ASSERT_FAILS(try(engine, &work, sampling, &clean, tokens, &error), HS_ERROR_INPUT,
                 "prompt 1: 157 tokens and 4 new ones are more than the model's 160 positions");
    add_sequence(&empty, prompt, 0);
    ASSERT_FAILS(try(engine, &empty, sampling, &clean, tokens, &error), HS_ERROR_INPUT, "prompt 0: it is empty");
    add_sequence(&unknown, bad, 2);
    ASSERT_FAILS(try(engine, &unknown, sampling, &clean, tokens, &error), HS_ERROR_INPUT, "token 31 is outside");
    clear_work(&work);
    clear_work(&empty);
    clear_work(&unknown);
    hs_engine_free(engine);
    unload(&model);
}

static void test_refusals(void **state)
{
    (void)state;
    check_refusals(HS_ENGINE_REFERENCE);
    check_refusals(HS_ENGINE_PREFIX);
}

/* As many tokens as there are positions, of which the last new one has none to itself. */
static void test_up_to_the_last_position(void **state)
{
    (void)state;
    loaded model = load_small_gpt2();
    struct work work = {0};
    int32_t prompt[150] = {1, 2, 3};
    int32_t tokens[2][10];
    add_sequence(&work, prompt, 150);
    for (size_t kind = 0; kind < 2; kind++) {
        hs_engine *engine = new_engine(model.model, (hs_engine_options){.kind = (hs_engine_kind)kind});
        ASSERT_OK(try(engine, &work, sampling_of(1, 10), &clean, tokens[kind], &error));
        hs_engine_free(engine);
    }
    assert_memory_equal(tokens[0], tokens[1], sizeof tokens[0]);
    clear_work(&work);
    unload(&model);
}

/* Whoever is polled ends a call at once, and an encoder does not begin one. */
static bool give_up(void *context)
{
    size_t *n_calls = context;
    return ++*n_calls < 3;
}

static void test_giving_up(void **state)
{
    (void)state;
    loaded model = load_small_gpt2();
    struct work work = {0};
    int32_t prompt[5] = {1, 2, 3};
    int32_t tokens[2 * 90];
    add_sequence(&work, prompt, 5);
    for (size_t kind = 0; kind < 2; kind++) {
        size_t n_calls = 0;
        hs_engine *engine = new_engine(
            model.model, (hs_engine_options){.kind = (hs_engine_kind)kind, .poll = give_up, .poll_context = &n_calls});
        ASSERT_FAILS(try(engine, &work, sampling_of(2, 90), &clean, tokens, &error), HS_UNFINISHED, "given up");
        assert_int_equal(tokens[0], -1);
        assert_true(n_calls < 200);
        n_calls = 0;
        model.model->shape.bidirectional = true;
        ASSERT_FAILS(try(engine, &work, sampling_of(2, 90), &clean, tokens, &error), HS_ERROR_INPUT, "sees both sides");
        model.model->shape.bidirectional = false;
        hs_engine_free(engine);
    }
    clear_work(&work);
    unload(&model);
}

/* What is drawn follows from keys and not from what else is in the call; equal prompts differ by their key only. */
static void test_keys_decide(void **state)
{
    (void)state;
    enum { N_SAMPLES = 5, N_NEW = 6, N = N_SAMPLES * N_NEW };
    loaded model = load_small_llama();
    hs_engine *engine = new_engine(model.model, (hs_engine_options){.kind = HS_ENGINE_PREFIX});
    struct work all = {0}, last = {0};
    int32_t prompt[] = {4, 9, 2, 17};
    int32_t tokens[3][N_SAMPLES][N_NEW], alone[N_SAMPLES][N_NEW];
    hs_sampling sampling = sampling_of(N_SAMPLES, N_NEW);
    for (size_t i = 0; i < 3; i++)
        add_sequence(&all, prompt, 4);
    add_sequence(&last, prompt, 4);
    const uint64_t own_keys[] = {5, 6, 5};
    ASSERT_OK(hs_engine_generate(engine, &all.workload, own_keys, &sampling, &clean, 1, tokens[0][0], &error));
    ASSERT_OK(hs_engine_generate(engine, &last.workload, own_keys + 1, &sampling, &clean, 1, alone[0], &error));
    assert_memory_equal(tokens[0], tokens[2], sizeof alone);
    assert_memory_equal(tokens[1], alone, sizeof alone);
    assert_true(memcmp(tokens[0], tokens[1], sizeof alone) != 0);
    sampling.seed++;
    ASSERT_OK(hs_engine_generate(engine, &last.workload, own_keys + 1, &sampling, &clean, 1, alone[0], &error));
    assert_true(memcmp(tokens[1], alone, sizeof alone) != 0);
    clear_work(&all);
    clear_work(&last);
    hs_engine_free(engine);
    unload(&model);
}

/* A head whose values overflow spoils the clean model, and the model without it has tokens. */
static void test_a_head_that_overflows(void **state)
{
    (void)state;
    enum { N_SAMPLES = 3, N_NEW = 5 };
    loaded model = load_small_gpt2();
    struct work work = {0};
    const hs_component head = {HS_COMPONENT_HEAD, 1, 2};
    const hs_ablation without = {&head, 1, {HS_INTERVENTION_ZERO, 0.0f}};
    float bias[24] = {0};
    int32_t prompt[9];
    int32_t tokens[2][2 * N_SAMPLES * N_NEW];
    bias[2 * 6 + 1] = INFINITY;
    model.model->layers[1].value.bias = bias;
    fill_tokens(prompt, 9, model.model->shape.vocabulary, 4);
    add_sequence(&work, prompt, 9);
    add_sequence(&work, prompt, 4);
    for (size_t kind = 0; kind < 2; kind++) {
        hs_engine *engine = new_engine(model.model, (hs_engine_options){.kind = (hs_engine_kind)kind});
        ASSERT_OK(try(engine, &work, sampling_of(N_SAMPLES, N_NEW), &without, tokens[kind], &error));
        ASSERT_FAILS(try(engine, &work, sampling_of(N_SAMPLES, N_NEW), &clean, tokens[kind], &error), HS_ERROR_NUMERIC,
                     "clean model: not finite from layer 1 on");
        assert_int_equal(tokens[kind][0], -1);
        ASSERT_OK(try(engine, &work, sampling_of(N_SAMPLES, N_NEW), &without, tokens[kind], &error));
        hs_engine_free(engine);
    }
    assert_memory_equal(tokens[0], tokens[1], sizeof tokens[0]);
    clear_work(&work);
    unload(&model);
}

/* An ablation that overflows ends its samples where it does, with a mark; the others of the call have their tokens. */
static void test_an_ablation_that_overflows(void **state)
{
    (void)state;
    enum { N_SAMPLES = 3, N_NEW = 5, N = 2 * N_SAMPLES * N_NEW };
    loaded model = load_small_gpt2();
    struct work work = {0};
    const hs_component head = {HS_COMPONENT_HEAD, 1, 2};
    const hs_ablation both[] = {{&head, 1, {HS_INTERVENTION_SCALE, 3e38f}}, {&head, 1, {HS_INTERVENTION_ZERO, 0.0f}}};
    const uint64_t numbers[] = {0, 1};
    int32_t prompt[9], tokens[2][2][N], alone[N];
    fill_tokens(prompt, 9, model.model->shape.vocabulary, 4);
    add_sequence(&work, prompt, 9);
    add_sequence(&work, prompt, 4);
    for (size_t kind = 0; kind < 2; kind++) {
        const hs_sampling sampling = sampling_of(N_SAMPLES, N_NEW);
        hs_engine *engine = new_engine(model.model, (hs_engine_options){.kind = (hs_engine_kind)kind});
        ASSERT_OK(hs_engine_generate(engine, &work.workload, numbers, &sampling, both, 2, tokens[kind][0], &error));
        for (size_t sample = 0; sample < 2 * N_SAMPLES; sample++) {
            assert_int_equal(tokens[kind][0][sample * N_NEW], HS_TOKEN_NOT_FINITE);
            for (size_t step = 1; step < N_NEW; step++)
                assert_int_equal(tokens[kind][0][sample * N_NEW + step], -1);
        }
        ASSERT_OK(hs_engine_generate(engine, &work.workload, numbers, &sampling, both + 1, 1, alone, &error));
        assert_memory_equal(tokens[kind][1], alone, sizeof alone);
        hs_engine_free(engine);
    }
    assert_memory_equal(tokens[0], tokens[1], sizeof tokens[0]);
    clear_work(&work);
    unload(&model);
}

static hs_engine_cost count(const hs_model *model, hs_engine_kind kind, const struct work *work, hs_sampling sampling,
                            const hs_ablation *ablations, size_t n_ablations)
{
    hs_engine_cost cost;
    hs_engine *engine = new_engine(model, (hs_engine_options){.kind = kind});
    ASSERT_OK(hs_engine_count_generation(engine, &work->workload, &sampling, ablations, n_ablations, &cost, &error));
    hs_engine_free(engine);
    return cost;
}

/* A full pass over `length` tokens with the logits of the last row, and without. */
static double pass_flops(const hs_model *model, size_t length, bool with_logits)
{
    int32_t tokens[100] = {0};
    struct work work = {0};
    hs_engine *engine = new_engine(model, (hs_engine_options){0});
    add_sequence(&work, tokens, length);
    if (with_logits)
        add_query(&work, 0, length - 1, HS_QUERY_LOGIT, 0);
    double flops = hs_engine_flops(engine, &work.workload);
    hs_engine_free(engine);
    clear_work(&work);
    return flops;
}

static void assert_near(double actual, double expected)
{
    if (!(fabs(actual - expected) <= 1e-12 * fabs(expected)))
        fail_msg("%.17g, expected %.17g", actual, expected);
}

static void test_cost(void **state)
{
    (void)state;
    loaded model = load_small_llama();
    struct work work = {0}, asked = {0};
    int32_t prompt[12] = {1, 2, 3};
    const hs_component heads[] = {{HS_COMPONENT_HEAD, 0, 1}, {HS_COMPONENT_HEAD, 1, 3}};
    const hs_ablation sets[] = {{heads, 2, {HS_INTERVENTION_ZERO, 0}}, {heads, 1, {HS_INTERVENTION_ZERO, 0}}};
    add_sequence(&work, prompt, 12);
    add_sequence(&asked, prompt, 12);
    add_query(&asked, 0, 11, HS_QUERY_LOGIT, 0);

    /* The reference: a pass a token. Naive: the longest of these passes, and logits. */
    double logits = pass_flops(model.model, 1, true) - pass_flops(model.model, 1, false);
    double passes =
        pass_flops(model.model, 12, true) + pass_flops(model.model, 13, true) + pass_flops(model.model, 14, true);
    double naive = pass_flops(model.model, 14, false) + 3 * logits;
    hs_engine_cost cost = count(model.model, HS_ENGINE_REFERENCE, &work, sampling_of(5, 3), sets, 2);
    assert_near(cost.flops_of_group, 2 * 5 * passes);
    assert_near(cost.flops_naive, 2 * 5 * naive);

    /* The prefix engine: what answers of the prompt cost, and the new rows of each sample. */
    hs_engine_cost prefill;
    hs_engine *engine = new_engine(model.model, (hs_engine_options){.kind = HS_ENGINE_PREFIX});
    ASSERT_OK(hs_engine_count_cost(engine, &asked.workload, sets, 2, &prefill, &error));
    double prefill_flops = prefill.flops_of_group + prefill.flops_of_workload;
    double new_rows = pass_flops(model.model, 14, false) - pass_flops(model.model, 12, false) + 2 * logits;
    cost = count(model.model, HS_ENGINE_PREFIX, &work, sampling_of(1, 1), sets, 2);
    assert_near(cost.flops_of_group, prefill_flops);
    cost = count(model.model, HS_ENGINE_PREFIX, &work, sampling_of(5, 3), sets, 2);
    assert_near(cost.flops_of_group, prefill_flops + 2 * 5 * new_rows);
    assert_near(cost.flops_naive, 2 * 5 * naive);
    hs_sampling greedy = sampling_of(5, 3);
    greedy.temperature = 0;
    cost = count(model.model, HS_ENGINE_PREFIX, &work, greedy, sets, 2);
    assert_near(cost.flops_of_group, prefill_flops + 2 * new_rows);
    hs_engine_free(engine);
    clear_work(&work);
    clear_work(&asked);
    unload(&model);
}

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
static size_t allocated_bytes(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static bool note_bytes(void *context)
{
    size_t *most = context;
    *most = allocated_bytes() > *most ? allocated_bytes() : *most;
    return true;
}

/* The most that is held during a call is what was promised, but for the tree of sets. */
static void test_memory_is_what_was_promised(void **state)
{
    (void)state;
    skip_under_valgrind();
    for (uint64_t round = 600; round < 608; round++) {
        struct draw draw = {round, 0};
        struct sets sets = {0};
        struct work work = {0};
        size_t most = 0;
        int32_t *tokens = NULL;
        loaded model = load_random_decoder(&draw);
        hs_engine_options options = {.kind = (hs_engine_kind)(round % 2), .poll = note_bytes, .poll_context = &most};
        hs_engine *engine = new_engine(model.model, options);
        hs_sampling sampling = sampling_of(20, 12);
        for (size_t i = 0; i < 3; i++) {
            int32_t prompt[40];
            fill_tokens(prompt, 10 + 9 * i, model.model->shape.vocabulary, round + i);
            add_sequence(&work, prompt, 10 + 9 * i);
        }
        make_sets(&sets, &draw, &model.model->shape);
        for (size_t i = 0; i < sets.n; i++)
            sets.ablations[i].intervention = (hs_intervention){HS_INTERVENTION_ZERO, 0};
        hs_engine_cost cost = count(model.model, options.kind, &work, sampling, sets.ablations, sets.n);
        ASSERT_OK(hs_allocate(&tokens, sets.n, 3 * 20 * 12 * sizeof *tokens, "test", &error));
        size_t before = allocated_bytes();
        ASSERT_OK(hs_engine_generate(engine, &work.workload, keys, &sampling, sets.ablations, sets.n, tokens, &error));
        size_t held = most - before;
        print_message("%zu bytes promised, %zu held\n", cost.memory_bytes, held);
        assert_true(held <= cost.memory_bytes + cost.memory_bytes / 20 + 20000);
        assert_true(cost.memory_bytes <= held + held / 20 + 20000);
        hs_free(tokens);
        clear_work(&work);
        hs_engine_free(engine);
        unload(&model);
    }
}
#else
static void test_memory_is_what_was_promised(void **state)
{
    (void)state;
    skip();
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_up_to_the_last_position),
        cmocka_unit_test(test_giving_up),
        cmocka_unit_test(test_keys_decide),
        cmocka_unit_test(test_a_head_that_overflows),
        cmocka_unit_test(test_an_ablation_that_overflows),
        cmocka_unit_test(test_cost),
        cmocka_unit_test(test_memory_is_what_was_promised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
