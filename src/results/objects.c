#include "results/objects.h"

#include <math.h>
#include <string.h>

/* ---- groups ------------------------------------------------------------------------------------------------------ */

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

/* ---- datasets ---------------------------------------------------------------------------------------------------- */

/* Contiguous, and allocated now: nothing but raw bytes changes later. What is not written at once gets its fill now. */
static hid_t dataset_properties(const hs_dataset_row *row, bool written, hid_t type)
{
    const float nan_f32 = NAN;
    const double nan_f64 = NAN;
    const void *nan_value = row->element == HS_ELEMENT_F32 ? (const void *)&nan_f32 : &nan_f64;
    hid_t plist = H5Pcreate(H5P_DATASET_CREATE);
    if (plist < 0)
        return plist;
    if (H5Pset_obj_track_times(plist, false) < 0 || H5Pset_layout(plist, H5D_CONTIGUOUS) < 0 ||
        H5Pset_attr_phase_change(plist, UINT16_MAX, 0) < 0 || H5Pset_alloc_time(plist, H5D_ALLOC_TIME_EARLY) < 0 ||
        H5Pset_fill_time(plist, written ? H5D_FILL_TIME_NEVER : H5D_FILL_TIME_ALLOC) < 0 ||
        (row->fill_nan && H5Pset_fill_value(plist, type, nan_value) < 0)) {
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

static hs_status create_dataset(hid_t group, const hs_dataset_row *row, const hs_extents *extents,
                                const hs_object_table *contents, hs_scales *scales, hs_error *error)
{
    hid_t type = hs__results_hdf5_type(row->element, contents == NULL ? 1 : contents->text_width);
    hid_t space = dataset_space(row, extents);
    bool written = contents != NULL && contents->bytes != NULL;
    hid_t plist = dataset_properties(row, written, type);
    hid_t dataset = H5Dcreate2(group, row->name, type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
    hs_status status;
    if (dataset < 0) {
        status = hs__results_hdf5_fail(error, HS_ERROR_IO, "dataset %s cannot be created", row->name);
        goto done;
    }
    if (written && hs__results_dataset_elements(row, extents) > 0 &&
        H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, contents->bytes) < 0) {
        status = hs__results_hdf5_fail(error, HS_ERROR_IO, "dataset %s cannot be written", row->name);
        goto done;
    }
    HS_GOTO_DONE(hs__results_hdf5_write_text(dataset, "meaning", row->meaning, error));
    HS_GOTO_DONE(hs__results_scales_name_axes(scales, dataset, row, error));
done:
    hs__results_hdf5_close(dataset);
    hs__results_hdf5_close(plist);
    hs__results_hdf5_close(space);
    hs__results_hdf5_close(type);
    return status;
}

/* Contents that follow from the layout: names along the axis, or numbers. hs_free(bytes) them; none for other datasets. */
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
