/*
 * json_document: cuts a JSON file into its records without parsing what is between them, so that a
 * document of any size is read in one pass and in the memory of one record.
 */
#include "tasks/json_document.h"

#include <stdlib.h>
#include <string.h>

#include "tasks/fields.h"

enum { MAX_SHOWN_NAMES = 300 };

/* Where the bytes of a value are read one after the other. Initialise with {0}. */
typedef struct value_scan {
    size_t depth;
    bool in_string;
    bool in_escape;
    bool has_begun;
} value_scan;

static bool ends_word(char c)
{
    return c == '\0' || strchr(",]}: \t\r\n", c) != NULL;
}

/* Takes the next byte; *ends_out: it is the value's last one. False: the value has ended before it. */
static bool scan_byte(value_scan *scan, char c, bool *ends_out)
{
    *ends_out = false;
    if (scan->in_string) {
        bool closes = c == '"' && !scan->in_escape;
        scan->in_escape = c == '\\' && !scan->in_escape;
        scan->in_string = !closes;
        *ends_out = closes && scan->depth == 0;
        return true;
    }
    if (scan->depth == 0 && scan->has_begun && ends_word(c))
        return false;
    scan->has_begun = true;
    scan->in_string = c == '"';
    if (c == '[' || c == '{')
        scan->depth++;
    else if ((c == ']' || c == '}') && scan->depth > 0)
        *ends_out = --scan->depth == 0;
    return true;
}

size_t hs__tasks_json_value_length(const char *bytes, size_t n_bytes, void *unused)
{
    value_scan scan = {0};
    bool ends;
    (void)unused;
    for (size_t i = 0; i < n_bytes; i++) {
        if (!scan_byte(&scan, bytes[i], &ends))
            return i;
        if (ends)
            return i + 1;
    }
    return 0;
}

static hs_status fail_here(const task_source *source, hs_error *error, const char *what)
{
    return hs_fail(error, HS_ERROR_INPUT, "%s:%zu: invalid JSON: %s", source->path, source->next_line, what);
}

/*
 * To the end of a value, however long it is: one that begins here, or the outermost of `depth` brackets around this
 * place.
 */
static hs_status skip_value(task_source *source, size_t depth, hs_error *error)
{
    value_scan scan = {.depth = depth, .has_begun = depth > 0};
    const char *bytes;
    size_t n, i;
    bool is_all, goes_on = true, ends = false;
    do {
        HS_TRY(hs__tasks_source_look(source, 1, &bytes, &n, &is_all, error));
        for (i = 0; i < n && goes_on && !ends; i++)
            goes_on = scan_byte(&scan, bytes[i], &ends);
        hs__tasks_source_pass(source, bytes, goes_on ? i : i - 1);
    } while (goes_on && !ends && n > 0);
    return goes_on && !ends ? fail_here(source, error, "the file is cut off") : HS_OK;
}

/* Where the walk is, and what it has seen on the level that it is on. */
typedef struct list_path {
    task_source *source;
    const char *records; /* the whole key */
    const char *rest;    /* what is left of it */
    char names[MAX_SHOWN_NAMES];
    size_t n_shown;
} list_path;

static hs_status fail_on_the_way(const list_path *path, hs_error *error, const char *what)
{
    char quoted[64];
    return hs_fail(error, HS_ERROR_INPUT, "%s:%zu: records = \"%s\": %s", path->source->path, path->source->next_line,
                   hs__tasks_quote(path->records, strlen(path->records), quoted, sizeof quoted), what);
}

static hs_status expect_byte(task_source *source, char expected, const char *what, hs_error *error)
{
    const char *bytes;
    int byte;
    size_t n;
    bool is_all;
    HS_TRY(hs__tasks_source_next_byte(source, &byte, error));
    if (byte != (unsigned char)expected)
        return fail_here(source, error, byte < 0 ? "the file is cut off" : what);
    HS_TRY(hs__tasks_source_look(source, 1, &bytes, &n, &is_all, error));
    hs__tasks_source_pass(source, bytes, 1);
    return HS_OK;
}

