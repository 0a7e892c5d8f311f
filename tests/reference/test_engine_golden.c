/*
 * Both engines against logits that Hugging Face transformers computed in float64 on tiny random checkpoints, one for
 * each option of the family rows: engine/CASE/, made by make_engine_golden.py.
 */
#include "support/engine_fixture.h"
#include "support/reference_file.h"

#include <stdlib.h>

/* Of the largest logit. transformers rounds norms and softmax to single precision on the way even in float64. */
static const double BOUND = 1e-5;

enum { N_SEQUENCES = 2, MAX_LENGTH = 16, MAX_VOCABULARY = 32, MAX_COMPONENTS = 8 };

static const char *const INTERVENTIONS[] = {"zero", "mean", "mean_position", "resample", "flip", "scale=0.5"};
enum { N_INTERVENTIONS = sizeof INTERVENTIONS / sizeof INTERVENTIONS[0] };

struct golden {
    loaded model;
    hs_engine *engines[2]; /* by hs_engine_kind */
    struct reference_file *file;
    struct work work; /* both sequences, and queries for every logit; each is the other's donor */
    hs_mean_sums sums;
    hs_reference_means means;
};

static struct reference_tensor find(const struct golden *golden, const char *format, size_t sequence, const char *name)
{
    struct reference_tensor tensor;
    char full_name[64];
    snprintf(full_name, sizeof full_name, format, sequence, name);
    if (!reference_file_find(golden->file, &tensor, "%s", full_name))
        fail_msg("expected.safetensors has no %s", full_name);
    return tensor;
}

/* Of the rows whose logits the file has. */
static size_t first_row(const hs_model_shape *shape, const int32_t *tokens, size_t n)
{
    return shape->head == HS_HEAD_CLASSIFIER ? hs_engine_label_row(shape, tokens, n) : 0;
}

static void add_sequences(struct golden *golden)
{
    static const uint32_t donor_of[] = {1, 0};
    const hs_model_shape *shape = &golden->model.model->shape;
    for (size_t i = 0; i < N_SEQUENCES; i++) {
        int32_t tokens[MAX_LENGTH];
        struct reference_tensor ids = find(golden, "seq%zu%s", i, "");
        assert_true(ids.n_values <= MAX_LENGTH);
        for (size_t t = 0; t < ids.n_values; t++)
            tokens[t] = (int32_t)ids.integers[t];
        add_sequence(&golden->work, tokens, ids.n_values);
        size_t n_rows = shape->head == HS_HEAD_CLASSIFIER ? 1 : ids.n_values;
        for (size_t j = 0; j < n_rows * shape->n_outputs; j++)
            add_query(&golden->work, (uint32_t)i, first_row(shape, tokens, ids.n_values) + j / shape->n_outputs,
                      HS_QUERY_LOGIT, (int32_t)(j % shape->n_outputs));
    }
    golden->work.workload.donor_sequences = golden->work.workload.sequences;
    golden->work.workload.donors = donor_of;
}

static void set_up(struct golden *golden, const char *folder)
{
    hs_error path_error = {0};
    char *path = hs_path_join(folder, "expected.safetensors", &path_error);
    *golden = (struct golden){.model = load_model(folder), .file = reference_file_open(path)};
    hs_free(path);
    for (size_t kind = 0; kind < 2; kind++)
        golden->engines[kind] = new_engine(golden->model.model, (hs_engine_options){.kind = (hs_engine_kind)kind});
    add_sequences(golden);
    ASSERT_OK(hs_engine_mean_sums_init(&golden->sums, &golden->model.model->shape, MAX_LENGTH, &error));
    ASSERT_OK(hs_engine_sum_z(golden->engines[0], &golden->work.workload.sequences, &golden->sums, &error));
    ASSERT_OK(hs_engine_reference_means_from_sums(&golden->sums, &golden->means, &error));
    for (size_t kind = 0; kind < 2; kind++)
        hs_engine_set_means(golden->engines[kind], &golden->means);
}

