/* tasks: JSON that is not one record per line, files that gzip packed, and files that are not text. */
#include "support/assert_status.h"
#include "support/task_fixture.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "tasks/reader.h"

/* "line:value of x" of each record, or what it says where it ends. */
static const char *read_all(const struct task_fixture *fixture, const char *path, const char *records, char out[512])
{
    task_reader reader;
    hs_error error = {0};
    const hs_json_value *object = NULL;
    const hs_data_format format = {.records = (char *)(uintptr_t)records};
    size_t used = 0;
    out[0] = '\0';
    hs_status status = hs__tasks_reader_open(path, &format, &reader, &error);
    while (status == HS_OK && (status = hs__tasks_reader_next(&reader, &object, &error)) == HS_OK && object != NULL)
        used +=
            (size_t)snprintf(out + used, 512 - used, "%zu:%s ", reader.line, hs_json_string(hs_json_get(object, "x")));
    if (status != HS_OK)
        (void)snprintf(out + used, 512 - used, "%s", error.message + strlen(fixture->folder) + 1);
    hs__tasks_reader_clear(&reader);
    return out;
}

static size_t pack(const void *bytes, size_t n_bytes, unsigned char *packed, size_t capacity)
{
    z_stream stream = {0};
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = (Bytef *)(uintptr_t)bytes;
    stream.avail_in = (uInt)n_bytes;
    stream.next_out = packed;
    stream.avail_out = (uInt)capacity;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(deflateEnd(&stream), Z_OK);
    return capacity - stream.avail_out;
}

/* The same whether the file is packed or not. */
static void assert_reads(const struct task_fixture *fixture, const char *name, const char *bytes, const char *records,
                         const char *expected)
{
    char path[128], out[512], packed_name[64];
    unsigned char packed[4096];
    (void)task_fixture_write(fixture, name, bytes, strlen(bytes), path, sizeof path);
    assert_string_equal(read_all(fixture, path, records, out), expected);
    if (strstr(expected, name) != NULL)
        return;
    size_t n = pack(bytes, strlen(bytes), packed, sizeof packed);
    (void)snprintf(packed_name, sizeof packed_name, "%s.gz", name);
    (void)task_fixture_write(fixture, packed_name, packed, n, path, sizeof path);
    assert_string_equal(read_all(fixture, path, records, out), expected);
}

