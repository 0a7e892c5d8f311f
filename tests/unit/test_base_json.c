/* base: JSON - values, order, limits, and the message for each way in which a document can be bad. */
#include "headsweep/base.h"

#include <math.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/assert_status.h"

static hs_json *parse(const char *text, size_t length)
{
    hs_error error = {0};
    hs_json *json = NULL;
    assert_ok(hs_json_parse(text, length, "text", &json, &error), &error);
    assert_non_null(json);
    return json;
}

static hs_json *parse_text(const char *text)
{
    return parse(text, strlen(text));
}

static void test_values(void **state)
{
    (void)state;
    hs_json *json =
        parse_text("{\"n_layer\": 12, \"eps\": 1e-5, \"tied\": true, \"bias\": false, \"none\": null,"
                   " \"name\": \"gr\\u00fc\\u00df\", \"low\": -9223372036854775808, \"list\": [1, 2.5, \"x\"]}");
    const hs_json_value *root = hs_json_root(json);
    assert_int_equal(hs_json_kind_of(root), HS_JSON_OBJECT);
    assert_int_equal(hs_json_size(root), 8);

    const hs_json_value *n_layer = hs_json_get(root, "n_layer");
    assert_int_equal(hs_json_kind_of(n_layer), HS_JSON_INTEGER);
    assert_true(hs_json_is_integer(n_layer) && hs_json_is_number(n_layer));
    assert_int_equal(hs_json_integer(n_layer), 12);
    assert_true(hs_json_number(n_layer) == 12.0);
    assert_int_equal(hs_json_size(n_layer), 0);
    assert_true(hs_json_integer(hs_json_get(root, "low")) == INT64_MIN);

    const hs_json_value *eps = hs_json_get(root, "eps");
    assert_int_equal(hs_json_kind_of(eps), HS_JSON_REAL);
    assert_true(!hs_json_is_integer(eps) && hs_json_is_number(eps));
    assert_true(hs_json_number(eps) == 1e-5);
    assert_int_equal(hs_json_integer(eps), 0);

    assert_true(hs_json_true(hs_json_get(root, "tied")));
    assert_false(hs_json_true(hs_json_get(root, "bias")));
    assert_false(hs_json_true(n_layer));
    assert_int_equal(hs_json_kind_of(hs_json_get(root, "tied")), HS_JSON_BOOLEAN);
    assert_int_equal(hs_json_kind_of(hs_json_get(root, "bias")), HS_JSON_BOOLEAN);
    assert_non_null(hs_json_get(root, "none"));
    assert_int_equal(hs_json_kind_of(hs_json_get(root, "none")), HS_JSON_NULL);

    const hs_json_value *name = hs_json_get(root, "name");
    assert_string_equal(hs_json_string(name), "gr\xC3\xBC\xC3\x9F");
    assert_int_equal(hs_json_size(name), 6);
    assert_null(hs_json_string(n_layer));

    const hs_json_value *list = hs_json_get(root, "list");
    assert_int_equal(hs_json_size(list), 3);
    assert_true(hs_json_number(hs_json_at(list, 1)) == 2.5);
    assert_string_equal(hs_json_string(hs_json_at(list, 2)), "x");
    assert_null(hs_json_at(list, 3));
    assert_null(hs_json_at(root, 0));
    assert_null(hs_json_get(list, "n_layer"));
    assert_null(hs_json_get(root, "absent"));
    hs_json_free(json);
    hs_json_free(NULL);
}

/* A chain of look-ups needs no test at each link. */
static void test_absent_values_are_null(void **state)
{
    (void)state;
    assert_int_equal(hs_json_kind_of(NULL), HS_JSON_NULL);
    assert_int_equal(hs_json_size(NULL), 0);
    assert_null(hs_json_get(NULL, "key"));
    assert_null(hs_json_at(NULL, 0));
    assert_null(hs_json_string(NULL));
    assert_false(hs_json_is_integer(NULL) || hs_json_is_number(NULL) || hs_json_true(NULL));
    assert_int_equal(hs_json_integer(NULL), 0);
    assert_true(hs_json_number(NULL) == 0.0);
    const char *key;
    size_t length;
    const hs_json_value *value;
    assert_null(hs_json_next(NULL, NULL, &key, &length, &value));
}

