/*
 * tasks: log-likelihoods, metrics and summaries of EleutherAI's lm-evaluation-harness on the quickstart checkpoint,
 * item by item within 1e-4 (lm_eval/make_lm_eval_golden.py made them). Spans of a task are the requests of the harness.
 */
#include <float.h>
#include <stdlib.h>
#include <unistd.h>

#include "headsweep/config.h"
#include "support/checkpoint_writer.h"
#include "support/engine_fixture.h"
#include "tasks/task.h"

#define TOLERANCE 1e-4

enum { MAX_GOLDEN_BYTES = 1 << 20, MAX_PATH = 4096 };

typedef struct golden {
    loaded model;
    hs_engine *engine;
    hs_tokenizer *tokenizer;
    hs_experiment *experiment;
    hs_json *expected;
    double largest; /* difference */
    size_t n_compared;
} golden;

static const char *in_folder(const char *name, char path[MAX_PATH])
{
    const char *tests = getenv("HEADSWEEP_TEST_DATA");
    (void)snprintf(path, MAX_PATH, "%s/reference/lm_eval/%s", tests != NULL ? tests : "tests", name);
    return path;
}

static int open_golden(void **state)
{
    char path[MAX_PATH];
    static golden opened;
    golden *g = &opened;
    ASSERT_OK(hs_config_load(in_folder("tasks.cfg", path), NULL, 0, &g->experiment, &error));
    ASSERT_OK(hs_json_read(in_folder("expected.json", path), MAX_GOLDEN_BYTES, &g->expected, &error));
    ASSERT_OK(hs_tokenizer_open(g->experiment->checkpoint, &g->tokenizer, &error));
    g->model = load_model(g->experiment->checkpoint);
    g->engine = new_engine(g->model.model, (hs_engine_options){.kind = HS_ENGINE_PREFIX});
    *state = g;
    return 0;
}

static int close_golden(void **state)
{
    golden *g = *state;
    hs_engine_free(g->engine);
    unload(&g->model);
    hs_tokenizer_free(g->tokenizer);
    hs_config_free(g->experiment);
    hs_json_free(g->expected);
    return 0;
}

static void compare(golden *g, const char *task, size_t item, const char *what, double actual, double expected)
{
    /* Of a document of 1600 nats single precision, in which values are kept, has no more than this. */
    double rounding = (double)FLT_EPSILON * fabs(expected);
    double difference = fabs(actual - expected);
    if (!(difference <= TOLERANCE + rounding))
        fail_msg("%s, item %zu, %s: %.6f, but the harness has %.6f", task, item, what, actual, expected);
    g->largest = fmax(g->largest, difference);
    g->n_compared++;
}

static void compare_log_likelihoods(golden *g, const hs_task *task, size_t item, const double *answers,
                                    const hs_json_value *expected)
{
    const task_example *example = &task->examples[item];
    const hs_json_value *list = hs_json_get(expected, "log_likelihoods");
    const task_answers of_example = {.spans = task->spans.items + example->first_span, .answers = answers};
    /* A next_token example has a second span, of its greedy queries. */
    assert_true(hs_json_size(list) > 0 && hs_json_size(list) <= example->n_spans);
    for (size_t i = 0; i < hs_json_size(list); i++)
        compare(g, task->name, item, "log-likelihood", hs__tasks_span_sum(&of_example, i),
                hs_json_number(hs_json_at(list, i)));
}

/*
 * Every metric that the harness has under the same name. Accuracies are whole numbers: they are equal or they are not.
 */
static void compare_metrics(golden *g, const hs_task *task, size_t item, const float *values,
                            const hs_json_value *expected)
{
    for (size_t m = 0; m < hs_tasks_n_metrics(task); m++) {
        const char *name = hs_tasks_metric(task, m)->name;
        const hs_json_value *value = hs_json_get(expected, name);
        if (value != NULL)
            compare(g, task->name, item, name, (double)values[m], hs_json_number(value));
    }
}

/* As analysis has it: the sum of a metric divided by that of another one, or by the number of examples. */
static double hs__analysis_summary_of(const hs_task *task, const float *values, const char *name)
{
    double sums[HS_TASK_MAX_METRICS] = {0};
    size_t n_metrics = hs_tasks_n_metrics(task);
    for (size_t i = 0; i < hs_tasks_n_examples(task); i++)
        for (size_t m = 0; m < n_metrics; m++)
            sums[m] += (double)values[i * n_metrics + m];
    for (size_t m = 0; m < n_metrics; m++) {
        int per = hs_tasks_metric(task, m)->per;
        if (strcmp(hs_tasks_metric(task, m)->name, name) == 0)
            return sums[m] / (per >= 0 ? sums[per] : (double)hs_tasks_n_examples(task));
    }
    fail_msg("%s has no metric %s", task->name, name);
    return 0;
}

/* The harness gives perplexities, of which the logarithms are compared. */
static void compare_summaries(golden *g, const hs_task *task, const float *values, const hs_json_value *expected)
{
    static const struct {
        const char *theirs, *ours;
        double factor; /* ours = factor * log(theirs), or theirs as it is where the factor is 0 */
    } rows[] = {
        {"acc", "acc", 0},
        {"acc_norm", "acc_norm", 0},
        {"acc_bytes", "acc_bytes", 0},
        {"perplexity", "log_probability", -1},
        {"word_perplexity", "word_nll", 1},
        {"byte_perplexity", "byte_nll", 1},
    };
    bool is_pair = strcmp(hs_tasks_kind(task), "minimal_pair") == 0;
    size_t n = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const hs_json_value *value = hs_json_get(expected, rows[i].theirs);
        if (value == NULL || (is_pair && strcmp(rows[i].theirs, "acc") != 0))
            continue;
        double theirs = rows[i].factor == 0 ? hs_json_number(value) : rows[i].factor * log(hs_json_number(value));
        compare(g, task->name, SIZE_MAX, rows[i].theirs, hs__analysis_summary_of(task, values, rows[i].ours), theirs);
        n++;
    }
    assert_true(n > 0);
}

