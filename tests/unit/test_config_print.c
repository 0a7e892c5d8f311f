/* config: hs_config_print(), hs_config_list_values(), hs_config_describe_keys() and the table behind them. */
#include "support/assert_status.h"
#include "support/config_fixture.h"

#define PECULIAR                                                                                             \
    "model: { checkpoint = \"mod\\\"el\\\\\\n\\t\\x01\\x7f gr\xC3\xBC\xC3\x9F\"; };\n"                       \
    "sweep: { orders = [2, 1]; heads = [\"0.*\", \"1.\\\"2\"]; interventions = [\"mean\", \"zero\"]; };\n"   \
    "tasks = ( { name = \"a\"; kind = \"k\"; file = \"# a\"; fields = { x-y = \"1\"; good = \"*/\"; };\n"    \
    "  labels = ((\"1\", 0), (\"\", 3), (\"a \\\"b\", 1)); choices = [\" {a}\"]; delimiter = \" \\n\"; },\n" \
    "  { name = \"b\"; kind = \"k\"; file = \"//x\"; labels = { z = 1; a = 0; }; } );\n"                     \
    "objective: { reduce = \"a\"; keep = \"b\"; tolerance = 0.1; };\n"                                       \
    "run: { seed = 9223372036854775807; progress_seconds = 1; };\n" OUTPUT

static void expect_same_values(const hs_experiment *left, const hs_experiment *right)
{
    hs_error error = {0};
    hs_config_values l, r;
    assert_ok(hs_config_list_values(left, &l, &error), &error);
    assert_ok(hs_config_list_values(right, &r, &error), &error);
    assert_int_equal(l.n, r.n);
    for (size_t i = 0; i < l.n; i++) {
        assert_string_equal(l.items[i].key, r.items[i].key);
        /* Printed paths are absolute. */
        size_t tail = strlen(r.items[i].value) - strlen(l.items[i].value);
        bool is_path = r.items[i].value[0] == '/' && strlen(r.items[i].value) > strlen(l.items[i].value);
        assert_string_equal(l.items[i].value, r.items[i].value + (is_path ? tail : 0));
    }
    hs_config_values_clear(&l);
    hs_config_values_clear(&r);
}

static void expect_round_trip(const char *text)
{
    hs_error error = {0};
    hs_text printed = {0}, again = {0};
    hs_experiment *e = load(text);
    assert_ok(hs_config_print(e, &printed, &error), &error);
    write_text("sub/printed.cfg", printed.text);
    hs_experiment *f = load_file("sub/printed.cfg", NULL, 0);
    expect_same_values(e, f);
    assert_ok(hs_config_print(f, &again, &error), &error);
    assert_string_equal(printed.text, again.text);
    assert_true(f->seed == e->seed && f->objective_tolerance == e->objective_tolerance);
    assert_int_equal(e->tasks[0].n_fields, f->tasks[0].n_fields);
    hs_text_clear(&printed);
    hs_text_clear(&again);
    hs_config_free(e);
    hs_config_free(f);
}

static size_t count(const char *text, const char *part)
{
    size_t n = 0;
    for (const char *found = strstr(text, part); found != NULL; found = strstr(found + 1, part))
        n++;
    return n;
}

/* What a reader with plain libconfig 1.5 depends on, and what a terminal does. */
static void test_print_is_plain_libconfig(void **state)
{
    (void)state;
    hs_error error = {0};
    hs_text printed = {0};
    hs_experiment *e = load(PECULIAR);
    assert_ok(hs_config_print(e, &printed, &error), &error);
    assert_non_null(strstr(printed.text, "seed = 9223372036854775807L;"));
    assert_non_null(strstr(printed.text, "batch_rows = 2048;"));
    assert_non_null(strstr(printed.text, "mod\\\"el\\\\\\n\\t\\x01\\x7F gr\xC3\xBC\xC3\x9F\";"));
    assert_int_equal(count(printed.text, "# By its ending: .csv"), 1);
    assert_int_equal(count(printed.text, "        name = "), 2);
    hs_text_clear(&printed);
    hs_config_free(e);
}

