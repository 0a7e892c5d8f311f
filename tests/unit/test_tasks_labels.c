/*
 * tasks: what a label of a record means - an index, a text, a truth value, a list - and where it could be two things.
 */
#include "support/assert_status.h"
#include "support/task_fixture.h"

#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_RECORDS = 4 };

static size_t gold_of(const hs_task *task, size_t example)
{
    double answers[64];
    float values[HS_TASK_MAX_METRICS];
    hs_error error = {0};
    hs_task_workload *workload;
    assert_ok(hs_tasks_workload_new(task, example, 1, NULL, &workload, &error), &error);
    size_t n = workload->workload.n_queries;
    assert_true(n <= 64);
    for (size_t i = 0; i < n; i++)
        answers[i] = -(double)i;
    hs_tasks_score(task, workload, answers, values);
    hs_tasks_workload_free(workload);
    return (size_t)-values[4]; /* gold_log_likelihood: each choice is one token */
}

typedef struct label_case {
    const char *choices; /* JSON */
    const char *labels[MAX_RECORDS];
    hs_label_is label_is;
    const char *expected; /* the index of each, or a part of the message */
} label_case;

static void check_case(struct task_fixture *fixture, const label_case *row)
{
    char lines[512] = "", found[64] = "";
    for (size_t i = 0; i < MAX_RECORDS && row->labels[i] != NULL; i++)
        (void)snprintf(lines + strlen(lines), sizeof lines - strlen(lines),
                       "{\"context\": \"x\", \"choices\": %s, \"label\": %s}\n", row->choices, row->labels[i]);
    fixture->config.label_is = row->label_is;
    if (row->expected[0] < '0' || row->expected[0] > '9') {
        const char *message = task_fixture_refuse(fixture, "multiple_choice", lines, HS_ERROR_INPUT);
        if (strstr(message, row->expected) == NULL)
            fail_msg("%s: \"%s\" does not say \"%s\"", lines, message, row->expected);
        return;
    }
    hs_task *task = task_fixture_open(fixture, "multiple_choice", lines);
    for (size_t i = 0; i < hs_tasks_n_examples(task); i++)
        (void)snprintf(found + strlen(found), sizeof found - strlen(found), "%s%zu", i > 0 ? " " : "",
                       gold_of(task, i));
    if (strcmp(found, row->expected) != 0)
        fail_msg("%s: %s instead of %s", lines, found, row->expected);
    hs_tasks_free(task);
}

static void check_cases(struct task_fixture *fixture, const label_case *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        check_case(fixture, &rows[i]);
}

static void test_indices(void **state)
{
    static const label_case rows[] = {
        {"[\"a\", \"b\", \"c\"]", {"1", "1.0", "\"1\"", "\"1.0\""}, HS_LABEL_IS_AUTO, "1 1 1 1"},
        {"[\"a\", \"b\", \"c\"]", {"[2]", "[2.0]", "[\"b\"]", "[\"2\"]"}, HS_LABEL_IS_AUTO, "2 2 1 2"},
        {"[\"a\", \"b\", \"c\"]", {"[0, 1, 0]", "[0.0, 0.0, 1.0]", "[true, false, false]"}, HS_LABEL_IS_AUTO, "1 2 0"},
        {"[\"a\", \"b\"]", {"[1, 0]", "[0, 1]", "true", "false"}, HS_LABEL_IS_AUTO, "0 1 1 0"},
        {"[\"a\", \"b\"]", {"1.5"}, HS_LABEL_IS_AUTO, "\"1.5\", is none of the choices"},
        {"[\"a\", \"b\"]", {"2.0"}, HS_LABEL_IS_AUTO, "`label`, 2.0, is outside 0 to 1"},
        {"[\"a\", \"b\"]", {"-1"}, HS_LABEL_IS_AUTO, "`label`, -1, is outside 0 to 1"},
        {"[\"a\", \"b\"]",
         {"NaN"},
         HS_LABEL_IS_AUTO,
         "must be the index of a choice from 0 or its exact text, not NaN"},
        {"[\"a\", \"b\"]",
         {"null"},
         HS_LABEL_IS_AUTO,
         "must be the index of a choice from 0 or its exact text, not null"},
        {"[\"a\", \"b\"]",
         {"[[1]]"},
         HS_LABEL_IS_AUTO,
         "must be the index of a choice from 0 or its exact text, not array"},
        {"[\"a\", \"b\"]", {"[1, 1]"}, HS_LABEL_IS_AUTO, "marks 2 of the 2 choices as right; there must be one"},
        {"[\"a\", \"b\"]", {"[0, 0]"}, HS_LABEL_IS_AUTO, "marks 0 of the 2 choices as right"},
        {"[\"a\", \"b\"]",
         {"[0, 2]"},
         HS_LABEL_IS_AUTO,
         "is an array of 2; give one choice, or a 1 for the right one of all 2"},
        {"[\"a\", \"b\"]", {"[0, 1, 0]"}, HS_LABEL_IS_AUTO, "is an array of 3; give one choice"},
        {"[\"a\", \"b\"]", {"[]"}, HS_LABEL_IS_AUTO, "is an array of 0"},
        {"[\"a\", \"b\", \"c\"]", {"true"}, HS_LABEL_IS_AUTO, "is a truth value, but there are 3 choices"},
    };
    check_cases(*state, rows, sizeof rows / sizeof rows[0]);
}

