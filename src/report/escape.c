#include <stdlib.h>
#include <string.h>

#include "report/contents.h"

/*
 * Appends the character at `c`, or how it is shown where it would act unseen (XML 1.0 forbids most of these anyway);
 * *length_out is that of the character.
 */
static hs_status append_visible(const char *c, size_t *length_out, hs_text *text, hs_error *error)
{
    char escape[HS_VISIBLE_BYTES];

    *length_out = hs_visible_length(c, strlen(c), escape);
    return escape[0] != '\0' ? hs_text_append(text, escape, strlen(escape), error)
                             : hs_text_append(text, c, *length_out, error);
}

hs_status hs__report_escape_html(const char *string, hs_text *text, hs_error *error)
{
    size_t n = 1;

    for (const char *c = string; *c != '\0'; c += n) {
        const char *entity = *c == '&'    ? "&amp;"
                             : *c == '<'  ? "&lt;"
                             : *c == '>'  ? "&gt;"
                             : *c == '"'  ? "&quot;"
                             : *c == '\'' ? "&#39;"
                                          : NULL;
        n = 1;
        if (entity != NULL)
            HS_TRY(hs_text_append(text, entity, strlen(entity), error));
        else
            HS_TRY(append_visible(c, &n, text, error));
    }
    return HS_OK;
}

/* U+XXXX of what hs_visible_length escapes, as JSON writes it; a byte that is not UTF-8 becomes the replacement character. */
static hs_status append_escaped(const char *escape, size_t length, const char *c, hs_text *text, hs_error *error)
{
    if (escape[1] == 'u')
        return hs_text_append(text, escape, strlen(escape), error);
    bool is_character = hs_utf8_length(c, length) > 0;
    return hs_text_appendf(text, error, "\\u%04x", is_character ? (unsigned)(unsigned char)*c : 0xfffdU);
}

hs_status hs__report_escape_json(const char *string, hs_text *text, hs_error *error)
{
    char escape[HS_VISIBLE_BYTES];
    size_t n = 1;

    HS_TRY(hs_text_append(text, "\"", 1, error));
    for (const char *c = string; *c != '\0'; c += n) {
        n = hs_visible_length(c, strlen(c), escape);
        if (*c == '"' || *c == '\\')
            HS_TRY(hs_text_appendf(text, error, "\\%c", *c));
        else if ((unsigned char)*c < 0x20 || strchr("<>&", *c) != NULL)
            HS_TRY(hs_text_appendf(text, error, "\\u%04x", (unsigned)(unsigned char)*c));
        else if (escape[0] != '\0')
            HS_TRY(append_escaped(escape, n, c, text, error));
        else
            HS_TRY(hs_text_append(text, c, n, error));
    }
    return hs_text_append(text, "\"", 1, error);
}

/* A spreadsheet takes what begins like this for a formula, and runs it; an apostrophe before it says that it is text. */
static bool is_formula(const char *string)
{
    char *end;

    if (string[0] == '\0' || string[1] == '\0' || strchr("=+-@\t\r", string[0]) == NULL)
        return false;
    (void)strtod(string, &end);
    return *end != '\0' || end == string;
}

hs_status hs__report_escape_csv(const char *string, hs_text *text, hs_error *error)
{
    const bool formula = is_formula(string);

    if (!formula && strpbrk(string, ",\"\r\n") == NULL)
        return hs_text_append(text, string, strlen(string), error);
    HS_TRY(hs_text_appendf(text, error, "\"%s", formula ? "'" : ""));
    for (const char *c = string; *c != '\0'; ++c)
        HS_TRY(hs_text_appendf(text, error, "%s%c", *c == '"' ? "\"" : "", *c));
    return hs_text_append(text, "\"", 1, error);
}

hs_status hs__report_escape_markdown(const char *string, hs_text *text, hs_error *error)
{
    size_t n = 1;

    for (const char *c = string; *c != '\0'; c += n) {
        n = 1;
        if (*c == '\n')
            HS_TRY(hs_text_append(text, " ", 1, error));
        else if (strchr("\\*|<`_[", *c) != NULL)
            HS_TRY(hs_text_appendf(text, error, "\\%c", *c));
        else
            HS_TRY(append_visible(c, &n, text, error));
    }
    return HS_OK;
}