static void compare_task(golden *g, const hs_task_config *config, const hs_json_value *expected)
{
    const hs_json_value *items = hs_json_get(expected, "items");
    const hs_ablation clean = {0};
    hs_task *task = NULL;
    float *values = NULL;
    ASSERT_OK(hs_tasks_open(config, g->tokenizer, g->model.model, &task, &error));
    size_t n = hs_tasks_n_examples(task);
    size_t n_metrics = hs_tasks_n_metrics(task);
    assert_int_equal(n, hs_json_size(items));
    ASSERT_OK(hs_allocate(&values, n * n_metrics, sizeof *values, "test", &error));
    for (size_t i = 0; i < n; i++) {
        hs_task_workload *workload = NULL;
        ASSERT_OK(hs_tasks_workload_new(task, i, 1, NULL, &workload, &error));
        double *answers = evaluate(g->engine, &workload->workload, &clean, 1);
        hs_tasks_score(task, workload, answers, values + i * n_metrics);
        compare_log_likelihoods(g, task, i, answers, hs_json_at(items, i));
        compare_metrics(g, task, i, values + i * n_metrics, hs_json_at(items, i));
        hs_free(answers);
        hs_tasks_workload_free(workload);
    }
    compare_summaries(g, task, values, hs_json_get(expected, "summary"));
    hs_free(values);
    hs_tasks_free(task);
}

static void test_items_are_those_of_the_harness(void **state)
{
    golden *g = *state;
    size_t n_golden = hs_json_size(hs_json_get(hs_json_root(g->expected), "tasks"));
    assert_int_equal(g->experiment->n_tasks, n_golden);
    for (size_t i = 0; i < g->experiment->n_tasks; i++)
        compare_task(g, &g->experiment->tasks[i],
                     hs_json_get(hs_json_get(hs_json_root(g->expected), "tasks"), g->experiment->tasks[i].name));
    print_message("%zu numbers of %zu tasks, largest difference %.1e\n", g->n_compared, n_golden, g->largest);
    assert_true(g->n_compared > 200);
}

/* Links to the checkpoint's files beside those of the variant. */
static char *make_variant(const char *checkpoint, const hs_json_value *files)
{
    static const char *const linked[] = {"config.json", "model.safetensors", "tokenizer.json"};
    char from[MAX_PATH], to[MAX_PATH];
    const char *name = NULL;
    size_t length = 0;
    const hs_json_value *text = NULL;
    hs_json_iterator *iterator = NULL;
    char *folder = test_temporary_folder();
    for (size_t i = 0; i < sizeof linked / sizeof *linked; i++) {
        (void)snprintf(from, sizeof from, "%s/%s", checkpoint, linked[i]);
        (void)snprintf(to, sizeof to, "%s/%s", folder, linked[i]);
        char *absolute = realpath(from, NULL);
        assert_non_null(absolute);
        assert_int_equal(symlink(absolute, to), 0);
        free(absolute);
    }
    while ((iterator = hs_json_next(files, iterator, &name, &length, &text)) != NULL) {
        (void)snprintf(to, sizeof to, "%s/%s", folder, name);
        FILE *file = fopen(to, "wb");
        assert_non_null(file);
        assert_true(fputs(hs_json_string(text), file) >= 0);
        assert_int_equal(fclose(file), 0);
    }
    return folder;
}

static void compare_variant(golden *g, const hs_json_value *variant)
{
    const hs_json_value *tasks = hs_json_get(variant, "tasks");
    hs_tokenizer *usual = g->tokenizer;
    size_t n = 0;
    char *folder = make_variant(g->experiment->checkpoint, hs_json_get(variant, "files"));
    ASSERT_OK(hs_tokenizer_open(folder, &g->tokenizer, &error));
    for (size_t i = 0; i < g->experiment->n_tasks; i++) {
        const hs_json_value *expected = hs_json_get(tasks, g->experiment->tasks[i].name);
        if (expected == NULL)
            continue;
        compare_task(g, &g->experiment->tasks[i], expected);
        n++;
    }
    assert_int_equal(n, hs_json_size(tasks));
    hs_tokenizer_free(g->tokenizer);
    g->tokenizer = usual;
    test_folder_remove(folder);
    free(folder);
}

/* The model stays the same, and so does what its config.json says: <|endoftext|>. */
static void test_the_tokenizers_tokens_are_those_of_the_harness(void **state)
{
    golden *g = *state;
    char path[MAX_PATH];
    const char *name = NULL;
    size_t length = 0;
    const hs_json_value *variant = NULL;
    hs_json_iterator *iterator = NULL;
    hs_json *json = NULL;
    g->n_compared = 0;
    ASSERT_OK(hs_json_read(in_folder("expected_tokens.json", path), MAX_GOLDEN_BYTES, &json, &error));
    const hs_json_value *variants = hs_json_get(hs_json_root(json), "variants");
    while ((iterator = hs_json_next(variants, iterator, &name, &length, &variant)) != NULL)
        compare_variant(g, variant);
    assert_true(g->n_compared > 200);
    hs_json_free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_items_are_those_of_the_harness, open_golden, close_golden),
        cmocka_unit_test_setup_teardown(test_the_tokenizers_tokens_are_those_of_the_harness, open_golden, close_golden),
    };
    return cmocka_run_group_tests_name("lm_eval", tests, NULL, NULL);
}
