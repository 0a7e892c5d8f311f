/* model: the safetensors reader, above all what it refuses. */
#include "model/safetensors.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/assert_status.h"
#include "support/checkpoint_writer.h"

/* Writes length field, header and n_data bytes (0, 1, 2, ...) as FOLDER/x.safetensors and opens it. */
static hs_status write_and_open(const char *folder, uint64_t length, const char *header, size_t n_header, size_t n_data,
                                hs_safetensors *file, hs_error *error)
{
    unsigned char *bytes = malloc(8 + n_header + n_data);
    assert_non_null(bytes);
    memcpy(bytes, &length, 8);
    memcpy(bytes + 8, header, n_header);
    for (size_t i = 0; i < n_data; i++)
        bytes[8 + n_header + i] = (unsigned char)i;
    test_file_write(folder, "x.safetensors", bytes, 8 + n_header + n_data);
    free(bytes);
    char *path = hs_path_join(folder, "x.safetensors", error);
    assert_non_null(path);
    hs_status status = hs__model_safetensors_open(path, HS_MODEL_WITH_WEIGHTS, file, error);
    hs_free(path);
    return status;
}

static void assert_refused(const char *folder, uint64_t length, const char *header, size_t n_header, size_t n_data,
                           const char *reason)
{
    hs_safetensors file;
    hs_error error = {0};
    assert_int_equal(write_and_open(folder, length, header, n_header, n_data, &file, &error), HS_ERROR_INPUT);
    if (strstr(error.message, reason) == NULL || strstr(error.message, "x.safetensors") == NULL)
        fail_msg("\"%s\" names neither the file nor \"%s\"", error.message, reason);
    assert_null(file.tensors);
    assert_null(file.file.bytes);
    assert_null(file.path);
}

static void test_tensors_are_found_where_they_are_declared(void **state)
{
    const char header[] = "{\"b\":{\"dtype\":\"F16\",\"shape\":[2,3],\"data_offsets\":[4,16]},"
                          "\"__metadata__\":{\"format\":\"pt\"},"
                          "\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
                          "\"scalar\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[16,24]},"
                          "\"none\":{\"dtype\":\"F32\",\"shape\":[0,7],\"data_offsets\":[16,16]}}   ";
    hs_safetensors file;
    hs_error error = {0};
    assert_ok(write_and_open(*state, sizeof header - 1, header, sizeof header - 1, 24, &file, &error), &error);
    assert_int_equal(file.n_tensors, 4);
    const char *const names[] = {"a", "b", "none", "scalar"};
    const size_t first_byte[] = {0, 4, 16, 16}, n_bytes[] = {4, 12, 0, 8}, n_elements[] = {4, 6, 0, 1};
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(file.tensors[i].name, names[i]);
        assert_int_equal(file.tensors[i].n_bytes, n_bytes[i]);
        assert_int_equal(file.tensors[i].n_elements, n_elements[i]);
        if (n_bytes[i] > 0)
            assert_int_equal(file.tensors[i].bytes[0], first_byte[i]);
    }
    assert_int_equal(file.tensors[1].dtype, HS_DTYPE_F16);
    assert_int_equal(file.tensors[1].n_dimensions, 2);
    assert_int_equal(file.tensors[1].shape[0], 2);
    assert_int_equal(file.tensors[1].shape[1], 3);
    hs__model_safetensors_clear(&file);
    hs__model_safetensors_clear(&file);
}

static void test_a_file_without_tensors_is_one(void **state)
{
    hs_safetensors file;
    hs_error error = {0};
    assert_ok(write_and_open(*state, 2, "{}", 2, 0, &file, &error), &error);
    assert_int_equal(file.n_tensors, 0);
    hs__model_safetensors_clear(&file);
}

static void test_shapes_are_spelled_out(void **state)
{
    (void)state;
    char buffer[32];
    assert_string_equal(hs__model_shape_format((size_t[]){2, 30}, 2, buffer, sizeof buffer), "[2, 30]");
    assert_string_equal(hs__model_shape_format(NULL, 0, buffer, sizeof buffer), "[]");
    assert_string_equal(hs__model_shape_format((size_t[]){1234, 5678}, 2, buffer, 8), "[1234, ");
}

