/*
 * The engine against float64 logits that were computed elsewhere (refs/MODEL.safetensors of the shared data): clean,
 * with every single head and with listed sets zeroed. Bound: 1e-4 of the largest logit.
 */
#include "support/reference_file.h"
#include "support/shared_data.h"

/* Compares logits [n_rows, n_outputs] with `expected`, which has all rows or only the last one. */
static void compare_logits(struct comparison *comparison, const float *logits, size_t n_rows, size_t n_outputs,
                           const double *expected, bool last_row)
{
    const float *actual = logits + (last_row ? (n_rows - 1) * n_outputs : 0);
    for (size_t i = 0; i < (last_row ? 1 : n_rows) * n_outputs; i++)
        compare(comparison, (double)actual[i], expected[i]);
}

struct reference_sequence {
    hs_engine *engine;
    const hs_model_shape *shape;
    const struct reference_file *file;
    hs_engine *engines[2]; /* the one above, and the prefix engine */
    size_t index;
    size_t length;
    size_t n_rows; /* that have outputs: all of them, or the first of a classifier */
    int32_t tokens[512];
    float *logits;
    struct comparison comparison;
};

static void run(struct reference_sequence *sequence, const hs_component *components, size_t n)
{
    hs_ablation ablation = {components, n, {HS_INTERVENTION_ZERO, 0.0f}};
    ASSERT_OK(
        hs_engine_logits(sequence->engine, sequence->tokens, sequence->length, &ablation, sequence->logits, &error));
}

static void check_clean(struct reference_sequence *sequence)
{
    struct reference_tensor expected;
    assert_true(reference_file_find(sequence->file, &expected, "seq%zu_clean", sequence->index));
    assert_int_equal(expected.n_values, sequence->n_rows * sequence->shape->n_outputs);
    run(sequence, NULL, 0);
    compare_logits(&sequence->comparison, sequence->logits, sequence->n_rows, sequence->shape->n_outputs,
                   expected.reals, false);
}

/* Every single head; the longer sequences have their last rows only. */
static void check_single_heads(struct reference_sequence *sequence)
{
    struct reference_tensor all_rows;
    struct reference_tensor last_row;
    const hs_model_shape *shape = sequence->shape;
    bool has_all = reference_file_find(sequence->file, &all_rows, "seq%zu_single", sequence->index);
    assert_true(reference_file_find(sequence->file, &last_row, "seq%zu_single_last", sequence->index));
    assert_int_equal(last_row.n_values, shape->n_layers * shape->n_heads * shape->n_outputs);
    hs_component *heads = all_heads(shape);
    for (size_t i = 0; i < shape->n_layers * shape->n_heads; i++) {
        run(sequence, &heads[i], 1);
        compare_logits(&sequence->comparison, sequence->logits, sequence->n_rows, shape->n_outputs,
                       last_row.reals + i * shape->n_outputs, true);
        if (has_all)
            compare_logits(&sequence->comparison, sequence->logits, sequence->n_rows, shape->n_outputs,
                           all_rows.reals + i * sequence->n_rows * shape->n_outputs, false);
    }
    hs_free(heads);
}

static int by_layer_and_head(const void *left, const void *right)
{
    const hs_component *a = left;
    const hs_component *b = right;
    return a->layer != b->layer ? a->layer - b->layer : a->index - b->index;
}

/* Sets are padded with -1. */
static size_t read_group(hs_component *components, const int64_t *pairs, size_t n_pairs)
{
    size_t n = 0;
    for (size_t i = 0; i < n_pairs && pairs[2 * i] >= 0; i++)
        components[n++] = (hs_component){HS_COMPONENT_HEAD, (int32_t)pairs[2 * i], (int32_t)pairs[2 * i + 1]};
    qsort(components, n, sizeof *components, by_layer_and_head);
    return n;
}

static void check_groups(struct reference_sequence *sequence)
{
    struct reference_tensor groups;
    struct reference_tensor expected;
    hs_component components[64];
    assert_true(reference_file_find(sequence->file, &groups, "groups"));
    assert_true(groups.shape[1] <= sizeof components / sizeof components[0]);
    bool has_all = reference_file_find(sequence->file, &expected, "seq%zu_group", sequence->index);
    if (!has_all)
        assert_true(reference_file_find(sequence->file, &expected, "seq%zu_group_last", sequence->index));
    size_t n_values = (has_all ? sequence->n_rows : 1) * sequence->shape->n_outputs;
    assert_int_equal(expected.n_values, groups.shape[0] * n_values);
    for (size_t i = 0; i < groups.shape[0]; i++) {
        size_t n = read_group(components, groups.integers + i * groups.shape[1] * 2, groups.shape[1]);
        run(sequence, components, n);
        compare_logits(&sequence->comparison, sequence->logits, sequence->n_rows, sequence->shape->n_outputs,
                       expected.reals + i * n_values, !has_all);
    }
}

