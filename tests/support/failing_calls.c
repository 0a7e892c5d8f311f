/*
 * Preloaded into headsweep: calls that fail on one rank.
 *   FAIL_CALL    allocation: of headsweep itself; read, write: of a results file
 *   FAIL_RANK    where
 *   FAIL_AFTER   so many of them succeed. Then one allocation fails, or every later read or write, as on a broken disk (EIO) or
 *                when a quota is reached (EDQUOT); without it none does
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

static long n_succeeded;
static bool allocation_failed;

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), n = strlen(end);
    return length >= n && strcmp(text + length - n, end) == 0;
}

static bool is_asked_for(const char *call)
{
    const char *rank = getenv("OMPI_COMM_WORLD_RANK"), *wanted = getenv("FAIL_RANK"), *kind = getenv("FAIL_CALL");
    return kind != NULL && strcmp(kind, call) == 0 && wanted != NULL && strcmp(rank != NULL ? rank : "0", wanted) == 0;
}

static bool has_to_fail(void)
{
    const char *after = getenv("FAIL_AFTER");
    if (after != NULL && n_succeeded >= atol(after))
        return true;
    n_succeeded++;
    return false;
}

static bool is_results_file(int file)
{
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return false;
    path[length] = '\0';
    return ends_with(path, ".h5");
}

static bool transfer_fails(const char *call, int file, int reason)
{
    if (!is_asked_for(call) || !is_results_file(file) || !has_to_fail())
        return false;
    errno = reason;
    return true;
}

/* MPI, HDF5 and the C library allocate as well: what they do without memory is theirs. */
static bool is_headsweep(const void *caller)
{
    Dl_info info;
    return dladdr(caller, &info) != 0 && info.dli_fname != NULL && ends_with(info.dli_fname, "headsweep");
}

int posix_memalign(void **block, size_t alignment, size_t n_bytes)
{
    static int (*real)(void **, size_t, size_t);
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "posix_memalign");
    if (!allocation_failed && is_asked_for("allocation") && is_headsweep(__builtin_return_address(0)) &&
        has_to_fail()) {
        allocation_failed = true;
        return ENOMEM;
    }
    return real(block, alignment, n_bytes);
}

#define FAILING(call, reason, name, parameters, arguments) \
    ssize_t name parameters                                \
    {                                                      \
        ssize_t(*real) parameters;                         \
        if (transfer_fails(call, file, reason))            \
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
    FILE *file = path != NULL && n_succeeded > 0 ? fopen(path, "w") : NULL;
    if (file == NULL)
        return;
    fprintf(file, "%ld\n", n_succeeded);
    fclose(file);
}