static void test_kind_names(void **state)
{
    (void)state;
    static const char *const names[] = {"null", "boolean", "integer", "real", "string", "array", "object"};
    for (int kind = HS_JSON_NULL; kind <= HS_JSON_OBJECT; kind++)
        assert_string_equal(hs_json_kind_name((hs_json_kind)kind), names[kind]);
}

static void test_any_value_may_be_the_root(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        hs_json_kind kind;
    } roots[] = {{"null", HS_JSON_NULL},    {"true", HS_JSON_BOOLEAN}, {" 5 ", HS_JSON_INTEGER}, {"5.0", HS_JSON_REAL},
                 {"\"a\"", HS_JSON_STRING}, {"[]", HS_JSON_ARRAY},     {"{}\n", HS_JSON_OBJECT}};
    for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
        hs_json *json = parse_text(roots[i].text);
        assert_int_equal(hs_json_kind_of(hs_json_root(json)), roots[i].kind);
        hs_json_free(json);
    }
}

/* Enough keys for several rounds of rehashing, in an order that no sorting gives. */
static void test_objects_keep_file_order(void **state)
{
    (void)state;
    enum { N = 3000 };
    hs_error error = {0};
    hs_text text = {0};
    for (unsigned i = 0; i < N; i++)
        assert_int_equal(hs_text_appendf(&text, &error, "%s\"k%u\":%u", i == 0 ? "{" : ",", i * 7919 % N, i), HS_OK);
    assert_ok(hs_text_append(&text, "}", 1, &error), &error);
    hs_json *json = parse(text.text, text.length);
    hs_text_clear(&text);

    unsigned n = 0;
    const char *key;
    size_t key_length;
    const hs_json_value *value;
    hs_json_iterator *iterator = NULL;
    while ((iterator = hs_json_next(hs_json_root(json), iterator, &key, &key_length, &value)) != NULL) {
        char expected[16];
        (void)snprintf(expected, sizeof expected, "k%u", n * 7919 % N);
        assert_string_equal(key, expected);
        assert_int_equal(key_length, strlen(expected));
        assert_int_equal(hs_json_integer(value), n);
        n++;
    }
    assert_int_equal(n, N);
    assert_null(key);
    assert_null(value);
    hs_json_free(json);
}

static void test_zero_bytes_in_strings(void **state)
{
    (void)state;
    hs_json *json = parse_text("[\"a\\u0000b\"]");
    const hs_json_value *value = hs_json_at(hs_json_root(json), 0);
    assert_int_equal(hs_json_size(value), 3);
    assert_memory_equal(hs_json_string(value), "a\0b", 4);
    hs_json_free(json);
}

/* "model_max_length" of many tokenizer configurations is 1e30 written as an integer. */
static void test_huge_integers_are_reals(void **state)
{
    (void)state;
    hs_json *json = parse_text("{\"9999999999999999999\": \"9999999999999999999 \\\" 9999999999999999999\",\n"
                               " \"max\": 1000000000000000019884624838656, \"low\": -9223372036854775809,\n"
                               " \"most\": [9223372036854775807], \"one\": 1.0, \"big\": 99999999999999999999e1}");
    const hs_json_value *root = hs_json_root(json);
    assert_string_equal(hs_json_string(hs_json_get(root, "9999999999999999999")),
                        "9999999999999999999 \" 9999999999999999999");
    assert_int_equal(hs_json_kind_of(hs_json_get(root, "max")), HS_JSON_REAL);
    assert_true(hs_json_number(hs_json_get(root, "max")) == 1e30);
    assert_true(hs_json_number(hs_json_get(root, "low")) == -9223372036854775808.0);
    assert_true(hs_json_integer(hs_json_at(hs_json_get(root, "most"), 0)) == INT64_MAX);
    assert_int_equal(hs_json_kind_of(hs_json_get(root, "one")), HS_JSON_REAL);
    assert_true(hs_json_number(hs_json_get(root, "big")) == 1e21);
    hs_json_free(json);
}

