/* tasks: templates, choices and labels of the experiment file, delimiters, samples and truncation. */
#include "support/assert_status.h"
#include "support/task_fixture.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Sets up a multiple_choice task whose context is a template. */
static void use_context(struct task_fixture *fixture, hs_field_mapping *mapping, char *key)
{
    static char name[] = "context";
    *mapping = (hs_field_mapping){name, key};
    fixture->config.fields = mapping;
    fixture->config.n_fields = 1;
}

static void assert_context(struct task_fixture *fixture, const char *template, const char *line, const char *expected)
{
    char key[64];
    char lines[256];
    hs_field_mapping mapping;
    (void)snprintf(key, sizeof key, "%s", template);
    (void)snprintf(lines, sizeof lines, "{%s, \"choices\": [\"a\", \"b\"], \"label\": 0}\n", line);
    use_context(fixture, &mapping, key);
    hs_task *task = task_fixture_open(fixture, "multiple_choice", lines);
    task_fixture_assert_workload(task, 0, 1, expected);
    hs_tasks_free(task);
}

static void test_templates(void **state)
{
    struct task_fixture *fixture = *state;
    assert_context(fixture, "{q}", "\"q\": \"x\"", "[120] 0.0=P97 0.0=P98");
    assert_context(fixture, "q", "\"q\": \"x\"", "[120] 0.0=P97 0.0=P98");
    assert_context(fixture, "A{q.r}:", "\"q\": {\"r\": \"xy\"}", "[65 120 121 58] 0.3=P97 0.3=P98");
    assert_context(fixture, "{q.1}{q.0}", "\"q\": [\"x\", \"y\"]", "[121 120] 0.1=P97 0.1=P98");
    assert_context(fixture, "{{{q}}}", "\"q\": 7", "[123 55 125] 0.2=P97 0.2=P98");
    assert_context(fixture, "{q}{r}", "\"q\": true, \"r\": 0.5", "[84 114 117 101 48 46 53] 0.6=P97 0.6=P98");
    assert_context(fixture, "{q}", "\"q\": \"\"", "[262] 0.0=P97 0.0=P98");
    assert_context(fixture, "{q}{r}", "\"q\": false, \"r\": null",
                   "[70 97 108 115 101 78 111 110 101] 0.8=P97 0.8=P98");
}

/* Numbers are texts as the file has them, in a template and as a field. */
static void test_numbers_are_texts_as_written(void **state)
{
    static const char *const numbers[] = {
        "7", "-7", "100.0", "5.0", "1e5", "0.10", "-0.0", "-0", "123456789012345678901"};
    struct task_fixture *fixture = *state;
    fixture->model.shape.n_positions = 64;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        char line[96], expected[200] = "[";
        size_t length = strlen(numbers[i]);
        for (size_t k = 0; k < length; k++)
            (void)snprintf(expected + strlen(expected), sizeof expected - strlen(expected), "%d%s", numbers[i][k],
                           k + 1 < length ? " " : "]");
        (void)snprintf(expected + strlen(expected), sizeof expected - strlen(expected), " 0.%zu=P97 0.%zu=P98",
                       length - 1, length - 1);
        (void)snprintf(line, sizeof line, "\"q\": {\"r\": [%s]}", numbers[i]);
        assert_context(fixture, "{q.r.0}", line, expected);
        assert_context(fixture, "q.r.0", line, expected);
    }
    fixture->config.n_fields = 0;
    hs_task *task =
        task_fixture_open(fixture, "multiple_choice", "{\"context\": \"x\", \"choices\": [5, 6.0], \"label\": 0}\n");
    task_fixture_assert_workload(task, 0, 1, "[120 54 46] 0.0=P53 0.0=P54 0.1=P46 0.2=P48");
    hs_tasks_free(task);
}

