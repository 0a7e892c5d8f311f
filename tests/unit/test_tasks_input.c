/* tasks: field maps, and every way in which a data file, a word list or a task's settings can be wrong. */
#include "support/assert_status.h"
#include "support/task_fixture.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

static void test_published_field_names(void **state)
{
    struct task_fixture *fixture = *state;
    hs_field_mapping blimp[] = {{"good", "sentence_good"}, {"bad", "sentence_bad"}};
    fixture->config.fields = blimp;
    fixture->config.n_fields = 2;
    hs_task *task =
        task_fixture_open(fixture, "minimal_pair",
                          "{\"sentence_good\": \"ab\", \"sentence_bad\": \"ac\", \"UID\": \"x\", \"n\": null}\n");
    task_fixture_assert_workload(task, 0, 1, "[262 97] 0.0=P97 0.1=P98 0.0=P97 0.1=P99");
    hs_tasks_free(task);
}

static void test_keys_descend_at_dots(void **state)
{
    struct task_fixture *fixture = *state;
    hs_field_mapping nested[] = {{"context", "prompt.text"}, {"choices", "answers.all.text"}, {"label", "answer.key"}};
    fixture->config.fields = nested;
    fixture->config.n_fields = 3;
    /* A key that has the dot in its own name is found first. */
    hs_task *task = task_fixture_open(
        fixture, "multiple_choice",
        "{\"prompt\": {\"text\": \"x\", \"toxicity\": 0.5}, \"answers\": {\"all\": {\"text\": [\"a\", \"b\"]}}, "
        "\"answer.key\": 1, \"answer\": {\"key\": 0}}\n");
    task_fixture_assert_workload(task, 0, 1, "[120] 0.0=P97 0.0=P98");
    const double answers[] = {-2, -1};
    const double expected[] = {1, 1, 1, 1, -1};
    task_fixture_assert_score(task, 0, answers, expected);
    hs_tasks_free(task);
    assert_string_equal(
        task_fixture_refuse(fixture, "multiple_choice", "{\"prompt\": \"x\", \"answers\": {}}\n", HS_ERROR_INPUT),
        "data.jsonl:1: field `context` (here `prompt.text`) is missing; the line has: prompt, answers");
}

static void test_blank_lines_crlf_and_byte_order_mark(void **state)
{
    hs_task *task = task_fixture_open(*state, "minimal_pair",
                                      "\xEF\xBB\xBF{\"good\": [1, 2], \"bad\": [1, 3]}\r\n \t\r\n\n"
                                      "  {\"good\": [4, 5], \"bad\": [4, 6]}");
    assert_int_equal(hs_tasks_n_examples(task), 2);
    assert_int_equal(hs_tasks_example_line(task, 1), 4);
    task_fixture_assert_workload(task, 1, 1, "[4] 0.0=P5 0.0=P6");
    hs_tasks_free(task);
}

/* A NUL within a string is a character like any other. */
static void test_escaped_nul(void **state)
{
    hs_task *task = task_fixture_open(*state, "next_token", "{\"context\": \"x\\u0000\", \"target\": \"\\u0000y\"}\n");
    task_fixture_assert_workload(task, 0, 1, "[120 0 0] 0.1=P0 0.2=P121 0.1=G0 0.2=G121");
    hs_tasks_free(task);
}

static void test_an_example_may_fill_the_model(void **state)
{
    struct task_fixture *fixture = *state;
    fixture->model.shape.n_positions = 3;
    hs_task *task = task_fixture_open(fixture, "minimal_pair", "{\"good\": [1, 2, 3, 4], \"bad\": [1, 5]}\n");
    assert_int_equal(hs_tasks_example_rows(task, 0), 3);
    assert_int_equal(hs_tasks_n_truncated(task), 0);
    hs_tasks_free(task);
    static const char lines[] = "{\"good\": [1, 2], \"bad\": [1, 5]}\n{\"good\": [1, 2], \"bad\": [1, 2, 3, 4, 5]}\n";
    assert_string_equal(task_fixture_refuse(fixture, "minimal_pair", lines, HS_ERROR_INPUT),
                        "data.jsonl:2: what is scored needs 4 token positions, but the model has 3; shorten or remove "
                        "it");
    fixture->config.too_long = HS_TOO_LONG_ERROR;
    assert_string_equal(task_fixture_refuse(fixture, "minimal_pair", lines, HS_ERROR_INPUT),
                        "data.jsonl:2: the example needs 4 token positions, but the model has 3; shorten or remove it, "
                        "or set too_long = \"truncate\"");
}

