/* The engine's kernels against double loops and libm, at every level that this processor runs. */
#include "engine/device.h"
#include "support/kernel_values.h"
#include "support/naive_model.h"
#include "support/valgrind.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { MAX = 4096 };

/* Of the level whose turn it is. */
static const struct hs_kernels *kernels;

/* Distance in units in the last place of the expected value. */
static double ulps(float actual, double expected)
{
    float rounded = fabsf((float)expected);
    double ulp = (double)(nextafterf(rounded, INFINITY) - rounded);
    return fabs((double)actual - expected) / ulp;
}

static void test_exp_is_accurate(void **state)
{
    (void)state;
    static float values[MAX];
    double worst = 0;
    for (int sweep = 0; sweep < 40; sweep++) {
        for (size_t i = 0; i < MAX; i++)
            values[i] = -80.0f + 160.0f * (float)(sweep * MAX + (int)i) / (40.0f * MAX);
        static float inputs[MAX];
        memcpy(inputs, values, sizeof values);
        kernels->exp(values, MAX);
        for (size_t i = 0; i < MAX; i++)
            worst = fmax(worst, ulps(values[i], exp((double)inputs[i])));
    }
    print_message("exp: at most %.2f units in the last place from libm\n", worst);
    assert_true(worst <= 2.0);
}

static void test_exp_at_the_ends(void **state)
{
    (void)state;
    float values[] = {0.0f, -1000.0f, -INFINITY, 1000.0f, NAN, -0.0f, FLT_MIN};
    kernels->exp(values, 7);
    assert_true(values[0] == 1.0f && values[5] == 1.0f && values[6] == 1.0f);
    assert_true(values[1] > 0.0f && values[1] < 2e-35f && values[1] == values[2]);
    assert_true(values[3] > 5e34f && isfinite(values[3]));
    assert_true(isnan(values[4]));
}

static double gelu(double x)
{
    return x / 2 * (1 + erf(x / sqrt(2)));
}

static double gelu_tanh(double x)
{
    return x / 2 * (1 + tanh(sqrt(2 / 3.14159265358979323846) * (x + 0.044715 * x * x * x)));
}

static double silu(double x)
{
    return x / (1 + exp(-x));
}

static double relu(double x)
{
    return x > 0 ? x : 0;
}

static double relu_squared(double x)
{
    return x > 0 ? x * x : 0;
}

static void check_activation(void (*activate)(float *values, size_t n), double (*expected)(double))
{
    static float values[MAX + 3];
    for (size_t i = 0; i < MAX + 3; i++)
        values[i] = -30.0f + 60.0f * (float)i / MAX;
    activate(values, MAX + 3);
    for (size_t i = 0; i < MAX + 3; i++) {
        double x = (double)(-30.0f + 60.0f * (float)i / MAX);
        assert_near((double)values[i], expected(x), 4e-7 * fmax(fabs(x), 0.01));
    }
    float edge[] = {NAN, INFINITY, 0.0f};
    activate(edge, 3);
    assert_true(isnan(edge[0]) && edge[1] == INFINITY && edge[2] == 0.0f);
}

static void test_activations(void **state)
{
    (void)state;
    check_activation(kernels->gelu, gelu);
    check_activation(kernels->gelu_tanh, gelu_tanh);
    check_activation(kernels->silu, silu);
    check_activation(kernels->relu, relu);
    float squared[] = {-3.0f, 0.0f, 1.7f, 30.1f, INFINITY, NAN};
    kernels->relu_squared(squared, 6);
    assert_true(squared[0] == 0.0f && squared[1] == 0.0f && squared[2] == 1.7f * 1.7f && squared[3] == 30.1f * 30.1f);
    assert_true(squared[4] == INFINITY && isnan(squared[5]));
}

/*
 * gelu(x) = x/2 (1 + erf): an erf within 1e-7 moves it by |x|/2 1e-7, and the last operations round three times at
 * most. In the negative tail, where 1 + erf would be nothing but rounding, it is right to four digits.
 */
