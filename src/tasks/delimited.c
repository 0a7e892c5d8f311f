/*
 * delimited: CSV and TSV as RFC 4180 has them, with what spreadsheets and Python's csv write
 * besides.
 */
#include "tasks/delimited.h"

#include <string.h>

void hs__tasks_delimited_record_clear(delimited_record *record)
{
    hs_text_clear(&record->bytes);
    hs_free(record->offsets);
    *record = (delimited_record){0};
}

const char *hs__tasks_delimited_field(const delimited_record *record, size_t index)
{
    return record->bytes.text + record->offsets[index];
}

size_t hs__tasks_delimited_field_length(const delimited_record *record, size_t index)
{
    return record->offsets[index + 1] - record->offsets[index] - 1;
}

/* Bytes up to the quote that closes the field, which begins with one, inclusive; 0 if there is none. */
static size_t quoted_length(const char *bytes, size_t n_bytes, char quote)
{
    for (size_t i = 1; i < n_bytes; i++) {
        if (bytes[i] != quote)
            continue;
        if (i + 1 == n_bytes || bytes[i + 1] != quote)
            return i + 1;
        i++;
    }
    return 0;
}

/* Bytes of a field without quotes, or of what stands behind a closing one. */
static size_t plain_length(const char *bytes, size_t n_bytes, const delimited_dialect *dialect)
{
    size_t n = 0;
    while (n < n_bytes && bytes[n] != dialect->delimiter && bytes[n] != dialect->line_end)
        n++;
    return n;
}

static bool begins_quoted(const char *bytes, size_t n_bytes, const delimited_dialect *dialect)
{
    return dialect->quote != '\0' && n_bytes > 0 && bytes[0] == dialect->quote;
}

/*
 * A quote counts only where a field begins, as Python's csv reads it: one within a field, as in 5"
 * or don't, is text. What stands behind a closing quote belongs to the field up to the delimiter.
 */
size_t hs__tasks_delimited_length(const char *bytes, size_t n_bytes, const delimited_dialect *dialect,
                                  bool *in_quotes_out)
{
    size_t at = 0;
    *in_quotes_out = false;
    for (;;) {
        if (begins_quoted(bytes + at, n_bytes - at, dialect)) {
            size_t quoted = quoted_length(bytes + at, n_bytes - at, dialect->quote);
            *in_quotes_out = quoted == 0;
            if (quoted == 0)
                return 0;
            at += quoted;
        }
        at += plain_length(bytes + at, n_bytes - at, dialect);
        if (at == n_bytes)
            return 0;
        if (bytes[at++] == dialect->line_end)
            return at;
    }
}

static hs_status end_field(delimited_record *record, hs_error *error)
{
    HS_TRY(hs_text_append(&record->bytes, "", 1, error));
    HS_TRY(hs_reserve(&record->offsets, &record->capacity, record->n + 2, sizeof *record->offsets, "fields of a record",
                      error));
    record->offsets[++record->n] = record->bytes.length;
    return HS_OK;
}

hs_status hs__tasks_delimited_add(delimited_record *record, const char *field, size_t length, hs_error *error)
{
    HS_TRY(hs_text_append(&record->bytes, field, length, error));
    return end_field(record, error);
}

/* What is between the quotes, doubled ones made single. */
static hs_status append_quoted(const char *bytes, size_t n_bytes, char quote_byte, hs_text *text, hs_error *error)
{
    for (size_t begin = 0; begin < n_bytes;) {
        const char *quote = memchr(bytes + begin, quote_byte, n_bytes - begin);
        size_t end = quote == NULL ? n_bytes : (size_t)(quote - bytes) + 1;
        HS_TRY(hs_text_append(text, bytes + begin, end - begin, error));
        begin = quote == NULL ? end : end + 1;
    }
    return HS_OK;
}

/* One field; *at moves to the delimiter behind it or to `length`. */
static hs_status read_field(const char *bytes, size_t length, const delimited_dialect *dialect, const char *place,
                            size_t *at, delimited_record *record, hs_error *error)
{
    bool begins = begins_quoted(bytes + *at, length - *at, dialect);
    size_t quoted = begins ? quoted_length(bytes + *at, length - *at, dialect->quote) : 0;
    if (quoted > 0)
        HS_TRY(append_quoted(bytes + *at + 1, quoted - 2, dialect->quote, &record->bytes, error));
    *at += quoted;
    size_t plain = plain_length(bytes + *at, length - *at, dialect);
    if (quoted > 0 && plain > 0)
        return hs_fail(error, HS_ERROR_INPUT,
                       "%s: field %zu goes on behind its closing quote; a quote within quotes is written twice", place,
                       record->n + 1);
    HS_TRY(hs__tasks_delimited_add(record, bytes + *at, plain, error));
    *at += plain;
    return HS_OK;
}

hs_status hs__tasks_delimited_read(const char *bytes, size_t length, const delimited_dialect *dialect,
                                   const char *place, delimited_record *record, hs_error *error)
{
    size_t at = 0;
    record->bytes.length = 0;
    record->n = 0;
    if (length > 0 && bytes[length - 1] == dialect->line_end)
        length -= dialect->line_end == '\n' && length > 1 && bytes[length - 2] == '\r' ? 2 : 1;
    HS_TRY(read_field(bytes, length, dialect, place, &at, record, error));
    while (at < length) {
        at++;
        HS_TRY(read_field(bytes, length, dialect, place, &at, record, error));
    }
    return HS_OK;
}

bool hs__tasks_delimited_looks_swallowed(const char *bytes, size_t length, const delimited_dialect *dialect,
                                         size_t n_fields)
{
    size_t n_lines = 0, n_alike = 0, n_delimiters = 0;
    for (size_t i = 0; i < length; i++) {
        bool ends = bytes[i] == dialect->line_end || i + 1 == length;
        n_delimiters += bytes[i] == dialect->delimiter;
        if (!ends)
            continue;
        n_lines++;
        n_alike += n_delimiters + 1 == n_fields;
        n_delimiters = 0;
    }
    return n_fields > 1 && n_alike >= 2 && 2 * n_alike >= n_lines;
}
