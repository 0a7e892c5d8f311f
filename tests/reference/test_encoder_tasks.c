/*
 * The kinds for classifiers and masked language models from the data file to the summary, against transformers
 * (make_encoder_tasks_golden.py), and bert-toxic-tiny against the accuracies in the shared data.
 */
#include "headsweep/analysis.h"
#include "headsweep/tasks.h"
#include "support/checkpoint_writer.h"
#include "support/comm_fixture.h"
#include "support/sets_rows.h"
#include "support/shared_data.h"

enum { MAX_PATH = 512, MAX_HEADS = 8 };

/* A task of a checkpoint, answered. */
struct evaluation {
    loaded model;
    hs_tokenizer *tokenizer;
    hs_task *task;
    float *values; /* [n_sets, n_examples, n_metrics] */
    size_t n_sets;
};

static void write_file(const char *folder, const char *name, const hs_text *text, char path[MAX_PATH])
{
    (void)snprintf(path, MAX_PATH, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text->text, 1, text->length, file), text->length);
    assert_int_equal(fclose(file), 0);
}

/* `sets` is an array of arrays of [layer, head]. */
static size_t read_sets(const hs_json_value *sets, hs_component *components, hs_ablation *ablations)
{
    for (size_t i = 0; i < hs_json_size(sets); i++) {
        const hs_json_value *set = hs_json_at(sets, i);
        hs_component *of_set = components + i * MAX_HEADS;
        assert_true(hs_json_size(set) <= MAX_HEADS);
        for (size_t j = 0; j < hs_json_size(set); j++) {
            const hs_json_value *head = hs_json_at(set, j);
            of_set[j] = (hs_component){HS_COMPONENT_HEAD, (int32_t)hs_json_integer(hs_json_at(head, 0)),
                                       (int32_t)hs_json_integer(hs_json_at(head, 1))};
        }
        ablations[i] = (hs_ablation){.components = of_set, .n_components = hs_json_size(set)};
    }
    return hs_json_size(sets);
}

static void evaluate_task(struct evaluation *e, hs_engine_kind kind, const hs_ablation *ablations, size_t n)
{
    size_t n_examples = hs_tasks_n_examples(e->task);
    size_t n_values = n_examples * hs_tasks_n_metrics(e->task);
    hs_task_workload *workload = NULL;
    hs_prepared *prepared = NULL;
    hs_engine *engine = NULL;
    double *answers = NULL;
    ASSERT_OK(hs_engine_new(e->model.model, &(hs_engine_options){.kind = kind}, &engine, &error));
    ASSERT_OK(hs_tasks_workload_new(e->task, 0, n_examples, NULL, &workload, &error));
    ASSERT_OK(hs_engine_prepare(engine, &workload->workload, &prepared, &error));
    ASSERT_OK(hs_allocate(&answers, n * workload->workload.n_queries, sizeof *answers, "test", &error));
    ASSERT_OK(hs_allocate(&e->values, n * n_values, sizeof *e->values, "test", &error));
    ASSERT_OK(hs_engine_evaluate(engine, prepared, ablations, n, answers, &error));
    for (size_t i = 0; i < n; i++)
        hs_tasks_score(e->task, workload, answers + i * workload->workload.n_queries, e->values + i * n_values);
    e->n_sets = n;
    hs_free(answers);
    hs_engine_prepared_free(prepared);
    hs_engine_free(engine);
    hs_tasks_workload_free(workload);
}

static void clear_evaluation(struct evaluation *e)
{
    hs_free(e->values);
    hs_tasks_free(e->task);
    hs_tokenizer_free(e->tokenizer);
    unload(&e->model);
}

static void open_task(struct evaluation *e, const char *kind, const char *file, size_t limit)
{
    char kind_name[32];
    char name[] = "task";
    char path[MAX_PATH];
    (void)snprintf(kind_name, sizeof kind_name, "%s", kind);
    (void)snprintf(path, sizeof path, "%s", file);
    const hs_task_config config = {.name = name, .kind = kind_name, .file = path, .limit = (int64_t)limit, .line = 1};
    ASSERT_OK(hs_tasks_open(&config, e->tokenizer, e->model.model, &e->task, &error));
}

