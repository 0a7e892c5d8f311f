/*
 * publish: a new file gets its name only when it is complete and on the disk: made under another
 * name, flushed, renamed.
 */
#include "results/create.h"
#include "results/hdf5.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * What a run that was killed left: reserved, so zeros, or begun by HDF5. A link of that name goes too, but never what
 * it leads to; anything else is somebody's.
 */
static hs_status remove_leftover(const char *path, hs_error *error)
{
    static const char none[8] = "", hdf5[] = "\x89HDF\r\n\x1a\n";
    char beginning[sizeof none] = "";
    struct stat state;
    if (lstat(path, &state) != 0)
        return HS_OK;
    int file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    bool ours = S_ISLNK(state.st_mode) ||
                (S_ISREG(state.st_mode) && file >= 0 && pread(file, beginning, sizeof beginning, 0) >= 0 &&
                 (memcmp(beginning, none, sizeof none) == 0 || memcmp(beginning, hdf5, sizeof none) == 0));
    if (file >= 0)
        (void)close(file);
    if (!ours)
        return hs_fail(error, HS_ERROR_RESULTS,
                       "%s is in the way and is nothing that headsweep left there: move it away", path);
    return unlink(path) == 0
               ? HS_OK
               : hs_fail_system(error, HS_ERROR_IO, errno, "%s, left by an earlier run, cannot be removed", path);
}

/*
 * Finds out whether the disk has room before HDF5 writes the first byte, and says so in words of our own. The file is
 * new: something else of that name, a link even, is never written through.
 */
static hs_status reserve_room(const char *path, size_t n_bytes, int *file_out, hs_error *error)
{
    char size[32];
    HS_TRY(remove_leftover(path, error));
    int file = *file_out = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (file < 0)
        return hs_fail_system(error, HS_ERROR_IO, errno, "%s cannot be created", path);
    int reason = n_bytes > INT64_MAX ? EFBIG : posix_fallocate(file, 0, (off_t)n_bytes);
    /* File systems that cannot reserve say so; there a full disk shows later. */
    if (reason == 0 || reason == EOPNOTSUPP || reason == EINVAL)
        return HS_OK;
    return hs_fail_system(error, HS_ERROR_IO, reason,
                          "%s: no room for the results file of %s; free some, or choose another "
                          "folder with output.results",
                          path, hs_format_bytes((double)n_bytes, size, sizeof size));
}

/* Reserves blocks for what HDF5 left sparse, and waits until all of it is on the disk. */
static hs_status settle(const char *path, int file, hs_error *error)
{
    struct stat state;
    int reason = fstat(file, &state) != 0 ? errno : posix_fallocate(file, 0, state.st_size);
    if (reason != 0 && reason != EOPNOTSUPP && reason != EINVAL)
        return hs_fail_system(error, HS_ERROR_IO, reason, "%s: no room on the disk", path);
    if (fsync(file) != 0)
        return hs_fail_system(error, HS_ERROR_IO, errno, "%s cannot be synchronised", path);
    return HS_OK;
}

static hs_status check_free(const char *path, hs_error *error)
{
    struct stat state;
    if (lstat(path, &state) != 0)
        return HS_OK;
    return hs_fail(error, HS_ERROR_RESULTS, "%s exists already%s; it is not written over", path,
                   S_ISLNK(state.st_mode) ? " and is a symbolic link" : "");
}

/* Whether the name still means the file that was made under it. */
static bool is_named(const char *path, int file)
{
    struct stat named, made;
    return lstat(path, &named) == 0 && fstat(file, &made) == 0 && named.st_dev == made.st_dev &&
           named.st_ino == made.st_ino;
}

/* A file that somebody put in the place of ours is neither published nor removed. */
static hs_status publish(const char *temporary, const char *path, int file, hs_error *error)
{
    HS_TRY(check_free(path, error));
    if (!is_named(temporary, file))
        return hs_fail(error, HS_ERROR_RESULTS, "%s was replaced while it was made; who else writes to this folder?",
                       temporary);
    if (rename(temporary, path) != 0)
        return hs_fail_system(error, HS_ERROR_IO, errno, "%s cannot be renamed to %s", temporary, path);
    return hs_folder_sync(path, error);
}

/* Tasks are groups beside the datasets of /ranking, and what is linked there. */
static hs_status check_name_is_free(const char *name, hs_error *error)
{
    size_t n_rows = 0;
    const hs_dataset_row *rows = hs__results_layout_rows(HS_GROUP_RANKING, &n_rows);
    bool taken = strcmp(name, hs__results_axis_name(HS_AXIS_SET)) == 0;
    for (size_t i = 0; i < n_rows; i++)
        taken = taken || strcmp(name, rows[i].name) == 0;
    return taken ? hs_fail(error, HS_ERROR_RESULTS,
                           "the task name '%s' is taken by a dataset of the file; choose another", name)
                 : HS_OK;
}

static hs_status check_layout(const hs_results_layout *layout, hs_error *error)
{
    if (layout->n_tasks == 0 || layout->n_tasks > HS_LAYOUT_MAX_TASKS)
        return hs_fail(error, HS_ERROR_RESULTS, "%zu tasks are impossible; 1 to %d are allowed", layout->n_tasks,
                       HS_LAYOUT_MAX_TASKS);
    HS_TRY(hs__results_layout_check_sets(&layout->sets, error));
    for (size_t task = 0; task < layout->n_tasks; task++) {
        HS_TRY(check_name_is_free(layout->tasks[task].name, error));
        HS_TRY(hs__results_layout_check_task(&layout->tasks[task], error));
    }
    return HS_OK;
}

/*
 * The file is known by its descriptor from the moment that it was reserved, so that nobody can put
 * another in its place between two steps.
 */
hs_status hs_results_create(const char *path, const hs_results_layout *layout, hs_error *error)
{
    hs__results_hdf5_quiet();
    HS_TRY(check_layout(layout, error));
    HS_TRY(check_free(path, error));
    char *temporary = hs_string_format(error, "%s.headsweep-tmp", path);
    if (temporary == NULL)
        return error->status;
    int file = -1;
    hs_status status;
    HS_GOTO_DONE(reserve_room(temporary, hs_results_file_bytes(layout), &file, error));
    status = hs__results_create_contents(file, layout, error);
    if (status != HS_OK) {
        (void)hs_error_prefix(error, "%s", temporary);
        goto done;
    }
    HS_GOTO_DONE(settle(temporary, file, error));
    /* Filling the disk takes its time: the name may have been taken. */
    status = publish(temporary, path, file, error);
done:
    if (status != HS_OK && file >= 0 && is_named(temporary, file))
        (void)unlink(temporary);
    if (file >= 0)
        (void)close(file);
    hs_free(temporary);
    return status;
}