static hs_json *parse_record(const char *text)
{
    hs_error error = {0};
    hs_json *json = NULL;
    assert_ok(hs_json_parse_record(text, strlen(text), "data.jsonl", 7, &json, &error), &error);
    return json;
}

/* Python writes and reads all of these; a template shows them as they stand. */
static void test_numbers_as_they_are_written(void **state)
{
    static const struct {
        const char *written;
        hs_json_kind kind;
        double value;
    } rows[] = {
        {"100000.0", HS_JSON_REAL, 1e5},
        {"5.0", HS_JSON_REAL, 5},
        {"1e5", HS_JSON_REAL, 1e5},
        {"0.10", HS_JSON_REAL, 0.1},
        {"-0.0", HS_JSON_REAL, 0},
        {"-0", HS_JSON_INTEGER, 0},
        {"1E+2", HS_JSON_REAL, 100},
        {"12345678901234567890", HS_JSON_REAL, 12345678901234567890.0},
        {"1e400", HS_JSON_REAL, INFINITY},
        {"-Infinity", HS_JSON_REAL, -INFINITY},
        {"3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803", HS_JSON_REAL,
         3.141592653589793},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[400];
        (void)snprintf(text, sizeof text,
                       "{\"id\": 7, \"t\": [true, false, \"1.0\", {\"x\": %s}], \"y\": %s, \"z\": 3}", rows[i].written,
                       rows[i].written);
        hs_json *json = parse_record(text);
        const hs_json_value *root = hs_json_root(json);
        const hs_json_value *places[] = {hs_json_get(root, "y"),
                                         hs_json_get(hs_json_at(hs_json_get(root, "t"), 3), "x")};
        for (size_t k = 0; k < 2; k++) {
            assert_string_equal(hs_json_number_text(places[k]), rows[i].written);
            assert_int_equal(hs_json_kind_of(places[k]), rows[i].kind);
            assert_true(hs_json_number(places[k]) == rows[i].value);
            assert_true(hs_json_is_number(places[k]));
            assert_null(hs_json_string(places[k]));
            assert_int_equal(hs_json_size(places[k]), 0);
        }
        assert_int_equal(hs_json_integer(hs_json_get(root, "id")), 7);
        assert_int_equal(hs_json_integer(hs_json_get(root, "z")), 3);
        assert_null(hs_json_number_text(hs_json_get(root, "z")));
        assert_null(hs_json_number_text(hs_json_at(hs_json_get(root, "t"), 2)));
        hs_json_free(json);
    }
    hs_json *json = parse_record("NaN");
    assert_true(isnan(hs_json_number(hs_json_root(json))));
    assert_string_equal(hs_json_number_text(hs_json_root(json)), "NaN");
    hs_json_free(json);
}

static void test_lone_surrogates(void **state)
{
    (void)state;
    hs_json *json = parse_record(
        "[\"a\\ud83d b\", \"\\ud83d\\ude00\", \"\\\\ud83d\", \"\\udE00\\ud83d\", \"\\ud83d\\ud83d\\ude00\"]");
    static const char *const expected[] = {"a\xEF\xBF\xBD b", "\xF0\x9F\x98\x80", "\\ud83d", "\xEF\xBF\xBD\xEF\xBF\xBD",
                                           "\xEF\xBF\xBD\xF0\x9F\x98\x80"};
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(hs_json_string(hs_json_at(hs_json_root(json), i)), expected[i]);
    assert_int_equal(hs_json_n_replaced(json), 4);
    hs_json_free(json);
}

