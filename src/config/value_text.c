/*
 * value_text: a field as text: as the file would have it, as the results store it, and as it is
 * hashed. Text that is stored or hashed must not change for a value that stays the same.
 */
#include "config/value_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { REAL_BUFFER = 40, MAX_DIGITS = 17 };

static const char *or_empty(const char *string)
{
    return string == NULL ? "" : string;
}

static hs_status append_string(hs_text *text, const char *string, hs_error *error)
{
    return hs_text_append(text, string, strlen(string), error);
}

hs_status hs__config_text_append_quoted(hs_text *text, const char *string, hs_error *error)
{
    static const char plain[] = "\"\\\n\r\t\f", letters[] = "\"\\nrtf";
    HS_TRY(append_string(text, "\"", error));
    for (const char *c = or_empty(string); *c != '\0'; c++) {
        const char *found = strchr(plain, *c);
        if (found != NULL)
            HS_TRY(hs_text_appendf(text, error, "\\%c", letters[found - plain]));
        else if ((unsigned char)*c < ' ' || *c == 0x7F)
            HS_TRY(hs_text_appendf(text, error, "\\x%02X", (unsigned)(unsigned char)*c));
        else
            HS_TRY(hs_text_append(text, c, 1, error));
    }
    return append_string(text, "\"", error);
}

static hs_status append_text(hs_text *text, const key_row *row, const void *base, text_form form, hs_error *error)
{
    const char *string = or_empty(*(char *const *)hs__config_key_const_field(row, base));
    return form == TEXT_FILE ? hs__config_text_append_quoted(text, string, error) : append_string(text, string, error);
}

static hs_status append_word(hs_text *text, const key_row *row, const void *base, text_form form, hs_error *error)
{
    const char *word = hs_config_word(row->list, *(const int *)hs__config_key_const_field(row, base));
    return form == TEXT_FILE ? hs__config_text_append_quoted(text, word, error) : append_string(text, word, error);
}

/* Beyond 32 bits libconfig itself wants an L; this program does not, others that read the file may. */
static hs_status append_integer(hs_text *text, int64_t value, text_form form, hs_error *error)
{
    bool is_long = form == TEXT_FILE && (value < INT32_MIN || value > INT32_MAX);
    return hs_text_appendf(text, error, "%lld%s", (long long)value, is_long ? "L" : "");
}

static hs_status append_one_integer(hs_text *text, const key_row *row, const void *base, text_form form,
                                    hs_error *error)
{
    return append_integer(text, *(const int64_t *)hs__config_key_const_field(row, base), form, error);
}

/* The shortest text that gives the same number again: "30" rather than "3e+01"; in a file it must look like a real. */
static hs_status append_real(hs_text *text, const key_row *row, const void *base, text_form form, hs_error *error)
{
    double value = *(const double *)hs__config_key_const_field(row, base);
    char best[REAL_BUFFER], candidate[REAL_BUFFER];
    if (isnan(value) && row->instead != NULL)
        return form == TEXT_FILE ? hs__config_text_append_quoted(text, row->instead, error)
                                 : append_string(text, row->instead, error);
    (void)snprintf(best, sizeof best, "%.*g", MAX_DIGITS, value);
    for (int digits = 1; digits < MAX_DIGITS; digits++) {
        (void)snprintf(candidate, sizeof candidate, "%.*g", digits, value);
        if (strtod(candidate, NULL) == value && strlen(candidate) < strlen(best))
            memcpy(best, candidate, sizeof best);
    }
    bool is_whole = strpbrk(best, ".e") == NULL;
    return hs_text_appendf(text, error, "%s%s", best, form == TEXT_FILE && is_whole ? ".0" : "");
}

static hs_status append_integers(hs_text *text, const key_row *row, const void *base, text_form form, hs_error *error)
{
    const int64_t *values = *(int64_t *const *)hs__config_key_const_field(row, base);
    HS_TRY(append_string(text, "[", error));
    for (size_t i = 0; i < hs__config_key_n_items(row, base); i++) {
        HS_TRY(append_string(text, i == 0 ? "" : ", ", error));
        HS_TRY(append_integer(text, values[i], form, error));
    }
    return append_string(text, "]", error);
}

static hs_status append_strings(hs_text *text, const key_row *row, const void *base, text_form form, hs_error *error)
{
    (void)form;
    const hs_string_list *list = hs__config_key_const_field(row, base);
    HS_TRY(append_string(text, "[", error));
    for (size_t i = 0; i < list->n; i++) {
        HS_TRY(append_string(text, i == 0 ? "" : ", ", error));
        HS_TRY(hs__config_text_append_quoted(text, list->items[i], error));
    }
    return append_string(text, "]", error);
}

static hs_status append_fields(hs_text *text, const key_row *row, const void *base, text_form form, hs_error *error)
{
    (void)form;
    const hs_field_mapping *fields = *(hs_field_mapping *const *)hs__config_key_const_field(row, base);
    HS_TRY(append_string(text, "{", error));
    for (size_t i = 0; i < hs__config_key_n_items(row, base); i++) {
        HS_TRY(hs_text_appendf(text, error, "%s%s = ", i == 0 ? "" : ", ", fields[i].name));
        HS_TRY(hs__config_text_append_quoted(text, fields[i].key, error));
    }
    return append_string(text, "}", error);
}

/* Pairs, because a group's names may hold no spaces. */
static hs_status append_labels(hs_text *text, const key_row *row, const void *base, text_form form, hs_error *error)
{
    (void)form;
    const hs_label_mapping *labels = *(hs_label_mapping *const *)hs__config_key_const_field(row, base);
    HS_TRY(append_string(text, "(", error));
    for (size_t i = 0; i < hs__config_key_n_items(row, base); i++) {
        HS_TRY(append_string(text, i == 0 ? "(" : ", (", error));
        HS_TRY(hs__config_text_append_quoted(text, labels[i].text, error));
        HS_TRY(hs_text_appendf(text, error, ", %lld)", (long long)labels[i].choice));
    }
    return append_string(text, ")", error);
}

typedef hs_status append_function(hs_text *text, const key_row *row, const void *base, text_form form, hs_error *error);

static append_function *const append_functions[N_KEY_TYPES] = {
    [KEY_WORD] = append_word,
    [KEY_STRING] = append_text,
    [KEY_PATH_IN] = append_text,
    [KEY_PATH_OUT] = append_text,
    [KEY_INTEGER] = append_one_integer,
    [KEY_REAL] = append_real,
    [KEY_INTEGER_LIST] = append_integers,
    [KEY_STRING_LIST] = append_strings,
    [KEY_FIELDS] = append_fields,
    [KEY_LABELS] = append_labels,
};

hs_status hs__config_text_append_value(hs_text *text, const key_row *row, const void *base, text_form form,
                                       hs_error *error)
{
    return append_functions[row->type](text, row, base, form, error);
}
