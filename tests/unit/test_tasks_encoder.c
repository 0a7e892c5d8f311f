/* tasks: what classifiers and masked language models are asked. Expected metrics are worked out by hand. */
#include "support/encoder_fixture.h"

#include <math.h>
#include <string.h>

enum { N_BASE_METRICS = 5 };

static void test_row_0_is_asked_for_every_label(void **state)
{
    make_classifier(*state, false);
    hs_task *task = task_fixture_open(*state, "classification",
                                      "{\"text\": \"ac B\", \"label\": \"rude\"}\n"
                                      "{\"text\": \"b\", \"label\": 2}\n"
                                      "{\"text\": [5, 6], \"label\": \"0\"}\n");
    task_fixture_assert_workload(task, 0, 1, "[2 5 7 6 3] 0.0=P0 0.0=P1 0.0=P2");
    task_fixture_assert_workload(task, 1, 2, "[2 6 3][5 6] 0.0=P0 0.0=P1 0.0=P2 1.0=P0 1.0=P1 1.0=P2");
    assert_int_equal(hs_tasks_n_metrics(task), N_BASE_METRICS + 3);
    assert_string_equal(hs_tasks_metric(task, N_BASE_METRICS + 1)->name, "f1_rude");
    assert_int_equal(hs_tasks_metric(task, N_BASE_METRICS + 1)->per, HS_PER_F1);
    assert_string_equal(hs_tasks_metric(task, 1)->name, "macro_f1");
    assert_int_equal(hs_tasks_metric(task, 1)->per, HS_PER_MACRO_F1);
    /* acc, macro_f1 (the prediction), log_loss, margin, gold, counts of fine, rude, vile. */
    task_fixture_assert_score(task, 0, (const double[]){-2, -0.5, -1.5}, (const double[]){1, 1, 0.5, 1, 1, 0, 2, 0});
    task_fixture_assert_score(task, 1, (const double[]){-0.25, -3, -2}, (const double[]){0, 0, 2, -1.75, 2, 1, 0, 1});
    /* The first label wins ties. */
    task_fixture_assert_score(task, 2, (const double[]){-1, -1, -2}, (const double[]){1, 0, 1, 0, 0, 2, 0, 0});
    hs_tasks_free(task);
}

/* A text that begins as another one does is a part of its sequence; padding (6) is not what is asked about. */
static void test_decoders_are_asked_at_their_last_token(void **state)
{
    struct task_fixture *fixture = *state;
    make_classifier(fixture, false);
    fixture->model.shape.bidirectional = false;
    fixture->model.shape.padding_token = 6;
    hs_task *task = task_fixture_open(fixture, "classification",
                                      "{\"text\": [5, 7, 5], \"label\": \"rude\"}\n"
                                      "{\"text\": [5, 7], \"label\": 0}\n"
                                      "{\"text\": [5, 6, 5, 6, 6], \"label\": 0}\n"
                                      "{\"text\": [6, 6], \"label\": 0}\n"
                                      "{\"text\": \"a b a b ac\", \"label\": 0}\n");
    task_fixture_assert_workload(task, 0, 2, "[5 7 5][5 7] 0.2=P0 0.2=P1 0.2=P2 1.1=P0 1.1=P1 1.1=P2");
    task_fixture_assert_workload(task, 2, 1, "[5 6 5] 0.2=P0 0.2=P1 0.2=P2");
    task_fixture_assert_workload(task, 3, 1, "[6] 0.0=P0 0.0=P1 0.0=P2");
    task_fixture_assert_workload(task, 4, 1, "[2 5 6 5 6 3] 0.5=P0 0.5=P1 0.5=P2");
    assert_int_equal(hs_tasks_n_truncated(task), 1);
    assert_string_equal(hs_tasks_truncated_part(task), "last");
    hs_tasks_free(task);
    fixture->model.shape.padding_token = -1;
    task = task_fixture_open(fixture, "classification", "{\"text\": [5, 6, 6], \"label\": 0}\n");
    task_fixture_assert_workload(task, 0, 1, "[5 6 6] 0.2=P0 0.2=P1 0.2=P2");
    hs_tasks_free(task);
}

static void make_token_classifier(struct task_fixture *fixture)
{
    make_classifier(fixture, false);
    fixture->model.shape.head = HS_HEAD_TOKEN_CLASSIFIER;
    fixture->model.architecture = "FixtureForTokenClassification";
}

