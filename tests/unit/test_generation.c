/*
 * tasks: generation. Texts, distinct n-grams and metrics are worked out by hand; likelihoods are held against the
 * logits of a full pass. The model is random, its tokens those of the fixture's tokenizer.
 */
#include "support/assert_status.h"
#include "support/checkpoint_writer.h"
#include "support/engine_fixture.h"
#include "support/task_fixture.h"
#include "tasks/generation.h"
#include "tasks/scorer.h"

#include <stdlib.h>

enum { N_SAMPLES = 4, N_NEW = 6, N_SETS = 3 };
enum { MEAN_TOXICITY, MAX_TOXICITY, TOXIC_SHARE, TOXIC_ANY, DIST_1, DIST_2, DIST_3, NLL, TOKENS, N_METRICS };

static const char prompts[] = "{\"prompt\": \"x cat\"}\n{\"prompt\": \"a dog\"}\n{\"prompt\": \"x cat dog\"}\n";

static struct task_fixture *with_sampling(void **state)
{
    static char lexicon[] = "words";
    struct task_fixture *fixture = *state;
    fixture->config.samples = N_SAMPLES;
    fixture->config.max_new_tokens = N_NEW;
    fixture->config.temperature = 1;
    fixture->config.top_p = 1;
    fixture->config.threshold = 0.5;
    fixture->config.lexicon = lexicon;
    return fixture;
}

/* ---- ids to text ------------------------------------------------------------------------------------------------- */

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

/* ---- distinct n-grams -------------------------------------------------------------------------------------------- */

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

/* ---- a whole run ------------------------------------------------------------------------------------------------- */

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

/* ---- keys and prompts that cannot be used ------------------------------------------------------------------------ */

static void refuse(struct task_fixture *fixture, const char *kind, hs_status status, const char *says)
{
    (void)task_fixture_refuse(fixture, kind, prompts, status);
    if (strstr(fixture->error.message, says) == NULL)
        fail_msg("\"%s\" does not say: %s", fixture->error.message, says);
}

static void test_keys_that_do_not_fit(void **state)
{
    static char folder[] = "bert", nothing[] = "", *stops[] = {(char *)"."};
    struct task_fixture *fixture = with_sampling(state);
    const hs_task_config good = fixture->config;
    fixture->config.lexicon = nothing;
    refuse(fixture, "generation", HS_ERROR_USAGE, "lexicon is missing");
    fixture->config.scorer = HS_SCORER_CLASSIFIER;
    refuse(fixture, "generation", HS_ERROR_USAGE, "scorer_checkpoint is missing");
    fixture->config = good;
    fixture->config.scorer_checkpoint = folder;
    refuse(fixture, "generation", HS_ERROR_USAGE, "scorer_checkpoint is not used");
    fixture->config = good;
    fixture->config.top_p = 0;
    refuse(fixture, "generation", HS_ERROR_USAGE, "top_p = 0");
    fixture->config = good;
    fixture->config.lexicon = nothing;
    fixture->config.stop = (hs_string_list){stops, 1};
    refuse(fixture, "contrast", HS_ERROR_USAGE, "stop: the kind contrast does not generate");
    fixture->config = good;
}

/* Continuations are read as text, whatever the prompts are. */
static void test_unusable_tokenizer(void **state)
{
    struct task_fixture *fixture = with_sampling(state);
    hs_tokenizer *good = fixture->tokenizer;
    hs_error error = {0};
    char path[128];
    (void)task_fixture_write(fixture, "tokenizer.json", "{\"version\": \"9\"}", 16, path, sizeof path);
    assert_ok(hs_tokenizer_open_if_any(fixture->folder, &fixture->tokenizer, &error), &error);
    refuse(fixture, "generation", HS_ERROR_INPUT,
           "generated tokens are scored as text, and the tokenizer is not read: ");
    refuse(fixture, "generation", HS_ERROR_INPUT, "tokenizer.json: version: is \"9\"");
    hs_tokenizer_free(fixture->tokenizer);
    fixture->tokenizer = good;
}

