/* config: a task whose file is a pattern becomes a task for each file that matches. */
#include "support/assert_status.h"
#include "support/config_fixture.h"

#include <sys/stat.h>

#define PATTERN(rest) MODEL "tasks = ( { kind = \"minimal_pair\"; " rest " } );\n" OUTPUT

static void write_data(const char *const *names)
{
    (void)mkdir("sub/data", 0700);
    (void)mkdir("sub/data/folder.jsonl", 0700);
    for (size_t i = 0; names[i] != NULL; i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "sub/data/%s", names[i]);
        write_text(path, "{}\n");
    }
}

static void remove_data(const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "sub/data/%s", names[i]);
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(rmdir("sub/data/folder.jsonl"), 0);
    assert_int_equal(rmdir("sub/data"), 0);
}

static hs_experiment *load_sub(const char *text)
{
    write_text("sub/e.cfg", text);
    hs_experiment *experiment = load_file("sub/e.cfg", NULL, 0);
    assert_int_equal(unlink("sub/e.cfg"), 0);
    return experiment;
}

static void expect_tasks(const hs_experiment *experiment, const char *const *names)
{
    size_t n = 0;
    for (; names[n] != NULL; n++) {
        assert_true(n < experiment->n_tasks);
        assert_string_equal(experiment->tasks[n].name, names[n]);
    }
    assert_int_equal(experiment->n_tasks, n);
}

static const char *const FILES[] = {"b.jsonl", "a two.jsonl", "B.jsonl", "c.x.jsonl.gz", "note.txt", NULL};

static void test_tasks_are_named_after_their_files(void **state)
{
    (void)state;
    write_data(FILES);
    hs_experiment *e = load_sub(PATTERN("file = \"data/*.jsonl*\"; limit = 3; fields = { good = \"g\"; };"));
    expect_tasks(e, (const char *const[]){"B", "a_two", "b", "c_x", NULL});
    assert_string_equal(e->tasks[1].file, "sub/data/a two.jsonl");
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(e->tasks[i].limit, 3);
        assert_int_equal(e->tasks[i].n_fields, 1);
        assert_string_equal(e->tasks[i].fields[0].key, "g");
        assert_int_equal(e->tasks[i].line, 2);
    }
    expect_key(e, "tasks[3].file", "data/c.x.jsonl.gz", false);
    expect_key(e, "tasks[3].name", "c_x", true);
    hs_config_free(e);
    e = load_sub(PATTERN("name = \"blimp\"; file = \"data/[a-b]*.jsonl\";"));
    expect_tasks(e, (const char *const[]){"blimp_a_two", "blimp_b", NULL});
    hs_config_free(e);
    remove_data(FILES);
}

/* Names that other tasks have are kept apart, whichever comes first in the file. */
static void test_names_are_unique(void **state)
{
    (void)state;
    static const char *const files[] = {"a.jsonl", "a.csv", "a.tsv", NULL};
    write_data(files);
    hs_experiment *e = load_sub(MODEL "tasks = ( { kind = \"minimal_pair\"; file = \"data/a.?s?\"; },\n"
                                      "{ name = \"a\"; kind = \"contrast\"; file = \"t.jsonl\"; },\n"
                                      "{ kind = \"minimal_pair\"; file = \"data/*.jsonl\"; } );\n"
                                      "objective: { reduce = \"a\"; keep = \"a_3\"; };\n" OUTPUT);
    expect_tasks(e, (const char *const[]){"a_2", "a_3", "a", "a_4", NULL});
    hs_config_free(e);
    remove_data(files);
}

static void test_a_file_of_that_name_is_meant(void **state)
{
    (void)state;
    static const char *const files[] = {"a[1].jsonl", "a1.jsonl", NULL};
    write_data(files);
    hs_experiment *e = load_sub(PATTERN("name = \"x\"; file = \"data/a[1].jsonl\";"));
    expect_tasks(e, (const char *const[]){"x", NULL});
    assert_string_equal(e->tasks[0].file, "sub/data/a[1].jsonl");
    hs_config_free(e);
    remove_data(files);
}