/* "a" is one token, "ac" two, of which the first has the word's label, and "" none. */
static void test_words_have_labels(void **state)
{
    make_token_classifier(*state);
    hs_task *task =
        task_fixture_open(*state, "token_classification",
                          "{\"tokens\": [\"ac\", \"b\"], \"label\": [\"rude\", 2]}\n"
                          "{\"tokens\": [\"a\", \"\", \"b\", \"a\"], \"label\": [null, 1, -100, 0]}\n"
                          "{\"tokens\": [\"a\", \"b\", \"a\", \"ac\", \"b\"], \"label\": [0, null, null, 1, 2]}\n");
    task_fixture_assert_workload(task, 0, 1, "[2 5 7 6 3] 0.1=P0 0.1=P1 0.1=P2 0.3=P0 0.3=P1 0.3=P2");
    task_fixture_assert_workload(task, 1, 1, "[2 5 6 5 3] 0.3=P0 0.3=P1 0.3=P2");
    task_fixture_assert_workload(task, 2, 1, "[2 5 6 5 5 3] 0.1=P0 0.1=P1 0.1=P2 0.4=P0 0.4=P1 0.4=P2");
    assert_int_equal(hs_tasks_n_truncated(task), 1);
    assert_string_equal(hs_tasks_truncated_part(task), "last");
    assert_int_equal(hs_tasks_n_metrics(task), 4);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(hs_tasks_metric(task, i)->per, 3);
    /* acc, log_loss, margin, words: sums over words; the first label wins ties. */
    task_fixture_assert_score(task, 0, (const double[]){-1, -0.5, -3, -2, -0.25, -2},
                              (const double[]){1, 2.5, -1.25, 2});
    task_fixture_assert_score(task, 1, (const double[]){-1, -1, -2}, (const double[]){1, 1, 0, 1});
    hs_tasks_free(task);
}

static void test_refused_words(void **state)
{
    static const struct {
        const char *line, *reason;
    } cases[] = {
        {"{\"tokens\": [\"a\"], \"label\": [0, 1]}\n", "field `tokens` has 1 words and field `label` 2 labels"},
        {"{\"tokens\": \"a\", \"label\": [0]}\n", "field `tokens` must be an array"},
        {"{\"tokens\": [\"a\"], \"label\": 0}\n", "field `label` must be an array"},
        {"{\"tokens\": [], \"label\": []}\n", "field `tokens` must be an array"},
        {"{\"tokens\": [5], \"label\": [0]}\n", "field `tokens[0]` must be a text"},
        {"{\"tokens\": [\"a\"], \"label\": [3]}\n", "is not a label of the classifier"},
        {"{\"tokens\": [\"a\"], \"label\": [\"B-PER\"]}\n", "is not a label of the classifier"},
        {"{\"tokens\": [\"a\"], \"label\": [null]}\n", "no word that is read has a label"},
        {"{\"tokens\": [\"a\"]}\n", "`label` is missing"},
    };
    make_token_classifier(*state);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *message = task_fixture_refuse(*state, "token_classification", cases[i].line, HS_ERROR_INPUT);
        if (strstr(message, cases[i].reason) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", message, cases[i].reason);
    }
    assert_non_null(strstr(task_fixture_refuse(*state, "classification", "{}\n", HS_ERROR_USAGE),
                           "is a classifier of tokens, for which there is token_classification"));
    make_classifier(*state, false);
    assert_non_null(strstr(task_fixture_refuse(*state, "token_classification", "{}\n", HS_ERROR_USAGE),
                           "needs a classifier of tokens"));
}

static void test_a_long_text_keeps_its_last_token(void **state)
{
    struct task_fixture *fixture = *state;
    make_classifier(fixture, false);
    hs_task *task = task_fixture_open(fixture, "classification", "{\"text\": \"a b a b ac\", \"label\": 0}\n");
    task_fixture_assert_workload(task, 0, 1, "[2 5 6 5 6 3] 0.0=P0 0.0=P1 0.0=P2");
    assert_int_equal(hs_tasks_n_truncated(task), 1);
    hs_tasks_free(task);
    fixture->config.too_long = HS_TOO_LONG_ERROR;
    assert_non_null(strstr(
        task_fixture_refuse(fixture, "classification", "{\"text\": \"a b a b ac\", \"label\": 0}\n", HS_ERROR_INPUT),
        "needs 8 token positions"));
    fixture->config.too_long = HS_TOO_LONG_TRUNCATE;
    assert_non_null(strstr(task_fixture_refuse(fixture, "classification",
                                               "{\"text\": [5, 5, 5, 5, 5, 5, 5], \"label\": 0}\n", HS_ERROR_INPUT),
                           "needs 7 token positions"));
}

