/* The escapes of pages and Markdown; those of JSON and CSV are their writers' (base). */
#include "report/escape.h"

#include <string.h>

/*
 * Puts the character at `c`, or how it is shown where it would act unseen (XML 1.0 forbids most of these anyway);
 * returns its length.
 */
static size_t put_visible(const char *c, hs_text *text)
{
    char escape[HS_VISIBLE_BYTES];
    const size_t length = hs_visible_length(c, strlen(c), escape);

    if (escape[0] != '\0')
        hs_text_put(text, escape);
    else
        hs_text_put_bytes(text, c, length);
    return length;
}

/* The quotes too, because texts go into attributes as well. */
static const char *entity_of(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void hs__report_put_html(const char *string, hs_text *text)
{
    for (const char *c = string; *c != '\0';)
        if (entity_of(*c) != NULL)
            hs_text_put(text, entity_of(*c++));
        else
            c += put_visible(c, text);
}

void hs__report_put_markdown(const char *string, hs_text *text)
{
    for (const char *c = string; *c != '\0';)
        if (*c == '\n' || strchr("\\*|<`_[", *c) != NULL) {
            hs_text_putf(text, "%s%c", *c == '\n' ? "" : "\\", *c == '\n' ? ' ' : *c);
            ++c;
        } else {
            c += put_visible(c, text);
        }
}

void hs__report_put_escaped(const char *string, const char *characters, hs_text *text)
{
    for (const char *c = string; *c != '\0'; ++c)
        hs_text_putf(text, "%s%c", strchr(characters, *c) != NULL ? "\\" : "", *c);
}