static void test_erf_of_gelu(void **state)
{
    (void)state;
    enum { N = 1 << 20 };
    float *values = NULL;
    ASSERT_OK(hs_allocate(&values, N, sizeof *values, "test", &error));
    for (size_t i = 0; i < N; i++)
        values[i] = -9.0f + 18.0f * (float)i / N;
    kernels->gelu(values, N);
    for (size_t i = 0; i < N; i++) {
        double x = (double)(-9.0f + 18.0f * (float)i / N);
        double expected = x / 2 * erfc(-x / sqrt(2));
        assert_near((double)values[i], expected, 0.5e-7 * fabs(x) + 3 * 6e-8 * fabs(expected));
        if (x > -7.5)
            assert_near((double)values[i], expected, 1e-4 * fabs(expected));
    }
    float ends[] = {-1e30f, 1e30f, -100.0f, 100.0f, FLT_MAX};
    kernels->gelu(ends, 5);
    assert_true(ends[0] <= 0 && ends[0] > -1e-12f && ends[1] == 1e30f && ends[4] == FLT_MAX);
    assert_true(ends[2] <= 0 && ends[2] > -1e-12f && ends[3] == 100.0f);
    hs_free(values);
}

static void test_tanh(void **state)
{
    (void)state;
    float values[MAX + 4];
    for (size_t i = 0; i < MAX; i++)
        values[i] = -12.0f + 24.0f * (float)i / MAX;
    values[MAX] = 0.0f;
    values[MAX + 1] = INFINITY;
    values[MAX + 2] = -INFINITY;
    values[MAX + 3] = NAN;
    kernels->tanh(values, MAX + 4);
    for (size_t i = 0; i < MAX; i++)
        assert_near((double)values[i], tanh((double)(-12.0f + 24.0f * (float)i / MAX)), 2.5e-7);
    assert_true(values[MAX] == 0.0f && values[MAX + 1] == 1.0f && values[MAX + 2] == -1.0f && isnan(values[MAX + 3]));
}

/* Rows in place have the bits of rows that go elsewhere, and what lies between them stays. */
static void check_norm_in_place(float *out, const float *in, const float *weight, const float *bias, bool rms,
                                size_t n_rows, size_t width)
{
    size_t stride = width + 3;
    float *rows = random_floats(n_rows * stride, 5, 0, 1);
    float *between = random_floats(n_rows * stride, 5, 0, 1);
    for (size_t row = 0; row < n_rows; row++)
        memcpy(rows + row * stride, in + row * width, width * sizeof *rows);
    (rms ? kernels->rms_norm : kernels->layer_norm)(out, in, weight, bias, n_rows, width, 1e-5);
    if (rms)
        kernels->rms_norm_rows(rows, stride, weight, n_rows, width, 1e-5);
    else
        kernels->layer_norm_rows(rows, stride, weight, bias, n_rows, width, 1e-5);
    for (size_t row = 0; row < n_rows; row++) {
        assert_memory_equal(rows + row * stride, out + row * width, width * sizeof *rows);
        assert_memory_equal(rows + row * stride + width, between + row * stride + width, 3 * sizeof *rows);
    }
    hs_free(rows);
    hs_free(between);
}

