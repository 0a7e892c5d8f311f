/*
 * objects: groups and datasets of a new file, each by its row in the layout: type, extents, fill,
 * meaning and names of its axes.
 */
#include "results/objects.h"

#include <math.h>
#include <string.h>

herr_t hs__results_objects_set_group_properties(hid_t plist)
{
    const unsigned order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
    if (H5Pset_obj_track_times(plist, false) < 0 || H5Pset_link_creation_order(plist, order) < 0 ||
        H5Pset_attr_creation_order(plist, order) < 0 || H5Pset_link_phase_change(plist, UINT16_MAX, 0) < 0 ||
        H5Pset_attr_phase_change(plist, UINT16_MAX, 0) < 0)
        return -1;
    return 0;
}

hs_status hs__results_objects_create_group(hid_t parent, const char *name, hid_t *group_out, hs_error *error)
{
    hid_t plist = H5Pcreate(H5P_GROUP_CREATE);
    hs_status status = HS_OK;
    *group_out = H5I_INVALID_HID;
    if (plist >= 0 && hs__results_objects_set_group_properties(plist) >= 0)
        *group_out = H5Gcreate2(parent, name, H5P_DEFAULT, plist, H5P_DEFAULT);
    if (*group_out < 0)
        status = hs__results_hdf5_fail(error, HS_ERROR_IO, "group %s cannot be created", name);
    hs__results_hdf5_close(plist);
    return status;
}

/* What the element is filled with; NULL: zeros. */
static const void *fill_value(const hs_dataset_row *row)
{
    static const float nan_f32 = NAN;
    static const double nan_f64 = NAN;
    static const int32_t minus_one = -1;
    if (row->fill == HS_FILL_NAN)
        return row->element == HS_ELEMENT_F32 ? (const void *)&nan_f32 : &nan_f64;
    return row->fill == HS_FILL_MINUS_ONE ? &minus_one : NULL;
}

/* Contiguous, and allocated now: nothing but raw bytes changes later. What is not written at once gets its fill now. */
static hid_t dataset_properties(const hs_dataset_row *row, bool written, hid_t type)
{
    const void *value = fill_value(row);
    hid_t plist = H5Pcreate(H5P_DATASET_CREATE);
    if (plist < 0)
        return plist;
    if (H5Pset_obj_track_times(plist, false) < 0 || H5Pset_layout(plist, H5D_CONTIGUOUS) < 0 ||
        H5Pset_attr_phase_change(plist, UINT16_MAX, 0) < 0 || H5Pset_alloc_time(plist, H5D_ALLOC_TIME_EARLY) < 0 ||
        H5Pset_fill_time(plist, written ? H5D_FILL_TIME_NEVER : H5D_FILL_TIME_ALLOC) < 0 ||
        (value != NULL && H5Pset_fill_value(plist, type, value) < 0)) {
        hs__results_hdf5_close(plist);
        return H5I_INVALID_HID;
    }
    return plist;
}

static hid_t dataset_space(const hs_dataset_row *row, const hs_extents *extents)
{
    hsize_t dimensions[HS_LAYOUT_MAX_AXES];
    size_t rank = hs__results_dataset_rank(row);
    for (size_t i = 0; i < rank; i++)
        dimensions[i] = extents->of[row->axes[i]];
    return H5Screate_simple((int)rank, dimensions, NULL);
}

/* As much as is written at once: some layers below HDF5 fail on 2 GB. */
enum { PIECE_BYTES = 16 * 1024 * 1024 };

static size_t row_elements(hid_t space, hsize_t *extents_out)
{
    size_t n = 1;
    const int rank = H5Sget_simple_extent_dims(space, extents_out, NULL);
    for (int axis = 1; axis < rank; axis++)
        n *= (size_t)extents_out[axis];
    return n;
}

/* In pieces, because some layers below HDF5 fail on 2 GB at once. */
hs_status hs__results_objects_write_rows(hid_t dataset, hid_t type, size_t first, size_t n, const void *bytes,
                                         hs_error *error)
{
    hsize_t count[HS_LAYOUT_MAX_AXES] = {0}, start[HS_LAYOUT_MAX_AXES] = {0};
    hid_t space = H5Dget_space(dataset);
    const size_t row_bytes = row_elements(space, count) * H5Tget_size(type);
    const size_t most = row_bytes == 0 || row_bytes >= PIECE_BYTES ? 1 : PIECE_BYTES / row_bytes;
    hs_status status = HS_OK;
    for (size_t done = 0; status == HS_OK && row_bytes > 0 && done < n; done += most) {
        start[0] = first + done;
        count[0] = n - done < most ? n - done : most;
        hid_t memory = H5Screate_simple(H5Sget_simple_extent_ndims(space), count, NULL);
        if (H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) < 0 ||
            H5Dwrite(dataset, type, memory, space, H5P_DEFAULT, (const char *)bytes + done * row_bytes) < 0)
            status = hs__results_hdf5_fail(error, HS_ERROR_IO, "a dataset cannot be written");
        hs__results_hdf5_close(memory);
    }
    hs__results_hdf5_close(space);
    return status;
}

