/*
 * output: files that headsweep writes, each beside its place and renamed when all of it is on the disk, so that
 * neither a failure nor a signal leaves half a file, and nothing of the user's is written over.
 */
/* For memmem(), which is Linux's. */
#define _GNU_SOURCE
#include "headsweep/base.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_NAMES = 1000, NEW_MODE = 0666 };

static const int deadly_signals[] = {SIGHUP, SIGINT, SIGTERM, SIGPIPE, SIGXCPU, SIGALRM};
enum { N_SIGNALS = sizeof deadly_signals / sizeof deadly_signals[0] };

struct hs_output {
    char *path;
    char *temporary;
    int file;      /* -1 once it is closed */
    bool made;     /* the temporary is there */
    bool replaces; /* something that may be */
    mode_t mode;   /* of what is replaced */
    bool caught[N_SIGNALS];
    struct sigaction before[N_SIGNALS];
};

/* What may be replaced. */

/* Under whatever name, and through whatever link. */
static bool is_input(const struct stat *there, const hs_output_rules *rules)
{
    struct stat input;
    for (size_t i = 0; i < rules->n_inputs; i++)
        if (stat(rules->inputs[i], &input) == 0 && input.st_dev == there->st_dev && input.st_ino == there->st_ino)
            return true;
    return false;
}

static bool has_mark(const char *path, const char *mark)
{
    char beginning[HS_OUTPUT_MARK_BYTES];
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    ssize_t n = file < 0 ? -1 : pread(file, beginning, sizeof beginning, 0);
    if (file >= 0)
        (void)close(file);
    return n > 0 && memmem(beginning, (size_t)n, mark, strlen(mark)) != NULL;
}

/*
 * What comes before the line with `force` is refused with --force too: an input, a link (its
 * target is not ours to write) and what is not a regular file.
 */
static hs_status check_file(const char *path, const struct stat *there, const hs_output_rules *rules, hs_error *error)
{
    struct stat behind;
    if (stat(path, &behind) == 0 && is_input(&behind, rules))
        return hs_fail(error, HS_ERROR_USAGE, "%s is read here and is not written over; choose another name", path);
    if (S_ISLNK(there->st_mode))
        return hs_fail(error, HS_ERROR_USAGE,
                       "%s is a symbolic link, which is not written through; choose another name", path);
    if (!S_ISREG(there->st_mode))
        return hs_fail(error, HS_ERROR_USAGE, "%s is %s; a file is written here", path, hs_file_kind(there->st_mode));
    if (there->st_size == 0 || rules->force || (rules->mark != NULL && has_mark(path, rules->mark)))
        return HS_OK;
    return hs_fail(error, HS_ERROR_USAGE, "%s exists%s; choose another name%s", path,
                   rules->mark != NULL ? " and is not what headsweep writes here: it is not written over" : " already",
                   rules->can_force ? ", or --force replaces it" : "");
}

static hs_status check_place(hs_output *output, const hs_output_rules *rules, hs_error *error)
{
    struct stat there;
    if (lstat(output->path, &there) != 0)
        return errno == ENOENT ? HS_OK : hs_fail_system(error, HS_ERROR_IO, errno, "%s", output->path);
    output->replaces = true;
    output->mode = there.st_mode & 07777;
    return check_file(output->path, &there, rules, error);
}

/* Signals. */

/* The file that a signal handler removes; of the output that was opened first, where there are two. */
static char *volatile pending = NULL;

static void remove_and_die(int signal_number)
{
    if (pending != NULL)
        (void)unlink(pending);
    (void)signal(signal_number, SIG_DFL);
    (void)raise(signal_number);
}

/* Only where the signal would end the process anyway. */
static void catch_signals(hs_output *output)
{
    struct sigaction action = {.sa_handler = remove_and_die};
    if (pending != NULL)
        return;
    pending = output->temporary;
    for (size_t i = 0; i < N_SIGNALS; i++) {
        output->caught[i] =
            sigaction(deadly_signals[i], NULL, &output->before[i]) == 0 && output->before[i].sa_handler == SIG_DFL;
        if (output->caught[i])
            (void)sigaction(deadly_signals[i], &action, NULL);
    }
}

static void let_signals_be(hs_output *output)
{
    if (output->temporary == NULL || pending != output->temporary)
        return;
    for (size_t i = 0; i < N_SIGNALS; i++)
        if (output->caught[i])
            (void)sigaction(deadly_signals[i], &output->before[i], NULL);
    pending = NULL;
}