static void check_norm(bool rms, size_t width, double shift)
{
    enum { ROWS = 3 };
    float *in = random_floats(ROWS * width, 1, shift - 1, shift + 1);
    float *weight = random_floats(width, 2, 0.5, 1.5);
    float *bias = random_floats(width, 3, -1, 1);
    float *out = random_floats(ROWS * width, 4, 0, 1);
    for (int with_bias = 0; with_bias < 2; with_bias++) {
        (rms ? kernels->rms_norm : kernels->layer_norm)(out, in, weight, with_bias ? bias : NULL, ROWS, width, 1e-5);
        for (size_t row = 0; row < ROWS; row++) {
            double mean = 0;
            double square = 0;
            for (size_t i = 0; i < width && !rms; i++)
                mean += (double)in[row * width + i] / (double)width;
            for (size_t i = 0; i < width; i++)
                square += pow((double)in[row * width + i] - mean, 2) / (double)width;
            for (size_t i = 0; i < width; i++) {
                double expected = ((double)in[row * width + i] - mean) / sqrt(square + 1e-5) * (double)weight[i];
                expected += with_bias ? (double)bias[i] : 0.0;
                assert_near((double)out[row * width + i], expected, 4e-7 * fmax(1, fabs(expected)));
            }
        }
    }
    check_norm_in_place(out, in, weight, NULL, rms, ROWS, width);
    if (!rms)
        check_norm_in_place(out, in, weight, bias, rms, ROWS, width);
    hs_free(in);
    hs_free(weight);
    hs_free(bias);
    hs_free(out);
}

static void test_norms(void **state)
{
    (void)state;
    for (size_t width = 1; width < 40; width++) {
        check_norm(false, width, 0);
        check_norm(true, width, 0);
    }
    /* A mean a thousand times the deviation, where sums of squares in single precision fail. */
    check_norm(false, 768, 1000);
    check_norm(true, 768, 1000);
}

static void test_soft_cap(void **state)
{
    (void)state;
    static const double caps[] = {0.5, 30, 50};
    float values[MAX + 1];
    for (size_t round = 0; round < 3; round++) {
        double width = 8 * caps[round];
        for (size_t i = 0; i < MAX; i++)
            values[i] = (float)(width * ((double)i / MAX - 0.5));
        values[MAX] = NAN;
        kernels->soft_cap(values, (float)caps[round], MAX + 1);
        for (size_t i = 0; i < MAX; i++) {
            double expected = caps[round] * tanh((double)(float)(width * ((double)i / MAX - 0.5)) / caps[round]);
            assert_near((double)values[i], expected, 2e-6 * fabs(expected));
        }
        assert_true(isnan(values[MAX]));
    }
}

static void test_clipping(void **state)
{
    (void)state;
    float values[] = {-3, -0.5f, 0, 0.5f, 3, 9, NAN, INFINITY, -INFINITY, 2, -2, 9};
    const float expected[] = {-2, -0.5f, 0, 0.5f, 2, 9, NAN, 2, -2, 2, -2, 9};
    kernels->clip_rows(values, 6, 2, 5, 2.0f);
    for (size_t i = 0; i < 12; i++)
        assert_true(values[i] == expected[i] || (isnan(values[i]) && isnan(expected[i])));
}

static void test_visible_softmax(void **state)
{
    (void)state;
    enum { ROWS = 6, STRIDE = 24 };
    static const struct hs_range visible[ROWS] = {{0, 1}, {0, 3}, {0, 8}, {3, 9}, {0, 24}, {15, 17}};
    float *scores = random_floats(ROWS * STRIDE, 5, -20, 20);
    float *original = random_floats(ROWS * STRIDE, 5, -20, 20);
    kernels->visible_softmax(scores, STRIDE, ROWS, visible);
    for (size_t row = 0; row < ROWS; row++) {
        double values[STRIDE];
        size_t first = visible[row].first;
        for (size_t i = 0; i < STRIDE; i++)
            values[i] = (double)original[row * STRIDE + i];
        double log_sum = naive_log_sum(values + first, visible[row].end - first);
        for (size_t i = 0; i < STRIDE; i++) {
            bool is_visible = i >= first && i < visible[row].end;
            double expected = is_visible ? exp(values[i] - log_sum) : 0.0;
            /* The difference to the maximum is rounded once before its exponential is taken. */
            double relative = is_visible ? 3e-7 + 6e-8 * fabs(values[i] - log_sum) : 0.0;
            assert_near((double)scores[row * STRIDE + i], expected, relative * expected);
        }
    }
    hs_free(scores);
    hs_free(original);
}

