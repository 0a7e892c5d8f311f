/* config: what is read from an experiment file: defaults, types, limits, paths, includes. */
#include "support/config_fixture.h"

static void expect_list(const hs_string_list *list, size_t n, const char *const *expected)
{
    assert_int_equal(list->n, n);
    for (size_t i = 0; i < n; i++)
        assert_string_equal(list->items[i], expected[i]);
}

static void test_defaults(void **state)
{
    (void)state;
    hs_experiment *e = load(SMALLEST);
    assert_string_equal(e->path, "e.cfg");
    assert_string_equal(e->checkpoint, "model");
    assert_int_equal(e->n_orders, 1);
    assert_int_equal(e->orders[0], 1);
    expect_list(&e->heads, 1, (const char *const[]){"*"});
    assert_string_equal(e->sets_file, "");
    assert_int_equal(e->max_sets, 10000000);
    expect_list(&e->interventions, 1, (const char *const[]){"zero"});
    assert_int_equal(e->unit, HS_COMPONENT_HEAD);
    assert_int_equal(e->positions, HS_POSITIONS_ALL);
    assert_int_equal(e->value_bias, HS_VALUE_BIAS_RAW);
    assert_int_equal(e->n_tasks, 1);
    assert_string_equal(e->tasks[0].name, "accuracy");
    assert_string_equal(e->tasks[0].kind, "minimal_pair");
    assert_string_equal(e->tasks[0].file, "a.jsonl");
    assert_string_equal(e->tasks[0].lexicon, "");
    assert_int_equal(e->tasks[0].bos, HS_BOS_AUTO);
    assert_int_equal(e->tasks[0].limit, 0);
    assert_int_equal(e->tasks[0].window, 0);
    assert_int_equal(e->tasks[0].n_fields, 0);
    assert_int_equal(e->tasks[0].line, 2);
    assert_string_equal(e->reference_file, "");
    assert_string_equal(e->reference_field, "text");
    assert_int_equal(e->reference_limit, 0);
    assert_string_equal(e->objective_reduce, "");
    assert_string_equal(e->objective_reduce_metric, "");
    assert_string_equal(e->objective_keep, "");
    assert_string_equal(e->objective_keep_metric, "");
    assert_true(e->objective_tolerance == 0.02);
    assert_int_equal(e->objective_keep_also.n, 0);
    assert_int_equal(e->resamples, 2000);
    assert_int_equal(e->permutations, 10000);
    assert_true(e->confidence == 0.95);
    assert_int_equal(e->interval, HS_INTERVAL_BCA);
    assert_int_equal(e->seed, 1);
    assert_int_equal(e->engine, HS_ENGINE_PREFIX);
    assert_int_equal(e->scheduler, HS_SCHEDULER_GUIDED);
    assert_int_equal(e->batch_rows, 2048);
    assert_int_equal(e->sets_per_group, 0);
    assert_int_equal(e->max_lease_groups, 64);
    assert_true(e->progress_seconds == 30.0);
    assert_string_equal(e->results, "r.h5");
    hs_config_free(e);
    hs_config_free(NULL);
}