static size_t find_metric(const hs_task *task, const char *name)
{
    for (size_t i = 0; i < hs_tasks_n_metrics(task); i++)
        if (strcmp(hs_tasks_metric(task, i)->name, name) == 0)
            return i;
    fail_msg("no metric %s", name);
    return 0;
}

static hs_json *read_golden(void)
{
    char path[MAX_PATH];
    hs_json *json = NULL;
    (void)snprintf(path, sizeof path, "%s/reference/encoder_tasks_golden.json", getenv("HEADSWEEP_TEST_DATA"));
    ASSERT_OK(hs_json_read(path, 1 << 24, &json, &error));
    return json;
}

static void open_tokenizer(struct evaluation *e, const char *folder, const hs_json_value *words)
{
    hs_text text = {0};
    char path[MAX_PATH];
    for (size_t i = 0; i < hs_json_size(words); i++)
        ASSERT_OK(hs_text_appendf(&text, &error, "%s\n", hs_json_string(hs_json_at(words, i))));
    write_file(folder, "vocab.txt", &text, path);
    hs_text_clear(&text);
    ASSERT_OK(hs_tokenizer_open(folder, &e->tokenizer, &error));
}

/* JSON of a text, a number or an array of these; enough for the golden file's fields. */
static void print_value(const hs_json_value *value, hs_text *text)
{
    if (hs_json_kind_of(value) == HS_JSON_STRING)
        ASSERT_OK(hs_text_appendf(text, &error, "\"%s\"", hs_json_string(value)));
    else if (hs_json_kind_of(value) == HS_JSON_INTEGER)
        ASSERT_OK(hs_text_appendf(text, &error, "%lld", (long long)hs_json_integer(value)));
    else
        ASSERT_OK(hs_text_appendf(text, &error, "["));
    for (size_t i = 0; hs_json_kind_of(value) == HS_JSON_ARRAY && i < hs_json_size(value); i++) {
        ASSERT_OK(hs_text_appendf(text, &error, i > 0 ? ", " : ""));
        print_value(hs_json_at(value, i), text);
    }
    if (hs_json_kind_of(value) == HS_JSON_ARRAY)
        ASSERT_OK(hs_text_appendf(text, &error, "]"));
}

static void write_lines(const char *folder, const hs_json_value *lines, char path[MAX_PATH])
{
    hs_text text = {0};
    for (size_t i = 0; i < hs_json_size(lines); i++) {
        const char *key = NULL;
        size_t length = 0;
        const hs_json_value *value = NULL;
        hs_json_iterator *at = NULL;
        const char *separator = "{";
        while ((at = hs_json_next(hs_json_at(lines, i), at, &key, &length, &value)) != NULL) {
            ASSERT_OK(hs_text_appendf(&text, &error, "%s\"%s\": ", separator, key));
            print_value(value, &text);
            separator = ", ";
        }
        ASSERT_OK(hs_text_appendf(&text, &error, "}\n"));
    }
    write_file(folder, "data.jsonl", &text, path);
    hs_text_clear(&text);
}

static void compare_values(const struct evaluation *e, const char *name, const hs_json_value *sets)
{
    struct comparison comparison = {0};
    const float *value = e->values;
    assert_int_equal(hs_json_size(sets), e->n_sets);
    for (size_t set = 0; set < e->n_sets; set++) {
        const hs_json_value *examples = hs_json_at(sets, set);
        assert_int_equal(hs_json_size(examples), hs_tasks_n_examples(e->task));
        for (size_t example = 0; example < hs_json_size(examples); example++) {
            const hs_json_value *metrics = hs_json_at(examples, example);
            assert_int_equal(hs_json_size(metrics), hs_tasks_n_metrics(e->task));
            for (size_t metric = 0; metric < hs_json_size(metrics); metric++)
                compare(&comparison, (double)*value++, hs_json_number(hs_json_at(metrics, metric)));
        }
    }
    assert_close(name, hs_tasks_kind(e->task), &comparison);
}

