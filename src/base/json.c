/*
 * json: jansson behind names of our own; no other file knows it. Refuses what is nested too deep
 * for its recursion, and keeps how the numbers of a data file are written, which jansson forgets.
 */
#include "base/json_text.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { DEEPEST_NESTING = 64 };

struct hs_json {
    json_t *root;
    size_t n_replaced; /* escapes of half a character */
};

/* hs_json_value and hs_json_iterator are never defined: they are jansson's objects under a name of our own. */
static json_t *native(const hs_json_value *value)
{
    return (json_t *)value;
}

static const hs_json_value *wrap(const json_t *value)
{
    return (const hs_json_value *)value;
}

/*
 * A number that a record of a data file writes otherwise than jansson would is kept as a string of this byte and its
 * text: no text that came through the parser, or was added, begins with it, because it is not UTF-8.
 */
static const char written_mark = '\xFF';

static const char *written_number(const json_t *value)
{
    const char *text = json_string_value(value);
    return text != NULL && text[0] == written_mark ? text + 1 : NULL;
}

/* Where a text comes from. One of a single line may itself be a line of `source`, which then holds its number. */
typedef struct origin {
    const char *source;
    size_t first_line; /* of the text within `source`; 0: the text is the whole of it, or a line */
} origin;

static hs_status fail_at(const origin *from, const char *bytes, size_t length, int line, int column, const char *text,
                         hs_error *error)
{
    if (line < 1)
        return hs_fail(error, HS_ERROR_INPUT, "%s: invalid JSON: %s", from->source, text);
    if (from->first_line > 0)
        return hs_fail(error, HS_ERROR_INPUT, "%s:%zu: column %d: invalid JSON: %s", from->source,
                       from->first_line + (size_t)line - 1, column, text);
    if (memchr(bytes, '\n', length) == NULL)
        return hs_fail(error, HS_ERROR_INPUT, "%s: column %d: invalid JSON: %s", from->source, column, text);
    return hs_fail(error, HS_ERROR_INPUT, "%s:%d:%d: invalid JSON: %s", from->source, line, column, text);
}

static hs_status fail_at_offset(const origin *from, const char *bytes, size_t length, size_t offset, const char *text,
                                hs_error *error)
{
    int line = 1;
    size_t line_start = 0;
    for (size_t i = 0; i < offset; i++)
        if (bytes[i] == '\n') {
            line++;
            line_start = i + 1;
        }
    int column = (int)hs_utf8_count(bytes + line_start, offset - line_start) + 1;
    return fail_at(from, bytes, length, line, column, text, error);
}

/* jansson recurses once per level, up to 2048 of them: a deep document is refused before it costs any stack. */
static hs_status check_nesting(const char *bytes, size_t length, const origin *from, hs_error *error)
{
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < length; i++) {
        char c = bytes[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            if (++depth > DEEPEST_NESTING)
                return fail_at_offset(from, bytes, length, i, "nested more than 64 levels deep", error);
        } else if ((c == ']' || c == '}') && depth > 0) {
            depth--;
        }
    }
    return HS_OK;
}

/* jansson quotes what it stumbled over; bytes of a file are not let loose on a terminal. */
static void hide_control_characters(char *text)
{
    for (char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7F)
            *c = '?';
}

static json_t *load(const char *bytes, size_t length, json_error_t *problem)
{
    /* Strings may hold \u0000, which tokenizers do contain; keys still may not. */
    return json_loadb(bytes, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, problem);
}

/* jansson fails at integers beyond 64 bits; "model_max_length": 1000000000000000019884624838656 is common, though. */
static hs_status load_with_huge_integers(const char *bytes, size_t length, json_t **root_out, json_error_t *problem,
                                         hs_error *error)
{
    hs_text marked = {0};
    *root_out = load(bytes, length, problem);
    if (*root_out != NULL || json_error_code(problem) != json_error_numeric_overflow)
        return HS_OK;
    hs_status status = hs__base_json_mark_huge_integers(bytes, length, &marked, error);
    if (status == HS_OK)
        *root_out = load(marked.text, marked.length, problem);
    hs_text_clear(&marked);
    return status;
}

/*
 * The one way into jansson, so that no document reaches it unchecked. What it finds wrong is told
 * in our form, with the path and the line within the file.
 */
