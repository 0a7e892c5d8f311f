/* config: an experiment that is parsed from the block of bytes that another process read. */
#include "support/assert_status.h"
#include "support/config_fixture.h"

/* Two files that the experiment file includes, and an empty one that the first of them includes. */
static void write_files(const char *orders)
{
    char last[128];
    write_text("sub/e.cfg", MODEL "@include \"tasks.cfg\"\n" OUTPUT "@include \"last.cfg\"\n");
    write_text("sub/tasks.cfg", "# tasks\n" ONE_TASK "run: {\n@include \"empty.cfg\"\nseed = 7; };\n");
    write_text("sub/empty.cfg", "");
    (void)snprintf(last, sizeof last, "\nsweep: { orders = %s; };", orders);
    write_text("sub/last.cfg", last);
}

static void remove_files(void)
{
    static const char *const paths[] = {"sub/e.cfg", "sub/tasks.cfg", "sub/empty.cfg", "sub/last.cfg"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        assert_int_equal(unlink(paths[i]), 0);
}

/* What hs_config_read() makes of those files, which are gone then; hs_text_clear() it. */
static hs_text read_files(const char *orders)
{
    hs_text block = {0};
    hs_error error = {0};
    write_files(orders);
    assert_ok(hs_config_read("sub/e.cfg", NULL, 0, &block, &error), &error);
    remove_files();
    return block;
}

static hs_text print(const hs_experiment *experiment)
{
    hs_text text = {0};
    hs_error error = {0};
    assert_ok(hs_config_print(experiment, &text, &error), &error);
    return text;
}

static void test_block_gives_the_same_experiment(void **state)
{
    (void)state;
    static const char *const override = "run.batch_rows=16";
    write_files("[1, 2]");
    hs_experiment *loaded = load_file("sub/e.cfg", &override, 1);
    hs_text block = read_files("[1, 2]"), expected = print(loaded);

    hs_error error = {0};
    hs_experiment *parsed = NULL;
    assert_ok(hs_config_parse("sub/e.cfg", &block, &override, 1, &parsed, &error), &error);
    hs_text text = print(parsed);
    assert_string_equal(text.text, expected.text);
    assert_int_equal(parsed->seed, 7);
    assert_int_equal(parsed->n_orders, 2);
    assert_int_equal(parsed->batch_rows, 16);
    assert_int_equal(parsed->tasks[0].line, loaded->tasks[0].line);
    assert_string_equal(parsed->path, "sub/e.cfg");
    assert_string_equal(parsed->tasks[0].file, "sub/a.jsonl");
    hs_text_clear(&text);
    hs_text_clear(&expected);
    hs_text_clear(&block);
    hs_config_free(parsed);
    hs_config_free(loaded);
}

static void experiment_is_refused(const hs_text *block, const char *message)
{
    hs_error error = {0};
    hs_experiment *experiment = NULL;
    assert_int_equal(hs_config_parse("sub/e.cfg", block, NULL, 0, &experiment, &error), HS_ERROR_USAGE);
    assert_string_equal(error.message, message);
    assert_null(experiment);
}

/* Files and lines are named and quoted although nobody can read them any more. */
static void test_errors_of_a_block(void **state)
{
    (void)state;
    static const struct {
        const char *orders, *message;
    } rows[] = {
        {"[1.5]", "sub/last.cfg:2: sweep.orders[0] = 1.5 is a number with a decimal point; an integer is needed"},
        {"[1",
         "sub/last.cfg:2: syntax error near `sweep: { orders = [1; };`; look for a missing ; or bracket, or a comma "
         "before a closing bracket"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        hs_text block = {0};
        hs_error error = {0};
        write_files(rows[i].orders);
        assert_int_equal(hs_config_read("sub/e.cfg", NULL, 0, &block, &error), HS_ERROR_USAGE);
        assert_string_equal(error.message, rows[i].message);
        remove_files();
        experiment_is_refused(&block, rows[i].message);
        hs_text_clear(&block);
    }
}

/* Parses a copy without a byte to spare, in which a read beyond its end is found by the sanitiser and by valgrind. */
static hs_status parse_bytes(const char *bytes, size_t n_bytes, hs_error *error)
{
    hs_text block = {.text = n_bytes == 0 ? NULL : malloc(n_bytes), .length = n_bytes};
    hs_experiment *experiment = NULL;
    if (n_bytes > 0) {
        assert_non_null(block.text);
        memcpy(block.text, bytes, n_bytes);
    }
    *error = (hs_error){0};
    hs_status status = hs_config_parse("sub/e.cfg", &block, NULL, 0, &experiment, error);
    assert_true((status == HS_OK) == (experiment != NULL));
    hs_config_free(experiment);
    free(block.text);
    return status;
}

static void test_blocks_that_are_too_short(void **state)
{
    (void)state;
    hs_text block = read_files("[1, 2]");
    hs_error error;
    assert_ok(parse_bytes(block.text, block.length, &error), &error);
    for (size_t n = 0; n < block.length; n++) {
        assert_int_equal(parse_bytes(block.text, n, &error), HS_ERROR_INTERNAL);
        assert_non_null(strstr(error.message, "is cut off or missing in the block of the experiment's texts"));
    }
    assert_int_equal(parse_bytes(block.text, block.length - 1, &error), HS_ERROR_INTERNAL);
    assert_string_equal(error.message, "sub/e.cfg:4: @include: sub/last.cfg is cut off or missing in the block of the "
                                       "experiment's texts");
    hs_text_clear(&block);
}

static void test_blocks_that_are_too_long(void **state)
{
    (void)state;
    hs_text block = read_files("[1, 2]");
    hs_error error = {0};
    assert_ok(hs_text_append(&block, "a = 1;", sizeof "a = 1;", &error), &error);
    assert_int_equal(parse_bytes(block.text, block.length, &error), HS_ERROR_INTERNAL);
    assert_string_equal(error.message, "sub/e.cfg: 7 bytes are left over in the block of the experiment's texts");
    hs_text_clear(&block);
}

/*
 * A text ends too early or not at all. What is left of it is wrong by itself, or their number is not what is included.
 */
static void test_texts_that_end_elsewhere(void **state)
{
    (void)state;
    hs_text block = read_files("[1, 2]");
    hs_error error;
    for (size_t i = 0; i < block.length; i++) {
        const char kept = block.text[i];
        block.text[i] = kept == '\0' ? '\n' : '\0';
        hs_status status = parse_bytes(block.text, block.length, &error);
        assert_true(status == HS_ERROR_INTERNAL || (status == HS_ERROR_USAGE && kept != '\0'));
        block.text[i] = kept;
    }
    hs_text_clear(&block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_block_gives_the_same_experiment), cmocka_unit_test(test_errors_of_a_block),
        cmocka_unit_test(test_blocks_that_are_too_short),       cmocka_unit_test(test_blocks_that_are_too_long),
        cmocka_unit_test(test_texts_that_end_elsewhere),
    };
    return cmocka_run_group_tests_name("config_block", tests, enter_scratch, remove_scratch);
}