/* Beside, then in its place. */

static hs_status fail(const hs_output *output, hs_error *error)
{
    return hs_fail_system(error, HS_ERROR_IO, errno, "%s cannot be written", output->path);
}

/* A name of its own in the same folder; short, so that it fits wherever the name itself does. */
static hs_status make_temporary(hs_output *output, const char *folder, hs_error *error)
{
    for (unsigned i = 0; i < MAX_NAMES; i++) {
        hs_free(output->temporary);
        output->temporary = hs_string_format(error, "%s/.headsweep-%ld-%u.tmp", folder, (long)getpid(), i);
        if (output->temporary == NULL)
            return hs_error_status(error);
        output->file = open(output->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, NEW_MODE);
        if (output->file >= 0 || errno != EEXIST)
            break;
    }
    output->made = output->file >= 0;
    if (!output->made)
        return fail(output, error);
    catch_signals(output);
    return output->replaces && fchmod(output->file, output->mode) != 0 ? fail(output, error) : HS_OK;
}

/*
 * Everything that can be refused is refused before anything is created. The temporary file lies in
 * the same folder, since a rename works only within one file system.
 */
hs_status hs_output_new(const char *path, const hs_output_rules *rules, hs_output **output_out, hs_error *error)
{
    hs_output *output = NULL;
    char *folder = NULL;
    hs_status status;
    *output_out = NULL;
    HS_GOTO_DONE(hs_allocate(&output, 1, sizeof *output, "output", error));
    output->file = -1;
    output->path = hs_string_copy(path, error);
    folder = hs_path_folder(path, error);
    if (output->path == NULL || folder == NULL) {
        status = hs_error_status(error);
        goto done;
    }
    HS_GOTO_DONE(check_place(output, rules, error));
    HS_GOTO_DONE(make_temporary(output, folder, error));
    *output_out = output;
    output = NULL;
done:
    hs_free(folder);
    hs_output_free(output);
    return status;
}

hs_status hs_output_put(hs_output *output, const void *bytes, size_t n_bytes, hs_error *error)
{
    const char *rest = bytes;
    while (n_bytes > 0) {
        ssize_t n = write(output->file, rest, n_bytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail(output, error);
        rest += n;
        n_bytes -= (size_t)n;
    }
    return HS_OK;
}

hs_status hs_output_put_hole(hs_output *output, size_t n_bytes, hs_error *error)
{
    const off_t end = lseek(output->file, (off_t)n_bytes, SEEK_CUR);
    return end >= 0 && ftruncate(output->file, end) == 0 ? HS_OK : fail(output, error);
}

static hs_status settle(hs_output *output, hs_error *error)
{
    const int file = output->file;
    bool synchronised = fsync(file) == 0 || errno == EINVAL || errno == ENOTSUP;
    const int reason = errno;
    output->file = -1;
    if (close(file) == 0 && synchronised)
        return HS_OK;
    errno = synchronised ? errno : reason;
    return fail(output, error);
}

/* What came into the place meanwhile is not replaced, where the file system has links. */
static bool take_place(hs_output *output)
{
    if (!output->replaces) {
        if (link(output->temporary, output->path) == 0)
            return unlink(output->temporary) == 0;
        if (errno == EEXIST)
            return false;
    }
    return rename(output->temporary, output->path) == 0;
}

hs_status hs_output_publish(hs_output *output, hs_error *error)
{
    HS_TRY(settle(output, error));
    if (!take_place(output))
        return fail(output, error);
    output->made = false;
    return hs_folder_sync(output->path, error);
}

void hs_output_free(hs_output *output)
{
    if (output == NULL)
        return;
    if (output->file >= 0)
        (void)close(output->file);
    if (output->made)
        (void)unlink(output->temporary);
    let_signals_be(output);
    hs_free(output->temporary);
    hs_free(output->path);
    hs_free(output);
}

hs_status hs_output_write(const char *path, const hs_output_rules *rules, const void *bytes, size_t n_bytes,
                          hs_error *error)
{
    hs_output *output = NULL;
    hs_status status = hs_output_new(path, rules, &output, error);
    if (status == HS_OK)
        status = hs_output_put(output, bytes, n_bytes, error);
    if (status == HS_OK)
        status = hs_output_publish(output, error);
    hs_output_free(output);
    return status;
}
