/*
 * source: the texts of an experiment, from files or from the block that another process sent,
 * joined to one text with a record of where each line came from.
 */
#include "config/source.h"

#include "config/excerpt.h"
#include "config/scanner.h"

#include <string.h>

static hs_status read_file(config_source *source, source_file *file, hs_error *error)
{
    hs_error problem = {0};
    size_t allowed = SOURCE_MAX_BYTES - source->n_bytes;
    if (hs_text_file_read(file->path, allowed, &file->bytes, &file->n_bytes, &problem) != HS_OK) {
        /* What base calls unusable input is a wrong experiment file here. */
        hs_status status = problem.status == HS_ERROR_INPUT ? HS_ERROR_USAGE : problem.status;
        return hs_fail(error, status, "%s", problem.message);
    }
    source->n_bytes += file->n_bytes;
    return HS_OK;
}

/* The next text of the block is the file's. */
static hs_status take_file(config_source *source, source_file *file, hs_error *error)
{
    const char *end = memchr(source->block, '\0', source->n_block_bytes);
    if (end == NULL)
        return hs_fail(error, HS_ERROR_INTERNAL, "%s is cut off or missing in the block of the experiment's texts",
                       file->path);
    file->bytes = hs_string_copy(source->block, error);
    if (file->bytes == NULL)
        return error->status;
    file->n_bytes = (size_t)(end - source->block);
    source->block += file->n_bytes + 1;
    source->n_block_bytes -= file->n_bytes + 1;
    return HS_OK;
}

/* Makes room for one file more and names it; hs__config_source_clear() frees what is there if the rest fails. */
static hs_status add_file(config_source *source, const char *path, hs_error *error)
{
    HS_TRY(hs_reserve(&source->files, &source->files_capacity, source->n_files + 1, sizeof *source->files,
                      "configuration files", error));
    char *copy = hs_string_copy(path, error);
    if (copy == NULL)
        return error->status;
    source->files[source->n_files++] = (source_file){.path = copy};
    return HS_OK;
}

char *hs__config_source_folder(const char *path, hs_error *error)
{
    char *folder = hs_path_folder(path, error);
    if (folder != NULL && strcmp(folder, ".") == 0)
        folder[0] = '\0';
    return folder;
}

hs_status hs__config_source_read(config_source *source, const char *path, hs_error *error)
{
    char *folder = hs__config_source_folder(path, error);
    if (folder == NULL)
        return error->status;
    hs_status status = hs__config_source_include(source, path, &(scan_context){.folder = folder}, error);
    hs_free(folder);
    return status;
}

hs_status hs__config_source_include(config_source *source, const char *path, const scan_context *context,
                                    hs_error *error)
{
    HS_TRY(add_file(source, path, error));
    source_file *file = &source->files[source->n_files - 1];
    HS_TRY(source->block == NULL ? read_file(source, file, error) : take_file(source, file, error));
    return hs__config_scan_file(source, source->n_files - 1, context, error);
}

hs_status hs__config_source_pack(const config_source *source, hs_text *block, hs_error *error)
{
    for (size_t i = 0; i < source->n_files; i++)
        HS_TRY(hs_text_append(block, source->files[i].bytes, source->files[i].n_bytes + 1, error));
    return HS_OK;
}

hs_status hs__config_source_read_block(config_source *source, const char *path, const hs_text *block, hs_error *error)
{
    source->block = block->text == NULL ? "" : block->text;
    source->n_block_bytes = block->length;
    return hs__config_source_read(source, path, error);
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

hs_status hs__config_source_read_text(config_source *source, const char *name, const char *text, hs_error *error)
{
    source->block = text;
    source->n_block_bytes = strlen(text) + 1;
    return hs__config_source_include(source, name, &(scan_context){0}, error);
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
