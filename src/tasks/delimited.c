#include "tasks/delimited.h"

#include <string.h>

void delimited_record_clear(delimited_record *record)
{
    hs_text_clear(&record->bytes);
    hs_free(record->offsets);
    *record = (delimited_record){0};
}

const char *delimited_field(const delimited_record *record, size_t index)
{
    return record->bytes.text + record->offsets[index];
}

size_t delimited_field_length(const delimited_record *record, size_t index)
{
    return record->offsets[index + 1] - record->offsets[index] - 1;
}

/* Bytes up to the quote that closes the field, which begins with one, inclusive; 0 if there is none. */
static size_t quoted_length(const char *bytes, size_t n_bytes)
{
    for (size_t i = 1; i < n_bytes; i++) {
        if (bytes[i] != '"')
            continue;
        if (i + 1 == n_bytes || bytes[i + 1] != '"')
            return i + 1;
        i++;
    }
    return 0;
}

/* Bytes of a field without quotes, or of what stands behind a closing one. */
static size_t plain_length(const char *bytes, size_t n_bytes, char delimiter)
{
    size_t n = 0;
    while (n < n_bytes && bytes[n] != delimiter && bytes[n] != '\n')
        n++;
    return n;
}

static size_t count_line_ends(const char *bytes, size_t n_bytes)
{
    size_t n = 0;
    for (size_t i = 0; i < n_bytes; i++)
        n += bytes[i] == '\n';
    return n;
}

size_t delimited_length(const char *bytes, size_t n_bytes, char delimiter, size_t *n_lines_out)
{
    size_t at = 0;
    *n_lines_out = 1;
    for (;;) {
        if (at < n_bytes && bytes[at] == '"') {
            size_t quoted = quoted_length(bytes + at, n_bytes - at);
            if (quoted == 0)
                return 0;
            *n_lines_out += count_line_ends(bytes + at, quoted);
            at += quoted;
        }
        at += plain_length(bytes + at, n_bytes - at, delimiter);
        if (at == n_bytes)
            return at;
        if (bytes[at++] == '\n')
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

/* What is between the quotes, doubled ones made single. */
static hs_status append_quoted(const char *bytes, size_t n_bytes, hs_text *text, hs_error *error)
{
    for (size_t begin = 0; begin < n_bytes;) {
        const char *quote = memchr(bytes + begin, '"', n_bytes - begin);
        size_t end = quote == NULL ? n_bytes : (size_t)(quote - bytes) + 1;
        HS_TRY(hs_text_append(text, bytes + begin, end - begin, error));
        begin = quote == NULL ? end : end + 1;
    }
    return HS_OK;
}

/* One field; *at moves to the delimiter behind it or to `length`. */
static hs_status read_field(const char *bytes, size_t length, char delimiter, const char *place, size_t *at,
                            delimited_record *record, hs_error *error)
{
    size_t quoted = *at < length && bytes[*at] == '"' ? quoted_length(bytes + *at, length - *at) : 0;
    if (quoted > 0)
        HS_TRY(append_quoted(bytes + *at + 1, quoted - 2, &record->bytes, error));
    *at += quoted;
    size_t plain = plain_length(bytes + *at, length - *at, delimiter);
    if (quoted > 0 && plain > 0)
        return hs_fail(error, HS_ERROR_INPUT,
                       "%s: field %zu goes on behind its closing quote; a quote within quotes is written twice", place,
                       record->n + 1);
    HS_TRY(hs_text_append(&record->bytes, bytes + *at, plain, error));
    *at += plain;
    return end_field(record, error);
}

hs_status delimited_read(const char *bytes, size_t length, char delimiter, const char *place, delimited_record *record,
                         hs_error *error)
{
    size_t at = 0;
    record->bytes.length = 0;
    record->n = 0;
    if (length > 0 && bytes[length - 1] == '\n')
        length -= length > 1 && bytes[length - 2] == '\r' ? 2 : 1;
    HS_TRY(read_field(bytes, length, delimiter, place, &at, record, error));
    while (at < length) {
        at++;
        HS_TRY(read_field(bytes, length, delimiter, place, &at, record, error));
    }
    return HS_OK;
}
