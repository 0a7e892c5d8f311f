/* base: errors, what a terminal is shown, and figures written for people. */
#include "headsweep/base.h"

#include <math.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/assert_status.h"

static void shows(const char *text, size_t length, bool one_line, const char *expected)
{
    char *printed = NULL;
    size_t n = 0;
    FILE *stream = open_memstream(&printed, &n);
    assert_non_null(stream);
    hs_print_visible(stream, text, length, one_line);
    fclose(stream);
    assert_string_equal(printed, expected);
    free(printed);
}

static void test_controls_are_visible(void **state)
{
    (void)state;
    shows("plain \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80\tx\n", 20, false,
          "plain \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80\tx\n");
    shows("a\nb", 3, true, "a\\nb");
    shows("\x1b[2Jx\0y\x7f", 8, false, "\\x1b[2Jx\\x00y\\x7f");
    shows("\xc2\x9b\xe2\x80\xae\xe2\x81\xa9z", 9, false, "\\u009b\\u202e\\u2069z");
    shows("\xff\xe2\x80", 3, false, "\\xff\\xe2\\x80");
    shows(NULL, 0, false, "");
}

static void test_exit_codes_are_the_contract(void **state)
{
    (void)state;
    const struct {
        hs_status status;
        int exit_code;
    } expected[] = {{HS_OK, 0},           {HS_ERROR_INTERNAL, 1}, {HS_ERROR_USAGE, 2},   {HS_UNFINISHED, 3},
                    {HS_ERROR_INPUT, 4},  {HS_ERROR_IO, 5},       {HS_ERROR_RESULTS, 6}, {HS_ERROR_NUMERIC, 7},
                    {HS_ERROR_MEMORY, 8}, {HS_ERROR_COMM, 9}};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        assert_int_equal(hs_status_exit_code(expected[i].status), expected[i].exit_code);
    assert_string_equal(hs_status_meaning(HS_ERROR_MEMORY), "out of memory");
    assert_int_equal(hs_status_exit_code((hs_status)1000), 1);
}

static void test_first_error_wins(void **state)
{
    (void)state;
    hs_error error = {0};
    assert_int_equal(hs_fail(&error, HS_ERROR_INPUT, "%s:%d: bad", "a.cfg", 7), HS_ERROR_INPUT);
    assert_string_equal(error.message, "a.cfg:7: bad");
    assert_int_equal(hs_fail(&error, HS_ERROR_IO, "later"), HS_ERROR_INPUT);
    assert_int_equal(hs_fail_system(&error, HS_ERROR_IO, 2, "later"), HS_ERROR_INPUT);
    assert_int_equal(error.status, HS_ERROR_INPUT);
    assert_string_equal(error.message, "a.cfg:7: bad");
}

static void test_failing_with_success_is_a_bug(void **state)
{
    (void)state;
    hs_error error = {0};
    assert_int_equal(hs_fail(&error, HS_OK, "odd"), HS_ERROR_INTERNAL);
    assert_string_equal(error.message, "odd");
}

static void test_system_errors_are_spelled_out(void **state)
{
    (void)state;
    hs_error error = {0};
    assert_int_equal(hs_fail_system(&error, HS_ERROR_IO, 2, "%s cannot be opened", "x"), HS_ERROR_IO);
    assert_string_equal(error.message, "x cannot be opened: No such file or directory");
}

static void test_prefix_goes_before_an_error_only(void **state)
{
    (void)state;
    hs_error error = {0};
    assert_int_equal(hs_error_prefix(&error, "nothing"), HS_OK);
    assert_string_equal(error.message, "");
    (void)hs_fail(&error, HS_ERROR_INPUT, "no tensor");
    assert_int_equal(hs_error_prefix(&error, "layer %d", 3), HS_ERROR_INPUT);
    assert_string_equal(error.message, "layer 3: no tensor");
}

