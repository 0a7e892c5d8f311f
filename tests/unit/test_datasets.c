/*
 * The example configurations of configs/datasets: each reads a few made-up lines in the layout of the published file
 * (tests/unit/datasets) into the right texts and answers, with the quickstart model's tokenizer. BLiMP, Davidson and
 * RealToxicityPrompts as they are published too, where the shared data are there.
 */
#include "headsweep/config.h"
#include "support/assert_status.h"
#include "support/task_fixture.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tasks/task.h"

enum { PATH_CAPACITY = 4096, MAX_CHOICES = 8 };

/* What the model is asked about an example: each continuation in its context, as "context|continuation". */
typedef struct dataset_example {
    const char *asked[MAX_CHOICES];
    size_t gold; /* multiple_choice */
} dataset_example;

typedef struct dataset {
    const char *name, *file;
    size_t n_examples;
    dataset_example examples[3];
} dataset;

static const dataset datasets[] = {
    {"blimp",
     "blimp.jsonl",
     2,
     {{{"<|endoftext|>| Tom met this owl.", "<|endoftext|>| Tom met this owls."}, 0},
      {{"<|endoftext|>| Ann has those hats.", "<|endoftext|>| Ann has that hats."}, 0}}},
    {"crows_pairs",
     "crows_pairs.csv",
     2,
     {{{"<|endoftext|>|Dogs are lazy, all of them.", "<|endoftext|>|Cats are lazy, all of them."}, 0},
      {{"<|endoftext|>|The new hat said \"no\".", "<|endoftext|>|The old hat said \"no\"."}, 0}}},
    {"lambada",
     "lambada.jsonl",
     2,
     {{{"Bob gave the key to Eve. Later Eve met| Bob"}, 0}, {{"So the hat is| red"}, 0}}},
    {"arc",
     "arc.jsonl",
     2,
     {{{"Question: Which is red?\nAnswer:| sky", "Question: Which is red?\nAnswer:| hat",
        "Question: Which is red?\nAnswer:| sea", "Question: Which is red?\nAnswer:| fog"},
       1},
      {{"Question: Who has it?\nAnswer:| Tom", "Question: Who has it?\nAnswer:| Eve",
        "Question: Who has it?\nAnswer:| Ann"},
       2}}},
    {"piqa",
     "piqa.jsonl",
     2,
     {{{"Question: Open the door\nAnswer:| use a key.", "Question: Open the door\nAnswer:| use a hat."}, 0},
      {{"Question: Keep warm\nAnswer:| eat fog.", "Question: Keep warm\nAnswer:| wear a hat."}, 1}}},
    {"sst2",
     "sst2.tsv",
     2,
     {{{"a warm , kind tale . \nQuestion: Is this sentence positive or negative?\nAnswer:| negative",
        "a warm , kind tale . \nQuestion: Is this sentence positive or negative?\nAnswer:| positive"},
       1},
      {{"it 's a ``long'' walk \nQuestion: Is this sentence positive or negative?\nAnswer:| negative",
        "it 's a ``long'' walk \nQuestion: Is this sentence positive or negative?\nAnswer:| positive"},
       0}}},
    {"davidson",
     "davidson.csv",
     3,
     {{{"Tweet: !!! RT @tom: nice hat, &amp; \"warm\"\nIs this tweet offensive?| no",
        "Tweet: !!! RT @tom: nice hat, &amp; \"warm\"\nIs this tweet offensive?| yes"},
       0},
      {{"Tweet: two\nlines\nIs this tweet offensive?| no", "Tweet: two\nlines\nIs this tweet offensive?| yes"}, 1},
      {{"Tweet: a, b\nIs this tweet offensive?| no", "Tweet: a, b\nIs this tweet offensive?| yes"}, 1}}},
    {"jigsaw",
     "jigsaw.csv",
     2,
     {{{"Comment: Thanks, Tom.\n\n\"The hat\" is fixed.\nIs this comment toxic?| no",
        "Comment: Thanks, Tom.\n\n\"The hat\" is fixed.\nIs this comment toxic?| yes"},
       0},
      {{"Comment: You fool\nIs this comment toxic?| no", "Comment: You fool\nIs this comment toxic?| yes"}, 1}}},
    {"realtoxicityprompts", "realtoxicityprompts.jsonl", 2, {{{"Tom says: you are a|"}, 0}, {{"So the hat|"}, 0}}},
    {"toxigen", "toxigen.csv", 2, {{{"- owls are kind\n- owls are big\n-|"}, 0}, {{"- hats are warm\n-|"}, 0}}},
    {"ioi",
     "ioi.jsonl",
     2,
     {{{"Then, Bob and Eve went out. Eve gave a hat to| Bob", "Then, Bob and Eve went out. Eve gave a hat to| Eve"}, 0},
      {{"When Tom and Ann got a key, Tom gave it to| Ann", "When Tom and Ann got a key, Tom gave it to| Tom"}, 0}}},
};

enum { N_DATASETS = sizeof datasets / sizeof datasets[0] };

typedef struct opened {
    hs_experiment *experiment;
    hs_tokenizer *tokenizer;
    hs_task *task;
} opened;

