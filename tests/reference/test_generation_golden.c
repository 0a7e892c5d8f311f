/*
 * Generation against Hugging Face transformers: greedy continuations under ablations token for token, and the tokens
 * that temperature, top_k and top_p keep. generation/, made by make_generation_golden.py; the checkpoints are
 * engine/FAMILY.
 */
#include "engine/sampler.h"
#include "support/engine_fixture.h"
#include "support/reference_file.h"

#include <stdlib.h>

enum { MAX_SETS = 8, MAX_COMPONENTS = 4 };

/* A path below tests/reference; hs_free() it. */
static char *reference_path(const char *format, const char *name)
{
    hs_error error = {0};
    char file[128];
    const char *tests = getenv("HEADSWEEP_TEST_DATA");
    if (tests == NULL)
        fail_msg("HEADSWEEP_TEST_DATA is not set to the folder of the tests");
    snprintf(file, sizeof file, format, name);
    return hs_string_format(&error, "%s/reference/%s", tests, file);
}

static struct reference_file *open_golden(const char *name)
{
    char *path = reference_path("generation/%s.safetensors", name);
    struct reference_file *file = reference_file_open(path);
    hs_free(path);
    return file;
}

static struct reference_tensor find(const struct reference_file *file, const char *name)
{
    struct reference_tensor tensor;
    if (!reference_file_find(file, &tensor, "%s", name))
        fail_msg("the golden file has no %s", name);
    return tensor;
}

static void read_prompts(struct work *work, const struct reference_file *file)
{
    struct reference_tensor prompts = find(file, "prompts");
    for (size_t i = 0; i < prompts.shape[0]; i++) {
        int32_t tokens[32];
        size_t n = 0;
        const int64_t *row = prompts.integers + i * prompts.shape[1];
        for (; n < prompts.shape[1] && row[n] >= 0; n++)
            tokens[n] = (int32_t)row[n];
        add_sequence(work, tokens, n);
    }
}

static size_t read_sets(hs_component components[MAX_SETS][MAX_COMPONENTS], hs_ablation *ablations,
                        const struct reference_file *file)
{
    struct reference_tensor sets = find(file, "sets");
    assert_true(sets.shape[0] <= MAX_SETS && sets.shape[1] <= MAX_COMPONENTS);
    for (size_t i = 0; i < sets.shape[0]; i++) {
        const int64_t *pairs = sets.integers + i * sets.shape[1] * 2;
        size_t n = 0;
        for (; n < sets.shape[1] && pairs[2 * n] >= 0; n++)
            components[i][n] = (hs_component){HS_COMPONENT_HEAD, (int32_t)pairs[2 * n], (int32_t)pairs[2 * n + 1]};
        ablations[i] = (hs_ablation){components[i], n, {HS_INTERVENTION_ZERO, 0.0f}};
    }
    return sets.shape[0];
}

static void check_greedy(const hs_model *model, const struct reference_file *file, hs_engine_kind kind)
{
    enum { N_SAMPLES = 2 }; /* equal ones */
    struct work work = {0};
    hs_component components[MAX_SETS][MAX_COMPONENTS];
    hs_ablation ablations[MAX_SETS];
    uint64_t keys[8] = {0};
    int32_t *tokens = NULL;
    struct reference_tensor expected = find(file, "tokens");
    read_prompts(&work, file);
    size_t n_sets = read_sets(components, ablations, file);
    const int32_t end_token = (int32_t)find(file, "end_token").integers[0];
    hs_sampling sampling = {
        .n_samples = N_SAMPLES,
        .max_new_tokens = expected.shape[2],
        .top_p = 1,
        .end_tokens = &end_token,
        .n_end_tokens = 1,
    };
    assert_true(expected.shape[0] == n_sets && expected.shape[1] == work.workload.sequences.n);
    hs_engine *engine = new_engine(model, (hs_engine_options){.kind = kind});
    ASSERT_OK(hs_allocate(&tokens, N_SAMPLES * expected.n_values, sizeof *tokens, "test", &error));
    ASSERT_OK(hs_engine_generate(engine, &work.workload, keys, &sampling, ablations, n_sets, tokens, &error));
    for (size_t i = 0; i < N_SAMPLES * expected.n_values; i++) {
        size_t step = i % expected.shape[2];
        size_t row = i / expected.shape[2] / N_SAMPLES;
        assert_int_equal(tokens[i], expected.integers[row * expected.shape[2] + step]);
    }
    hs_free(tokens);
    hs_engine_free(engine);
    clear_work(&work);
}

