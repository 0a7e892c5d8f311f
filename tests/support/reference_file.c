#include "support/reference_file.h"

#include "headsweep/base.h"

#include <stdlib.h>
#include <string.h>

struct reference_file {
    hs_mapped_file mapped;
    hs_json *header;
    const unsigned char *data;
};

static void stop(const char *path, const char *reason)
{
    fprintf(stderr, "%s: %s\n", path, reason);
    exit(1);
}

struct reference_file *reference_file_open(const char *path)
{
    struct reference_file *file = calloc(1, sizeof *file);
    hs_error error = {0};
    uint64_t header_length = 0;
    if (file == NULL || hs_mapped_file_open(path, &file->mapped, &error) != HS_OK)
        stop(path, error.message);
    if (file->mapped.n_bytes < sizeof header_length)
        stop(path, "too short");
    memcpy(&header_length, file->mapped.bytes, sizeof header_length);
    if (header_length > file->mapped.n_bytes - sizeof header_length)
        stop(path, "the header is longer than the file");
    const char *header = (const char *)file->mapped.bytes + sizeof header_length;
    if (hs_json_parse(header, header_length, path, &file->header, &error) != HS_OK)
        stop(path, error.message);
    file->data = file->mapped.bytes + sizeof header_length + header_length;
    return file;
}

void reference_file_close(struct reference_file *file)
{
    if (file == NULL)
        return;
    hs_json_free(file->header);
    hs_mapped_file_clear(&file->mapped);
    free(file);
}

bool reference_file_find(const struct reference_file *file, struct reference_tensor *tensor_out,
                         const char *name_format, ...)
{
    char name[128];
    va_list arguments;
    va_start(arguments, name_format);
    vsnprintf(name, sizeof name, name_format, arguments);
    va_end(arguments);
    *tensor_out = (struct reference_tensor){0};
    const hs_json_value *entry = hs_json_get(hs_json_root(file->header), name);
    if (entry == NULL)
        return false;
    const hs_json_value *shape = hs_json_get(entry, "shape");
    tensor_out->n_dimensions = hs_json_size(shape);
    tensor_out->n_values = 1;
    for (size_t i = 0; i < tensor_out->n_dimensions; i++) {
        tensor_out->shape[i] = (size_t)hs_json_integer(hs_json_at(shape, i));
        tensor_out->n_values *= tensor_out->shape[i];
    }
    size_t first = (size_t)hs_json_integer(hs_json_at(hs_json_get(entry, "data_offsets"), 0));
    const void *values = file->data + first;
    if (first + 8 * tensor_out->n_values > file->mapped.n_bytes || (uintptr_t)values % 8 != 0)
        stop(name, "its values lie outside the file or across word boundaries");
    bool is_real = strcmp(hs_json_string(hs_json_get(entry, "dtype")), "F64") == 0;
    tensor_out->reals = is_real ? values : NULL;
    tensor_out->integers = is_real ? NULL : values;
    return true;
}