static void test_unusable_templates(void **state)
{
    static const struct {
        const char *template, *line, *expected;
        hs_status status;
    } cases[] = {
        {"{q", "{}", "a brace has no partner; a field is {name}, a brace itself {{ or }}", HS_ERROR_USAGE},
        {"q}", "{}", "fields: context = \"q}\": a brace has no partner", HS_ERROR_USAGE},
        {"{a{b}}", "{}", "a brace has no partner", HS_ERROR_USAGE},
        {"x{}", "{}", "there is no field's name between two braces", HS_ERROR_USAGE},
        {"{q}", "{\"r\": 1}", "data.jsonl:1: field `q` is missing; the line has: r", HS_ERROR_INPUT},
        {"{q.1}", "{\"q\": [\"x\"]}", "data.jsonl:1: field `q.1` is missing; the line has: q", HS_ERROR_INPUT},
        {"{q}", "{\"q\": NaN}", "data.jsonl:1: field `q` must be a string or a number, not NaN", HS_ERROR_INPUT},
        {"{q}", "{\"q\": -Infinity}", "field `q` must be a string or a number, not -Infinity", HS_ERROR_INPUT},
        {"{q}", "{\"q\": [1]}", "data.jsonl:1: field `q` must be a string or a number, not array", HS_ERROR_INPUT},
    };
    struct task_fixture *fixture = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char key[64];
        hs_field_mapping mapping;
        (void)snprintf(key, sizeof key, "%s", cases[i].template);
        use_context(fixture, &mapping, key);
        const char *message = task_fixture_refuse(fixture, "multiple_choice", cases[i].line, cases[i].status);
        if (strstr(message, cases[i].expected) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", message, cases[i].expected);
    }
}

static size_t gold_of(const hs_task *task, size_t example, size_t n_choices)
{
    double answers[8];
    float values[HS_TASK_MAX_METRICS];
    hs_error error = {0};
    hs_task_workload *workload;
    assert_ok(hs_tasks_workload_new(task, example, 1, NULL, &workload, &error), &error);
    assert_int_equal(workload->workload.n_queries, n_choices);
    for (size_t i = 0; i < n_choices; i++)
        answers[i] = -(double)i;
    hs_tasks_score(task, workload, answers, values);
    hs_tasks_workload_free(workload);
    return (size_t)-values[4]; /* gold_log_likelihood */
}

static void test_constant_choices_and_labels_of_digits(void **state)
{
    struct task_fixture *fixture = *state;
    char no[] = "n", yes[] = "y", *items[] = {no, yes};
    fixture->config.choices = (hs_string_list){items, 2};
    hs_task *task = task_fixture_open(fixture, "multiple_choice",
                                      "{\"context\": \"x\", \"label\": \"1\"}\n{\"context\": \"x\", \"label\": \"n\"}\n"
                                      "{\"context\": \"x\", \"label\": 1}\n");
    task_fixture_assert_workload(task, 0, 1, "[120] 0.0=P110 0.0=P121");
    assert_int_equal(gold_of(task, 0, 2), 1);
    assert_int_equal(gold_of(task, 1, 2), 0);
    assert_int_equal(gold_of(task, 2, 2), 1);
    hs_tasks_free(task);
    assert_string_equal(
        task_fixture_refuse(fixture, "multiple_choice", "{\"context\": \"x\", \"label\": \"2\"}\n", HS_ERROR_INPUT),
        "data.jsonl:1: field `label`, 2, is outside 0 to 1");
    assert_string_equal(task_fixture_refuse(fixture, "multiple_choice",
                                            "{\"context\": \"x\", \"label\": \"99999999999999999999\"}\n",
                                            HS_ERROR_INPUT),
                        "data.jsonl:1: field `label`, 99999999999999999999, is outside 0 to 1");
    char sol1[] = "{sol1}", sol2[] = "{sol2}", *templates[] = {sol1, sol2};
    fixture->config.choices = (hs_string_list){templates, 2};
    task = task_fixture_open(fixture, "multiple_choice",
                             "{\"context\": \"x\", \"sol1\": \"a\", \"sol2\": \"b\", \"label\": 1}\n");
    task_fixture_assert_workload(task, 0, 1, "[120] 0.0=P97 0.0=P98");
    hs_tasks_free(task);
}

static void test_label_map(void **state)
{
    struct task_fixture *fixture = *state;
    char a[] = "0", b[] = "hate speech", c[] = "true";
    hs_label_mapping labels[] = {{a, 1}, {b, 1}, {c, 0}};
    fixture->config.labels = labels;
    fixture->config.n_labels = 3;
    hs_task *task = task_fixture_open(fixture, "multiple_choice",
                                      "{\"context\": \"x\", \"choices\": [\"a\", \"b\"], \"label\": 0}\n"
                                      "{\"context\": \"x\", \"choices\": [\"a\", \"b\"], \"label\": \"hate speech\"}\n"
                                      "{\"context\": \"x\", \"choices\": [\"a\", \"b\"], \"label\": true}\n");
    assert_int_equal(gold_of(task, 0, 2), 1);
    assert_int_equal(gold_of(task, 1, 2), 1);
    assert_int_equal(gold_of(task, 2, 2), 0);
    hs_tasks_free(task);
    assert_string_equal(task_fixture_refuse(fixture, "multiple_choice",
                                            "{\"context\": \"x\", \"choices\": [\"a\", \"b\"], \"label\": 1}\n",
                                            HS_ERROR_INPUT),
                        "data.jsonl:1: field `label`, \"1\", is not among the `labels` of the experiment file");
}

