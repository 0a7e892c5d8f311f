/* base: memory - alignment, zeroes, overflow, and what happens when the k-th allocation fails, for every k. */
#include "headsweep/base.h"
#include "support/assert_status.h"
#include "support/valgrind.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Stands in for the C library's; -1: never fails, else how many calls succeed before one fails. */
static long n_calls_before_failure = -1;

int posix_memalign(void **pointer_out, size_t alignment, size_t n_bytes)
{
    if (n_calls_before_failure == 0)
        return 12; /* ENOMEM */
    if (n_calls_before_failure > 0)
        n_calls_before_failure--;
    *pointer_out = aligned_alloc(alignment, (n_bytes + alignment - 1) / alignment * alignment);
    return *pointer_out == NULL ? 12 : 0;
}

static void assert_zeroed(const unsigned char *bytes, size_t n_bytes)
{
    for (size_t i = 0; i < n_bytes; i++)
        assert_int_equal(bytes[i], 0);
}

static void test_allocate(void **state)
{
    (void)state;
    static const size_t counts[] = {0, 1, 63, 64, 65, 1000, 100003};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        hs_error error = {0};
        double *values = NULL;
        assert_ok(hs_allocate(&values, counts[i], sizeof *values, "values", &error), &error);
        assert_non_null(values);
        assert_int_equal((uintptr_t)values % 64, 0);
        assert_zeroed((const unsigned char *)values, counts[i] * sizeof *values);
        memset(values, 0xA5, counts[i] * sizeof *values);
        hs_free(values);
    }
    hs_free(NULL);
}

static void test_overflow(void **state)
{
    (void)state;
    static const size_t sizes[][2] = {{SIZE_MAX, 2}, {2, SIZE_MAX}, {SIZE_MAX / 8 + 2, 8}, {SIZE_MAX / 2 + 1, 1}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        hs_error error = {0};
        char *bytes = (char *)&error;
        assert_int_equal(hs_allocate(&bytes, sizes[i][0], sizes[i][1], "the arena", &error), HS_ERROR_MEMORY);
        assert_null(bytes);
        assert_memory_equal(error.message, "the arena: ", 11);
    }
}

static void test_reserve(void **state)
{
    (void)state;
    enum { N = 5000 };
    hs_error error = {0};
    uint32_t *items = NULL;
    size_t capacity = 0, n_moves = 0;
    for (uint32_t i = 0; i < N; i++) {
        const uint32_t *before = items;
        assert_ok(hs_reserve(&items, &capacity, i + 1, sizeof *items, "items", &error), &error);
        assert_true(capacity > i);
        assert_int_equal((uintptr_t)items % 64, 0);
        assert_int_equal(items[capacity - 1], 0);
        n_moves += items != before;
        items[i] = ~i;
    }
    for (uint32_t i = 0; i < N; i++)
        assert_int_equal(items[i], ~i);
    assert_zeroed((const unsigned char *)(items + N), (capacity - N) * sizeof *items);
    assert_true(n_moves <= 13); /* doubling: ceil(log2(5000)) */
    hs_free(items);
}

static void test_reserve_keeps_what_is_enough(void **state)
{
    (void)state;
    hs_error error = {0};
    char *items = NULL;
    size_t capacity = 0;
    assert_ok(hs_reserve(&items, &capacity, 0, 1, "items", &error), &error);
    assert_null(items);
    assert_ok(hs_reserve(&items, &capacity, 100, 1, "items", &error), &error);
    const char *before = items;
    size_t capacity_before = capacity;
    assert_ok(hs_reserve(&items, &capacity, capacity, 1, "items", &error), &error);
    assert_ptr_equal(items, before);
    assert_int_equal(capacity, capacity_before);
    memset(items, 7, capacity);
    assert_int_equal(hs_reserve(&items, &capacity, SIZE_MAX, 1, "items", &error), HS_ERROR_MEMORY);
    assert_ptr_equal(items, before);
    assert_int_equal(capacity, capacity_before);
    assert_int_equal(items[capacity - 1], 7);
    hs_free(items);
}

/* Returns whether the operation succeeded, having checked and freed what it made. */
typedef bool operation(hs_error *error);

