/* base: paths, files and folders as they are found, and the log, which is read back from a file. */
#include "headsweep/base.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/assert_status.h"

static void test_paths(void **state)
{
    (void)state;
    static const struct {
        const char *folder, *name, *joined;
    } joins[] = {{"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"", "b", "b"}, {"a", "/b", "/b"}, {"/", "b", "/b"}};
    /* As dirname() of POSIX has it. */
    static const struct {
        const char *path, *folder;
    } folders[] = {{"a/b", "a"},       {"/b", "/"}, {"b", "."},         {"a/b/", "a"}, {"a//b", "a"},
                   {"a b/c d", "a b"}, {"/", "/"},  {"/a/b/c", "/a/b"}, {"", "."}};
    hs_error error = {0};
    for (size_t i = 0; i < sizeof joins / sizeof joins[0]; i++) {
        char *joined = hs_path_join(joins[i].folder, joins[i].name, &error);
        assert_string_equal(joined, joins[i].joined);
        hs_free(joined);
    }
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        char *folder = hs_path_folder(folders[i].path, &error);
        assert_string_equal(folder, folders[i].folder);
        hs_free(folder);
    }
}

typedef struct scratch {
    char folder[64];
    char path[128];
} scratch;

static int make_scratch(void **state)
{
    scratch *made = calloc(1, sizeof *made);
    if (made == NULL)
        return -1;
    strcpy(made->folder, "/tmp/headsweep_test_base_XXXXXX");
    if (mkdtemp(made->folder) == NULL)
        return -1;
    (void)snprintf(made->path, sizeof made->path, "%s/file with spaces", made->folder);
    *state = made;
    return 0;
}

static int remove_scratch(void **state)
{
    scratch *made = *state;
    (void)unlink(made->path);
    int result = rmdir(made->folder);
    free(made);
    return result;
}

static void write_file(const char *path, const void *bytes, size_t n_bytes)
{
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, n_bytes, stream), n_bytes);
    assert_int_equal(fclose(stream), 0);
}

static void test_file_contents(void **state)
{
    const scratch *made = *state;
    enum { LARGEST = 200001 };
    static const size_t sizes[] = {0, 1, 4096, 65536, 131072, LARGEST};
    unsigned char *bytes = malloc(LARGEST);
    assert_non_null(bytes);
    for (size_t i = 0; i < LARGEST; i++)
        bytes[i] = (unsigned char)(i * 7 + i / 251);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        write_file(made->path, bytes, sizes[i]);
        hs_error error = {0};
        hs_mapped_file file = {0};
        assert_ok(hs_mapped_file_open(made->path, &file, &error), &error);
        assert_int_equal(file.n_bytes, sizes[i]);
        if (sizes[i] == 0)
            assert_null(file.bytes);
        else
            assert_memory_equal(file.bytes, bytes, sizes[i]);
        hs_mapped_file_clear(&file);
        hs_mapped_file_clear(&file);
        assert_null(file.bytes);
        size_t n_file_bytes = 0, most = 4096, front = sizes[i] < most ? sizes[i] : most;
        assert_ok(hs_mapped_file_open_front(made->path, most, &file, &n_file_bytes, &error), &error);
        assert_int_equal(file.n_bytes, front);
        assert_int_equal(n_file_bytes, sizes[i]);
        hs_mapped_file_clear(&file);
        unsigned char part[100];
        size_t n_part = sizes[i] < sizeof part ? sizes[i] : sizeof part, offset = sizes[i] - n_part;
        assert_ok(hs_file_read_part(made->path, offset, part, n_part, &error), &error);
        assert_memory_equal(part, bytes + offset, n_part);
        assert_int_equal(hs_file_read_part(made->path, sizes[i], part, 1, &error), HS_ERROR_IO);
        error = (hs_error){0};
        char *copy = NULL;
        size_t n_bytes = 0;
        assert_ok(hs_file_read(made->path, sizes[i], &copy, &n_bytes, &error), &error);
        assert_int_equal(n_bytes, sizes[i]);
        assert_memory_equal(copy, bytes, sizes[i]);
        assert_int_equal(copy[n_bytes], 0);
        hs_free(copy);
        uint64_t hash = 0;
        assert_ok(hs_hash_file(5, made->path, &hash, &error), &error);
        assert_true(hash == hs_hash(5, bytes, sizes[i]));
    }
    free(bytes);
}

