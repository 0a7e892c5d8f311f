#include "tasks/template.h"

#include <stdlib.h>
#include <string.h>

#include "tasks/fields.h"

enum { MAX_NAME = 256 };

bool task_is_template(const char *text)
{
    return strpbrk(text, "{}") != NULL;
}

/* A piece of a template: a literal, or the name of a field. */
typedef struct piece {
    const char *bytes;
    size_t length;
    bool is_field;
} piece;

/* The piece at *at, which is not the end, and moves behind it; false where a brace has no partner. */
static bool next_piece(const char **at, piece *piece_out)
{
    const char *begin = *at;
    size_t length = strcspn(begin, "{}");
    if (length > 0) {
        *piece_out = (piece){begin, length, false};
        *at = begin + length;
        return true;
    }
    if (begin[1] == begin[0]) {
        *piece_out = (piece){begin, 1, false};
        *at = begin + 2;
        return true;
    }
    length = strcspn(begin + 1, "{}");
    if (begin[0] != '{' || begin[1 + length] != '}')
        return false;
    *piece_out = (piece){begin + 1, length, true};
    *at = begin + length + 2;
    return true;
}

hs_status task_template_check(const char *text, const char *what, hs_error *error)
{
    char shown[96];
    for (const char *at = text; *at != '\0';) {
        piece next;
        bool whole = next_piece(&at, &next);
        if (whole && (!next.is_field || (next.length > 0 && next.length < MAX_NAME)))
            continue;
        return hs_fail(error, HS_ERROR_USAGE, "%s = \"%s\": %s; a field is {name}, a brace itself {{ or }}", what,
                       task_quote(text, strlen(text), shown, sizeof shown),
                       whole ? "there is no field's name between two braces" : "a brace has no partner");
    }
    return HS_OK;
}

/* ---- values as text ---------------------------------------------------------------------------------------------- */

static hs_status append_real(double value, hs_text *out, hs_error *error)
{
    char digits[40];
    for (int precision = 1; precision <= 17; precision++) {
        (void)snprintf(digits, sizeof digits, "%.*g", precision, value);
        if (strtod(digits, NULL) == value)
            break;
    }
    return hs_text_append(out, digits, strlen(digits), error);
}

static hs_status append_value(const hs_json_value *value, hs_text *out, bool *is_single_out, hs_error *error)
{
    *is_single_out = true;
    switch (hs_json_kind_of(value)) {
    case HS_JSON_STRING:
        return hs_text_append(out, hs_json_string(value), hs_json_size(value), error);
    case HS_JSON_INTEGER:
        return hs_text_appendf(out, error, "%lld", (long long)hs_json_integer(value));
    case HS_JSON_REAL:
        return append_real(hs_json_number(value), out, error);
    case HS_JSON_BOOLEAN:
        return hs_text_appendf(out, error, hs_json_true(value) ? "true" : "false");
    default:
        *is_single_out = false;
        return HS_OK;
    }
}

hs_status task_value_text(const hs_json_value *value, hs_text *out, bool *is_single_out, hs_error *error)
{
    out->length = 0;
    /* So that there is a text even where the value is empty. */
    HS_TRY(hs_text_append(out, "", 0, error));
    return append_value(value, out, is_single_out, error);
}

/* ---- expanding --------------------------------------------------------------------------------------------------- */

static hs_status append_field(const piece *field, const hs_json_value *record, const char *place, hs_text *out,
                              hs_error *error)
{
    char name[MAX_NAME];
    char quoted[96];
    char needed[128];
    bool is_single;
    memcpy(name, field->bytes, field->length);
    name[field->length] = '\0';
    (void)snprintf(needed, sizeof needed, "field `%s`", task_quote(name, field->length, quoted, sizeof quoted));
    const hs_json_value *value = task_key_find(record, name);
    if (value == NULL)
        return task_field_missing(needed, record, place, error);
    HS_TRY(append_value(value, out, &is_single, error));
    if (!is_single)
        return hs_fail(error, HS_ERROR_INPUT, "%s: %s must be a string or a number, not %s", place, needed,
                       hs_json_kind_name(hs_json_kind_of(value)));
    return HS_OK;
}

hs_status task_template_expand(const char *text, const hs_json_value *record, const char *place, hs_text *out,
                               hs_error *error)
{
    out->length = 0;
    HS_TRY(hs_text_append(out, "", 0, error));
    for (const char *at = text; *at != '\0';) {
        piece next;
        if (!next_piece(&at, &next))
            return hs_fail(error, HS_ERROR_INTERNAL, "a template that was not checked");
        if (next.is_field)
            HS_TRY(append_field(&next, record, place, out, error));
        else
            HS_TRY(hs_text_append(out, next.bytes, next.length, error));
    }
    return HS_OK;
}