static bool make_strings(hs_error *error)
{
    char *copy = hs_string_copy("a", error);
    char *formatted = copy == NULL ? NULL : hs_string_format(error, "%s/%d", copy, 5);
    char *joined = formatted == NULL ? NULL : hs_path_join(copy, formatted, error);
    char *folder = joined == NULL ? NULL : hs_path_folder(joined, error);
    if (folder != NULL)
        assert_string_equal(folder, "a/a");
    bool made = folder != NULL;
    hs_free(copy);
    hs_free(formatted);
    hs_free(joined);
    hs_free(folder);
    return made;
}

static bool grow_text(hs_error *error)
{
    hs_text text = {0};
    hs_status status = HS_OK;
    for (int i = 0; i < 200 && status == HS_OK; i++) {
        size_t length = text.length;
        status = hs_text_appendf(&text, error, "%d ", i % 10);
        if (status != HS_OK && text.text != NULL)
            assert_int_equal(strlen(text.text), length);
    }
    bool made = status == HS_OK && text.length == 400;
    hs_text_clear(&text);
    return made;
}

static bool parse_json(hs_error *error)
{
    static const char text[] = "{\"n_layer\": 12}";
    hs_json *json = NULL;
    hs_status status = hs_json_parse(text, sizeof text - 1, "text", &json, error);
    if (status != HS_OK) {
        assert_null(json);
        return false;
    }
    assert_int_equal(hs_json_integer(hs_json_get(hs_json_root(json), "n_layer")), 12);
    hs_json_free(json);
    return true;
}

static bool read_file(hs_error *error)
{
    char *bytes = NULL;
    size_t n_bytes = 0;
    hs_status status = hs_file_read("/dev/null", 10, &bytes, &n_bytes, error);
    if (status != HS_OK)
        assert_null(bytes);
    else
        assert_string_equal(bytes, "");
    hs_free(bytes);
    return status == HS_OK;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    skip_under_valgrind();
    static const struct {
        operation *run;
        long n_allocations;
    } operations[] = {{make_strings, 4}, {grow_text, 7}, {parse_json, 1}, {read_file, 1}};
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++)
        for (long k = 0; k <= operations[i].n_allocations; k++) {
            hs_error error = {0};
            n_calls_before_failure = k;
            bool made = operations[i].run(&error);
            n_calls_before_failure = -1;
            assert_int_equal(made, k == operations[i].n_allocations);
            assert_int_equal(error.status, made ? HS_OK : HS_ERROR_MEMORY);
        }
}

/*
 * The peak grows with what is touched, and stays when it is freed; a mapped file reads the same after it was released.
 */
static void test_peak(void **state)
{
    (void)state;
    enum { N_BYTES = 64 << 20 };
    hs_error error = {0};
    unsigned char *bytes = NULL;
    size_t before = hs_peak_memory_bytes();
    if (before == 0) {
        print_message("skipped: this system does not say how much memory a process had\n");
        skip();
    }
    assert_ok(hs_allocate(&bytes, N_BYTES, 1, "test", &error), &error);
    assert_true(hs_peak_memory_bytes() >= before + N_BYTES / 2);
    hs_free(bytes);
    assert_true(hs_peak_memory_bytes() >= before + N_BYTES / 2);
}

static void test_released_bytes_read_the_same(void **state)
{
    (void)state;
    enum { N_BYTES = 100000 };
    static unsigned char written[N_BYTES];
    char path[] = "/tmp/headsweep-test-XXXXXX";
    hs_error error = {0};
    hs_mapped_file file;
    int fd = mkstemp(path);
    for (size_t i = 0; i < N_BYTES; i++)
        written[i] = (unsigned char)(i * 7 + i / 256);
    assert_true(fd >= 0 && write(fd, written, N_BYTES) == N_BYTES && close(fd) == 0);
    assert_ok(hs_mapped_file_open(path, &file, &error), &error);
    hs_mapped_bytes_release(file.bytes + 100, 1);
    hs_mapped_bytes_release(file.bytes + 100, N_BYTES - 200);
    assert_memory_equal(file.bytes, written, N_BYTES);
    hs_mapped_file_clear(&file);
    assert_int_equal(remove(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_allocate),
        cmocka_unit_test(test_overflow),
        cmocka_unit_test(test_reserve),
        cmocka_unit_test(test_reserve_keeps_what_is_enough),
        cmocka_unit_test(test_every_allocation_may_fail),
        cmocka_unit_test(test_peak),
        cmocka_unit_test(test_released_bytes_read_the_same),
    };
    return cmocka_run_group_tests_name("base_memory", tests, NULL, NULL);
}