static void test_all_keys(void **state)
{
    (void)state;
    hs_experiment *e = load(
        "model = { checkpoint = \"/models/gpt2\" }\n"
        "sweep: { orders = (3, 1, 2); heads = [\"0-2.*\", \"4.7\"]; sets_file = \"sets.txt\"; max_sets = 5;\n"
        "  interventions = [\"zero\", \"scale=0.5\"]; unit = \"kv_group\"; positions = \"scored\";\n"
        "  value_bias = \"folded\"; };\n"
        "tasks = ( { name = \"pair-1_A\"; kind = \"minimal_pair\"; file = \"x/a.jsonl\"; limit = 7; bos = \"never\";\n"
        "    fields = { good = \"sentence_good\"; bad = \"sentence_bad\"; }; lexicon = \"words.txt\"; window = 16; },\n"
        "  { name = \"tox\"; kind = \"contrast\"; file = \"/t.jsonl\"; } );\n"
        "reference: { file = \"ref.jsonl\"; field = \"ids\"; limit = 9; };\n"
        "objective: { reduce = \"tox\"; reduce_metric = \"contrast\"; keep = \"pair-1_A\"; keep_metric = \"acc\";\n"
        "  tolerance = 1; };\n"
        "run: { engine = \"reference\"; scheduler = \"static\"; seed = 9223372036854775807; batch_rows = 0x10;\n"
        "  sets_per_group = 4L; memory_per_rank = 3000; max_lease_groups = +2; progress_seconds = .5e1; };\n"
        "output: { results = \"out/r.h5\"; }\n");
    assert_string_equal(e->checkpoint, "/models/gpt2");
    assert_int_equal(e->n_orders, 3);
    assert_true(e->orders[0] == 1 && e->orders[1] == 2 && e->orders[2] == 3);
    expect_list(&e->heads, 2, (const char *const[]){"0-2.*", "4.7"});
    assert_string_equal(e->sets_file, "sets.txt");
    assert_int_equal(e->max_sets, 5);
    expect_list(&e->interventions, 2, (const char *const[]){"zero", "scale=0.5"});
    assert_int_equal(e->unit, HS_COMPONENT_KV_GROUP);
    assert_int_equal(e->positions, HS_POSITIONS_SCORED);
    assert_int_equal(e->value_bias, HS_VALUE_BIAS_FOLDED);
    assert_int_equal(e->n_tasks, 2);
    assert_int_equal(e->tasks[0].bos, HS_BOS_NEVER);
    assert_string_equal(e->tasks[0].lexicon, "words.txt");
    assert_int_equal(e->tasks[0].limit, 7);
    assert_int_equal(e->tasks[0].window, 16);
    assert_int_equal(e->tasks[0].n_fields, 2);
    assert_string_equal(e->tasks[0].fields[0].name, "bad");
    assert_string_equal(e->tasks[0].fields[0].key, "sentence_bad");
    assert_string_equal(e->tasks[0].fields[1].name, "good");
    assert_string_equal(e->tasks[0].fields[1].key, "sentence_good");
    assert_int_equal(e->tasks[1].line, 7);
    assert_string_equal(e->reference_file, "ref.jsonl");
    assert_string_equal(e->reference_field, "ids");
    assert_int_equal(e->reference_limit, 9);
    assert_string_equal(e->objective_keep_metric, "acc");
    assert_true(e->objective_tolerance == 1.0);
    assert_true(e->seed == INT64_MAX);
    assert_true(e->tasks[0].seed == INT64_MAX);
    assert_int_equal(e->batch_rows, 16);
    assert_int_equal(e->sets_per_group, 4);
    assert_int_equal(e->memory_per_rank, 3000);
    assert_int_equal(e->max_lease_groups, 2);
    assert_true(e->progress_seconds == 5.0);
    assert_string_equal(e->results, "out/r.h5");
    hs_config_free(e);
}

/* libconfig 1.5 by itself reads 3000000000 as -1294967296 and 0x1FFFFFFFF as -1. */
static void test_integers_beyond_32_bits(void **state)
{
    (void)state;
    static const struct {
        const char *written;
        int64_t value;
    } rows[] = {{"3000000000", INT64_C(3000000000)},  {"0x1FFFFFFFF", INT64_C(8589934591)},
                {"4294967296L", INT64_C(4294967296)}, {"5000000000LL", INT64_C(5000000000)},
                {"0xffffffff", INT64_C(4294967295)},  {"010", 10}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[512];
        (void)snprintf(text, sizeof text, SMALLEST "run: { seed = %s; };\n", rows[i].written);
        hs_experiment *e = load(text);
        assert_true(e->seed == rows[i].value);
        hs_config_free(e);
    }
}

static void test_single_value_is_a_list_of_one(void **state)
{
    (void)state;
    hs_experiment *e = load(MODEL "tasks = { name = \"only\"; kind = \"contrast\"; file = \"t\"; };\n" OUTPUT
                                  "sweep: { orders = 2; heads = \"1.*\"; interventions = \"mean\"; };\n");
    assert_int_equal(e->n_orders, 1);
    assert_int_equal(e->orders[0], 2);
    expect_list(&e->heads, 1, (const char *const[]){"1.*"});
    expect_list(&e->interventions, 1, (const char *const[]){"mean"});
    assert_int_equal(e->n_tasks, 1);
    assert_string_equal(e->tasks[0].name, "only");
    hs_config_free(e);
}

