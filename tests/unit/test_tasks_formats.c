/* tasks: CSV, TSV and plain text files. What RFC 4180 leaves open is as Python's csv module reads it. */
#include "support/assert_status.h"
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
        assert_ok(hs__tasks_reader_next(reader, &object, &error), &error);
        if (object == NULL)
            return;
        (void)hs_text_appendf(text, &error, "%s%zu:", text->length > 0 ? " ; " : "", reader->line);
        while ((at = hs_json_next(object, at, &key, &key_length, &value)) != NULL) {
            assert_int_equal(strlen(hs_json_string(value)), hs_json_size(value));
            (void)hs_text_appendf(text, &error, " %s=%s|", key, hs_json_string(value));
        }
    }
}

/* Of a file as `format` says it is read; *notes_out, which may be NULL, is to be cleared. */
static void assert_records_as(const struct task_fixture *fixture, const hs_data_format *format, const char *name,
                              const char *bytes, const char *expected, hs_text *notes_out)
{
    char path[128];
    hs_error error = {0};
    hs_text text = {0};
    task_reader reader;
    (void)task_fixture_write(fixture, name, bytes, strlen(bytes), path, sizeof path);
    assert_ok(hs__tasks_reader_open(path, format, &reader, &error), &error);
    describe_records(&reader, &text);
    for (size_t i = 0; i < text.length; i++)
        if (text.text[i] == '\n')
            text.text[i] = '/';
    assert_string_equal(text.length > 0 ? text.text : "", expected);
    if (notes_out != NULL)
        assert_ok(hs__tasks_reader_notes(&reader, notes_out, &error), &error);
    hs_text_clear(&text);
    hs__tasks_reader_clear(&reader);
}

static void assert_records(const struct task_fixture *fixture, const char *name, const char *bytes,
                           const char *expected)
{
    assert_records_as(fixture, NULL, name, bytes, expected, NULL);
}

/* The notes without the folder; "" if there are none. */
static void assert_notes(const struct task_fixture *fixture, const hs_data_format *format, const char *name,
                         const char *bytes, const char *expected, const char *expected_notes)
{
    hs_text notes = {0};
    assert_records_as(fixture, format, name, bytes, expected, &notes);
    const char *text = notes.length > 0 ? notes.text + strlen(fixture->folder) + 1 : "";
    if (strncmp(text, expected_notes, strlen(expected_notes)) != 0 || (expected_notes[0] == '\0' && text[0] != '\0'))
        fail_msg("\"%s\" instead of \"%s\"", text, expected_notes);
    hs_text_clear(&notes);
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
        {"h.tsv", "sentence\tlabel\na, \"b\" , c\t1\n\"good\t0\n5\"\t1\n\"\"\t0\n",
         "2: sentence=a, \"b\" , c| label=1| ; 3: sentence=\"good| label=0| ; 4: sentence=5\"| label=1| ; "
         "5: sentence=\"\"| label=0|"},
        {"m.csv", "x,y\r1,2\r\r3,\"a\nb\"\r", "2: x=1| y=2| ; 4: x=3| y=a/b|"},
        {"n.tsv", "x\ty\r1\t2\r", "2: x=1| y=2|"},
        {"o.txt", "a\rb\r\rc", "1: text=a| ; 2: text=b| ; 4: text=c|"},
        {"p.txt", "a\rb\nc\n", "1: text=a\rb| ; 2: text=c|"},
        {"q.jsonl", "{\"a\": \"b\"}\r{\"a\": \"c\"}\r", "1: a=b| ; 2: a=c|"},
        {"i.tsv", "x\ty\n\xC3\xA9\t\n", "2: x=\xC3\xA9| y=|"},
        {"j.csv", "x,y\n", ""},
        {"k.txt", "one line\r\n\n  {\"a\": 1}\n", "1: text=one line| ; 3: text=  {\"a\": 1}|"},
        {"l.json", "{\"text\": \"a\\nb\"}\n", "1: text=a/b|"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_records(*state, cases[i].name, cases[i].bytes, cases[i].expected);
}

static void test_quotes(void **state)
{
    const hs_data_format none = {.quote = HS_QUOTE_NONE}, twice = {.quote = HS_QUOTE_DOUBLE},
                         single = {.quote = HS_QUOTE_SINGLE}, own = {.quote = HS_QUOTE_AUTO};
    const struct task_fixture *fixture = *state;
    static const char tsv[] = "x\ty\n\"tab\there\"\t1\n\"two\nlines\"\t2\n";
    assert_notes(fixture, &twice, "a.tsv", tsv, "2: x=tab\there| y=1| ; 3: x=two/lines| y=2|",
                 "a.tsv:3: a quote begins a field of several lines; where quotes stand for themselves, set quote = "
                 "\"none\"\n");
    assert_notes(fixture, &own, "a.tsv", "x\ty\n\"a\"\t1\nb\t2\n", "2: x=\"a\"| y=1| ; 3: x=b| y=2|", "");
    assert_notes(fixture, &own, "a.tsv", "x\ty\n\"a\"\t1\n\"b\"\t2\nc\t3\n",
                 "2: x=\"a\"| y=1| ; 3: x=\"b\"| y=2| ; 4: x=c| y=3|",
                 "a.tsv:2 and others: the quotes around a field are part of its text; quote = \"double\" takes them "
                 "off\n");
    assert_notes(fixture, &none, "a.csv", "x,y\n\"a,1\nb\",2\n", "2: x=\"a| y=1| ; 3: x=b\"| y=2|", "");
    assert_notes(fixture, &single, "a.csv", "x,y\n'a,''',\n\",b\n", "2: x=a,'| y=| ; 3: x=\"| y=b|", "");
}

/* A field of several lines is fine in CSV, but not one that looks like records that a stray quote swallowed. */
static void test_swallowed_records(void **state)
{
    const struct task_fixture *fixture = *state;
    assert_notes(fixture, NULL, "a.csv", "x,y\nok,0\n\"good movie,1\nbad movie,0\nfine,1\n5\",0\nlast,1\n",
                 "2: x=ok| y=0| ; 3: x=good movie,1/bad movie,0/fine,1/5| y=0| ; 7: x=last| y=1|",
                 "a.csv:3: a quote begins a field of several lines;");
    assert_notes(fixture, NULL, "a.csv", "x,y\n\"a poem\nof some lines\nand no comma\",0\n",
                 "2: x=a poem/of some lines/and no comma| y=0|", "");
    assert_notes(fixture, NULL, "a.csv", "x\n\"two\nlines\"\n", "2: x=two/lines|", "");
}

static void test_columns(void **state)
{
    char id[] = "id", text[] = "text", *names[] = {id, text};
    const hs_data_format columns = {.columns = {names, 2}};
    const struct task_fixture *fixture = *state;
    assert_notes(fixture, &columns, "a.csv", "1,\"a,b\"\n\n2,c", "1: id=1| text=a,b| ; 3: id=2| text=c|", "");
    assert_notes(fixture, &columns, "a.tsv", "1\t\"a\n", "1: id=1| text=\"a|", "");
    assert_notes(fixture, &columns, "a.tsv", "", "", "");
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
        {"good,bad\nab,\"ac\nab,ac\n", "a.csv:2: a quote that is opened in this record is never closed; where quotes "
                                       "stand for themselves, set quote = \"none\""},
        {"good,\"bad\n", "a.csv:1: a quote that is opened in this record is never closed; where quotes stand for "
                         "themselves, set quote = \"none\""},
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
                        "quotes, and quote = \"double\"");
}