/* Of short and long inputs, which the library hashes differently, cut anywhere. */
static void test_hash_of_pieces(void **state)
{
    static const size_t lengths[] = {0, 1, 16, 17, 240, 241, 1024, 100003};
    unsigned char *bytes = malloc(100003);
    (void)state;

    for (size_t i = 0; i < 100003; i++)
        bytes[i] = (unsigned char)(i * i >> 3);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        for (size_t piece = 1; piece <= 1000; piece *= 10) {
            hs_hash_pieces *pieces = NULL;
            hs_error error = {0};
            assert_ok(hs_hash_begin(77, &pieces, &error), &error);
            for (size_t at = 0; at < lengths[i]; at += piece)
                hs_hash_add(pieces, bytes + at, lengths[i] - at < piece ? lengths[i] - at : piece);
            assert_true(hs_hash_end(pieces) == hs_hash(77, bytes, lengths[i]));
        }
    free(bytes);
}

static void test_file_limit(void **state)
{
    const scratch *made = *state;
    hs_error error = {0};
    char *copy = (char *)&error;
    size_t n_bytes = 1;
    write_file(made->path, "12345", 5);
    assert_int_equal(hs_file_read(made->path, 4, &copy, &n_bytes, &error), HS_ERROR_INPUT);
    assert_non_null(strstr(error.message, made->path));
    assert_non_null(strstr(error.message, "4 bytes"));
    assert_null(copy);
    assert_int_equal(n_bytes, 0);
}

/* What stands in a file's place until it is fetched is never taken for the file. */
static void test_placeholders_are_named(void **state)
{
    const scratch *made = *state;
    const struct {
        const char *text;
        const char *reason;
    } cases[] = {
        {"version https://git-lfs.github.com/spec/v1\noid sha256:01\nsize 5\n", "is a Git LFS pointer"},
        {"version https://git-lfs.github.com/spec/v1", "`git lfs pull`"},
        {"../../blobs/0123abcd", "is the text of a link in a cache of the Hugging Face hub"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *copy = NULL;
        size_t n_bytes = 0;
        hs_mapped_file file = {0};
        hs_error mapped = {0}, read = {0};
        write_file(made->path, cases[i].text, strlen(cases[i].text));
        assert_int_equal(hs_mapped_file_open(made->path, &file, &mapped), HS_ERROR_INPUT);
        assert_int_equal(hs_file_read(made->path, 1000, &copy, &n_bytes, &read), HS_ERROR_INPUT);
        assert_non_null(strstr(mapped.message, made->path));
        assert_non_null(strstr(mapped.message, cases[i].reason));
        assert_string_equal(mapped.message, read.message);
        assert_null(file.bytes);
        assert_null(copy);
    }
}

static void test_missing_file(void **state)
{
    const scratch *made = *state;
    char *copy = NULL;
    size_t n_bytes = 0;
    uint64_t hash = 0;
    hs_mapped_file file = {0};
    hs_error mapped = {0}, read = {0}, hashed = {0};
    assert_false(hs_path_exists(made->path));
    assert_true(hs_path_exists(made->folder));
    assert_int_equal(hs_mapped_file_open(made->path, &file, &mapped), HS_ERROR_IO);
    assert_int_equal(hs_file_read(made->path, 10, &copy, &n_bytes, &read), HS_ERROR_IO);
    assert_int_equal(hs_hash_file(0, made->path, &hash, &hashed), HS_ERROR_IO);
    assert_non_null(strstr(mapped.message, made->path));
    assert_non_null(strstr(mapped.message, "No such file"));
    assert_string_equal(read.message, mapped.message);
    assert_string_equal(hashed.message, mapped.message);
}

static void test_folder_is_no_file(void **state)
{
    const scratch *made = *state;
    char *copy = NULL;
    size_t n_bytes = 0;
    hs_mapped_file file = {0};
    hs_error mapped = {0}, read = {0};
    assert_int_equal(hs_mapped_file_open(made->folder, &file, &mapped), HS_ERROR_IO);
    assert_int_equal(hs_file_read(made->folder, 10, &copy, &n_bytes, &read), HS_ERROR_IO);
    assert_non_null(strstr(mapped.message, "is a folder"));
    assert_non_null(strstr(read.message, "is a folder"));
}

/* A pipe that nobody writes to must not hang the run that wants to map it. */
static void test_pipe_is_not_mapped(void **state)
{
    const scratch *made = *state;
    hs_mapped_file file = {0};
    hs_error error = {0};
    assert_int_equal(mkfifo(made->path, 0600), 0);
    assert_int_equal(hs_mapped_file_open(made->path, &file, &error), HS_ERROR_IO);
    assert_non_null(strstr(error.message, "is a pipe"));
}

static void test_pipe_is_read(void **state)
{
    (void)state;
    int ends[2];
    char path[64];
    char *copy = NULL;
    size_t n_bytes = 0;
    hs_error error = {0};
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "abc", 3), 3);
    assert_int_equal(close(ends[1]), 0);
    (void)snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    assert_ok(hs_file_read(path, 3, &copy, &n_bytes, &error), &error);
    assert_string_equal(copy, "abc");
    hs_free(copy);
    assert_int_equal(close(ends[0]), 0);
}

