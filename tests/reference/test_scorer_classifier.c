/*
 * tasks: texts scored by a classifier against transformers (scorer_golden.json, made by make_scorer_golden.py):
 * softmax and logistic, texts that are too long, equal texts, batches.
 */
#include "headsweep/tasks.h"
#include "support/shared_data.h"

enum { MAX_TEXTS = 64 };

struct golden {
    loaded model;
    hs_tokenizer *tokenizer;
    hs_text_list texts;
    double scores[MAX_TEXTS][2]; /* softmax, logistic */
};

static void add_text(struct golden *golden, const hs_json_value *item, const char *text)
{
    const hs_json_value *scores = member(item, "scores");
    assert_true(golden->texts.n < MAX_TEXTS);
    for (size_t i = 0; i < 2; i++)
        golden->scores[golden->texts.n][i] = hs_json_number(hs_json_at(scores, i));
    ASSERT_OK(hs_tasks_text_list_add(&golden->texts, text, strlen(text), &error));
}

/* Texts of the test set, in the order of their numbers. */
static void add_lines(struct golden *golden, const hs_json_value *items)
{
    static char line[1 << 16];
    char *path = shared_path("%s", "models/bert-toxic-tiny/heldout_test.jsonl");
    FILE *file = fopen(path, "r");
    size_t n = 0;
    hs_free(path);
    assert_non_null(file);
    for (size_t number = 1; n < hs_json_size(items) && fgets(line, sizeof line, file) != NULL; number++) {
        const hs_json_value *item = hs_json_at(items, n);
        hs_json *json = NULL;
        if (hs_json_integer(member(item, "line")) != (int64_t)number)
            continue;
        ASSERT_OK(hs_json_parse(line, strlen(line), "line", &json, &error));
        add_text(golden, item, hs_json_string(member(hs_json_root(json), "text")));
        hs_json_free(json);
        n++;
    }
    assert_int_equal(n, hs_json_size(items));
    assert_int_equal(fclose(file), 0);
}

static void open_golden(struct golden *golden)
{
    char path[1024];
    hs_json *json = NULL;
    char *folder = shared_path("models/%s", "bert-toxic-tiny");
    *golden = (struct golden){.model = load_model(folder)};
    ASSERT_OK(hs_tokenizer_open(folder, &golden->tokenizer, &error));
    hs_free(folder);
    (void)snprintf(path, sizeof path, "%s/reference/scorer_golden.json", getenv("HEADSWEEP_TEST_DATA"));
    ASSERT_OK(hs_json_read(path, 1 << 20, &json, &error));
    const hs_json_value *own = member(hs_json_root(json), "own");
    add_lines(golden, member(hs_json_root(json), "lines"));
    for (size_t i = 0; i < hs_json_size(own); i++)
        add_text(golden, hs_json_at(own, i), hs_json_string(member(hs_json_at(own, i), "text")));
    hs_json_free(json);
}

static void close_golden(struct golden *golden)
{
    hs_tasks_text_list_clear(&golden->texts);
    hs_tokenizer_free(golden->tokenizer);
    unload(&golden->model);
}

static hs_scorer *open_scorer(const struct golden *golden, const char *label)
{
    const hs_classifier classifier = {.model = golden->model.model, .tokenizer = golden->tokenizer, .label = label};
    hs_scorer *scorer = NULL;
    ASSERT_OK(hs_tasks_scorer_open_classifier(&classifier, &scorer, &error));
    return scorer;
}

static void assert_scores(const struct golden *golden, const char *label, size_t column)
{
    double scores[MAX_TEXTS], largest = 0;
    hs_scorer *scorer = open_scorer(golden, label);
    ASSERT_OK(hs_tasks_scorer_score(scorer, &golden->texts, scores, &error));
    for (size_t i = 0; i < golden->texts.n; i++)
        largest = fmax(largest, fabs(scores[i] - golden->scores[i][column]));
    print_message("%zu texts, largest difference %.1e\n", golden->texts.n, largest);
    assert_true(golden->texts.n > 20 && largest < 1e-5);
    hs_tasks_scorer_free(scorer);
}

static void test_scores_are_those_of_transformers(void **state)
{
    struct golden golden;
    (void)state;
    SKIP_WITHOUT_SHARED_DATA();
    open_golden(&golden);
    assert_scores(&golden, "toxic", 0);
    assert_scores(&golden, "1", 0);
    golden.model.model->shape.multi_label = true;
    assert_scores(&golden, "toxic", 1);
    close_golden(&golden);
}