/* White space around a text is not part of it, unless two choices differ by it. */
static void test_texts(void **state)
{
    static const label_case rows[] = {
        {"[\"a\", \" c\", \"d\"]", {"\"c\"", "\" c\"", "\" a \"", "\"d\""}, HS_LABEL_IS_AUTO, "1 1 0 2"},
        {"[\" c\", \"c\"]", {"\"c\"", "\" c\"", "\"c \""}, HS_LABEL_IS_AUTO, "1 0 0"},
        {"[\"a\", \"b\"]", {"\"A\""}, HS_LABEL_IS_AUTO, "\"A\", is none of the choices"},
        {"[\"a\", \"b\"]", {"\"\""}, HS_LABEL_IS_AUTO, "\"\", is none of the choices"},
        {"[\"a\", \"b\"]", {"\" \""}, HS_LABEL_IS_AUTO, "\" \", is none of the choices"},
    };
    check_cases(*state, rows, sizeof rows / sizeof rows[0]);
}

/* A number that is the text of one choice and the index of another is not for us to interpret. */
static void test_numbers_that_could_be_both(void **state)
{
    static const label_case rows[] = {
        {"[\"2\", \"1\", \"0\"]",
         {"0"},
         HS_LABEL_IS_AUTO,
         "data.jsonl:1: field `label`, \"0\", could be the index of choice 0 or the text of "
         "choice 2, counted from 0; set label_is = \"index\" or \"text\", or map it by `labels`"},
        {"[\"2\", \"1\", \"0\"]",
         {"\"0\""},
         HS_LABEL_IS_AUTO,
         "could be the index of choice 0 or the text of choice 2"},
        {"[\"2\", \"1\", \"0\"]",
         {"\"2\""},
         HS_LABEL_IS_AUTO,
         "could be the index of choice 2 or the text of choice 0"},
        {"[\" 2\", \" 1\", \" 0\"]", {"2"}, HS_LABEL_IS_AUTO, "could be the index of choice 2 or the text of choice 0"},
        {"[\"2\", \"1\", \"0\"]", {"0.0"}, HS_LABEL_IS_AUTO, "could be the index"},
        {"[\"2\", \"1\", \"0\"]", {"\"0.0\""}, HS_LABEL_IS_AUTO, "could be the index"},
        {"[\"2\", \"1\", \"0\"]", {"[0]"}, HS_LABEL_IS_AUTO, "could be the index"},
        {"[2, 1, 0]", {"0"}, HS_LABEL_IS_AUTO, "could be the index"},
        {"[\"2\", \"1\", \"0\"]", {"1", "\"1\"", "1.0"}, HS_LABEL_IS_AUTO, "1 1 1"},
        {"[\"2\", \"1\", \"0\"]", {"0", "\"2\"", "1.0"}, HS_LABEL_IS_INDEX, "0 2 1"},
        {"[\"2\", \"1\", \"0\"]", {"0", "\"2\"", "1.0"}, HS_LABEL_IS_TEXT, "2 0 1"},
        {"[\"2\", \"1\", \"0\"]", {"[1, 0, 0]", "[0, 1, 0]"}, HS_LABEL_IS_MARKS, "0 1"},
        {"[\"2\", \"1\", \"0\"]", {"[0, 0, 1]"}, HS_LABEL_IS_AUTO, "2"},
        {"[\"7\", \"8\"]", {"7", "\"8\""}, HS_LABEL_IS_AUTO, "0 1"},
        {"[\"7\", \"8\"]", {"7"}, HS_LABEL_IS_INDEX, "`label`, 7, is outside 0 to 1"},
        {"[\"7\", \"8\"]", {"1"}, HS_LABEL_IS_TEXT, "\"1\", is none of the choices"},
        {"[\"7\", \"8\"]", {"\"seven\""}, HS_LABEL_IS_INDEX, "\"seven\", is none of the choices"},
        {"[\"7\", \"8\"]",
         {"1"},
         HS_LABEL_IS_MARKS,
         "must be an array of a 0 or 1 for each, as label_is says, not integer"},
        /* Each by itself is clear, but not both in one file. */
        {"[\"7\", \"8\"]",
         {"8", "0"},
         HS_LABEL_IS_AUTO,
         "data.jsonl:2: field `label`, \"0\", can only be an index, but that of line 1 only a text; set label_is"},
        {"[\"7\", \"8\"]",
         {"0", "8"},
         HS_LABEL_IS_AUTO,
         "data.jsonl:2: field `label`, \"8\", can only be a text, but that of line 1 only"},
    };
    check_cases(*state, rows, sizeof rows / sizeof rows[0]);
}