static void test_refused_formats(void **state)
{
    char id[] = "good", text[] = "bad", *names[] = {id, text};
    static const struct {
        const char *name, *bytes;
        hs_data_format format;
        hs_status status;
        const char *expected;
    } cases[] = {
        {"a.csv",
         "good,bad\n1,2\n",
         {.columns = {NULL, 2}},
         HS_ERROR_INPUT,
         "a.csv:1: the file has a header, these names; `columns` is for files without one"},
        {"a.csv",
         "1,2\n1,2,3\n",
         {.columns = {NULL, 2}},
         HS_ERROR_INPUT,
         "a.csv:2: the record has 3 fields, but `columns` has 2; a text that holds a comma must be in quotes"},
        {"a.jsonl", "{}\n", {.columns = {NULL, 2}}, HS_ERROR_USAGE, "columns: only .csv and .tsv files have columns"},
        {"a.txt",
         "a\n",
         {.quote = HS_QUOTE_NONE},
         HS_ERROR_USAGE,
         "quote = \"none\": only .csv and .tsv files have quotes"},
        {"a.tsv",
         "a\n",
         {.records = "data"},
         HS_ERROR_USAGE,
         "records = \"data\": only a JSON document has a list of records"},
    };
    struct task_fixture *fixture = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[128];
        fixture->config.format = cases[i].format;
        fixture->config.format.columns.items = names;
        fixture->config.file = (char *)(uintptr_t)task_fixture_write(fixture, cases[i].name, cases[i].bytes,
                                                                     strlen(cases[i].bytes), path, sizeof path);
        const char *message = task_fixture_refuse(fixture, "minimal_pair", NULL, cases[i].status);
        if (strstr(message, cases[i].expected) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", message, cases[i].expected);
    }
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
        hs_status status = hs__tasks_reader_open(path, NULL, &reader, &error);
        do
            status = status == HS_OK ? hs__tasks_reader_next(&reader, &object, &error) : status;
        while (status == HS_OK && object != NULL);
        assert_true(status == HS_OK || strncmp(error.message, path, strlen(path)) == 0);
        hs__tasks_reader_clear(&reader);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_records, task_fixture_set_up, task_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_quotes, task_fixture_set_up, task_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_swallowed_records, task_fixture_set_up, task_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_columns, task_fixture_set_up, task_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_refused_formats, task_fixture_set_up, task_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_refused_files, task_fixture_set_up, task_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_a_header_of_too_many_names, task_fixture_set_up, task_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_cut_files, task_fixture_set_up, task_fixture_tear_down),
    };
    return cmocka_run_group_tests_name("tasks_formats", tests, NULL, NULL);
}