/* What is not JSON to Python either stays none, and columns are those of the file. */
static void test_bad_records(void **state)
{
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"{\"x\": 1.50, \"y\": }", "data.jsonl:7: column 18: invalid JSON: unexpected token near '}'"},
        {"{\n\"x\": NaN,\n\"y\" 1}", "data.jsonl:9: column 5: invalid JSON: ':' expected near '1'"},
        {"[1.]", NULL},
        {"[.5]", NULL},
        {"[+1]", NULL},
        {"[01.0]", NULL},
        {"[1.0.0]", NULL},
        {"[1e]", NULL},
        {"[-]", NULL},
        {"[1.5 2.5]", NULL},
        {"[1.5\"a\"]", NULL},
        {"[NaNs]", NULL},
        {"[nan]", NULL},
        {"[-NaN]", NULL},
        {"[1.5NaN]", NULL},
        {"[\"\\ud83\"]", NULL},
        {"{1.5: 2}", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        hs_error error = {0};
        hs_json *json = (hs_json *)&error;
        if (hs_json_parse_record(rows[i].text, strlen(rows[i].text), "data.jsonl", 7, &json, &error) != HS_ERROR_INPUT)
            fail_msg("%s is read", rows[i].text);
        assert_null(json);
        if (rows[i].message != NULL)
            assert_string_equal(error.message, rows[i].message);
    }
}

static const struct {
    const char *text, *message;
} bad_rows[] = {
    {"", "doc: empty, where JSON is needed"},
    {" ", "doc: column 1: invalid JSON: unexpected token near end of file"},
    {"{\"a\":1,\"a\":2}", "doc: column 10: invalid JSON: duplicate object key near '\"a\"'"},
    {"{\n \"a\": 1,\n \"b\": 2,\n", "doc:4:0: invalid JSON: string or '}' expected near end of file"},
    {"[1, 2] 3", "doc: column 8: invalid JSON: end of file expected near '3'"},
    {"{\"a\": \"\xFF\"}", "doc: column 7: invalid JSON: unable to decode byte 0xff near '\"'"},
    {"{\"a\": \"\xC0\x80\"}", "doc: column 7: invalid JSON: unable to decode byte 0xc0 near '\"'"},
    {"{\"a\": \"\xED\xA0\x80\"}", "doc: column 7: invalid JSON: unable to decode byte 0xed near '\"'"},
    {"[\"\\ud800\"]", "doc: column 9: invalid JSON: invalid Unicode '\\uD800' near '\"\\ud800\"'"},
    {"{\"a\\u0000b\": 1}", "doc: column 11: invalid JSON: NUL byte in object key not supported near '\"a\\u0000b\"'"},
    {"[1e999]", "doc: column 6: invalid JSON: real number overflow near '1e999'"},
    {"[NaN]", "doc: column 4: invalid JSON: invalid token near 'NaN'"},
    {"[\x1B]", "doc: column 2: invalid JSON: invalid token near '?'"},
    {"[\"a\tb\"]", "doc: column 3: invalid JSON: control character 0x9 near '\"a'"},
    {"[99999999999999999999, 1e999]", NULL},
};

static void test_bad_documents(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_rows / sizeof bad_rows[0]; i++) {
        hs_error error = {0};
        hs_json *json = (hs_json *)&error;
        const char *text = bad_rows[i].text;
        assert_int_equal(hs_json_parse(text, strlen(text), "doc", &json, &error), HS_ERROR_INPUT);
        assert_null(json);
        if (bad_rows[i].message != NULL)
            assert_string_equal(error.message, bad_rows[i].message);
    }
    hs_error error = {0};
    hs_json *json = NULL;
    assert_int_equal(hs_json_parse(NULL, 0, "doc", &json, &error), HS_ERROR_INPUT);
}

/* Every prefix of a good document is a bad one; the bytes lie at the end of their block for the sanitizer to watch. */
static void test_truncated_documents(void **state)
{
    (void)state;
    static const char text[] = "{\"a\": [1, -2.5e3, \"x\\\"\\u00e9\\\\\", true, null], \"b\": {\"c\": {}}}";
    for (size_t length = 0; length < sizeof text - 1; length++) {
        char *bytes = malloc(length > 0 ? length : 1);
        assert_non_null(bytes);
        memcpy(bytes, text, length);
        hs_error error = {0};
        hs_json *json = NULL;
        assert_int_equal(hs_json_parse(bytes, length, "doc", &json, &error), HS_ERROR_INPUT);
        free(bytes);
    }
}

