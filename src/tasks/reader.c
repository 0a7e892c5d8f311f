#include "tasks/reader.h"

#include <string.h>
#include <strings.h>

#include "tasks/fields.h"

typedef hs_status parse_function(task_reader *reader, const char *bytes, size_t length, hs_error *error);
static parse_function parse_json, parse_delimited, parse_text;

/* A kind of file: a record is a line, unless a delimiter says that fields in quotes may hold line ends. */
typedef struct task_file_format {
    const char *ending;
    char delimiter;
    parse_function *parse;
} task_file_format;

static const task_file_format formats[] = {
    {".csv", ',', parse_delimited},
    {".tsv", '\t', parse_delimited},
    {".txt", '\0', parse_text},
    {"", '\0', parse_json},
};

static const task_file_format *find_format(const char *path)
{
    const task_file_format *format = formats;
    size_t length = strlen(path);
    for (;; format++) {
        size_t ending = strlen(format->ending);
        if (length >= ending && strcasecmp(path + length - ending, format->ending) == 0)
            return format;
    }
}

/* ---- lines ------------------------------------------------------------------------------------------------------- */

bool task_next_line(const char *bytes, size_t n_bytes, size_t max_bytes, size_t *position, const char **line_out,
                    size_t *length_out)
{
    if (*position >= n_bytes)
        return false;
    const char *line = bytes + *position;
    size_t available = n_bytes - *position;
    size_t searched = available > max_bytes + 1 ? max_bytes + 1 : available;
    const char *end = memchr(line, '\n', searched);
    size_t length = end != NULL ? (size_t)(end - line) : searched;
    *position += end != NULL ? length + 1 : length;
    if (end != NULL && length > 0 && line[length - 1] == '\r')
        length--;
    *line_out = line;
    *length_out = length;
    return true;
}

static bool is_blank(const char *line, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r' && line[i] != '\n')
            return false;
    return true;
}

static hs_status too_long(const task_reader *reader, hs_error *error)
{
    return hs_fail(error, HS_ERROR_INPUT, "%s: the line is longer than the %d bytes that are allowed",
                   reader->place.text, TASK_MAX_LINE_BYTES);
}

static hs_status set_place(task_reader *reader, hs_error *error)
{
    reader->line = reader->next_line;
    reader->place.length = 0;
    return hs_text_appendf(&reader->place, error, "%s:%zu", reader->path, reader->line);
}

/* The record at the reader's position, which is not the end, and moves behind it. */
static hs_status cut_record(task_reader *reader, const char **record_out, size_t *length_out, hs_error *error)
{
    const char *bytes = (const char *)reader->file.bytes;
    size_t available = reader->file.n_bytes - reader->position;
    size_t n_lines = 1;
    HS_TRY(set_place(reader, error));
    if (reader->format->delimiter == '\0') {
        (void)task_next_line(bytes, reader->file.n_bytes, TASK_MAX_LINE_BYTES, &reader->position, record_out,
                             length_out);
    } else {
        size_t searched = available > TASK_MAX_LINE_BYTES ? TASK_MAX_LINE_BYTES + 1 : available;
        *record_out = bytes + reader->position;
        *length_out = delimited_length(*record_out, searched, reader->format->delimiter, &n_lines);
        if (*length_out == 0)
            return hs_fail(error, HS_ERROR_INPUT, "%s: a quote that is opened in this record is never closed",
                           reader->place.text);
        reader->position += *length_out;
    }
    reader->next_line += n_lines;
    return *length_out > TASK_MAX_LINE_BYTES ? too_long(reader, error) : HS_OK;
}

/* The next record that is not blank; NULL at the end. */
static hs_status next_record(task_reader *reader, const char **record_out, size_t *length_out, hs_error *error)
{
    do {
        *record_out = NULL;
        if (reader->position >= reader->file.n_bytes)
            return HS_OK;
        HS_TRY(cut_record(reader, record_out, length_out, error));
    } while (is_blank(*record_out, *length_out));
    return HS_OK;
}

static hs_status check_text(const task_reader *reader, const char *bytes, size_t length, hs_error *error)
{
    HS_TRY(hs_utf8_check(bytes, length, reader->place.text, error));
    if (memchr(bytes, '\0', length) != NULL)
        return hs_fail(error, HS_ERROR_INPUT, "%s: a NUL byte; the file must be text in UTF-8", reader->place.text);
    return HS_OK;
}

/* ---- from a record to an object ---------------------------------------------------------------------------------- */