static void test_header_lengths(void **state)
{
    assert_refused(*state, 0, "{}", 2, 8, "does not start with '{'");
    assert_refused(*state, 1, "{}", 2, 8, "does not start with '{'");
    assert_refused(*state, 3, "{}", 2, 0, "but the file has 10");
    assert_refused(*state, 99999999, "{}", 2, 0, "was it cut off?");
    assert_refused(*state, 100000001, "{}", 2, 0, "more than the format's limit");
    assert_refused(*state, UINT64_MAX, "{}", 2, 0, "more than the format's limit");
    assert_refused(*state, (uint64_t)1 << 63, "{}", 2, 0, "more than the format's limit");
    assert_refused(*state, 4, " {} ", 4, 0, "does not start with '{'");
    assert_refused(*state, 4, "[{}]", 4, 0, "does not start with '{'");
}

static void test_files_shorter_than_a_length(void **state)
{
    for (size_t n = 0; n < 8; n++) {
        hs_safetensors file;
        hs_error error = {0};
        test_file_write(*state, "x.safetensors", "\0\0\0\0\0\0\0", n);
        char *path = hs_path_join(*state, "x.safetensors", &error);
        assert_int_equal(hs__model_safetensors_open(path, HS_MODEL_WITH_WEIGHTS, &file, &error), HS_ERROR_INPUT);
        assert_non_null(strstr(error.message, "not a safetensors file"));
        hs_free(path);
    }
}

#define TENSOR(name, dtype, shape, offsets) \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

static void test_hostile_headers(void **state)
{
    const struct {
        const char *header;
        size_t n_data;
        const char *reason;
    } cases[] = {
        /* JSON */
        {"{ ", 0, "invalid JSON"},
        {"{} x", 0, "invalid JSON"},
        {"{" TENSOR("a", "F32", "[1]", "[0,4]"), 4, "invalid JSON"},
        {"{\"a\xff\":{}}", 0, "invalid JSON"},
        {"{\"a\":{\"dtype\":\"\xc0\xaf\"}}", 0, "invalid JSON"},
        {"{" TENSOR("a", "F32", "[1]", "[0,4]") "," TENSOR("a", "F32", "[1]", "[0,4]") "}", 4, "invalid JSON"},
        {"{\"a\\u0000\":{}}", 0, "invalid JSON"},
        {"{" TENSOR("a", "F32", "[99999999999999999999]", "[0,4]") "}", 4, "\"shape\"[0] is not a count"},
        /* entries */
        {"{\"a\":7}", 0, "no \"dtype\""},
        {"{\"a\":[]}", 0, "no \"dtype\""},
        {"{\"a\":{}}", 0, "no \"dtype\""},
        {"{\"\":{}}", 0, "name has 0 bytes"},
        {"{\"a\\u001b[2J\":{}}", 0, "control character 0x1b"},
        {"{" TENSOR("a", "F31", "[1]", "[0,4]") "}", 4, "not one of the safetensors format"},
        {"{" TENSOR("a", "F32\\u0000", "[1]", "[0,4]") "}", 4, "not one of the safetensors format"},
        {"{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, "no \"shape\""},
        {"{" TENSOR("a", "F32", "{}", "[0,4]") "}", 4, "no \"shape\""},
        {"{" TENSOR("a", "F32", "[-1]", "[0,4]") "}", 4, "\"shape\"[0] is not a count"},
        {"{" TENSOR("a", "F32", "[1,1.0]", "[0,4]") "}", 4, "\"shape\"[1] is not a count"},
        {"{" TENSOR("a", "F32", "[1,1,1,1,1,1,1,1,1]", "[0,4]") "}", 4, "9 dimensions"},
        {"{" TENSOR("a", "F32", "[4294967296,4294967296]", "[0,4]") "}", 4, "overflows"},
        {"{" TENSOR("a", "F32", "[4611686018427387905]", "[0,4]") "}", 4, "overflows"},
        {"{" TENSOR("a", "F32", "[9223372036854775807,9223372036854775807,9223372036854775807]", "[0,4]") "}", 4,
         "overflows"},
        /* offsets */
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "not a pair of counts"},
        {"{" TENSOR("a", "F32", "[1]", "[0]") "}", 4, "not a pair of counts"},
        {"{" TENSOR("a", "F32", "[1]", "[0,4,8]") "}", 8, "not a pair of counts"},
        {"{" TENSOR("a", "F32", "[1]", "\"04\"") "}", 4, "not a pair of counts"},
        {"{" TENSOR("a", "F32", "[1]", "[-4,0]") "}", 4, "not a pair of counts"},
        {"{" TENSOR("a", "F32", "[1]", "[4,0]") "}", 4, "reversed"},
        {"{" TENSOR("a", "F32", "[1]", "[4,8]") "}", 4, "beyond the 4 bytes"},
        {"{" TENSOR("a", "F32", "[1]", "[9223372036854775803,9223372036854775807]") "}", 4, "beyond the 4 bytes"},
        {"{" TENSOR("a", "F32", "[2]", "[0,4]") "}", 4, "cover 4 bytes"},
        {"{" TENSOR("a", "F32", "[0]", "[0,4]") "}", 4, "cover 4 bytes"},
        {"{" TENSOR("a", "F4", "[3]", "[0,1]") "}", 1, "need 12 bits"},
        {"{" TENSOR("a", "U8", "[4]", "[0,4]") "," TENSOR("b", "U8", "[4]", "[2,6]") "}", 6, "overlaps"},
        {"{" TENSOR("a", "U8", "[4]", "[0,4]") "," TENSOR("b", "U8", "[4]", "[0,4]") "}", 4, "overlaps"},
        {"{" TENSOR("a", "U8", "[4]", "[0,4]") "," TENSOR("b", "U8", "[1]", "[1,2]") "}", 4, "overlaps"},
        {"{" TENSOR("a", "U8", "[4]", "[0,4]") "," TENSOR("b", "U8", "[4]", "[5,9]") "}", 9, "hole"},
        {"{" TENSOR("a", "U8", "[4]", "[1,5]") "}", 5, "hole"},
        {"{" TENSOR("a", "U8", "[4]", "[0,4]") "}", 5, "1 bytes follow"},
        {"{}", 1, "1 bytes follow"},
        /* metadata */
        {"{\"__metadata__\":3}", 0, "\"__metadata__\" is not an object"},
        {"{\"__metadata__\":{\"a\":3}}", 0, "not a string"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t length = strlen(cases[i].header);
        assert_refused(*state, length, cases[i].header, length, cases[i].n_data, cases[i].reason);
    }
}