static hs_status parse_nested(size_t depth, const char *open, const char *close, hs_error *error)
{
    hs_text text = {0};
    hs_json *json = NULL;
    hs_error grow = {0};
    for (size_t i = 0; i < depth; i++)
        assert_int_equal(hs_text_append(&text, open, strlen(open), &grow), HS_OK);
    assert_int_equal(hs_text_append(&text, "1", 1, &grow), HS_OK);
    for (size_t i = 0; i < depth; i++)
        assert_int_equal(hs_text_append(&text, close, strlen(close), &grow), HS_OK);
    hs_status status = hs_json_parse(text.text, text.length, "doc", &json, error);
    hs_json_free(json);
    hs_text_clear(&text);
    return status;
}

static void test_depth_limit(void **state)
{
    (void)state;
    hs_error error = {0};
    assert_ok(parse_nested(64, "[", "]", &error), &error);
    assert_ok(parse_nested(64, "{\"a\":", "}", &error), &error);
    assert_ok(parse_nested(64, "[\"[[[\\\"{{{\",", "]", &error), &error);
    assert_int_equal(parse_nested(65, "[\n", "]", &error), HS_ERROR_INPUT);
    assert_string_equal(error.message, "doc:65:1: invalid JSON: nested more than 64 levels deep");
    error = (hs_error){0};
    assert_int_equal(parse_nested(65, "{\"\xC3\xA9\":", "}", &error), HS_ERROR_INPUT);
    assert_string_equal(error.message, "doc: column 321: invalid JSON: nested more than 64 levels deep");
    error = (hs_error){0};
    assert_int_equal(parse_nested(1000000, "[", "", &error), HS_ERROR_INPUT);
}

static void test_read(void **state)
{
    (void)state;
    char path[] = "/tmp/headsweep_test_json_XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "{\"a\":\n[7}", 9), 9);
    hs_error error = {0};
    hs_json *json = NULL;
    char expected[128];
    assert_int_equal(hs_json_read(path, 100, &json, &error), HS_ERROR_INPUT);
    (void)snprintf(expected, sizeof expected, "%s:2:3: invalid JSON: ']' expected near '}'", path);
    assert_string_equal(error.message, expected);
    assert_null(json);

    error = (hs_error){0};
    assert_int_equal(hs_json_read(path, 8, &json, &error), HS_ERROR_INPUT);
    assert_non_null(strstr(error.message, "8 bytes"));

    error = (hs_error){0};
    assert_int_equal(pwrite(fd, "]}", 2, 8), 2);
    assert_ok(hs_json_read(path, 100, &json, &error), &error);
    assert_int_equal(hs_json_integer(hs_json_at(hs_json_get(hs_json_root(json), "a"), 0)), 7);
    hs_json_free(json);
    assert_int_equal(close(fd), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(hs_json_read(path, 100, &json, &error), HS_ERROR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_absent_values_are_null),
        cmocka_unit_test(test_kind_names),
        cmocka_unit_test(test_any_value_may_be_the_root),
        cmocka_unit_test(test_objects_keep_file_order),
        cmocka_unit_test(test_zero_bytes_in_strings),
        cmocka_unit_test(test_huge_integers_are_reals),
        cmocka_unit_test(test_numbers_as_they_are_written),
        cmocka_unit_test(test_lone_surrogates),
        cmocka_unit_test(test_bad_records),
        cmocka_unit_test(test_bad_documents),
        cmocka_unit_test(test_truncated_documents),
        cmocka_unit_test(test_depth_limit),
        cmocka_unit_test(test_read),
    };
    return cmocka_run_group_tests_name("base_json", tests, NULL, NULL);
}
