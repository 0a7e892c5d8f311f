/* base: strings, texts that grow, and UTF-8 by its definition. */
#include "headsweep/base.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/assert_status.h"

static void test_strings(void **state)
{
    (void)state;
    hs_error error = {0};
    char *copy = hs_string_copy("abc", &error);
    char *part = hs_string_copy_n("abc", 2, &error);
    char *empty = hs_string_copy("", &error);
    char *formatted = hs_string_format(&error, "%d.%d+%s", 3, 10, "4.0");
    assert_string_equal(copy, "abc");
    assert_string_equal(part, "ab");
    assert_string_equal(empty, "");
    assert_string_equal(formatted, "3.10+4.0");
    hs_free(copy);
    hs_free(part);
    hs_free(empty);
    hs_free(formatted);
    assert_int_equal(error.status, HS_OK);
}

static void test_text_grows(void **state)
{
    (void)state;
    enum { N = 1000 };
    hs_error error = {0};
    hs_text text = {0};
    assert_ok(hs_text_append(&text, NULL, 0, &error), &error);
    assert_string_equal(text.text, "");
    for (int i = 0; i < N; i++)
        assert_int_equal(hs_text_appendf(&text, &error, "%03d,", i), HS_OK);
    assert_int_equal(text.length, 4 * N);
    assert_int_equal(strlen(text.text), 4 * N);
    for (int i = 0; i < N; i++)
        assert_int_equal(strtol(text.text + 4 * i, NULL, 10), i);
    assert_ok(hs_text_append(&text, "a\0b", 3, &error), &error);
    assert_int_equal(text.length, 4 * N + 3);
    assert_memory_equal(text.text + 4 * N, "a\0b", 4);
    hs_text_clear(&text);
    hs_text_clear(&text);
    assert_null(text.text);
    assert_int_equal(text.length, 0);
}

static void test_text_gives_its_bytes_away(void **state)
{
    (void)state;
    hs_error error = {0};
    hs_text text = {0};
    assert_null(hs_text_take(&text));
    assert_int_equal(hs_text_append(&text, "abc", 3, &error), HS_OK);
    char *bytes = hs_text_take(&text);
    assert_string_equal(bytes, "abc");
    assert_true(text.text == NULL && text.length == 0 && text.capacity == 0);
    assert_int_equal(hs_text_append(&text, "d", 1, &error), HS_OK);
    assert_string_equal(bytes, "abc");
    hs_text_clear(&text);
    hs_free(bytes);
}

static void test_text_refuses_impossible_lengths(void **state)
{
    (void)state;
    hs_error error = {0};
    hs_text text = {0};
    assert_ok(hs_text_append(&text, "abc", 3, &error), &error);
    assert_int_equal(hs_text_append(&text, "", SIZE_MAX - 3, &error), HS_ERROR_MEMORY);
    assert_string_equal(text.text, "abc");
    hs_text_clear(&text);
}

/* The encoding of a code point by its definition, without a look at whether it may be encoded. */
static size_t encode(uint32_t code, size_t length, char out[4])
{
    static const unsigned char leads[] = {0, 0x00, 0xC0, 0xE0, 0xF0};
    for (size_t i = length; i-- > 1; code >>= 6)
        out[i] = (char)(0x80 | (code & 0x3F));
    out[0] = (char)(leads[length] | code);
    return length;
}

static size_t length_by_definition(uint32_t code)
{
    return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

static void test_every_code_point(void **state)
{
    (void)state;
    char bytes[4];
    for (uint32_t code = 0; code <= 0x1FFFFF; code++) {
        size_t length = encode(code, length_by_definition(code), bytes);
        bool valid = code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
        assert_int_equal(hs_utf8_length(bytes, length), valid ? length : 0);
        if (length > 1)
            assert_int_equal(hs_utf8_length(bytes, length - 1), 0);
    }
}

static void test_overlong_forms_are_refused(void **state)
{
    (void)state;
    char bytes[4];
    for (size_t length = 2; length <= 4; length++)
        for (uint32_t code = 0; length_by_definition(code) < length; code++)
            assert_int_equal(hs_utf8_length(bytes, encode(code, length, bytes)), 0);
}

static void test_broken_continuations_are_refused(void **state)
{
    (void)state;
    char bytes[4];
    for (size_t length = 2; length <= 4; length++)
        for (size_t broken = 1; broken < length; broken++)
            for (unsigned value = 0; value < 256; value++) {
                (void)encode(length == 2 ? 0x7FF : length == 3 ? 0xFFFD : 0x2FFFF, length, bytes);
                bytes[broken] = (char)value;
                bool valid = value >= (length == 4 && broken == 1 ? 0x90 : 0x80) && value <= 0xBF;
                assert_int_equal(hs_utf8_length(bytes, 4), valid ? length : 0);
            }
    for (unsigned lead = 0xF5; lead <= 0xFF; lead++)
        assert_int_equal(hs_utf8_length((char[4]){(char)lead, (char)0x80, (char)0x80, (char)0x80}, 4), 0);
    assert_int_equal(hs_utf8_length("", 0), 0);
}

static void test_utf8_check_names_the_offset(void **state)
{
    (void)state;
    static const char text[] = "gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80";
    hs_error error = {0};
    assert_ok(hs_utf8_check(text, sizeof text - 1, "text", &error), &error);
    assert_int_equal(hs_utf8_count(text, sizeof text - 1), 8);
    assert_int_equal(hs_utf8_check("ab\xC3\xBC\x80", 5, "line 9", &error), HS_ERROR_INPUT);
    assert_string_equal(error.message, "line 9: byte 0x80 at offset 4 is not valid UTF-8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_text_grows),
        cmocka_unit_test(test_text_gives_its_bytes_away),
        cmocka_unit_test(test_text_refuses_impossible_lengths),
        cmocka_unit_test(test_every_code_point),
        cmocka_unit_test(test_overlong_forms_are_refused),
        cmocka_unit_test(test_broken_continuations_are_refused),
        cmocka_unit_test(test_utf8_check_names_the_offset),
    };
    return cmocka_run_group_tests_name("base, texts", tests, NULL, NULL);
}
