/*
 * The first product of OpenBLAS asks the system for a buffer a thread and asks again until it gets it: under a limit of
 * the address space it never returns, and nothing ends it but a signal. So room is looked for before, and the buffers
 * are taken at once, while there is some.
 */
#include "headsweep/blas.h"

#include <cblas.h>
#include <sys/mman.h>
#include <sys/resource.h>

/* As large as OpenBLAS is built with on any processor that headsweep runs on, and what lies beside it. */
#define BUFFER_BYTES ((size_t)129 << 20)
/* Of a product that is large enough for the threads and the buffers. */
enum { ROWS = 256 };

static void append_limit(hs_text *text, int resource, const char *shell_option, hs_error *error)
{
    struct rlimit limit;
    char size[16];
    if (getrlimit(resource, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        (void)hs_text_appendf(text, error, "%sulimit %s is %s", text->length > 0 ? ", " : "", shell_option,
                              hs_format_bytes((double)limit.rlim_cur, size, sizeof size));
}

/*
 * Names the limits that are set, with the shell's way to raise them, because the message is
 * usually read in a job's log.
 */
static hs_status no_room(size_t n_bytes, int n_threads, hs_error *error)
{
    hs_text limits = {0};
    hs_error ignored = {0};
    char size[16];
    append_limit(&limits, RLIMIT_AS, "-v", &ignored);
    append_limit(&limits, RLIMIT_DATA, "-d", &ignored);
    (void)hs_fail(
        error, HS_ERROR_MEMORY,
        "OpenBLAS needs %s of address space for the buffers of %d thread%s, and there is not so much left%s%s%s: "
        "raise the limit, or ask for more memory",
        hs_format_bytes((double)n_bytes, size, sizeof size), n_threads, n_threads == 1 ? "" : "s",
        limits.length > 0 ? " (" : "", limits.length > 0 ? limits.text : "", limits.length > 0 ? ")" : "");
    hs_text_clear(&limits);
    return error->status;
}

/* As OpenBLAS will ask for it. */
static hs_status look_for_room(int n_threads, hs_error *error)
{
    const size_t n_bytes = (size_t)n_threads * BUFFER_BYTES;
    void *room = mmap(NULL, n_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED)
        return no_room(n_bytes, n_threads, error);
    (void)munmap(room, n_bytes);
    return HS_OK;
}

static hs_status take_buffers(hs_error *error)
{
    float *matrix = NULL;
    hs_status status = hs_allocate(&matrix, 2 * ROWS * ROWS, sizeof *matrix, "matrix", error);
    if (status == HS_OK)
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, ROWS, ROWS, ROWS, 1.0f, matrix, ROWS, matrix, ROWS, 0.0f,
                    matrix + ROWS * ROWS, ROWS);
    hs_free(matrix);
    return status;
}

hs_status hs_blas_start(hs_error *error)
{
    static bool started = false; /* the buffers are the process's, too */
    if (started)
        return HS_OK;
    hs_blas_set_threads();
    HS_TRY(look_for_room(hs_blas_threads(), error));
    HS_TRY(take_buffers(error));
    started = true;
    return HS_OK;
}
