/* config: --set in all its forms, and what is said about wrong ones. */
#include "support/config_fixture.h"

typedef struct override_row {
    const char *override, *key, *value;
} override_row;

static void test_overrides(void **state)
{
    (void)state;
    static const override_row rows[] = {
        {"run.seed=7", "run.seed", "7"},
        {"run.seed=9000000000", "run.seed", "9000000000"},
        {" run.seed = 0x10 ", "run.seed", "16"},
        {"pruning.chance=0.25", "pruning.chance", "0.25"},
        {"pruning.chance=auto", "pruning.chance", "auto"},
        {"pruning.chance=\"auto\"", "pruning.chance", "auto"},
        {"objective.tolerance=1", "objective.tolerance", "1"},
        {"run.progress_seconds=0.1", "run.progress_seconds", "0.1"},
        {"sweep.orders=[1,2]", "sweep.orders", "[1, 2]"},
        {"sweep.orders=(2, 1)", "sweep.orders", "[1, 2]"},
        {"sweep.orders=3", "sweep.orders", "[3]"},
        {"sweep.orders=1,3", "sweep.orders", "[1, 3]"},
        {"sweep.interventions=[\"zero\",\"mean\"]", "sweep.interventions", "[\"zero\", \"mean\"]"},
        {"sweep.interventions=\"zero\",\"mean\"", "sweep.interventions", "[\"zero\", \"mean\"]"},
        {"sweep.interventions=zero,mean", "sweep.interventions", "[\"zero\", \"mean\"]"},
        {"sweep.interventions=[zero, scale=0.5]", "sweep.interventions", "[\"zero\", \"scale=0.5\"]"},
        {"sweep.heads=*", "sweep.heads", "[\"*\"]"},
        {"sweep.heads=0-2.*, 4.7", "sweep.heads", "[\"0-2.*\", \"4.7\"]"},
        {"sweep.unit=kv_group", "sweep.unit", "kv_group"},
        {"sweep.unit=\"kv_group\"", "sweep.unit", "kv_group"},
        {"output.results=a = b; # c", "output.results", "a = b; # c"},
        {"output.results=2024", "output.results", "2024"},
        {"output.results=@include \"x\"", "output.results", "@include \"x\""},
        {"model.checkpoint=/m", "model.checkpoint", "/m"},
        {"tasks[0].limit=10", "tasks[0].limit", "10"},
        {"tasks[1].limit=10", "tasks[1].limit", "10"},
        {"tasks.accuracy.limit=11", "tasks[1].limit", "11"},
        {"tasks.toxicity.bos=never", "tasks[0].bos", "never"},
        {"tasks[0].name=other", "tasks[0].name", "other"},
        {"tasks[0].fields={toxic = \"t\"; benign = \"b\";}", "tasks[0].fields", "{benign = \"b\", toxic = \"t\"}"},
        {"tasks[0].fields.prompt=p", "tasks[0].fields", "{prompt = \"p\"}"},
        {"tasks.accuracy.fields.bad=\"b\"", "tasks[1].fields", "{bad = \"b\", good = \"g\"}"},
        {"tasks.accuracy.fields.good=h", "tasks[1].fields", "{good = \"h\"}"},
        {"tasks.accuracy.fields={}", "tasks[1].fields", "{}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        hs_experiment *e = load_set(TWO_TASKS, rows[i].override);
        char *value = value_of(e, rows[i].key, NULL);
        assert_string_equal(value, rows[i].value);
        hs_free(value);
        hs_config_free(e);
    }
}

static void test_overrides_follow_each_other(void **state)
{
    (void)state;
    static const char *const overrides[] = {"output.results=r.h5", "run.seed=2", "tasks[0].name=x",
                                            "tasks.x.limit=4",     "run.seed=3", "objective.reduce=x"};
    write_text("e.cfg", MODEL ONE_TASK "run: { seed = 1; };\n");
    hs_experiment *e = load_file("e.cfg", overrides, sizeof overrides / sizeof overrides[0]);
    assert_int_equal(e->seed, 3);
    assert_string_equal(e->results, "r.h5");
    assert_int_equal(e->tasks[0].limit, 4);
    assert_string_equal(e->objective_reduce, "x");
    hs_config_free(e);
}

static void test_bad_overrides(void **state)
{
    (void)state;
    static const struct {
        const char *override, *message;
    } rows[] = {
        {"run.seed", "--set run.seed: key=value is needed, as in --set run.seed=7"},
        {"=7", "--set =7: key=value is needed, as in --set run.seed=7"},
        {"run.sead=7", "--set run.sead=7: unknown key \"run.sead\"; did you mean \"run.seed\"?"},
        {"rnu.seed=7", "--set rnu.seed=7: unknown key \"rnu.seed\"; did you mean \"run.seed\"?"},
        {"seed=7", "--set seed=7: unknown key \"seed\"; did you mean \"run.seed\"?"},
        {"run.seed=abc", "--set run.seed=abc: `abc` cannot be read as a value; an integer is needed"},
        {"run.seed=", "--set run.seed=: `` cannot be read as a value; an integer is needed"},
        {"run.seed=\"7\"", "--set run.seed=\"7\": run.seed = \"7\" is a string; an integer is needed"},
        {"run.seed=1.5", "--set run.seed=1.5: run.seed = 1.5 is a number with a decimal point; an integer is needed"},
        {"run.seed=-1", "--set run.seed=-1: run.seed = -1 is out of range; at least 0 is needed"},
        {"run.seed=1; other = 2",
         "--set run.seed=1; other = 2: `1; other = 2` cannot be read as a value; an integer is "
         "needed"},
        {"run.seed=99999999999999999999", "--set run.seed=99999999999999999999: `99999999999999999999` cannot be read "
                                          "as a value; an integer is needed"},
        {"sweep.unit=head",
         "--set sweep.unit=head: sweep.unit = \"head\" is not known; there are: query_head, kv_group"},
        {"sweep.positions=scord", "--set sweep.positions=scord: sweep.positions = \"scord\" is not known; did you mean "
                                  "\"scored\"? There are: all, scored"},
        {"pruning.chance=half", "--set pruning.chance=half: `half` cannot be read as a value; a number or \"auto\" is "
                                "needed"},
        {"pruning.chance=\"half\"", "--set pruning.chance=\"half\": pruning.chance = \"half\" is a string; a number or "
                                    "\"auto\" is needed"},
        {"sweep.unit=\"head", "--set sweep.unit=\"head: `\"head` cannot be read as a value; a word in quotes is "
                              "needed"},
        {"sweep.orders=[1,9]", "--set sweep.orders=[1,9]: sweep.orders[1] = 9 is out of range; 1 to 8 is needed"},
        {"sweep.orders=one",
         "--set sweep.orders=one: `one` cannot be read as a value; a list of integers such as [1, 2] "
         "is needed"},
        {"sweep.interventions=", "--set sweep.interventions=: sweep.interventions is empty; at least one element is "
                                 "needed"},
        {"sweep.interventions=zero,,mean", "--set sweep.interventions=zero,,mean: sweep.interventions[1] is empty"},
        {"sweep=1", "--set sweep=1: sweep is a group; set one of its keys, as in --set sweep.key=value"},
        {"tasks=()", "--set tasks=(): tasks cannot be replaced as a whole; set a key of one, as in --set "
                     "tasks[0].limit=10"},
        {"tasks[2].limit=1", "--set tasks[2].limit=1: there is no such task; the file has 2, counted from 0"},
        {"tasks[18446744073709551616].limit=1",
         "--set tasks[18446744073709551616].limit=1: there is no such task; the file has 2, counted from 0"},
        {"tasks[-1].limit=1", "--set tasks[-1].limit=1: a task is meant as in --set tasks[0].limit=10"},
        {"tasks[].limit=1", "--set tasks[].limit=1: a task is meant as in --set tasks[0].limit=10"},
        {"tasks[0]limit=1", "--set tasks[0]limit=1: a task is meant as in --set tasks[0].limit=10"},
        {"tasks.accuracy.flds.bad=b",
         "--set tasks.accuracy.flds.bad=b: unknown key \"tasks.accuracy.flds\"; did you mean "
         "\"tasks.accuracy.fields\"?"},
        {"tasks.accuracy.fi\x94\x93"
         "ds.x=b",
         "--set tasks.accuracy.fi  ds.x=b: unknown key \"tasks.accuracy.fi  ds\"; did "
         "you mean \"tasks.accuracy.fields\"?"},
        {"\xFFun.seed=1", "--set  un.seed=1: unknown key \" un.seed\"; did you mean \"run.seed\"?"},
        {"tasks[0].limt=1", "--set tasks[0].limt=1: unknown key \"tasks[0].limt\"; did you mean \"tasks[0].limit\"?"},
        {"tasks.limit=1", "--set tasks.limit=1: unknown key \"tasks.limit\"; did you mean \"tasks[0].limit\"?"},
        {"tasks.nobody.limit=1", "--set tasks.nobody.limit=1: there is no task of that name; there are: toxicity, "
                                 "accuracy"},
        {"tasks[0].limit=-1", "--set tasks[0].limit=-1: tasks[0].limit = -1 is out of range; at least 0 is needed"},
        {"tasks[0].limit.x=1", "--set tasks[0].limit.x=1: tasks[].limit is a single value and has no parts"},
        {"tasks[0].fields.=1",
         "--set tasks[0].fields.=1: a field's name is made of letters, digits, _ and -, and begins "
         "with a letter"},
        {"tasks[0].fields.good=", "--set tasks[0].fields.good=: tasks[0].fields.good is empty"},
        {"tasks[1].name=toxicity", "--set tasks[1].name=toxicity: tasks[1].name = \"toxicity\" is also the name of "
                                   "tasks[0]"},
        {"objective.keep=accuracy",
         "--set objective.keep=accuracy: objective.keep is given, but objective.reduce names "
         "no task"},
        {"model.checkpoint=", "--set model.checkpoint=: model.checkpoint is empty"},
        {"output.results=\xFF", "--set output.results= : output.results: byte 0xFF at offset 0 is not valid UTF-8"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect_error(TWO_TASKS, rows[i].override, rows[i].message);
}

static void test_long_texts_in_messages_are_cut(void **state)
{
    (void)state;
    char override[3000] = "run.seed=", key[3000];
    memset(override + 9, 'x', sizeof override - 10);
    hs_error error = {0};
    hs_experiment *e = NULL;
    write_text("e.cfg", SMALLEST);
    const char *one = override;
    assert_int_equal(hs_config_load("e.cfg", &one, 1, &e, &error), HS_ERROR_USAGE);
    assert_true(strlen(error.message) < 500);
    assert_non_null(strstr(error.message, "xxx...: `xxx"));
    assert_non_null(strstr(error.message, "an integer is needed"));

    memset(key, 'k', sizeof key);
    memcpy(key + 2900, "=1", 3);
    one = key;
    error = (hs_error){0};
    assert_int_equal(hs_config_load("e.cfg", &one, 1, &e, &error), HS_ERROR_USAGE);
    assert_non_null(strstr(error.message, "unknown key \"kkk"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_overrides),
        cmocka_unit_test(test_overrides_follow_each_other),
        cmocka_unit_test(test_bad_overrides),
        cmocka_unit_test(test_long_texts_in_messages_are_cut),
    };
    return cmocka_run_group_tests_name("config_set", tests, enter_scratch, remove_scratch);
}