static hs_status write_meaning(hid_t dataset, const hs_dataset_row *row, hs_error *error)
{
    hs_text meaning = {0};
    hs_status status = hs__results_layout_meaning(row, &meaning, error);
    if (status == HS_OK)
        status = hs__results_hdf5_write_text(dataset, "meaning", meaning.text, error);
    hs_text_clear(&meaning);
    return status;
}

/*
 * Fill values are written now only where contents do not cover the dataset: writing both would
 * double the time to create a large file.
 */
static hs_status create_dataset(hid_t group, const hs_dataset_row *row, const hs_extents *extents,
                                const hs_object_table *contents, hs_scales *scales, hs_error *error)
{
    hid_t type = hs__results_hdf5_type(row->element, contents == NULL ? 1 : contents->text_width);
    hid_t space = dataset_space(row, extents);
    bool written = contents != NULL && contents->bytes != NULL;
    const size_t n_all = extents->of[row->axes[0]], n_rows = written && contents->n_rows > 0 ? contents->n_rows : n_all;
    hid_t plist = dataset_properties(row, written && n_rows == n_all, type);
    hid_t dataset = H5Dcreate2(group, row->name, type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
    hs_status status;
    if (dataset < 0) {
        status = hs__results_hdf5_fail(error, HS_ERROR_IO, "dataset %s cannot be created", row->name);
        goto done;
    }
    if (written && hs__results_objects_write_rows(dataset, type, 0, n_rows, contents->bytes, error) != HS_OK) {
        status = hs_error_prefix(error, "dataset %s", row->name);
        goto done;
    }
    HS_GOTO_DONE(write_meaning(dataset, row, error));
    HS_GOTO_DONE(hs__results_scales_name_axes(scales, dataset, row, error));
done:
    hs__results_hdf5_close(dataset);
    hs__results_hdf5_close(plist);
    hs__results_hdf5_close(space);
    hs__results_hdf5_close(type);
    return status;
}

/*
 * Contents that follow from the layout: names along the axis, or numbers. hs_free(bytes) them; none for other datasets.
 */
static hs_status generate(const hs_dataset_row *row, const hs_extents *extents, hs_object_table *table,
                          char **bytes_out, hs_error *error)
{
    const hs_axis axis = hs__results_layout_scale_axis(row);
    const char *const *fields = hs__results_axis_fields(axis);
    *bytes_out = NULL;
    *table = (hs_object_table){.name = row->name};
    if (axis == HS_AXIS_NONE || extents->of[axis] == 0)
        return HS_OK;
    if (fields != NULL)
        HS_TRY(hs__results_texts_pack(fields, extents->of[axis], bytes_out, &table->text_width, error));
    if (hs__results_layout_numbers_axis(row)) {
        int32_t *numbers = NULL;
        HS_TRY(hs_allocate(&numbers, extents->of[axis], sizeof *numbers, "numbers of an axis", error));
        for (size_t i = 0; i < extents->of[axis]; i++)
            numbers[i] = (int32_t)i;
        *bytes_out = (char *)numbers;
    }
    table->bytes = *bytes_out;
    return HS_OK;
}

/*
 * Contents are found by name: given ones before those that follow from the layout. An optional
 * dataset without contents is not made.
 */
hs_status hs__results_objects_create_datasets(hid_t group, hs_group_kind kind, const hs_extents *extents,
                                              hs_object_tables contents, hs_scales *scales, hs_error *error)
{
    size_t n_rows = 0;
    const hs_dataset_row *rows = hs__results_layout_rows(kind, &n_rows);
    for (size_t r = 0; r < n_rows; r++) {
        const hs_object_table *found = NULL;
        hs_object_table generated;
        char *bytes = NULL;
        HS_TRY(generate(&rows[r], extents, &generated, &bytes, error));
        if (bytes != NULL)
            found = &generated;
        for (size_t i = 0; i < contents.n; i++)
            if (strcmp(contents.items[i].name, rows[r].name) == 0 &&
                (contents.items[i].bytes != NULL || contents.items[i].text_width > 0))
                found = &contents.items[i];
        if (found == NULL && rows[r].optional)
            continue;
        hs_status status = create_dataset(group, &rows[r], extents, found, scales, error);
        hs_free(bytes);
        HS_TRY(status);
    }
    return HS_OK;
}