/* Losses log(1 + e^-1) for log-odds of 1 and so on; p = 0.5 counts as predicted. */
static void test_independent_labels(void **state)
{
    make_classifier(*state, true);
    hs_task *task = task_fixture_open(*state, "classification",
                                      "{\"text\": \"a\", \"label\": [\"rude\", 2]}\n"
                                      "{\"text\": \"a\", \"label\": []}\n"
                                      "{\"text\": \"a\", \"label\": \"rude\"}\n");
    task_fixture_assert_workload(task, 0, 1, "[2 5 3] 0.0=L0 0.0=L1 0.0=L2");
    double loss = (log1p(exp(-1)) + log1p(exp(-2)) + log1p(exp(0.5))) / 3;
    task_fixture_assert_score(task, 0, (const double[]){-1, 2, -0.5}, (const double[]){0, 1, loss, -0.5, 2, 0, 2, 1});
    loss = (log1p(exp(-1)) + log1p(exp(-800)) + log1p(exp(-0.5))) / 3;
    task_fixture_assert_score(task, 1, (const double[]){-1, -800, -0.5}, (const double[]){1, 0, loss, 0.5, 0, 0, 0, 0});
    loss = (900 + log(2) + log1p(exp(-1))) / 3;
    task_fixture_assert_score(task, 2, (const double[]){900, 0, -1}, (const double[]){0, 2, loss, -900, 1, 1, 2, 0});
    hs_tasks_free(task);
}

static void test_label_map(void **state)
{
    struct task_fixture *fixture = *state;
    char none[] = "neither";
    char hate[] = "0";
    char yes[] = "true";
    hs_label_mapping labels[] = {{none, 0}, {hate, 2}, {yes, 1}};
    make_classifier(fixture, false);
    fixture->config.labels = labels;
    fixture->config.n_labels = 3;
    hs_task *task = task_fixture_open(fixture, "classification",
                                      "{\"text\": \"a\", \"label\": \"neither\"}\n"
                                      "{\"text\": \"a\", \"label\": 0}\n"
                                      "{\"text\": \"a\", \"label\": true}\n");
    const double answers[] = {-1, -2, -3};
    const double right[3][8] = {{1, 0, 1, 1, 0, 2, 0, 0}, {0, 0, 3, -2, 2, 1, 0, 1}, {0, 0, 2, -1, 1, 1, 1, 0}};
    for (size_t i = 0; i < 3; i++)
        task_fixture_assert_score(task, i, answers, right[i]);
    hs_tasks_free(task);
    assert_non_null(strstr(
        task_fixture_refuse(fixture, "classification", "{\"text\": \"a\", \"label\": \"fine\"}\n", HS_ERROR_INPUT),
        "is not among the `labels` of the experiment file"));
    labels[1].choice = 3;
    assert_non_null(
        strstr(task_fixture_refuse(fixture, "classification", "{\"text\": \"a\", \"label\": 0}\n", HS_ERROR_INPUT),
               "`labels` of the experiment file makes 3 of label \"0\", but there are 0 to 2"));
    fixture->config.n_labels = 0;
    fixture->config.labels = NULL;
}

static void test_labels_without_a_fit_name_go_by_their_index(void **state)
{
    static const char *const odd[] = {"x", "", "x"};
    struct task_fixture *fixture = *state;
    make_classifier(fixture, false);
    fixture->model.labels = odd;
    hs_task *task = task_fixture_open(fixture, "classification", "{\"text\": \"a\", \"label\": 1}\n");
    for (size_t i = 0; i < 3; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "f1_%zu", i);
        assert_string_equal(hs_tasks_metric(task, N_BASE_METRICS + i)->name, name);
    }
    hs_tasks_free(task);
}

