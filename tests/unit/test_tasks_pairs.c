/* tasks: pairs of texts for classifiers and masked language models, with token types and separators. */
#include "support/encoder_fixture.h"

#include <string.h>

static void map_pair(struct task_fixture *fixture)
{
    static char text[] = "text", pair[] = "pair", premise[] = "premise", hypothesis[] = "hypothesis";
    static hs_field_mapping fields[] = {{text, premise}, {pair, hypothesis}};
    fixture->config.fields = fields;
    fixture->config.n_fields = 2;
}

static void test_pairs_have_types(void **state)
{
    struct task_fixture *fixture = *state;
    make_classifier(fixture, false);
    fixture->model.shape.n_token_types = 2;
    map_pair(fixture);
    hs_task *task = task_fixture_open(fixture, "classification",
                                      "{\"premise\": \"a\", \"hypothesis\": \"b\", \"label\": 0}\n"
                                      "{\"premise\": \"a ac a b a\", \"hypothesis\": \"b\", \"label\": 0}\n"
                                      "{\"premise\": \"a\", \"hypothesis\": \"\", \"label\": 0}\n");
    task_fixture_assert_workload(task, 0, 2,
                                 "[2 5 3 6/1 3/1][2 5 5 3 6/1 3/1] 0.0=P0 0.0=P1 0.0=P2 1.0=P0 1.0=P1 1.0=P2");
    task_fixture_assert_workload(task, 2, 1, "[2 5 3] 0.0=P0 0.0=P1 0.0=P2");
    assert_int_equal(hs_tasks_n_truncated(task), 1);
    assert_string_equal(hs_tasks_truncated_part(task), "last");
    assert_int_equal(hs_tasks_n_pairs(task), 2);
    assert_int_equal(hs_tasks_n_joined(task), 0);
    hs_tasks_free(task);
    /* A model without types reads the same ids. */
    fixture->model.shape.n_token_types = 1;
    task = task_fixture_open(fixture, "classification", "{\"premise\": \"a\", \"hypothesis\": \"b\", \"label\": 0}\n");
    task_fixture_assert_workload(task, 0, 1, "[2 5 3 6 3] 0.0=P0 0.0=P1 0.0=P2");
    hs_tasks_free(task);
    assert_non_null(
        strstr(task_fixture_refuse(fixture, "classification", "{\"premise\": \"a\", \"label\": 0}\n", HS_ERROR_INPUT),
               "field `pair` (here `hypothesis`) is missing"));
}

static void test_ids_may_have_types(void **state)
{
    struct task_fixture *fixture = *state;
    make_classifier(fixture, false);
    fixture->model.shape.n_token_types = 2;
    hs_task *typed = task_fixture_open(fixture, "classification",
                                       "{\"text\": [2, 5, 3, 6], \"token_type_ids\": [0, 0, 0, 1], \"label\": 0}\n"
                                       "{\"text\": \"a\", \"token_type_ids\": [1, 1, 1], \"label\": 0}\n");
    task_fixture_assert_workload(typed, 0, 2, "[2 5 3 6/1][2 5 3] 0.0=P0 0.0=P1 0.0=P2 1.0=P0 1.0=P1 1.0=P2");
    uint64_t hash = hs_tasks_hash(typed);
    hs_tasks_free(typed);
    typed = task_fixture_open(fixture, "classification",
                              "{\"text\": [2, 5, 3, 6], \"label\": 0}\n{\"text\": \"a\", \"label\": 0}\n");
    assert_true(hash != hs_tasks_hash(typed));
    hs_tasks_free(typed);
}

static void test_refused_pairs(void **state)
{
    static const struct {
        const char *line;
        const char *message;
    } rows[] = {
        {"{\"text\": [5], \"pair\": [6], \"label\": 0}\n", "and their types in `token_type_ids`"},
        {"{\"text\": \"a\", \"pair\": [6], \"label\": 0}\n", "field `pair` is token ids but field `text` is text"},
        {"{\"text\": \"\", \"pair\": \"\", \"label\": 0}\n", "has no token but special ones"},
        {"{\"text\": [5], \"token_type_ids\": [0, 1], \"label\": 0}\n",
         "has 1 token ids, but field `token_type_ids` has 2"},
        {"{\"text\": [5], \"token_type_ids\": [2], \"label\": 0}\n", "token type 2, but the model has 2 token types"},
    };
    struct task_fixture *fixture = *state;
    make_classifier(fixture, false);
    fixture->model.shape.n_token_types = 2;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *message = task_fixture_refuse(fixture, "classification", rows[i].line, HS_ERROR_INPUT);
        if (strstr(message, rows[i].message) == NULL || strncmp(message, "data.jsonl:1: ", 14) != 0)
            fail_msg("row %zu: %s", i, message);
    }
    map_pair(fixture);
    hs_tokenizer *tokenizer = fixture->tokenizer;
    fixture->tokenizer = NULL;
    assert_non_null(
        strstr(task_fixture_refuse(fixture, "classification",
                                   "{\"premise\": \"a\", \"hypothesis\": \"b\", \"label\": 0}\n", HS_ERROR_INPUT),
               "has no tokenizer"));
    fixture->tokenizer = tokenizer;
}

/* A separator in a text makes no pair of it, in whichever model's manner it is written. */
static void test_separators_are_counted(void **state)
{
    make_classifier(*state, false);
    hs_task *task = task_fixture_open(*state, "classification",
                                      "{\"text\": \"a [SEP] b\", \"label\": 0}\n"
                                      "{\"text\": \"a </s> b\", \"label\": 0}\n"
                                      "{\"text\": \"a\", \"pair\": \"[SEP] b\", \"label\": 0}\n"
                                      "{\"text\": \"a sep b\", \"label\": 0}\n");
    assert_int_equal(hs_tasks_n_joined(task), 2);
    assert_int_equal(hs_tasks_n_pairs(task), 1);
    hs_tasks_free(task);
}

static void test_special_tokens_of_a_pair_are_not_masked(void **state)
{
    struct task_fixture *fixture = *state;
    make_masked(fixture);
    fixture->model.shape.n_token_types = 2;
    hs_task *task = task_fixture_open(fixture, "pseudo_likelihood",
                                      "{\"text\": \"a\", \"pair\": \"b\"}\n"
                                      "{\"text\": [2, 5, 3, 5, 3], \"token_type_ids\": [0, 0, 0, 1, 1]}\n");
    task_fixture_assert_workload(task, 0, 1, "[2 4 3 6/1 3/1][2 5 3 4/1 3/1] 0.1=P5 1.3=P6");
    task_fixture_assert_workload(task, 1, 1, "[2 4 3 5/1 3/1][2 5 3 4/1 3/1] 0.1=P5 1.3=P5");
    hs_tasks_free(task);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_pairs_have_types, encoder_fixture_set_up, task_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_ids_may_have_types, encoder_fixture_set_up, task_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_refused_pairs, encoder_fixture_set_up, task_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_separators_are_counted, encoder_fixture_set_up, task_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_special_tokens_of_a_pair_are_not_masked, encoder_fixture_set_up,
                                        task_fixture_tear_down),
    };
    return cmocka_run_group_tests_name("tasks_pairs", tests, NULL, NULL);
}
