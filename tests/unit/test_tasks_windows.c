/* tasks: perplexity's windows, word and byte counts, and what Python calls white space. */
#include "support/assert_status.h"
#include "support/task_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#include "tasks/white_space.h"

static hs_task *open_windows(struct task_fixture *fixture, int64_t window, const char *lines)
{
    fixture->config.window = window;
    return task_fixture_open(fixture, "perplexity", lines);
}

/*
 * The first test of the harness for get_rolling_token_windows(list(range(34)), prefix_token=-100, max_seq_len=10,
 * context_len=1), with 200 for the prefix: inputs 200 0..8, 9..18, 19..28, 23..32; targets 0..9, 10..19, 20..29,
 * 30..33.
 */
static void test_windows_are_those_of_the_harness(void **state)
{
    hs_task *task =
        open_windows(*state, 10,
                     "{\"text\": [200, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, "
                     "20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33]}\n");
    task_fixture_assert_workload(task, 0, 1,
                                 "[200 0 1 2 3 4 5 6 7 8][9 10 11 12 13 14 15 16 17 18][19 20 21 22 23 24 25 26 27 28]"
                                 "[23 24 25 26 27 28 29 30 31 32]"
                                 " 0.0=P0 0.1=P1 0.2=P2 0.3=P3 0.4=P4 0.5=P5 0.6=P6 0.7=P7 0.8=P8 0.9=P9"
                                 " 1.0=P10 1.1=P11 1.2=P12 1.3=P13 1.4=P14 1.5=P15 1.6=P16 1.7=P17 1.8=P18 1.9=P19"
                                 " 2.0=P20 2.1=P21 2.2=P22 2.3=P23 2.4=P24 2.5=P25 2.6=P26 2.7=P27 2.8=P28 2.9=P29"
                                 " 3.6=P30 3.7=P31 3.8=P32 3.9=P33");
    assert_int_equal(hs_tasks_example_rows(task, 0), 40);
    hs_tasks_free(task);
}

/*
 * Documents of 3, 4 and 5 tokens and a window of 4: one window, a full one, one more that is filled with known
 * tokens.
 */
static void test_windows_at_the_edges(void **state)
{
    hs_task *task = open_windows(*state, 4,
                                 "{\"text\": [9, 1, 2, 3]}\n{\"text\": [9, 1, 2, 3, 4]}\n"
                                 "{\"text\": [9, 1, 2, 3, 4, 5]}\n");
    task_fixture_assert_workload(task, 0, 1, "[9 1 2] 0.0=P1 0.1=P2 0.2=P3");
    task_fixture_assert_workload(task, 1, 1, "[9 1 2 3] 0.0=P1 0.1=P2 0.2=P3 0.3=P4");
    task_fixture_assert_workload(task, 2, 1, "[9 1 2 3][1 2 3 4] 0.0=P1 0.1=P2 0.2=P3 0.3=P4 1.3=P5");
    hs_tasks_free(task);
    /* One token a window: each is predicted from the one before; 1 comes twice and shares its row. */
    task = open_windows(*state, 1, "{\"text\": [9, 1, 2, 1, 3]}\n");
    task_fixture_assert_workload(task, 0, 1, "[9][1][2] 0.0=P1 1.0=P2 2.0=P1 1.0=P3");
    hs_tasks_free(task);
}

