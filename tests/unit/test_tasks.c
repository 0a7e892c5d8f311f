/*
 * tasks: for each kind its sequences, rows and queries, and its metrics. Expectations are worked out by hand from the
 * rules of lm-evaluation-harness and the ids of the fixture's tokenizer (see support/task_fixture.h).
 */
#include "support/assert_status.h"
#include "support/task_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

static void test_choices_share_the_context_and_its_space_moves(void **state)
{
    /*
     * "x " + "cat": context "x" = 120, continuation " cat" = 258. The first and third choice need only the row of
     * 120.
     */
    hs_task *task = task_fixture_open(
        *state, "multiple_choice", "{\"context\": \"x \", \"choices\": [\"cat\", \"dogs\", \"cat\"], \"label\": 1}\n");
    task_fixture_assert_workload(task, 0, 1, "[120 261] 0.0=P258 0.0=P261 0.1=P115 0.0=P258");
    const double answers[] = {-1.0, -0.5, -0.25, -1.0};
    const double expected[] = {1, 1, 1, 0.25, -0.75};
    task_fixture_assert_score(task, 0, answers, expected);
    hs_tasks_free(task);
}

/* A guess among two and among four choices; what is not a guess has no such level. */
static void test_levels_of_chance(void **state)
{
    hs_task *task =
        task_fixture_open(*state, "multiple_choice",
                          "{\"context\": \"x\", \"choices\": [\"cat\", \"dogs\"], \"label\": 1}\n"
                          "{\"context\": \"x\", \"choices\": [\"a\", \"b\", \"c\", \"d\"], \"label\": 0}\n");
    static const double expected[] = {0.375, 0.375, 0.375, 0, 0};
    for (size_t i = 0; i < 5; i++)
        assert_true(hs_tasks_chance(task, i) == expected[i]);
    hs_tasks_free(task);
    task = task_fixture_open(*state, "minimal_pair", "{\"good\": \"a b\", \"bad\": \"b a\"}\n");
    assert_true(hs_tasks_chance(task, 0) == 0.5 && hs_tasks_chance(task, 1) == 0);
    hs_tasks_free(task);
}

static void test_acc_norm_divides_by_characters_without_the_leading_space(void **state)
{
    /* Per character: " a" -1.0 / 1, " bc" -1.8 / 2 = -0.9; with the space it would be -0.5 against -0.6. */
    hs_task *task =
        task_fixture_open(*state, "multiple_choice",
                          "{\"context\": \"x\", \"choices\": [\" a\", \" bc\"], \"label\": 1}\n"
                          "{\"context\": \"x\", \"choices\": [\"\xC3\xA9\", \"zz\"], \"label\": \"\xC3\xA9\"}\n");
    task_fixture_assert_workload(task, 0, 1, "[120 32 98] 0.0=P32 0.1=P97 0.0=P32 0.1=P98 0.2=P99");
    const double answers[] = {-0.5, -0.5, -0.5, -0.5, -0.8};
    const double expected[] = {0, 1, 1, -0.8, -1.8};
    task_fixture_assert_score(task, 0, answers, expected);
    /* "é" is one character of two bytes: -1.0 / 1 against -1.2 / 2 loses; by bytes, -1.0 / 2, it wins. */
    const double accented[] = {-0.5, -0.5, -0.6, -0.6};
    const double accented_expected[] = {1, 0, 1, 0.2, -1.0};
    task_fixture_assert_score(task, 1, accented, accented_expected);
    hs_tasks_free(task);
}

static void test_the_first_choice_wins_ties(void **state)
{
    hs_task *task = task_fixture_open(*state, "multiple_choice",
                                      "{\"context\": \"x\", \"choices\": [\"a\", \"b\"], \"label\": 0}\n"
                                      "{\"context\": \"x\", \"choices\": [\"a\", \"b\"], \"label\": 1}\n");
    const double answers[] = {-2.0, -2.0};
    const double first[] = {1, 1, 1, 0, -2};
    const double second[] = {0, 0, 0, 0, -2};
    task_fixture_assert_score(task, 0, answers, first);
    task_fixture_assert_score(task, 1, answers, second);
    hs_tasks_free(task);
}