/* Through prepare and evaluate of both engines: every head in one call. */
static void check_queries(struct reference_sequence *sequence, const struct work *work,
                          struct reference_tensor expected)
{
    const hs_model_shape *shape = sequence->shape;
    size_t n_heads = shape->n_layers * shape->n_heads;
    hs_component *heads = all_heads(shape);
    hs_ablation *ablations = NULL;
    ASSERT_OK(hs_allocate(&ablations, n_heads, sizeof *ablations, "test", &error));
    for (size_t i = 0; i < n_heads; i++)
        ablations[i] = (hs_ablation){&heads[i], 1, {HS_INTERVENTION_ZERO, 0.0f}};
    assert_int_equal(expected.n_values, n_heads * work->workload.n_queries);
    for (size_t k = 0; k < 2; k++) {
        double *answers = evaluate(sequence->engines[k], &work->workload, ablations, n_heads);
        for (size_t i = 0; i < expected.n_values; i++)
            compare(&sequence->comparison, answers[i], expected.reals[i]);
        hs_free(answers);
    }
    hs_free(ablations);
    hs_free(heads);
}

/* Log-probabilities of the next tokens, or the logits of a classifier's labels. */
static void check_answers(struct reference_sequence *sequence)
{
    bool classifies = sequence->shape->head == HS_HEAD_CLASSIFIER;
    struct reference_tensor expected;
    struct work work = {0};
    uint32_t index = add_sequence(&work, sequence->tokens, sequence->length);
    if (classifies)
        for (size_t label = 0; label < sequence->shape->n_outputs; label++)
            add_query(&work, index, 0, HS_QUERY_LOGIT, (int32_t)label);
    else
        ask_next_tokens(&work, index);
    assert_true(reference_file_find(sequence->file, &expected, classifies ? "seq%zu_single_last" : "seq%zu_single_tlp",
                                    sequence->index));
    check_queries(sequence, &work, expected);
    clear_work(&work);
}

static bool read_sequence(struct reference_sequence *sequence)
{
    struct reference_tensor tokens;
    if (!reference_file_find(sequence->file, &tokens, "seq%zu", sequence->index))
        return false;
    sequence->length = tokens.n_values;
    sequence->n_rows = sequence->shape->head == HS_HEAD_CLASSIFIER ? 1 : tokens.n_values;
    for (size_t i = 0; i < tokens.n_values; i++)
        sequence->tokens[i] = (int32_t)tokens.integers[i];
    return true;
}

static void check_model(const char *name, size_t n_sequences)
{
    SKIP_WITHOUT_SHARED_DATA();
    loaded model = load_shared(name);
    char *path = shared_path("refs/%s.safetensors", name);
    struct reference_sequence sequence = {
        .engine = new_engine(model.model, (hs_engine_options){0}),
        .shape = &model.model->shape,
        .file = reference_file_open(path),
    };
    sequence.engines[0] = sequence.engine;
    sequence.engines[1] = new_engine(model.model, (hs_engine_options){.kind = HS_ENGINE_PREFIX});
    ASSERT_OK(hs_allocate(&sequence.logits, 512 * sequence.shape->n_outputs, sizeof(float), "test", &error));
    for (; read_sequence(&sequence); sequence.index++) {
        check_clean(&sequence);
        check_single_heads(&sequence);
        check_groups(&sequence);
        check_answers(&sequence);
    }
    assert_int_equal(sequence.index, n_sequences);
    assert_close(name, "logits", &sequence.comparison);
    hs_free(sequence.logits);
    reference_file_close((struct reference_file *)sequence.file);
    hs_engine_free(sequence.engines[1]);
    hs_engine_free(sequence.engine);
    hs_free(path);
    unload(&model);
}

static void test_stories_logits(void **state)
{
    (void)state;
    check_model("stories260K", 4);
}

static void test_adder_logits(void **state)
{
    (void)state;
    check_model("mingpt-adder", 3);
}

static void test_capp_logits(void **state)
{
    (void)state;
    check_model("capp-gpt", 3);
}

static void test_neox_logits(void **state)
{
    (void)state;
    check_model("neox-induction-tiny", 3);
}

static void test_bert_logits(void **state)
{
    (void)state;
    check_model("bert-toxic-tiny", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stories_logits), cmocka_unit_test(test_adder_logits), cmocka_unit_test(test_capp_logits),
        cmocka_unit_test(test_neox_logits),    cmocka_unit_test(test_bert_logits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
