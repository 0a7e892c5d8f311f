#include "engine/blas.h"
#include "headsweep/engine.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- products -------------------------------------------------------------------------------------------------- */

static void fill_rows(float *y, size_t y_stride, const float *row, size_t n_rows, size_t n_columns)
{
    for (size_t i = 0; i < n_rows; i++)
        memcpy(y + i * y_stride, row, n_columns * sizeof *y);
}

static void add_product(float *y, size_t y_stride, const float *x, size_t n_rows, const hs_linear *linear, float keep)
{
    if (n_rows == 0)
        return;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, linear->transposed ? CblasTrans : CblasNoTrans, (int)n_rows,
                (int)linear->n_out, (int)linear->n_in, 1.0f, x, (int)linear->n_in, linear->values, (int)linear->stride,
                keep, y, (int)y_stride);
}

/* The bias is written first and the product added to it, which costs no pass of its own over y. */
void hs__engine_linear_apply(float *y, size_t y_stride, const float *x, size_t n_rows, const hs_linear *linear)
{
    if (linear->bias != NULL)
        fill_rows(y, y_stride, linear->bias, n_rows, linear->n_out);
    add_product(y, y_stride, x, n_rows, linear, linear->bias != NULL ? 1.0f : 0.0f);
}

void hs__engine_linear_accumulate(float *y, const float *x, size_t n_rows, const hs_linear *linear)
{
    if (linear->bias != NULL) {
        for (size_t row = 0; row < n_rows; row++)
            for (size_t i = 0; i < linear->n_out; i++)
                y[row * linear->n_out + i] += linear->bias[i];
    }
    add_product(y, linear->n_out, x, n_rows, linear, 1.0f);
}

void hs__engine_matrix_product(float *out, size_t out_stride, struct hs_matrix a, struct hs_matrix b, size_t n_rows,
                               size_t n_columns, size_t depth, float scale)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)n_rows, (int)n_columns, (int)depth, scale, a.values,
                (int)a.stride, b.values, (int)b.stride, 0.0f, out, (int)out_stride);
}

void hs__engine_matrix_accumulate(float *out, size_t out_stride, struct hs_matrix a, struct hs_matrix b, size_t n_rows,
                                  size_t n_columns, size_t depth)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)n_rows, (int)n_columns, (int)depth, 1.0f, a.values,
                (int)a.stride, b.values, (int)b.stride, 1.0f, out, (int)out_stride);
}

void hs__engine_matrix_product_transposed(float *out, size_t out_stride, struct hs_matrix a, struct hs_matrix b,
                                          size_t n_rows, size_t n_columns, size_t depth, float scale)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)n_rows, (int)n_columns, (int)depth, scale, a.values,
                (int)a.stride, b.values, (int)b.stride, 0.0f, out, (int)out_stride);
}

void hs_blas_product_f64(double *out, const double *a, size_t a_stride, const double *b, size_t n_rows,
                         size_t n_columns, size_t depth, bool add)
{
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)n_rows, (int)n_columns, (int)depth, 1.0, a,
                (int)a_stride, b, (int)n_columns, add ? 1.0 : 0.0, out, (int)n_columns);
}

void hs_blas_product_f32(float *out, const float *a, size_t a_stride, const float *b, size_t n_rows, size_t n_columns,
                         size_t depth, bool add)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)n_rows, (int)n_columns, (int)depth, 1.0f, a,
                (int)a_stride, b, (int)n_columns, add ? 1.0f : 0.0f, out, (int)n_columns);
}

/* ---- the library ----------------------------------------------------------------------------------------------- */

#ifdef HEADSWEEP_HAVE_OPENBLAS

/* openblas_get_config() says "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ...": the first two words of it. */
const char *hs_blas_library(void)
{
    static char text[64]; /* only ever written with this one text */
    const char *config = openblas_get_config();
    const char *space = strchr(config, ' ');
    size_t length = space == NULL ? strlen(config) : (size_t)(space - config) + 1 + strcspn(space + 1, " ");
    snprintf(text, sizeof text, "%.*s", (int)length, config);
    return text;
}