/* Of two choices the one without a number would lose every comparison: 1, which is right, would be the answer. */
static void test_an_answer_that_is_not_finite_spoils_its_example_only(void **state)
{
    static const double spoiled[] = {NAN, INFINITY, -INFINITY, 1e300};
    hs_task *task = task_fixture_open(*state, "multiple_choice",
                                      "{\"context\": \"x\", \"choices\": [\"a\", \"b\"], \"label\": 1}\n"
                                      "{\"context\": \"x\", \"choices\": [\"a\", \"b\"], \"label\": 1}\n");
    const float marked = NAN;
    hs_task_workload *workload = NULL;
    hs_error error = {0};
    assert_ok(hs_tasks_workload_new(task, 0, 2, NULL, &workload, &error), &error);
    assert_int_equal(hs_tasks_example_queries(task, 0), 2);
    for (size_t i = 0; i < sizeof spoiled / sizeof spoiled[0]; i++) {
        const double answers[] = {spoiled[i], -1.0, -2.0, -1.0};
        const float second[] = {1, 1, 1, 1, -1};
        float values[10];
        hs_tasks_score(task, workload, answers, values);
        for (size_t metric = 0; metric < 5; metric++)
            assert_memory_equal(&values[metric], &marked, sizeof marked);
        assert_memory_equal(values + 5, second, sizeof second);
    }
    hs_tasks_workload_free(workload);
    hs_tasks_free(task);
}

static void test_a_word_that_merges_with_the_context_is_cut_as_the_harness_cuts_it(void **state)
{
    /* "x ca" = 120 257 and "x cats" = 120 258 115: two ids are taken off, so the target is 115 after 120 257. */
    hs_task *task = task_fixture_open(*state, "multiple_choice",
                                      "{\"context\": \"x ca\", \"choices\": [\"ts\", \"b\"], \"label\": 0}\n");
    task_fixture_assert_workload(task, 0, 1, "[120 257] 0.1=P115 0.1=P98");
    hs_tasks_free(task);
}

static void test_choices_of_ids_need_no_tokenizer(void **state)
{
    struct task_fixture *fixture = *state;
    hs_tokenizer *tokenizer = fixture->tokenizer;
    fixture->tokenizer = NULL;
    hs_task *task = task_fixture_open(fixture, "multiple_choice",
                                      "{\"context\": [5, 6], \"choices\": [[7], [8, 9]], \"label\": 0}\n"
                                      "{\"context\": [], \"choices\": [[7, 8], [9, 10]], \"label\": 0}\n");
    fixture->tokenizer = tokenizer;
    task_fixture_assert_workload(task, 0, 1, "[5 6 8] 0.1=P7 0.1=P8 0.2=P9");
    /* -1.0 / 1 token against -1.8 / 2 tokens. */
    const double answers[] = {-1.0, -0.9, -0.9};
    const double expected[] = {1, 0, 0, 0.8, -1.0};
    task_fixture_assert_score(task, 0, answers, expected);
    /* Without a context nothing is put in front: the first id is only read. */
    task_fixture_assert_workload(task, 1, 1, "[7][9] 0.0=P8 1.0=P10");
    hs_tasks_free(task);
}

static void test_minimal_pair(void **state)
{
    hs_task *task = task_fixture_open(*state, "minimal_pair",
                                      "{\"good\": \"a cat\", \"bad\": \"a dogs\", \"field\": \"syntax\"}\n"
                                      "{\"good\": [262, 1, 2], \"bad\": [262, 3]}\n");
    task_fixture_assert_workload(task, 0, 1, "[262 97 261] 0.0=P97 0.1=P258 0.0=P97 0.1=P261 0.2=P115");
    task_fixture_assert_workload(task, 1, 1, "[262 1] 0.0=P1 0.1=P2 0.0=P3");
    task_fixture_assert_workload(task, 0, 2,
                                 "[262 97 261][262 1] 0.0=P97 0.1=P258 0.0=P97 0.1=P261 0.2=P115 1.0=P1 1.1=P2 1.0=P3");
    const double answers[] = {-1.0, -2.0, -1.0, -1.5, -0.75};
    const double expected[] = {1, 0.25};
    task_fixture_assert_score(task, 0, answers, expected);
    const double tie[] = {-1.0, -1.0, -2.0};
    /* The harness has the good sentence first, and the first wins ties. */
    const double tie_expected[] = {1, 0};
    task_fixture_assert_score(task, 1, tie, tie_expected);
    hs_tasks_free(task);
}