static void test_refused_labels(void **state)
{
    static const struct {
        const char *line;
        const char *message;
    } rows[] = {
        {"{\"text\": \"a\"}\n", "field `label` is missing"},
        {"{\"text\": \"a\", \"label\": 3}\n",
         "\"3\", is not a label of the classifier; there are 0 to 2: fine, rude, vile"},
        {"{\"text\": \"a\", \"label\": -1}\n", "\"-1\", is not a label"},
        {"{\"text\": \"a\", \"label\": \"3\"}\n", "\"3\", is not a label"},
        {"{\"text\": \"a\", \"label\": \"Rude\"}\n", "\"Rude\", is not a label"},
        {"{\"text\": \"a\", \"label\": \"\"}\n", "\"\", is not a label"},
        {"{\"text\": \"a\", \"label\": 0.5}\n", "\"0.5\", is not a label"},
        {"{\"text\": \"a\", \"label\": [1, 2]}\n",
         "is an array of 2; give one label, or a 1 for the right one of all 3 "},
        {"{\"text\": \"\", \"label\": 1}\n", "field `text` has no token but special ones"},
        {"{\"text\": [8], \"label\": 1}\n", "token id 8 is outside the model's vocabulary"},
    };
    make_classifier(*state, false);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *message = task_fixture_refuse(*state, "classification", rows[i].line, HS_ERROR_INPUT);
        if (strstr(message, rows[i].message) == NULL || strncmp(message, "data.jsonl:1: ", 14) != 0)
            fail_msg("row %zu: %s", i, message);
    }
}

static void test_every_token_is_masked_once(void **state)
{
    make_masked(*state);
    hs_task *task = task_fixture_open(*state, "pseudo_likelihood", "{\"text\": \"ac b\"}\n{\"text\": [5, 6]}\n");
    task_fixture_assert_workload(task, 0, 1, "[2 4 7 6 3][2 5 4 6 3][2 5 7 4 3] 0.1=P5 1.2=P7 2.3=P6");
    task_fixture_assert_workload(task, 1, 1, "[4 6][5 4] 0.0=P5 1.1=P6");
    task_fixture_assert_score(task, 0, (const double[]){-1, -2, -0.5}, (const double[]){-3.5, 3});
    assert_int_equal(hs_tasks_metric(task, 0)->per, 1);
    hs_tasks_free(task);
}

/* Two places whose sequences are equal once masked share one; none is shared as a prefix, for rows see what follows. */
static void test_only_equal_sequences_are_shared(void **state)
{
    make_masked(*state);
    hs_task *task = task_fixture_open(*state, "minimal_pair", "{\"good\": [5, 6], \"bad\": [5, 7]}\n");
    task_fixture_assert_workload(task, 0, 1, "[4 6][5 4][4 7] 0.0=P5 1.1=P6 2.0=P5 1.1=P7");
    task_fixture_assert_score(task, 0, (const double[]){-1, -2, -1.5, -2.5}, (const double[]){1, 1});
    hs_tasks_free(task);
    task = task_fixture_open(*state, "minimal_pair", "{\"good\": [5, 6, 6], \"bad\": [5]}\n");
    task_fixture_assert_workload(task, 0, 1, "[4 6 6][5 4 6][5 6 4][4] 0.0=P5 1.1=P6 2.2=P6 3.0=P5");
    hs_tasks_free(task);
}

static void test_refused_masked(void **state)
{
    struct task_fixture *fixture = *state;
    make_masked(fixture);
    assert_non_null(strstr(task_fixture_refuse(fixture, "pseudo_likelihood", "{\"text\": \"\"}\n", HS_ERROR_INPUT),
                           "no token but special ones"));
    assert_non_null(
        strstr(task_fixture_refuse(fixture, "pseudo_likelihood", "{\"text\": \"a a a a a\"}\n", HS_ERROR_INPUT),
               "needs 7 token positions"));
    hs_tokenizer *tokenizer = fixture->tokenizer;
    fixture->tokenizer = fixture->bos_tokenizer;
    fixture->model.shape.vocabulary = FIXTURE_VOCABULARY;
    assert_non_null(strstr(task_fixture_refuse(fixture, "pseudo_likelihood", "{\"text\": \"a\"}\n", HS_ERROR_INPUT),
                           "names no mask token"));
    fixture->tokenizer = tokenizer;
}

