/*
 * transfer: rows of a dataset between memory and file, independently, in pieces that every MPI-IO
 * bears.
 */
#include "results/file.h"

#include <errno.h>

/* MPI counts are ints, and some MPI-IO layers fail on more than 2 GB at once. */
enum { PIECE_BYTES = 16 * 1024 * 1024 };

hid_t hs__results_file_memory(hs_results *results, size_t n)
{
    hsize_t extent = n;
    return H5Sset_extent_simple(results->memory_space, 1, &extent, NULL) < 0 ? H5I_INVALID_HID : results->memory_space;
}

/*
 * Of MPI-IO HDF5 may learn no more than that too little was written: the system knows why, at the next attempt at last.
 */
hs_status hs__results_file_fail_write(hs_results *results, hs_error *error, const char *what, ...)
{
    const int write_error = errno;
    const int system_error = write_error != 0 ? write_error : hs__results_file_rewrite_superblock(results->path);
    hs_error reason = {0};
    char place[256];
    va_list arguments;
    va_start(arguments, what);
    (void)vsnprintf(place, sizeof place, what, arguments);
    va_end(arguments);
    results->write_failed = true;
    if (system_error != 0)
        (void)hs_fail_system(&reason, HS_ERROR_IO, system_error, "%s cannot be written", place);
    else
        (void)hs__results_hdf5_fail(&reason, HS_ERROR_IO, "%s cannot be written", place);
    return hs_fail(error, HS_ERROR_IO,
                   "%.400s: %s; what is done is kept: when that is mended, run the same command again to continue",
                   results->path, reason.message);
}

static herr_t write_piece(hs_results *results, hid_t dataset, hid_t type, hid_t space, size_t n, const void *bytes)
{
    hid_t memory = hs__results_file_memory(results, n);
    if (memory < 0)
        return -1;
    errno = 0;
    return H5Dwrite(dataset, type, memory, space, results->transfer, bytes);
}

/* All later axes whole. */
static herr_t select_rows(hid_t space, size_t first, size_t n)
{
    hsize_t start[HS_LAYOUT_MAX_AXES] = {first}, count[HS_LAYOUT_MAX_AXES];
    if (H5Sget_simple_extent_dims(space, count, NULL) < 0)
        return -1;
    count[0] = n;
    return H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL);
}

static size_t element_bytes(const hs_file_rows *rows)
{
    return rows->element == HS_ELEMENT_TEXT ? rows->text_width : hs__results_element_bytes(rows->element);
}

/* Row counts rather than bytes bound a piece, since a hyperslab is of whole rows. */
static hs_status write_rows(hs_results *results, const hs_file_rows *rows, const void *buffer, hs_error *error)
{
    const size_t n_row_bytes = rows->n_columns * element_bytes(rows);
    const size_t n_most = n_row_bytes == 0 || n_row_bytes >= PIECE_BYTES ? 1 : PIECE_BYTES / n_row_bytes;
    hid_t space = H5Dget_space(rows->dataset), type = hs__results_hdf5_type(rows->element, rows->text_width);
    hs_status status = HS_OK;
    for (size_t done = 0; status == HS_OK && n_row_bytes > 0 && done < rows->n; done += n_most) {
        size_t n = rows->n - done < n_most ? rows->n - done : n_most;
        const char *bytes = (const char *)buffer + done * n_row_bytes;
        if (space < 0 || type < 0 || select_rows(space, rows->first + done, n) < 0 ||
            write_piece(results, rows->dataset, type, space, n * rows->n_columns, bytes) < 0)
            status = hs__results_file_fail_write(results, error, "%s", rows->what);
    }
    hs__results_hdf5_close(type);
    hs__results_hdf5_close(space);
    return status;
}

hs_status hs__results_file_transfer(hs_results *results, hs_direction direction, const hs_file_rows *rows, void *buffer,
                                    hs_error *error)
{
    const hs_file_extent extent = {.dataset = rows->dataset,
                                   .element_bytes = element_bytes(rows),
                                   .first = rows->first * rows->n_columns,
                                   .n = rows->n * rows->n_columns,
                                   .what = rows->what};
    return direction == HS_DIRECTION_WRITE ? write_rows(results, rows, buffer, error)
                                           : hs__results_file_read(results, &extent, buffer, error);
}