static void test_truth_values(void **state)
{
    static const label_case rows[] = {
        {"[\"True\", \"False\"]", {"true"}, HS_LABEL_IS_AUTO, "could be the index of choice 1 or the text of choice 0"},
        {"[\"False\", \"True\"]", {"true", "false"}, HS_LABEL_IS_AUTO, "1 0"},
        {"[\"True\", \"False\"]", {"true", "false"}, HS_LABEL_IS_TEXT, "0 1"},
        {"[\"True\", \"False\"]", {"true"}, HS_LABEL_IS_INDEX, "1"},
    };
    struct task_fixture *fixture = *state;
    check_cases(fixture, rows, 1);
    for (size_t i = 1; i < 4; i++) {
        /* Of these choices each is more than a token: the index is read off the first query. */
        fixture->config.label_is = rows[i].label_is;
        char line[160];
        (void)snprintf(line, sizeof line, "{\"context\": \"x\", \"choices\": %s, \"label\": %s}\n", rows[i].choices,
                       rows[i].labels[0]);
        hs_task *task = task_fixture_open(fixture, "multiple_choice", line);
        assert_int_equal(gold_of(task, 0) > 6, rows[i].expected[0] == '1');
        hs_tasks_free(task);
    }
    fixture->config.label_is = HS_LABEL_IS_AUTO;
    static const char *const rows_of_words[] = {"[\"y\", \"n\"]", "[\" no\", \" yes\"]", "[\" Yes\", \" No\"]"};
    for (size_t i = 0; i < 3; i++) {
        char line[160];
        (void)snprintf(line, sizeof line, "{\"context\": \"x\", \"choices\": %s, \"label\": true}\n", rows_of_words[i]);
        hs_task *task = task_fixture_open(fixture, "multiple_choice", line);
        assert_int_equal(strstr(hs_tasks_notes(task), "data.jsonl:1: true is index 1 and false is index 0") != NULL,
                         i == 2);
        hs_tasks_free(task);
    }
}

