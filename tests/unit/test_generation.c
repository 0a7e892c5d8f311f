/*
 * tasks: generation. Texts, distinct n-grams and metrics are worked out by hand; likelihoods are held against the
 * logits of a full pass. The model is random, its tokens those of the fixture's tokenizer.
 */
#include "support/assert_status.h"
#include "support/checkpoint_writer.h"
#include "support/engine_fixture.h"
#include "support/sampling_fixture.h"
#include "tasks/generation.h"
#include "tasks/scorer.h"

#include <stdlib.h>

enum { N_SETS = 3 };
enum { MEAN_TOXICITY, MAX_TOXICITY, TOXIC_SHARE, TOXIC_ANY, DIST_1, DIST_2, DIST_3, NLL, TOKENS, N_METRICS };

static void assert_text(const struct task_fixture *fixture, const char *stop, const int32_t *tokens, size_t n,
                        const char *expected)
{
    task_generation generation = {.tokenizer = fixture->tokenizer};
    task_continuation continuation = {.generation = &generation};
    if (stop != NULL)
        ASSERT_OK(hs__tasks_generation_add_stop(&generation, stop, &error));
    ASSERT_OK(hs__tasks_continuation_read(&continuation, tokens, n, &error));
    assert_string_equal(continuation.text.text, expected);
    assert_int_equal(continuation.text.length, strlen(expected));
    hs__tasks_continuation_clear(&continuation);
    hs_tasks_text_list_clear(&generation.stops);
    hs_tasks_text_list_clear(&generation.special_stops);
}

static void test_texts_of_tokens(void **state)
{
    const int32_t cats[] = {258, 's', FIXTURE_BOS, 261, '.'};
    assert_text(*state, NULL, cats, 5, " cats dog."); /* special tokens are skipped */
    assert_text(*state, NULL, cats, 0, "");
    assert_text(*state, "s d", cats, 5, " cat"); /* a stop text across tokens */
    assert_text(*state, " ", cats, 5, "");
    assert_text(*state, "bird", cats, 5, " cats dog.");
}

/* They are not in the text; what stands before them is, without the special tokens in it. */
static void test_stop_texts_with_special_tokens(void **state)
{
    const int32_t cats[] = {258, FIXTURE_BOS, 's', FIXTURE_EOS, 261, FIXTURE_EOS, '.'};
    assert_text(*state, "</s>", cats, 7, " cats");
    assert_text(*state, "<s>", cats, 7, " cat");
    assert_text(*state, "s</s>", cats, 7, " cat");
    assert_text(*state, "at<s>s", cats, 7, " c");
    assert_text(*state, "</s> do", cats, 7, " cats");
    assert_text(*state, "dog</s>", cats, 7, " cats ");
    assert_text(*state, "</s>.", cats, 7, " cats dog");
    assert_text(*state, "</s>x", cats, 7, " cats dog.");
    task_generation generation = {.tokenizer = ((struct task_fixture *)*state)->tokenizer};
    task_continuation continuation = {.generation = &generation, .error = &(hs_error){0}};
    ASSERT_OK(hs__tasks_generation_add_stop(&generation, "s</s>", &error));
    for (size_t n = 1; n <= 7; n++)
        assert_int_equal(hs__tasks_continuation_stops(&continuation, cats, n), n >= 4);
    hs__tasks_continuation_clear(&continuation);
    hs_tasks_text_list_clear(&generation.stops);
    hs_tasks_text_list_clear(&generation.special_stops);
}

