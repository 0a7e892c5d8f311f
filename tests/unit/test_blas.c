/* Products against double loops, and what is said of the library in use. */
#define _GNU_SOURCE
#include "blas/core.h"
#include "headsweep/blas.h"
#include "support/engine_fixture.h"

#include <math.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { ROWS = 5, COLUMNS = 6, DEPTH = 7, STRIDE = 9 };

/* [STRIDE, STRIDE]: room for each of the matrices, transposed or not. */
static void fill(float *values, uint64_t stream)
{
    for (size_t i = 0; i < STRIDE * STRIDE; i++)
        values[i] = (float)hs_random_uniform(7, stream, i) - 0.5f;
}

static double element(hs_blas_matrix matrix, size_t row, size_t column)
{
    return (double)matrix.values[matrix.transposed ? column * matrix.stride + row : row * matrix.stride + column];
}

static void check_product(bool a_transposed, bool b_transposed, float scale, bool add)
{
    float a_values[STRIDE * STRIDE], b_values[STRIDE * STRIDE], out[STRIDE * STRIDE], before[STRIDE * STRIDE];
    const hs_blas_matrix a = {a_values, STRIDE, a_transposed};
    const hs_blas_matrix b = {b_values, STRIDE, b_transposed};
    fill(a_values, 0);
    fill(b_values, 1);
    fill(out, 2);
    memcpy(before, out, sizeof out);
    hs_blas_product_f32(out, STRIDE, a, b, (hs_blas_shape){ROWS, COLUMNS, DEPTH}, scale, add);
    for (size_t row = 0; row < STRIDE; row++) {
        for (size_t column = 0; column < STRIDE; column++) {
            double expected = (double)before[row * STRIDE + column];
            if (row < ROWS && column < COLUMNS) {
                expected = add ? expected : 0.0;
                for (size_t i = 0; i < DEPTH; i++)
                    expected += (double)scale * element(a, row, i) * element(b, i, column);
            }
            assert_true(fabs((double)out[row * STRIDE + column] - expected) < 1e-6);
        }
    }
}

/* What lies beyond the columns and rows is not touched. */
static void test_product_in_single_precision(void **state)
{
    (void)state;
    for (int which = 0; which < 16; which++)
        check_product((which & 1) != 0, (which & 2) != 0, (which & 4) != 0 ? 0.25f : 1.0f, (which & 8) != 0);
}

static void test_product_in_double_precision(void **state)
{
    (void)state;
    double a[ROWS * STRIDE], b[DEPTH * COLUMNS], out[ROWS * COLUMNS];
    for (size_t i = 0; i < ROWS * STRIDE; i++)
        a[i] = hs_random_uniform(7, 3, i);
    for (size_t i = 0; i < DEPTH * COLUMNS; i++)
        b[i] = hs_random_uniform(7, 4, i);
    for (int times = 1; times <= 2; times++) {
        hs_blas_product_f64(out, a, STRIDE, b, (hs_blas_shape){ROWS, COLUMNS, DEPTH}, times > 1);
        for (size_t i = 0; i < ROWS * COLUMNS; i++) {
            double expected = 0;
            for (size_t k = 0; k < DEPTH; k++)
                expected += a[i / COLUMNS * STRIDE + k] * b[k * COLUMNS + i % COLUMNS];
            assert_true(fabs(out[i] - times * expected) < 1e-14);
        }
    }
}

static void test_rate(void **state)
{
    (void)state;
    double rate = 0;
    ASSERT_OK(hs_blas_sgemm_rate(32, 32, 32, &rate, &error));
    assert_true(rate > 0 && isfinite(rate));
    ASSERT_OK(hs_blas_sgemm_rate_shared(32, 32, 32, 3, &rate, &error));
    assert_true(rate > 0 && isfinite(rate));
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left */
}

static void test_core_mismatch(void **state)
{
    (void)state;
    const struct hs__blas_processor old = {false, false};
    const struct hs__blas_processor avx2 = {true, false};
    const struct hs__blas_processor avx512 = {true, true};
    char text[256];
    assert_null(hs__blas_describe_core_mismatch("SkylakeX", avx512, true, text, sizeof text));
    assert_null(hs__blas_describe_core_mismatch("Cooperlake", avx512, false, text, sizeof text));
    assert_null(hs__blas_describe_core_mismatch("Haswell", avx2, true, text, sizeof text));
    assert_null(hs__blas_describe_core_mismatch("ZEN", avx2, true, text, sizeof text));
    assert_null(hs__blas_describe_core_mismatch("Prescott", old, true, text, sizeof text));
    assert_string_equal(hs__blas_describe_core_mismatch("Haswell", avx512, true, text, sizeof text),
                        "OpenBLAS runs its Haswell kernels on a processor with AVX-512: expect about half the speed; "
                        "unset OPENBLAS_CORETYPE");
    assert_string_equal(hs__blas_describe_core_mismatch("Zen", avx512, false, text, sizeof text),
                        "OpenBLAS runs its Zen kernels on a processor with AVX-512: expect about half the speed; "
                        "install a newer OpenBLAS or set OPENBLAS_CORETYPE=SkylakeX");
    assert_string_equal(
        hs__blas_describe_core_mismatch("Prescott", avx512, true, text, sizeof text),
        "OpenBLAS runs its Prescott kernels on a processor with AVX-512: expect about half the speed or "
        "less; unset OPENBLAS_CORETYPE");
    assert_string_equal(
        hs__blas_describe_core_mismatch("Nehalem", avx2, true, text, sizeof text),
        "OpenBLAS runs its Nehalem kernels on a processor with AVX2: expect about half the speed; unset "
        "OPENBLAS_CORETYPE");
}

static double cpu_seconds(int who)
{
    struct rusage usage;
    assert_int_equal(getrusage(who, &usage), 0);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* Of the processor's time in large products the share that threads other than this one have. */
static double share_of_other_threads(void)
{
    double rate, all = cpu_seconds(RUSAGE_SELF), own = cpu_seconds(RUSAGE_THREAD);
    ASSERT_OK(hs_blas_sgemm_rate(512, 512, 512, &rate, &error));
    all = cpu_seconds(RUSAGE_SELF) - all;
    own = cpu_seconds(RUSAGE_THREAD) - own;
    return (all - own) / all;
}

/* Whatever the library is and the environment asks for: tests/cli/test_blas_libraries.sh runs this with others. */
static void test_threads_are_as_told(void **state)
{
    (void)state;
    hs_threads *threads = NULL;
    ASSERT_OK(hs_threads_new(3, &threads, &error));
    ASSERT_OK(hs_blas_start(NULL, &error));
    hs_error error = {0};
    hs_status status = hs_blas_start(threads, &error);
    assert_true(status == HS_OK || strstr(error.message, "is built for one thread") != NULL);
    hs_threads_free(threads);
    print_message("library %s, core %s, %d threads\n", hs_blas_library(), hs_blas_core(), hs_blas_threads());
    assert_true(strstr(hs_blas_library(), "BLAS") != NULL || strstr(hs_blas_library(), "BLIS") != NULL ||
                strstr(hs_blas_library(), "MKL") != NULL);
    assert_true(strlen(hs_blas_core()) > 0);
    assert_int_equal(share_of_other_threads() < 0.2, hs_blas_threads() == 1);
    assert_int_equal(hs_blas_threads_warning() == NULL, hs_blas_threads() == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_product_in_single_precision),
        cmocka_unit_test(test_product_in_double_precision),
        cmocka_unit_test(test_rate),
        cmocka_unit_test(test_core_mismatch),
        cmocka_unit_test(test_threads_are_as_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
