/* tasks: texts scored by a word list. What counts as an occurrence is worked out by hand; see tasks.h for the rule. */
#include "support/assert_status.h"
#include "support/task_fixture.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static hs_scorer *open_lexicon(const struct task_fixture *fixture, const char *entries)
{
    char path[128];
    hs_scorer *scorer;
    hs_error error = {0};
    (void)task_fixture_write(fixture, "words", entries, strlen(entries), path, sizeof path);
    assert_ok(hs_tasks_scorer_open_lexicon(path, &scorer, &error), &error);
    return scorer;
}

static double score(hs_scorer *scorer, const char *text)
{
    hs_text_list texts = {0};
    hs_error error = {0};
    double result = -1;
    assert_ok(hs_tasks_text_list_add(&texts, text, strlen(text), &error), &error);
    assert_ok(hs_tasks_scorer_score(scorer, &texts, &result, &error), &error);
    hs_tasks_text_list_clear(&texts);
    return result;
}

struct lexicon_case {
    const char *text;
    int expected;
};

static void check(void **state, const char *entries, const struct lexicon_case *cases, size_t n)
{
    hs_scorer *scorer = open_lexicon(*state, entries);
    for (size_t i = 0; i < n; i++)
        if (score(scorer, cases[i].text) != cases[i].expected)
            fail_msg("\"%s\" scores %g instead of %d", cases[i].text, score(scorer, cases[i].text), cases[i].expected);
    hs_tasks_scorer_free(scorer);
}

#define CHECK(entries, ...)                                         \
    do {                                                            \
        const struct lexicon_case cases[] = {__VA_ARGS__};          \
        check(state, entries, cases, sizeof cases / sizeof *cases); \
    } while (0)

static void test_an_entry_is_a_whole_word(void **state)
{
    CHECK("damn\n", {"damn", 1}, {"oh damn it", 1}, {"damned", 0}, {"goddamn", 0}, {"da mn", 0}, {"", 0}, {"dam", 0},
          {"damn2", 0}, {"2damn", 0}, {"damned damn", 1});
}

static void test_punctuation_ends_a_word(void **state)
{
    CHECK("damn\n", {"damn!", 1}, {"(damn)", 1}, {"damn's", 1}, {"so-damn-good", 1}, {"_damn_", 1}, {"d-amn", 0},
          {"\xE2\x80\x9C"
           "damn\xE2\x80\x9D",
           1});
}

static void test_case_and_form_do_not_count(void **state)
{
    CHECK("Damn\nschei\xC3\x9F"
          "e\ncaf\xC3\xA9\n",
          {"DAMN", 1}, {"dAmN", 1}, {"SCHEISSE", 1}, {"Scheisse", 1},
          {"schei\xE1\xBA\x9E"
           "e",
           1} /* capital sharp s */,
          {"cafe\xCC\x81", 1} /* e with a combining acute */, {"CAF\xC3\x89", 1}, {"cafe", 0},
          {"\xEF\xBD\x84\xEF\xBD\x81\xEF\xBD\x8D\xEF\xBD\x8E", 1} /* full width */,
          {"da\xC2\xADmn", 1} /* a soft hyphen */, {"da\xE2\x80\x8Bmn", 1} /* a zero-width space */,
          {"damn\xCC\x81", 0} /* the accent makes it another letter */);
}

static void test_white_space_within_an_entry_is_any(void **state)
{
    CHECK("jack off\n\thot   pocket  \r\n", {"jack off", 1}, {"Jack\n\t Off.", 1}, {"jack\xC2\xA0off", 1},
          {"jackoff", 0}, {"jack, off", 0}, {"jack offs", 0}, {"hijack off", 0}, {"a hot pocket!", 1}, {"jack", 0});
}

static void test_entries_need_no_letters(void **state)
{
    CHECK("\xF0\x9F\x96\x95\ns&m\n2g1c\ng-spot\n", {"ok\xF0\x9F\x96\x95ok", 1}, {"S&M", 1}, {"ss&m", 0}, {"s&mm", 0},
          {"2G1C", 1}, {"12g1c", 0}, {"the g-spot.", 1}, {"g-spots", 0}, {"\xF0\x9F\x96\x96", 0});
}

static void test_an_entry_may_begin_another(void **state)
{
    CHECK("ab\nab cd\nabc\nb\n", {"ab", 1}, {"abcd", 0}, {"abc", 1}, {"xab cd", 0}, {"a b", 1}, {"ab cde", 1},
          {"abx cd", 0});
}

static void test_lists_that_cannot_be_used(void **state)
{
    const struct task_fixture *fixture = *state;
    char path[128];
    hs_scorer *scorer;
    hs_error empty = {0}, broken = {0};
    (void)task_fixture_write(fixture, "empty", " \n\r\n", 4, path, sizeof path);
    assert_int_equal(hs_tasks_scorer_open_lexicon(path, &scorer, &empty), HS_ERROR_INPUT);
    assert_non_null(strstr(empty.message, "the word list has no entry"));
    (void)task_fixture_write(fixture, "broken", "fine\n\xC3(\n", 8, path, sizeof path);
    assert_int_equal(hs_tasks_scorer_open_lexicon(path, &scorer, &broken), HS_ERROR_INPUT);
    assert_non_null(strstr(broken.message, "broken:2"));
    assert_null(scorer);
}