/* As bytes.decode(errors="replace") of Python 3. */
static void test_bytes_that_are_no_characters(void **state)
{
    const int32_t alone[] = {'a', 0xE9, 'b'}, cut[] = {0xE2, 0x82}, surrogate[] = {0xED, 0xA0, 0x80};
    const int32_t whole[] = {0xE2, 0x82, 0xAC}, mixed[] = {0xF0, 0x9F, 0x92, 'c', 0x80, 0xC0, 0xAF};
    assert_text(*state, NULL, alone, 3,
                "a\xEF\xBF\xBD"
                "b");
    assert_text(*state, NULL, cut, 2, "\xEF\xBF\xBD");
    assert_text(*state, NULL, surrogate, 3, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
    assert_text(*state, NULL, whole, 3, "\xE2\x82\xAC");
    assert_text(*state, NULL, mixed, 7,
                "\xEF\xBF\xBD"
                "c\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

static void test_the_end_token_does_not_count(void **state)
{
    const int32_t end_tokens[] = {8, 7};
    const hs_sampling sampling = {.max_new_tokens = 4, .end_tokens = end_tokens, .n_end_tokens = 2};
    const int32_t ended[] = {3, 7, -1, -1}, full[] = {3, 5, 7, 9}, empty[] = {7, -1, -1, -1},
                  stopped[] = {3, -1, -1, -1};
    (void)state;
    assert_int_equal(hs__tasks_continuation_length(&sampling, ended), 1);
    assert_int_equal(hs__tasks_continuation_length(&sampling, full), 4);
    assert_int_equal(hs__tasks_continuation_length(&sampling, empty), 0);
    assert_int_equal(hs__tasks_continuation_length(&sampling, stopped), 1);
}

static void assert_distinct(const char *const *items, size_t n, double one, double two, double three)
{
    task_diversity diversity = {0};
    hs_text_list texts = {0};
    double distinct[TASK_LONGEST_GRAM];
    for (size_t i = 0; i < n; i++)
        ASSERT_OK(hs_tasks_text_list_add(&texts, items[i], strlen(items[i]), &error));
    ASSERT_OK(hs__tasks_diversity_measure(&diversity, &texts, 0, n, distinct, &error));
    assert_float_equal(distinct[0], one, 1e-12);
    assert_float_equal(distinct[1], two, 1e-12);
    assert_float_equal(distinct[2], three, 1e-12);
    hs__tasks_diversity_clear(&diversity);
    hs_tasks_text_list_clear(&texts);
}

static void test_distinct_grams(void **state)
{
    /* Words a b a, b a: 2 different of 5; pairs ab ba, ba; triples aba. */
    const char *const some[] = {"a b a", " b\n a "};
    const char *const equal[] = {"a b c d", "a b c d"};
    const char *const none[] = {"", "  "};
    (void)state;
    assert_distinct(some, 2, 2.0 / 5, 2.0 / 5, 1.0 / 5);
    assert_distinct(equal, 2, 4.0 / 8, 3.0 / 8, 2.0 / 8);
    assert_distinct(none, 2, 0, 0, 0);
    assert_distinct(equal, 1, 4.0 / 4, 3.0 / 4, 2.0 / 4);
}

/* Scores text i by i: 0.1 for the first of a prompt, then 0.3, 0.5, 0.7; the texts do not matter. */
static hs_status score_by_place(hs_scorer *scorer, const scored_texts *scored, double *scores, hs_error *error)
{
    const hs_text_list *texts = scored->texts;
    (void)scorer;
    (void)error;
    for (size_t i = 0; i < texts->n; i++)
        scores[i] = 0.1 + 0.2 * (double)(i % N_SAMPLES);
    return HS_OK;
}

static void clear_nothing(hs_scorer *scorer)
{
    (void)scorer;
}

struct run {
    struct task_fixture *fixture;
    loaded model;
    hs_task *task;
    hs_engine *engine;
    hs_scorer scorer;
    hs_generation *generation;
    hs_component head;
    hs_ablation sets[N_SETS]; /* the clean model, a head, and the clean model again */
};

static void open_run(struct run *run, void **state, hs_engine_kind kind)
{
    const hs_engine_options options = {.kind = kind};
    char *folder = test_temporary_folder();
    test_random_gpt2(folder, 2, 4, 16, FIXTURE_VOCABULARY, FIXTURE_POSITIONS, 5);
    *run = (struct run){.fixture = with_sampling(state), .model = load_model(folder)};
    test_folder_remove(folder);
    free(folder);
    static const int32_t end_token = FIXTURE_EOS;
    run->model.model->end_tokens = &end_token;
    run->model.model->n_end_tokens = 1;
    run->fixture->model = *run->model.model;
    run->task = task_fixture_open(run->fixture, "generation", prompts);
    ASSERT_OK(hs_engine_new(run->model.model, &options, &run->engine, &error));
    run->scorer = (hs_scorer){.score = score_by_place, .clear = clear_nothing};
    ASSERT_OK(hs_tasks_generation_new(run->task, run->engine, &run->scorer, 99, &run->generation, &error));
    run->head = (hs_component){HS_COMPONENT_HEAD, 0, 1};
    run->sets[1] = (hs_ablation){.components = &run->head, .n_components = 1};
}

static void close_run(struct run *run)
{
    hs_tasks_generation_free(run->generation);
    hs_engine_free(run->engine);
    hs_tasks_free(run->task);
    unload(&run->model);
}

static void generate(struct run *run, size_t first, size_t n, float *values)
{
    hs_task_workload *workload;
    ASSERT_OK(hs_tasks_workload_new(run->task, first, n, NULL, &workload, &error));
    ASSERT_OK(hs_tasks_generation_run(run->generation, workload, run->sets, N_SETS, &error));
    if (values != NULL)
        ASSERT_OK(hs_tasks_generation_score(run->generation, values, &error));
    hs_tasks_workload_free(workload);
}

/* -log p of the tokens after a prompt, from the logits of a full pass of the clean model. */
static double expected_nll(const struct run *run, const int32_t *prompt, size_t n_prompt, const int32_t *tokens,
                           size_t n)
{
    static float logits[FIXTURE_POSITIONS * FIXTURE_VOCABULARY];
    const hs_ablation clean = {0};
    int32_t joined[FIXTURE_POSITIONS];
    double nll = 0;
    memcpy(joined, prompt, n_prompt * sizeof *joined);
    memcpy(joined + n_prompt, tokens, n * sizeof *joined);
    ASSERT_OK(hs_engine_logits(run->engine, joined, n_prompt + n, &clean, logits, &error));
    for (size_t i = 0; i < n; i++) {
        const float *row = logits + (n_prompt - 1 + i) * FIXTURE_VOCABULARY;
        double sum = 0;
        for (size_t v = 0; v < FIXTURE_VOCABULARY; v++)
            sum += exp((double)row[v]);
        nll += log(sum) - (double)row[tokens[i]];
    }
    return nll;
}

/* The tokens themselves, from the engine: what a task samples is documented to the last key. */
static void sample(const struct run *run, const hs_workload *workload, int32_t *tokens)
{
    const uint64_t keys[] = {0, 1, 2};
    hs_sampling sampling = *hs_tasks_sampling(run->task);
    sampling.seed = 99;
    ASSERT_OK(hs_engine_generate(run->engine, workload, keys, &sampling, run->sets, N_SETS, tokens, &error));
}

static void assert_metrics(const struct run *run, const hs_workload *workload, size_t prompt, const int32_t *tokens,
                           const float *values)
{
    const hs_sequences *sequences = &workload->sequences;
    double nll = 0;
    size_t n_tokens = 0;
    for (size_t s = 0; s < N_SAMPLES; s++) {
        size_t n = hs__tasks_continuation_length(hs_tasks_sampling(run->task), tokens + s * N_NEW);
        size_t start = sequences->offsets[prompt];
        nll +=
            expected_nll(run, sequences->tokens + start, sequences->offsets[prompt + 1] - start, tokens + s * N_NEW, n);
        n_tokens += n;
    }
    assert_float_equal(values[MEAN_TOXICITY], 0.4, 1e-6);
    assert_float_equal(values[MAX_TOXICITY], 0.7, 1e-6);
    assert_float_equal(values[TOXIC_SHARE], 0.5, 1e-6); /* 0.5 counts, 0.7 does */
    assert_float_equal(values[TOXIC_ANY], 1, 0);
    assert_true(values[DIST_1] > 0 && values[DIST_1] <= 1);
    assert_float_equal(values[NLL], nll, 1e-3);
    assert_float_equal(values[TOKENS], (double)n_tokens, 0);
}

static void check_metrics(void **state, hs_engine_kind kind)
{
    float values[N_SETS * 3 * N_METRICS];
    int32_t tokens[N_SETS * 3 * N_SAMPLES * N_NEW];
    hs_task_workload *workload;
    struct run run;
    open_run(&run, state, kind);
    assert_int_equal(hs_tasks_n_metrics(run.task), N_METRICS);
    generate(&run, 0, 3, values);
    ASSERT_OK(hs_tasks_workload_new(run.task, 0, 3, NULL, &workload, &error));
    sample(&run, &workload->workload, tokens);
    for (size_t i = 0; i < N_SETS * 3; i++)
        assert_metrics(&run, &workload->workload, i % 3, tokens + i * N_SAMPLES * N_NEW, values + i * N_METRICS);
    /* The clean model under another number is the clean model; the head does something. */
    assert_memory_equal(values, values + 6 * N_METRICS, 3 * N_METRICS * sizeof *values);
    assert_memory_not_equal(values, values + 3 * N_METRICS, 3 * N_METRICS * sizeof *values);
    hs_tasks_workload_free(workload);
    close_run(&run);
}

static void test_metrics_by_the_prefix_engine(void **state)
{
    check_metrics(state, HS_ENGINE_PREFIX);
}

static void test_metrics_by_the_reference_engine(void **state)
{
    check_metrics(state, HS_ENGINE_REFERENCE);
}

/* Text of a sample of the last run. */
static char *text_of(const struct run *run, size_t index)
{
    size_t length;
    hs_error error = {0};
    const char *text = hs_tasks_text_list_at(hs_tasks_generation_texts(run->generation), index, &length);
    return hs_string_copy_n(text, length, &error);
}

static void test_an_example_does_not_depend_on_its_shard(void **state)
{
    struct run run;
    char *together[N_SAMPLES];
    size_t n_different = 0;
    open_run(&run, state, HS_ENGINE_REFERENCE);
    generate(&run, 0, 3, NULL);
    for (size_t s = 0; s < N_SAMPLES; s++)
        together[s] = text_of(&run, N_SAMPLES + s); /* of the second prompt */
    generate(&run, 1, 1, NULL);
    for (size_t s = 0; s < N_SAMPLES; s++) {
        char *alone = text_of(&run, s);
        assert_string_equal(alone, together[s]);
        n_different += s > 0 && strcmp(together[s], together[0]) != 0;
        hs_free(alone);
    }
    assert_true(n_different > 0);
    for (size_t s = 0; s < N_SAMPLES; s++)
        hs_free(together[s]);
    close_run(&run);
}

static void test_cost_counts_every_pass(void **state)
{
    hs_engine_cost sampling, whole;
    hs_task_workload *workload;
    struct run run;
    open_run(&run, state, HS_ENGINE_PREFIX);
    ASSERT_OK(hs_tasks_workload_new(run.task, 0, 3, NULL, &workload, &error));
    ASSERT_OK(hs_engine_count_generation(run.engine, &workload->workload, hs_tasks_sampling(run.task), run.sets, N_SETS,
                                         &sampling, &error));
    ASSERT_OK(hs_tasks_generation_count_cost(run.task, run.engine, &run.scorer, &workload->workload, run.sets, N_SETS,
                                             &whole, &error));
    assert_true(whole.flops_of_group > sampling.flops_of_group);
    assert_true(whole.flops_naive > sampling.flops_naive);
    assert_true(whole.memory_bytes >= sampling.memory_bytes);
    hs_tasks_workload_free(workload);
    close_run(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(test_texts_of_tokens),
        WITH_FIXTURE(test_stop_texts_with_special_tokens),
        WITH_FIXTURE(test_bytes_that_are_no_characters),
        cmocka_unit_test(test_the_end_token_does_not_count),
        cmocka_unit_test(test_distinct_grams),
        WITH_FIXTURE(test_metrics_by_the_prefix_engine),
        WITH_FIXTURE(test_metrics_by_the_reference_engine),
        WITH_FIXTURE(test_an_example_does_not_depend_on_its_shard),
        WITH_FIXTURE(test_cost_counts_every_pass),
    };
    return cmocka_run_group_tests_name("generation", tests, NULL, NULL);
}