static void test_text_begins_with_the_prefix_token(void **state)
{
    struct task_fixture *fixture = *state;
    hs_task *task = open_windows(fixture, 2, "{\"text\": \"a cat s\"}\n");
    /* 97 258 32 115 after 262. */
    task_fixture_assert_workload(task, 0, 1, "[262 97][258 32] 0.0=P97 0.1=P258 1.0=P32 1.1=P115");
    hs_tasks_free(task);
    hs_tokenizer *tokenizer = fixture->tokenizer;
    fixture->tokenizer = fixture->bos_tokenizer;
    /* The harness puts its prefix before what the tokenizer gives, so the tokenizer's own BOS is scored. */
    task = open_windows(fixture, 0, "{\"text\": \"a cat s\"}\n");
    fixture->tokenizer = tokenizer;
    task_fixture_assert_workload(task, 0, 1, "[262 262 97 258 32] 0.0=P262 0.1=P97 0.2=P258 0.3=P32 0.4=P115");
    hs_tasks_free(task);
    fixture->model.bos_token = -1;
    fixture->model.eos_token = -1;
    (void)task_fixture_refuse(fixture, "perplexity", "{\"text\": \"a cat s\"}\n", HS_ERROR_INPUT);
    assert_non_null(strstr(fixture->error.message, "field `text`: nothing can stand before the first token of a text"));
}

static void test_metrics_and_how_they_are_summarised(void **state)
{
    hs_task *task = open_windows(*state, 2, "{\"text\": \"a cat s\"}\n{\"text\": [262, 97, 98]}\n");
    const double answers[] = {-0.5, -1.0, -0.25, -0.25};
    const double expected[] = {2.0, 4, 3, 7, 2.0, 2.0};
    task_fixture_assert_score(task, 0, answers, expected);
    const double ids_expected[] = {1.5, 2, 0, 0, 1.5, 1.5};
    task_fixture_assert_score(task, 1, answers, ids_expected);
    assert_int_equal(hs_tasks_n_metrics(task), 6);
    /* nll is summed and divided by the sum of tokens; the counts are plain means. */
    assert_int_equal(hs_tasks_metric(task, 0)->per, 1);
    assert_string_equal(hs_tasks_metric(task, 1)->name, "tokens");
    for (size_t m = 1; m < 4; m++)
        assert_int_equal(hs_tasks_metric(task, m)->per, -1);
    assert_int_equal(hs_tasks_metric(task, 4)->per, 2);
    assert_int_equal(hs_tasks_metric(task, 5)->per, 3);
    hs_tasks_free(task);
}

static void test_a_window_that_does_not_fit(void **state)
{
    struct task_fixture *fixture = *state;
    fixture->config.window = FIXTURE_POSITIONS + 1;
    const char *message = task_fixture_refuse(fixture, "perplexity", "{\"text\": \"ab\"}\n", HS_ERROR_USAGE);
    assert_string_equal(message, "task \"study\" (line 7 of the experiment file): window = 33 is outside 1 to 32, the "
                                 "model's number of positions");
    fixture->config.window = 4;
    message = task_fixture_refuse(fixture, "contrast", "{}\n", HS_ERROR_USAGE);
    assert_string_equal(message,
                        "task \"study\" (line 7 of the experiment file): window = 4: the kind contrast has no windows");
}

/* len(re.split(r"\s+", text)), computed with Python 3.11. */
static void test_words_are_counted_as_the_harness_counts_them(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t n_words;
    } cases[] = {{"", 1},
                 {"a", 1},
                 {"a b", 2},
                 {" a  b\n", 4},
                 {"\t\n ", 2},
                 {"a\xC2\xA0"
                  "b",
                  2},                                         /* no-break space */
                 {"\xE4\xBD\xA0\xE3\x80\x80\xE5\xA5\xBD", 2}, /* ideographic space */
                 {"a\xE2\x80\x8B"
                  "b",
                  1}, /* zero-width space is none */
                 {"a\xE2\x80\xA9\xE2\x80\x87\xC2\x85\x1F"
                  "b\xEF\xBB\xBF",
                  2}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(hs__tasks_count_words(cases[i].text, strlen(cases[i].text)), cases[i].n_words);
}

