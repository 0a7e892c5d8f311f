/*
 * json_text: documents made fit for jansson, which refuses integers beyond 64 bits, NaN, Infinity
 * and halves of surrogate pairs, all of which Python's json reads and writes.
 */
#include "base/json_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_number_byte(char c)
{
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

/* True for a whole number that int64_t does not hold. */
static bool is_huge_integer(const char *number, size_t length)
{
    char digits[32];
    for (size_t i = 0; i < length; i++)
        if (number[i] == '.' || number[i] == 'e' || number[i] == 'E')
            return false;
    if (length >= sizeof digits)
        return true;
    memcpy(digits, number, length);
    digits[length] = '\0';
    errno = 0;
    (void)strtoll(digits, NULL, 10);
    return errno == ERANGE;
}

/* Bytes from `bytes` on that belong together: a string with its quotes, a number, or one byte of anything else. */
static size_t token_length(const char *bytes, size_t length)
{
    size_t n = 1;
    if (bytes[0] == '"') {
        for (; n < length && bytes[n] != '"'; n++)
            n += bytes[n] == '\\';
        return n < length ? n + 1 : length;
    }
    if (is_number_byte(bytes[0]))
        while (n < length && is_number_byte(bytes[n]))
            n++;
    return n;
}

/* Copies the document with ".0" behind each huge integer, which makes it a real. */
hs_status hs__base_json_mark_huge_integers(const char *bytes, size_t length, hs_text *marked, hs_error *error)
{
    size_t n;
    for (size_t i = 0; i < length; i += n) {
        n = token_length(bytes + i, length - i);
        HS_TRY(hs_text_append(marked, bytes + i, n, error));
        if (is_number_byte(bytes[i]) && is_huge_integer(bytes + i, n))
            HS_TRY(hs_text_append(marked, ".0", 2, error));
    }
    return HS_OK;
}

static size_t count_digits(const char *bytes, size_t length)
{
    size_t n = 0;
    while (n < length && bytes[n] >= '0' && bytes[n] <= '9')
        n++;
    return n;
}

/* As RFC 8259 has it; *is_plain_out: a whole number that jansson prints as it stands. */
static bool is_number(const char *bytes, size_t length, bool *is_plain_out)
{
    size_t sign = bytes[0] == '-';
    size_t at = sign + count_digits(bytes + sign, length - sign);
    if (at == sign || (bytes[sign] == '0' && at > sign + 1))
        return false;
    *is_plain_out = at == length && !(sign == 1 && bytes[sign] == '0') && !is_huge_integer(bytes, length);
    if (at < length && bytes[at] == '.') {
        size_t n = count_digits(bytes + at + 1, length - at - 1);
        if (n == 0)
            return false;
        at += n + 1;
    }
    if (at < length && (bytes[at] == 'e' || bytes[at] == 'E')) {
        at++;
        at += at < length && (bytes[at] == '-' || bytes[at] == '+');
        size_t n = count_digits(bytes + at, length - at);
        if (n == 0)
            return false;
        at += n;
    }
    return at == length;
}

/* Length of what Python's json writes for numbers that JSON lacks: NaN, Infinity, -Infinity; 0 for anything else. */
static size_t not_finite_length(const char *bytes, size_t length)
{
    static const char *const words[] = {"NaN", "Infinity", "-Infinity"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t n = strlen(words[i]);
        if (length >= n && memcmp(bytes, words[i], n) == 0)
            return n;
    }
    return 0;
}

/* Puts a 0 of the same width in the number's place. */
static hs_status keep_written(json_record *record, size_t offset, size_t length, hs_error *error)
{
    HS_TRY(hs_reserve(&record->spans, &record->capacity, record->n_spans + 1, sizeof *record->spans,
                      "numbers of a record", error));
    record->spans[record->n_spans++] = (json_span){record->n_numbers++, offset, length};
    record->text.text[offset] = '0';
    memset(record->text.text + offset + 1, ' ', length - 1);
    return HS_OK;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The UTF-16 unit of an escape \uXXXX that begins here; -1 if none does. */
static int escaped_unit(const char *bytes, size_t length)
{
    int unit = 0;
    if (length < 6 || bytes[0] != '\\' || bytes[1] != 'u')
        return -1;
    for (size_t i = 2; i < 6; i++) {
        int digit = hex_value(bytes[i]);
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

/* Half a character, which Python's json lets stand, becomes U+FFFD. */
static void replace_lone_surrogates(json_record *record, char *string, size_t length)
{
    static const char replacement[] = {'f', 'f', 'f', 'd'};
    size_t n;
    for (size_t i = 0; i < length; i += n) {
        n = string[i] == '\\' ? 2 : 1;
        int unit = escaped_unit(string + i, length - i);
        if (unit < 0xD800 || unit > 0xDFFF)
            continue;
        int next = escaped_unit(string + i + 6, length - i - 6);
        n = 12;
        if (unit < 0xDC00 && next >= 0xDC00 && next <= 0xDFFF)
            continue;
        memcpy(string + i + 2, replacement, sizeof replacement);
        record->n_replaced++;
        n = 6;
    }
}

static hs_status prepare_token(json_record *record, size_t offset, size_t length, bool is_not_finite, hs_error *error)
{
    char *token = record->text.text + offset;
    bool is_plain = false;
    if (token[0] == '"')
        replace_lone_surrogates(record, token, length);
    if (!is_not_finite && !is_number(token, length, &is_plain))
        return HS_OK;
    if (!is_plain)
        return keep_written(record, offset, length, error);
    record->n_numbers++;
    return HS_OK;
}

hs_status hs__base_json_record_prepare(const char *bytes, size_t length, json_record *record, hs_error *error)
{
    size_t n;
    HS_TRY(hs_text_append(&record->text, bytes, length, error));
    for (size_t i = 0; i < length; i += n) {
        bool begins = i == 0 || !is_number_byte(bytes[i - 1]);
        size_t not_finite = begins ? not_finite_length(bytes + i, length - i) : 0;
        n = not_finite > 0 ? not_finite : token_length(bytes + i, length - i);
        HS_TRY(prepare_token(record, i, n, not_finite > 0, error));
    }
    return HS_OK;
}

void hs__base_json_record_clear(json_record *record)
{
    hs_text_clear(&record->text);
    hs_free(record->spans);
    *record = (json_record){0};
}
