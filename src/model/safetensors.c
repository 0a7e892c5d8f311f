/*
 * safetensors: a header may come from anybody, so that every length, count and offset is checked
 * before it is used; no pointer is made of one that leaves the file.
 */
#include "model/safetensors.h"

#include <stdlib.h>
#include <string.h>

enum {
    LENGTH_BYTES = 8,
    SAMPLE_BYTES = 4096, /* of a tensor that is not mapped, at each place where it is compared */
};

typedef struct dtype_row {
    const char *name;
    size_t n_bits;
} dtype_row;

static const dtype_row dtype_rows[] = {
#define DTYPE_ROW(name, n_bits) {#name, n_bits},
    HS_DTYPE_LIST(DTYPE_ROW)
#undef DTYPE_ROW
};

static const size_t n_dtypes = sizeof dtype_rows / sizeof dtype_rows[0];

const char *hs__model_dtype_name(hs_dtype dtype)
{
    return dtype_rows[dtype].name;
}

const char *hs__model_shape_format(const size_t *shape, size_t n_dimensions, char *buffer, size_t capacity)
{
    size_t used = (size_t)snprintf(buffer, capacity, "[");
    for (size_t i = 0; i < n_dimensions && used < capacity; i++)
        used += (size_t)snprintf(buffer + used, capacity - used, "%s%zu", i > 0 ? ", " : "", shape[i]);
    if (used < capacity)
        snprintf(buffer + used, capacity - used, "]");
    return buffer;
}

/* Equal from `offset` on, as far as a sample goes? What cannot be read differs from nothing. */
static bool is_sample_equal(const hs_tensor *a, const hs_tensor *b, size_t offset)
{
    unsigned char of_a[SAMPLE_BYTES], of_b[SAMPLE_BYTES];
    size_t n = a->n_bytes - offset < SAMPLE_BYTES ? a->n_bytes - offset : SAMPLE_BYTES;
    hs_error ignored = {0};
    return hs_file_read_part(a->path, a->file_offset + offset, of_a, n, &ignored) != HS_OK ||
           hs_file_read_part(b->path, b->file_offset + offset, of_b, n, &ignored) != HS_OK ||
           memcmp(of_a, of_b, n) == 0;
}

/* Two matrices that differ do so nearly everywhere, but may have rows of zeros in common. */
static bool looks_equal(const hs_tensor *a, const hs_tensor *b)
{
    enum { SAMPLES = 4 };
    for (size_t i = 0; i < SAMPLES; i++) {
        size_t offset = (a->n_bytes - 1) / (SAMPLES - 1) * i;
        if (!is_sample_equal(a, b, offset))
            return false;
    }
    return true;
}

bool hs__model_tensor_is_equal(const hs_tensor *a, const hs_tensor *b)
{
    if (a->dtype != b->dtype || a->n_bytes != b->n_bytes)
        return false;
    if (a == b || a->n_bytes == 0)
        return true;
    return a->bytes == NULL || b->bytes == NULL ? looks_equal(a, b) : memcmp(a->bytes, b->bytes, a->n_bytes) == 0;
}

/* One tensor's entry. */

static hs_status read_name(const char *path, const char *key, size_t length, hs_tensor *tensor, hs_error *error)
{
    if (length == 0 || length > HS_TENSOR_MAX_NAME)
        return hs_fail(error, HS_ERROR_INPUT, "%s: a tensor's name has %zu bytes; 1 to %d are read", path, length,
                       HS_TENSOR_MAX_NAME);
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)key[i] < 0x20 || key[i] == 0x7f)
            return hs_fail(error, HS_ERROR_INPUT, "%s: a tensor's name has the control character 0x%02x", path,
                           (unsigned)(unsigned char)key[i]);
    tensor->path = path;
    tensor->name = hs_string_copy_n(key, length, error);
    return tensor->name != NULL ? HS_OK : error->status;
}

static hs_status read_dtype(const hs_json_value *entry, hs_tensor *tensor, hs_error *error)
{
    const hs_json_value *value = hs_json_get(entry, "dtype");
    const char *name = hs_json_string(value);
    for (size_t i = 0; name != NULL && i < n_dtypes; i++)
        if (strcmp(name, dtype_rows[i].name) == 0 && hs_json_size(value) == strlen(name)) {
            tensor->dtype = (hs_dtype)i;
            return HS_OK;
        }
    return hs_fail(error, HS_ERROR_INPUT, "%s: tensor %s: %s", tensor->path, tensor->name,
                   name == NULL ? "no \"dtype\", or it is not a string"
                                : "\"dtype\" is not one of the safetensors format");
}

static bool read_count(const hs_json_value *value, size_t *count_out)
{
    if (!hs_json_is_integer(value) || hs_json_integer(value) < 0)
        return false;
    *count_out = (size_t)hs_json_integer(value);
    return true;
}

/*
 * The product has room for 64 bits per element, the widest type, so that no size computed from it
 * can overflow.
 */
