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

hs_status hs__report_escape_json(const char *string, hs_text *text, hs_error *error)
{
    hs_json_put_string(&(hs_json_writer){.text = text}, string);
    return hs_text_status(text, error);
}

hs_status hs__report_escape_csv(const char *string, hs_text *text, hs_error *error)
{
    hs_csv_put_string(&(hs_csv_writer){.text = text}, string);
    return hs_text_status(text, error);
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