static void test_print_round_trip(void **state)
{
    (void)state;
    expect_round_trip(SMALLEST);
    expect_round_trip(TWO_TASKS);
    expect_round_trip(PECULIAR);
    /* An input that exists is printed without the detour. */
    hs_error error = {0};
    hs_text printed = {0};
    char expected[4200], folder[4096];
    write_text("sub/e.cfg", "model: { checkpoint = \"../sub/.\"; };\n" ONE_TASK OUTPUT);
    hs_experiment *e = load_file("sub/e.cfg", NULL, 0);
    assert_ok(hs_config_print(e, &printed, &error), &error);
    assert_non_null(getcwd(folder, sizeof folder));
    (void)snprintf(expected, sizeof expected, "checkpoint = \"%s/sub\";", folder);
    assert_non_null(strstr(printed.text, expected));
    assert_non_null(strstr(printed.text, "\n    # Seed of everything that is drawn at random.\n    seed = 1;\n"));
    hs_text_clear(&printed);
    hs_config_free(e);
}

static void test_values(void **state)
{
    (void)state;
    hs_experiment *e = load(PECULIAR);
    expect_key(e, "model.checkpoint", "mod\"el\\\n\t\x01\x7f gr\xC3\xBC\xC3\x9F", false);
    expect_key(e, "sweep.orders", "[1, 2]", true);
    expect_key(e, "sweep.heads", "[\"0.*\", \"1.\\\"2\"]", true);
    expect_key(e, "sweep.interventions", "[\"mean\", \"zero\"]", true);
    expect_key(e, "sweep.max_sets", "10000000", false);
    expect_key(e, "sweep.unit", "query_head", true);
    expect_key(e, "sweep.positions", "all", true);
    expect_key(e, "sweep.value_bias", "raw", true);
    expect_key(e, "tasks[0].name", "a", true);
    expect_key(e, "tasks[1].kind", "k", true);
    expect_key(e, "tasks[0].fields", "{good = \"*/\", x-y = \"1\"}", true);
    expect_key(e, "tasks[1].fields", "{}", true);
    expect_key(e, "tasks[0].labels", "((\"\", 3), (\"1\", 0), (\"a \\\"b\", 1))", true);
    expect_key(e, "tasks[1].labels", "((\"a\", 0), (\"z\", 1))", true);
    expect_key(e, "tasks[0].choices", "[\" {a}\"]", true);
    expect_key(e, "tasks[0].delimiter", " \n", true);
    expect_key(e, "tasks[1].too_long", "truncate", true);
    expect_key(e, "tasks[1].sample", "0", true);
    expect_key(e, "tasks[1].limit", "0", true);
    expect_key(e, "tasks[1].bos", "auto", true);
    expect_key(e, "tasks[1].window", "0", true);
    expect_key(e, "tasks[1].lexicon", "", false);
    expect_key(e, "objective.tolerance", "0.1", false);
    expect_key(e, "objective.keep", "b", false);
    expect_key(e, "run.seed", "9223372036854775807", true);
    expect_key(e, "run.engine", "prefix", true);
    expect_key(e, "run.batch_rows", "2048", true);
    expect_key(e, "run.sets_per_group", "0", true);
    expect_key(e, "run.memory_per_rank", "1024", true);
    expect_key(e, "run.scheduler", "guided", false);
    expect_key(e, "run.max_lease_groups", "64", false);
    expect_key(e, "run.progress_seconds", "1", false);
    hs_config_free(e);
}

/* Table order, each key of each task once. */
static void test_values_are_complete(void **state)
{
    (void)state;
    hs_error error = {0};
    hs_config_values values;
    hs_experiment *e = load(TWO_TASKS);
    assert_ok(hs_config_list_values(e, &values, &error), &error);
    assert_int_equal(values.n, 1 + 8 + 2 * 29 + 6 + 6 + 4 + 2 + 7 + 9 + 2);
    assert_string_equal(values.items[0].key, "model.checkpoint");
    assert_string_equal(values.items[1].key, "sweep.orders");
    assert_string_equal(values.items[9].key, "tasks[0].name");
    assert_string_equal(values.items[38].key, "tasks[1].name");
    assert_string_equal(values.items[values.n - 1].key, "output.mpi_hints");
    hs_config_values_clear(&values);
    hs_config_free(e);
}