static double log_sum(const float *values, size_t n)
{
    float maximum = kernels->max(values, n);
    return (double)maximum + log(kernels->sum_exp(values, maximum, n));
}

static void test_log_sum_exp(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 7, 8, 63, 64, 65, 500, 4000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        double values[MAX];
        float *floats = random_floats(sizes[i], i, -30, 30);
        for (size_t j = 0; j < sizes[i]; j++)
            values[j] = (double)floats[j];
        assert_near(log_sum(floats, sizes[i]), naive_log_sum(values, sizes[i]), 2e-7);
        floats[sizes[i] / 2] = NAN;
        assert_true(isnan(log_sum(floats, sizes[i])));
        floats[sizes[i] / 2] = INFINITY;
        assert_true(!isfinite(log_sum(floats, sizes[i])));
        hs_free(floats);
    }
}

static void test_scale_and_shift(void **state)
{
    (void)state;
    const float shift[] = {1, 2};
    float forgotten[] = {NAN, INFINITY};
    kernels->scale_and_shift(forgotten, 0, shift, 0.5f, 2);
    assert_true(forgotten[0] == 0.5f && forgotten[1] == 1.0f);
    float kept[] = {3, -0.0f};
    kernels->scale_and_shift(kept, 1, shift, 0, 2);
    assert_true(kept[0] == 3.0f && signbit(kept[1]));
    float flipped[] = {3, 4};
    kernels->scale_and_shift(flipped, -1, NULL, 1, 2);
    assert_true(flipped[0] == -3.0f && flipped[1] == -4.0f);
}

static void test_rotation_keeps_the_angle_between(void **state)
{
    (void)state;
    /* Two heads of 6, of which 4 rotate: pairs (0, 2) and (1, 3); 4 and 5 stay. */
    float heads[] = {1, 2, 3, 4, 5, 6, 1, 0, 0, 1, 7, 8};
    const float cosines[] = {0, 1};
    const float sines[] = {1, 0};
    const float expected[] = {-3, 2, 1, 4, 5, 6, 0, 0, 1, 1, 7, 8};
    kernels->rotate_heads(heads, cosines, sines, 2, 6, 4);
    for (size_t i = 0; i < 12; i++)
        assert_true(heads[i] == expected[i]);
}

static void test_add_and_multiply(void **state)
{
    (void)state;
    for (size_t n = 0; n < 70; n++) {
        float *in = random_floats(n, 1, -1, 1);
        float *sum = random_floats(n + 1, 2, -1, 1);
        float *product = random_floats(n + 1, 2, -1, 1);
        float *start = random_floats(n + 1, 2, -1, 1);
        kernels->add(sum, in, n);
        kernels->multiply(product, in, n);
        for (size_t i = 0; i < n; i++)
            assert_true(sum[i] == start[i] + in[i] && product[i] == start[i] * in[i]);
        assert_true(sum[n] == start[n] && product[n] == start[n]);
        hs_free(in);
        hs_free(sum);
        hs_free(product);
        hs_free(start);
    }
}

/* bfloat16 has eight bits: 257 is halfway between 256 and 258, and goes to the even one, as 259 does to 260. */
static void test_positions_in_scores(void **state)
{
    (void)state;
    float scores[] = {1, 2, 3, 4, 5, 9};
    const float expected[] = {1 - 2, 2 - 1.5f, 3 - 1, 4 - 0.5f, 5, 9};
    float rounded[] = {1, 2, 3, 4, 5, 9};
    const float expected_rounded[] = {1 + 127.5f, 2 + 128, 3 + 128, 4 + 129, 5 + 130, 9};
    kernels->add_distances(scores, 0.5f, -4.0f, 5);
    assert_memory_equal(scores, expected, sizeof expected);
    kernels->add_rounded_positions(rounded, 1.0f, 0.5f, 255.0f, 5);
    assert_memory_equal(rounded, expected_rounded, sizeof expected_rounded);
}