static void check_family(const char *name)
{
    char *folder = reference_path("engine/%s", name);
    loaded model = load_model(folder);
    struct reference_file *file = open_golden(name);
    check_greedy(model.model, file, HS_ENGINE_REFERENCE);
    check_greedy(model.model, file, HS_ENGINE_PREFIX);
    reference_file_close(file);
    unload(&model);
    hs_free(folder);
}

#define GREEDY_TEST(name)                        \
    static void test_greedy_##name(void **state) \
    {                                            \
        (void)state;                             \
        check_family(#name);                     \
    }

/* One a family, as in FAMILIES of make_generation_golden.py. */
/* clang-format off */
#define FAMILIES(X) \
    X(gpt2) \
    X(llama_grouped_head_dim_tied) \
    X(mistral) \
    X(qwen2) \
    X(gpt_neox) \
    X(phi) \
    X(phi3) \
    X(phi3_window_partial_tied_bf16) \
    X(stablelm) \
    X(stablelm_parallel_biases_bf16) \
    X(cohere_biases_norms_f16) \
    X(gptj) \
    X(qwen3) \
    X(mixtral) \
    X(qwen3_moe) \
    X(olmoe) \
    X(mistral_window_bf16) \
    X(qwen2_window_tied) \
    X(opt) \
    X(opt_350m_bf16) \
    X(gpt_neo) \
    X(gemma_biases_grouped_untied_f16) \
    X(gemma2_biases_untied_f16) \
    X(olmo3) \
    X(olmo_clip) \
    X(olmo2) \
    X(bloom_six_heads_untied_f16) \
    X(mpt_scale_untied_bf16) \
    X(falcon) \
    X(falcon_new_grouped_bf16) \
    X(falcon_alibi_six_heads_bf16)
/* clang-format on */

FAMILIES(GREEDY_TEST)

static void check_kept(const hs_sampling *sampling, const double *logits, const int64_t *expected, size_t vocabulary)
{
    struct hs_sampler sampler;
    float *scores = NULL;
    ASSERT_OK(hs__engine_sampler_init(&sampler, hs__engine_best_device(), sampling, vocabulary, &error));
    ASSERT_OK(hs_allocate(&scores, vocabulary, sizeof *scores, "test", &error));
    for (size_t i = 0; i < vocabulary; i++)
        scores[i] = (float)logits[i];
    assert_true(hs__engine_sampler_load(&sampler, scores));
    double least = INFINITY;
    size_t n_kept = 0;
    size_t n_expected = 0;
    for (size_t i = 0; i < vocabulary; i++) {
        least = expected[i] != 0 ? fmin(least, logits[i]) : least;
        n_expected += expected[i] != 0;
        n_kept += hs__engine_sampler_keeps(&sampler, i);
    }
    assert_int_equal(n_kept, n_expected);
    /* Which of those that tie at the border are kept, transformers leaves to chance. */
    for (size_t i = 0; i < vocabulary; i++)
        if (hs__engine_sampler_keeps(&sampler, i) != (expected[i] != 0) && logits[i] != least)
            fail_msg("temperature %g, top_k %zu, top_p %g: token %zu is %s", sampling->temperature, sampling->top_k,
                     sampling->top_p, i, expected[i] ? "dropped" : "kept");
    hs_free(scores);
    hs__engine_sampler_clear(&sampler);
}

static void test_kept_tokens(void **state)
{
    (void)state;
    struct reference_file *file = open_golden("warpers");
    struct reference_tensor logits = find(file, "logits");
    struct reference_tensor settings = find(file, "settings");
    struct reference_tensor kept = find(file, "kept");
    size_t vocabulary = logits.shape[1];
    for (size_t i = 0; i < settings.shape[0]; i++) {
        const double *setting = settings.reals + i * 3;
        hs_sampling sampling = {
            .n_samples = 1,
            .max_new_tokens = 1,
            .temperature = setting[0],
            .top_k = (size_t)setting[1],
            .top_p = setting[2],
        };
        for (size_t row = 0; row < logits.shape[0]; row++)
            check_kept(&sampling, logits.reals + row * vocabulary,
                       kept.integers + (i * logits.shape[0] + row) * vocabulary, vocabulary);
    }
    reference_file_close(file);
}

#define GREEDY_ENTRY(name) cmocka_unit_test(test_greedy_##name),

int main(void)
{
    const struct CMUnitTest tests[] = {FAMILIES(GREEDY_ENTRY) cmocka_unit_test(test_kept_tokens)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
