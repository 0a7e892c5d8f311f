/* How fast a product is at best: what a measurement of the whole is held against. */
#include "headsweep/blas.h"

#include <math.h>

/* At least so many products and so long, so that the clock's grain and a slow start do not show. */
enum { FEWEST_TIMED_PRODUCTS = 4 };
#define TIMED_PRODUCT_SECONDS 0.5

/* Seconds of the fastest product. */
static double time_products(float *c, const float *a, const float *b, size_t m, size_t k, size_t n)
{
    double begin = hs_time_seconds();
    double best = HUGE_VAL;
    for (size_t i = 0; i < FEWEST_TIMED_PRODUCTS || hs_time_seconds() - begin < TIMED_PRODUCT_SECONDS; i++) {
        double start = hs_time_seconds();
        hs_blas_product_f32(c, n, (hs_blas_matrix){a, k, false}, (hs_blas_matrix){b, n, false},
                            (hs_blas_shape){m, n, k}, 1.0f, false);
        double seconds = hs_time_seconds() - start;
        best = seconds > 0 && seconds < best ? seconds : best;
    }
    return best;
}

static void fill_random(float *values, size_t n, uint64_t stream)
{
    for (size_t i = 0; i < n; i++)
        values[i] = (float)hs_random_uniform(1, stream, i) - 0.5f;
}

/*
 * The fastest of several: what slows a product down, other processes and a low clock, is not the
 * machine's best.
 */
hs_status hs_blas_sgemm_rate(size_t m, size_t k, size_t n, double *flops_per_second_out, hs_error *error)
{
    float *a = NULL;
    float *b = NULL;
    float *c = NULL;
    hs_status status;

    *flops_per_second_out = 0;
    HS_TRY(hs_blas_start(NULL, error));
    HS_GOTO_DONE(hs_allocate(&a, m * k, sizeof *a, "matrix", error));
    HS_GOTO_DONE(hs_allocate(&b, k * n, sizeof *b, "matrix", error));
    HS_GOTO_DONE(hs_allocate(&c, m * n, sizeof *c, "matrix", error));
    fill_random(a, m * k, 0);
    fill_random(b, k * n, 1);
    *flops_per_second_out = 2.0 * (double)m * (double)k * (double)n / time_products(c, a, b, m, k, n);
done:
    hs_free(c);
    hs_free(b);
    hs_free(a);
    return status;
}