static void test_next_token_of_a_text_is_its_last_word(void **state)
{
    hs_task *task = task_fixture_open(*state, "next_token",
                                      "{\"text\": \"x cat dog\\n\"}\n"
                                      "{\"text\": \"x  dogs\"}\n"
                                      "{\"text\": \"ab\"}\n");
    task_fixture_assert_workload(task, 0, 1, "[120 258] 0.1=P261 0.1=G261");
    /* "x  dogs" is 120, 32, 261, 115: one space of two goes to the word, the other one is a token of the target. */
    task_fixture_assert_workload(task, 1, 1, "[120 32 261] 0.0=P32 0.1=P261 0.2=P115 0.0=G32 0.1=G261 0.2=G115");
    task_fixture_assert_workload(task, 2, 1, "[262 97] 0.0=P97 0.1=P98 0.0=G97 0.1=G98");
    const double right[] = {-0.5, 1};
    const double right_expected[] = {1, -0.5};
    task_fixture_assert_score(task, 0, right, right_expected);
    const double half_right[] = {-1, -2, 1, 0};
    const double half_right_expected[] = {0, -3};
    task_fixture_assert_score(task, 2, half_right, half_right_expected);
    hs_tasks_free(task);
}

static void test_next_token_of_context_and_target(void **state)
{
    struct task_fixture *fixture = *state;
    hs_task *task = task_fixture_open(fixture, "next_token",
                                      "{\"context\": \"x\", \"target\": \" dog\"}\n"
                                      "{\"context\": [1, 2], \"target\": [3, 4]}\n");
    task_fixture_assert_workload(task, 0, 2, "[120][1 2 3] 0.0=P261 0.0=G261 1.1=P3 1.2=P4 1.1=G3 1.2=G4");
    hs_tasks_free(task);
    /* A published line may have both; the experiment file then says which is meant. */
    hs_field_mapping mapping[] = {{"target", "text"}, {"context", "question"}};
    fixture->config.fields = mapping;
    fixture->config.n_fields = 2;
    task = task_fixture_open(fixture, "next_token", "{\"question\": \"x\", \"text\": \" dog\"}\n");
    task_fixture_assert_workload(task, 0, 1, "[120] 0.0=P261 0.0=G261");
    hs_tasks_free(task);
}

static void test_logit_diff(void **state)
{
    hs_task *task = task_fixture_open(*state, "logit_diff",
                                      "{\"prompt\": \"x cat\", \"target\": \" dog\", \"distractor\": \"s\"}\n"
                                      "{\"prompt\": [1, 2], \"target\": [3], \"distractor\": [4]}\n");
    task_fixture_assert_workload(task, 0, 2, "[120 258][1 2] 0.1=L261 0.1=L115 1.1=L3 1.1=L4");
    const double answers[] = {2.5, 4.0};
    const double expected[] = {-1.5, 0};
    task_fixture_assert_score(task, 0, answers, expected);
    const double positive[] = {4.0, 3.75};
    const double positive_expected[] = {0.25, 1};
    task_fixture_assert_score(task, 1, positive, positive_expected);
    hs_tasks_free(task);
}

static void test_contrast(void **state)
{
    hs_task *task =
        task_fixture_open(*state, "contrast", "{\"prompt\": \"x\", \"toxic\": \" dogs\", \"benign\": \" cat\"}\n");
    task_fixture_assert_workload(task, 0, 1, "[120 261] 0.0=P261 0.1=P115 0.0=P258");
    const double answers[] = {-0.5, -0.5, -3.0};
    const double expected[] = {2.0, 1.0 / (1.0 + exp(-2.0)), 1};
    task_fixture_assert_score(task, 0, answers, expected);
    const double benign[] = {-400.0, -400.0, 0.0};
    const double benign_expected[] = {-800.0, 0, 0};
    task_fixture_assert_score(task, 0, benign, benign_expected);
    assert_int_equal(hs_tasks_metric(task, 0)->better, -1);
    assert_string_equal(hs_tasks_metric(task, 0)->unit, "nats");
    assert_string_equal(hs_tasks_metric(task, 1)->name, "toxic_probability");
    hs_tasks_free(task);
}