/* One continuation behind contexts that differ, as WinoGrande is evaluated. */
static void test_contexts_with_one_target(void **state)
{
    struct task_fixture *fixture = *state;
    hs_task *task = task_fixture_open(fixture, "multiple_choice",
                                      "{\"context\": [\"x\", \"yz \"], \"target\": \"ab\", \"label\": 1}\n"
                                      "{\"context\": [[5, 6], [7]], \"target\": [8], \"label\": 0}\n");
    task_fixture_assert_workload(task, 0, 1, "[120 97][121 122 32 97] 0.0=P97 0.1=P98 1.1=P32 1.2=P97 1.3=P98");
    task_fixture_assert_workload(task, 1, 1, "[5 6][7] 0.1=P8 1.0=P8");
    /* acc_norm divides by the choice, which is the context, as the harness does. */
    task_fixture_assert_score(task, 0, (const double[]){-1, -1, -1, -1, -0.5}, (const double[]){0, 1, 1, -0.5, -2.5});
    hs_tasks_free(task);
    char one[] = "{o1}", two[] = "{o2} ", *templates[] = {one, two};
    hs_field_mapping fields[] = {{"target", "rest"}, {"context", "start"}};
    fixture->config.choices = (hs_string_list){templates, 2};
    fixture->config.fields = fields;
    fixture->config.n_fields = 1;
    task = task_fixture_open(fixture, "multiple_choice",
                             "{\"start\": \"w\", \"o1\": \"x\", \"o2\": \"y\", \"rest\": \"a\", \"label\": 0}\n");
    task_fixture_assert_workload(task, 0, 1, "[120][121 32] 0.0=P97 1.0=P32 1.1=P97");
    hs_tasks_free(task);
    fixture->config.n_fields = 2;
    task = task_fixture_open(fixture, "multiple_choice",
                             "{\"start\": \"w\", \"o1\": \"x\", \"o2\": \"y\", \"rest\": \"a\", \"label\": 0}\n");
    task_fixture_assert_workload(task, 0, 1, "[119 120][119 121 32] 0.1=P97 1.1=P32 1.2=P97");
    hs_tasks_free(task);
    assert_string_equal(
        task_fixture_refuse(fixture, "multiple_choice",
                            "{\"start\": [9], \"o1\": \"x\", \"o2\": \"y\", \"rest\": \"a\", \"label\": 0}\n",
                            HS_ERROR_INPUT),
        "data.jsonl:1: `context` and choices[0] are put together, so both must be texts");
    /* A field of that name beside choices is none of ours. */
    fixture->config.n_fields = 0;
    fixture->config.choices.n = 0;
    task = task_fixture_open(fixture, "multiple_choice",
                             "{\"context\": \"x\", \"choices\": [\"a\", \"b\"], \"target\": \"t\", \"label\": 0}\n");
    task_fixture_assert_workload(task, 0, 1, "[120] 0.0=P97 0.0=P98");
    hs_tasks_free(task);
    assert_string_equal(task_fixture_refuse(fixture, "multiple_choice",
                                            "{\"context\": [\"x\"], \"target\": \"a\", \"label\": 0}\n",
                                            HS_ERROR_INPUT),
                        "data.jsonl:1: field `context` has 1 choices; there must be two or more");
}