static void create_results(const char *path, const struct evaluation *e)
{
    const int32_t order[] = {0, 1, 1, 1};
    const int32_t intervention[] = {-1, 0, 0, 0};
    const int32_t components[] = {-1, -1, -1, 0, 0, 0, 0, 0, 1, 0, 0, 2};
    const uint64_t shard_first[] = {0, hs_tasks_n_examples(e->task)};
    uint64_t lines[64] = {0};
    hs_metric metrics[16];
    assert_true(hs_tasks_n_metrics(e->task) <= 16 && hs_tasks_n_examples(e->task) <= 64 && e->n_sets == 4);
    for (size_t i = 0; i < hs_tasks_n_metrics(e->task); i++) {
        metrics[i] = *hs_tasks_metric(e->task, i);
    }
    const hs_results_task task = {.name = "task",
                                  .kind = hs_tasks_kind(e->task),
                                  .n_examples = hs_tasks_n_examples(e->task),
                                  .n_metrics = hs_tasks_n_metrics(e->task),
                                  .metrics = metrics,
                                  .n_shards = 1,
                                  .shard_first = shard_first,
                                  .example_line = lines};
    hs_results_layout layout = {
        .sets = zero_sets_of_rows(e->n_sets, 1, order, intervention, components), .tasks = &task, .n_tasks = 1};
    ASSERT_OK(hs_results_create(path, &layout, &error));
    hs_sets_clear(&layout.sets);
}

static void compare_summaries(const hs_analysis *analysis, const hs_task *task, const hs_json_value *sets)
{
    for (size_t set = 0; set < hs_json_size(sets); set++) {
        const char *name = NULL;
        size_t length = 0;
        const hs_json_value *expected = NULL;
        hs_json_iterator *at = NULL;
        while ((at = hs_json_next(hs_json_at(sets, set), at, &name, &length, &expected)) != NULL) {
            double summary = hs_analysis_value(analysis, HS_STATISTIC_MEAN, 0, find_metric(task, name), set);
            if (!(fabs(summary - hs_json_number(expected)) < 1e-5))
                fail_msg("set %zu: %s is %.9g, not %.9g", set, name, summary, hs_json_number(expected));
        }
    }
}

/* Through the results file, as a sweep has it. */
static void check_summaries(const char *folder, hs_comm *comm, const struct evaluation *e, const hs_json_value *sets)
{
    char path[MAX_PATH];
    hs_results *results = NULL;
    hs_analysis *analysis = NULL;
    size_t n_values = hs_tasks_n_examples(e->task) * hs_tasks_n_metrics(e->task);
    (void)snprintf(path, sizeof path, "%s/r.h5", folder);
    create_results(path, e);
    ASSERT_OK(hs_results_open_parallel(comm, path, &results, &error));
    for (size_t set = 0; set < e->n_sets; set++)
        ASSERT_OK(hs_results_write_cell(results, (hs_cell){0, 0, set}, e->values + set * n_values, &error));
    ASSERT_OK(hs_results_close(results, &error));
    ASSERT_OK(hs_results_open_read(path, &results, &error));
    ASSERT_OK(hs_analysis_new(results, NULL, NULL, &analysis, &error));
    compare_summaries(analysis, e->task, sets);
    hs_analysis_free(analysis);
    ASSERT_OK(hs_results_close(results, &error));
}

static void check_case(const hs_json_value *root, const hs_json_value *of, hs_engine_kind kind, hs_comm *comm)
{
    const char *name = hs_json_string(member(of, "model"));
    char *folder = test_temporary_folder();
    char path[MAX_PATH];
    hs_component components[4 * MAX_HEADS];
    hs_ablation ablations[4];
    struct evaluation e = {0};
    (void)snprintf(path, sizeof path, "%s/reference/engine/%s", getenv("HEADSWEEP_TEST_DATA"), name);
    e.model = load_model(path);
    open_tokenizer(&e, folder, member(root, "vocabulary"));
    write_lines(folder, member(of, "lines"), path);
    open_task(&e, hs_json_string(member(of, "kind")), path, 0);
    evaluate_task(&e, kind, ablations, read_sets(member(root, "sets"), components, ablations));
    compare_values(&e, name, member(of, "values"));
    if (hs_json_get(of, "summaries") != NULL)
        check_summaries(folder, comm, &e, member(of, "summaries"));
    clear_evaluation(&e);
    test_folder_remove(folder);
    free(folder);
}

