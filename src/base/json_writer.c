/* Writes JSON: the one place that knows its commas and escapes. */
#include "headsweep/base.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* What stands between the last element and the one that comes now. */
static void begin_element(hs_json_writer *writer)
{
    if (writer->is_due)
        hs_text_put(writer->text, writer->is_compact || writer->line > 0 ? "," : ", ");
    if (writer->line > 0)
        hs_text_putf(writer->text, "\n%*s", writer->line - 1, "");
    writer->is_due = true;
    writer->line = 0;
}

void hs_json_begin_line(hs_json_writer *writer, int indent)
{
    hs_text_pour(writer->text);
    writer->line = indent + 1;
}

void hs_json_begin(hs_json_writer *writer, char bracket)
{
    begin_element(writer);
    hs_text_putf(writer->text, "%c", bracket);
    writer->is_due = false;
}

void hs_json_end(hs_json_writer *writer, char bracket)
{
    writer->is_due = false;
    begin_element(writer);
    hs_text_putf(writer->text, "%c", bracket);
}

/* What hs_visible_length escapes, as JSON writes it; a byte that is not UTF-8 becomes the replacement character. */
static void put_unseen(hs_text *text, const char *c, size_t available, const char *escape)
{
    if (escape[1] == 'u')
        hs_text_put(text, escape);
    else
        hs_text_putf(text, "\\u%04x", hs_utf8_length(c, available) > 0 ? (unsigned)(unsigned char)*c : 0xfffdU);
}

/* `<`, `>` and `&` as numbers, so that no string ends or begins an element of the page that it is part of. */
static void put_escaped(hs_text *text, const char *string)
{
    const char *end = string + strlen(string);
    char escape[HS_VISIBLE_BYTES];
    size_t n = 1;

    hs_text_put(text, "\"");
    for (const char *c = string; *c != '\0'; c += n) {
        n = hs_visible_length(c, (size_t)(end - c), escape);
        if (*c == '"' || *c == '\\')
            hs_text_putf(text, "\\%c", *c);
        else if ((unsigned char)*c < 0x20 || strchr("<>&", *c) != NULL)
            hs_text_putf(text, "\\u%04x", (unsigned)(unsigned char)*c);
        else if (escape[0] != '\0')
            put_unseen(text, c, (size_t)(end - c), escape);
        else
            hs_text_put_bytes(text, c, n);
    }
    hs_text_put(text, "\"");
}

void hs_json_put_key(hs_json_writer *writer, const char *key)
{
    hs_json_put_string(writer, key);
    hs_text_put(writer->text, writer->is_compact ? ":" : ": ");
    writer->is_due = false;
}

void hs_json_put_string(hs_json_writer *writer, const char *string)
{
    begin_element(writer);
    put_escaped(writer->text, string);
}

void hs_json_put_number(hs_json_writer *writer, double number)
{
    begin_element(writer);
    if (isfinite(number))
        hs_text_putf(writer->text, "%.9g", number);
    else
        hs_text_put(writer->text, "null");
}

void hs_json_put_whole(hs_json_writer *writer, int64_t number)
{
    begin_element(writer);
    hs_text_putf(writer->text, "%" PRId64, number);
}

void hs_json_put_truth(hs_json_writer *writer, bool truth)
{
    begin_element(writer);
    hs_text_put(writer->text, truth ? "true" : "false");
}

void hs_json_put_null(hs_json_writer *writer)
{
    hs_json_put_number(writer, NAN);
}
