/* tasks: which tokens a text begins with, by `bos`, by the tokenizer and by what the text itself says. */
#include "support/assert_status.h"
#include "support/task_fixture.h"

#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

static const char one_choice_line[] = "{\"context\": \"x\", \"choices\": [\"a\", \"b\"], \"label\": 0}\n";

static void assert_bos(struct task_fixture *fixture, hs_bos bos, hs_tokenizer *tokenizer, const char *lines,
                       const char *expected)
{
    hs_tokenizer *usual = fixture->tokenizer;
    fixture->config.bos = bos;
    fixture->tokenizer = tokenizer;
    hs_task *task = task_fixture_open(fixture, "multiple_choice", lines);
    fixture->tokenizer = usual;
    fixture->config.bos = HS_BOS_AUTO;
    task_fixture_assert_workload(task, 0, 1, expected);
    hs_tasks_free(task);
}

static void test_bos_policies(void **state)
{
    struct task_fixture *fixture = *state;
    static const char ids[] = "{\"context\": [5], \"choices\": [[6], [7]], \"label\": 0}\n";
    static const char bos_ids[] = "{\"context\": [262, 5], \"choices\": [[6], [7]], \"label\": 0}\n";
    assert_bos(fixture, HS_BOS_AUTO, fixture->tokenizer, one_choice_line, "[120] 0.0=P97 0.0=P98");
    assert_bos(fixture, HS_BOS_AUTO, fixture->bos_tokenizer, one_choice_line, "[262 120] 0.1=P97 0.1=P98");
    assert_bos(fixture, HS_BOS_NEVER, fixture->bos_tokenizer, one_choice_line, "[120] 0.0=P97 0.0=P98");
    assert_bos(fixture, HS_BOS_ALWAYS, fixture->tokenizer, one_choice_line, "[262 120] 0.1=P97 0.1=P98");
    assert_bos(fixture, HS_BOS_ALWAYS, fixture->bos_tokenizer, one_choice_line, "[262 120] 0.1=P97 0.1=P98");
    assert_bos(fixture, HS_BOS_AUTO, NULL, ids, "[5] 0.0=P6 0.0=P7");
    assert_bos(fixture, HS_BOS_ALWAYS, NULL, ids, "[262 5] 0.1=P6 0.1=P7");
    assert_bos(fixture, HS_BOS_ALWAYS, NULL, bos_ids, "[262 5] 0.1=P6 0.1=P7");
}

static void test_an_empty_context_is_the_prefix_token(void **state)
{
    struct task_fixture *fixture = *state;
    static const char lines[] = "{\"context\": \" \", \"choices\": [\"ab\", \"cat\"], \"label\": 0}\n";
    /* The context's space moves: " ab" = 32 97 98, " cat" = 258. */
    assert_bos(fixture, HS_BOS_AUTO, fixture->bos_tokenizer, lines, "[262 32 97] 0.0=P32 0.1=P97 0.2=P98 0.0=P258");
    assert_bos(fixture, HS_BOS_NEVER, fixture->bos_tokenizer, lines, "[262 32 97] 0.0=P32 0.1=P97 0.2=P98 0.0=P258");
    fixture->model.bos_token = -1;
    assert_bos(fixture, HS_BOS_AUTO, fixture->tokenizer, lines, "[263 32 97] 0.0=P32 0.1=P97 0.2=P98 0.0=P258");
    fixture->model.eos_token = -1;
    (void)task_fixture_refuse(fixture, "multiple_choice",
                              "{\"context\": \"\", \"choices\": [\"ab\", \"c\"], \"label\": 0}", HS_ERROR_INPUT);
    assert_non_null(
        strstr(fixture->error.message, "data.jsonl:1: field `context`: nothing can stand before the first"));
}

/* The fixture's tokenizer, which puts <s> in front, with another tokenizer_config.json. */
static hs_tokenizer *named_tokenizer(struct task_fixture *fixture, const char *config)
{
    char path[128];
    hs_tokenizer *tokenizer = NULL;
    (void)task_fixture_write(fixture, "tokenizer_config.json", config, strlen(config), path, sizeof path);
    assert_ok(hs_tokenizer_open(fixture->folder, &tokenizer, &fixture->error), &fixture->error);
    return tokenizer;
}