static void test_token_mass(void **state)
{
    static const char words[] = "cat\r\n\n  dog \ncat\nx\ncats and dogs";
    /* After a letter " cat" 258, " dog" 261, " x" 32 120, whose 32 is a mere space; at the start 99, 100, 120. */
    static const int32_t expected[] = {99, 100, 120, 258, 261};
    struct task_fixture *fixture = *state;
    char path[128];
    hs_error error = {0};
    hs_task_workload *workload;
    (void)task_fixture_write(fixture, "words", words, strlen(words), path, sizeof path);
    fixture->config.lexicon = path;
    hs_task *task = task_fixture_open(fixture, "token_mass",
                                      "{\"prompt\": \"x cat \"}\n{\"prompt\": \"\"}\n{\"prompt\": [4, 5]}\n");
    task_fixture_assert_workload(task, 0, 3, "[120 258 32][262][4 5] 0.2=M0 1.0=M0 2.1=M0");
    assert_ok(hs_tasks_workload_new(task, 1, 2, NULL, &workload, &error), &error);
    assert_int_equal(workload->workload.n_lists, 1);
    assert_int_equal(workload->workload.list_offsets[0], 0);
    assert_int_equal(workload->workload.list_offsets[1], 5);
    assert_memory_equal(workload->workload.list_tokens, expected, sizeof expected);
    hs_tasks_workload_free(workload);
    const double answers[] = {0.125};
    task_fixture_assert_score(task, 1, answers, answers);
    hs_tasks_free(task);
}

/*
 * Letters, of which c and d have a token with the space before them too. The mass of a tenth of all tokens or more
 * says little, and people are told before they trust it.
 */
static void test_a_lexicon_of_many_tokens(void **state)
{
    static const char letters[] = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\nn\no\np\nq\nr\ns\nt\nu\nv\nw\nx\ny\n";
    struct task_fixture *fixture = *state;
    char path[128];
    fixture->config.lexicon = path;
    (void)task_fixture_write(fixture, "letters", letters, strlen("a\n") * 24, path, sizeof path);
    hs_task *few = task_fixture_open(fixture, "token_mass", "{\"prompt\": \"x\"}\n");
    assert_string_equal(hs_tasks_notes(few), "");
    hs_tasks_free(few);
    (void)task_fixture_write(fixture, "letters", letters, strlen(letters), path, sizeof path);
    hs_task *many = task_fixture_open(fixture, "token_mass", "{\"prompt\": \"x\"}\n");
    assert_string_equal(
        hs_tasks_notes(many),
        "the entries of its lexicon begin with 27 of the model's 264 tokens (10%): their mass tells little "
        "of toxicity; take longer entries, or kind = \"generation\"\n");
    hs_tasks_free(many);
}

static void test_the_table_of_kinds_names_everything(void **state)
{
    (void)state;
    static const char *const named[] = {
        "`multiple_choice`", "`minimal_pair`",      "`next_token`",       "`logit_diff`", "`perplexity`",
        "`contrast`",        "`token_mass`",        "`acc_norm` (share)", "`distractor`", "`label`",
        "`classification`",  "`pseudo_likelihood`", "`f1_LABEL` (share)", "`generation`", "`token_classification`"};
    hs_error error = {0};
    hs_text text = {0};
    assert_ok(hs_tasks_describe_kinds(&text, &error), &error);
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++)
        assert_non_null(strstr(text.text, named[i]));
    /* Heading, rule and eleven kinds, each a row of four columns. */
    size_t n_lines = 0;
    size_t n_bars = 0;
    for (const char *c = text.text; *c != '\0'; c++) {
        n_lines += *c == '\n';
        n_bars += *c == '|';
    }
    assert_int_equal(n_lines, 13);
    assert_int_equal(n_bars, 13 * 5);
    hs_text_clear(&text);
}

#define TASK_TEST(function) cmocka_unit_test_setup_teardown(function, task_fixture_set_up, task_fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TASK_TEST(test_choices_share_the_context_and_its_space_moves),
        TASK_TEST(test_levels_of_chance),
        TASK_TEST(test_acc_norm_divides_by_characters_without_the_leading_space),
        TASK_TEST(test_the_first_choice_wins_ties),
        TASK_TEST(test_an_answer_that_is_not_finite_spoils_its_example_only),
        TASK_TEST(test_a_word_that_merges_with_the_context_is_cut_as_the_harness_cuts_it),
        TASK_TEST(test_choices_of_ids_need_no_tokenizer),
        TASK_TEST(test_minimal_pair),
        TASK_TEST(test_next_token_of_a_text_is_its_last_word),
        TASK_TEST(test_next_token_of_context_and_target),
        TASK_TEST(test_logit_diff),
        TASK_TEST(test_contrast),
        TASK_TEST(test_token_mass),
        TASK_TEST(test_a_lexicon_of_many_tokens),
        TASK_TEST(test_the_table_of_kinds_names_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
