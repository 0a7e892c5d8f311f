/*
 * datasets: opening the datasets of a group as the layout's rows have them. A file that does not
 * fit its own table is refused before anything is read by it.
 */
#include "results/file.h"

#include <string.h>

/* A line of text in a table: names of sets are the longest. */
enum { MAX_TEXT_WIDTH = 1024 * 1024 };

/*
 * Only what lies in this very file: a link to another file would read what its maker chose. HDF5 1.10 takes this look
 * for collective, and a rank that had met an error before it would leave the others waiting: where all ranks open a
 * file, rank 0 has looked at its links by itself just before.
 */
static hs_status check_link(const hs_results *results, hid_t parent, const char *name, hs_error *error)
{
    H5L_info_t link;
    if (results->comm != NULL)
        return HS_OK;
    if (H5Lget_info(parent, name, &link, H5P_DEFAULT) < 0) {
        (void)H5Eclear2(H5E_DEFAULT);
        return hs_fail(error, HS_ERROR_RESULTS, "%s is missing", name);
    }
    if (link.type != H5L_TYPE_HARD)
        return hs_fail(error, HS_ERROR_RESULTS, "%s is a link to elsewhere", name);
    return HS_OK;
}

hs_status hs__results_file_open_group(const hs_results *results, hid_t parent, const char *name, hid_t *group_out,
                                      hs_error *error)
{
    *group_out = H5I_INVALID_HID;
    HS_TRY(check_link(results, parent, name, error));
    *group_out = H5Gopen2(parent, name, H5P_DEFAULT);
    return *group_out >= 0 ? HS_OK : hs__results_hdf5_fail(error, HS_ERROR_RESULTS, "group %s cannot be opened", name);
}

static hs_status check_type(hid_t dataset, const hs_dataset_row *row, size_t *n_bytes_out, hs_error *error)
{
    hid_t type = H5Dget_type(dataset);
    hid_t expected = row->element == HS_ELEMENT_TEXT ? H5I_INVALID_HID : hs__results_hdf5_type(row->element, 0);
    bool sound = row->element == HS_ELEMENT_TEXT ? H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) == 0
                                                 : H5Tequal(type, expected) > 0;
    *n_bytes_out = type < 0 ? 0 : H5Tget_size(type);
    hs__results_hdf5_close(expected);
    hs__results_hdf5_close(type);
    if (!sound || *n_bytes_out == 0 || *n_bytes_out > MAX_TEXT_WIDTH)
        return hs_fail(error, HS_ERROR_RESULTS, "dataset %s has another element type than headsweep writes", row->name);
    return HS_OK;
}

/* Raw bytes within the file itself, all of them there. */
static hs_status check_storage(const hs_results *results, hid_t dataset, const hs_dataset_row *row, size_t n_bytes,
                               hs_error *error)
{
    hid_t plist = H5Dget_create_plist(dataset);
    bool contiguous = plist >= 0 && H5Pget_layout(plist) == H5D_CONTIGUOUS && H5Pget_external_count(plist) == 0;
    hs__results_hdf5_close(plist);
    if (!contiguous)
        return hs_fail(error, HS_ERROR_RESULTS, "dataset %s is not stored as headsweep does (contiguous, in this file)",
                       row->name);
    if (n_bytes == 0)
        return HS_OK;
    haddr_t offset = H5Dget_offset(dataset);
    if (offset == HADDR_UNDEF || offset > results->n_file_bytes || n_bytes > results->n_file_bytes - offset)
        return hs_fail(error, HS_ERROR_RESULTS, "dataset %s reaches beyond the end of the file", row->name);
    return HS_OK;
}