/* Not those of config.json, which are <s> and </s>; and what a text begins with is looked for as text. */
static void test_the_tokenizers_own_tokens_count(void **state)
{
    static const char line[] = "{\"context\": \"\", \"choices\": [\"a\", \"b\"], \"label\": 0}\n";
    static const char written[] = "{\"context\": \"</s>x\", \"choices\": [\"a\", \"b\"], \"label\": 0}\n";
    static const char other[] = "{\"context\": \"<s>x\", \"choices\": [\"a\", \"b\"], \"label\": 0}\n";
    struct task_fixture *fixture = *state;
    hs_tokenizer *eos = named_tokenizer(fixture, "{\"eos_token\": \"</s>\"}");
    assert_bos(fixture, HS_BOS_AUTO, eos, line, "[263] 0.0=P97 0.0=P98");
    assert_bos(fixture, HS_BOS_AUTO, eos, written, "[263 120] 0.1=P97 0.1=P98");
    assert_bos(fixture, HS_BOS_AUTO, eos, other, "[262 262 120] 0.2=P97 0.2=P98");
    fixture->config.bos = HS_BOS_ALWAYS;
    hs_tokenizer *usual = fixture->tokenizer;
    fixture->tokenizer = eos;
    (void)task_fixture_refuse(fixture, "multiple_choice", line, HS_ERROR_USAGE);
    assert_non_null(strstr(fixture->error.message, "the tokenizer names an eos_token and no bos_token"));
    fixture->tokenizer = usual;
    hs_tokenizer *bos = named_tokenizer(fixture, "{\"bos_token\": \"</s>\", \"eos_token\": \"a\"}");
    assert_bos(fixture, HS_BOS_AUTO, bos, line, "[263] 0.0=P97 0.0=P98");
    /* The tokenizer's frame gives way to BOS. */
    assert_bos(fixture, HS_BOS_ALWAYS, bos, one_choice_line, "[263 120] 0.1=P97 0.1=P98");
    assert_bos(fixture, HS_BOS_ALWAYS, bos, written, "[263 120] 0.1=P97 0.1=P98");
    hs_tokenizer_free(bos);
    hs_tokenizer_free(eos);
}

static void test_a_prefix_outside_the_vocabulary_is_refused(void **state)
{
    struct task_fixture *fixture = *state;
    hs_tokenizer *usual = fixture->tokenizer;
    fixture->tokenizer = named_tokenizer(fixture, "{\"bos_token\": \"<new>\"}");
    (void)task_fixture_refuse(fixture, "minimal_pair", "{\"good\": \"ab\", \"bad\": \"ac\"}\n", HS_ERROR_INPUT);
    assert_non_null(
        strstr(fixture->error.message, "the bos_token of the tokenizer, \"<new>\", whose id 264 is outside"));
    hs_tokenizer_free(fixture->tokenizer);
    fixture->tokenizer = usual;
}

static void assert_described(const struct task_fixture *fixture, const hs_tokenizer *tokenizer, hs_text_token which,
                             const char *expected)
{
    hs_error error = {0};
    hs_text text = {0};
    const hs_text_tokens tokens = hs_tasks_text_tokens_choose(&fixture->model, tokenizer);
    assert_ok(hs_tasks_text_tokens_describe(&tokens, which, tokenizer, true, &text, &error), &error);
    assert_string_equal(text.text, expected);
    hs_text_clear(&text);
}

static void test_which_tokens_were_taken(void **state)
{
    static const int32_t ends[] = {262, 258};
    struct task_fixture *fixture = *state;
    hs_tokenizer *eos = named_tokenizer(fixture, "{\"eos_token\": \"</s>\"}");
    assert_described(fixture, eos, HS_TEXT_PREFIX, "263 \"</s>\" (eos_token of the tokenizer)");
    assert_described(fixture, eos, HS_TEXT_BOS, "none");
    assert_described(fixture, eos, HS_TEXT_END, "263 \"</s>\" (eos_token of the tokenizer)");
    assert_described(fixture, NULL, HS_TEXT_PREFIX, "262 (bos_token_id of config.json)");
    assert_described(fixture, NULL, HS_TEXT_END, "none");
    fixture->model.end_tokens = ends;
    fixture->model.n_end_tokens = 2;
    fixture->model.end_tokens_file = "config.json";
    assert_described(fixture, eos, HS_TEXT_END, "262 \"<s>\", 258 \" cat\" (eos_token_id of config.json)");
    hs_tokenizer_free(eos);
}

static void test_a_prefix_token_that_is_written_is_not_doubled(void **state)
{
    hs_task *task = task_fixture_open(*state, "minimal_pair", "{\"good\": \"<s>ab\", \"bad\": \"ac\"}\n");
    task_fixture_assert_workload(task, 0, 1, "[262 97] 0.0=P97 0.1=P98 0.0=P97 0.1=P99");
    hs_tasks_free(task);
}

#define TASK_TEST(function) cmocka_unit_test_setup_teardown(function, task_fixture_set_up, task_fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TASK_TEST(test_bos_policies),
        TASK_TEST(test_an_empty_context_is_the_prefix_token),
        TASK_TEST(test_a_prefix_token_that_is_written_is_not_doubled),
        TASK_TEST(test_the_tokenizers_own_tokens_count),
        TASK_TEST(test_a_prefix_outside_the_vocabulary_is_refused),
        TASK_TEST(test_which_tokens_were_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