static hs_status parse(const char *bytes, size_t length, const origin *from, hs_json **json_out, hs_error *error)
{
    hs_json *json = NULL;
    json_error_t problem;
    hs_status status;
    *json_out = NULL;
    if (length == 0)
        return hs_fail(error, HS_ERROR_INPUT, "%s: empty, where JSON is needed", from->source);
    HS_TRY(check_nesting(bytes, length, from, error));
    HS_TRY(hs_allocate(&json, 1, sizeof *json, from->source, error));
    HS_GOTO_DONE(load_with_huge_integers(bytes, length, &json->root, &problem, error));
    if (json->root == NULL) {
        hide_control_characters(problem.text);
        HS_GOTO_DONE(fail_at(from, bytes, length, problem.line, problem.column, problem.text, error));
    }
    *json_out = json;
    json = NULL;
done:
    hs_json_free(json);
    return status;
}

hs_status hs_json_parse(const char *bytes, size_t length, const char *source, hs_json **json_out, hs_error *error)
{
    return parse(bytes, length, &(origin){.source = source}, json_out, error);
}

/* Where the tree is put back together: numbers come in the order of the text. */
typedef struct restorer {
    const char *bytes;
    const json_record *record;
    size_t n_numbers;
    size_t n_restored;
    hs_text number; /* scratch */
    hs_error *error;
} restorer;

/* What belongs in the place of `value`: a new reference, or NULL where it may stay, or without memory. */
static json_t *restore_number(restorer *r, const json_t *value)
{
    const json_span *span = &r->record->spans[r->n_restored];
    if (!json_is_number(value) || r->n_restored == r->record->n_spans || span->ordinal != r->n_numbers++)
        return NULL;
    r->number.length = 0;
    if (hs_text_append(&r->number, &written_mark, 1, r->error) != HS_OK ||
        hs_text_append(&r->number, r->bytes + span->offset, span->length, r->error) != HS_OK)
        return NULL;
    json_t *number = json_stringn_nocheck(r->number.text, r->number.length);
    r->n_restored += number != NULL;
    return number;
}

/* Depth is bounded by check_nesting(); the root itself is the caller's. */
static void restore_below(restorer *r, json_t *parent)
{
    json_t *number;
    for (size_t i = 0; i < json_array_size(parent); i++) {
        if ((number = restore_number(r, json_array_get(parent, i))) != NULL)
            (void)json_array_set_new(parent, i, number);
        restore_below(r, json_array_get(parent, i));
    }
    for (void *at = json_object_iter(parent); at != NULL; at = json_object_iter_next(parent, at)) {
        if ((number = restore_number(r, json_object_iter_value(at))) != NULL)
            (void)json_object_iter_set_new(parent, at, number);
        restore_below(r, json_object_iter_value(at));
    }
}

static hs_status restore(const char *bytes, const json_record *record, hs_json *json, hs_error *error)
{
    restorer r = {.bytes = bytes, .record = record, .error = error};
    if (record->n_spans == 0)
        return HS_OK;
    json_t *number = restore_number(&r, json->root);
    if (number != NULL) {
        json_decref(json->root);
        json->root = number;
    }
    restore_below(&r, json->root);
    hs_text_clear(&r.number);
    return r.n_restored == record->n_spans ? HS_OK
                                           : hs_fail(error, HS_ERROR_MEMORY, "no memory for the numbers of a record");
}

/*
 * jansson reads a copy in which a number that it would change is a 0 of the same width, so that
 * its lines and columns are those of the file; the numbers are put back into the tree afterwards.
 */
hs_status hs_json_parse_record(const char *bytes, size_t length, const char *path, size_t line, hs_json **json_out,
                               hs_error *error)
{
    json_record record = {0};
    hs_status status;
    *json_out = NULL;
    HS_GOTO_DONE(hs__base_json_record_prepare(bytes, length, &record, error));
    HS_GOTO_DONE(parse(record.text.text, length, &(origin){path, line}, json_out, error));
    (*json_out)->n_replaced = record.n_replaced;
    HS_GOTO_DONE(restore(bytes, &record, *json_out, error));
done:
    if (status != HS_OK) {
        hs_json_free(*json_out);
        *json_out = NULL;
    }
    hs__base_json_record_clear(&record);
    return status;
}

size_t hs_json_n_replaced(const hs_json *json)
{
    return json->n_replaced;
}

hs_status hs_json_read(const char *path, size_t max_bytes, hs_json **json_out, hs_error *error)
{
    char *bytes = NULL;
    size_t n_bytes = 0;
    *json_out = NULL;
    HS_TRY(hs_text_file_read(path, max_bytes, &bytes, &n_bytes, error));
    hs_status status = hs_json_parse(bytes, n_bytes, path, json_out, error);
    hs_free(bytes);
    return status;
}

