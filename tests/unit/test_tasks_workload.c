/* tasks: which rows examples share, donors, the hash, ranges, and the reference set. */
#include "support/assert_status.h"
#include "support/task_fixture.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_only_whole_prefixes_share_rows(void **state)
{
    /* Rows: 1 2 3 4, then 1 2, then 1 3 4, then 1 2 3 again: the second and fourth lie within the first. */
    hs_task *task = task_fixture_open(
        *state, "multiple_choice",
        "{\"context\": [1], \"choices\": [[2, 3, 4, 9], [2, 8], [3, 4, 7], [2, 3, 6]], \"label\": 2}\n");
    task_fixture_assert_workload(
        task, 0, 1,
        "[1 2 3 4][1 3 4] 0.0=P2 0.1=P3 0.2=P4 0.3=P9 0.0=P2 0.1=P8 1.0=P3 1.1=P4 1.2=P7 0.0=P2 0.1=P3 0.2=P6");
    assert_int_equal(hs_tasks_example_rows(task, 0), 7);
    hs_tasks_free(task);
}

static void test_prefixes_of_prefixes_end_at_the_longest(void **state)
{
    hs_task *task = task_fixture_open(
        *state, "multiple_choice",
        "{\"context\": [1], \"choices\": [[2], [2, 3], [2, 3, 4], [2, 3, 4, 5], [2, 3, 4, 5]], \"label\": 0}\n");
    task_fixture_assert_workload(
        task, 0, 1,
        "[1 2 3 4] 0.0=P2 0.0=P2 0.1=P3 0.0=P2 0.1=P3 0.2=P4 0.0=P2 0.1=P3 0.2=P4 0.3=P5 0.0=P2 "
        "0.1=P3 0.2=P4 0.3=P5");
    hs_tasks_free(task);
}

static void test_examples_do_not_share_rows(void **state)
{
    hs_task *task = task_fixture_open(*state, "logit_diff",
                                      "{\"prompt\": [1, 2], \"target\": [3], \"distractor\": [4]}\n\n"
                                      "{\"prompt\": [1, 2], \"target\": [5], \"distractor\": [6]}\n");
    task_fixture_assert_workload(task, 0, 2, "[1 2][1 2] 0.1=L3 0.1=L4 1.1=L5 1.1=L6");
    task_fixture_assert_workload(task, 1, 1, "[1 2] 0.1=L5 0.1=L6");
    assert_int_equal(hs_tasks_n_examples(task), 2);
    assert_int_equal(hs_tasks_example_line(task, 0), 1);
    assert_int_equal(hs_tasks_example_line(task, 1), 3);
    assert_string_equal(hs_tasks_name(task), "study");
    assert_string_equal(hs_tasks_kind(task), "logit_diff");
    hs_tasks_free(task);
}

static void test_a_range_outside_the_task_is_a_bug(void **state)
{
    hs_error error = {0};
    hs_task_workload *workload;
    hs_task *task = task_fixture_open(*state, "minimal_pair", "{\"good\": [1, 2], \"bad\": [1, 3]}\n");
    assert_int_equal(hs_tasks_workload_new(task, 0, 2, NULL, &workload, &error), HS_ERROR_INTERNAL);
    assert_null(workload);
    error = (hs_error){0};
    assert_int_equal(hs_tasks_workload_new(task, 2, SIZE_MAX, NULL, &workload, &error), HS_ERROR_INTERNAL);
    const uint32_t donors[] = {1};
    error = (hs_error){0};
    assert_int_equal(hs_tasks_workload_new(task, 0, 1, donors, &workload, &error), HS_ERROR_INTERNAL);
    assert_non_null(strstr(error.message, "donor 1 of example 0"));
    hs_tasks_free(task);
    hs_tasks_free(NULL);
    hs_tasks_workload_free(NULL);
}

static void test_the_score_walks_example_by_example(void **state)
{
    hs_error error = {0};
    hs_task_workload *workload;
    hs_task *task = task_fixture_open(*state, "minimal_pair",
                                      "{\"good\": [1, 2], \"bad\": [1, 3]}\n{\"good\": [1, 2, 3], \"bad\": [1, 4]}\n"
                                      "{\"good\": [1, 5], \"bad\": [1, 6, 7]}\n");
    assert_ok(hs_tasks_workload_new(task, 1, 2, NULL, &workload, &error), &error);
    assert_int_equal(workload->workload.n_queries, 6);
    const double answers[] = {-1, -2, -4, -8, -1, -2};
    const float expected[] = {1, 1, 0, -5};
    float values[4];
    hs_tasks_score(task, workload, answers, values);
    assert_memory_equal(values, expected, sizeof expected);
    hs_tasks_workload_free(workload);
    hs_tasks_free(task);
}