static void test_the_hash_is_of_the_entries(void **state)
{
    hs_scorer *one = open_lexicon(*state, "damn\nheck\n"), *same = open_lexicon(*state, "Heck\r\n\ndamn\ndamn\n"),
              *other = open_lexicon(*state, "damnheck\n"),
              *marked = open_lexicon(*state, "\xEF\xBB\xBF"
                                             "damn\r\nheck"),
              *old = open_lexicon(*state, "damn\rheck\r");
    assert_true(hs_tasks_scorer_hash(one) == hs_tasks_scorer_hash(marked));
    assert_true(hs_tasks_scorer_hash(one) == hs_tasks_scorer_hash(old));
    hs_tasks_scorer_free(marked);
    hs_tasks_scorer_free(old);
    assert_true(hs_tasks_scorer_hash(one) == hs_tasks_scorer_hash(same));
    assert_true(hs_tasks_scorer_hash(one) != hs_tasks_scorer_hash(other));
    hs_tasks_scorer_free(one);
    hs_tasks_scorer_free(same);
    hs_tasks_scorer_free(other);
}

/* Each entry in capitals within a sentence, and with a letter at either end. */
static void test_the_published_list(void **state)
{
    char path[1024], line[256], text[600];
    hs_scorer *scorer;
    hs_error error = {0};
    size_t n_entries = 0;
    (void)state;
    task_fixture_shared("eval/toxicity/en", path, sizeof path);
    assert_ok(hs_tasks_scorer_open_lexicon(path, &scorer, &error), &error);
    FILE *file = fopen(path, "r");
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '\0')
            continue;
        for (char *c = line; *c != '\0'; c++)
            if (*c >= 'a' && *c <= 'z')
                *c = (char)(*c - 'a' + 'A');
        (void)snprintf(text, sizeof text, "And then: %s, she said.", line);
        if (score(scorer, text) != 1)
            fail_msg("%s is not found", line);
        n_entries++;
    }
    assert_int_equal(fclose(file), 0);
    assert_true(n_entries > 400);
    assert_true(score(scorer, "The classics of Scunthorpe: an assassin, a cockpit and a therapist in Essex.") == 0);
    hs_tasks_scorer_free(scorer);
}

/* Texts of the classifier's test set against regular expressions; see tests/reference/make_lexicon_golden.py. */
static void test_regular_expressions_agree(void **state)
{
    char path[1024], golden_path[1024];
    hs_scorer *scorer;
    hs_error error = {0};
    char *golden = NULL;
    size_t n_golden = 0, n = 0;
    (void)state;
    task_fixture_shared("eval/toxicity/en", path, sizeof path);
    assert_ok(hs_tasks_scorer_open_lexicon(path, &scorer, &error), &error);
    (void)snprintf(golden_path, sizeof golden_path, "%s/reference/lexicon_golden.txt", getenv("HEADSWEEP_TEST_DATA"));
    assert_ok(hs_file_read(golden_path, 1 << 20, &golden, &n_golden, &error), &error);
    task_fixture_shared("models/bert-toxic-tiny/heldout_test.jsonl", path, sizeof path);
    FILE *file = fopen(path, "r");
    static char line[1 << 16];
    for (; fgets(line, sizeof line, file) != NULL; n++) {
        hs_json *json = NULL;
        assert_ok(hs_json_parse(line, strlen(line), "line", &json, &error), &error);
        const char *text = hs_json_string(hs_json_get(hs_json_root(json), "text"));
        assert_true(n < n_golden);
        if (score(scorer, text) != golden[n] - '0')
            fail_msg("line %zu: %s", n + 1, text);
        hs_json_free(json);
    }
    assert_int_equal(fclose(file), 0);
    assert_int_equal(n + 1, n_golden); /* and its newline */
    hs_free(golden);
    hs_tasks_scorer_free(scorer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_an_entry_is_a_whole_word, task_fixture_set_up, task_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_punctuation_ends_a_word, task_fixture_set_up, task_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_case_and_form_do_not_count, task_fixture_set_up, task_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_white_space_within_an_entry_is_any, task_fixture_set_up,
                                        task_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_entries_need_no_letters, task_fixture_set_up, task_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_an_entry_may_begin_another, task_fixture_set_up, task_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_lists_that_cannot_be_used, task_fixture_set_up, task_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_the_hash_is_of_the_entries, task_fixture_set_up, task_fixture_tear_down),
        cmocka_unit_test(test_the_published_list),
        cmocka_unit_test(test_regular_expressions_agree),
    };
    return cmocka_run_group_tests_name("scorer_lexicon", tests, NULL, NULL);
}