static void tear_down(struct golden *golden)
{
    hs_engine_mean_sums_clear(&golden->sums);
    hs_engine_reference_means_clear(&golden->means);
    clear_work(&golden->work);
    reference_file_close(golden->file);
    for (size_t kind = 0; kind < 2; kind++)
        hs_engine_free(golden->engines[kind]);
    unload(&golden->model);
}

/* Largest difference over both sequences, as a share of the largest logit. */
static double compare_engine(const struct golden *golden, hs_engine *engine, const hs_ablation *ablation,
                             const char *name)
{
    double worst = 0;
    double *answers = evaluate(engine, &golden->work.workload, ablation, 1);
    float actual[N_SEQUENCES * MAX_LENGTH * MAX_VOCABULARY];
    for (size_t i = 0; i < golden->work.workload.n_queries; i++)
        actual[i] = (float)answers[i];
    size_t first = 0;
    for (size_t i = 0; i < N_SEQUENCES; i++) {
        struct reference_tensor expected = find(golden, "seq%zu_%s", i, name);
        worst = fmax(worst, relative_difference(actual + first, expected.reals, expected.n_values));
        first += expected.n_values;
    }
    assert_int_equal(first, golden->work.workload.n_queries);
    hs_free(answers);
    return worst;
}

static double compare(const struct golden *golden, const hs_ablation *ablation, const char *name)
{
    return fmax(compare_engine(golden, golden->engines[0], ablation, name),
                compare_engine(golden, golden->engines[1], ablation, name));
}

/* A row of (layer, head), padded with -1. */
static size_t read_row(const struct reference_tensor *sets, size_t index, hs_component *components)
{
    const int64_t *pairs = sets->integers + index * sets->shape[1] * 2;
    size_t n = 0;
    assert_true(sets->shape[1] <= MAX_COMPONENTS);
    for (; n < sets->shape[1] && pairs[2 * n] >= 0; n++)
        components[n] = (hs_component){HS_COMPONENT_HEAD, (int32_t)pairs[2 * n], (int32_t)pairs[2 * n + 1]};
    return n;
}

/* The row of `sets` that belongs to an intervention, padded with -1. */
static size_t read_set(const struct golden *golden, size_t index, hs_component *components)
{
    struct reference_tensor sets;
    assert_true(reference_file_find(golden->file, &sets, "sets"));
    assert_true(sets.shape[0] == N_INTERVENTIONS);
    return read_row(&sets, index, components);
}

/* The last row of a sequence, of which set `index` is zeroed: its row of `zeroed` is the expected one. */
static double compare_last_row(const struct golden *golden, hs_engine *engine, const hs_ablation *ablation,
                               size_t sequence, size_t index)
{
    struct work work = {0};
    float actual[MAX_VOCABULARY];
    int32_t tokens[MAX_LENGTH];
    struct reference_tensor ids = find(golden, "seq%zu%s", sequence, "");
    struct reference_tensor expected = find(golden, "seq%zu_%s", sequence, "zeroed");
    size_t n_outputs = golden->model.model->shape.n_outputs;
    for (size_t t = 0; t < ids.n_values; t++)
        tokens[t] = (int32_t)ids.integers[t];
    add_sequence(&work, tokens, ids.n_values);
    const hs_model_shape *shape = &golden->model.model->shape;
    size_t row = shape->head == HS_HEAD_CLASSIFIER ? first_row(shape, tokens, ids.n_values) : ids.n_values - 1;
    for (size_t i = 0; i < n_outputs; i++)
        add_query(&work, 0, row, HS_QUERY_LOGIT, (int32_t)i);
    double *answers = evaluate(engine, &work.workload, ablation, 1);
    for (size_t i = 0; i < n_outputs; i++)
        actual[i] = (float)answers[i];
    hs_free(answers);
    clear_work(&work);
    return relative_difference(actual, expected.reals + index * n_outputs, n_outputs);
}

