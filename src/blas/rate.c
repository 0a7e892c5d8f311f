/*
 * rate: how fast a product is at best, which a measurement of the whole is held against; and how fast while the other
 * cores are at products too, which is what the ranks of a full node have.
 */
#include "headsweep/blas.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* At least so many products and so long, so that the clock's grain and a slow start do not show. */
enum { FEWEST_TIMED_PRODUCTS = 4 };
#define TIMED_PRODUCT_SECONDS 0.5
/* Should this process be killed meanwhile, the others end by themselves. */
enum { MOST_SECONDS_OF_OTHERS = 20 };

typedef struct timed_product {
    float *a, *b, *c;
    size_t m, k, n;
} timed_product;

static void run_product(const timed_product *p)
{
    hs_blas_product_f32(p->c, p->n, (hs_blas_matrix){p->a, p->k, false}, (hs_blas_matrix){p->b, p->n, false},
                        (hs_blas_shape){p->m, p->n, p->k}, 1.0f, false);
}

typedef struct product_seconds {
    double best;
    double mean;
} product_seconds;

static product_seconds time_products(const timed_product *p)
{
    const double begin = hs_time_seconds();
    product_seconds seconds = {.best = HUGE_VAL};
    size_t n = 0;
    for (; n < FEWEST_TIMED_PRODUCTS || hs_time_seconds() - begin < TIMED_PRODUCT_SECONDS; n++) {
        double start = hs_time_seconds();
        run_product(p);
        double elapsed = hs_time_seconds() - start;
        seconds.best = elapsed > 0 && elapsed < seconds.best ? elapsed : seconds.best;
    }
    seconds.mean = (hs_time_seconds() - begin) / (double)n;
    return seconds;
}

static void fill_random(float *values, size_t n, uint64_t stream)
{
    for (size_t i = 0; i < n; i++)
        values[i] = (float)hs_random_uniform(1, stream, i) - 0.5f;
}

static hs_status product_init(timed_product *p, size_t m, size_t k, size_t n, hs_error *error)
{
    *p = (timed_product){.m = m, .k = k, .n = n};
    HS_TRY(hs_blas_start(NULL, error));
    HS_TRY(hs_allocate(&p->a, m * k, sizeof *p->a, "matrix", error));
    HS_TRY(hs_allocate(&p->b, k * n, sizeof *p->b, "matrix", error));
    HS_TRY(hs_allocate(&p->c, m * n, sizeof *p->c, "matrix", error));
    fill_random(p->a, m * k, 0);
    fill_random(p->b, k * n, 1);
    return HS_OK;
}

static void product_clear(timed_product *p)
{
    hs_free(p->c);
    hs_free(p->b);
    hs_free(p->a);
}

static double rate_of(const timed_product *p, double seconds)
{
    return 2.0 * (double)p->m * (double)p->k * (double)p->n / seconds;
}

/*
 * The fastest of several: what slows a product down, other processes and a low clock, is not the
 * machine's best.
 */
hs_status hs_blas_sgemm_rate(size_t m, size_t k, size_t n, double *flops_per_second_out, hs_error *error)
{
    timed_product p;
    hs_status status = product_init(&p, m, k, n, error);

    *flops_per_second_out = status == HS_OK ? rate_of(&p, time_products(&p).best) : 0;
    product_clear(&p);
    return status;
}

/* Processes that run the product until they are stopped; *n_started_out of them are there also on failure. */
static hs_status start_others(const timed_product *p, pid_t *others, size_t n_others, size_t *n_started_out,
                              hs_error *error)
{
    for (*n_started_out = 0; *n_started_out < n_others; ++*n_started_out) {
        const pid_t pid = fork();
        if (pid < 0)
            return hs_fail_system(error, HS_ERROR_MEMORY, errno, "a process for every core cannot be started");
        if (pid == 0) {
            (void)alarm(MOST_SECONDS_OF_OTHERS);
            for (;;)
                run_product(p);
        }
        others[*n_started_out] = pid;
    }
    return HS_OK;
}

static void stop_others(const pid_t *others, size_t n)
{
    for (size_t i = 0; i < n; i++)
        (void)kill(others[i], SIGKILL);
    for (size_t i = 0; i < n; i++)
        while (waitpid(others[i], NULL, 0) < 0 && errno == EINTR)
            ;
}

/* All products count here, and not the fastest: what the others take away is what is asked. */
hs_status hs_blas_sgemm_rate_shared(size_t m, size_t k, size_t n, size_t n_processes, double *flops_per_second_out,
                                    hs_error *error)
{
    timed_product p;
    pid_t *others = NULL;
    size_t n_started = 0;
    hs_status status;

    *flops_per_second_out = 0;
    HS_GOTO_DONE(product_init(&p, m, k, n, error));
    HS_GOTO_DONE(hs_allocate(&others, n_processes, sizeof *others, "processes", error));
    run_product(&p);
    HS_GOTO_DONE(start_others(&p, others, n_processes > 0 ? n_processes - 1 : 0, &n_started, error));
    (void)time_products(&p); /* until all of them are at work and the clock has settled */
    *flops_per_second_out = rate_of(&p, time_products(&p).mean);
done:
    stop_others(others, n_started);
    hs_free(others);
    product_clear(&p);
    return status;
}
