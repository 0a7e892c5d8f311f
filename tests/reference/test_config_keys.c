/*
 * Keys of config.json against what Hugging Face transformers makes of them: config_golden.json, made by
 * make_config_golden.py. A changed key gives the same logits as there or the checkpoint is refused; never other logits.
 */
#include "support/checkpoint_writer.h"
#include "support/engine_fixture.h"

#include <stdlib.h>
#include <unistd.h>

/* Of the largest logit that is compared. */
static const double BOUND = 2e-5;

enum { MAX_PATH = 1024, MAX_TOKENS = 16, MAX_LOGITS = 8, MAX_MESSAGE = 1200 };

/* A case of the golden file, in a folder of its own. */
struct golden {
    const hs_json_value *root;
    const hs_json_value *row;
    char *folder;
    char message[MAX_MESSAGE]; /* of the last checkpoint that was refused */
};

static hs_json *read_file(void)
{
    char path[MAX_PATH];
    hs_json *json = NULL;
    (void)snprintf(path, sizeof path, "%s/reference/config_golden.json", getenv("HEADSWEEP_TEST_DATA"));
    ASSERT_OK(hs_json_read(path, 1 << 24, &json, &error));
    return json;
}

static void link_weights(const struct golden *golden)
{
    char target[MAX_PATH], path[MAX_PATH];
    (void)snprintf(target, sizeof target, "%s/reference/engine/%s/model.safetensors", getenv("HEADSWEEP_TEST_DATA"),
                   hs_json_string(hs_json_get(golden->row, "checkpoint")));
    (void)snprintf(path, sizeof path, "%s/model.safetensors", golden->folder);
    assert_int_equal(symlink(target, path), 0);
}

/* config.json of the case with one key changed, or left out where `changed` is NULL. */
static void write_config(const struct golden *golden, const char *changed_key, const char *changed)
{
    hs_text text = {0};
    const char *key = NULL;
    size_t length = 0;
    const hs_json_value *value = NULL;
    hs_json_iterator *at = NULL;
    while ((at = hs_json_next(hs_json_get(golden->row, "config"), at, &key, &length, &value)) != NULL)
        if (strcmp(key, changed_key) != 0)
            ASSERT_OK(hs_text_appendf(&text, &error, "%s\"%s\": %s", text.length > 0 ? ", " : "{", key,
                                      hs_json_string(value)));
    if (changed != NULL)
        ASSERT_OK(hs_text_appendf(&text, &error, ", \"%s\": %s", changed_key, changed));
    ASSERT_OK(hs_text_appendf(&text, &error, "}"));
    test_file_write(golden->folder, "config.json", text.text, text.length);
    hs_text_clear(&text);
}

static void add_sequences(const struct golden *golden, const hs_model_shape *shape, struct work *work)
{
    const hs_json_value *sequences = hs_json_get(golden->root, "sequences");
    for (size_t i = 0; i < hs_json_size(sequences); i++) {
        int32_t tokens[MAX_TOKENS];
        size_t n = hs_json_size(hs_json_at(sequences, i));
        assert_true(n <= MAX_TOKENS);
        for (size_t t = 0; t < n; t++)
            tokens[t] = (int32_t)hs_json_integer(hs_json_at(hs_json_at(sequences, i), t));
        add_sequence(work, tokens, n);
        int64_t n_logits = hs_json_integer(hs_json_get(golden->root, "n_logits"));
        for (int64_t output = 0; output < n_logits && output < (int64_t)shape->n_outputs; output++)
            add_query(work, (uint32_t)i, shape->head == HS_HEAD_CLASSIFIER ? 0 : n - 1, HS_QUERY_LOGIT,
                      (int32_t)output);
    }
}

static hs_status answer(hs_engine *engine, const hs_workload *workload, double *answers, hs_error *error)
{
    hs_prepared *prepared = NULL;
    hs_status status = hs_engine_prepare(engine, workload, &prepared, error);
    if (status == HS_OK)
        status = hs_engine_evaluate(engine, prepared, &(hs_ablation){0}, 1, answers, error);
    hs_engine_prepared_free(prepared);
    return status;
}

static bool are_close(const double *answers, const hs_json_value *expected, size_t n)
{
    double difference = 0, largest = 0;
    if (n != hs_json_size(expected))
        return false;
    for (size_t i = 0; i < n; i++) {
        double number = hs_json_number(hs_json_at(expected, i));
        double distance = fabs(answers[i] - number);
        difference = distance <= difference ? difference : distance;
        largest = fmax(largest, fabs(number));
    }
    return difference <= BOUND * largest;
}