const char *hs_blas_core(void)
{
    return openblas_get_corename();
}

int hs_blas_threads(void)
{
    return openblas_get_num_threads();
}

void hs_blas_set_threads(void)
{
    if (getenv("OPENBLAS_NUM_THREADS") == NULL)
        openblas_set_num_threads(1);
}

#else

const char *hs_blas_library(void)
{
    return "CBLAS (unknown)";
}

const char *hs_blas_core(void)
{
    return "unknown";
}

int hs_blas_threads(void)
{
    return 1;
}

void hs_blas_set_threads(void)
{
}

#endif

/* ---- the limit ------------------------------------------------------------------------------------------------- */

/* At least so many products and so long, so that the clock's grain and a slow start do not show. */
enum { FEWEST_TIMED_PRODUCTS = 8 };
#define TIMED_PRODUCT_SECONDS 0.5

/* Seconds of the fastest product. */
static double time_products(float *c, const float *a, const float *b, size_t m, size_t k, size_t n)
{
    double begin = hs_time_seconds();
    double best = HUGE_VAL;
    for (size_t i = 0; i < FEWEST_TIMED_PRODUCTS || hs_time_seconds() - begin < TIMED_PRODUCT_SECONDS; i++) {
        double start = hs_time_seconds();
        hs__engine_matrix_product(c, n, (struct hs_matrix){a, k}, (struct hs_matrix){b, n}, m, n, k, 1.0f);
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

hs_status hs_blas_sgemm_rate(size_t m, size_t k, size_t n, double *flops_per_second_out, hs_error *error)
{
    float *a = NULL;
    float *b = NULL;
    float *c = NULL;
    hs_status status;

    *flops_per_second_out = 0;
    HS_TRY(hs_blas_start(error));
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

/* ---- core type against processor ------------------------------------------------------------------------------- */

/* Core types of OpenBLAS 0.3 that use the feature; x86-64 only. */
static const char *const AVX512_CORES[] = {"SkylakeX", "Cooperlake", "SapphireRapids", NULL};
static const char *const AVX2_CORES[] = {"Haswell",        "Zen", "Excavator", "SkylakeX", "Cooperlake",
                                         "SapphireRapids", NULL};

static bool is_listed(const char *core, const char *const *list)
{
    while (*list != NULL && strcasecmp(core, *list) != 0)
        list++;
    return *list != NULL;
}

const char *hs__engine_describe_core_mismatch(const char *core, struct hs_processor processor, bool forced,
                                              char *buffer, size_t capacity)
{
    const struct {
        bool available;
        const char *feature;
        const char *const *cores;
        const char *best;
    } rows[] = {
        {processor.has_avx512, "AVX-512", AVX512_CORES, "SkylakeX"},
        {processor.has_avx2, "AVX2", AVX2_CORES, "Haswell"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!rows[i].available || is_listed(core, rows[i].cores))
            continue;
        int n = snprintf(buffer, capacity,
                         "OpenBLAS runs its %s kernels on a processor with %s: expect about half the speed%s; ", core,
                         rows[i].feature, i == 0 && !is_listed(core, AVX2_CORES) ? " or less" : "");
        if (n > 0 && (size_t)n < capacity && forced)
            snprintf(buffer + n, capacity - (size_t)n, "unset OPENBLAS_CORETYPE");
        else if (n > 0 && (size_t)n < capacity)
            snprintf(buffer + n, capacity - (size_t)n, "install a newer OpenBLAS or set OPENBLAS_CORETYPE=%s",
                     rows[i].best);
        return buffer;
    }
    return NULL;
}

const char *hs_blas_core_warning(void)
{
#if defined(HEADSWEEP_HAVE_OPENBLAS) && defined(__x86_64__)
    static char text[256]; /* only ever written with this one text */
    __builtin_cpu_init();
    struct hs_processor processor = {
        .has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"),
        .has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw"),
    };
    bool forced = getenv("OPENBLAS_CORETYPE") != NULL;
    return hs__engine_describe_core_mismatch(hs_blas_core(), processor, forced, text, sizeof text);
#else
    return NULL;
#endif
}