typedef struct bad_line {
    const char *kind;
    const char *line;    /* the second of the file */
    const char *message; /* begins with this, after "data.jsonl:2: " */
} bad_line;

static const bad_line bad_lines[] = {
    {"minimal_pair", "[1, 2]", "the line must be a JSON object, {...}, not array"},
    {"minimal_pair", "\"text\"", "the line must be a JSON object, {...}, not string"},
    {"minimal_pair", "{\"good\": \"a\"", "column "},
    {"minimal_pair", "{\"good\": \"ab\", \"good\": \"ac\", \"bad\": \"ad\"}", "column "},
    {"minimal_pair", "{\"good\": \"a\"} {}", "column "},
    {"minimal_pair", "{\"good\": \"\xFF\", \"bad\": \"b\"}", "byte 0xFF at offset 10 is not valid UTF-8"},
    {"minimal_pair", "{\"good\": \"ab\", \"BAD\": \"ac\"}", "field `bad` is missing; the line has: good, BAD"},
    {"minimal_pair", "{}", "field `good` is missing; the line has: nothing"},
    {"minimal_pair", "{\"good\": true, \"bad\": \"ac\"}",
     "field `good` must be a string or an array of token ids, not boolean"},
    {"minimal_pair", "{\"good\": NaN, \"bad\": \"ac\"}", "field `good` is NaN, which is not a number"},
    {"minimal_pair", "{\"good\": null, \"bad\": \"ac\"}",
     "field `good` must be a string or an array of token ids, not null"},
    {"minimal_pair", "{\"good\": \"\", \"bad\": \"ac\"}", "field `good` is empty"},
    {"minimal_pair", "{\"good\": [], \"bad\": [1, 2]}", "field `good` is empty"},
    {"minimal_pair", "{\"good\": [1], \"bad\": [1, 2]}",
     "field `good` has no second token: without a context the first"},
    {"minimal_pair", "{\"good\": [1, \"2\"], \"bad\": [1, 2]}",
     "field `good`: element 1 must be an integer, a token id, not string"},
    {"minimal_pair", "{\"good\": [1, 2.0], \"bad\": [1, 2]}",
     "field `good`: element 1 must be an integer, a token id, not real"},
    {"minimal_pair", "{\"good\": [-1, 2], \"bad\": [1, 2]}", "field `good`: element 0, -1, is not a token id"},
    {"minimal_pair", "{\"good\": [1, 4294967298], \"bad\": [1, 2]}",
     "field `good`: element 1, 4294967298, is not a token id"},
    {"minimal_pair", "{\"good\": [1, 264], \"bad\": [1, 2]}",
     "field `good`: token id 264 is outside the model's vocabulary, 0 to 263"},
    {"multiple_choice", "{\"context\": \"x\", \"choices\": \"ab\", \"label\": 0}",
     "field `choices` must be an array, not string"},
    {"multiple_choice", "{\"context\": \"x\", \"choices\": [\"a\"], \"label\": 0}",
     "field `choices` has 1 choices; there must be two or more"},
    {"multiple_choice", "{\"context\": \"x\", \"choices\": [], \"label\": 0}", "field `choices` has 0 choices"},
    {"multiple_choice", "{\"context\": \"x\", \"choices\": [\"a\", \"\"], \"label\": 0}",
     "field `choices[1]` is empty"},
    {"multiple_choice", "{\"context\": \"x\", \"choices\": [\" \", \"b\"], \"label\": 0}",
     "field `choices[0]` is empty"},
    {"multiple_choice", "{\"context\": \"x\", \"choices\": [\"a\", {}], \"label\": 0}",
     "field `choices[1]` must be a string or an array of token ids, not object"},
    {"multiple_choice", "{\"context\": \"x\", \"choices\": [\"a\", \"b\"]}",
     "field `label` is missing; the line has: context, choices"},
    {"multiple_choice", "{\"context\": \"x\", \"choices\": [\"a\", \"b\"], \"label\": 2}",
     "field `label`, 2, is outside 0 to 1"},
    {"multiple_choice", "{\"context\": \"x\", \"choices\": [\"a\", \"b\"], \"label\": -1}",
     "field `label`, -1, is outside 0 to 1"},
    {"multiple_choice", "{\"context\": \"x\", \"choices\": [\"a\", \"b\"], \"label\": 9223372036854775807}",
     "field `label`, 9223372036854775807, is outside 0 to 1"},
    {"multiple_choice", "{\"context\": \"x\", \"choices\": [\"a\", \"b\"], \"label\": \"-1\"}",
     "field `label`, \"-1\", is none of the choices; give its index from 0 or its exact text"},
    {"multiple_choice", "{\"context\": \"x\", \"choices\": [\"a\", \"b\"], \"label\": \"a\\u0000\"}",
     "field `label`, \"a?\", is none of the choices"},
    {"multiple_choice", "{\"context\": \"x\", \"choices\": [[97], [98]], \"label\": 0}",
     "field `context` is text but field `choices[0]` is token ids; an example is either text or token ids"},
    {"multiple_choice", "{\"context\": [120], \"choices\": [[97], \"b\"], \"label\": 0}",
     "field `context` is token ids but field `choices[1]` is text"},
    {"multiple_choice", "{\"context\": \"x c\", \"choices\": [\"at\", \"b\"], \"label\": 0}",
     "field `choices[0]` adds no token that could be scored"},
    {"logit_diff", "{\"prompt\": \"x\", \"target\": \" cats\", \"distractor\": \" dog\"}",
     "field `target` is 2 tokens after the prompt (258 \" cat\", 115 \"s\"); it must be one"},
    {"logit_diff", "{\"prompt\": [1], \"target\": [2], \"distractor\": [3, 4, 5, 6, 7, 8, 9, 10, 11]}",
     "field `distractor` is 9 tokens after the prompt (3 "},
    {"logit_diff", "{\"prompt\": \"x\", \"target\": \" cat\", \"distractor\": \" cat\"}",
     "target and distractor are the same token, 258"},
    {"next_token", "{\"txt\": \"ab\"}", "field `text`, or `context` and `target`, is missing; the line has: txt"},
    {"next_token", "{\"target\": \"ab\"}", "field `context` is missing"},
    {"next_token", "{\"text\": [1, 2]}", "field `text` holds token ids, which have no last word"},
    {"next_token", "{\"text\": \" \\n\"}", "field `text` is empty"},
    {"perplexity", "{\"text\": \"\"}", "field `text` is empty"},
    {"contrast", "{\"prompt\": \"x\", \"toxic\": \" a\"}", "field `benign` is missing; the line has: prompt, toxic"},
};