/* A member's name; what is left of the path behind it where it leads on, else NULL. */
static hs_status read_name(list_path *path, const char **rest_out, hs_error *error)
{
    task_source *source = path->source;
    hs_json *json = NULL;
    const char *bytes;
    size_t length;
    bool is_whole;
    HS_TRY(hs__tasks_source_cut(source, hs__tasks_json_value_length, NULL, &bytes, &length, &is_whole, error));
    if (!is_whole || bytes[0] != '"')
        return fail_here(source, error, is_whole ? "a name in quotes is needed" : "the file is cut off");
    HS_TRY(hs_json_parse_record(bytes, length, source->path, source->next_line, &json, error));
    const char *name = hs_json_string(hs_json_root(json));
    size_t n = strlen(name);
    bool leads = n == hs_json_size(hs_json_root(json)) && strncmp(path->rest, name, n) == 0;
    *rest_out = leads && path->rest[n] == '.'    ? path->rest + n + 1
                : leads && path->rest[n] == '\0' ? path->rest + n
                                                 : NULL;
    if (path->n_shown < sizeof path->names) {
        char quoted[64];
        int shown = snprintf(path->names + path->n_shown, sizeof path->names - path->n_shown, "%s%s",
                             path->n_shown > 0 ? ", " : "", hs__tasks_quote(name, n, quoted, sizeof quoted));
        path->n_shown += shown > 0 ? (size_t)shown : 0;
    }
    hs_json_free(json);
    return HS_OK;
}

/* Passes over members up to the value that the path leads to. */
static hs_status enter_object(list_path *path, hs_error *error)
{
    const char *rest;
    int byte;
    char what[MAX_SHOWN_NAMES + 80];
    path->n_shown = 0;
    path->names[0] = '\0';
    HS_TRY(expect_byte(path->source, '{', "an object is needed", error));
    HS_TRY(hs__tasks_source_next_byte(path->source, &byte, error));
    while (byte != '}') {
        HS_TRY(read_name(path, &rest, error));
        HS_TRY(expect_byte(path->source, ':', "a colon is needed behind a name", error));
        HS_TRY(hs__tasks_source_next_byte(path->source, &byte, error));
        if (rest != NULL) {
            path->rest = rest;
            return HS_OK;
        }
        HS_TRY(skip_value(path->source, 0, error));
        HS_TRY(hs__tasks_source_next_byte(path->source, &byte, error));
        if (byte == '}')
            break;
        HS_TRY(expect_byte(path->source, ',', "a comma is needed between members", error));
        HS_TRY(hs__tasks_source_next_byte(path->source, &byte, error));
    }
    (void)snprintf(what, sizeof what, "there is no `%.60s`; the object has: %s", path->rest,
                   path->n_shown > 0 ? path->names : "nothing");
    return fail_on_the_way(path, error, what);
}

/* Passes over elements up to the one whose number the path has. */
static hs_status enter_list(list_path *path, hs_error *error)
{
    char *end;
    int byte;
    size_t length = strspn(path->rest, "0123456789");
    if (length == 0 || length > 9 || (path->rest[length] != '.' && path->rest[length] != '\0'))
        return fail_on_the_way(path, error, "the path goes on behind a list; the number of an element leads into it");
    unsigned long index = strtoul(path->rest, &end, 10);
    path->rest = *end == '.' ? end + 1 : end;
    HS_TRY(expect_byte(path->source, '[', "a list is needed", error));
    for (unsigned long i = 0;; i++) {
        HS_TRY(hs__tasks_source_next_byte(path->source, &byte, error));
        if (byte == ']' || byte < 0)
            return fail_on_the_way(path, error, "the list has no element of that number");
        if (i == index)
            return HS_OK;
        HS_TRY(skip_value(path->source, 0, error));
        HS_TRY(hs__tasks_source_next_byte(path->source, &byte, error));
        if (byte != ']')
            HS_TRY(expect_byte(path->source, ',', "a comma is needed between elements", error));
    }
}

/*
 * Each step takes one part of the path off and passes over what stands before the value it leads
 * to. depth counts the brackets that are left open, which end_list looks for at the end.
 */