static hs_status read_shape(const hs_json_value *entry, hs_tensor *tensor, hs_error *error)
{
    const hs_json_value *shape = hs_json_get(entry, "shape");
    if (shape == NULL || hs_json_kind_of(shape) != HS_JSON_ARRAY)
        return hs_fail(error, HS_ERROR_INPUT, "%s: tensor %s: no \"shape\", or it is not an array", tensor->path,
                       tensor->name);
    tensor->n_dimensions = hs_json_size(shape);
    if (tensor->n_dimensions > HS_TENSOR_MAX_DIMENSIONS)
        return hs_fail(error, HS_ERROR_INPUT, "%s: tensor %s has %zu dimensions; at most %d are read", tensor->path,
                       tensor->name, tensor->n_dimensions, HS_TENSOR_MAX_DIMENSIONS);
    tensor->n_elements = 1;
    for (size_t i = 0; i < tensor->n_dimensions; i++) {
        if (!read_count(hs_json_at(shape, i), &tensor->shape[i]))
            return hs_fail(error, HS_ERROR_INPUT, "%s: tensor %s: \"shape\"[%zu] is not a count", tensor->path,
                           tensor->name, i);
        if (tensor->shape[i] != 0 && tensor->n_elements > SIZE_MAX / 64 / tensor->shape[i])
            return hs_fail(error, HS_ERROR_INPUT, "%s: tensor %s: the product of \"shape\" overflows", tensor->path,
                           tensor->name);
        tensor->n_elements *= tensor->shape[i];
    }
    return HS_OK;
}

/*
 * As in the reference implementation, the bytes must be exactly those of shape and type: a file
 * that was cut off fails here, and not later as wrong numbers.
 */
static hs_status read_offsets(const hs_json_value *entry, size_t n_data_bytes, hs_tensor *tensor, hs_error *error)
{
    const hs_json_value *offsets = hs_json_get(entry, "data_offsets");
    size_t begin = 0, end = 0;
    if (hs_json_size(offsets) != 2 || !read_count(hs_json_at(offsets, 0), &begin) ||
        !read_count(hs_json_at(offsets, 1), &end))
        return hs_fail(error, HS_ERROR_INPUT, "%s: tensor %s: \"data_offsets\" is not a pair of counts", tensor->path,
                       tensor->name);
    if (begin > end || end > n_data_bytes)
        return hs_fail(error, HS_ERROR_INPUT,
                       "%s: tensor %s: \"data_offsets\" [%zu, %zu] are reversed or reach beyond the %zu bytes of data; "
                       "was the file cut off?",
                       tensor->path, tensor->name, begin, end, n_data_bytes);
    size_t n_bits = tensor->n_elements * dtype_rows[tensor->dtype].n_bits;
    if (n_bits % 8 != 0 || end - begin != n_bits / 8)
        return hs_fail(error, HS_ERROR_INPUT,
                       "%s: tensor %s: \"data_offsets\" cover %zu bytes, but its shape and type %s need %zu bits",
                       tensor->path, tensor->name, end - begin, hs__model_dtype_name(tensor->dtype), n_bits);
    tensor->begin = begin;
    tensor->n_bytes = end - begin;
    return HS_OK;
}

/* The header. */

static hs_status check_metadata(const char *path, const hs_json_value *metadata, hs_error *error)
{
    if (hs_json_kind_of(metadata) != HS_JSON_OBJECT)
        return hs_fail(error, HS_ERROR_INPUT, "%s: \"__metadata__\" is not an object", path);
    const char *key;
    size_t length;
    const hs_json_value *value;
    hs_json_iterator *iterator = NULL;
    while ((iterator = hs_json_next(metadata, iterator, &key, &length, &value)) != NULL)
        if (hs_json_string(value) == NULL)
            return hs_fail(error, HS_ERROR_INPUT, "%s: \"__metadata__\" holds something that is not a string", path);
    return HS_OK;
}

/* Room for as many tensors as keys is enough: a name that comes twice has failed in the JSON reader. */
static hs_status read_entries(hs_safetensors *file, const hs_json_value *root, size_t header_end,
                              hs_model_extent extent, hs_error *error)
{
    const size_t n_data_bytes = file->n_file_bytes - header_end;
    HS_TRY(hs_allocate(&file->tensors, hs_json_size(root), sizeof *file->tensors, file->path, error));
    const char *key;
    size_t length;
    const hs_json_value *entry;
    hs_json_iterator *iterator = NULL;
    while ((iterator = hs_json_next(root, iterator, &key, &length, &entry)) != NULL) {
        if (strcmp(key, "__metadata__") == 0) {
            HS_TRY(check_metadata(file->path, entry, error));
            continue;
        }
        hs_tensor *tensor = &file->tensors[file->n_tensors++];
        HS_TRY(read_name(file->path, key, length, tensor, error));
        HS_TRY(read_dtype(entry, tensor, error));
        HS_TRY(read_shape(entry, tensor, error));
        HS_TRY(read_offsets(entry, n_data_bytes, tensor, error));
        tensor->file_offset = header_end + tensor->begin;
        if (n_data_bytes > 0 && extent == HS_MODEL_WITH_WEIGHTS)
            tensor->bytes = file->file.bytes + tensor->file_offset;
    }
    return HS_OK;
}