static bool compare(const struct golden *golden, const hs_model *model, const hs_json_value *expected,
                    hs_status *status, hs_error *error)
{
    struct work work = {0};
    double answers[MAX_LOGITS];
    bool same = true;
    add_sequences(golden, &model->shape, &work);
    assert_true(work.workload.n_queries <= MAX_LOGITS);
    for (size_t kind = 0; kind < 2 && *status == HS_OK && same; kind++) {
        hs_engine *engine = new_engine(model, (hs_engine_options){.kind = (hs_engine_kind)kind});
        *status = answer(engine, &work.workload, answers, error);
        same = *status != HS_OK || are_close(answers, expected, work.workload.n_queries);
        hs_engine_free(engine);
    }
    clear_work(&work);
    return same;
}

enum verdict { SAME, DIFFERENT, REFUSED };

/* The checkpoint as it lies in the folder. */
static enum verdict judge(struct golden *golden, const hs_json_value *expected)
{
    hs_error error = {0};
    hs_model *model = NULL;
    float *arena = NULL;
    bool same = false;
    hs_status status = hs_model_open(golden->folder, &model, &error);
    if (status == HS_OK)
        status = hs_allocate(&arena, hs_model_arena_bytes(model), 1, "arena", &error);
    if (status == HS_OK)
        status = hs_model_load(model, arena, 0, 1, &error);
    if (status == HS_OK)
        same = compare(golden, model, expected, &status, &error);
    hs_model_free(model);
    hs_free(arena);
    (void)snprintf(golden->message, sizeof golden->message, "%s", error.message);
    if (status != HS_OK)
        return REFUSED;
    return same ? SAME : DIFFERENT;
}

static bool may_be_refused(const struct golden *golden, const char *key, const char *changed)
{
    const hs_json_value *texts = hs_json_get(hs_json_get(golden->root, "refused"), key);
    bool found = hs_json_kind_of(texts) == HS_JSON_ARRAY && hs_json_size(texts) == 0;
    for (size_t i = 0; i < hs_json_size(texts); i++)
        found = found || strcmp(hs_json_string(hs_json_at(texts, i)), changed != NULL ? changed : "null") == 0;
    return found;
}

static const hs_json_value *expected_logits(const struct golden *golden, size_t index, char outcome)
{
    char number[32];
    (void)snprintf(number, sizeof number, "%zu", index);
    if (outcome == 'd')
        return hs_json_get(hs_json_get(golden->row, "different"), number);
    return hs_json_get(golden->row, "logits");
}

/* 1 if it went wrong. What transformers refuses may have the numbers of the case, where no others can be meant. */
static size_t check_change(struct golden *golden, size_t index, const hs_json_value *change, char outcome)
{
    const char *key = hs_json_string(hs_json_at(change, 0)), *changed = hs_json_string(hs_json_at(change, 1));
    write_config(golden, key, changed);
    enum verdict verdict = judge(golden, expected_logits(golden, index, outcome));
    bool refusal_is_fine = outcome == 'x' || may_be_refused(golden, key, changed);
    if (verdict == SAME || (verdict == REFUSED && refusal_is_fine))
        return 0;
    print_message("%s: %s %s%s%s, transformers: %c\n", hs_json_string(hs_json_get(golden->row, "name")), key,
                  changed != NULL ? changed : "left out", verdict == REFUSED ? " is refused: " : " has other logits",
                  verdict == REFUSED ? golden->message : "", outcome);
    return 1;
}

static void test_changed_keys(void **state)
{
    (void)state;
    hs_json *json = read_file();
    struct golden golden = {.root = hs_json_root(json)};
    const hs_json_value *cases = hs_json_get(golden.root, "cases"), *changes = hs_json_get(golden.root, "changes");
    size_t n_wrong = 0;
    assert_true(hs_json_size(cases) > 0 && hs_json_size(changes) > 0);
    for (size_t c = 0; c < hs_json_size(cases); c++) {
        golden.row = hs_json_at(cases, c);
        golden.folder = test_temporary_folder();
        link_weights(&golden);
        const char *outcomes = hs_json_string(hs_json_get(golden.row, "outcomes"));
        assert_int_equal(strlen(outcomes), hs_json_size(changes));
        for (size_t i = 0; i < hs_json_size(changes); i++)
            if (outcomes[i] != '-')
                n_wrong += check_change(&golden, i, hs_json_at(changes, i), outcomes[i]);
        test_folder_remove(golden.folder);
        free(golden.folder);
    }
    hs_json_free(json);
    assert_int_equal(n_wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_changed_keys)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
