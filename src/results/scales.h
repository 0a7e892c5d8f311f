/*
 * Dimension labels and dimension scales, which tell h5py, xarray and others what an axis is. Written as the HDF5
 * Dimension Scale Specification (1.0.4) has it, each attribute once: the high-level library rewrites a scale's list
 * of users for every dataset that is attached, which for many tasks leaves more holes in the file than metadata.
 */
#ifndef HEADSWEEP_RESULTS_SCALES_H
#define HEADSWEEP_RESULTS_SCALES_H

#include "results/hdf5.h"

/* A dataset that has the scale on its axis `dimension`; a record of the scale's REFERENCE_LIST. */
typedef struct hs_scale_user {
    hobj_ref_t dataset;
    int32_t dimension;
    int32_t padding; /* goes into the file: zero, so that equal layouts give equal bytes */
} hs_scale_user;

typedef struct hs_scale {
    hid_t dataset; /* negative: the axis has no scale now */
    hobj_ref_t reference;
    hs_scale_user *users;
    size_t n_users;
    size_t capacity;
} hs_scale;

typedef struct hs_scales {
    hs_scale of[HS_AXIS_COUNT];
} hs_scales;

void hs__results_scales_init(hs_scales *scales);
/* Labels the axes of a new dataset, attaches the scales that are known, and makes it one itself if its row says so. */
hs_status hs__results_scales_name_axes(hs_scales *scales, hid_t dataset, const hs_dataset_row *row, hs_error *error);
/* Writes down who uses the scale of `axis`, and forgets it. */
hs_status hs__results_scales_finish(hs_scales *scales, hs_axis axis, hs_error *error);
void hs__results_scales_clear(hs_scales *scales);

#endif
