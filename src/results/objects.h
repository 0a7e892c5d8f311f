/* objects: how the groups and datasets of a new file are made, whatever they hold. Rank 0, serial driver. */
#ifndef HEADSWEEP_RESULTS_OBJECTS_H
#define HEADSWEEP_RESULTS_OBJECTS_H

#include "results/scales.h"

/* Contents of a dataset that is written at creation; without bytes, and for the others, it gets its fill. */
typedef struct hs_object_table {
    const char *name;
    const void *bytes;
    size_t text_width; /* of text elements; 0 for others */
    size_t n_rows;     /* that `bytes` has of the first axis, the others get the fill; 0: it has all */
} hs_object_table;

typedef struct hs_object_tables {
    const hs_object_table *items;
    size_t n;
} hs_object_tables;

/* Without times, so that equal layouts give equal bytes; links and attributes stay in the header, in their order. */
herr_t hs__results_objects_set_group_properties(hid_t plist);
hs_status hs__results_objects_create_group(hid_t parent, const char *name, hid_t *group_out, hs_error *error);
/*
 * The datasets that the layout has in a group of this kind, with their meaning and axes; those of `contents` are
 * written. An optional one that `contents` does not have is left out. Scales that number or name their axis write
 * themselves.
 */
hs_status hs__results_objects_create_datasets(hid_t group, hs_group_kind kind, const hs_extents *extents,
                                              hs_object_tables contents, hs_scales *scales, hs_error *error);

/* Rows first .. first + n - 1 of a dataset from `bytes`, all later axes whole, in pieces. */
hs_status hs__results_objects_write_rows(hid_t dataset, hid_t type, size_t first, size_t n, const void *bytes,
                                         hs_error *error);

#endif
