/* tasks: keys and prompts of generation that are refused, and that its hash is of every key. */
#include "support/assert_status.h"
#include "support/checkpoint_writer.h"
#include "support/engine_fixture.h"
#include "support/sampling_fixture.h"
#include "tasks/generation.h"

#include <stdlib.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(test_keys_that_do_not_fit), WITH_FIXTURE(test_unusable_tokenizer),
        WITH_FIXTURE(test_prompts_too_long),     WITH_FIXTURE(test_prompts_and_the_attention_window),
        WITH_FIXTURE(test_greedy_is_one_sample), WITH_FIXTURE(test_the_hash_is_of_every_key),
    };
    return cmocka_run_group_tests_name("generation, keys", tests, NULL, NULL);
}