static void test_long_messages_end_between_characters(void **state)
{
    (void)state;
    char text[3001] = "";
    for (size_t shift = 0; shift < 3; shift++) {
        memset(text, 'x', shift);
        for (size_t i = shift; i + 3 < sizeof text; i += 3)
            memcpy(text + i, "\xE2\x82\xAC", 4);
        hs_error error = {0};
        (void)hs_fail(&error, HS_ERROR_INPUT, "%s", text);
        size_t length = strlen(error.message);
        assert_in_range(length, sizeof error.message - 4, sizeof error.message - 1);
        assert_string_equal(error.message + length - 3, "...");
        assert_memory_equal(error.message, text, length - 3);
        hs_error check = {0};
        assert_int_equal(hs_utf8_check(error.message, length, "message", &check), HS_OK);
        (void)hs_error_prefix(&error, "context");
        assert_memory_equal(error.message, "context: ", 9);
        assert_in_range(strlen(error.message), sizeof error.message - 4, sizeof error.message - 1);
    }
}

typedef const char *format_function(double value, char *buffer, size_t capacity);

typedef struct format_row {
    format_function *format;
    double value;
    const char *text;
} format_row;

static const format_row format_rows[] = {
    {hs_format_bytes, 0, "0 B"},
    {hs_format_bytes, 1, "1 B"},
    {hs_format_bytes, 999, "999 B"},
    {hs_format_bytes, 999.6, "1.0 kB"},
    {hs_format_bytes, 1000, "1.0 kB"},
    {hs_format_bytes, 99900, "99.9 kB"},
    {hs_format_bytes, 99960, "100 kB"},
    {hs_format_bytes, 312000, "312 kB"},
    {hs_format_bytes, 999600, "1.0 MB"},
    {hs_format_bytes, 1.4e9, "1.4 GB"},
    {hs_format_bytes, 1e15, "1.0 PB"},
    {hs_format_bytes, 2e21, "2000 EB"},
    {hs_format_bytes, -1.4e9, "-1.4 GB"},
    {hs_format_bytes, NAN, "?"},
    {hs_format_bytes, INFINITY, "?"},
    {hs_format_count, 0, "0"},
    {hs_format_count, 38.46, "38.5"},
    {hs_format_count, 272, "272"},
    {hs_format_count, 999.6, "999.6"},
    {hs_format_count, 999.97, "1000"},
    {hs_format_count, 9999, "9999"},
    {hs_format_count, 10296, "10.3 k"},
    {hs_format_count, 260032, "260.0 k"},
    {hs_format_count, 0.9e6, "0.9 M"},
    {hs_format_count, 124.4e6, "124.4 M"},
    {hs_format_count, 999.96e6, "1.0 G"},
    {hs_format_count, 33.1e12, "33.1 T"},
    {hs_format_count, 1e15, "1.0 P"},
    {hs_format_count, 5e21, "5000.0 E"},
    {hs_format_count, -124.4e6, "-124.4 M"},
    {hs_format_count, NAN, "?"},
    {hs_format_duration, 0, "0:00"},
    {hs_format_duration, 2, "0:02"},
    {hs_format_duration, 59.6, "1:00"},
    {hs_format_duration, 3599, "59:59"},
    {hs_format_duration, 3723, "1:02:03"},
    {hs_format_duration, 86399.4, "23:59:59"},
    {hs_format_duration, 86399.6, "1d 00:00"},
    {hs_format_duration, 3 * 86400 + 4 * 3600 + 5 * 60, "3d 04:05"},
    {hs_format_duration, 1e15, "11574074074d 01:46"},
    {hs_format_duration, -1, "?"},
    {hs_format_duration, NAN, "?"},
    {hs_format_duration, INFINITY, "?"},
};

static void test_formats(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof format_rows / sizeof format_rows[0]; i++) {
        char buffer[32];
        const format_row *row = &format_rows[i];
        assert_ptr_equal(row->format(row->value, buffer, sizeof buffer), buffer);
        assert_string_equal(buffer, row->text);
    }
}

static void test_time_passes(void **state)
{
    (void)state;
    double start = hs_time_seconds();
    assert_int_equal(usleep(20000), 0);
    assert_true(hs_time_seconds() - start >= 0.02);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_controls_are_visible),
        cmocka_unit_test(test_exit_codes_are_the_contract),
        cmocka_unit_test(test_first_error_wins),
        cmocka_unit_test(test_failing_with_success_is_a_bug),
        cmocka_unit_test(test_system_errors_are_spelled_out),
        cmocka_unit_test(test_prefix_goes_before_an_error_only),
        cmocka_unit_test(test_long_messages_end_between_characters),
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_time_passes),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