/* ARC as it is on the Hub, with arrays beside each other, and as its authors publish it, with an array of objects. */
static void test_labels_by_the_names_of_the_choices(void **state)
{
    struct task_fixture *fixture = *state;
    hs_field_mapping hub[] = {{"choices", "choices.text"}, {"label", "answerKey"}, {"label_names", "choices.label"}};
    fixture->config.fields = hub;
    fixture->config.n_fields = 3;
    hs_task *task = task_fixture_open(
        fixture, "multiple_choice",
        "{\"context\": \"x\", \"choices\": {\"text\": [\"a\", \"b\"], \"label\": [\"A\", \"B\"]}, \"answerKey\": "
        "\"B\"}\n"
        "{\"context\": \"x\", \"choices\": {\"text\": [\"a\", \"b\"], \"label\": [\"1\", \"2\"]}, \"answerKey\": "
        "\"1\"}\n");
    assert_int_equal(gold_of(task, 0, 2), 1);
    assert_int_equal(gold_of(task, 1, 2), 0);
    hs_tasks_free(task);
    assert_string_equal(task_fixture_refuse(fixture, "multiple_choice",
                                            "{\"context\": \"x\", \"choices\": {\"text\": [\"a\", \"b\"], \"label\": "
                                            "[\"A\", \"B\"]}, \"answerKey\": \"C\"}\n",
                                            HS_ERROR_INPUT),
                        "data.jsonl:1: field `label`, \"C\", is not among field `label_names`");
    hs_field_mapping original[] = {
        {"choices", "q.choices.text"}, {"label", "answerKey"}, {"label_names", "q.choices.label"}};
    fixture->config.fields = original;
    task =
        task_fixture_open(fixture, "multiple_choice",
                          "{\"context\": \"x\", \"q\": {\"choices\": [{\"text\": \"a\", \"label\": \"A\"}, {\"text\": "
                          "\"b\", \"label\": \"B\"}]}, \"answerKey\": \"B\"}\n");
    task_fixture_assert_workload(task, 0, 1, "[120] 0.0=P97 0.0=P98");
    assert_int_equal(gold_of(task, 0, 2), 1);
    hs_tasks_free(task);
    assert_string_equal(task_fixture_refuse(fixture, "multiple_choice",
                                            "{\"context\": \"x\", \"q\": {\"choices\": [{\"label\": \"A\"}, {\"text\": "
                                            "\"b\", \"label\": \"B\"}]}, \"answerKey\": \"B\"}\n",
                                            HS_ERROR_INPUT),
                        "data.jsonl:1: field `choices[0]` must be a string or an array of token ids, not null");
}

static void test_wrong_settings(void **state)
{
    struct task_fixture *fixture = *state;
    static const char place[] = "task \"study\" (line 7 of the experiment file): ";
    char a[] = "a", b[] = "{b", *items[] = {a, b};
    char key[] = "choices", text[] = "no";
    hs_field_mapping mapped = {key, key};
    hs_label_mapping label = {text, 2};
    const size_t skipped = sizeof place - 1;
    fixture->config.choices = (hs_string_list){items, 2};
    assert_string_equal(task_fixture_refuse(fixture, "contrast", "{}\n", HS_ERROR_USAGE) + skipped,
                        "choices: the kind contrast has none");
    assert_string_equal(task_fixture_refuse(fixture, "multiple_choice", "{}\n", HS_ERROR_USAGE) + skipped,
                        "choices = \"{b\": a brace has no partner; a field is {name}, a brace itself {{ or }}");
    b[0] = 'b';
    b[1] = '\0';
    fixture->config.labels = &label;
    fixture->config.n_labels = 1;
    assert_string_equal(task_fixture_refuse(fixture, "multiple_choice", "{}\n", HS_ERROR_USAGE) + skipped,
                        "labels: \"no\" is choice 2, but `choices` has 0 to 1");
    fixture->config.n_labels = 0;
    fixture->config.fields = &mapped;
    fixture->config.n_fields = 1;
    assert_string_equal(task_fixture_refuse(fixture, "multiple_choice", "{}\n", HS_ERROR_USAGE) + skipped,
                        "choices are given, and fields.choices too; one of them is right");
    fixture->config.choices.n = 1;
    assert_string_equal(task_fixture_refuse(fixture, "multiple_choice", "{}\n", HS_ERROR_USAGE) + skipped,
                        "choices has 1 choice; there must be two or more");
    fixture->config.choices.n = 0;
    fixture->config.n_fields = 0;
    fixture->config.n_labels = 1;
    assert_string_equal(task_fixture_refuse(fixture, "minimal_pair", "{}\n", HS_ERROR_USAGE) + skipped,
                        "labels: the kind minimal_pair has none");
    fixture->config.n_labels = 0;
    char delimiter[] = " ";
    fixture->config.delimiter = delimiter;
    assert_string_equal(task_fixture_refuse(fixture, "perplexity", "{}\n", HS_ERROR_USAGE) + skipped,
                        "delimiter: the kind perplexity joins no texts");
    assert_string_equal(task_fixture_refuse(fixture, "next_token", "{\"text\": \"a b\"}\n", HS_ERROR_USAGE) + skipped,
                        "delimiter: field `text` is cut at its own white space and needs none");
}