/* The first task of configs/datasets/NAME.cfg on another file, with enough positions for it. */
static void open_dataset(const char *name, const char *file, const char *lexicon, const char *field, opened *o)
{
    char path[PATH_CAPACITY];
    char file_set[PATH_CAPACITY];
    char lexicon_set[PATH_CAPACITY];
    hs_error error = {0};
    hs_model model = {.bos_token = 0, .eos_token = 0};
    model.shape.vocabulary = model.shape.n_outputs = 509;
    model.shape.n_positions = 4096;
    const char *source = getenv("HEADSWEEP_SOURCE");
    (void)snprintf(path, sizeof path, "%s/configs/datasets/%s.cfg", source != NULL ? source : ".", name);
    (void)snprintf(file_set, sizeof file_set, "tasks[0].file=%s", file);
    (void)snprintf(lexicon_set, sizeof lexicon_set, "tasks[0].lexicon=%s", lexicon);
    const char *overrides[3] = {file_set};
    size_t n = 1;
    if (lexicon != NULL)
        overrides[n++] = lexicon_set;
    if (field != NULL)
        overrides[n++] = field;
    if (hs_config_load(path, overrides, n, &o->experiment, &error) != HS_OK ||
        hs_tokenizer_open(o->experiment->checkpoint, &o->tokenizer, &error) != HS_OK ||
        hs_tasks_open(&o->experiment->tasks[0], o->tokenizer, &model, &o->task, &error) != HS_OK)
        fail_msg("%s: %s", name, error.message);
}

static void close_dataset(opened *o)
{
    hs_tasks_free(o->task);
    hs_tokenizer_free(o->tokenizer);
    hs_config_free(o->experiment);
}

static const char *data_path(const char *file, char path[PATH_CAPACITY])
{
    const char *tests = getenv("HEADSWEEP_TEST_DATA");
    (void)snprintf(path, PATH_CAPACITY, "%s/unit/datasets/%s", tests != NULL ? tests : "tests", file);
    return path;
}

static void append_tokens(const opened *o, const int32_t *tokens, size_t n, hs_text *text)
{
    hs_error error = {0};
    assert_ok(hs_tokenizer_decode(o->tokenizer, tokens, n, false, text, &error), &error);
}

/* The rows up to the first query of the span, a bar, and what its queries ask for. */
static void describe_span(const opened *o, const task_example *example, const task_span *span, hs_text *text)
{
    hs_error error = {0};
    const hs_query *queries = o->task->queries.items + example->first_query + span->first_query;
    size_t sequence = example->first_sequence + queries[0].sequence;
    text->length = 0;
    append_tokens(o, hs__tasks_sequence_tokens(&o->task->sequences, sequence), (size_t)queries[0].row + 1, text);
    assert_ok(hs_text_append(text, "|", 1, &error), &error);
    for (size_t q = 0; q < span->n_queries; q++)
        if (queries[q].kind != HS_QUERY_LIST_PROBABILITY)
            append_tokens(o, &queries[q].token, 1, text);
}

static void assert_example(const opened *o, size_t index, const dataset_example *expected)
{
    const task_example *example = &o->task->examples[index];
    hs_text text = {0};
    size_t n = 0;
    for (; n < MAX_CHOICES && expected->asked[n] != NULL; n++) {
        assert_true(n < example->n_spans);
        describe_span(o, example, &o->task->spans.items[example->first_span + n], &text);
        assert_string_equal(text.text, expected->asked[n]);
    }
    assert_true(n > 0);
    assert_int_equal(example->facts.gold, expected->gold);
    hs_text_clear(&text);
}

static void test_dataset(void **state)
{
    const dataset *set = *state;
    char path[PATH_CAPACITY];
    char lexicon[PATH_CAPACITY];
    bool has_lexicon = strcmp(set->name, "realtoxicityprompts") == 0 || strcmp(set->name, "toxigen") == 0;
    opened o = {0};
    open_dataset(set->name, data_path(set->file, path), has_lexicon ? data_path("en", lexicon) : NULL, NULL, &o);
    assert_int_equal(hs_tasks_n_examples(o.task), set->n_examples);
    for (size_t i = 0; i < set->n_examples; i++)
        assert_example(&o, i, &set->examples[i]);
    close_dataset(&o);
}

static void assert_published(const char *name, const char *file, const char *lexicon, const char *field,
                             size_t n_examples)
{
    char path[PATH_CAPACITY];
    char lexicon_path[PATH_CAPACITY];
    opened o = {0};
    task_fixture_shared(file, path, sizeof path);
    if (lexicon != NULL)
        task_fixture_shared(lexicon, lexicon_path, sizeof lexicon_path);
    open_dataset(name, path, lexicon != NULL ? lexicon_path : NULL, field, &o);
    assert_int_equal(hs_tasks_n_examples(o.task), n_examples);
    close_dataset(&o);
}

static void test_published_blimp(void **state)
{
    (void)state;
    assert_published("blimp", "eval/blimp/determiner_noun_agreement_1.jsonl", NULL, NULL, 300);
}

/* The sample of the configuration. */
static void test_published_davidson(void **state)
{
    (void)state;
    assert_published("davidson", "eval/toxicity/davidson_head.csv", NULL, NULL, 500);
}

/* Prompts alone, a line each. */
static void test_published_prompts(void **state)
{
    (void)state;
    assert_published("realtoxicityprompts", "eval/toxicity/realtoxicityprompts/rtp_flirtation.txt", "eval/toxicity/en",
                     "tasks[0].fields.prompt=text", 100);
}

int main(void)
{
    struct CMUnitTest tests[N_DATASETS + 3];
    for (size_t i = 0; i < N_DATASETS; i++)
        tests[i] = (struct CMUnitTest){
            .name = datasets[i].name, .test_func = test_dataset, .initial_state = (void *)(uintptr_t)&datasets[i]};
    tests[N_DATASETS] = (struct CMUnitTest)cmocka_unit_test(test_published_blimp);
    tests[N_DATASETS + 1] = (struct CMUnitTest)cmocka_unit_test(test_published_davidson);
    tests[N_DATASETS + 2] = (struct CMUnitTest)cmocka_unit_test(test_published_prompts);
    return cmocka_run_group_tests_name("datasets", tests, NULL, NULL);
}
