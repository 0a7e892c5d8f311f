#include "results/create.h"
#include "results/hdf5.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Finds out whether the disk has room before HDF5 writes the first byte, and says so in words of our own. The file is
 * new: something else of that name, a link even, is never written through.
 */
static hs_status reserve_room(const char *path, size_t n_bytes, hs_error *error)
{
    char size[32];
    if (unlink(path) != 0 && errno != ENOENT)
        return hs_fail_system(error, HS_ERROR_IO, errno, "%s, left by an earlier run, cannot be removed", path);
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (file < 0)
        return hs_fail_system(error, HS_ERROR_IO, errno, "%s cannot be created", path);
    int reason = n_bytes > INT64_MAX ? EFBIG : posix_fallocate(file, 0, (off_t)n_bytes);
    (void)close(file);
    /* File systems that cannot reserve say so; there a full disk shows later. */
    if (reason == 0 || reason == EOPNOTSUPP || reason == EINVAL)
        return HS_OK;
    (void)unlink(path);
    return hs_fail_system(error, HS_ERROR_IO, reason,
                          "%s: no room for the results file of %s; free some, or choose another "
                          "folder with output.results",
                          path, hs_format_bytes((double)n_bytes, size, sizeof size));
}

/* Reserves blocks for what HDF5 left sparse, and waits until all of it is on the disk. */
static hs_status settle(const char *path, hs_error *error)
{
    struct stat state;
    int file = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (file < 0)
        return hs_fail_system(error, HS_ERROR_IO, errno, "%s cannot be opened again", path);
    hs_status status = HS_OK;
    int reason = fstat(file, &state) != 0 ? errno : posix_fallocate(file, 0, state.st_size);
    if (reason != 0 && reason != EOPNOTSUPP && reason != EINVAL)
        status = hs_fail_system(error, HS_ERROR_IO, reason, "%s: no room on the disk", path);
    else if (fsync(file) != 0)
        status = hs_fail_system(error, HS_ERROR_IO, errno, "%s cannot be synchronised", path);
    (void)close(file);
    return status;
}

static hs_status check_layout(const hs_results_layout *layout, hs_error *error)
{
    if (layout->n_tasks == 0 || layout->n_tasks > HS_LAYOUT_MAX_TASKS)
        return hs_fail(error, HS_ERROR_RESULTS, "%zu tasks are impossible; 1 to %d are allowed", layout->n_tasks,
                       HS_LAYOUT_MAX_TASKS);
    HS_TRY(hs_layout_check_sets(&layout->sets, error));
    for (size_t task = 0; task < layout->n_tasks; task++)
        HS_TRY(hs_layout_check_task(&layout->tasks[task], error));
    return HS_OK;
}

hs_status hs_results_create(const char *path, const hs_results_layout *layout, hs_error *error)
{
    struct stat state;
    hs_hdf5_quiet();
    HS_TRY(check_layout(layout, error));
    if (lstat(path, &state) == 0)
        return hs_fail(error, HS_ERROR_RESULTS, "%s exists already; it is not written over", path);
    char *temporary = hs_string_format(error, "%s.tmp", path);
    if (temporary == NULL)
        return error->status;
    bool created = false;
    hs_status status;
    HS_GOTO_DONE(reserve_room(temporary, hs_results_file_bytes(layout), error));
    created = true;
    status = hs_create_contents(temporary, layout, error);
    if (status != HS_OK) {
        (void)hs_error_prefix(error, "%s", temporary);
        goto done;
    }
    HS_GOTO_DONE(settle(temporary, error));
    if (rename(temporary, path) != 0) {
        status = hs_fail_system(error, HS_ERROR_IO, errno, "%s cannot be renamed to %s", temporary, path);
        goto done;
    }
    created = false;
    HS_GOTO_DONE(hs_folder_sync(path, error));
done:
    if (created)
        (void)unlink(temporary);
    hs_free(temporary);
    return status;
}
