#include "tasks/reader.h"

#include <string.h>

static const char byte_order_mark[] = "\xEF\xBB\xBF";

hs_status task_reader_open(const char *path, task_reader *reader_out, hs_error *error)
{
    *reader_out = (task_reader){.path = path};
    HS_TRY(hs_mapped_file_open(path, &reader_out->file, error));
    size_t mark_length = sizeof byte_order_mark - 1;
    if (reader_out->file.n_bytes >= mark_length && memcmp(reader_out->file.bytes, byte_order_mark, mark_length) == 0)
        reader_out->position = mark_length;
    return HS_OK;
}

void task_reader_clear(task_reader *reader)
{
    hs_json_free(reader->json);
    hs_text_clear(&reader->place);
    hs_mapped_file_clear(&reader->file);
    *reader = (task_reader){0};
}

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
        if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r')
            return false;
    return true;
}

static hs_status parse_line(task_reader *reader, const char *line, size_t length, const hs_json_value **object_out,
                            hs_error *error)
{
    const char *place = reader->place.text;
    if (length > TASK_MAX_LINE_BYTES)
        return hs_fail(error, HS_ERROR_INPUT, "%s: the line is longer than the %d bytes that are allowed", place,
                       TASK_MAX_LINE_BYTES);
    HS_TRY(hs_utf8_check(line, length, place, error));
    HS_TRY(hs_json_parse(line, length, place, &reader->json, error));
    const hs_json_value *root = hs_json_root(reader->json);
    if (hs_json_kind_of(root) != HS_JSON_OBJECT)
        return hs_fail(error, HS_ERROR_INPUT, "%s: the line must be a JSON object, {...}, not %s", place,
                       hs_json_kind_name(hs_json_kind_of(root)));
    *object_out = root;
    return HS_OK;
}

hs_status task_reader_next(task_reader *reader, const hs_json_value **object_out, hs_error *error)
{
    const char *line;
    size_t length;
    *object_out = NULL;
    hs_json_free(reader->json);
    reader->json = NULL;
    do {
        if (!task_next_line((const char *)reader->file.bytes, reader->file.n_bytes, TASK_MAX_LINE_BYTES,
                            &reader->position, &line, &length))
            return HS_OK;
        reader->line++;
    } while (is_blank(line, length) && length <= TASK_MAX_LINE_BYTES);
    reader->place.length = 0;
    HS_TRY(hs_text_appendf(&reader->place, error, "%s:%zu", reader->path, reader->line));
    return parse_line(reader, line, length, object_out, error);
}
