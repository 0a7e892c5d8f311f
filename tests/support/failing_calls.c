/*
 * Preloaded into headsweep: calls that fail on one rank.
 *   FAIL_CALL    "read" or "write", of a results file
 *   FAIL_RANK    where
 *   FAIL_AFTER   so many of them succeed and no later one, as on a broken disk (EIO) or when a quota is reached
 *                (EDQUOT)
 *   FAIL_COUNT   a file that gets the number of those that succeeded, if the process ends in good order
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* Read once: MPI's threads make calls while others change the environment. */
static struct {
    const char *call; /* NULL: none, or not on this rank */
    long after;
    long n_succeeded;
} failing;

__attribute__((constructor)) static void read_environment(void)
{
    const char *rank = getenv("OMPI_COMM_WORLD_RANK"), *wanted = getenv("FAIL_RANK"), *after = getenv("FAIL_AFTER");
    if (wanted != NULL && strcmp(rank != NULL ? rank : "0", wanted) == 0)
        failing.call = getenv("FAIL_CALL");
    failing.after = after != NULL ? atol(after) : 0;
}

static bool is_results_file(int file)
{
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return false;
    path[length] = '\0';
    return length > 3 && strcmp(path + length - 3, ".h5") == 0;
}

static bool fails(const char *call, int file, int reason)
{
    if (failing.call == NULL || strcmp(failing.call, call) != 0 || !is_results_file(file))
        return false;
    if (failing.n_succeeded < failing.after) {
        failing.n_succeeded++;
        return false;
    }
    errno = reason;
    return true;
}

#define FAILING(call, reason, name, parameters, arguments) \
    ssize_t name parameters                                \
    {                                                      \
        ssize_t(*real) parameters;                         \
        if (fails(call, file, reason))                     \
            return -1;                                     \
        *(void **)&real = dlsym(RTLD_NEXT, #name);         \
        return real arguments;                             \
    }
FAILING("read", EIO, read, (int file, void *bytes, size_t n), (file, bytes, n))
FAILING("read", EIO, pread, (int file, void *bytes, size_t n, off_t at), (file, bytes, n, at))
FAILING("read", EIO, pread64, (int file, void *bytes, size_t n, off64_t at), (file, bytes, n, at))
FAILING("read", EIO, preadv, (int file, const struct iovec *parts, int n, off_t at), (file, parts, n, at))
FAILING("read", EIO, preadv64, (int file, const struct iovec *parts, int n, off64_t at), (file, parts, n, at))
FAILING("write", EDQUOT, write, (int file, const void *bytes, size_t n), (file, bytes, n))
FAILING("write", EDQUOT, pwrite, (int file, const void *bytes, size_t n, off_t at), (file, bytes, n, at))
FAILING("write", EDQUOT, pwrite64, (int file, const void *bytes, size_t n, off64_t at), (file, bytes, n, at))
FAILING("write", EDQUOT, pwritev, (int file, const struct iovec *parts, int n, off_t at), (file, parts, n, at))
FAILING("write", EDQUOT, pwritev64, (int file, const struct iovec *parts, int n, off64_t at), (file, parts, n, at))

__attribute__((destructor)) static void tell_count(void)
{
    const char *path = getenv("FAIL_COUNT");
    FILE *file = path != NULL && failing.n_succeeded > 0 ? fopen(path, "w") : NULL;
    if (file == NULL)
        return;
    fprintf(file, "%ld\n", failing.n_succeeded);
    fclose(file);
}
