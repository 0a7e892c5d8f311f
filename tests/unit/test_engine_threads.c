/* An engine whose loops are cut among threads: the same bits each time, and what one thread computes. */
#include "headsweep/threads.h"
#include "support/engine_models.h"

/* So wide and so many rows that every loop of the passes is cut. */
enum {
    N_LAYERS = 3,
    N_HEADS = 5,
    HEAD_DIM = 32,
    WIDTH = N_HEADS * HEAD_DIM,
    VOCABULARY = 700,
    LENGTH = 60,
    N_TEXTS = 5
};
enum { N_SETS = 1 + N_LAYERS * N_HEADS, MOST_THREADS = 4, N_NEW = 6, N_SAMPLES = 8 };

static loaded load_wide(bool is_llama)
{
    const struct test_options options = {
        .n_layers = N_LAYERS,
        .n_heads = N_HEADS,
        .n_kv_heads = is_llama ? 1 : N_HEADS,
        .head_dim = HEAD_DIM,
        .width = WIDTH,
        .mlp_width = 3 * WIDTH,
        .vocabulary = VOCABULARY,
        .n_positions = 2 * LENGTH,
        .untied = true,
    };
    char *folder = test_temporary_folder();
    if (is_llama)
        test_random_llama_with(folder, &options, 21);
    else
        test_random_gpt2_with(folder, &options, 22);
    loaded model = load_model(folder);
    test_folder_remove(folder);
    free(folder);
    return model;
}

static void make_work(struct work *work)
{
    int32_t tokens[LENGTH];
    for (size_t i = 0; i < N_TEXTS; i++) {
        fill_tokens(tokens, LENGTH, VOCABULARY, 3);
        fill_tokens(tokens + LENGTH / 3, LENGTH - LENGTH / 3, VOCABULARY, 10 + i);
        ask_next_tokens(work, add_sequence(work, tokens, LENGTH));
    }
}

/* The clean model and every head alone, the interventions in turn. */
static void make_sets(hs_ablation *sets, hs_component *heads)
{
    static const hs_intervention_kind kinds[] = {HS_INTERVENTION_ZERO, HS_INTERVENTION_UNIFORM, HS_INTERVENTION_SCALE};
    sets[0] = (hs_ablation){0};
    for (size_t i = 0; i < N_LAYERS * N_HEADS; i++) {
        heads[i] = (hs_component){HS_COMPONENT_HEAD, (int32_t)(i / N_HEADS), (int32_t)(i % N_HEADS)};
        sets[i + 1] = (hs_ablation){&heads[i], 1, {kinds[i % 3], 0.5f}};
    }
}

static void assert_close(const double *actual, const double *expected, size_t n, size_t n_threads)
{
    for (size_t i = 0; i < n; i++)
        if (!(fabs(actual[i] - expected[i]) <= 1e-5 * fmax(1.0, fabs(expected[i]))))
            fail_msg("%zu threads: answer %zu is %.9g instead of %.9g", n_threads, i, actual[i], expected[i]);
}

/* Answers of an engine with so many threads, twice: the bits are the same. hs_free() them. */
static double *evaluate_twice(const hs_model *model, hs_engine_kind kind, const struct work *work, size_t n_threads)
{
    hs_component heads[N_SETS];
    hs_ablation sets[N_SETS];
    hs_threads *threads = NULL;
    make_sets(sets, heads);
    ASSERT_OK(hs_threads_new(n_threads, &threads, &error));
    hs_engine *engine = new_engine(model, (hs_engine_options){.kind = kind, .threads = threads});
    double *first = evaluate(engine, &work->workload, sets, N_SETS);
    double *second = evaluate(engine, &work->workload, sets, N_SETS);
    assert_memory_equal(first, second, N_SETS * work->workload.n_queries * sizeof *first);
    hs_free(second);
    hs_engine_free(engine);
    hs_threads_free(threads);
    return first;
}

static void compare_threads(hs_engine_kind kind)
{
    for (int is_llama = 0; is_llama < 2; is_llama++) {
        struct work work = {0};
        loaded model = load_wide(is_llama != 0);
        make_work(&work);
        size_t n_answers = N_SETS * work.workload.n_queries;
        double *expected = evaluate_twice(model.model, kind, &work, 1);
        for (size_t n_threads = 2; n_threads <= MOST_THREADS; n_threads++) {
            double *actual = evaluate_twice(model.model, kind, &work, n_threads);
            assert_close(actual, expected, n_answers, n_threads);
            hs_free(actual);
        }
        hs_free(expected);
        clear_work(&work);
        unload(&model);
    }
}

static void test_prefix(void **state)
{
    (void)state;
    compare_threads(HS_ENGINE_PREFIX);
}

static void test_reference(void **state)
{
    (void)state;
    compare_threads(HS_ENGINE_REFERENCE);
}

/* Samples differ only where two tokens are as likely as the last bits tell: none of these do. */
static void test_generation(void **state)
{
    (void)state;
    enum { N_TOKENS = N_SETS * N_TEXTS * N_SAMPLES * N_NEW };
    static int32_t expected[N_TOKENS], actual[N_TOKENS];
    const hs_sampling sampling = {
        .n_samples = N_SAMPLES, .max_new_tokens = N_NEW, .temperature = 1.0, .top_p = 0.9, .seed = 4};
    const uint64_t keys[N_TEXTS] = {0, 1, 2, 3, 4};
    hs_component heads[N_SETS];
    hs_ablation sets[N_SETS];
    struct work work = {0};
    loaded model = load_wide(true);
    make_work(&work);
    work.workload.n_queries = 0;
    make_sets(sets, heads);
    for (size_t n_threads = 1; n_threads <= MOST_THREADS; n_threads++) {
        hs_threads *threads = NULL;
        ASSERT_OK(hs_threads_new(n_threads, &threads, &error));
        hs_engine *engine = new_engine(model.model, (hs_engine_options){.kind = HS_ENGINE_PREFIX, .threads = threads});
        ASSERT_OK(hs_engine_generate(engine, &work.workload, keys, &sampling, sets, N_SETS,
                                     n_threads == 1 ? expected : actual, &error));
        if (n_threads > 1)
            assert_memory_equal(actual, expected, sizeof actual);
        hs_engine_free(engine);
        hs_threads_free(threads);
    }
    clear_work(&work);
    unload(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prefix),
        cmocka_unit_test(test_reference),
        cmocka_unit_test(test_generation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
