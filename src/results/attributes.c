/*
 * attributes: HDF5 attributes and lists of texts, written as fixed-length strings, read with every
 * size checked before anything is allocated.
 */
#include "results/hdf5.h"

#include <string.h>

/* Far more than any configuration key holds; a damaged header must not make us allocate without bound. */
enum { MAX_ATTRIBUTE_BYTES = 16 * 1024 * 1024 };

void hs__results_texts_clear(hs_text_rows *texts)
{
    hs_free(texts->items);
    hs_free(texts->bytes);
    *texts = (hs_text_rows){0};
}

static hs_status cut_row(char *row, size_t width, const char *what, hs_error *error)
{
    size_t length = strnlen(row, width);
    if (length == width)
        return hs_fail(error, HS_ERROR_RESULTS, "%s holds a text that is not terminated", what);
    hs_error reason = {0};
    if (hs_utf8_check(row, length, what, &reason) != HS_OK)
        return hs_fail(error, HS_ERROR_RESULTS, "%s", reason.message);
    return HS_OK;
}

/*
 * Takes the bytes over also on failure. Items point into them; each is cut where its characters
 * end, since a damaged file may hold anything.
 */
hs_status hs__results_texts_cut(char *bytes, size_t n, size_t width, const char *what, hs_text_rows *texts_out,
                                hs_error *error)
{
    hs_text_rows texts = {.n = n, .bytes = bytes};
    hs_status status;
    *texts_out = (hs_text_rows){0};
    HS_GOTO_DONE(hs_allocate(&texts.items, n, sizeof *texts.items, what, error));
    for (size_t i = 0; i < n; i++) {
        texts.items[i] = bytes + i * width;
        HS_GOTO_DONE(cut_row(texts.items[i], width, what, error));
    }
    *texts_out = texts;
    texts = (hs_text_rows){0};
done:
    hs__results_texts_clear(&texts);
    return status;
}

hs_status hs__results_texts_pack(const char *const *items, size_t n, char **bytes_out, size_t *width_out,
                                 hs_error *error)
{
    size_t width = 1;
    *bytes_out = NULL;
    for (size_t i = 0; i < n; i++) {
        size_t needed = strlen(items[i]) + 1;
        width = needed > width ? needed : width;
    }
    HS_TRY(hs_allocate(bytes_out, n, width, "table of texts", error));
    for (size_t i = 0; i < n; i++)
        memcpy(*bytes_out + i * width, items[i], strlen(items[i]));
    *width_out = width;
    return HS_OK;
}

hs_status hs__results_hdf5_write_attribute(hid_t object, const char *name, hid_t type, size_t n, const void *bytes,
                                           hs_error *error)
{
    hsize_t extent = n;
    hid_t space = n == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &extent, NULL);
    hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    hs_status status = HS_OK;
    if (attribute < 0 || H5Awrite(attribute, type, bytes) < 0)
        status = hs__results_hdf5_fail(error, HS_ERROR_IO, "attribute %s cannot be written", name);
    hs__results_hdf5_close(attribute);
    hs__results_hdf5_close(space);
    hs__results_hdf5_close(type);
    return status;
}

hs_status hs__results_hdf5_write_text(hid_t object, const char *name, const char *value, hs_error *error)
{
    return hs__results_hdf5_write_attribute(object, name, hs__results_hdf5_type(HS_ELEMENT_TEXT, strlen(value) + 1), 0,
                                            value, error);
}

hs_status hs__results_hdf5_write_u64(hid_t object, const char *name, uint64_t value, hs_error *error)
{
    return hs__results_hdf5_write_attribute(object, name, hs__results_hdf5_type(HS_ELEMENT_U64, 0), 0, &value, error);
}

hs_status hs__results_hdf5_write_i32(hid_t object, const char *name, const int32_t *values, size_t n, hs_error *error)
{
    return hs__results_hdf5_write_attribute(object, name, hs__results_hdf5_type(HS_ELEMENT_I32, 0), n, values, error);
}

hs_status hs__results_hdf5_write_f64(hid_t object, const char *name, const double *values, size_t n, hs_error *error)
{
    return hs__results_hdf5_write_attribute(object, name, hs__results_hdf5_type(HS_ELEMENT_F64, 0), n, values, error);
}

hs_status hs__results_hdf5_write_texts(hid_t object, const char *name, const char *const *values, size_t n,
                                       hs_error *error)
{
    char *bytes = NULL;
    size_t width = 1;
    if (n == 0)
        return HS_OK;
    HS_TRY(hs__results_texts_pack(values, n, &bytes, &width, error));
    hs_status status =
        hs__results_hdf5_write_attribute(object, name, hs__results_hdf5_type(HS_ELEMENT_TEXT, width), n, bytes, error);
    hs_free(bytes);
    return status;
}

typedef struct opened_attribute {
    hid_t id;
    hid_t type;
    size_t n;          /* elements; 1 for a scalar */
    size_t n_bytes_of; /* one element */
} opened_attribute;

