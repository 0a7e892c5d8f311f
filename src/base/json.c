#include "headsweep/base.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { DEEPEST_NESTING = 64 };

struct hs_json {
    json_t *root;
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

/* ---- parsing --------------------------------------------------------------------------------------------------- */

/* The text of a document of one line may itself be a line of `source`, which then already holds the line number. */
static hs_status fail_at(const char *source, const char *bytes, size_t length, int line, int column, const char *text,
                         hs_error *error)
{
    if (line < 1)
        return hs_fail(error, HS_ERROR_INPUT, "%s: invalid JSON: %s", source, text);
    if (memchr(bytes, '\n', length) == NULL)
        return hs_fail(error, HS_ERROR_INPUT, "%s: column %d: invalid JSON: %s", source, column, text);
    return hs_fail(error, HS_ERROR_INPUT, "%s:%d:%d: invalid JSON: %s", source, line, column, text);
}

static hs_status fail_at_offset(const char *source, const char *bytes, size_t length, size_t offset, const char *text,
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
    return fail_at(source, bytes, length, line, column, text, error);
}

/* jansson recurses once a level, up to 2048 of them: a deep document is refused before it costs any stack. */
static hs_status check_nesting(const char *bytes, size_t length, const char *source, hs_error *error)
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
                return fail_at_offset(source, bytes, length, i, "nested more than 64 levels deep", error);
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

static bool is_number_byte(char c)
{
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

/* True for a whole number that int64_t does not hold. */
static bool is_huge_integer(const char *number, size_t length)
{
    char digits[32];
    for (size_t i = 0; i < length; i++)
        if (number[i] == '.' || number[i] == 'e' || number[i] == 'E')
            return false;
    if (length >= sizeof digits)
        return true;
    memcpy(digits, number, length);
    digits[length] = '\0';
    errno = 0;
    (void)strtoll(digits, NULL, 10);
    return errno == ERANGE;
}

/* Bytes from `bytes` on that belong together: a string with its quotes, a number, or one byte of anything else. */
static size_t token_length(const char *bytes, size_t length)
{
    size_t n = 1;
    if (bytes[0] == '"') {
        for (; n < length && bytes[n] != '"'; n++)
            n += bytes[n] == '\\';
        return n < length ? n + 1 : length;
    }
    if (is_number_byte(bytes[0]))
        while (n < length && is_number_byte(bytes[n]))
            n++;
    return n;
}

/* Copies the document with ".0" behind each huge integer, which makes it a real. */
static hs_status mark_huge_integers(const char *bytes, size_t length, hs_text *marked, hs_error *error)
{
    size_t n;
    for (size_t i = 0; i < length; i += n) {
        n = token_length(bytes + i, length - i);
        HS_TRY(hs_text_append(marked, bytes + i, n, error));
        if (is_number_byte(bytes[i]) && is_huge_integer(bytes + i, n))
            HS_TRY(hs_text_append(marked, ".0", 2, error));
    }
    return HS_OK;
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
    hs_status status = mark_huge_integers(bytes, length, &marked, error);
    if (status == HS_OK)
        *root_out = load(marked.text, marked.length, problem);
    hs_text_clear(&marked);
    return status;
}

hs_status hs_json_parse(const char *bytes, size_t length, const char *source, hs_json **json_out, hs_error *error)
{
    hs_json *json = NULL;
    json_error_t problem;
    hs_status status;
    *json_out = NULL;
    if (length == 0)
        return hs_fail(error, HS_ERROR_INPUT, "%s: empty, where JSON is needed", source);
    HS_TRY(check_nesting(bytes, length, source, error));
    HS_TRY(hs_allocate(&json, 1, sizeof *json, source, error));
    HS_GOTO_DONE(load_with_huge_integers(bytes, length, &json->root, &problem, error));
    if (json->root == NULL) {
        hide_control_characters(problem.text);
        HS_GOTO_DONE(fail_at(source, bytes, length, problem.line, problem.column, problem.text, error));
    }
    *json_out = json;
    json = NULL;
done:
    hs_json_free(json);
    return status;
}

hs_status hs_json_read(const char *path, size_t max_bytes, hs_json **json_out, hs_error *error)
{
    char *bytes = NULL;
    size_t n_bytes = 0;
    *json_out = NULL;
    HS_TRY(hs_file_read(path, max_bytes, &bytes, &n_bytes, error));
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
        return hs_fail(error, HS_ERROR_MEMORY, "no memory for a string of %zu bytes, or no UTF-8", length);
    return HS_OK;
}

void hs_json_free(hs_json *json)
{
    if (json == NULL)
        return;
    json_decref(json->root);
    hs_free(json);
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

const hs_json_value *hs_json_root(const hs_json *json)
{
    return wrap(json->root);
}

hs_json_kind hs_json_kind_of(const hs_json_value *value)
{
    static const hs_json_kind kinds[] = {
        [JSON_OBJECT] = HS_JSON_OBJECT,   [JSON_ARRAY] = HS_JSON_ARRAY, [JSON_STRING] = HS_JSON_STRING,
        [JSON_INTEGER] = HS_JSON_INTEGER, [JSON_REAL] = HS_JSON_REAL,   [JSON_TRUE] = HS_JSON_BOOLEAN,
        [JSON_FALSE] = HS_JSON_BOOLEAN,   [JSON_NULL] = HS_JSON_NULL,
    };
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
    return json_string_value(native(value));
}

bool hs_json_is_integer(const hs_json_value *value)
{
    return json_is_integer(native(value));
}

bool hs_json_is_number(const hs_json_value *value)
{
    return json_is_number(native(value));
}

int64_t hs_json_integer(const hs_json_value *value)
{
    return json_integer_value(native(value));
}

double hs_json_number(const hs_json_value *value)
{
    return json_number_value(native(value));
}

bool hs_json_true(const hs_json_value *value)
{
    return json_is_true(native(value));
}
