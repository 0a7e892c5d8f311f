/* base: errors, texts, UTF-8, paths, files, and figures written for people. */
#include "headsweep/base.h"

#include <math.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/assert_status.h"

/* ---- what a terminal is shown ------------------------------------------------------------------------------------ */

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

/* ---- errors ---------------------------------------------------------------------------------------------------- */

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

/* ---- texts ----------------------------------------------------------------------------------------------------- */

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

/* ---- UTF-8 ----------------------------------------------------------------------------------------------------- */

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

/* ---- paths and files ------------------------------------------------------------------------------------------- */

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

/* ---- messages and figures for people --------------------------------------------------------------------------- */

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
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_text_grows),
        cmocka_unit_test(test_text_gives_its_bytes_away),
        cmocka_unit_test(test_text_refuses_impossible_lengths),
        cmocka_unit_test(test_every_code_point),
        cmocka_unit_test(test_overlong_forms_are_refused),
        cmocka_unit_test(test_broken_continuations_are_refused),
        cmocka_unit_test(test_utf8_check_names_the_offset),
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
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_time_passes),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