static void test_file_peculiarities(void **state)
{
    (void)state;
    /* A byte order mark, Windows line ends, a comment that ends the file without a newline, strings put together. */
    hs_experiment *e =
        load("\xEF\xBB\xBF" MODEL ONE_TASK "output: {\r\n  results = \"a # b \\\" \" \"\\\\ c\"; };\r\n# end");
    assert_string_equal(e->results, "a # b \" \\ c");
    hs_config_free(e);
    /* The mark of an included file too; carriage returns alone end lines, and so the comment. */
    write_text("marked.cfg", "\xEF\xBB\xBFrun: { seed = 5; };\n");
    e = load("\xEF\xBB\xBF" SMALLEST "@include \"marked.cfg\"\n");
    assert_int_equal(e->seed, 5);
    hs_config_free(e);
    e = load(
        "# here\rmodel: { checkpoint = \"m\"; };\rtasks = ( { name = \"a\"; kind = \"contrast\"; file = \"a\"; } );\r"
        "output: { results = \"r\"; }; # there\r");
    assert_string_equal(e->results, "r");
    hs_config_free(e);
    expect_error("\xFF\xFEm", NULL,
                 "e.cfg is UTF-16, as its byte order mark says; UTF-8 is needed: iconv -f UTF-16 -t UTF-8 FILE > NEW");
    e = load(SMALLEST "run: /* here\n or there */ { seed = 12/**/; } // end");
    assert_int_equal(e->seed, 12);
    hs_config_free(e);
    e = load(MODEL ONE_TASK OUTPUT "sweep: { orders = []; sets_file = \"s\"; };\n");
    assert_int_equal(e->n_orders, 0);
    hs_config_free(e);
}

static void test_unreadable_files(void **state)
{
    (void)state;
    hs_error error = {0};
    hs_experiment *e = NULL;
    assert_int_equal(hs_config_load("nowhere.cfg", NULL, 0, &e, &error), HS_ERROR_IO);
    assert_non_null(strstr(error.message, "nowhere.cfg"));
    assert_null(e);
    error = (hs_error){0};
    assert_int_equal(hs_config_load(".", NULL, 0, &e, &error), HS_ERROR_IO);

    FILE *file = fopen("large.cfg", "w");
    assert_non_null(file);
    for (size_t i = 0; i < 1024 * 1024 + 1; i++)
        assert_int_equal(fputc('\n', file), '\n');
    assert_int_equal(fclose(file), 0);
    error = (hs_error){0};
    assert_int_equal(hs_config_load("large.cfg", NULL, 0, &e, &error), HS_ERROR_USAGE);
    assert_non_null(strstr(error.message, "large.cfg is larger than the 1048576 bytes"));

    file = fopen("zero.cfg", "w");
    assert_non_null(file);
    assert_int_equal(fwrite("a\0b", 1, 3, file), 3);
    assert_int_equal(fclose(file), 0);
    error = (hs_error){0};
    assert_int_equal(hs_config_load("zero.cfg", NULL, 0, &e, &error), HS_ERROR_USAGE);
    assert_string_equal(error.message, "zero.cfg has a zero byte; an experiment file is a text");
    expect_error("a = \"\xFF\";", NULL, "e.cfg: byte 0xFF at offset 5 is not valid UTF-8");
}

