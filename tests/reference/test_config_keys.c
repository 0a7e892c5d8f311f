/*
 * Keys of config.json against what Hugging Face transformers makes of them: config_keys/, a file for each case, made by
 * make_config_golden.py. A changed key gives the same logits as there or the checkpoint is refused; never other logits.
 */
#include "support/checkpoint_writer.h"
#include "support/engine_fixture.h"

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

/* Of the largest logit that is compared. */
static const double BOUND = 2e-5;

enum { MAX_PATH = 1024, MAX_TOKENS = 16, MAX_LOGITS = 8, MAX_MESSAGE = 1200 };

/* A case, in a folder of its own. */
struct golden {
    const hs_json_value *row;
    const hs_json_value *refused; /* of all cases */
    char *folder;
    char message[MAX_MESSAGE]; /* of the last checkpoint that was refused */
};

/* A file of the golden folder; with an empty name the folder. */
static void find_file(char path[static MAX_PATH], const char *name)
{
    (void)snprintf(path, MAX_PATH, "%s/reference/config_keys/%s", getenv("HEADSWEEP_TEST_DATA"), name);
}

static hs_json *read_file(const char *name)
{
    char path[MAX_PATH];
    hs_json *json = NULL;
    find_file(path, name);
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

/* config.json of the case with one key changed, or left out where `changed` is empty. */
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
    if (changed[0] != '\0')
        ASSERT_OK(hs_text_appendf(&text, &error, ", \"%s\": %s", changed_key, changed));
    ASSERT_OK(hs_text_appendf(&text, &error, "}"));
    test_file_write(golden->folder, "config.json", text.text, text.length);
    hs_text_clear(&text);
}

static void add_sequences(const struct golden *golden, const hs_model_shape *shape, struct work *work)
{
    const hs_json_value *sequences = hs_json_get(golden->row, "sequences");
    for (size_t i = 0; i < hs_json_size(sequences); i++) {
        int32_t tokens[MAX_TOKENS];
        size_t n = hs_json_size(hs_json_at(sequences, i));
        assert_true(n <= MAX_TOKENS);
        for (size_t t = 0; t < n; t++)
            tokens[t] = (int32_t)hs_json_integer(hs_json_at(hs_json_at(sequences, i), t));
        add_sequence(work, tokens, n);
        bool label = shape->head == HS_HEAD_CLASSIFIER;
        int64_t n_logits = hs_json_integer(hs_json_get(golden->row, "n_logits"));
        for (int64_t output = 0; output < n_logits && output < (int64_t)shape->n_outputs; output++)
            add_query(work, (uint32_t)i, label ? hs_engine_label_row(shape, tokens, n) : n - 1, HS_QUERY_LOGIT,
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

/* An empty list holds every text. */
static bool holds(const hs_json_value *texts, const char *text)
{
    bool found = hs_json_kind_of(texts) == HS_JSON_ARRAY && hs_json_size(texts) == 0;
    for (size_t i = 0; i < hs_json_size(texts); i++)
        found = found || strcmp(hs_json_string(hs_json_at(texts, i)), text) == 0;
    return found;
}

/* What null may be refused for, a key that is left out may be too. */
static bool may_be_refused(const struct golden *golden, const char *key, const char *changed)
{
    char of_family[MAX_PATH], type[MAX_PATH] = "";
    const char *text = changed[0] != '\0' ? changed : "null";
    const char *quoted = hs_json_string(hs_json_get(hs_json_get(golden->row, "config"), "model_type"));
    (void)snprintf(type, sizeof type, "%.*s", (int)strlen(quoted) - 2, quoted + 1);
    (void)snprintf(of_family, sizeof of_family, "%s/%s", type, key);
    return holds(hs_json_get(golden->refused, key), text) || holds(hs_json_get(golden->refused, of_family), text);
}

/*
 * 1 if it went wrong. `logits` are those of transformers, or NULL where it fails: what it refuses may have the numbers
 * of the case, where no others can be meant.
 */
static size_t check_change(struct golden *golden, const char *key, const char *changed, const hs_json_value *logits)
{
    write_config(golden, key, changed);
    enum verdict verdict = judge(golden, logits != NULL ? logits : hs_json_get(golden->row, "logits"));
    bool refusal_is_fine = logits == NULL || may_be_refused(golden, key, changed);
    if (verdict == SAME || (verdict == REFUSED && refusal_is_fine))
        return 0;
    print_message("%s: %s %s%s%s, transformers %s\n", hs_json_string(hs_json_get(golden->row, "name")), key,
                  changed[0] != '\0' ? changed : "left out", verdict == REFUSED ? " is refused: " : " has other logits",
                  verdict == REFUSED ? golden->message : "", logits != NULL ? "computes" : "fails");
    return 1;
}

/* All texts of a key, by what comes of them. */
static size_t check_key(struct golden *golden, const char *key, const hs_json_value *outcomes)
{
    const hs_json_value *same = hs_json_get(outcomes, "same"), *fails = hs_json_get(outcomes, "fails");
    const hs_json_value *plain = hs_json_get(golden->row, "logits"), *logits = NULL;
    hs_json_iterator *at = NULL;
    const char *text = NULL;
    size_t length = 0, n_wrong = 0;
    for (size_t i = 0; i < hs_json_size(same); i++)
        n_wrong += check_change(golden, key, hs_json_string(hs_json_at(same, i)), plain);
    for (size_t i = 0; i < hs_json_size(fails); i++)
        n_wrong += check_change(golden, key, hs_json_string(hs_json_at(fails, i)), NULL);
    while ((at = hs_json_next(hs_json_get(outcomes, "other"), at, &text, &length, &logits)) != NULL)
        n_wrong += check_change(golden, key, text, logits);
    return n_wrong;
}

static size_t check_case(const char *name, const hs_json_value *refused)
{
    hs_json *json = read_file(name);
    struct golden golden = {.row = hs_json_root(json), .refused = refused, .folder = test_temporary_folder()};
    const hs_json_value *outcomes = NULL;
    hs_json_iterator *at = NULL;
    const char *key = NULL;
    size_t length = 0, n_wrong = 0;
    assert_true(hs_json_size(hs_json_get(golden.row, "keys")) > 0);
    link_weights(&golden);
    while ((at = hs_json_next(hs_json_get(golden.row, "keys"), at, &key, &length, &outcomes)) != NULL)
        n_wrong += check_key(&golden, key, outcomes);
    test_folder_remove(golden.folder);
    free(golden.folder);
    hs_json_free(json);
    return n_wrong;
}

static int is_case(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && strcmp(entry->d_name, "refused.json") != 0;
}

static void test_changed_keys(void **state)
{
    (void)state;
    hs_json *refused = read_file("refused.json");
    struct dirent **entries = NULL;
    char folder[MAX_PATH];
    size_t n_wrong = 0;
    find_file(folder, "");
    int n_cases = scandir(folder, &entries, is_case, alphasort);
    assert_true(n_cases > 0);
    for (int i = 0; i < n_cases; i++) {
        n_wrong += check_case(entries[i]->d_name, hs_json_root(refused));
        free(entries[i]);
    }
    free((void *)entries);
    hs_json_free(refused);
    assert_int_equal(n_wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_changed_keys)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