static void test_kinds_that_do_not_suit_the_head(void **state)
{
    struct task_fixture *fixture = *state;
    static const char *const of_language_models[] = {"multiple_choice", "next_token", "logit_diff",
                                                     "perplexity",      "contrast",   "token_mass"};
    make_classifier(fixture, false);
    for (size_t i = 0; i < sizeof of_language_models / sizeof *of_language_models; i++) {
        const char *message = task_fixture_refuse(fixture, of_language_models[i], "{}\n", HS_ERROR_USAGE);
        assert_non_null(strstr(message, "needs a language model; FixtureForSequenceClassification is a classifier, for "
                                        "which there is classification"));
    }
    make_masked(fixture);
    assert_non_null(strstr(task_fixture_refuse(fixture, "multiple_choice", "{}\n", HS_ERROR_USAGE),
                           "is a masked language model, for which there is pseudo_likelihood or minimal_pair"));
    assert_non_null(strstr(task_fixture_refuse(fixture, "classification", "{}\n", HS_ERROR_USAGE),
                           "classification needs a classifier"));
    fixture->model.shape.head = HS_HEAD_LANGUAGE_MODEL;
    assert_non_null(strstr(task_fixture_refuse(fixture, "classification", "{}\n", HS_ERROR_USAGE),
                           "is a language model, for which there is multiple_choice with its labels as the choices"));
    assert_non_null(strstr(task_fixture_refuse(fixture, "pseudo_likelihood", "{}\n", HS_ERROR_USAGE),
                           "needs a masked language model"));
}

/* BertModel and its like. */
static void test_a_model_without_a_head(void **state)
{
    static const char *const some[] = {"pseudo_likelihood", "classification", "token_classification", "perplexity"};
    struct task_fixture *fixture = *state;
    make_masked(fixture);
    fixture->model.architecture = "FixtureModel";
    fixture->model.shape.n_outputs = 0;
    for (size_t i = 0; i < sizeof some / sizeof *some; i++)
        assert_non_null(strstr(task_fixture_refuse(fixture, some[i], "{}\n", HS_ERROR_USAGE),
                               "FixtureModel is a base model without a head"));
}

static void test_number_of_labels(void **state)
{
    struct task_fixture *fixture = *state;
    make_classifier(fixture, false);
    fixture->model.labels = NULL;
    fixture->model.shape.n_outputs = 1;
    assert_non_null(strstr(task_fixture_refuse(fixture, "classification", "{}\n", HS_ERROR_INPUT), "has one output"));
    fixture->model.shape.n_outputs = HS_TASK_MAX_METRICS - N_BASE_METRICS + 1;
    assert_non_null(strstr(task_fixture_refuse(fixture, "classification", "{}\n", HS_ERROR_INPUT), "takes up to 251"));
    fixture->model.shape.n_outputs = HS_TASK_MAX_METRICS - N_BASE_METRICS;
    hs_task *task = task_fixture_open(fixture, "classification", "{\"text\": \"a\", \"label\": 250}\n");
    assert_int_equal(hs_tasks_n_metrics(task), HS_TASK_MAX_METRICS);
    hs_tasks_free(task);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_row_0_is_asked_for_every_label, encoder_fixture_set_up,
                                        task_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_decoders_are_asked_at_their_last_token, encoder_fixture_set_up,
                                        task_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_words_have_labels, encoder_fixture_set_up, task_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_refused_words, encoder_fixture_set_up, task_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_a_long_text_keeps_its_last_token, encoder_fixture_set_up,
                                        task_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_independent_labels, encoder_fixture_set_up, task_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_label_map, encoder_fixture_set_up, task_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_labels_without_a_fit_name_go_by_their_index, encoder_fixture_set_up,
                                        task_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_refused_labels, encoder_fixture_set_up, task_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_every_token_is_masked_once, encoder_fixture_set_up,
                                        task_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_only_equal_sequences_are_shared, encoder_fixture_set_up,
                                        task_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_refused_masked, encoder_fixture_set_up, task_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_kinds_that_do_not_suit_the_head, encoder_fixture_set_up,
                                        task_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_a_model_without_a_head, encoder_fixture_set_up, task_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_number_of_labels, encoder_fixture_set_up, task_fixture_tear_down),
    };
    return cmocka_run_group_tests_name("tasks_encoder", tests, NULL, NULL);
}