static void test_delimiter(void **state)
{
    struct task_fixture *fixture = *state;
    char delimiter[] = " ";
    fixture->config.delimiter = delimiter;
    hs_task *task = task_fixture_open(fixture, "multiple_choice",
                                      "{\"context\": \"x\", \"choices\": [\"cat\", \" dog\"], \"label\": 0}\n");
    task_fixture_assert_workload(task, 0, 1, "[120 32] 0.0=P258 0.0=P32 0.1=P261");
    /* The harness does not count the delimiter, but a space of the choice itself: -1.0 / 3 against -1.2 / 4. */
    const double answers[] = {-1.0, -0.6, -0.6};
    const double expected[] = {1, 0, 0, 0.2, -1.0};
    task_fixture_assert_score(task, 0, answers, expected);
    hs_tasks_free(task);
    task = task_fixture_open(fixture, "minimal_pair", "{\"good\": \"cat\", \"bad\": \"dog\"}\n");
    task_fixture_assert_workload(task, 0, 1, "[262] 0.0=P258 0.0=P261");
    hs_tasks_free(task);
    task = task_fixture_open(fixture, "contrast", "{\"prompt\": \"x\", \"toxic\": \"cat\", \"benign\": \"dog\"}\n");
    task_fixture_assert_workload(task, 0, 1, "[120] 0.0=P258 0.0=P261");
    hs_tasks_free(task);
}

static void test_logit_diff_of_a_text(void **state)
{
    struct task_fixture *fixture = *state;
    hs_field_mapping ioi[] = {{"text", "sentence"}, {"distractor", "b"}};
    fixture->config.fields = ioi;
    fixture->config.n_fields = 2;
    hs_task *task = task_fixture_open(fixture, "logit_diff", "{\"sentence\": \"x cat dog\", \"b\": \"cat\"}\n");
    task_fixture_assert_workload(task, 0, 1, "[120 258] 0.1=L261 0.1=L258");
    hs_tasks_free(task);
    hs_field_mapping both[] = {{"text", "sentence"}, {"prompt", "b"}};
    fixture->config.fields = both;
    assert_string_equal(
        task_fixture_refuse(fixture, "logit_diff", "{}\n", HS_ERROR_USAGE),
        "task \"study\" (line 7 of the experiment file): fields: logit_diff takes `text`, or `prompt` and "
        "`target`, not both");
}

enum { N_RECORDS = 50 };

static hs_task *open_numbered(struct task_fixture *fixture, int64_t limit, int64_t sample, int64_t seed)
{
    char path[128];
    hs_text lines = {0};
    hs_error error = {0};
    (void)hs_text_appendf(&lines, &error, "good,bad\n");
    for (int i = 0; i < N_RECORDS; i++)
        (void)hs_text_appendf(&lines, &error, "\"a\n%c\",bc\n%s", 'A' + i, i % 3 == 0 ? "\n" : "");
    (void)task_fixture_write(fixture, "numbers.csv", lines.text, lines.length, path, sizeof path);
    hs_text_clear(&lines);
    fixture->config.file = path;
    fixture->config.limit = limit;
    fixture->config.sample = sample;
    fixture->config.seed = seed;
    hs_task *task = task_fixture_open(fixture, "minimal_pair", NULL);
    fixture->config.file = fixture->data_path;
    return task;
}