static hs_status parse_json(task_reader *reader, const char *bytes, size_t length, hs_error *error)
{
    const char *place = reader->place.text;
    HS_TRY(hs_json_parse_record(bytes, length, reader->path, reader->line, &reader->json, error));
    hs_json_kind kind = hs_json_kind_of(hs_json_root(reader->json));
    if (kind != HS_JSON_OBJECT)
        return hs_fail(error, HS_ERROR_INPUT, "%s: the line must be a JSON object, {...}, not %s", place,
                       hs_json_kind_name(kind));
    return HS_OK;
}

static hs_status parse_text(task_reader *reader, const char *bytes, size_t length, hs_error *error)
{
    HS_TRY(hs_json_new_object(&reader->json, error));
    return hs_json_add_string(reader->json, "text", bytes, length, error);
}

static hs_status parse_delimited(task_reader *reader, const char *bytes, size_t length, hs_error *error)
{
    const delimited_record *header = &reader->header;
    delimited_record *record = &reader->record;
    const char *place = reader->place.text;
    HS_TRY(delimited_read(bytes, length, reader->format->delimiter, place, record, error));
    if (record->n != header->n)
        return hs_fail(
            error, HS_ERROR_INPUT,
            "%s: the record has %zu field%s, but the header has %zu; a text that holds a %s must be in quotes", place,
            record->n, record->n == 1 ? "" : "s", header->n, reader->format->delimiter == ',' ? "comma" : "tab");
    HS_TRY(hs_json_new_object(&reader->json, error));
    for (size_t i = 0; i < record->n; i++)
        HS_TRY(hs_json_add_string(reader->json, delimited_field(header, i), delimited_field(record, i),
                                  delimited_field_length(record, i), error));
    return HS_OK;
}

static hs_status check_header(const task_reader *reader, hs_error *error)
{
    const delimited_record *header = &reader->header;
    char name[64];
    for (size_t i = 0; i < header->n; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(delimited_field(header, i), delimited_field(header, k)) == 0)
                return hs_fail(
                    error, HS_ERROR_INPUT, "%s: the header has the name \"%s\" twice", reader->place.text,
                    task_quote(delimited_field(header, i), delimited_field_length(header, i), name, sizeof name));
    return HS_OK;
}

static hs_status read_header(task_reader *reader, hs_error *error)
{
    const char *record;
    size_t length;
    HS_TRY(next_record(reader, &record, &length, error));
    if (record == NULL)
        return hs_fail(error, HS_ERROR_INPUT, "%s: the file is empty; its first line must name the fields",
                       reader->path);
    HS_TRY(check_text(reader, record, length, error));
    HS_TRY(delimited_read(record, length, reader->format->delimiter, reader->place.text, &reader->header, error));
    if (reader->header.n > TASK_MAX_COLUMNS)
        return hs_fail(error, HS_ERROR_INPUT, "%s: the header has %zu fields; at most %d are allowed",
                       reader->place.text, reader->header.n, TASK_MAX_COLUMNS);
    return check_header(reader, error);
}

/* ---- the reader -------------------------------------------------------------------------------------------------- */

hs_status task_reader_open(const char *path, task_reader *reader_out, hs_error *error)
{
    *reader_out = (task_reader){.path = path, .format = find_format(path), .next_line = 1};
    HS_TRY(hs_mapped_file_open(path, &reader_out->file, error));
    HS_TRY(hs_text_mark((const char *)reader_out->file.bytes, reader_out->file.n_bytes, path, &reader_out->position,
                        error));
    return reader_out->format->delimiter != '\0' ? read_header(reader_out, error) : HS_OK;
}

void task_reader_clear(task_reader *reader)
{
    hs_json_free(reader->json);
    hs_text_clear(&reader->place);
    delimited_record_clear(&reader->header);
    delimited_record_clear(&reader->record);
    hs_mapped_file_clear(&reader->file);
    *reader = (task_reader){0};
}

hs_status task_reader_next(task_reader *reader, const hs_json_value **object_out, hs_error *error)
{
    const char *record;
    size_t length;
    *object_out = NULL;
    hs_json_free(reader->json);
    reader->json = NULL;
    HS_TRY(next_record(reader, &record, &length, error));
    if (record == NULL)
        return HS_OK;
    HS_TRY(check_text(reader, record, length, error));
    HS_TRY(reader->format->parse(reader, record, length, error));
    *object_out = hs_json_root(reader->json);
    return HS_OK;
}

hs_status task_reader_skip(task_reader *reader, bool *skipped_out, hs_error *error)
{
    const char *record;
    size_t length;
    HS_TRY(next_record(reader, &record, &length, error));
    *skipped_out = record != NULL;
    return HS_OK;
}