/* Extents that no dataset before it had are taken from this one; the others must agree. */
static hs_status check_extents(hid_t dataset, const hs_dataset_row *row, hs_extents *extents, hs_error *error)
{
    hsize_t dimensions[HS_LAYOUT_MAX_AXES] = {0};
    const size_t rank = hs__results_dataset_rank(row);
    hid_t space = H5Dget_space(dataset);
    bool sound = H5Sis_simple(space) > 0 && H5Sget_simple_extent_ndims(space) == (int)rank &&
                 H5Sget_simple_extent_dims(space, dimensions, NULL) == (int)rank;
    hs__results_hdf5_close(space);
    if (!sound)
        return hs_fail(error, HS_ERROR_RESULTS, "dataset %s has another rank than %zu", row->name, rank);
    for (size_t i = 0; i < rank; i++) {
        size_t *known = &extents->of[row->axes[i]];
        if (dimensions[i] > HS_LAYOUT_MAX_EXTENT)
            return hs_fail(error, HS_ERROR_RESULTS, "dataset %s has an impossible size", row->name);
        if (*known == HS_EXTENT_UNKNOWN)
            *known = (size_t)dimensions[i];
        if (*known != dimensions[i])
            return hs_fail(error, HS_ERROR_RESULTS, "dataset %s has %llu along axis %s, where others have %zu",
                           row->name, (unsigned long long)dimensions[i], hs__results_axis_name(row->axes[i]), *known);
    }
    return HS_OK;
}

/*
 * In this order, as each check relies on the one before: is it in this file, is its type ours, do
 * its extents agree with those of the others, are all its bytes there.
 */
static hs_status open_dataset(const hs_results *results, hid_t parent, const hs_dataset_row *row, hs_extents *extents,
                              hid_t *dataset_out, hs_error *error)
{
    size_t n_bytes = 0, n_elements = 0;
    *dataset_out = H5I_INVALID_HID;
    if (row->optional && H5Lexists(parent, row->name, H5P_DEFAULT) == 0)
        return HS_OK;
    HS_TRY(check_link(results, parent, row->name, error));
    *dataset_out = H5Dopen2(parent, row->name, H5P_DEFAULT);
    if (*dataset_out < 0)
        return hs__results_hdf5_fail(error, HS_ERROR_RESULTS, "dataset %s cannot be opened", row->name);
    HS_TRY(check_type(*dataset_out, row, &n_bytes, error));
    HS_TRY(check_extents(*dataset_out, row, extents, error));
    n_elements = hs__results_dataset_elements(row, extents);
    if (n_elements > SIZE_MAX / n_bytes)
        return hs_fail(error, HS_ERROR_RESULTS, "dataset %s has an impossible size", row->name);
    return check_storage(results, *dataset_out, row, n_elements * n_bytes, error);
}

void hs__results_file_group_init(hs_file_group *group, hs_group_kind kind)
{
    group->kind = kind;
    for (size_t i = 0; i < HS_LAYOUT_MAX_ROWS; i++)
        group->datasets[i] = H5I_INVALID_HID;
}

void hs__results_file_close_datasets(hs_file_group *group)
{
    for (size_t i = 0; i < HS_LAYOUT_MAX_ROWS; i++)
        hs__results_hdf5_close(group->datasets[i]);
    hs__results_file_group_init(group, group->kind);
}

hs_status hs__results_file_open_datasets(const hs_results *results, hid_t parent, hs_extents *extents,
                                         hs_file_group *group, hs_error *error)
{
    size_t n_rows = 0;
    const hs_dataset_row *rows = hs__results_layout_rows(group->kind, &n_rows);
    for (size_t i = 0; i < n_rows; i++)
        HS_TRY(open_dataset(results, parent, &rows[i], extents, &group->datasets[i], error));
    return HS_OK;
}

hid_t hs__results_file_dataset(const hs_file_group *group, const char *name)
{
    size_t n_rows = 0;
    const hs_dataset_row *rows = hs__results_layout_rows(group->kind, &n_rows);
    for (size_t i = 0; i < n_rows; i++)
        if (strcmp(rows[i].name, name) == 0)
            return group->datasets[i];
    return H5I_INVALID_HID;
}

/* Opens the group `name` of the file and all its datasets. */
hs_status hs__results_file_open_tables(hs_results *results, const char *name, hs_file_group *group, hs_error *error)
{
    hid_t id = H5I_INVALID_HID;
    hs_status status = hs__results_file_open_group(results, results->file, name, &id, error);
    if (status == HS_OK)
        status = hs__results_file_open_datasets(results, id, &results->extents, group, error);
    hs__results_hdf5_close(id);
    return status == HS_OK ? HS_OK : hs_error_prefix(error, "/%s", name);
}