static void test_every_truncation_of_a_good_file_is_refused(void **state)
{
    const char header[] = "{" TENSOR("a", "U8", "[4]", "[0,4]") "," TENSOR("b", "F32", "[1,1]", "[4,8]") "}";
    unsigned char bytes[sizeof header + 15] = {sizeof header - 1};
    memcpy(bytes + 8, header, sizeof header - 1);
    char path[512];
    snprintf(path, sizeof path, "%s/x.safetensors", (const char *)*state);
    for (size_t n = 0; n <= sizeof bytes; n++) {
        hs_safetensors file;
        hs_error error = {0};
        test_file_write(*state, "x.safetensors", bytes, n);
        assert_int_equal(hs__model_safetensors_open(path, HS_MODEL_WITH_WEIGHTS, &file, &error),
                         n == sizeof bytes ? HS_OK : HS_ERROR_INPUT);
        hs__model_safetensors_clear(&file);
    }
}

static void test_deep_nesting_and_long_names(void **state)
{
    enum { DEPTH = 200000, LONG_NAME = 513 };
    char *header = malloc(DEPTH + 5);
    assert_non_null(header);
    memcpy(header, "{\"a\":", 5);
    memset(header + 5, '[', DEPTH);
    assert_refused(*state, DEPTH + 5, header, DEPTH + 5, 0, "64 levels");
    free(header);
    char name[LONG_NAME + 8] = "{\"";
    memset(name + 2, 'n', LONG_NAME);
    memcpy(name + 2 + LONG_NAME, "\":{}}", 5);
    assert_refused(*state, LONG_NAME + 7, name, LONG_NAME + 7, 0, "name has 513 bytes");
}

static void test_what_is_no_file_is_an_io_error(void **state)
{
    hs_safetensors file;
    hs_error error = {0};
    assert_int_equal(hs__model_safetensors_open(*state, HS_MODEL_WITH_WEIGHTS, &file, &error), HS_ERROR_IO);
    hs_error second = {0};
    assert_int_equal(hs__model_safetensors_open("/nowhere/at/all", HS_MODEL_WITH_WEIGHTS, &file, &second), HS_ERROR_IO);
    assert_non_null(strstr(second.message, "/nowhere/at/all"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tensors_are_found_where_they_are_declared),
        cmocka_unit_test(test_a_file_without_tensors_is_one),
        cmocka_unit_test(test_shapes_are_spelled_out),
        cmocka_unit_test(test_header_lengths),
        cmocka_unit_test(test_files_shorter_than_a_length),
        cmocka_unit_test(test_hostile_headers),
        cmocka_unit_test(test_every_truncation_of_a_good_file_is_refused),
        cmocka_unit_test(test_deep_nesting_and_long_names),
        cmocka_unit_test(test_what_is_no_file_is_an_io_error),
    };
    return cmocka_run_group_tests(tests, test_make_folder, test_remove_folder);
}
