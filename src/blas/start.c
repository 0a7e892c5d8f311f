/*
 * One thread for each product, whatever library and environment say: products are cut among our own threads, and their
 * bits must not depend on OPENBLAS_NUM_THREADS.
 *
 * The first product of OpenBLAS asks the system for a buffer a thread and asks again until it gets it: under a limit of
 * the address space it never returns, and nothing ends it but a signal. So room is looked for before, and the buffers
 * are taken at once, while there is some.
 */
#include "blas/library.h"
#include "headsweep/blas.h"

#include <cblas.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

/* As large as OpenBLAS is built with on any processor that headsweep runs on, and what lies beside it. */
#define BUFFER_BYTES ((size_t)129 << 20)
/* Of a product that is large enough for the threads and the buffers. */
enum { ROWS = 256 };
/* A thread that has done a fifth of another's work counts. */
#define ROUNDED_UP 0.8

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

/* Factors and products of all threads. */
struct first_products {
    float *matrices; /* [1 + threads, ROWS, ROWS] */
};

static void run_first_product(void *context, size_t i)
{
    const struct first_products *products = context;
    const float *factor = products->matrices;
    hs_blas_set_threads(); /* some libraries keep the number by thread */
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, ROWS, ROWS, ROWS, 1.0f, factor, ROWS, factor, ROWS, 0.0f,
                products->matrices + (1 + i) * ROWS * ROWS, ROWS);
}

static hs_status take_buffers(hs_threads *threads, hs_error *error)
{
    struct first_products products = {0};
    hs_status status = hs_allocate(&products.matrices, (1 + hs_threads_count(threads)) * ROWS * ROWS,
                                   sizeof *products.matrices, "matrix", error);
    if (status == HS_OK)
        hs_threads_run(threads, run_first_product, &products);
    hs_free(products.matrices);
    return status;
}

/* What the process has started so far. */
static struct {
    size_t n_ready; /* threads that have their buffers */
    int n_measured; /* threads of a product of a library that does not say */
} started;

static double seconds_of(clockid_t clock)
{
    struct timespec time = {0};
    (void)clock_gettime(clock, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* A library that nobody knows shows by the processor's time of its first product how many threads it has. */
static hs_status start_first(hs_error *error)
{
    hs_blas_set_threads();
    double all = seconds_of(CLOCK_PROCESS_CPUTIME_ID), own = seconds_of(CLOCK_THREAD_CPUTIME_ID);
    HS_TRY(take_buffers(NULL, error));
    all = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - all;
    own = seconds_of(CLOCK_THREAD_CPUTIME_ID) - own;
    started.n_measured = own > 0 && all > own ? (int)(all / own + ROUNDED_UP) : 1;
    return HS_OK;
}

/*
 * Again for a larger pool: buffers are a process's and stay, so only those that are missing are asked for. The caller's
 * own product comes first and alone, because the measure of an unknown library is wrong beside other threads.
 */
hs_status hs_blas_start(hs_threads *threads, hs_error *error)
{
    const struct hs__blas_library *library = hs__blas_find_library();
    const size_t n_threads = hs_threads_count(threads);
    if (started.n_ready >= n_threads)
        return HS_OK;
    if (n_threads > 1 && library != NULL && library->is_serial())
        return hs_fail(
            error, HS_ERROR_USAGE,
            "run.threads_per_rank is %zu, but this %s is built for one thread and may not be called by several: "
            "take one that is built with threads (Debian: libopenblas0-pthread)",
            n_threads, hs_blas_library());
    if (library != NULL && strcmp(library->name, "OpenBLAS") == 0)
        HS_TRY(look_for_room((int)(n_threads - started.n_ready), error));
    if (started.n_ready == 0)
        HS_TRY(start_first(error));
    if (n_threads > 1)
        HS_TRY(take_buffers(threads, error));
    started.n_ready = n_threads;
    return HS_OK;
}

int hs_blas_threads(void)
{
    const struct hs__blas_library *library = hs__blas_find_library();
    if (library != NULL)
        return hs__blas_ask_threads(library);
    return started.n_measured > 0 ? started.n_measured : 1;
}

const char *hs_blas_threads_warning(void)
{
    static char text[160]; /* only ever written with this one text */
    int n = hs_blas_threads();
    if (n <= 1)
        return NULL;
    (void)snprintf(text, sizeof text,
                   "%s has %d threads for a product of each of ours and no call to change that; set "
                   "OMP_NUM_THREADS=1, or its own variable",
                   hs_blas_library(), n);
    return text;
}
