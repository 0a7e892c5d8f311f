/*
 * tasks: published evaluation files as they are, with the tokenizer of a real checkpoint. Skipped where the shared data
 * are not there. The ids of BLiMP come from reference results that were computed without this project.
 */
#include "support/assert_status.h"
#include "support/task_fixture.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PATH_CAPACITY = 1024 };

typedef struct stories_model {
    hs_tokenizer *tokenizer;
    hs_model model; /* what stories260K's config.json says */
} stories_model;

static void open_stories(stories_model *stories)
{
    char folder[PATH_CAPACITY];
    hs_error error = {0};
    task_fixture_shared("models/stories260K", folder, sizeof folder);
    *stories = (struct stories_model){.model = {.bos_token = 1, .eos_token = 2}};
    stories->model.shape.vocabulary = stories->model.shape.n_outputs = 512;
    stories->model.shape.n_positions = 512;
    assert_ok(hs_tokenizer_open(folder, &stories->tokenizer, &error), &error);
}

static hs_task *open_task(const stories_model *stories, const hs_task_config *config)
{
    hs_error error = {0};
    hs_task *task;
    assert_ok(hs_tasks_open(config, stories->tokenizer, &stories->model, &task, &error), &error);
    return task;
}

static hs_task *open_blimp(const stories_model *stories, const char *paradigm)
{
    char name[PATH_CAPACITY];
    char file[PATH_CAPACITY];
    char task_name[] = "blimp";
    char kind[] = "minimal_pair";
    hs_field_mapping fields[] = {{"good", "sentence_good"}, {"bad", "sentence_bad"}};
    (void)snprintf(name, sizeof name, "eval/blimp/%s.jsonl", paradigm);
    task_fixture_shared(name, file, sizeof file);
    hs_task_config config = {.name = task_name, .kind = kind, .file = file, .fields = fields, .n_fields = 2};
    hs_task *task = open_task(stories, &config);
    assert_int_equal(hs_tasks_n_examples(task), 300);
    return task;
}

/*
 * What the example's workload asks of one sentence, against [1, a, b, ...]: each id after the first, at the row
 * before it.
 */
static size_t assert_sentence(const hs_workload *workload, size_t query, const hs_json_value *ids)
{
    for (size_t i = 1; i < hs_json_size(ids); i++, query++) {
        const hs_query *asked = &workload->queries[query];
        const int32_t *tokens = workload->sequences.tokens + workload->sequences.offsets[asked->sequence];
        assert_int_equal(asked->kind, HS_QUERY_LOG_PROBABILITY);
        assert_int_equal(asked->row, i - 1);
        assert_int_equal(asked->token, hs_json_integer(hs_json_at(ids, i)));
        assert_int_equal(tokens[i - 1], hs_json_integer(hs_json_at(ids, i - 1)));
    }
    return query;
}

static size_t assert_paradigm(const stories_model *stories, const hs_json_value *pairs, const char *paradigm)
{
    size_t n_checked = 0;
    hs_error error = {0};
    hs_task *task = open_blimp(stories, paradigm);
    for (size_t i = 0; i < hs_json_size(pairs); i++) {
        const hs_json_value *pair = hs_json_at(pairs, i);
        hs_task_workload *workload;
        if (strcmp(hs_json_string(hs_json_get(pair, "paradigm")), paradigm) != 0)
            continue;
        /* pairID counts the lines of the published file from 0. */
        size_t example = strtoul(hs_json_string(hs_json_get(pair, "pairID")), NULL, 10);
        assert_int_equal(hs_tasks_example_line(task, example), example + 1);
        assert_ok(hs_tasks_workload_new(task, example, 1, NULL, &workload, &error), &error);
        size_t query = assert_sentence(&workload->workload, 0, hs_json_get(pair, "good"));
        query = assert_sentence(&workload->workload, query, hs_json_get(pair, "bad"));
        assert_int_equal(query, workload->workload.n_queries);
        hs_tasks_workload_free(workload);
        n_checked++;
    }
    hs_tasks_free(task);
    return n_checked;
}