static const char *good_line(const char *kind)
{
    static const struct {
        const char *kind, *line;
    } good_lines[] = {
        {"multiple_choice", "{\"context\": \"x\", \"choices\": [\"a\", \"b\"], \"label\": 0}"},
        {"minimal_pair", "{\"good\": \"ab\", \"bad\": \"ac\"}"},
        {"next_token", "{\"text\": \"a b\"}"},
        {"logit_diff", "{\"prompt\": \"x\", \"target\": \" cat\", \"distractor\": \" dog\"}"},
        {"perplexity", "{\"text\": \"ab\"}"},
        {"contrast", "{\"prompt\": \"x\", \"toxic\": \" a\", \"benign\": \" b\"}"},
    };
    for (size_t i = 0; i < sizeof good_lines / sizeof good_lines[0]; i++)
        if (strcmp(good_lines[i].kind, kind) == 0)
            return good_lines[i].line;
    fail();
    return NULL;
}

static void test_bad_lines_are_named_and_explained(void **state)
{
    char lines[1024];
    char expected[512];
    for (size_t i = 0; i < sizeof bad_lines / sizeof bad_lines[0]; i++) {
        const bad_line *bad = &bad_lines[i];
        (void)snprintf(lines, sizeof lines, "%s\n%s\n", good_line(bad->kind), bad->line);
        (void)snprintf(expected, sizeof expected, "data.jsonl:2: %s", bad->message);
        const char *message = task_fixture_refuse(*state, bad->kind, lines, HS_ERROR_INPUT);
        if (strncmp(message, expected, strlen(expected)) != 0)
            fail_msg("line %s\nexpected %s\nbut got  %s", bad->line, expected, message);
    }
}