static void test_text_files(void **state)
{
    const scratch *made = *state;
    static const struct {
        const char *bytes;
        size_t n_bytes;
        const char *expected; /* the text, or what the message says of the file */
        hs_status status;
    } rows[] = {
        {"\xEF\xBB\xBF"
         "a\r\nb",
         7, "a\r\nb", HS_OK},
        {"\xEF\xBB\xBF", 3, "", HS_OK},
        {"", 0, "", HS_OK},
        {"a\rb\r", 4, "a\nb\n", HS_OK},
        {"a\rb\n", 4, "a\rb\n", HS_OK},
        {"\xFF\xFE"
         "a\0",
         4, " is UTF-16, ", HS_ERROR_INPUT},
        {"\xFE\xFF\0a", 4, " is UTF-16, ", HS_ERROR_INPUT},
        {"\xFF\xFE\0\0a\0\0\0", 8, " is UTF-32, ", HS_ERROR_INPUT},
        {"\0\0\xFE\xFF\0\0\0a", 8, "iconv -f UTF-32 -t UTF-8", HS_ERROR_INPUT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        hs_error error = {0};
        char *text = NULL;
        size_t n_bytes = 1;
        write_file(made->path, rows[i].bytes, rows[i].n_bytes);
        assert_int_equal(hs_text_file_read(made->path, 100, &text, &n_bytes, &error), rows[i].status);
        if (rows[i].status == HS_OK) {
            assert_string_equal(text, rows[i].expected);
            assert_int_equal(n_bytes, strlen(rows[i].expected));
        } else {
            assert_null(text);
            assert_non_null(strstr(error.message, rows[i].expected));
        }
        hs_free(text);
    }
}

static void test_log_levels(void **state)
{
    const scratch *made = *state;
    const hs_log silent = {0};
    hs_log_print(&silent, HS_LOG_WARNING, "to nobody");
    hs_log log = {fopen(made->path, "w"), HS_LOG_INFO};
    assert_non_null(log.stream);
    hs_log_print(&log, HS_LOG_WARNING, "slow %s", "core");
    hs_log_print(&log, HS_LOG_INFO, "model %d", 1);
    hs_log_print(&log, HS_LOG_DEBUG, "detail");
    log.level = HS_LOG_QUIET;
    hs_log_print(&log, HS_LOG_WARNING, "hidden");
    log.level = HS_LOG_DEBUG;
    hs_log_print(&log, HS_LOG_QUIET, "never");
    hs_log_print(&log, HS_LOG_DEBUG, "detail");
    assert_int_equal(fclose(log.stream), 0);
    char *text = NULL;
    size_t length = 0;
    hs_error error = {0};
    assert_ok(hs_file_read(made->path, 1000, &text, &length, &error), &error);
    assert_string_equal(text, "warning: slow core\nmodel 1\ndebug: detail\n");
    hs_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test_setup_teardown(test_file_contents, make_scratch, remove_scratch),
        cmocka_unit_test(test_hash_of_pieces),
        cmocka_unit_test_setup_teardown(test_file_limit, make_scratch, remove_scratch),
        cmocka_unit_test_setup_teardown(test_placeholders_are_named, make_scratch, remove_scratch),
        cmocka_unit_test_setup_teardown(test_missing_file, make_scratch, remove_scratch),
        cmocka_unit_test_setup_teardown(test_folder_is_no_file, make_scratch, remove_scratch),
        cmocka_unit_test_setup_teardown(test_pipe_is_not_mapped, make_scratch, remove_scratch),
        cmocka_unit_test(test_pipe_is_read),
        cmocka_unit_test_setup_teardown(test_text_files, make_scratch, remove_scratch),
        cmocka_unit_test_setup_teardown(test_log_levels, make_scratch, remove_scratch),
    };
    return cmocka_run_group_tests_name("base, files", tests, NULL, NULL);
}