static void check_golden(hs_engine_kind kind, hs_comm *comm)
{
    hs_json *json = read_golden();
    const hs_json_value *cases = member(hs_json_root(json), "cases");
    assert_int_equal(hs_json_size(cases), 16);
    for (size_t i = 0; i < hs_json_size(cases); i++)
        check_case(hs_json_root(json), hs_json_at(cases, i), kind, comm);
    hs_json_free(json);
}

static void test_golden_prefix(void **state)
{
    check_golden(HS_ENGINE_PREFIX, *state);
}

static void test_golden_reference(void **state)
{
    check_golden(HS_ENGINE_REFERENCE, *state);
}

static double accuracy(const struct evaluation *e, size_t set)
{
    size_t n = hs_tasks_n_examples(e->task);
    size_t n_metrics = hs_tasks_n_metrics(e->task);
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)e->values[(set * n + i) * n_metrics];
    return sum / (double)n;
}

static void open_toxic(struct evaluation *e, size_t limit)
{
    char *file = shared_path("models/%s/heldout_test.jsonl", "bert-toxic-tiny");
    char *folder = shared_path("models/%s", "bert-toxic-tiny");
    e->model = load_shared("bert-toxic-tiny");
    ASSERT_OK(hs_tokenizer_open(folder, &e->tokenizer, &error));
    open_task(e, "classification", file, limit);
    hs_free(folder);
    hs_free(file);
}

/* From texts: vocab.txt, engine and metric together; every head off, and both layers. */
static void test_toxic_sweep(void **state)
{
    enum { N_HEADS = 4, N_LAYERS = 2, N_SETS = 1 + N_LAYERS * N_HEADS + N_LAYERS };
    (void)state;
    SKIP_WITHOUT_SHARED_DATA();
    hs_json *json = read_shared_json("refs/%s_sweep.json", "tiny_models");
    const hs_json_value *expected = member(hs_json_root(json), "bert-toxic-tiny");
    hs_component heads[N_LAYERS * N_HEADS];
    hs_ablation ablations[N_SETS] = {{0}};
    struct evaluation e = {0};
    for (size_t i = 0; i < N_LAYERS * N_HEADS; i++) {
        heads[i] = (hs_component){HS_COMPONENT_HEAD, (int32_t)(i / N_HEADS), (int32_t)(i % N_HEADS)};
        ablations[1 + i] = (hs_ablation){.components = &heads[i], .n_components = 1};
    }
    for (size_t layer = 0; layer < N_LAYERS; layer++)
        ablations[1 + N_LAYERS * N_HEADS + layer] =
            (hs_ablation){.components = heads + layer * N_HEADS, .n_components = N_HEADS};
    open_toxic(&e, 300);
    evaluate_task(&e, HS_ENGINE_PREFIX, ablations, N_SETS);
    assert_float_equal(accuracy(&e, 0), hs_json_number(member(expected, "accuracy_first_300_heldout")), 1e-9);
    for (size_t i = 0; i < N_LAYERS * N_HEADS; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "%d.%d", heads[i].layer, heads[i].index);
        assert_float_equal(accuracy(&e, 1 + i), hs_json_number(member(member(expected, "per_head"), name)), 1e-9);
    }
    assert_float_equal(accuracy(&e, N_SETS - 2), hs_json_number(member(expected, "layer0_all")), 1e-9);
    assert_float_equal(accuracy(&e, N_SETS - 1), hs_json_number(member(expected, "layer1_all")), 1e-9);
    clear_evaluation(&e);
    hs_json_free(json);
}

static void test_toxic_whole_set(void **state)
{
    (void)state;
    SKIP_WITHOUT_SHARED_DATA();
    const hs_ablation clean = {0};
    struct evaluation e = {0};
    open_toxic(&e, 0);
    evaluate_task(&e, HS_ENGINE_PREFIX, &clean, 1);
    assert_float_equal(accuracy(&e, 0), 0.935, 1e-9);
    clear_evaluation(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_prefix),
        cmocka_unit_test(test_golden_reference),
        cmocka_unit_test(test_toxic_sweep),
        cmocka_unit_test(test_toxic_whole_set),
    };
    return cmocka_run_group_tests_name("encoder_tasks", tests, comm_set_up, comm_tear_down);
}