static void test_text_needs_a_tokenizer_that_fits(void **state)
{
    struct task_fixture *fixture = *state;
    hs_tokenizer *tokenizer = fixture->tokenizer;
    fixture->model.shape.vocabulary = 258;
    assert_string_equal(
        task_fixture_refuse(fixture, "next_token", "{\"text\": \"a b\"}\n{\"text\": \"a cat\"}\n", HS_ERROR_INPUT),
        "data.jsonl:2: field `text`: token id 258 is outside the model's vocabulary, 0 to 257; the "
        "tokenizer does not belong to this checkpoint");
    fixture->tokenizer = NULL;
    assert_string_equal(
        task_fixture_refuse(fixture, "contrast",
                            "{\"prompt\": [1], \"toxic\": [2], \"benign\": [3]}\n"
                            "{\"prompt\": \"x\", \"toxic\": \"a\", \"benign\": \"b\"}\n",
                            HS_ERROR_INPUT),
        "data.jsonl:2: field `prompt` is text, but the checkpoint has no tokenizer; give an array of token "
        "ids");
    fixture->tokenizer = tokenizer;
}

/* A tokenizer that cannot be read is the problem of what needs it, and of nothing else. */
static void test_unusable_tokenizer(void **state)
{
    struct task_fixture *fixture = *state;
    hs_tokenizer *tokenizer = fixture->tokenizer;
    hs_error error = {0};
    char path[128];
    (void)task_fixture_write(fixture, "tokenizer.json", "{\"version\": \"9\"}", 16, path, sizeof path);
    assert_ok(hs_tokenizer_open_if_any(fixture->folder, &fixture->tokenizer, &error), &error);
    hs_tasks_free(task_fixture_open(fixture, "contrast", "{\"prompt\": [1], \"toxic\": [2], \"benign\": [3]}\n"));
    const char *message = task_fixture_refuse(
        fixture, "contrast", "{\"prompt\": \"x\", \"toxic\": \"a\", \"benign\": \"b\"}\n", HS_ERROR_INPUT);
    assert_non_null(strstr(message, "data.jsonl:1: field `prompt`: "));
    assert_non_null(strstr(message, "tokenizer.json: version: is \"9\"; only 1.0 is known"));
    hs_tokenizer_free(fixture->tokenizer);
    fixture->tokenizer = tokenizer;
}

static void test_unusable_files(void **state)
{
    struct task_fixture *fixture = *state;
    char path[128];
    assert_string_equal(task_fixture_refuse(fixture, "contrast", "", HS_ERROR_INPUT),
                        "data.jsonl: the file has no example");
    assert_string_equal(task_fixture_refuse(fixture, "contrast", "\n \n", HS_ERROR_INPUT),
                        "data.jsonl: the file has no example");
    static const char nuls[] = "{\"good\": \"a\0b\", \"bad\": \"c\"}\n";
    (void)task_fixture_write(fixture, "data.jsonl", nuls, sizeof nuls - 1, path, sizeof path);
    const char *message = task_fixture_refuse(fixture, "minimal_pair", NULL, HS_ERROR_INPUT);
    assert_string_equal(message, "data.jsonl:1: a NUL byte; the file must be text in UTF-8");
    static const char utf16[] = "\xFF\xFE{\0\"\0";
    (void)task_fixture_write(fixture, "data.jsonl", utf16, sizeof utf16 - 1, path, sizeof path);
    message = task_fixture_refuse(fixture, "minimal_pair", NULL, HS_ERROR_INPUT);
    assert_non_null(strstr(message, "data.jsonl is UTF-16, as its byte order mark says; UTF-8 is needed"));
    assert_int_equal(unlink(path), 0);
    message = task_fixture_refuse(fixture, "minimal_pair", NULL, HS_ERROR_IO);
    assert_non_null(strstr(message, "data.jsonl cannot be opened: No such file"));
    fixture->config.file = fixture->folder;
    (void)task_fixture_refuse(fixture, "minimal_pair", NULL, HS_ERROR_IO);
    assert_non_null(strstr(fixture->error.message, "is a folder"));
}