/* Every single head and some pairs, in the files that have them: those made since. */
static double compare_zeroed(const struct golden *golden)
{
    struct reference_tensor sets;
    double worst = 0;
    if (!reference_file_find(golden->file, &sets, "zeroed"))
        return 0;
    for (size_t i = 0; i < sets.shape[0]; i++) {
        hs_component components[MAX_COMPONENTS];
        hs_ablation ablation = {components, read_row(&sets, i, components), {HS_INTERVENTION_ZERO, 0.0f}};
        for (size_t kind = 0; kind < 2; kind++)
            for (size_t sequence = 0; sequence < N_SEQUENCES; sequence++)
                worst = fmax(worst, compare_last_row(golden, golden->engines[kind], &ablation, sequence, i));
    }
    return worst;
}

static void check_case(const char *name)
{
    hs_error path_error = {0};
    const char *tests = getenv("HEADSWEEP_TEST_DATA");
    if (tests == NULL)
        fail_msg("HEADSWEEP_TEST_DATA is not set to the folder of the tests");
    char *folder = hs_string_format(&path_error, "%s/reference/engine/%s", tests, name);
    struct golden golden;
    set_up(&golden, folder);
    hs_ablation clean = {0};
    double worst = compare(&golden, &clean, "clean");
    for (size_t i = 0; i < N_INTERVENTIONS; i++) {
        hs_component components[MAX_COMPONENTS];
        hs_ablation ablation = {.components = components, .n_components = read_set(&golden, i, components)};
        ASSERT_OK(hs_sets_intervention_parse(INTERVENTIONS[i], &ablation.intervention, &error));
        worst = fmax(worst, compare(&golden, &ablation, INTERVENTIONS[i]));
    }
    worst = fmax(worst, compare_zeroed(&golden));
    print_message("%s: largest difference %.2e of the largest logit\n", name, worst);
    assert_true(worst <= BOUND);
    tear_down(&golden);
    hs_free(folder);
}