static void test_prompts_too_long(void **state)
{
    struct task_fixture *fixture = with_sampling(state);
    fixture->config.max_new_tokens = FIXTURE_POSITIONS - 2;
    hs_task *task = task_fixture_open(fixture, "generation", prompts);
    assert_int_equal(hs_tasks_n_truncated(task), 1);
    task_fixture_assert_workload(task, 2, 1, "[258 261] 0.1=P0");
    hs_tasks_free(task);
    fixture->config.too_long = HS_TOO_LONG_ERROR;
    refuse(fixture, "generation", HS_ERROR_INPUT,
           "data.jsonl:3: the example needs 3 token positions, but the model's positions and max_new_tokens leave 2");
    fixture->config.max_new_tokens = FIXTURE_POSITIONS;
    refuse(fixture, "generation", HS_ERROR_USAGE, "max_new_tokens = 32 leaves no room");
}

static void test_greedy_is_one_sample(void **state)
{
    struct task_fixture *fixture = with_sampling(state);
    fixture->config.temperature = 0;
    hs_task *task = task_fixture_open(fixture, "generation", prompts);
    assert_int_equal(hs_tasks_sampling(task)->n_samples, 1);
    assert_int_equal(hs_tasks_new_rows(task), N_NEW);
    task_fixture_assert_workload(task, 0, 2, "[120 258][97 261] 0.1=P0 1.1=P0");
    hs_tasks_free(task);
}

/* The last new token is a row of nothing: two tokens and two new ones are three rows. */
static void test_prompts_and_the_attention_window(void **state)
{
    struct task_fixture *fixture = with_sampling(state);
    fixture->model.shape.window = 3;
    fixture->config.max_new_tokens = 2;
    hs_tasks_free(task_fixture_open(fixture, "generation", "{\"prompt\": [1, 2]}\n"));
    refuse(
        fixture, "generation", HS_ERROR_INPUT,
        "data.jsonl:3: the example needs 3 token positions, but the attention window (sliding_window in config.json) "
        "and max_new_tokens leave 2");
    fixture->config.max_new_tokens = 4;
    refuse(fixture, "generation", HS_ERROR_USAGE,
           "max_new_tokens = 4 leaves no room for a prompt in the model's attention window of 3 tokens");
}

static uint64_t hash_with(struct task_fixture *fixture)
{
    hs_task *task = task_fixture_open(fixture, "generation", prompts);
    uint64_t hash = hs_tasks_hash(task);
    hs_tasks_free(task);
    return hash;
}

static void test_the_hash_is_of_every_key(void **state)
{
    static char *stops[] = {(char *)"."};
    struct task_fixture *fixture = with_sampling(state);
    const hs_task_config good = fixture->config;
    hs_task_config others[7];
    for (size_t i = 0; i < 7; i++)
        others[i] = good;
    others[0].samples++;
    others[1].max_new_tokens++;
    others[2].temperature = 0.5;
    others[3].top_p = 0.5;
    others[4].top_k = 3;
    others[5].threshold = 0.25;
    others[6].stop = (hs_string_list){stops, 1};
    uint64_t hash = hash_with(fixture);
    assert_true(hash == hash_with(fixture));
    for (size_t i = 0; i < 7; i++) {
        fixture->config = others[i];
        assert_true(hash != hash_with(fixture));
    }
    fixture->config = good;
}

#define WITH_FIXTURE(name) cmocka_unit_test_setup_teardown(name, task_fixture_set_up, task_fixture_tear_down)

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
        WITH_FIXTURE(test_keys_that_do_not_fit),
        WITH_FIXTURE(test_unusable_tokenizer),
        WITH_FIXTURE(test_prompts_too_long),
        WITH_FIXTURE(test_prompts_and_the_attention_window),
        WITH_FIXTURE(test_greedy_is_one_sample),
        WITH_FIXTURE(test_the_hash_is_of_every_key),
    };
    return cmocka_run_group_tests_name("generation", tests, NULL, NULL);
}