static void test_maps_and_names(void **state)
{
    struct task_fixture *fixture = *state;
    char zero[] = "0", one[] = "1.0", yes[] = "yes";
    hs_label_mapping labels[] = {{zero, 1}, {one, 0}, {yes, 0}};
    static const label_case mapped[] = {
        {"[\"a\", \"b\"]", {"0", "0.0", "1.0", "\" yes\""}, HS_LABEL_IS_AUTO, "1 1 0 0"},
        {"[\"1\", \"0\"]", {"0", "[\"yes\"]"}, HS_LABEL_IS_AUTO, "1 0"},
        {"[\"a\", \"b\"]", {"1"}, HS_LABEL_IS_AUTO, "\"1\", is not among the `labels`"},
        {"[\"a\", \"b\"]",
         {"[0, 1]"},
         HS_LABEL_IS_AUTO,
         "marks the right choice by its place, for which there is nothing to map"},
    };
    fixture->config.labels = labels;
    fixture->config.n_labels = 3;
    check_cases(fixture, mapped, sizeof mapped / sizeof mapped[0]);
    fixture->config.label_is = HS_LABEL_IS_TEXT;
    assert_non_null(strstr(task_fixture_refuse(fixture, "multiple_choice", "{}\n", HS_ERROR_USAGE),
                           "label_is = \"text\": `labels` say already what the labels are"));
    fixture->config.n_labels = 0;
    assert_non_null(strstr(task_fixture_refuse(fixture, "contrast", "{}\n", HS_ERROR_USAGE),
                           "label_is = \"text\": the kind contrast has no labels"));
    /* The record's own names go before indices: ARC has some that are called 1 to 4. */
    static const label_case named[] = {
        {"[\"a\", \"b\"], \"label_names\": [\"1\", \"2\"]", {"\"1\"", "2", "2.0"}, HS_LABEL_IS_AUTO, "0 1 1"},
        {"[\"a\", \"b\"], \"label_names\": [1, 2]",
         {"\"1\"", "0"},
         HS_LABEL_IS_AUTO,
         "field `label`, \"0\", is not among field `label_names`"},
    };
    check_cases(fixture, named, sizeof named / sizeof named[0]);
}

static void make_classifier(struct task_fixture *fixture, const char *const *labels, size_t n, bool multi_label)
{
    fixture->model.shape.head = HS_HEAD_CLASSIFIER;
    fixture->model.shape.bidirectional = true;
    fixture->model.shape.n_outputs = n;
    fixture->model.shape.multi_label = multi_label;
    fixture->model.labels = labels;
}

/* Marks of the right labels as digits, or a part of the message. */
static void check_labels(struct task_fixture *fixture, const char *label, hs_label_is label_is, const char *expected)
{
    char line[160], found[16] = "";
    hs_error error = {0};
    hs_task_workload *workload;
    float values[HS_TASK_MAX_METRICS];
    const double answers[] = {-1, -2, -3};
    size_t n = fixture->model.shape.n_outputs;
    fixture->config.label_is = label_is;
    (void)snprintf(line, sizeof line, "{\"text\": [5, 6], \"label\": %s}\n", label);
    if (expected[0] < '0' || expected[0] > '9') {
        const char *message = task_fixture_refuse(fixture, "classification", line, HS_ERROR_INPUT);
        if (strstr(message, expected) == NULL)
            fail_msg("%s: \"%s\" does not say \"%s\"", line, message, expected);
        return;
    }
    hs_task *task = task_fixture_open(fixture, "classification", line);
    assert_ok(hs_tasks_workload_new(task, 0, 1, NULL, &workload, &error), &error);
    hs_tasks_score(task, workload, answers, values);
    for (size_t i = 0; i < n && fixture->model.shape.multi_label; i++)
        found[i] = (char)('0' + (int)values[5 + i]);
    if (!fixture->model.shape.multi_label)
        (void)snprintf(found, sizeof found, "%d", (int)values[4]);
    if (strcmp(found, expected) != 0)
        fail_msg("%s: %s instead of %s", line, found, expected);
    hs_tasks_workload_free(workload);
    hs_tasks_free(task);
}