hs_status hs_json_new_object(hs_json **json_out, hs_error *error)
{
    hs_json *json = NULL;
    *json_out = NULL;
    HS_TRY(hs_allocate(&json, 1, sizeof *json, "JSON object", error));
    json->root = json_object();
    *json_out = json;
    return json->root != NULL ? HS_OK : hs_fail(error, HS_ERROR_MEMORY, "no memory for a JSON object");
}

hs_status hs_json_add_string(hs_json *json, const char *key, const char *bytes, size_t length, hs_error *error)
{
    if (json_object_set_new(json->root, key, json_stringn(bytes, length)) != 0)
        return hs_fail(error, HS_ERROR_MEMORY, "no memory for a string of %zu bytes, or it is not UTF-8", length);
    return HS_OK;
}

void hs_json_free(hs_json *json)
{
    if (json == NULL)
        return;
    json_decref(json->root);
    hs_free(json);
}

const hs_json_value *hs_json_root(const hs_json *json)
{
    return wrap(json->root);
}

/* Of a number that is kept as it is written: "-0" is the one whole number that fits an integer. */
static bool is_whole(const char *number)
{
    return strcmp(number, "-0") == 0;
}

hs_json_kind hs_json_kind_of(const hs_json_value *value)
{
    static const hs_json_kind kinds[] = {
        [JSON_OBJECT] = HS_JSON_OBJECT,   [JSON_ARRAY] = HS_JSON_ARRAY, [JSON_STRING] = HS_JSON_STRING,
        [JSON_INTEGER] = HS_JSON_INTEGER, [JSON_REAL] = HS_JSON_REAL,   [JSON_TRUE] = HS_JSON_BOOLEAN,
        [JSON_FALSE] = HS_JSON_BOOLEAN,   [JSON_NULL] = HS_JSON_NULL,
    };
    const char *number = written_number(native(value));
    if (number != NULL)
        return is_whole(number) ? HS_JSON_INTEGER : HS_JSON_REAL;
    return value == NULL ? HS_JSON_NULL : kinds[json_typeof(native(value))];
}

const char *hs_json_kind_name(hs_json_kind kind)
{
    static const char *const names[] = {
        [HS_JSON_NULL] = "null",     [HS_JSON_BOOLEAN] = "boolean", [HS_JSON_INTEGER] = "integer",
        [HS_JSON_REAL] = "real",     [HS_JSON_STRING] = "string",   [HS_JSON_ARRAY] = "array",
        [HS_JSON_OBJECT] = "object",
    };
    return (size_t)kind < sizeof names / sizeof names[0] ? names[kind] : "unknown";
}

size_t hs_json_size(const hs_json_value *value)
{
    switch (hs_json_kind_of(value)) {
    case HS_JSON_ARRAY:
        return json_array_size(native(value));
    case HS_JSON_OBJECT:
        return json_object_size(native(value));
    case HS_JSON_STRING:
        return json_string_length(native(value));
    default:
        return 0;
    }
}

const hs_json_value *hs_json_get(const hs_json_value *value, const char *key)
{
    return wrap(json_object_get(native(value), key));
}

const hs_json_value *hs_json_at(const hs_json_value *value, size_t index)
{
    return wrap(json_array_get(native(value), index));
}

hs_json_iterator *hs_json_next(const hs_json_value *object, hs_json_iterator *iterator, const char **key_out,
                               size_t *key_length_out, const hs_json_value **value_out)
{
    /* jansson iterates in the order of insertion, which after a parse is that of the file. */
    void *at = iterator == NULL ? json_object_iter(native(object)) : json_object_iter_next(native(object), iterator);
    *key_out = NULL;
    *key_length_out = 0;
    *value_out = NULL;
    if (at == NULL)
        return NULL;
    *key_out = json_object_iter_key(at);
    *key_length_out = strlen(*key_out);
    *value_out = wrap(json_object_iter_value(at));
    return at;
}

const char *hs_json_string(const hs_json_value *value)
{
    return written_number(native(value)) != NULL ? NULL : json_string_value(native(value));
}

const char *hs_json_number_text(const hs_json_value *value)
{
    return written_number(native(value));
}

bool hs_json_is_integer(const hs_json_value *value)
{
    return hs_json_kind_of(value) == HS_JSON_INTEGER;
}

bool hs_json_is_number(const hs_json_value *value)
{
    return hs_json_is_integer(value) || hs_json_kind_of(value) == HS_JSON_REAL;
}

int64_t hs_json_integer(const hs_json_value *value)
{
    return json_integer_value(native(value));
}

double hs_json_number(const hs_json_value *value)
{
    const char *number = written_number(native(value));
    return number != NULL ? strtod(number, NULL) : json_number_value(native(value));
}

bool hs_json_true(const hs_json_value *value)
{
    return json_is_true(native(value));
}