/* Rows apart in one and dense in the other; what lies between them stays. */
static void test_copy_rows(void **state)
{
    (void)state;
    const float in[] = {1, 2, 3, 4, 5, 6};
    const float spread[] = {1, 2, 9, 3, 4, 9, 5, 6, 9};
    const float repeated[] = {1, 2, 1, 2, 1, 2};
    float out[9] = {9, 9, 9, 9, 9, 9, 9, 9, 9};
    float dense[6];
    kernels->copy_rows(out, 3, in, 2, 3, 2);
    assert_memory_equal(out, spread, sizeof spread);
    kernels->copy_rows(dense, 2, out, 3, 3, 2);
    assert_memory_equal(dense, in, sizeof in);
    kernels->copy_rows(dense, 2, in, 0, 3, 2);
    assert_memory_equal(dense, repeated, sizeof repeated);
    hs_copy_floats(kernels, dense, in, 6);
    assert_memory_equal(dense, in, sizeof in);
}

/* The functions of kernels.h are those kernels, and what is built from them. */
static void test_activate_takes_the_right_kernel(void **state)
{
    (void)state;
    static double (*const expected[])(double) = {
        [HS_ACTIVATION_GELU] = gelu, [HS_ACTIVATION_GELU_TANH] = gelu_tanh,
        [HS_ACTIVATION_RELU] = relu, [HS_ACTIVATION_SILU] = silu,
        [HS_ACTIVATION_TANH] = tanh, [HS_ACTIVATION_RELU_SQUARED] = relu_squared};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        float values[] = {-1.5f, -0.3f, 0.7f};
        const double inputs[] = {-1.5, -(double)0.3f, (double)0.7f};
        hs__engine_activate(hs__engine_best_device()->kernels, values, 3, (hs_activation)i);
        for (size_t j = 0; j < 3; j++)
            assert_near((double)values[j], expected[i](inputs[j]), 1e-6);
    }
}

static void test_argmax_takes_the_lowest_of_equals(void **state)
{
    (void)state;
    const float values[] = {1, 5, 2, 5, 5};
    assert_int_equal(hs__engine_argmax(values, 5), 1);
    assert_int_equal(hs__engine_argmax(values, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests_of_a_level[] = {
        cmocka_unit_test(test_exp_is_accurate),
        cmocka_unit_test(test_exp_at_the_ends),
        cmocka_unit_test(test_activations),
        cmocka_unit_test(test_tanh),
        cmocka_unit_test(test_erf_of_gelu),
        cmocka_unit_test(test_norms),
        cmocka_unit_test(test_visible_softmax),
        cmocka_unit_test(test_log_sum_exp),
        cmocka_unit_test(test_scale_and_shift),
        cmocka_unit_test(test_rotation_keeps_the_angle_between),
        cmocka_unit_test(test_add_and_multiply),
        cmocka_unit_test(test_copy_rows),
        cmocka_unit_test(test_positions_in_scores),
        cmocka_unit_test(test_clipping),
        cmocka_unit_test(test_soft_cap),
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_activate_takes_the_right_kernel),
        cmocka_unit_test(test_argmax_takes_the_lowest_of_equals),
    };
    int n_failed = cmocka_run_group_tests(tests, NULL, NULL);
    for (enum hs_device_row row = 0; row < HS_N_DEVICES; row++) {
        const struct hs_device *device = hs__engine_device(row);
        kernels = device->kernels;
        print_message("---- %s%s\n", device->name, device->is_here() ? "" : ": not on this processor");
        if (device->is_here())
            n_failed += cmocka_run_group_tests_name(device->name, tests_of_a_level, NULL, NULL);
    }
    return n_failed;
}
