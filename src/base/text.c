/* text: copies of strings, texts that grow, UTF-8 and paths. */
#include "headsweep/base.h"

#include <string.h>
#include <sys/stat.h>

char *hs_string_copy(const char *text, hs_error *error)
{
    return hs_string_copy_n(text, strlen(text), error);
}

char *hs_string_copy_n(const char *text, size_t length, hs_error *error)
{
    hs_text copy = {0};
    if (hs_text_append(&copy, text, length, error) != HS_OK)
        return NULL;
    return copy.text;
}

static hs_status append_formatted(hs_text *text, hs_error *error, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

static hs_status append_formatted(hs_text *text, hs_error *error, const char *format, va_list arguments)
{
    va_list measured;
    va_copy(measured, arguments);
    int n = vsnprintf(NULL, 0, format, measured);
    va_end(measured);
    if (n < 0)
        return hs_fail(error, HS_ERROR_INTERNAL, "the text for format \"%s\" cannot be made", format);
    size_t length = (size_t)n;
    HS_TRY(hs_reserve(&text->text, &text->capacity, text->length + length + 1, 1, "text", error));
    (void)vsnprintf(text->text + text->length, length + 1, format, arguments);
    text->length += length;
    return HS_OK;
}

char *hs_string_format(hs_error *error, const char *format, ...)
{
    hs_text text = {0};
    va_list arguments;
    va_start(arguments, format);
    hs_status status = append_formatted(&text, error, format, arguments);
    va_end(arguments);
    return status == HS_OK ? text.text : NULL;
}

hs_status hs_text_append(hs_text *text, const char *bytes, size_t length, hs_error *error)
{
    if (length >= SIZE_MAX - text->length)
        return hs_fail(error, HS_ERROR_MEMORY, "text: %zu more bytes are more than any memory holds", length);
    HS_TRY(hs_reserve(&text->text, &text->capacity, text->length + length + 1, 1, "text", error));
    if (length > 0)
        memcpy(text->text + text->length, bytes, length);
    text->length += length;
    text->text[text->length] = '\0';
    return HS_OK;
}

hs_status hs_text_appendf(hs_text *text, hs_error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    hs_status status = append_formatted(text, error, format, arguments);
    va_end(arguments);
    return status;
}

void hs_text_keep(hs_text *text, hs_status status)
{
    if (text->status == HS_OK)
        text->status = status;
}

const char *hs_text_kept(hs_text *text, const hs_text *piece)
{
    hs_text_keep(text, piece->status);
    return hs_text_string(piece);
}

hs_status hs_text_status(const hs_text *text, hs_error *error)
{
    if (text->status == HS_OK)
        return HS_OK;
    if (text->sink != NULL && text->sink->error.status != HS_OK)
        return hs_fail(error, text->sink->error.status, "%s", text->sink->error.message);
    return hs_fail(error, text->status, "text: after %zu bytes: %s", text->length, hs_status_meaning(text->status));
}

void hs_text_put_bytes(hs_text *text, const char *bytes, size_t length)
{
    hs_error error;

    if (text->status != HS_OK)
        return;
    error.status = HS_OK;
    text->status = hs_text_append(text, bytes, length, &error);
}

void hs_text_put(hs_text *text, const char *string)
{
    hs_text_put_bytes(text, string, strlen(string));
}

void hs_text_putf(hs_text *text, const char *format, ...)
{
    hs_error error;
    va_list arguments;

    if (text->status != HS_OK)
        return;
    error.status = HS_OK;
    va_start(arguments, format);
    text->status = append_formatted(text, &error, format, arguments);
    va_end(arguments);
}

/* As much as is written at once. */
enum { PIECE_BYTES = 1 << 20 };

static void give(hs_text *text)
{
    if (text->status == HS_OK && text->length > 0)
        hs_text_keep(text, text->sink->take(text->sink->context, text->text, text->length, &text->sink->error));
    hs_text_empty(text);
}

void hs_text_pour(hs_text *text)
{
    if (text->sink != NULL && text->length >= PIECE_BYTES)
        give(text);
}

hs_status hs_text_end(hs_text *text, hs_error *error)
{
    if (text->sink != NULL)
        give(text);
    return hs_text_status(text, error);
}

void hs_text_empty(hs_text *text)
{
    text->length = 0;
    if (text->text != NULL)
        text->text[0] = '\0';
}

char *hs_text_take(hs_text *text)
{
    char *bytes = text->text;

    *text = (hs_text){0};
    return bytes;
}

void hs_text_clear(hs_text *text)
{
    hs_free(text->text);
    *text = (hs_text){0};
}

/* Unicode 15, table 3-7: the lead byte fixes the length and the range of the second byte; the others are 80..BF. */
typedef struct utf8_row {
    unsigned char first_lead, last_lead, first_second, last_second;
    size_t length;
} utf8_row;

static const utf8_row utf8_rows[] = {
    {0x00, 0x7F, 0x00, 0x00, 1}, {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
    {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
    {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
};

static const utf8_row *utf8_row_of(unsigned char lead)
{
    for (size_t i = 0; i < sizeof utf8_rows / sizeof utf8_rows[0]; i++)
        if (lead >= utf8_rows[i].first_lead && lead <= utf8_rows[i].last_lead)
            return &utf8_rows[i];
    return NULL;
}

size_t hs_utf8_length(const char *bytes, size_t available)
{
    if (available == 0)
        return 0;
    const unsigned char *b = (const unsigned char *)bytes;
    const utf8_row *row = utf8_row_of(b[0]);
    if (row == NULL || row->length > available)
        return 0;
    if (row->length > 1 && (b[1] < row->first_second || b[1] > row->last_second))
        return 0;
    for (size_t i = 2; i < row->length; i++)
        if (b[i] < 0x80 || b[i] > 0xBF)
            return 0;
    return row->length;
}

hs_status hs_utf8_check(const char *bytes, size_t length, const char *what, hs_error *error)
{
    for (size_t i = 0; i < length;) {
        size_t n = hs_utf8_length(bytes + i, length - i);
        if (n == 0)
            return hs_fail(error, HS_ERROR_INPUT, "%s: byte 0x%02X at offset %zu is not valid UTF-8", what,
                           (unsigned)(unsigned char)bytes[i], i);
        i += n;
    }
    return HS_OK;
}

size_t hs_utf8_count(const char *bytes, size_t length)
{
    size_t n = 0;
    for (size_t i = 0; i < length; i++)
        if (((unsigned char)bytes[i] & 0xC0) != 0x80)
            n++;
    return n;
}

char *hs_path_join(const char *folder, const char *name, hs_error *error)
{
    size_t length = strlen(folder);
    if (name[0] == '/' || length == 0)
        return hs_string_copy(name, error);
    const char *separator = folder[length - 1] == '/' ? "" : "/";
    return hs_string_format(error, "%s%s%s", folder, separator, name);
}

char *hs_path_folder(const char *path, hs_error *error)
{
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/')
        end--;
    while (end > 0 && path[end - 1] != '/')
        end--;
    if (end == 0)
        return hs_string_copy(".", error);
    while (end > 1 && path[end - 1] == '/')
        end--;
    return hs_string_copy_n(path, end, error);
}

bool hs_path_exists(const char *path)
{
    struct stat information;
    return stat(path, &information) == 0;
}