static void test_trailing_white_space(void **state)
{
    (void)state;
    static const char text[] = "a\xC3\xA9 b\xC2\xA0\xE3\x80\x80 \n";
    assert_int_equal(hs__tasks_trimmed_length(text, sizeof text - 1), 5);
    assert_int_equal(hs__tasks_last_word(text, 5), 4);
    assert_int_equal(hs__tasks_last_word(text, 3), 0);
    assert_int_equal(hs__tasks_trimmed_length(" \n", 2), 0);
    assert_int_equal(hs__tasks_trimmed_length("", 0), 0);
    /* Pieces of characters, as tokens have them: no white space, however many. */
    assert_int_equal(hs__tasks_trimmed_length("\xA0", 1), 1);
    assert_int_equal(hs__tasks_trimmed_length("\x85\xA0\xA0\xA0\xA0\xA0\xA0", 7), 7);
    assert_int_equal(hs__tasks_count_words("a\xC2", 2), 1);
}

#define TASK_TEST(function) cmocka_unit_test_setup_teardown(function, task_fixture_set_up, task_fixture_tear_down)

/* As many tokens as the window are as without it; one more is refused, cut to the positions or not. */
static void test_texts_longer_than_the_attention_window(void **state)
{
    struct task_fixture *fixture = *state;
    fixture->model.shape.window = 4;
    hs_task *task = open_windows(fixture, 0, "{\"text\": [9, 1, 2, 3, 4]}\n");
    task_fixture_assert_workload(task, 0, 1, "[9 1 2 3] 0.0=P1 0.1=P2 0.2=P3 0.3=P4");
    hs_tasks_free(task);
    static const char longer[] = "{\"text\": [9, 1]}\n{\"text\": [9, 1, 2, 3, 4, 5]}\n";
    assert_string_equal(
        task_fixture_refuse(fixture, "perplexity", longer, HS_ERROR_INPUT),
        "data.jsonl:2: the example needs 5 token positions, but the attention window (sliding_window in "
        "config.json) is 4, which transformers gives this family's cache but not its attention; set the "
        "task's `window` to "
        "that or less, or lower \"max_position_embeddings\" in config.json to the window's size, which "
        "truncates it");
    hs_tasks_free(open_windows(fixture, 4, longer));
    fixture->config.window = 0;
    fixture->model.shape.n_positions = 5;
    static const char context[] = "{\"context\": [1, 2, 3, 4, 5, 6], \"target\": [7]}\n";
    assert_non_null(strstr(task_fixture_refuse(fixture, "next_token", context, HS_ERROR_INPUT),
                           "data.jsonl:1: the example needs 5 token positions, but the attention window"));
    fixture->model.shape.n_positions = 4;
    fixture->model.shape.window = 0;
    hs_tasks_free(task_fixture_open(fixture, "next_token", context));
}

/* The reference set is cut to what the window covers, as to the model's positions. */
static void test_reference_texts_are_cut_to_the_attention_window(void **state)
{
    struct task_fixture *fixture = *state;
    static const char line[] = "{\"text\": [1, 2, 3, 4, 5, 6]}\n";
    hs_task_workload *workload = NULL;
    char path[128];
    task_fixture_write(fixture, "reference.jsonl", line, sizeof line - 1, path, sizeof path);
    fixture->model.shape.window = 4;
    assert_ok(hs_tasks_reference_set_open(&(hs_reference_config){.path = path, .field = "text"}, fixture->tokenizer,
                                          &fixture->model, &workload, &fixture->error),
              &fixture->error);
    assert_int_equal(workload->workload.sequences.offsets[1], 4);
    hs_tasks_workload_free(workload);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TASK_TEST(test_windows_are_those_of_the_harness),
        TASK_TEST(test_windows_at_the_edges),
        TASK_TEST(test_text_begins_with_the_prefix_token),
        TASK_TEST(test_metrics_and_how_they_are_summarised),
        TASK_TEST(test_a_window_that_does_not_fit),
        TASK_TEST(test_texts_longer_than_the_attention_window),
        TASK_TEST(test_reference_texts_are_cut_to_the_attention_window),
        cmocka_unit_test(test_words_are_counted_as_the_harness_counts_them),
        cmocka_unit_test(test_trailing_white_space),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
