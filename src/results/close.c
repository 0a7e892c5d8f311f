/* close: giving a file back in a way that no write error can turn into a hang or a crash. */
#include "results/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* What HDF5 writes when it closes a file, as large as any version of it. */
enum { SUPERBLOCK_BYTES = 48 };

int hs__results_file_rewrite_superblock(const char *path)
{
    char bytes[SUPERBLOCK_BYTES];
    int file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0)
        return errno;
    errno = EIO;
    bool written = pread(file, bytes, sizeof bytes, 0) == (ssize_t)sizeof bytes &&
                   pwrite(file, bytes, sizeof bytes, 0) == (ssize_t)sizeof bytes;
    int system_error = written ? 0 : errno;
    (void)close(file);
    return system_error;
}

/* What the ranks tell each other before they close: whether there is anything to close, and what stands against it. */
enum { IS_OPEN = 1, CANNOT_CLOSE = 2 };

/*
 * Closing is collective and writes the superblock. Where a write fails on one rank, HDF5 1.10 leaves the others
 * waiting for ever, and a process that is alone dies in MPI_Finalize (both seen with a quota). So closing is begun
 * only if every rank has the file open and could write to it until now; else it stays open, and the processes end
 * without giving it back.
 */
static hs_status agree_to_close(hs_results *results, hs_error *error)
{
    const bool is_open = results->file >= 0;
    const int system_error =
        is_open && hs_comm_rank(results->comm) == 0 ? hs__results_file_rewrite_superblock(results->path) : 0;
    uint64_t state = (is_open ? IS_OPEN : CANNOT_CLOSE) | (results->write_failed || system_error ? CANNOT_CLOSE : 0);
    HS_TRY(hs_comm_or(results->comm, &state, 1, error));
    if (state == (IS_OPEN | CANNOT_CLOSE)) {
        hs_comm_end_by_abort(results->comm);
        return hs_fail_system(error, HS_ERROR_IO, system_error ? system_error : EIO, "%s cannot be closed",
                              results->path);
    }
    return HS_OK;
}

static hs_status close_file(hs_results *results, hs_error *error)
{
    if (results->opens_together)
        HS_TRY(agree_to_close(results, error));
    if (results->file >= 0 && H5Fclose(results->file) < 0)
        return hs__results_hdf5_fail(error, HS_ERROR_IO, "%s cannot be closed", results->path);
    return HS_OK;
}

hs_status hs_results_close(hs_results *results, hs_error *error)
{
    if (results == NULL)
        return HS_OK;
    hs__results_file_unload(results);
    hs__results_hdf5_close(results->memory_space);
    hs__results_hdf5_close(results->transfer);
    hs_status status = close_file(results, error);
    hs_free(results->values);
    hs_free(results->words);
    hs_free(results->path);
    hs_free(results);
    return status;
}

hs_status hs_results_close_after(hs_results *results, hs_status status, hs_error *error)
{
    hs_status closed = hs_results_close(results, error);

    return status != HS_OK ? status : closed;
}
