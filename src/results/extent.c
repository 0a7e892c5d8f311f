/*
 * extent: what lies side by side in a dataset, read from the file without HDF5. What MPI-IO did not read HDF5 takes
 * for zeros, and Open MPI says of it in the count of bytes alone, with no error: here the count is looked at.
 */
#include "results/file.h"

#include <errno.h>
#include <mpi.h>
#include <unistd.h>

/* MPI counts are ints, and some MPI-IO layers fail on more than 2 GB at once. */
enum { PIECE_BYTES = 16 * 1024 * 1024 };

/* So many bytes were read; fewer: errno may say why. `file`: HDF5's own, of which its driver says what it is. */
static size_t read_piece(const hs_results *results, void *file, uint64_t offset, size_t n, char *bytes)
{
    size_t n_read = 0;
    if (results->comm != NULL) {
        MPI_Status state;
        int count = 0;
        if (MPI_File_read_at(*(MPI_File *)file, (MPI_Offset)offset, bytes, (int)n, MPI_BYTE, &state) == MPI_SUCCESS &&
            MPI_Get_count(&state, MPI_BYTE, &count) == MPI_SUCCESS && count > 0)
            n_read = (size_t)count;
        return n_read;
    }
    while (n_read < n) {
        const ssize_t got = pread(*(int *)file, bytes + n_read, n - n_read, (off_t)(offset + n_read));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        n_read += (size_t)got;
    }
    return n_read;
}

/* Where there is no reason, the file is shorter than it was when it was opened, or MPI-IO kept it to itself. */
static hs_status fail_read(const hs_results *results, const hs_file_extent *extent, int system_error, hs_error *error)
{
    if (system_error != 0)
        return hs_fail_system(error, HS_ERROR_IO, system_error, "%.400s: %s cannot be read", results->path,
                              extent->what);
    return hs_fail(error, HS_ERROR_IO,
                   "%.400s: %s cannot be read; see to the file system, and run the same command again", results->path,
                   extent->what);
}

/* A foreign file can have rows of another width than a caller takes for granted: it must not reach beyond them. */
static hs_status check_extent(const hs_results *results, const hs_file_extent *extent, hs_error *error)
{
    const hsize_t n_elements = H5Dget_storage_size(extent->dataset) / extent->element_bytes;
    if (extent->first > n_elements || extent->n > n_elements - extent->first)
        return hs_fail(error, HS_ERROR_RESULTS, "%.400s: %s is smaller than headsweep writes it", results->path,
                       extent->what);
    return HS_OK;
}

/* Where the dataset lies is asked each time, which costs nothing beside the read. */
hs_status hs__results_file_read(const hs_results *results, const hs_file_extent *extent, void *bytes, hs_error *error)
{
    const size_t n_bytes = extent->n * extent->element_bytes;
    void *file = NULL;
    if (n_bytes == 0)
        return HS_OK;
    HS_TRY(check_extent(results, extent, error));
    const haddr_t dataset = H5Dget_offset(extent->dataset);
    if (dataset == HADDR_UNDEF || H5Fget_vfd_handle(results->file, H5P_DEFAULT, &file) < 0)
        return hs__results_hdf5_fail(error, HS_ERROR_IO, "%.400s: %s cannot be found", results->path, extent->what);
    const uint64_t offset = dataset + extent->first * extent->element_bytes;
    for (size_t done = 0; done < n_bytes; done += PIECE_BYTES) {
        const size_t n = n_bytes - done < PIECE_BYTES ? n_bytes - done : PIECE_BYTES;
        errno = 0;
        if (read_piece(results, file, offset + done, n, (char *)bytes + done) != n)
            return fail_read(results, extent, errno, error);
    }
    return HS_OK;
}