static hs_status find_list(task_source *source, const char *records, size_t *depth_out, hs_error *error)
{
    list_path path = {.source = source, .records = records, .rest = records};
    int byte;
    for (*depth_out = 0;; ++*depth_out) {
        HS_TRY(hs__tasks_source_next_byte(source, &byte, error));
        if (*path.rest == '\0')
            break;
        if (byte != '{' && byte != '[')
            return fail_on_the_way(&path, error, "the path goes on, but there is neither an object nor a list");
        HS_TRY(byte == '{' ? enter_object(&path, error) : enter_list(&path, error));
    }
    if (byte != '[')
        return fail_on_the_way(&path, error,
                               byte == '{' ? "leads to an object; a list of records is needed"
                                           : "does not lead to a list of records");
    return expect_byte(source, '[', "a list is needed", error);
}

/* A first object that goes on in a line that begins no other one is not the first line of JSON Lines. */
static hs_status is_spread_out(task_source *source, bool *spread_out, hs_error *error)
{
    const char *bytes;
    size_t n = 0, length;
    bool is_all;
    do {
        HS_TRY(hs__tasks_source_look(source, 2 * n + 1, &bytes, &n, &is_all, error));
        n = n > TASK_MAX_LINE_BYTES ? TASK_MAX_LINE_BYTES : n;
        length = hs__tasks_json_value_length(bytes, n, NULL);
    } while (length == 0 && !is_all && n < TASK_MAX_LINE_BYTES);
    n = length > 0 ? length : n;
    const char *end = memchr(bytes, source->line_end, n);
    *spread_out = false;
    for (; end != NULL && end < bytes + n; end++)
        if (strchr(" \t\r\n", *end) == NULL) {
            *spread_out = *end != '{';
            break;
        }
    return HS_OK;
}

/*
 * A file that begins with '{' is JSON Lines, or one object after the other over several lines;
 * only the end of the first line tells. Neither needs to be declared by the user.
 */
hs_status hs__tasks_json_open(task_source *source, const char *records, task_json_document *document_out,
                              hs_error *error)
{
    int byte;
    bool spread = false;
    *document_out = (task_json_document){.layout = TASK_JSON_LINES};
    HS_TRY(hs__tasks_source_next_byte(source, &byte, error));
    if (byte == '[' || records[0] != '\0') {
        document_out->layout = TASK_JSON_LIST;
        return find_list(source, records, &document_out->depth, error);
    }
    if (byte == '{')
        HS_TRY(is_spread_out(source, &spread, error));
    document_out->layout = spread ? TASK_JSON_VALUES : TASK_JSON_LINES;
    return HS_OK;
}

/* Behind the list's ']': what is around the list ends, and the file with it. */
static hs_status end_list(task_source *source, task_json_document *document, hs_error *error)
{
    int byte;
    document->is_at_end = true;
    HS_TRY(expect_byte(source, ']', "", error));
    if (document->depth > 0)
        HS_TRY(skip_value(source, document->depth, error));
    HS_TRY(hs__tasks_source_next_byte(source, &byte, error));
    return byte < 0 ? HS_OK : fail_here(source, error, "the file goes on behind the document with the list of records");
}

/*
 * Commas are demanded between records and refused behind the last: where one is missing, a
 * download was cut or two files were joined, and what follows cannot be relied on.
 */
hs_status hs__tasks_json_next(task_source *source, task_json_document *document, bool *found_out, hs_error *error)
{
    int byte;
    *found_out = false;
    if (document->is_at_end)
        return HS_OK;
    HS_TRY(hs__tasks_source_next_byte(source, &byte, error));
    if (document->layout == TASK_JSON_VALUES) {
        *found_out = byte >= 0;
        return HS_OK;
    }
    if (byte == ']')
        return end_list(source, document, error);
    if (document->n_records > 0) {
        HS_TRY(expect_byte(source, ',', "a comma is needed between records", error));
        HS_TRY(hs__tasks_source_next_byte(source, &byte, error));
    }
    if (byte < 0 || byte == ']')
        return fail_here(source, error,
                         byte < 0 ? "the list of records is not closed: the file is cut off"
                                  : "there is a comma behind the last record");
    document->n_records++;
    *found_out = true;
    return HS_OK;
}