#define GOLDEN_TEST(name)                 \
    static void test_##name(void **state) \
    {                                     \
        (void)state;                      \
        check_case(#name);                \
    }

/* clang-format off */
#define GOLDEN_CASES(X) \
    X(gpt2) \
    X(gpt2_inverse_layer) \
    X(gpt2_unscaled_relu_untied) \
    X(gpt2_silu_f16) \
    X(gpt2_epsilon_bf16) \
    X(gpt2_f64) \
    X(gpt2_pruned) \
    X(gpt2_pruned_f16) \
    X(llama) \
    X(llama_grouped_head_dim_tied) \
    X(llama_biases_gelu) \
    X(llama_linear_f16) \
    X(llama_llama3_bf16) \
    X(llama_yarn) \
    X(mistral) \
    X(qwen2) \
    X(gpt_neox) \
    X(gpt_neox_sequential_tied_f16) \
    X(gpt_neox_linear_bf16) \
    X(bert_masked) \
    X(bert_masked_relu_f16) \
    X(bert_classifier) \
    X(distilbert_masked) \
    X(distilbert_classifier) \
    X(bert_pruned) \
    X(distilbert_pruned) \
    X(roberta_pruned_bf16) \
    X(electra_pruned) \
    X(roberta_masked) \
    X(roberta_classifier_bf16) \
    X(electra_masked) \
    X(electra_masked_wide_relu_f16) \
    X(electra_masked_untied_bf16) \
    X(electra_classifier) \
    X(albert_masked) \
    X(albert_masked_groups_bf16) \
    X(albert_classifier_f16) \
    X(bert_tokens) \
    X(distilbert_tokens_f16) \
    X(roberta_tokens_bf16) \
    X(electra_tokens) \
    X(albert_tokens) \
    X(phi) \
    X(phi_grouped_linear_tied_bf16) \
    X(phi3) \
    X(phi3_window_partial_tied_bf16) \
    X(phi3_long_partial_f16) \
    X(stablelm) \
    X(stablelm_parallel_biases_bf16) \
    X(stablelm_grouped_tied_f16) \
    X(cohere) \
    X(cohere_biases_untied_bf16) \
    X(cohere_biases_norms_f16) \
    X(gptj) \
    X(gptj_whole_heads_tied_f16) \
    X(gptj_half_heads_bf16) \
    X(granite) \
    X(granite_biases_tied_bf16) \
    X(granite_unscaled_yarn_f16) \
    X(arcee) \
    X(arcee_biases_yarn_tied_bf16) \
    X(arcee_head_dim_f16) \
    X(helium) \
    X(helium_biases_tied_bf16) \
    X(helium_gelu_f16) \
    X(seed_oss) \
    X(seed_oss_mlp_bias_tied_bf16) \
    X(seed_oss_unbiased_f16) \
    X(ministral) \
    X(ministral_all_windows_bf16) \
    X(ministral_tied_f16) \
    X(qwen3) \
    X(opt_classifier) \
    X(gpt_neo_classifier) \
    X(gemma_classifier) \
    X(gemma2_classifier) \
    X(olmo_classifier) \
    X(olmo2_classifier) \
    X(gemma3_classifier) \
    X(olmo3_classifier) \
    X(phi3_classifier) \
    X(stablelm_classifier) \
    X(gptj_classifier) \
    X(arcee_classifier) \
    X(helium_classifier) \
    X(seed_oss_classifier) \
    X(ministral_classifier) \
    X(bloom_classifier) \
    X(mpt_classifier) \
    X(falcon_classifier) \
    X(mixtral_classifier) \
    X(qwen3_moe_classifier) \
    X(phi_classifier) \
    X(gpt_neox_classifier) \
    X(gpt2_classifier) \
    X(llama_labels_grouped_bf16) \
    X(mistral_labels_window_f16) \
    X(qwen2_classifier) \
    X(qwen3_classifier) \
    X(qwen3_biases_linear_tied_f16) \
    X(qwen3_llama3_bf16) \
    X(gemma) \
    X(gemma_biases_grouped_untied_f16) \
    X(gemma_bf16) \
    X(olmo2) \
    X(olmo2_biases_head_dim_tied_f16) \
    X(olmo2_multi_query_gelu_bf16) \
    X(olmo_clip) \
    X(olmo_grouped_tied_bf16) \
    X(olmo_clip_biases_f16) \
    X(gemma2) \
    X(gemma2_biases_untied_f16) \
    X(gemma2_published_caps_bf16) \
    X(gemma3) \
    X(gemma3_biases_untied_f16) \
    X(gemma3_wide_window_bf16) \
    X(olmo3) \
    X(olmo3_biases_head_dim_tied_f16) \
    X(olmo3_multi_query_gelu_bf16) \
    X(mixtral) \
    X(mixtral_window_one_expert_tied_bf16) \
    X(qwen3_moe) \
    X(qwen3_moe_step_biases_f16) \
    X(olmoe) \
    X(olmoe_grouped_normalised_tied_bf16) \
    X(mistral_window_bf16) \
    X(qwen2_window_tied) \
    X(opt) \
    X(opt_unbiased_gelu_untied_f16) \
    X(opt_post_norm_bf16) \
    X(opt_without_last_norm) \
    X(opt_350m_bf16) \
    X(opt_projected_untied) \
    X(gpt_neo) \
    X(gpt_neo_gelu_f16) \
    X(gpt_neo_local_untied_bf16) \
    X(bloom) \
    X(bloom_six_heads_untied_f16) \
    X(bloom_epsilon_bf16) \
    X(mpt) \
    X(mpt_scale_untied_bf16) \
    X(mpt_seven_heads_clip_f16) \
    X(falcon) \
    X(falcon_heads_untied_f16) \
    X(falcon_new_grouped_bf16) \
    X(falcon_new_one_norm_linear) \
    X(falcon_alibi) \
    X(falcon_alibi_six_heads_bf16)
/* clang-format on */

GOLDEN_CASES(GOLDEN_TEST)

#define GOLDEN_ENTRY(name) cmocka_unit_test(test_##name),

int main(void)
{
    const struct CMUnitTest tests[] = {GOLDEN_CASES(GOLDEN_ENTRY)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