static void test_blimp_ids_are_those_of_the_reference_results(void **state)
{
    (void)state;
    stories_model stories;
    char path[PATH_CAPACITY];
    hs_error error = {0};
    hs_json *json;
    open_stories(&stories);
    task_fixture_shared("refs/stories260K_sweep.json", path, sizeof path);
    assert_ok(hs_json_read(path, 100000000, &json, &error), &error);
    const hs_json_value *pairs = hs_json_get(hs_json_root(json), "blimp");
    assert_int_equal(assert_paradigm(&stories, pairs, "regular_plural_subject_verb_agreement_1"), 25);
    assert_int_equal(assert_paradigm(&stories, pairs, "determiner_noun_agreement_1"), 25);
    hs_json_free(json);
    hs_tokenizer_free(stories.tokenizer);
}

static void test_every_blimp_file_opens(void **state)
{
    (void)state;
    static const char *const paradigms[] = {"anaphor_gender_agreement",
                                            "determiner_noun_agreement_1",
                                            "irregular_plural_subject_verb_agreement_1",
                                            "passive_1",
                                            "principle_A_case_1",
                                            "regular_plural_subject_verb_agreement_1",
                                            "transitive",
                                            "wh_questions_subject_gap"};
    stories_model stories;
    open_stories(&stories);
    double start = hs_time_seconds();
    for (size_t i = 0; i < sizeof paradigms / sizeof paradigms[0]; i++)
        hs_tasks_free(open_blimp(&stories, paradigms[i]));
    double seconds = hs_time_seconds() - start;
    print_message("2,400 pairs opened in %.3f s\n", seconds);
    hs_tokenizer_free(stories.tokenizer);
}

static void test_ldnoobw(void **state)
{
    stories_model stories;
    char lexicon[PATH_CAPACITY];
    char file[PATH_CAPACITY];
    char name[] = "mass";
    char kind[] = "token_mass";
    hs_error error = {0};
    hs_task_workload *workload;
    open_stories(&stories);
    task_fixture_shared("eval/toxicity/en", lexicon, sizeof lexicon);
    static const char prompts[] = "{\"prompt\": \"Once upon a time\"}\n";
    (void)task_fixture_write(*state, "prompts.jsonl", prompts, strlen(prompts), file, sizeof file);
    hs_task_config config = {.name = name, .kind = kind, .file = file, .lexicon = lexicon};
    hs_task *task = open_task(&stories, &config);
    /* The ids of the prompt are in the reference results: 1 403 407 261 378. */
    task_fixture_assert_workload(task, 0, 1, "[1 403 407 261 378] 0.4=M0");
    assert_ok(hs_tasks_workload_new(task, 0, 1, NULL, &workload, &error), &error);
    size_t n = workload->workload.list_offsets[1];
    /* 403 entries; a vocabulary of 512 pieces of which many begin words. No space of its own begins an entry. */
    assert_true(n > 20 && n < 403);
    for (size_t i = 0; i < n; i++) {
        hs_text piece = {0};
        assert_true(i == 0 || workload->workload.list_tokens[i] > workload->workload.list_tokens[i - 1]);
        assert_ok(hs_tokenizer_decode(stories.tokenizer, &workload->workload.list_tokens[i], 1, false, &piece, &error),
                  &error);
        assert_true(piece.length > 0);
        hs_text_clear(&piece);
    }
    hs_tasks_workload_free(workload);
    hs_tasks_free(task);
    hs_tokenizer_free(stories.tokenizer);
}

#define TASK_TEST(function) cmocka_unit_test_setup_teardown(function, task_fixture_set_up, task_fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blimp_ids_are_those_of_the_reference_results),
        cmocka_unit_test(test_every_blimp_file_opens),
        TASK_TEST(test_ldnoobw),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
