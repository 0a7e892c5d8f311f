/* tasks: CSV, TSV and plain text files. What RFC 4180 leaves open is as Python's csv module reads it. */
#include "support/task_fixture.h"

#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#include "tasks/reader.h"

/* Records as "line: name=value|name=value", with / for a line end. */
static void describe_records(task_reader *reader, hs_text *text)
{
    hs_error error = {0};
    for (;;) {
        const hs_json_value *object;
        const hs_json_value *value;
        const char *key;
        size_t key_length;
        hs_json_iterator *at = NULL;
        if (task_reader_next(reader, &object, &error) != HS_OK)
            fail_msg("%s", error.message);
        if (object == NULL)
            return;
        (void)hs_text_appendf(text, &error, "%s%zu:", text->length > 0 ? " ; " : "", reader->line);
        while ((at = hs_json_next(object, at, &key, &key_length, &value)) != NULL) {
            assert_int_equal(strlen(hs_json_string(value)), hs_json_size(value));
            (void)hs_text_appendf(text, &error, " %s=%s|", key, hs_json_string(value));
        }
    }
}

static void assert_records(const struct task_fixture *fixture, const char *name, const char *bytes,
                           const char *expected)
{
    char path[128];
    hs_error error = {0};
    hs_text text = {0};
    task_reader reader;
    (void)task_fixture_write(fixture, name, bytes, strlen(bytes), path, sizeof path);
    if (task_reader_open(path, &reader, &error) != HS_OK)
        fail_msg("%s", error.message);
    describe_records(&reader, &text);
    for (size_t i = 0; i < text.length; i++)
        if (text.text[i] == '\n')
            text.text[i] = '/';
    assert_string_equal(text.length > 0 ? text.text : "", expected);
    hs_text_clear(&text);
    task_reader_clear(&reader);
}