/* The shortest text that is the same double again, and in a file one that is a real to every reader of libconfig. */
static void test_reals_round_trip(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text, *in_file;
    } rows[] = {{0.1, "0.1", "0.1"},
                {30.0, "30", "30.0"},
                {86400.0, "86400", "86400.0"},
                {0.0, "0", "0.0"},
                {1.0 / 3.0, "0.3333333333333333", "0.3333333333333333"},
                {0.1 + 0.2, "0.30000000000000004", "0.30000000000000004"},
                {2.5e15, "2.5e+15", "2.5e+15"},
                {1e-300, "1e-300", "1e-300"},
                {5e-324, "5e-324", "5e-324"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        hs_error error = {0};
        hs_text text = {0};
        char line[64];
        hs_experiment *e = load(SMALLEST);
        e->objective_tolerance = rows[i].value;
        expect_key(e, "objective.tolerance", rows[i].text, false);
        assert_ok(hs_config_print(e, &text, &error), &error);
        (void)snprintf(line, sizeof line, " tolerance = %s;\n", rows[i].in_file);
        assert_non_null(strstr(text.text, line));
        hs_experiment *f = load(text.text);
        assert_true(f->objective_tolerance == rows[i].value);
        hs_text_clear(&text);
        hs_config_free(e);
        hs_config_free(f);
    }
}

/* An experiment that other rooms' tests put together has no written paths and may lack strings. */
static void test_experiment_made_by_hand(void **state)
{
    (void)state;
    hs_error error = {0};
    hs_text text = {0};
    hs_task_config task = {.name = "a", .kind = "contrast", .file = "x.jsonl"};
    hs_experiment e = {.checkpoint = "m", .tasks = &task, .n_tasks = 1, .seed = 4};
    expect_key(&e, "model.checkpoint", "m", false);
    expect_key(&e, "tasks[0].file", "x.jsonl", false);
    expect_key(&e, "sweep.unit", "query_head", true);
    expect_key(&e, "sweep.orders", "[]", true);
    assert_ok(hs_config_print(&e, &text, &error), &error);
    assert_non_null(strstr(text.text, "seed = 4;"));
    hs_text_clear(&text);
}

static void test_describe_has_every_key(void **state)
{
    (void)state;
    hs_error error = {0};
    hs_text text = {0};
    assert_ok(hs_config_describe_keys(&text, &error), &error);
    static const char head[] = "| key | type | default | meaning |\n| --- | --- | --- | --- |\n";
    assert_int_equal(strncmp(text.text, head, sizeof head - 1), 0);
    for (size_t i = 0; i < hs__config_key_count(); i++) {
        char cell[128];
        (void)snprintf(cell, sizeof cell, "\n| `%s` | ", hs__config_key_at(i)->path);
        const char *line = strstr(text.text, cell);
        assert_non_null(line);
        assert_non_null(strstr(line, hs__config_key_at(i)->meaning));
    }
    assert_non_null(strstr(text.text, "| `run.scheduler` | `guided` or `static` | `\"guided\"` | How work"));
    assert_non_null(strstr(text.text, "| `sweep.orders` | list of integers, 1 to 8 | `[1]` | Sizes"));
    assert_non_null(strstr(text.text, "| `output.results` | path | required | The results file"));
    assert_non_null(strstr(
        text.text, "`analysis.interval`, `pruning.chance`, `pruning.kept`, `run.scheduler`, `run.max_lease_groups`"));
    hs_text_clear(&text);
}

/* Each row is usable: the parts that belong to its type are there, and a line fits beside its key in a file. */
static void test_table_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < hs__config_key_count(); i++) {
        const key_row *row = hs__config_key_at(i);
        size_t length = strlen(row->meaning);
        assert_true(length > 10 && length < 120 && row->meaning[length - 1] == '.');
        bool is_number = row->type == KEY_INTEGER || row->type == KEY_REAL || row->type == KEY_INTEGER_LIST;
        assert_int_equal(is_number, row->maximum > row->minimum);
        bool is_list = row->type == KEY_INTEGER_LIST || row->type == KEY_STRING_LIST || row->type == KEY_FIELDS ||
                       row->type == KEY_LABELS || row->type == KEY_TASKS;
        assert_int_equal(is_list, row->max_items > 0);
        assert_ptr_equal(hs__config_key_find("sweep.", "orders", 6), hs__config_key_at(1));
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(row->path, hs__config_key_at(j)->path);
            assert_true(hs__config_key_is_of_task(row) != hs__config_key_is_of_task(hs__config_key_at(j)) ||
                        row->offset != hs__config_key_at(j)->offset);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_print_is_plain_libconfig),
        cmocka_unit_test(test_print_round_trip),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_values_are_complete),
        cmocka_unit_test(test_reals_round_trip),
        cmocka_unit_test(test_experiment_made_by_hand),
        cmocka_unit_test(test_describe_has_every_key),
        cmocka_unit_test(test_table_rows),
    };
    return cmocka_run_group_tests_name("config_print", tests, enter_scratch, remove_scratch);
}