/* Empty tensors come before the one that starts at the same byte. */
static int compare_begin(const void *a, const void *b)
{
    const hs_tensor *left = a, *right = b;
    if (left->begin != right->begin)
        return left->begin < right->begin ? -1 : 1;
    return (left->n_bytes > right->n_bytes) - (left->n_bytes < right->n_bytes);
}

/* The format wants every byte of the data to belong to exactly one tensor, so that nothing can hide in a file. */
static hs_status check_cover(hs_safetensors *file, size_t n_data_bytes, hs_error *error)
{
    size_t covered = 0;
    qsort(file->tensors, file->n_tensors, sizeof *file->tensors, compare_begin);
    for (size_t i = 0; i < file->n_tensors; i++) {
        const hs_tensor *tensor = &file->tensors[i];
        if (tensor->begin != covered)
            return hs_fail(
                error, HS_ERROR_INPUT, "%s: tensor %s starts at byte %zu and %s byte %zu, where it should", file->path,
                tensor->name, tensor->begin,
                tensor->begin < covered ? "overlaps the one before it, which ends at" : "leaves a hole after", covered);
        covered += tensor->n_bytes;
    }
    if (covered != n_data_bytes)
        return hs_fail(error, HS_ERROR_INPUT, "%s: %zu bytes follow the last tensor and belong to none", file->path,
                       n_data_bytes - covered);
    return HS_OK;
}

/*
 * The first eight bytes of any file can be read as a length, as a rule a huge one: the message
 * therefore asks what the file is before it speaks of the header.
 */
static hs_status check_header_length(const hs_safetensors *file, size_t *length_out, hs_error *error)
{
    const hs_mapped_file *mapped = &file->file;
    uint64_t length = 0;
    if (mapped->n_bytes < LENGTH_BYTES)
        return hs_fail(error, HS_ERROR_INPUT, "%s: %zu bytes are not a safetensors file", file->path, mapped->n_bytes);
    for (size_t i = 0; i < LENGTH_BYTES; i++)
        length |= (uint64_t)mapped->bytes[i] << (8 * i);
    if (length > HS_SAFETENSORS_MAX_HEADER)
        return hs_fail(error, HS_ERROR_INPUT,
                       "%s: a header of %llu bytes is announced, more than the format's limit of %d; is it a "
                       "safetensors file?",
                       file->path, (unsigned long long)length, HS_SAFETENSORS_MAX_HEADER);
    if (length > file->n_file_bytes - LENGTH_BYTES)
        return hs_fail(error, HS_ERROR_INPUT,
                       "%s: a header of %llu bytes is announced, but the file has %zu; was it cut off?", file->path,
                       (unsigned long long)length, file->n_file_bytes);
    if (length < 2 || mapped->bytes[LENGTH_BYTES] != '{')
        return hs_fail(error, HS_ERROR_INPUT, "%s: the header does not start with '{': not a safetensors file",
                       file->path);
    *length_out = (size_t)length;
    return HS_OK;
}

static hs_status read_header(hs_safetensors *file, hs_model_extent extent, hs_error *error)
{
    size_t length = 0;
    hs_json *json = NULL;
    HS_TRY(check_header_length(file, &length, error));
    const size_t header_end = LENGTH_BYTES + length;
    HS_TRY(hs_json_parse((const char *)file->file.bytes + LENGTH_BYTES, length, file->path, &json, error));
    hs_status status = read_entries(file, hs_json_root(json), header_end, extent, error);
    hs_json_free(json);
    if (status == HS_OK)
        status = check_cover(file, file->n_file_bytes - header_end, error);
    return status;
}

/*
 * For headers no more than the longest header is mapped: the rest of the file may be a hole, or on
 * a disk that is slow to answer.
 */
hs_status hs__model_safetensors_open(const char *path, hs_model_extent extent, hs_safetensors *file_out,
                                     hs_error *error)
{
    const size_t most_bytes = extent == HS_MODEL_HEADERS ? LENGTH_BYTES + HS_SAFETENSORS_MAX_HEADER : SIZE_MAX;
    *file_out = (hs_safetensors){0};
    hs_status status = HS_OK;
    file_out->path = hs_string_copy(path, error);
    if (file_out->path == NULL)
        return error->status;
    HS_GOTO_DONE(hs_mapped_file_open_front(path, most_bytes, &file_out->file, &file_out->n_file_bytes, error));
    HS_GOTO_DONE(read_header(file_out, extent, error));
done:
    if (status != HS_OK)
        hs__model_safetensors_clear(file_out);
    return status;
}

void hs__model_safetensors_clear(hs_safetensors *file)
{
    for (size_t i = 0; i < file->n_tensors; i++)
        hs_free(file->tensors[i].name);
    hs_free(file->tensors);
    hs_mapped_file_clear(&file->file);
    hs_free(file->path);
    *file = (hs_safetensors){0};
}