static void test_sample(void **state)
{
    struct task_fixture *fixture = *state;
    hs_task *whole = open_numbered(fixture, 0, 0, 1);
    assert_int_equal(hs_tasks_n_examples(whole), N_RECORDS);
    hs_task *first = open_numbered(fixture, 0, 10, 1);
    hs_task *again = open_numbered(fixture, 0, 10, 1);
    hs_task *other = open_numbered(fixture, 0, 10, 2);
    hs_task *more = open_numbered(fixture, 0, 1000, 1);
    assert_int_equal(hs_tasks_n_examples(first), 10);
    assert_true(hs_tasks_hash(first) == hs_tasks_hash(again));
    assert_true(hs_tasks_hash(first) != hs_tasks_hash(other));
    assert_true(hs_tasks_hash(more) == hs_tasks_hash(whole));
    for (size_t i = 1; i < 10; i++)
        assert_true(hs_tasks_example_line(first, i) > hs_tasks_example_line(first, i - 1));
    /* Not merely the first ones. */
    assert_true(hs_tasks_example_line(first, 9) > hs_tasks_example_line(whole, 20));
    hs_tasks_free(first);
    first = open_numbered(fixture, 12, 10, 1);
    assert_int_equal(hs_tasks_n_examples(first), 10);
    assert_true(hs_tasks_example_line(first, 9) <= hs_tasks_example_line(whole, 11));
    hs_tasks_free(whole);
    hs_tasks_free(first);
    hs_tasks_free(again);
    hs_tasks_free(other);
    hs_tasks_free(more);
}

/* Each record is as likely as any other: 400 samples of 10 of 50 hold each 80 times, standard deviation 8. */
static void test_samples_are_fair(void **state)
{
    int drawn[4 * N_RECORDS] = {0};
    for (int64_t seed = 0; seed < 400; seed++) {
        hs_task *task = open_numbered(*state, 0, 10, seed);
        for (size_t i = 0; i < 10; i++)
            drawn[hs_tasks_example_line(task, i)]++;
        hs_tasks_free(task);
    }
    for (size_t line = 0; line < sizeof drawn / sizeof drawn[0]; line++)
        assert_true(drawn[line] == 0 || (drawn[line] > 80 - 40 && drawn[line] < 80 + 40));
}

/* (context + continuation)[-(max_length + 1):][:-1], each request by itself. */
static void test_contexts_lose_their_first_tokens(void **state)
{
    struct task_fixture *fixture = *state;
    fixture->model.shape.n_positions = 4;
    hs_task *task = task_fixture_open(fixture, "multiple_choice",
                                      "{\"context\": \"ABCDE\", \"choices\": [\"x\", \"yz\"], \"label\": 0}\n"
                                      "{\"context\": \"AB\", \"choices\": [\"x\", \"yzz\"], \"label\": 0}\n"
                                      "{\"context\": \"A\", \"choices\": [\"x\", \"wxyz\"], \"label\": 0}\n");
    task_fixture_assert_workload(task, 0, 1, "[66 67 68 69][67 68 69 121] 0.3=P120 1.2=P121 1.3=P122");
    task_fixture_assert_workload(task, 1, 1, "[65 66 121 122] 0.1=P120 0.1=P121 0.2=P122 0.3=P122");
    assert_int_equal(hs_tasks_n_truncated(task), 1);
    hs_tasks_free(task);
    assert_string_equal(task_fixture_refuse(fixture, "multiple_choice",
                                            "{\"context\": \"A\", \"choices\": [\"x\", \"vwxyz\"], \"label\": 0}\n",
                                            HS_ERROR_INPUT),
                        "data.jsonl:1: what is scored needs 5 token positions, but the model has 4; shorten or remove "
                        "it");
    task = task_fixture_open(fixture, "logit_diff",
                             "{\"prompt\": \"ABCDEF\", \"target\": \"x\", \"distractor\": \"y\"}\n");
    task_fixture_assert_workload(task, 0, 1, "[67 68 69 70] 0.3=L120 0.3=L121");
    assert_int_equal(hs_tasks_n_truncated(task), 1);
    hs_tasks_free(task);
    task = task_fixture_open(fixture, "next_token", "{\"context\": \"ABCDEF\", \"target\": \"xy\"}\n");
    task_fixture_assert_workload(task, 0, 1, "[68 69 70 120] 0.2=P120 0.3=P121 0.2=G120 0.3=G121");
    hs_tasks_free(task);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, task_fixture_set_up, task_fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_templates),
        CASE(test_numbers_are_texts_as_written),
        CASE(test_unusable_templates),
        CASE(test_constant_choices_and_labels_of_digits),
        CASE(test_label_map),
        CASE(test_contexts_with_one_target),
        CASE(test_labels_by_the_names_of_the_choices),
        CASE(test_wrong_settings),
        CASE(test_delimiter),
        CASE(test_logit_diff_of_a_text),
        CASE(test_sample),
        CASE(test_samples_are_fair),
        CASE(test_contexts_lose_their_first_tokens),
    };
    return cmocka_run_group_tests_name("tasks_maps", tests, NULL, NULL);
}