static void test_donors(void **state)
{
    /* Example 0 has sequences [1 2] [3 4]; example 1 one, [5]; example 2 has [6 7] [8]. */
    hs_error error = {0};
    hs_task_workload *workload;
    hs_task *task =
        task_fixture_open(*state, "minimal_pair",
                          "{\"good\": [1, 2, 9], \"bad\": [3, 4, 9]}\n{\"good\": [5, 9], \"bad\": [5, 10]}\n"
                          "{\"good\": [6, 7, 9], \"bad\": [8, 9]}\n");
    const uint32_t donors[] = {1, 2, 0};
    assert_ok(hs_tasks_workload_new(task, 0, 3, donors, &workload, &error), &error);
    const hs_workload *work = &workload->workload;
    /*
     * The second sequence of example 0 takes its donor's last one; of example 2 only the first is needed for example
     * 1.
     */
    const int32_t tokens[] = {5, 6, 7, 1, 2, 3, 4};
    const size_t offsets[] = {0, 1, 3, 5, 7};
    const uint32_t expected[] = {0, 0, 1, 2, 3};
    assert_int_equal(work->sequences.n, 5);
    assert_int_equal(work->donor_sequences.n, 4);
    assert_memory_equal(work->donor_sequences.offsets, offsets, sizeof offsets);
    assert_memory_equal(work->donor_sequences.tokens, tokens, sizeof tokens);
    assert_memory_equal(work->donors, expected, sizeof expected);
    hs_tasks_workload_free(workload);
    /* A shard in the middle: donors are indexed by the example of the task. */
    assert_ok(hs_tasks_workload_new(task, 2, 1, donors, &workload, &error), &error);
    assert_int_equal(workload->workload.donor_sequences.n, 2);
    assert_memory_equal(workload->workload.donor_sequences.tokens, tokens + 3, 4 * sizeof *tokens);
    assert_int_equal(workload->workload.donors[0], 0);
    assert_int_equal(workload->workload.donors[1], 1);
    hs_tasks_workload_free(workload);
    assert_ok(hs_tasks_workload_new(task, 0, 3, NULL, &workload, &error), &error);
    assert_int_equal(workload->workload.donor_sequences.n, 0);
    assert_null(workload->workload.donors);
    hs_tasks_workload_free(workload);
    hs_tasks_free(task);
}

static uint64_t hash_of(struct task_fixture *fixture, const char *kind, const char *lines)
{
    hs_task *task = task_fixture_open(fixture, kind, lines);
    uint64_t hash = hs_tasks_hash(task);
    hs_tasks_free(task);
    return hash;
}