/* A prompt and what continues it as a pair of texts, with their types and cut as transformers cuts them. */
static void test_pairs_score_as_those_of_transformers(void **state)
{
    struct golden golden;
    hs_text_list prompts = {0}, texts = {0};
    double expected[MAX_TEXTS], scores[MAX_TEXTS];
    char path[1024];
    hs_json *json = NULL;
    hs_scorer *scorer = NULL;
    (void)state;
    SKIP_WITHOUT_SHARED_DATA();
    open_golden(&golden);
    (void)snprintf(path, sizeof path, "%s/reference/scorer_golden.json", getenv("HEADSWEEP_TEST_DATA"));
    ASSERT_OK(hs_json_read(path, 1 << 20, &json, &error));
    const hs_json_value *pairs = member(hs_json_root(json), "pairs");
    size_t n = hs_json_size(pairs);
    assert_true(n > 3 && n < MAX_TEXTS);
    for (size_t i = 0; i < n; i++) {
        const char *prompt = hs_json_string(member(hs_json_at(pairs, i), "prompt"));
        const char *text = hs_json_string(member(hs_json_at(pairs, i), "text"));
        ASSERT_OK(hs_tasks_text_list_add(&prompts, prompt, strlen(prompt), &error));
        ASSERT_OK(hs_tasks_text_list_add(&texts, text, strlen(text), &error));
        expected[i] = hs_json_number(hs_json_at(member(hs_json_at(pairs, i), "scores"), 0));
    }
    const hs_classifier classifier = {
        .model = golden.model.model, .tokenizer = golden.tokenizer, .label = "toxic", .reads_prompts = true};
    ASSERT_OK(hs_tasks_scorer_open_classifier(&classifier, &scorer, &error));
    assert_true(hs_tasks_scorer_reads_prompts(scorer));
    ASSERT_OK(hs_tasks_scorer_score_pairs(scorer, &prompts, 1, &texts, scores, &error));
    for (size_t i = 0; i < n; i++)
        assert_float_equal(scores[i], expected[i], 1e-5);
    hs_tasks_scorer_free(scorer);
    hs_tasks_text_list_clear(&prompts);
    hs_tasks_text_list_clear(&texts);
    hs_json_free(json);
    close_golden(&golden);
}

/* The same text alone, twice, and among so many that there are several batches. */
static void test_equal_texts_score_the_same(void **state)
{
    static const char text[] = "You are a real idiot.";
    enum { N = 900 };
    double scores[N], alone = 0;
    struct golden golden;
    hs_text_list texts = {0}, one = {0};
    (void)state;
    SKIP_WITHOUT_SHARED_DATA();
    open_golden(&golden);
    hs_scorer *scorer = open_scorer(&golden, "toxic");
    ASSERT_OK(hs_tasks_text_list_add(&one, text, strlen(text), &error));
    ASSERT_OK(hs_tasks_scorer_score(scorer, &one, &alone, &error));
    for (size_t i = 0; i < N; i++) {
        char other[64];
        (void)snprintf(other, sizeof other, "%zu times %zu is a number", i, i);
        const char *added = i % 3 == 0 ? text : other;
        ASSERT_OK(hs_tasks_text_list_add(&texts, added, strlen(added), &error));
    }
    ASSERT_OK(hs_tasks_scorer_score(scorer, &texts, scores, &error));
    for (size_t i = 0; i < N; i += 3) {
        assert_true(scores[i] == scores[0]);
        assert_float_equal(scores[i], alone, 1e-6);
    }
    assert_true(scores[1] != scores[0] && scores[N - 1] != scores[0]);
    hs_tasks_text_list_clear(&texts);
    hs_tasks_text_list_clear(&one);
    hs_tasks_scorer_free(scorer);
    close_golden(&golden);
}

static void test_labels_that_there_are_not(void **state)
{
    struct golden golden;
    hs_scorer *scorer = NULL;
    (void)state;
    SKIP_WITHOUT_SHARED_DATA();
    open_golden(&golden);
    hs_classifier classifier = {.model = golden.model.model, .tokenizer = golden.tokenizer, .label = "rude"};
    ASSERT_FAILS(hs_tasks_scorer_open_classifier(&classifier, &scorer, &error), HS_ERROR_USAGE,
                 "there are: not_toxic, toxic");
    classifier.label = "2";
    ASSERT_FAILS(hs_tasks_scorer_open_classifier(&classifier, &scorer, &error), HS_ERROR_USAGE, "scorer_label = \"2\"");
    classifier.label = "";
    ASSERT_FAILS(hs_tasks_scorer_open_classifier(&classifier, &scorer, &error), HS_ERROR_USAGE, "scorer_label = \"\"");
    close_golden(&golden);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scores_are_those_of_transformers),
        cmocka_unit_test(test_pairs_score_as_those_of_transformers),
        cmocka_unit_test(test_equal_texts_score_the_same),
        cmocka_unit_test(test_labels_that_there_are_not),
    };
    return cmocka_run_group_tests_name("scorer_classifier", tests, NULL, NULL);
}
