/*
 * source_reader: the files of an experiment, or the texts of the block that another process sent,
 * into a source. The scanner comes back here for each @include.
 */
#include "config/source_reader.h"

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

static hs_status include(config_source *source, const char *path, const scan_context *context, hs_error *error)
{
    HS_TRY(add_file(source, path, error));
    source_file *file = &source->files[source->n_files - 1];
    HS_TRY(source->block == NULL ? read_file(source, file, error) : take_file(source, file, error));
    return hs__config_scan_file(source, source->n_files - 1, context, error);
}

hs_status hs__config_source_read(config_source *source, const char *path, hs_error *error)
{
    char *folder = hs__config_source_folder(path, error);
    if (folder == NULL)
        return error->status;
    hs_status status = include(source, path, &(scan_context){.include = include, .folder = folder}, error);
    hs_free(folder);
    return status;
}

hs_status hs__config_source_read_block(config_source *source, const char *path, const hs_text *block, hs_error *error)
{
    source->block = block->text == NULL ? "" : block->text;
    source->n_block_bytes = block->length;
    return hs__config_source_read(source, path, error);
}

hs_status hs__config_source_read_text(config_source *source, const char *name, const char *text, hs_error *error)
{
    source->block = text;
    source->n_block_bytes = strlen(text) + 1;
    return include(source, name, &(scan_context){0}, error);
}