static void test_labels_of_a_classifier(void **state)
{
    static const char *const stars[] = {"1", "2", "3"}, *const words[] = {"fine", "rude"};
    struct task_fixture *fixture = *state;
    make_classifier(fixture, stars, 3, false);
    check_labels(fixture, "1", HS_LABEL_IS_AUTO, "\"1\", could be the index of label 1 or the text of label 0");
    check_labels(fixture, "\"2\"", HS_LABEL_IS_AUTO, "\"2\", could be the index of label 2 or the text of label 1");
    check_labels(fixture, "\"3\"", HS_LABEL_IS_AUTO, "2");
    check_labels(fixture, "1", HS_LABEL_IS_INDEX, "1");
    check_labels(fixture, "1.0", HS_LABEL_IS_TEXT, "0");
    check_labels(fixture, "[0, 0, 1]", HS_LABEL_IS_AUTO, "2");
    make_classifier(fixture, words, 2, false);
    check_labels(fixture, "1.0", HS_LABEL_IS_AUTO, "1");
    check_labels(fixture, "true", HS_LABEL_IS_AUTO, "1");
    check_labels(fixture, "[1]", HS_LABEL_IS_AUTO, "1");
    check_labels(fixture, "[1, 0]", HS_LABEL_IS_AUTO, "0");
    check_labels(fixture, "[1, 1]", HS_LABEL_IS_AUTO, "marks 2 of the 2 labels as right");
    check_labels(fixture, "[\"fine\", \"rude\"]", HS_LABEL_IS_AUTO, "is an array of 2; give one label");
    make_classifier(fixture, NULL, 2, false);
    check_labels(fixture, "\"1\"", HS_LABEL_IS_AUTO, "1");
}

/* Marks and indices are told apart where they can be. */
static void test_labels_that_may_be_right_together(void **state)
{
    static const char *const words[] = {"fine", "rude", "vile"};
    struct task_fixture *fixture = *state;
    make_classifier(fixture, words, 3, true);
    check_labels(fixture, "[1, 0, 1]", HS_LABEL_IS_AUTO, "101");
    check_labels(fixture, "[0, 0, 0]", HS_LABEL_IS_AUTO, "000");
    check_labels(fixture, "[1.0, 1.0, 0.0]", HS_LABEL_IS_AUTO, "110");
    check_labels(fixture, "[false, true, true]", HS_LABEL_IS_AUTO, "011");
    check_labels(fixture, "[0, 1, 2]", HS_LABEL_IS_AUTO, "111");
    check_labels(fixture, "[0, 1]", HS_LABEL_IS_AUTO, "110");
    check_labels(fixture, "[2.0]", HS_LABEL_IS_AUTO, "001");
    check_labels(fixture, "[\"rude\", 2]", HS_LABEL_IS_AUTO, "011");
    check_labels(fixture, "[]", HS_LABEL_IS_AUTO, "000");
    check_labels(fixture, "[1, 1]", HS_LABEL_IS_AUTO,
                 "names label 1 twice; an array of a 0 or 1 for each label has 3 elements");
    check_labels(fixture, "[0, 1]", HS_LABEL_IS_MARKS, "must be an array with a 0 or 1 for each of 3 labels");
    make_classifier(fixture, words, 2, true);
    check_labels(fixture, "[0, 1]", HS_LABEL_IS_AUTO,
                 "could be the indices of the right labels, or a 0 or 1 for each label");
    check_labels(fixture, "[0, 1]", HS_LABEL_IS_INDEX, "11");
    check_labels(fixture, "[0, 1]", HS_LABEL_IS_MARKS, "01");
    check_labels(fixture, "[0.0, 1.0]", HS_LABEL_IS_AUTO, "01");
    check_labels(fixture, "[1, 1]", HS_LABEL_IS_AUTO, "11");
    make_classifier(fixture, words, 1, true);
    check_labels(fixture, "[1]", HS_LABEL_IS_AUTO, "1");
    check_labels(fixture, "[0]", HS_LABEL_IS_AUTO, "could be the indices of the right labels");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, task_fixture_set_up, task_fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_indices),
        CASE(test_texts),
        CASE(test_numbers_that_could_be_both),
        CASE(test_truth_values),
        CASE(test_maps_and_names),
        CASE(test_labels_of_a_classifier),
        CASE(test_labels_that_may_be_right_together),
    };
    return cmocka_run_group_tests_name("tasks_labels", tests, NULL, NULL);
}
