#include <string.h>

#include "report/contents.h"

/* ASCII controls that XML 1.0 forbids, in elements and attributes alike. */
static bool is_control(char c)
{
    return ((unsigned char)c < 0x20 && c != '\t' && c != '\n') || c == 0x7f;
}

hs_status hs__report_escape_html(const char *string, hs_text *text, hs_error *error)
{
    for (const char *c = string; *c != '\0'; ++c) {
        const char *entity = *c == '&'    ? "&amp;"
                             : *c == '<'  ? "&lt;"
                             : *c == '>'  ? "&gt;"
                             : *c == '"'  ? "&quot;"
                             : *c == '\'' ? "&#39;"
                                          : NULL;
        if (entity != NULL)
            HS_TRY(hs_text_append(text, entity, strlen(entity), error));
        else
            HS_TRY(hs_text_append(text, is_control(*c) ? " " : c, 1, error));
    }
    return HS_OK;
}

/* Line and paragraph separator, U+2028 and U+2029, end lines in older JavaScript. */
static bool is_separator(const char *c)
{
    return (unsigned char)c[0] == 0xe2 && (unsigned char)c[1] == 0x80 && ((unsigned char)c[2] & 0xfe) == 0xa8;
}

hs_status hs__report_escape_json(const char *string, hs_text *text, hs_error *error)
{
    HS_TRY(hs_text_append(text, "\"", 1, error));
    for (const char *c = string; *c != '\0'; ++c) {
        if (*c == '"' || *c == '\\') {
            HS_TRY(hs_text_appendf(text, error, "\\%c", *c));
        } else if ((unsigned char)*c < 0x20 || strchr("<>&", *c) != NULL) {
            HS_TRY(hs_text_appendf(text, error, "\\u%04x", (unsigned)(unsigned char)*c));
        } else if (is_separator(c)) {
            HS_TRY(hs_text_appendf(text, error, "\\u202%c", (unsigned char)c[2] == 0xa8 ? '8' : '9'));
            c += 2;
        } else {
            HS_TRY(hs_text_append(text, c, 1, error));
        }
    }
    return hs_text_append(text, "\"", 1, error);
}

hs_status hs__report_escape_csv(const char *string, hs_text *text, hs_error *error)
{
    if (strpbrk(string, ",\"\r\n") == NULL)
        return hs_text_append(text, string, strlen(string), error);
    HS_TRY(hs_text_append(text, "\"", 1, error));
    for (const char *c = string; *c != '\0'; ++c)
        HS_TRY(hs_text_appendf(text, error, "%s%c", *c == '"' ? "\"" : "", *c));
    return hs_text_append(text, "\"", 1, error);
}

hs_status hs__report_escape_markdown(const char *string, hs_text *text, hs_error *error)
{
    for (const char *c = string; *c != '\0'; ++c) {
        if (*c == '\n' || is_control(*c))
            HS_TRY(hs_text_append(text, " ", 1, error));
        else
            HS_TRY(hs_text_appendf(text, error, "%s%c", strchr("\\*|<`_[", *c) != NULL ? "\\" : "", *c));
    }
    return HS_OK;
}