static void test_long_values_are_refused(void **state)
{
    (void)state;
    char value[4098], text[8192];
    memset(value, 'x', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    (void)snprintf(text, sizeof text, MODEL ONE_TASK "output: { results = \"%s\"; };\n", value);
    expect_error(text, NULL, "e.cfg:3: output.results has 4097 bytes; at most 4096 are allowed");
    value[4096] = '\0';
    (void)snprintf(text, sizeof text, MODEL ONE_TASK "output: { results = \"%s\"; };\n", value);
    hs_experiment *e = load(text);
    assert_string_equal(e->results, value);
    hs_config_free(e);
}

static void test_paths(void **state)
{
    (void)state;
    write_text("sub/e.cfg", "model: { checkpoint = \"../model\"; };\n"
                            "tasks = ( { name = \"a\"; kind = \"k\"; file = \"a.jsonl\"; lexicon = \"/w.txt\"; } );\n"
                            "sweep: { sets_file = \"sets\"; };\nreference: { file = \"r.jsonl\"; };\n" OUTPUT);
    hs_experiment *e = load_file("sub/e.cfg", NULL, 0);
    assert_string_equal(e->checkpoint, "sub/../model");
    assert_string_equal(e->tasks[0].file, "sub/a.jsonl");
    assert_string_equal(e->tasks[0].lexicon, "/w.txt");
    assert_string_equal(e->sets_file, "sub/sets");
    assert_string_equal(e->reference_file, "sub/r.jsonl");
    assert_string_equal(e->results, "r.h5");
    expect_key(e, "model.checkpoint", "../model", false);
    expect_key(e, "tasks[0].file", "a.jsonl", false);
    expect_key(e, "tasks[0].lexicon", "/w.txt", false);
    expect_key(e, "sweep.sets_file", "sets", false);
    expect_key(e, "reference.file", "r.jsonl", false);
    expect_key(e, "output.results", "r.h5", false);
    hs_config_free(e);
}

/* Eight files, each included by the one before it: as many as are allowed. */
static void test_include_depth(void **state)
{
    (void)state;
    char path[64], text[256];
    for (int i = 0; i < 8; i++) {
        (void)snprintf(path, sizeof path, "sub/depth%d.cfg", i);
        (void)snprintf(text, sizeof text, i < 7 ? "@include \"depth%d.cfg\"\n" : SMALLEST "run: { seed = %d; };\n",
                       i + 1);
        write_text(path, text);
    }
    write_text("sub/e.cfg", "@include \"depth0.cfg\"\n");
    hs_experiment *e = load_file("sub/e.cfg", NULL, 0);
    assert_int_equal(e->seed, 8);
    hs_config_free(e);

    hs_error error = {0};
    write_text("sub/outer.cfg", "@include \"e.cfg\"\n");
    assert_int_equal(hs_config_load("sub/outer.cfg", NULL, 0, &e, &error), HS_ERROR_USAGE);
    assert_string_equal(error.message, "sub/depth6.cfg:1: @include \"depth7.cfg\" is the file number 9 within another");
}

static void test_include(void **state)
{
    (void)state;
    write_text("sub/more.cfg", "# tasks\n" ONE_TASK "run: {\n  @include \"seed.cfg\"\n}");
    write_text("sub/seed.cfg", "seed = 3000000000");
    write_text("sub/e.cfg", MODEL "@include \"more.cfg\" output: { results = \"r.h5\"; };\nobjective: { };\n");
    hs_experiment *e = load_file("sub/e.cfg", NULL, 0);
    assert_true(e->seed == INT64_C(3000000000));
    assert_string_equal(e->tasks[0].file, "sub/a.jsonl");
    assert_int_equal(e->tasks[0].line, 2);
    hs_config_free(e);

    hs_error error = {0};
    write_text("sub/seed.cfg", "\n\nseed = 1.5;");
    assert_int_equal(hs_config_load("sub/e.cfg", NULL, 0, &e, &error), HS_ERROR_USAGE);
    assert_string_equal(error.message, "sub/seed.cfg:3: run.seed = 1.5 is a number with a decimal point; an integer is "
                                       "needed");
    error = (hs_error){0};
    write_text("sub/seed.cfg", "seed = 1;\n");
    write_text("sub/e.cfg", MODEL "@include \"more.cfg\"\noutput: { result = \"r.h5\"; };\n");
    assert_int_equal(hs_config_load("sub/e.cfg", NULL, 0, &e, &error), HS_ERROR_USAGE);
    assert_string_equal(error.message, "sub/e.cfg:3: unknown key \"output.result\"; did you mean \"output.results\"?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_all_keys),
        cmocka_unit_test(test_integers_beyond_32_bits),
        cmocka_unit_test(test_single_value_is_a_list_of_one),
        cmocka_unit_test(test_file_peculiarities),
        cmocka_unit_test(test_unreadable_files),
        cmocka_unit_test(test_long_values_are_refused),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_include),
        cmocka_unit_test(test_include_depth),
    };
    return cmocka_run_group_tests_name("config", tests, enter_scratch, remove_scratch);
}