static void test_layouts(void **state)
{
    static const struct {
        const char *name, *bytes, *records, *expected;
    } rows[] = {
        {"a.json", "[{\"x\": \"a\"}, {\"x\": \"b\"}]", "", "1:a 1:b "},
        {"b.jsonl", "\xEF\xBB\xBF\n [\n {\n  \"x\": \"a]\\\"}\"\n },\n {\"x\": \"b\", \"y\": [1, {\"z\": []}]}\n]\n",
         "", "3:a]\"} 6:b "},
        {"c.json", "[]", "", ""},
        {"d.json", "{\"x\": \"a\"}\n{\"x\": \"b\"}\n", "", "1:a 2:b "},
        {"e.json", "{\n  \"x\": \"a\"\n}\n{\n  \"x\": \"b\"}{\"x\":\"c\"}", "", "1:a 4:b 5:c "},
        {"f.json", "{\"x\":\n\"a\"}", "", "1:a "},
        {"g.json",
         "{\"version\": \"1, [2\", \"n\": [[], {}, 1.5, null], \"data\": [{\"x\": \"a\"},\n{\"x\": \"b\"}], \"z\": "
         "{}}\n",
         "data", "1:a 2:b "},
        {"h.json", "{\"a.b\": {\"t\\u0065st\": [{\"x\": \"a\"}]}}", "a.b.test", "1:a "},
        {"i.json", "[[1], {\"items\": [{\"x\": \"a\"}]}, {}]", "1.items", "1:a "},
        {"j.csv", "x,y\n\"a\nb\",1\nc,2", "", "2:a\nb 4:c "},
        {"k.jsonl", "{\"x\": \"a\"}\r{\"x\": \"b\"}", "", "1:a 2:b "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_reads(*state, rows[i].name, rows[i].bytes, rows[i].records, rows[i].expected);
}

static void test_refused_documents(void **state)
{
    static const struct {
        const char *bytes, *records, *expected;
    } rows[] = {
        {"[{\"x\": \"a\"},\n{\"x\": \"b\"}", "", "1:a 2:b a.json:2: invalid JSON: the file is cut off"},
        {"[{\"x\": \"a\"},", "", "1:a a.json:1: invalid JSON: the list of records is not closed: the file is cut off"},
        {"[{\"x\": \"a\"},\n]", "", "1:a a.json:2: invalid JSON: there is a comma behind the last record"},
        {"[{\"x\": \"a\"}\n{\"x\": \"b\"}]", "", "1:a a.json:2: invalid JSON: a comma is needed between records"},
        {"[{\"x\": \"a\"}] [{\"x\": \"b\"}]", "",
         "1:a a.json:1: invalid JSON: the file goes on behind the document with the list of records"},
        {"[{\"x\": \"a\"}, 5]", "", "1:a a.json:1 (record 2): the record must be a JSON object, {...}, not integer"},
        {"[{\"x\": \"a\"},\n{\"x\": tru}]", "", "1:a a.json:2: column 9: invalid JSON: invalid token near 'tru'"},
        {"[{\"x\": \"a\"", "", "a.json:1: column 9: invalid JSON: '}' expected near end of file"},
        {"{\"data\": [{\"x\": \"a\"}]", "data", "1:a a.json:1: invalid JSON: the file is cut off"},
        {"{\"data\": [{\"x\": \"a\"}]}\n{\"data\": []}", "data",
         "1:a a.json:2: invalid JSON: the file goes on behind the document with the list of records"},
        {"{\"data\": {\"a\": 1}}", "data",
         "a.json:1: records = \"data\": leads to an object; a list of records is needed"},
        {"{\"data\": 5}", "data", "a.json:1: records = \"data\": does not lead to a list of records"},
        {"{\"data\": 5}", "data.b",
         "a.json:1: records = \"data.b\": the path goes on, but there is neither an object nor a list"},
        {"{\"a\": 1,\n\"b\": []}", "data", "a.json:2: records = \"data\": there is no `data`; the object has: a, b"},
        {"{}", "data", "a.json:1: records = \"data\": there is no `data`; the object has: nothing"},
        {"[{\"a\": []}]", "a",
         "a.json:1: records = \"a\": the path goes on behind a list; the number of an element leads into it"},
        {"[{\"a\": []}]", "1.a", "a.json:1: records = \"1.a\": the list has no element of that number"},
        {"", "data", "a.json:1: records = \"data\": the path goes on, but there is neither an object nor a list"},
        {"{\"a\": [1, 2", "data", "a.json:1: invalid JSON: the file is cut off"},
        {"{\"a\" 1}", "data", "a.json:1: invalid JSON: a colon is needed behind a name"},
        {"{a: 1}", "data", "a.json:1: invalid JSON: a name in quotes is needed"},
        /* A first line that is broken does not make one document of them all. */
        {"{\"x\": \"a\"\n{\"x\": \"b\"}\n", "", "a.json:1: column 9: invalid JSON: '}' expected near end of file"},
        {"{\"x\": \"a\"\n,\"y\" 5}\n", "", "a.json:2: column 6: invalid JSON: ':' expected near '5'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_reads(*state, "a.json", rows[i].bytes, rows[i].records, rows[i].expected);
}

/* The examples may be in a list within the one record that there seems to be. */
static void test_a_list_within_the_record_is_named(void **state)
{
    const char *message =
        task_fixture_refuse(*state, "minimal_pair", "{\"v\": 1, \"data\": [{\"good\": \"a\"}]}", HS_ERROR_INPUT);
    assert_string_equal(message, "data.jsonl:1: field `good` is missing; the line has: v, data; if `data` holds the "
                                 "records, set records = \"data\"");
}

static void test_packed_files(void **state)
{
    const struct task_fixture *fixture = *state;
    static const char text[] = "{\"x\": \"a\"}\n{\"x\": \"b\"}\n";
    unsigned char packed[512];
    char path[128], out[512];
    size_t n = pack(text, sizeof text - 1, packed, sizeof packed);
    /* By its bytes, whatever it is called. */
    (void)task_fixture_write(fixture, "a.jsonl", packed, n, path, sizeof path);
    assert_string_equal(read_all(fixture, path, "", out), "1:a 2:b ");
    /* Members one after the other, as `cat` and bgzip leave them, and the zeros of a tape's block. */
    size_t n_both = n + pack("{\"x\": \"c\"}", 10, packed + n, sizeof packed - n);
    memset(packed + n_both, 0, 16);
    (void)task_fixture_write(fixture, "a.jsonl.GZ", packed, n_both + 16, path, sizeof path);
    assert_string_equal(read_all(fixture, path, "", out), "1:a 2:b 3:c ");
    (void)task_fixture_write(fixture, "a.gz", packed, n + 1, path, sizeof path);
    assert_non_null(strstr(read_all(fixture, path, "", out), "a.gz: the gzip data ends at byte "));
    /* Cut anywhere it is told of, and never taken for a shorter file. */
    for (size_t cut = 2; cut < n; cut++) {
        (void)task_fixture_write(fixture, "a.gz", packed, cut, path, sizeof path);
        assert_non_null(strstr(read_all(fixture, path, "", out), "a.gz: the gzip data is cut off"));
    }
    /* So is each flipped byte behind the header, at the latest by the check sum. */
    for (size_t i = 10; i < n; i++) {
        packed[i] ^= 0x10;
        (void)task_fixture_write(fixture, "a.gz", packed, n, path, sizeof path);
        if (strstr(read_all(fixture, path, "", out), "a.gz: the gzip data ") == NULL)
            fail_msg("byte %zu: %s", i, out);
        packed[i] ^= 0x10;
    }
}

/* A record that is larger than the window that it is unpacked into, and many smaller ones. */
static void test_long_packed_records(void **state)
{
    enum { LONG = 3 * 1024 * 1024, N = 40000 };
    const struct task_fixture *fixture = *state;
    hs_text text = {0};
    hs_error error = {0};
    char path[128];
    unsigned char *packed = malloc(LONG);
    assert_non_null(packed);
    for (int i = 0; i < N; i++)
        (void)hs_text_appendf(&text, &error, "{\"x\": \"%d\"}\n", i);
    (void)hs_text_appendf(&text, &error, "{\"x\": \"");
    for (int i = 0; i < LONG / 8; i++)
        (void)hs_text_appendf(&text, &error, "%08d", i);
    (void)hs_text_appendf(&text, &error, "\"}\n{\"x\": \"end\"}");
    size_t n = pack(text.text, text.length, packed, LONG);
    (void)task_fixture_write(fixture, "a.jsonl.gz", packed, n, path, sizeof path);
    task_reader reader;
    const hs_json_value *object;
    assert_ok(hs__tasks_reader_open(path, NULL, &reader, &error), &error);
    for (int i = 0; i < N; i++) {
        assert_ok(hs__tasks_reader_next(&reader, &object, &error), &error);
        assert_int_equal(atoi(hs_json_string(hs_json_get(object, "x"))), i);
    }
    assert_ok(hs__tasks_reader_next(&reader, &object, &error), &error);
    assert_int_equal(hs_json_size(hs_json_get(object, "x")), LONG / 8 * 8);
    assert_ok(hs__tasks_reader_next(&reader, &object, &error), &error);
    assert_string_equal(hs_json_string(hs_json_get(object, "x")), "end");
    assert_int_equal(reader.line, N + 2);
    hs__tasks_reader_clear(&reader);
    hs_text_clear(&text);
    free(packed);
}

/* A megabyte that would unpack to a gigabyte without a line end is refused for the price of its first 16. */
static void test_a_bomb(void **state)
{
    enum { HUGE = 64 * 1024 * 1024 };
    const struct task_fixture *fixture = *state;
    char path[128], out[512];
    char *zeros = malloc(HUGE);
    unsigned char *packed = malloc(HUGE / 500);
    assert_non_null(zeros);
    assert_non_null(packed);
    memset(zeros, 'a', HUGE);
    size_t n = pack(zeros, HUGE, packed, HUGE / 500);
    (void)task_fixture_write(fixture, "a.txt.gz", packed, n, path, sizeof path);
    assert_non_null(strstr(read_all(fixture, path, "", out), "a.txt.gz:1: the line is longer than the 16777216 bytes"));
    free(zeros);
    free(packed);
}

static void test_files_of_other_kinds(void **state)
{
    static const struct {
        const char *bytes;
        size_t n_bytes;
        const char *expected;
    } rows[] = {
        {"PAR1\x15\x04\x15", 7,
         "a.jsonl is a Parquet file; JSON Lines, CSV, TSV or text is needed: pandas.read_parquet"},
        {"PK\3\4\x14", 5, "a.jsonl is a zip archive or a workbook;"},
        {"\xFD"
         "7zXZ\0",
         6, "a.jsonl is packed by xz;"},
        {"\x28\xB5\x2F\xFD\x04", 5, "a.jsonl is packed by zstd;"},
        {"BZh91AY&SY\x01", 11, "a.jsonl is packed by bzip2;"},
        {"ARROW1\0\0", 8, "a.jsonl is an Arrow file;"},
        {"<!doctype html>\n", 16, "a.jsonl is a web page;"},
    };
    const struct task_fixture *fixture = *state;
    char path[128], out[512];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)task_fixture_write(fixture, "a.jsonl", rows[i].bytes, rows[i].n_bytes, path, sizeof path);
        if (strstr(read_all(fixture, path, "", out), rows[i].expected) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", out, rows[i].expected);
    }
    /* Within gzip too. */
    char tar[512] = {0};
    unsigned char packed[512];
    memcpy(tar + 257, "ustar", 5);
    size_t n = pack(tar, sizeof tar, packed, sizeof packed);
    (void)task_fixture_write(fixture, "a.tar.gz", packed, n, path, sizeof path);
    assert_non_null(strstr(read_all(fixture, path, "", out), "a.tar.gz is a tar archive;"));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, task_fixture_set_up, task_fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_layouts),
        CASE(test_refused_documents),
        CASE(test_a_list_within_the_record_is_named),
        CASE(test_packed_files),
        CASE(test_long_packed_records),
        CASE(test_a_bomb),
        CASE(test_files_of_other_kinds),
    };
    return cmocka_run_group_tests_name("tasks_documents", tests, NULL, NULL);
}