static void test_the_hash_is_of_what_metrics_depend_on(void **state)
{
    uint64_t hash =
        hash_of(*state, "multiple_choice", "{\"context\": \"x\", \"choices\": [\" a\", \" b\"], \"label\": 0}\n");
    /* The same ids, written otherwise and with more beside them. */
    assert_int_equal(hash,
                     hash_of(*state, "multiple_choice",
                             "\n{\"label\": \"a\", \"id\": 7, \"context\": \"x \", \"choices\": [\"a\", \"b\"]}\r\n"));
    static const char *const others[] = {"{\"context\": \"x\", \"choices\": [\" a\", \" b\"], \"label\": 1}\n",
                                         "{\"context\": \"y\", \"choices\": [\" a\", \" b\"], \"label\": 0}\n",
                                         "{\"context\": \"x\", \"choices\": [\" a\", \" c\"], \"label\": 0}\n",
                                         "{\"context\": \"x\", \"choices\": [\" a\", \" b\", \" b\"], \"label\": 0}\n",
                                         ("{\"context\": \"x\", \"choices\": [\" a\", \" b\"], \"label\": 0}\n"
                                          "{\"context\": \"x\", \"choices\": [\" a\", \" b\"], \"label\": 0}\n"),
                                         /* The same ids but another length to divide by: ids count by tokens. */
                                         "{\"context\": [120], \"choices\": [[32, 97], [32, 98]], \"label\": 0}\n"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_int_not_equal(hash, hash_of(*state, "multiple_choice", others[i]));
    /* The same sequences and queries, but the metrics of another kind. */
    assert_int_not_equal(hash_of(*state, "minimal_pair", "{\"good\": [1, 2], \"bad\": [1, 3]}\n"),
                         hash_of(*state, "contrast", "{\"prompt\": [1], \"toxic\": [2], \"benign\": [3]}\n"));
}

static void test_the_limit_leaves_later_lines_unread(void **state)
{
    struct task_fixture *fixture = *state;
    static const char lines[] = "{\"good\": [1, 2], \"bad\": [1, 3]}\n{\"good\": [1, 4], \"bad\": [1, 5]}\nnot JSON\n";
    fixture->config.limit = 2;
    hs_task *task = task_fixture_open(fixture, "minimal_pair", lines);
    assert_int_equal(hs_tasks_n_examples(task), 2);
    hs_tasks_free(task);
    fixture->config.limit = 3;
    (void)task_fixture_refuse(fixture, "minimal_pair", lines, HS_ERROR_INPUT);
}

static hs_status open_reference(struct task_fixture *fixture, const char *lines, const char *field, size_t limit,
                                const hs_tokenizer *tokenizer, hs_task_workload **workload)
{
    char path[128];
    (void)task_fixture_write(fixture, "reference.jsonl", lines, strlen(lines), path, sizeof path);
    fixture->error = (hs_error){0};
    const hs_reference_config config = {.path = path, .field = field, .limit = limit};
    return hs_tasks_reference_set_open(&config, tokenizer, &fixture->model, workload, &fixture->error);
}

static void test_reference_set(void **state)
{
    struct task_fixture *fixture = *state;
    hs_task_workload *workload;
    static const char lines[] = "{\"page\": {\"text\": \"a cat\"}}\n\n{\"page\": {\"text\": \"\"}}\n"
                                "{\"page\": {\"text\": [5, 6, 7]}}\n{\"page\": {\"text\": \"abcdefgh\"}}\n";
    fixture->model.shape.n_positions = 4;
    assert_int_equal(open_reference(fixture, lines, "page.text", 0, fixture->bos_tokenizer, &workload), HS_OK);
    const int32_t tokens[] = {262, 97, 258, 5, 6, 7, 262, 97, 98, 99};
    const size_t offsets[] = {0, 3, 6, 10};
    assert_int_equal(workload->workload.sequences.n, 3);
    assert_memory_equal(workload->workload.sequences.offsets, offsets, sizeof offsets);
    assert_memory_equal(workload->workload.sequences.tokens, tokens, sizeof tokens);
    assert_int_equal(workload->workload.n_queries, 0);
    assert_int_equal(workload->n_examples, 3);
    hs_tasks_workload_free(workload);
    assert_int_equal(open_reference(fixture, lines, "page.text", 2, fixture->bos_tokenizer, &workload), HS_OK);
    assert_int_equal(workload->workload.sequences.n, 2);
    hs_tasks_workload_free(workload);
}

static void test_reference_set_errors(void **state)
{
    struct task_fixture *fixture = *state;
    hs_task_workload *workload;
    assert_int_equal(open_reference(fixture, "{\"text\": \"a\"}\n{\"body\": \"a\", \"n\": 1}\n", "text", 0,
                                    fixture->tokenizer, &workload),
                     HS_ERROR_INPUT);
    assert_null(workload);
    assert_non_null(
        strstr(fixture->error.message, "/reference.jsonl:2: field `text` is missing; the line has: body, n"));
    assert_int_equal(open_reference(fixture, "{\"text\": \"a\"}\n", "text", 0, NULL, &workload), HS_ERROR_INPUT);
    assert_non_null(
        strstr(fixture->error.message, "/reference.jsonl:1: field `text` is text, but the checkpoint has no"));
    assert_int_equal(open_reference(fixture, "{\"text\": \"\"}\n", "text", 0, NULL, &workload), HS_ERROR_INPUT);
    assert_non_null(strstr(fixture->error.message, "/reference.jsonl: the reference set has no sequence"));
    assert_int_equal(open_reference(fixture, "{\"text\": [1, 264]}\n", "text", 0, NULL, &workload), HS_ERROR_INPUT);
    assert_non_null(strstr(fixture->error.message, ":1: field `text`: token id 264 is outside"));
}

#define TASK_TEST(function) cmocka_unit_test_setup_teardown(function, task_fixture_set_up, task_fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TASK_TEST(test_only_whole_prefixes_share_rows),
        TASK_TEST(test_prefixes_of_prefixes_end_at_the_longest),
        TASK_TEST(test_examples_do_not_share_rows),
        TASK_TEST(test_a_range_outside_the_task_is_a_bug),
        TASK_TEST(test_the_score_walks_example_by_example),
        TASK_TEST(test_donors),
        TASK_TEST(test_the_hash_is_of_what_metrics_depend_on),
        TASK_TEST(test_the_limit_leaves_later_lines_unread),
        TASK_TEST(test_reference_set),
        TASK_TEST(test_reference_set_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