static void test_a_line_of_100_megabytes_is_not_read(void **state)
{
    struct task_fixture *fixture = *state;
    struct rusage before;
    struct rusage after;
    char path[128];
    static const char start[] = "{\"good\": [1, 2], \"bad\": [1, 3]}\n{\"good\": \"";
    (void)task_fixture_write(fixture, "data.jsonl", start, sizeof start - 1, path, sizeof path);
    assert_int_equal(truncate(path, 100000000), 0);
    assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
    const char *message = task_fixture_refuse(fixture, "minimal_pair", NULL, HS_ERROR_INPUT);
    assert_string_equal(message, "data.jsonl:2: the line is longer than the 16777216 bytes that are allowed");
    assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
    /* In kilobytes: the 16 MiB in which the end of the line was looked for, and little more. */
    assert_true(after.ru_maxrss - before.ru_maxrss < 32 * 1024);
}

static void test_deep_nesting(void **state)
{
    enum { DEPTH = 200000 };
    char *lines = malloc(DEPTH + 32);
    assert_non_null(lines);
    (void)snprintf(lines, 32, "{\"good\": ");
    size_t length = strlen(lines);
    memset(lines + length, '[', DEPTH);
    lines[length + DEPTH] = '\0';
    const char *message = task_fixture_refuse(*state, "minimal_pair", lines, HS_ERROR_INPUT);
    assert_non_null(strstr(message, "data.jsonl:1: column "));
    assert_non_null(strstr(message, "nested more than 64 levels deep"));
    free(lines);
}

/* Keys of a line are shown, but neither their control characters nor thousands of them. */
static void test_messages_stay_short_and_printable(void **state)
{
    enum { N_KEYS = 5000 };
    hs_text lines = {0};
    hs_error error = {0};
    (void)hs_text_appendf(&lines, &error, "{\"\\u001b[31m\": 1");
    for (int i = 0; i < N_KEYS; i++)
        (void)hs_text_appendf(&lines, &error, ", \"key number %d\": 0", i);
    (void)hs_text_appendf(&lines, &error, "}\n");
    const char *message = task_fixture_refuse(*state, "contrast", lines.text, HS_ERROR_INPUT);
    assert_non_null(strstr(message, "the line has: ?[31m, key number 0, key number 1"));
    assert_null(strchr(message, '\x1b'));
    assert_true(strlen(message) < 600);
    hs_text_clear(&lines);
}

static void assert_usage(struct task_fixture *fixture, const char *kind, const char *expected)
{
    char whole[512];
    (void)snprintf(whole, sizeof whole, "task \"study\" (line 7 of the experiment file): %s", expected);
    assert_string_equal(task_fixture_refuse(fixture, kind, "{\"text\": \"ab\"}\n", HS_ERROR_USAGE), whole);
}

