/*
 * template: texts with {field} in them, filled from a record. Values are shown as Jinja2 shows
 * them, since templates of lm-evaluation-harness are carried over word by word.
 */
#include "tasks/template.h"

#include <math.h>
#include <string.h>

#include "tasks/record.h"

enum { MAX_NAME = 256 };

bool hs__tasks_is_template(const char *text)
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

hs_status hs__tasks_template_check(const char *text, const char *what, hs_error *error)
{
    char shown[96];
    for (const char *at = text; *at != '\0';) {
        piece next;
        bool whole = next_piece(&at, &next);
        if (whole && (!next.is_field || (next.length > 0 && next.length < MAX_NAME)))
            continue;
        return hs_fail(error, HS_ERROR_USAGE, "%s = \"%s\": %s; a field is {name}, a brace itself {{ or }}", what,
                       hs__tasks_quote(text, strlen(text), shown, sizeof shown),
                       whole ? "there is no field's name between two braces" : "a brace has no partner");
    }
    return HS_OK;
}

/* A number as the file has it; nothing where it is none, such as NaN. */
static hs_status append_number(const hs_json_value *value, hs_text *out, bool *is_single_out, hs_error *error)
{
    const char *written = hs_json_number_text(value);
    *is_single_out = isfinite(hs_json_number(value));
    if (!*is_single_out)
        return HS_OK;
    if (written != NULL)
        return hs_text_append(out, written, strlen(written), error);
    return hs_text_appendf(out, error, "%lld", (long long)hs_json_integer(value));
}

/* Truth values and null are `words`: of false, true and null; a NULL among them is not a single value. */
static hs_status append_value(const hs_json_value *value, const char *const words[3], hs_text *out, bool *is_single_out,
                              hs_error *error)
{
    *is_single_out = true;
    switch (hs_json_kind_of(value)) {
    case HS_JSON_STRING:
        return hs_text_append(out, hs_json_string(value), hs_json_size(value), error);
    case HS_JSON_INTEGER:
    case HS_JSON_REAL:
        return append_number(value, out, is_single_out, error);
    case HS_JSON_BOOLEAN:
        return hs_text_appendf(out, error, "%s", words[hs_json_true(value)]);
    case HS_JSON_NULL:
        *is_single_out = words[2] != NULL;
        return *is_single_out ? hs_text_appendf(out, error, "%s", words[2]) : HS_OK;
    default:
        *is_single_out = false;
        return HS_OK;
    }
}

hs_status hs__tasks_value_text(const hs_json_value *value, hs_text *out, bool *is_single_out, hs_error *error)
{
    static const char *const words[3] = {"false", "true", NULL};
    out->length = 0;
    /* So that there is a text even where the value is empty. */
    HS_TRY(hs_text_append(out, "", 0, error));
    return append_value(value, words, out, is_single_out, error);
}

const char *hs__tasks_value_name(const hs_json_value *value)
{
    bool is_number = hs_json_is_number(value);
    return is_number && !isfinite(hs_json_number(value)) ? hs_json_number_text(value)
                                                         : hs_json_kind_name(hs_json_kind_of(value));
}

/* As lm-evaluation-harness's templates show them, which are Jinja2's. */
static const char *const jinja_words[3] = {"False", "True", "None"};

/*
 * The name is copied, as fields are looked up by terminated strings; its length was limited when
 * the template was checked.
 */
static hs_status append_field(const piece *field, const hs_json_value *record, const char *place, hs_text *out,
                              hs_error *error)
{
    char name[MAX_NAME];
    char quoted[96];
    char needed[128];
    bool is_single;
    memcpy(name, field->bytes, field->length);
    name[field->length] = '\0';
    (void)snprintf(needed, sizeof needed, "field `%s`", hs__tasks_quote(name, field->length, quoted, sizeof quoted));
    const hs_json_value *value = hs__tasks_key_find(record, name);
    if (value == NULL)
        return hs__tasks_field_missing(needed, record, place, error);
    HS_TRY(append_value(value, jinja_words, out, &is_single, error));
    if (!is_single)
        return hs_fail(error, HS_ERROR_INPUT, "%s: %s must be a string or a number, not %s", place, needed,
                       hs__tasks_value_name(value));
    return HS_OK;
}

/*
 * `out` is a string even if nothing is appended, hence the empty append. Templates are checked
 * when the task is opened, so that a bad one here is our own mistake.
 */
hs_status hs__tasks_template_expand(const char *text, const hs_json_value *record, const char *place, hs_text *out,
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
