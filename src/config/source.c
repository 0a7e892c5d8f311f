/*
 * source: the texts of an experiment as one, with a record of where each line came from, so that
 * messages name the file and the line that people wrote.
 */
#include "config/source.h"

#include "config/excerpt.h"

#include <string.h>

char *hs__config_source_folder(const char *path, hs_error *error)
{
    char *folder = hs_path_folder(path, error);
    if (folder != NULL && strcmp(folder, ".") == 0)
        folder[0] = '\0';
    return folder;
}

hs_status hs__config_source_pack(const config_source *source, hs_text *block, hs_error *error)
{
    for (size_t i = 0; i < source->n_files; i++)
        HS_TRY(hs_text_append(block, source->files[i].bytes, source->files[i].n_bytes + 1, error));
    return HS_OK;
}

hs_status hs__config_source_take(config_source *source, const char *path, const char **text_out, hs_error *error)
{
    const char *end = source->n_block_bytes > 0 ? memchr(source->block, '\0', source->n_block_bytes) : NULL;
    if (end == NULL)
        return hs_fail(error, HS_ERROR_INTERNAL,
                       "%s: a text is cut off or missing in the block of the experiment's texts", path);
    *text_out = source->block;
    source->n_block_bytes -= (size_t)(end - source->block) + 1;
    source->block = end + 1;
    return HS_OK;
}

hs_status hs__config_source_end(const config_source *source, const char *path, hs_error *error)
{
    if (source->n_block_bytes > 0)
        return hs_fail(error, HS_ERROR_INTERNAL, "%s: %zu bytes are left over in the block of the experiment's texts",
                       path, source->n_block_bytes);
    return HS_OK;
}

void hs__config_source_clear(config_source *source)
{
    for (size_t i = 0; i < source->n_files; i++) {
        hs_free(source->files[i].path);
        hs_free(source->files[i].bytes);
    }
    hs_free(source->files);
    hs_free(source->lines);
    hs_text_clear(&source->text);
    *source = (config_source){0};
}

/* The end of the text counts as its last line: libconfig reports a missing bracket there. */
static source_line line_origin(const config_source *source, size_t line)
{
    if (source->n_lines == 0)
        return (source_line){0, 1};
    if (line == 0)
        line = 1;
    return source->lines[(line <= source->n_lines ? line : source->n_lines) - 1];
}

size_t hs__config_source_line_number(const config_source *source, size_t line)
{
    return line_origin(source, line).line;
}

const char *hs__config_source_where(const config_source *source, size_t line, char *buffer, size_t capacity)
{
    source_line origin = line_origin(source, line);
    (void)snprintf(buffer, capacity, "%s:%zu", source->files[origin.file].path, origin.line);
    return buffer;
}

static const char *find_line(const source_file *file, size_t line)
{
    const char *start = file->bytes, *end = file->bytes + file->n_bytes;
    for (; line > 1; line--) {
        const char *newline = memchr(start, '\n', (size_t)(end - start));
        if (newline == NULL)
            return end;
        start = newline + 1;
    }
    return start;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

const char *hs__config_source_quote(const config_source *source, size_t line, char *buffer, size_t capacity)
{
    source_line origin = line_origin(source, line);
    const source_file *file = &source->files[origin.file];
    const char *start = find_line(file, origin.line), *end = file->bytes + file->n_bytes;
    const char *newline = memchr(start, '\n', (size_t)(end - start));
    if (newline != NULL)
        end = newline;
    while (start < end && is_blank(*start))
        start++;
    while (start < end && is_blank(end[-1]))
        end--;
    return hs__config_excerpt(start, (size_t)(end - start), buffer, capacity);
}
