/* The report's parts that need no browser: texts of the file cannot leave the place they are written to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/assert_status.h"

#include <math.h>
#include <string.h>

#include "report/contents.h"

typedef void (*escape)(const char *string, hs_text *text);

static void check(escape function, const char *string, const char *expected)
{
    hs_text text = {0};
    hs_error error = {0};

    function(string, &text);
    assert_ok(hs_text_status(&text, &error), &error);
    assert_string_equal(text.text != NULL ? text.text : "", expected);
    hs_text_clear(&text);
}

static void html_is_escaped(void **state)
{
    (void)state;
    check(hs__report_put_html, "</p><script>'\"&", "&lt;/p&gt;&lt;script&gt;&#39;&quot;&amp;");
    check(hs__report_put_html, "a\x01\x1b\x7f z", "a\\x01\\x1b\\x7f z");
    check(hs__report_put_html, "a\xe2\x80\xae z\xc2\x9b\xff", "a\\u202e z\\u009b\\xff");
    check(hs__report_put_html, "\xc3\xa4 \xe2\x82\xac", "\xc3\xa4 \xe2\x82\xac");
    check(hs__report_put_html, "", "");
}

static void markdown_stays_in_its_cell(void **state)
{
    (void)state;
    check(hs__report_put_markdown, "a|b\n*c* <i>", "a\\|b \\*c\\* \\<i>");
    check(hs__report_put_markdown, "\x1b[2J", "\\x1b\\[2J");
}

static void tables_have_one_row_in_every_format(void **state)
{
    report_table table = {0};
    hs_text csv = {0}, json = {0}, markdown = {0}, text = {0};
    hs_json_writer writer = {.text = &json};
    hs_error error = {0};
    (void)state;

    hs__report_table_add_column(&table, TABLE_TEXT, "name", "name");
    hs__report_table_add_column(&table, TABLE_INTERVAL, "acc", "acc [points]");
    hs__report_table_last(&table)->style.format = (report_format){.factor = 100, .digits = 1, .sign = true};
    hs__report_table_last(&table)->is_tested = true;
    hs__report_table_add_column(&table, TABLE_NUMBER, "q", "q");
    hs__report_table_add_text(&table, "x,y");
    hs__report_table_add_interval(&table, 0.125, -0.25, NAN, true);
    hs__report_table_add_number(&table, NAN);
    assert_ok(hs__report_table_status(&table, &error), &error);
    assert_int_equal(hs__report_table_n_rows(&table), 1);
    hs__report_table_as_csv(&table, (table_part){true, true}, &csv);
    assert_string_equal(csv.text, "name,acc,acc_low,acc_high,q\n\"x,y\",0.125,-0.25,,\n");
    hs__report_table_as_json(&table, (table_part){true, true}, &writer);
    assert_string_equal(json.text, "[\n    {\"name\": \"x,y\", \"acc\": 0.125, \"acc_low\": -0.25, \"acc_high\": null, "
                                   "\"q\": null}]");
    hs__report_table_as_markdown(&table, &markdown);
    assert_non_null(strstr(markdown.text, "| x,y | +12.5\\* |  |\n"));
    hs__report_table_as_text(&table, &text);
    assert_string_equal(text.text, "  name  acc [points]   q\n  x,y          +12.5*\n");
    hs_text_clear(&csv);
    hs_text_clear(&json);
    hs_text_clear(&markdown);
    hs_text_clear(&text);
    hs__report_table_clear(&table);
}

/* One number and one interval, as people read them. */
static void numbers_are_written_by_one_rule(void **state)
{
    static const report_format change = {.factor = 1, .digits = 3, .sign = true}, points = {.factor = 100, .digits = 1};
    hs_text text = {0};
    double unit;
    (void)state;

    hs__report_put_interval(&change, -0.7124, -0.78051, -0.6, " nats", ", ", &text);
    assert_string_equal(text.text, "-0.712 nats [-0.781, -0.600]");
    text.length = 0;
    hs__report_put_interval(&points, 0.0625, 0.01, NAN, "%", ",", &text);
    hs_text_put(&text, " ");
    hs__report_put_number(&change, -0.0, &text);
    hs_text_put(&text, " ");
    hs__report_put_number(&hs__report_p_format, 0.0446, &text);
    hs_text_put(&text, " ");
    hs__report_put_number(&hs__report_p_format, 1e-40, &text);
    hs__report_put_number(&hs__report_p_format, NAN, &text);
    assert_string_equal(text.text, "6.2% +0.000 0.045 < 1e-30");
    assert_true(hs__report_shown_number(&points, 0.0625, &unit) == 6.2 && fabs(unit - 0.1) < 1e-12);
    assert_true(hs__report_shown_number(&hs__report_p_format, 0.0997, &unit) == 0.1 && fabs(unit - 0.001) < 1e-12);
    hs_text_clear(&text);
}

/* `date -u` knows the same; a file may say anything. */
static void times_are_times_or_nothing(void **state)
{
    static const double seconds[] = {1, 1e9, 253402300799.0, 253402300800.0, 8e43, -8e43, 0, NAN, INFINITY};
    report_table table = {0};
    hs_text csv = {0};
    (void)state;

    hs__report_table_add_column(&table, TABLE_TEXT, "start", "start");
    for (size_t i = 0; i < sizeof seconds / sizeof *seconds; ++i)
        hs__report_table_add_time(&table, seconds[i]);
    hs__report_table_as_csv(&table, (table_part){true, true}, &csv);
    assert_string_equal(csv.text, "start\n1970-01-01 00:00:01 UTC\n2001-09-09 01:46:40 UTC\n9999-12-31 23:59:59 UTC\n"
                                  "\n\n\n\n\n\n");
    hs_text_clear(&csv);
    hs__report_table_clear(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(html_is_escaped),
        cmocka_unit_test(markdown_stays_in_its_cell),
        cmocka_unit_test(tables_have_one_row_in_every_format),
        cmocka_unit_test(numbers_are_written_by_one_rule),
        cmocka_unit_test(times_are_times_or_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
