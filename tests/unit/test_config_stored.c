/*
 * config: what a results file states of its experiment is read back as it was, also where the file is older than a key.
 */
#include "support/config_fixture.h"

#include <math.h>

static const char every_group[] = TWO_TASKS
    "sweep: { orders = [1, 3]; heads = [\"0-1.*\", \"3\"]; interventions = [\"scale=0.5\"]; unit = \"kv_group\";\n"
    "         positions = \"scored\"; };\n"
    "objective: { reduce = \"toxicity\"; keep = \"accuracy\"; tolerance = 2.5e+15;\n"
    "             keep_also = [\"accuracy.margin=0.5\"]; };\n"
    "reference: { file = \"a \\\"b\\\" \\\\ c.jsonl\"; columns = [\"x y\", \"z\"]; quote = \"single\"; };\n"
    "analysis: { confidence = 1e-300; interval = \"percentile\"; };\n"
    "pruning: { curve = \"both\"; chance = 0.25; kept = 1; };\n"
    "run: { seed = 9223372036854775807; engine = \"reference\"; progress_seconds = 0.1; };\n";

/* The rows of one experiment, of which a file may lack some and hold another value of one. */
typedef struct stored {
    hs_config_values values;
    const char *lacks; /* beginning of keys; NULL: none */
    const char *key, *value;
} stored;

static const char *look_up(const void *context, const char *key)
{
    const stored *s = context;
    if (s->lacks != NULL && strncmp(key, s->lacks, strlen(s->lacks)) == 0)
        return NULL;
    if (s->key != NULL && strcmp(key, s->key) == 0)
        return s->value;
    for (size_t i = 0; i < s->values.n; i++)
        if (strcmp(s->values.items[i].key, key) == 0)
            return s->values.items[i].value;
    return NULL;
}

static stored stored_of(const char *text)
{
    stored s = {0};
    hs_error error = {0};
    hs_experiment *e = load(text);
    assert_int_equal(hs_config_list_values(e, &s.values, &error), HS_OK);
    hs_config_free(e);
    return s;
}

static hs_experiment *read_back(const stored *s)
{
    hs_error error = {0};
    hs_experiment *e = NULL;
    if (hs_config_read_stored("r.h5", look_up, s, &e, &error) != HS_OK)
        fail_msg("%s", error.message);
    return e;
}

static void test_same_again(void **state)
{
    (void)state;
    const char *const texts[] = {SMALLEST, every_group};
    for (size_t t = 0; t < 2; t++) {
        stored s = stored_of(texts[t]);
        hs_config_values again;
        hs_error error = {0};
        hs_experiment *e = read_back(&s);
        size_t n = 0;
        assert_int_equal(hs_config_list_values(e, &again, &error), HS_OK);
        for (size_t i = 0; i < s.values.n; i++) {
            if (strncmp(s.values.items[i].key, "tasks[", strlen("tasks[")) == 0)
                continue;
            assert_string_equal(again.items[n].key, s.values.items[i].key);
            assert_string_equal(again.items[n++].value, s.values.items[i].value);
        }
        assert_int_equal(n, again.n);
        hs_config_values_clear(&again);
        hs_config_values_clear(&s.values);
        hs_config_free(e);
    }
}

/* Defaults, but those that were others when the key was new; what has no default is empty. */
static void test_keys_that_are_missing(void **state)
{
    (void)state;
    stored s = {.lacks = ""};
    hs_experiment *e = read_back(&s);
    assert_int_equal(e->n_tasks, 0);
    assert_string_equal(e->checkpoint, "");
    assert_string_equal(e->results, "");
    assert_string_equal(e->objective_reduce, "");
    assert_int_equal(e->resamples, 2000);
    assert_int_equal(e->interval, HS_INTERVAL_BCA);
    assert_int_equal(e->pruning_curve, HS_CURVES_NONE);
    assert_true(e->pruning_chance == 0);
    hs_config_free(e);
    s = stored_of(SMALLEST);
    e = read_back(&s);
    assert_true(isnan(e->pruning_chance));
    hs_config_free(e);
    hs_config_values_clear(&s.values);
}

static void test_what_no_experiment_has(void **state)
{
    (void)state;
    static const struct {
        const char *key, *value, *message;
    } rows[] = {
        {"analysis.resamples", "0", "r.h5: analysis.resamples = 0 is out of range; 100 to 1000000 is needed"},
        {"analysis.confidence", "nan", "r.h5: analysis.confidence = `nan` cannot be read; a number is needed"},
        {"analysis.interval", "bac", "r.h5: analysis.interval = \"bac\" is not known; did you mean \"bca\"?"},
        {"objective.keep_also", "[\"a\"", "r.h5: objective.keep_also = `[\"a\"` cannot be read; a list of strings"},
        {"objective.keep_also", "[1]; x = 2", "r.h5: objective.keep_also = `[1]; x = 2` cannot be read"},
        {"controls.random_sets", "-1", "r.h5: controls.random_sets = -1 is out of range"},
        {"run.seed", "", "r.h5: run.seed = `` cannot be read; an integer"},
        {"objective.reduce", "\xff", "r.h5: objective.reduce"},
        {"pruning.chance", "half", "r.h5: pruning.chance = `half` cannot be read; a number or \"auto\""},
    };
    stored s = stored_of(SMALLEST);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        hs_error error = {0};
        hs_experiment *e = NULL;
        s.key = rows[i].key;
        s.value = rows[i].value;
        assert_int_equal(hs_config_read_stored("r.h5", look_up, &s, &e, &error), HS_ERROR_USAGE);
        assert_null(e);
        if (strstr(error.message, rows[i].message) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", error.message, rows[i].message);
    }
    hs_config_values_clear(&s.values);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_again),
        cmocka_unit_test(test_keys_that_are_missing),
        cmocka_unit_test(test_what_no_experiment_has),
    };
    return cmocka_run_group_tests_name("config_stored", tests, enter_scratch, remove_scratch);
}
