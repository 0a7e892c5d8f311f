/* base: texts that keep their first failure, JSON and CSV as they are written. */
#include "headsweep/base.h"

#include <math.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#include "support/assert_status.h"

static void test_a_text_keeps_its_first_failure(void **state)
{
    (void)state;
    hs_text text = {0}, piece = {0};
    hs_error error = {0};

    hs_text_put(&text, "a");
    hs_text_putf(&text, "%d", 12);
    assert_ok(hs_text_status(&text, &error), &error);
    assert_string_equal(text.text, "a12");
    hs_text_keep(&text, HS_OK);
    assert_string_equal(hs_text_kept(&text, &piece), "");
    hs_text_put(&piece, "b");
    assert_string_equal(hs_text_kept(&text, &piece), "b");
    hs_text_empty(&piece);
    assert_string_equal(hs_text_kept(&text, &piece), "");
    hs_text_put_bytes(&text, "x", SIZE_MAX - 8);
    hs_text_put(&text, "after");
    hs_text_putf(&text, "%s", "after");
    hs_text_keep(&text, HS_ERROR_IO);
    assert_string_equal(text.text, "a12");
    assert_int_equal(hs_text_status(&text, &error), HS_ERROR_MEMORY);
    assert_string_equal(error.message, "text: after 3 bytes: out of memory");
    (void)hs_text_kept(&piece, &text);
    assert_int_equal(piece.status, HS_ERROR_MEMORY);
    hs_text_clear(&piece);
    hs_text_clear(&text);
    assert_ok(hs_text_status(&text, &error), &error);
}

static void test_json_has_its_commas_lines_and_escapes(void **state)
{
    (void)state;
    hs_text text = {0};
    hs_error error = {0};
    hs_json_writer writer = {.text = &text};
    hs_json *json = NULL;

    hs_json_begin(&writer, '{');
    hs_json_begin_line(&writer, 2);
    hs_json_put_key(&writer, "a");
    hs_json_begin(&writer, '[');
    hs_json_put_whole(&writer, -3);
    hs_json_put_number(&writer, 0.1);
    hs_json_put_number(&writer, NAN);
    hs_json_put_truth(&writer, true);
    hs_json_begin(&writer, '[');
    hs_json_end(&writer, ']');
    hs_json_put_null(&writer);
    hs_json_end(&writer, ']');
    hs_json_begin_line(&writer, 2);
    hs_json_put_key(&writer, "</b>");
    hs_json_put_string(&writer, "\"\\\n\xe2\x80\xa8\xc3\xa9");
    hs_json_begin_line(&writer, 0);
    hs_json_end(&writer, '}');
    assert_ok(hs_text_status(&text, &error), &error);
    assert_string_equal(text.text, "{\n  \"a\": [-3, 0.1, null, true, [], null],\n"
                                   "  \"\\u003c/b\\u003e\": \"\\\"\\\\\\u000a\\u2028\xc3\xa9\"\n}");
    assert_ok(hs_json_parse(text.text, text.length, "written", &json, &error), &error);
    assert_string_equal(hs_json_string(hs_json_get(hs_json_root(json), "</b>")), "\"\\\n\xe2\x80\xa8\xc3\xa9");
    hs_json_free(json);
    hs_text_clear(&text);
}

/* Whatever a string holds, it stays within its quotes, and within the script element that it stands in. */
static void test_json_strings_cannot_end_a_script(void **state)
{
    (void)state;
    static const char *const strings[][2] = {
        {"</script><!--", "\"\\u003c/script\\u003e\\u003c!--\""},
        {"a\"b\\c\n\x01&", "\"a\\\"b\\\\c\\u000a\\u0001\\u0026\""},
        {"\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xa7", "\"\\u2028\\u2029\xe2\x80\xa7\""},
        {"\xe2\x80", "\"\\ufffd\\ufffd\""},
        {"\x7f\xc2\x9b\xe2\x81\xa6", "\"\\u007f\\u009b\\u2066\""},
    };

    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; ++i) {
        hs_text text = {0};
        hs_json_writer writer = {.text = &text};
        hs_json_put_string(&writer, strings[i][0]);
        assert_string_equal(text.text, strings[i][1]);
        hs_text_clear(&text);
    }
}

static void test_compact_json_has_no_blanks(void **state)
{
    (void)state;
    hs_text text = {0};
    hs_json_writer writer = {.text = &text, .is_compact = true};

    hs_json_begin(&writer, '{');
    hs_json_put_key(&writer, "a");
    hs_json_put_whole(&writer, 1);
    hs_json_put_key(&writer, "b");
    hs_json_put_null(&writer);
    hs_json_end(&writer, '}');
    assert_string_equal(text.text, "{\"a\":1,\"b\":null}");
    hs_text_clear(&text);
}

static void test_csv_quotes_what_it_must(void **state)
{
    (void)state;
    hs_text text = {0};
    hs_csv_writer writer = {.text = &text};

    hs_csv_put_string(&writer, "a b");
    hs_csv_put_string(&writer, "c,\"d\"");
    hs_csv_put_string(&writer, "two\nlines");
    hs_csv_put_string(&writer, "");
    hs_csv_end_row(&writer);
    hs_csv_put_whole(&writer, 7);
    hs_csv_put_number(&writer, 1.0 / 3);
    hs_csv_put_number(&writer, INFINITY);
    hs_csv_end_row(&writer);
    assert_string_equal(text.text, "a b,\"c,\"\"d\"\"\",\"two\nlines\",\n7,0.333333333,\n");
    hs_text_clear(&text);
}

/* A spreadsheet runs what begins like a formula. */
static void test_csv_has_no_formulas(void **state)
{
    (void)state;
    static const char *const strings[][2] = {
        {"=1+1", "\"'=1+1\""},
        {"@SUM(A1)", "\"'@SUM(A1)\""},
        {"-1+cmd|' /C x'!A0", "\"'-1+cmd|' /C x'!A0\""},
        {"+x,\"y\"", "\"'+x,\"\"y\"\"\""},
        {"-0.125", "-0.125"},
        {"+1e-5", "+1e-5"},
        {"-inf", "-inf"},
        {"-", "-"},
        {"a=b", "a=b"},
    };

    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; ++i) {
        hs_text text = {0};
        hs_csv_writer writer = {.text = &text};
        hs_csv_put_string(&writer, strings[i][0]);
        assert_string_equal(text.text, strings[i][1]);
        hs_text_clear(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_text_keeps_its_first_failure),
        cmocka_unit_test(test_json_has_its_commas_lines_and_escapes),
        cmocka_unit_test(test_json_strings_cannot_end_a_script),
        cmocka_unit_test(test_compact_json_has_no_blanks),
        cmocka_unit_test(test_csv_quotes_what_it_must),
        cmocka_unit_test(test_csv_has_no_formulas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