static void test_records(void **state)
{
    static const struct {
        const char *name, *bytes, *expected;
    } cases[] = {
        {"a.csv", "x,y\n1,2\n3,4", "2: x=1| y=2| ; 3: x=3| y=4|"},
        {"b.CSV", "\xEF\xBB\xBFx,y\r\n1,2\r\n\r\n3,\r\n", "2: x=1| y=2| ; 4: x=3| y=|"},
        {"c.csv", "x,y\n\"a,b\",\"say \"\"hi\"\"\"\n", "2: x=a,b| y=say \"hi\"|"},
        {"d.csv", "x,y\n\"two\nlines\",1\n3,\"\r\n\"\n5,6\n", "2: x=two/lines| y=1| ; 4: x=3| y=\r/| ; 6: x=5| y=6|"},
        {"e.csv", "\"x y\",\"\"\n\"\",\"\"\"\"\n", "2: x y=| =\"|"},
        {"f.csv", "x,y\n5\" pipe,a \"b\" c\n", "2: x=5\" pipe| y=a \"b\" c|"},
        {"g.csv", "x\n\"\"\n\n \nz\n", "2: x=| ; 5: x=z|"},
        {"h.tsv", "sentence\tlabel\na, \"b\" , c\t1\n\"tab\there\"\t0\n",
         "2: sentence=a, \"b\" , c| label=1| ; "
         "3: sentence=tab\there| label=0|"},
        {"i.tsv", "x\ty\n\xC3\xA9\t\n", "2: x=\xC3\xA9| y=|"},
        {"j.csv", "x,y\n", ""},
        {"k.txt", "one line\r\n\n  {\"a\": 1}\n", "1: text=one line| ; 3: text=  {\"a\": 1}|"},
        {"l.json", "{\"text\": \"a\\nb\"}\n", "1: text=a/b|"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_records(*state, cases[i].name, cases[i].bytes, cases[i].expected);
}

static const char *refuse(struct task_fixture *fixture, const char *name, const char *bytes, size_t n_bytes)
{
    char path[128];
    (void)task_fixture_write(fixture, name, bytes, n_bytes, path, sizeof path);
    fixture->config.file = path;
    const char *message = task_fixture_refuse(fixture, "minimal_pair", NULL, HS_ERROR_INPUT);
    fixture->config.file = fixture->data_path;
    return message;
}

static void test_refused_files(void **state)
{
    static const struct {
        const char *bytes, *expected;
    } cases[] = {
        {"", "a.csv: the file is empty; its first line must name the fields"},
        {"\n\n", "a.csv: the file is empty; its first line must name the fields"},
        {"good,bad\n", "a.csv: the file has no example"},
        {"good,bad\nab,ac\nab\n",
         "a.csv:3: the record has 1 field, but the header has 2; a text that holds a comma must "
         "be in quotes"},
        {"good,bad\n\"a\nb\",ac\nab,ac,ad\n",
         "a.csv:4: the record has 3 fields, but the header has 2; a text that holds "
         "a comma must be in quotes"},
        {"good,bad\nab,\"ac\nab,ac\n", "a.csv:2: a quote that is opened in this record is never closed"},
        {"good,\"bad\n", "a.csv:1: a quote that is opened in this record is never closed"},
        {"good,bad\n\"ab\"c,ac\n",
         "a.csv:2: field 1 goes on behind its closing quote; a quote within quotes is written twice"},
        {"good,bad,good\n", "a.csv:1: the header has the name \"good\" twice"},
        {"good,bad\nab,a\xFFz\n", "a.csv:2: byte 0xFF at offset 4 is not valid UTF-8"},
        {"good,b\xFF\n", "a.csv:1: byte 0xFF at offset 6 is not valid UTF-8"},
        {"good,best\nab,ac\n", "a.csv:2: field `bad` is missing; the line has: good, best"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(refuse(*state, "a.csv", cases[i].bytes, strlen(cases[i].bytes)), cases[i].expected);
    static const char nul[] = "good,bad\na\0b,ac\n";
    assert_string_equal(refuse(*state, "a.csv", nul, sizeof nul - 1),
                        "a.csv:2: a NUL byte; the file must be text in UTF-8");
    assert_string_equal(refuse(*state, "a.txt", nul, sizeof nul - 1), "a.txt:1: field `good` is missing; the line has: "
                                                                      "text");
    static const char ragged[] = "good\tbad\nab\n";
    assert_string_equal(refuse(*state, "a.tsv", ragged, sizeof ragged - 1),
                        "a.tsv:2: the record has 1 field, but the header has 2; a text that holds a tab must be in "
                        "quotes");
}

static void test_a_header_of_too_many_names(void **state)
{
    hs_text text = {0};
    hs_error error = {0};
    for (int i = 0; i <= TASK_MAX_COLUMNS; i++)
        (void)hs_text_appendf(&text, &error, "%sc%d", i > 0 ? "," : "", i);
    assert_string_equal(refuse(*state, "a.csv", text.text, text.length),
                        "a.csv:1: the header has 4097 fields; at most 4096 are allowed");
    hs_text_clear(&text);
}

/* Every cut of a file with quotes is read or refused, and never read beyond its end. */
static void test_cut_files(void **state)
{
    struct task_fixture *fixture = *state;
    static const char whole[] = "good,bad\r\n\"a\r\nb\"\"\",\"c,d\"\r\nx,\"y\"\r\n";
    for (size_t n = 0; n < sizeof whole - 1; n++) {
        char path[128];
        hs_error error = {0};
        task_reader reader;
        const hs_json_value *object;
        (void)task_fixture_write(fixture, "cut.csv", whole, n, path, sizeof path);
        hs_status status = task_reader_open(path, &reader, &error);
        do
            status = status == HS_OK ? task_reader_next(&reader, &object, &error) : status;
        while (status == HS_OK && object != NULL);
        assert_true(status == HS_OK || strncmp(error.message, path, strlen(path)) == 0);
        task_reader_clear(&reader);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_records, task_fixture_set_up, task_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_refused_files, task_fixture_set_up, task_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_a_header_of_too_many_names, task_fixture_set_up, task_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_cut_files, task_fixture_set_up, task_fixture_tear_down),
    };
    return cmocka_run_group_tests_name("tasks_formats", tests, NULL, NULL);
}