static void test_wrong_settings(void **state)
{
    struct task_fixture *fixture = *state;
    char path[128];
    assert_usage(
        fixture, "perplexty",
        "kind = \"perplexty\" is unknown; did you mean \"perplexity\"? There are: multiple_choice, "
        "minimal_pair, next_token, logit_diff, "
        "perplexity, classification, token_classification, pseudo_likelihood, contrast, token_mass, generation");
    hs_field_mapping wrong[] = {{"context", "c"}, {"choice", "x"}};
    fixture->config.fields = wrong;
    fixture->config.n_fields = 2;
    assert_usage(fixture, "multiple_choice",
                 "fields: this kind of task has no field \"choice\"; did you mean \"choices\"? There are: context, "
                 "choices, label, label_names, target");
    hs_field_mapping twice[] = {{"text", "a"}, {"text", "b"}};
    fixture->config.fields = twice;
    assert_usage(fixture, "perplexity", "fields: \"text\" is given twice");
    hs_field_mapping both[] = {{"text", "a"}, {"target", "b"}};
    fixture->config.fields = both;
    assert_usage(fixture, "next_token", "fields: next_token takes `text`, or `context` and `target`, not both");
    fixture->config.n_fields = 0;
    fixture->config.bos = HS_BOS_ALWAYS;
    fixture->model.bos_token = -1;
    assert_usage(fixture, "perplexity",
                 "bos = \"always\", but the model's config.json names no bos_token_id; use \"auto\" or \"never\"");
    fixture->config.bos = HS_BOS_AUTO;
    assert_usage(fixture, "token_mass",
                 "lexicon is missing: the kind token_mass needs a word list, one entry per line");
    (void)task_fixture_write(fixture, "words", "cat\n", 4, path, sizeof path);
    fixture->config.lexicon = path;
    assert_usage(fixture, "perplexity", "lexicon: the kind perplexity uses none");
}

static void test_unusable_lexicons(void **state)
{
    struct task_fixture *fixture = *state;
    char path[128];
    static const char line[] = "{\"prompt\": \"x\"}\n";
    fixture->config.lexicon = path;
    (void)task_fixture_write(fixture, "words", "cat\n\n\xFF\n", 6, path, sizeof path);
    assert_string_equal(task_fixture_refuse(fixture, "token_mass", line, HS_ERROR_INPUT),
                        "words:3: byte 0xFF at offset 0 is not valid UTF-8");
    (void)task_fixture_write(fixture, "words", " \n\n", 3, path, sizeof path);
    assert_string_equal(task_fixture_refuse(fixture, "token_mass", line, HS_ERROR_INPUT),
                        "words: the word list has no entry");
    static char long_line[5000];
    memset(long_line, 'a', sizeof long_line);
    (void)task_fixture_write(fixture, "words", long_line, sizeof long_line, path, sizeof path);
    assert_string_equal(task_fixture_refuse(fixture, "token_mass", line, HS_ERROR_INPUT),
                        "words:1: the entry is longer than 4096 bytes; a word list has one word per line");
    hs_tokenizer *tokenizer = fixture->tokenizer;
    fixture->tokenizer = NULL;
    assert_string_equal(task_fixture_refuse(fixture, "token_mass", "{\"prompt\": [1]}\n", HS_ERROR_INPUT),
                        "words: a word list needs a tokenizer, and the checkpoint has none");
    fixture->tokenizer = tokenizer;
    assert_int_equal(unlink(path), 0);
    (void)task_fixture_refuse(fixture, "token_mass", line, HS_ERROR_IO);
}

#define TASK_TEST(function) cmocka_unit_test_setup_teardown(function, task_fixture_set_up, task_fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TASK_TEST(test_published_field_names),
        TASK_TEST(test_keys_descend_at_dots),
        TASK_TEST(test_blank_lines_crlf_and_byte_order_mark),
        TASK_TEST(test_escaped_nul),
        TASK_TEST(test_an_example_may_fill_the_model),
        TASK_TEST(test_bad_lines_are_named_and_explained),
        TASK_TEST(test_text_needs_a_tokenizer_that_fits),
        TASK_TEST(test_unusable_tokenizer),
        TASK_TEST(test_unusable_files),
        TASK_TEST(test_a_line_of_100_megabytes_is_not_read),
        TASK_TEST(test_deep_nesting),
        TASK_TEST(test_messages_stay_short_and_printable),
        TASK_TEST(test_wrong_settings),
        TASK_TEST(test_unusable_lexicons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