/* The pattern's folder is the experiment's, whose own name may look like a pattern. */
static void test_folders_are_no_patterns(void **state)
{
    (void)state;
    assert_int_equal(mkdir("sub/[x]*", 0700), 0);
    write_text("sub/[x]*/e.cfg", PATTERN("file = \"?.jsonl\";"));
    write_text("sub/[x]*/a.jsonl", "{}\n");
    hs_experiment *e = load_file("sub/[x]*/e.cfg", NULL, 0);
    expect_tasks(e, (const char *const[]){"a", NULL});
    assert_string_equal(e->tasks[0].file, "sub/[x]*/a.jsonl");
    hs_config_free(e);
    assert_int_equal(unlink("sub/[x]*/e.cfg"), 0);
    assert_int_equal(unlink("sub/[x]*/a.jsonl"), 0);
    assert_int_equal(rmdir("sub/[x]*"), 0);
}

static void test_printed_tasks_load_again(void **state)
{
    (void)state;
    hs_text text = {0};
    hs_error error = {0};
    write_data(FILES);
    hs_experiment *e = load_sub(PATTERN("file = \"data/*.jsonl\"; labels = { yes = 1; };"));
    assert_ok(hs_config_print(e, &text, &error), &error);
    hs_experiment *again = load_sub(text.text);
    assert_int_equal(again->n_tasks, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(again->tasks[i].name, e->tasks[i].name);
        assert_int_equal(again->tasks[i].n_labels, 1);
    }
    hs_text_clear(&text);
    hs_config_free(again);
    hs_config_free(e);
    remove_data(FILES);
}

/* Where the files are gone, or another process looks: what was found is in the block. */
static void test_blocks_hold_what_was_found(void **state)
{
    (void)state;
    hs_text block = {0};
    hs_error error = {0};
    hs_experiment *e = NULL;
    static const char *const override = "tasks[0].file=\"data/*.jsonl\"";
    write_data(FILES);
    write_text("sub/e.cfg", PATTERN("file = \"data/none*\";"));
    assert_ok(hs_config_read("sub/e.cfg", &override, 1, &block, &error), &error);
    remove_data(FILES);
    assert_int_equal(unlink("sub/e.cfg"), 0);
    assert_ok(hs_config_parse("sub/e.cfg", &block, &override, 1, &e, &error), &error);
    expect_tasks(e, (const char *const[]){"B", "a_two", "b", NULL});
    hs_config_free(e);
    for (size_t n = 0; n < block.length; n++) {
        const hs_text cut = {.text = block.text, .length = n};
        error = (hs_error){0};
        assert_int_equal(hs_config_parse("sub/e.cfg", &cut, &override, 1, &e, &error), HS_ERROR_INTERNAL);
    }
    hs_text_clear(&block);
}

static void test_patterns_without_a_file(void **state)
{
    (void)state;
    expect_error(PATTERN("file = \"data/*.jsonl\";"), NULL,
                 "e.cfg:2: tasks[0].file = \"data/*.jsonl\" matches no file");
    expect_error(SMALLEST, "tasks.accuracy.file=a?",
                 "--set tasks.accuracy.file=a?: tasks[0].file = \"a?\" matches no file");
}

/* As many as a results file holds. */
static void test_number_of_tasks(void **state)
{
    (void)state;
    enum { MOST = 4096 };
    hs_text text = {0};
    hs_error error = {0};
    for (size_t n = MOST; n <= MOST + 1; n++) {
        text.length = 0;
        assert_int_equal(hs_text_appendf(&text, &error, MODEL OUTPUT "tasks = ("), HS_OK);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(hs_text_appendf(&text, &error, "%s{ name = \"t%zu\"; kind = \"contrast\"; file = \"t\"; }",
                                             i > 0 ? ",\n" : "", i),
                             HS_OK);
        assert_int_equal(hs_text_appendf(&text, &error, ");\n"), HS_OK);
        if (n > MOST) {
            expect_error(text.text, NULL, "e.cfg:3: tasks has 4097 elements; at most 4096 are allowed");
            continue;
        }
        hs_experiment *e = load(text.text);
        assert_int_equal(e->n_tasks, MOST);
        hs_config_free(e);
    }
    hs_text_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tasks_are_named_after_their_files), cmocka_unit_test(test_names_are_unique),
        cmocka_unit_test(test_a_file_of_that_name_is_meant),      cmocka_unit_test(test_folders_are_no_patterns),
        cmocka_unit_test(test_printed_tasks_load_again),          cmocka_unit_test(test_blocks_hold_what_was_found),
        cmocka_unit_test(test_patterns_without_a_file),           cmocka_unit_test(test_number_of_tasks),
    };
    return cmocka_run_group_tests_name("config_patterns", tests, enter_scratch, remove_scratch);
}
