/*
 * scales: dimension labels and scales, collected while datasets are made and written once at the
 * end.
 */
#include "results/scales.h"

#include <string.h>

void hs__results_scales_init(hs_scales *scales)
{
    memset(scales, 0, sizeof *scales);
    for (size_t axis = 0; axis < HS_AXIS_COUNT; axis++)
        scales->of[axis].dataset = H5I_INVALID_HID;
}

static void forget(hs_scale *scale)
{
    hs__results_hdf5_close(scale->dataset);
    hs_free(scale->users);
    *scale = (hs_scale){.dataset = H5I_INVALID_HID};
}

void hs__results_scales_clear(hs_scales *scales)
{
    for (size_t axis = 0; axis < HS_AXIS_COUNT; axis++)
        forget(&scales->of[axis]);
}

/* The specification wants variable-length texts here. */
static hs_status write_labels(hid_t dataset, const hs_dataset_row *row, hs_error *error)
{
    const char *labels[HS_LAYOUT_MAX_AXES];
    hid_t type = H5Tcopy(H5T_C_S1);
    for (size_t i = 0; i < hs__results_dataset_rank(row); i++)
        labels[i] = hs__results_axis_name(row->axes[i]);
    if (H5Tset_size(type, H5T_VARIABLE) < 0) {
        hs__results_hdf5_close(type);
        return hs__results_hdf5_fail(error, HS_ERROR_INTERNAL, "HDF5 has no variable-length texts");
    }
    return hs__results_hdf5_write_attribute(dataset, "DIMENSION_LABELS", type, hs__results_dataset_rank(row), labels,
                                            error);
}

static hs_status write_scales(const hs_scales *scales, hid_t dataset, const hs_dataset_row *row, hs_error *error)
{
    hvl_t lists[HS_LAYOUT_MAX_AXES];
    size_t n_attached = 0;
    for (size_t i = 0; i < hs__results_dataset_rank(row); i++) {
        const hs_scale *scale = &scales->of[row->axes[i]];
        bool known = scale->dataset >= 0;
        lists[i] = (hvl_t){.len = known ? 1 : 0, .p = known ? (void *)&scale->reference : NULL};
        n_attached += known;
    }
    if (n_attached == 0)
        return HS_OK;
    return hs__results_hdf5_write_attribute(dataset, "DIMENSION_LIST", H5Tvlen_create(H5T_STD_REF_OBJ),
                                            hs__results_dataset_rank(row), lists, error);
}

static hid_t user_type(void)
{
    hid_t type = H5Tcreate(H5T_COMPOUND, sizeof(hs_scale_user));
    if (type >= 0 && (H5Tinsert(type, "dataset", offsetof(hs_scale_user, dataset), H5T_STD_REF_OBJ) < 0 ||
                      H5Tinsert(type, "dimension", offsetof(hs_scale_user, dimension), H5T_STD_I32LE) < 0)) {
        hs__results_hdf5_close(type);
        return H5I_INVALID_HID;
    }
    return type;
}

hs_status hs__results_scales_finish(hs_scales *scales, hs_axis axis, hs_error *error)
{
    hs_scale *scale = &scales->of[axis];
    hs_status status = HS_OK;
    if (scale->dataset >= 0 && scale->n_users > 0)
        status = hs__results_hdf5_write_attribute(scale->dataset, "REFERENCE_LIST", user_type(), scale->n_users,
                                                  scale->users, error);
    forget(scale);
    return status;
}

static hs_status add_user(hs_scale *scale, hobj_ref_t dataset, size_t dimension, hs_error *error)
{
    if (scale->dataset < 0)
        return HS_OK;
    HS_TRY(hs_reserve(&scale->users, &scale->capacity, scale->n_users + 1, sizeof *scale->users, "dimension scale",
                      error));
    scale->users[scale->n_users++] = (hs_scale_user){.dataset = dataset, .dimension = (int32_t)dimension};
    return HS_OK;
}

static hs_status make_scale(hs_scale *scale, hid_t dataset, hobj_ref_t reference, const char *name, hs_error *error)
{
    HS_TRY(hs__results_hdf5_write_text(dataset, "CLASS", "DIMENSION_SCALE", error));
    HS_TRY(hs__results_hdf5_write_text(dataset, "NAME", name, error));
    if (H5Iinc_ref(dataset) < 0)
        return hs__results_hdf5_fail(error, HS_ERROR_INTERNAL, "dimension scale %s", name);
    scale->dataset = dataset;
    scale->reference = reference;
    return HS_OK;
}

hs_status hs__results_scales_name_axes(hs_scales *scales, hid_t dataset, const hs_dataset_row *row, hs_error *error)
{
    const hs_axis own_axis = hs__results_layout_scale_axis(row);
    hobj_ref_t reference;
    if (H5Rcreate(&reference, dataset, ".", H5R_OBJECT, H5I_INVALID_HID) < 0)
        return hs__results_hdf5_fail(error, HS_ERROR_IO, "dataset %s cannot be referred to", row->name);
    HS_TRY(write_labels(dataset, row, error));
    if (own_axis != HS_AXIS_NONE)
        return make_scale(&scales->of[own_axis], dataset, reference, hs__results_axis_name(own_axis), error);
    HS_TRY(write_scales(scales, dataset, row, error));
    for (size_t i = 0; i < hs__results_dataset_rank(row); i++)
        HS_TRY(add_user(&scales->of[row->axes[i]], reference, i, error));
    return HS_OK;
}