static void close_attribute(opened_attribute *attribute)
{
    hs__results_hdf5_close(attribute->type);
    hs__results_hdf5_close(attribute->id);
}

/* Leaves everything that has to be closed in `attribute`, also on failure. */
static hs_status open_attribute(hid_t object, const char *name, opened_attribute *attribute, hs_error *error)
{
    *attribute = (opened_attribute){.id = H5I_INVALID_HID, .type = H5I_INVALID_HID};
    attribute->id = H5Aopen(object, name, H5P_DEFAULT);
    attribute->type = attribute->id < 0 ? H5I_INVALID_HID : H5Aget_type(attribute->id);
    hid_t space = attribute->id < 0 ? H5I_INVALID_HID : H5Aget_space(attribute->id);
    hssize_t n = space < 0 ? -1 : H5Sget_simple_extent_npoints(space);
    attribute->n_bytes_of = attribute->type < 0 ? 0 : H5Tget_size(attribute->type);
    hs_status status = HS_OK;
    if (n < 0 || attribute->n_bytes_of == 0)
        status = hs__results_hdf5_fail(error, HS_ERROR_RESULTS, "attribute %s cannot be read", name);
    hs__results_hdf5_close(space);
    HS_TRY(status);
    attribute->n = (size_t)n;
    if (attribute->n_bytes_of == 0 || attribute->n > MAX_ATTRIBUTE_BYTES / attribute->n_bytes_of)
        return hs_fail(error, HS_ERROR_RESULTS, "attribute %s is larger than headsweep writes any", name);
    return HS_OK;
}

/*
 * Type and number must be those that this program writes: a conversion by HDF5 would hide a
 * damaged header.
 */
static hs_status read_numbers(hid_t object, const char *name, hs_element element, size_t n, void *values,
                              hs_error *error)
{
    opened_attribute attribute;
    hid_t type = hs__results_hdf5_type(element, 0);
    hs_status status;
    HS_GOTO_DONE(open_attribute(object, name, &attribute, error));
    if (H5Tequal(attribute.type, type) <= 0 || attribute.n != n)
        status = hs_fail(error, HS_ERROR_RESULTS, "attribute %s has another type or size than headsweep writes", name);
    else if (H5Aread(attribute.id, type, values) < 0)
        status = hs__results_hdf5_fail(error, HS_ERROR_RESULTS, "attribute %s cannot be read", name);
done:
    close_attribute(&attribute);
    hs__results_hdf5_close(type);
    return status;
}

hs_status hs__results_hdf5_read_u64(hid_t object, const char *name, uint64_t *value_out, hs_error *error)
{
    return read_numbers(object, name, HS_ELEMENT_U64, 1, value_out, error);
}

hs_status hs__results_hdf5_read_i32(hid_t object, const char *name, int32_t *values, size_t n, hs_error *error)
{
    return read_numbers(object, name, HS_ELEMENT_I32, n, values, error);
}

hs_status hs__results_hdf5_read_f64(hid_t object, const char *name, double *values, size_t n, hs_error *error)
{
    return read_numbers(object, name, HS_ELEMENT_F64, n, values, error);
}

/* Variable-length strings are refused: HDF5 would allocate whatever length the file names. */
hs_status hs__results_hdf5_read_texts(hid_t object, const char *name, size_t max_n, hs_text_rows *texts_out,
                                      hs_error *error)
{
    opened_attribute attribute;
    char *bytes = NULL;
    hs_status status;
    *texts_out = (hs_text_rows){0};
    HS_GOTO_DONE(open_attribute(object, name, &attribute, error));
    if (H5Tget_class(attribute.type) != H5T_STRING || H5Tis_variable_str(attribute.type) != 0 || attribute.n > max_n) {
        status = hs_fail(error, HS_ERROR_RESULTS, "attribute %s is not a list of fixed-length texts", name);
        goto done;
    }
    HS_GOTO_DONE(hs_allocate(&bytes, attribute.n, attribute.n_bytes_of, name, error));
    if (H5Aread(attribute.id, attribute.type, bytes) < 0) {
        status = hs__results_hdf5_fail(error, HS_ERROR_RESULTS, "attribute %s cannot be read", name);
        goto done;
    }
    status = hs__results_texts_cut(bytes, attribute.n, attribute.n_bytes_of, name, texts_out, error);
    bytes = NULL;
done:
    hs_free(bytes);
    close_attribute(&attribute);
    return status;
}

hs_status hs__results_hdf5_read_text(hid_t object, const char *name, char **value_out, hs_error *error)
{
    hs_text_rows texts;
    *value_out = NULL;
    HS_TRY(hs__results_hdf5_read_texts(object, name, 1, &texts, error));
    if (texts.n == 1)
        *value_out = hs_string_copy(texts.items[0], error);
    else
        (void)hs_fail(error, HS_ERROR_RESULTS, "attribute %s is empty", name);
    hs__results_texts_clear(&texts);
    return *value_out != NULL ? HS_OK : error->status;
}
