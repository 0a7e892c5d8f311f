/* The engine's kernels of every level that this processor runs have the same bits, and the best is in use; x W + b. */
#include "engine/device.h"
#include "engine/linear.h"
#include "support/kernel_values.h"
#include "support/valgrind.h"

#include <string.h>

enum { GENERATED = 4 * 64 + 4 * 20 };

/* The same of what only generating runs, on 64 numbers: what is found and graded ends up as numbers too. */
static void run_generation(const struct hs_kernels *level, float *out, const float *in)
{
    enum { N = 64 };
    const struct hs_head_row shape = {.n_heads = 4, .heads_per_group = 2, .head_dim = 13};
    uint32_t found[N], noise[4 * 20];
    int32_t grades[N];
    level->score_row(out, 3, in, in + 7, shape, 0.25f);
    level->mix_row(out + N, in, 2, in + 5, shape);
    level->exp_below(out + 2 * N, in, level->max(in, N), N);
    level->divide(out + 2 * N, 0.7f, N);
    level->grade(grades, in, level->max(in, N), 3.5f, 40, N);
    size_t n_found = level->find_at_least(found, N, in, 0.1f, N);
    for (size_t i = 0; i < N; i++)
        out[3 * N + i] = (float)grades[i] + (i < n_found ? 100 * (float)found[i] : 0);
    level->fill_noise(noise, 12345, 7, (const uint32_t[]){1, 2, 3}, 20);
    for (size_t i = 0; i < 4 * 20; i++)
        out[4 * N + i] = (float)noise[i] + (float)level->find_integer(noise, noise[i], 0, 4 * 20);
}

/* Everything that a level computes from the same numbers, one after the other. */
static void run_all(const struct hs_kernels *level, float *out, double *sum)
{
    enum { ROWS = 3, WIDTH = 77, STRIDE = 80 };
    const float cosines[] = {0.3f, -0.8f, 0.5f};
    const float sines[] = {0.9f, 0.6f, -0.8f};
    float *weight = random_floats(WIDTH, 2, 0.5, 1.5);
    float *in = random_floats(ROWS * STRIDE, 3, -9, 9);
    level->layer_norm(out, in, weight, weight, ROWS, WIDTH, 1e-5);
    level->rms_norm(out + ROWS * WIDTH, in, weight, NULL, ROWS, WIDTH, 1e-5);
    level->rms_norm_rows(out + ROWS * WIDTH, WIDTH, weight, ROWS - 1, WIDTH - 6, 1e-5);
    level->layer_norm_rows(out + 2, WIDTH, weight, weight, 2, WIDTH - 4, 1e-5);
    level->clip_rows(out + ROWS * WIDTH, WIDTH, ROWS, 9, 1.1f);
    level->soft_cap(out + ROWS * WIDTH, 0.9f, ROWS * WIDTH);
    void (*const activations[])(float *, size_t) = {level->exp,  level->gelu, level->gelu_tanh,
                                                    level->silu, level->relu, level->tanh};
    for (size_t i = 0; i < 6; i++) {
        float *values = out + (2 + i) * ROWS * STRIDE;
        memcpy(values, in, ROWS * STRIDE * sizeof *values);
        activations[i](values, ROWS * STRIDE);
    }
    float *scores = out + 8 * ROWS * STRIDE;
    memcpy(scores, in, ROWS * STRIDE * sizeof *scores);
    level->visible_softmax(scores, STRIDE, ROWS, (const struct hs_range[]){{0, 72}, {0, 73}, {5, 74}});
    level->rotate_heads(in, cosines, sines, 30, 8, 6);
    level->scale_and_shift(in, 0.7f, weight, -0.3f, WIDTH);
    level->add_distances(in, 0.7f, -50.0f, WIDTH);
    level->add_rounded_positions(in + WIDTH, 0.7f, 0.3f, 1000.0f, WIDTH);
    memcpy(out + 9 * ROWS * STRIDE, in, ROWS * STRIDE * sizeof *in);
    *sum = level->sum_exp(in, level->max(in, WIDTH), WIDTH);
    run_generation(level, out + 10 * ROWS * STRIDE, in);
    hs_free(weight);
    hs_free(in);
}

static void test_levels_have_the_same_bits(void **state)
{
    (void)state;
    enum { N = 10 * 3 * 80 + GENERATED };
    static float expected[N], actual[N];
    double expected_sum, actual_sum;
    run_all(hs__engine_device(HS_DEVICE_PORTABLE)->kernels, expected, &expected_sum);
    for (enum hs_device_row row = 0; row < HS_N_DEVICES; row++) {
        const struct hs_device *device = hs__engine_device(row);
        print_message("%s%s\n", device->name, device->is_here() ? "" : ": not on this processor");
        if (!device->is_here())
            continue;
        memset(actual, 0, sizeof actual); /* some add to what is there */
        run_all(device->kernels, actual, &actual_sum);
        assert_memory_equal(actual, expected, sizeof expected);
        assert_memory_equal(&actual_sum, &expected_sum, sizeof expected_sum);
    }
}

/* What the processor has, as Linux says it. */
static bool is_flag_of_processor(const char *flag)
{
    char word[64];
    bool found = false;
    FILE *file = fopen("/proc/cpuinfo", "r");
    while (file != NULL && !found && fscanf(file, "%63s", word) == 1)
        found = strcmp(word, flag) == 0;
    if (file != NULL)
        (void)fclose(file);
    return found;
}

static void test_the_best_level_is_in_use(void **state)
{
    (void)state;
    skip_under_valgrind();
    enum hs_device_row best = HS_DEVICE_PORTABLE;
#if defined(__x86_64__)
    best = is_flag_of_processor("avx2") ? HS_DEVICE_AVX2 : best;
    best = is_flag_of_processor("avx512f") ? HS_DEVICE_AVX512 : best;
#endif
    (void)is_flag_of_processor;
    print_message("in use: %s\n", hs__engine_device(best)->name);
    assert_ptr_equal(hs__engine_best_device(), hs__engine_device(best));
    for (enum hs_device_row row = 0; row < HS_N_DEVICES; row++)
        assert_int_equal(hs__engine_device(row)->is_here(), row <= best);
}

static void check_linear(bool transposed, bool with_bias)
{
    enum { ROWS = 5, IN = 7, OUT = 6, STRIDE = 9, Y_STRIDE = 8 };
    float *x = random_floats(ROWS * IN, 1, -1, 1);
    float *weights = random_floats(STRIDE * STRIDE, 2, -1, 1);
    float *bias = random_floats(OUT, 3, -1, 1);
    float *y = random_floats(ROWS * Y_STRIDE, 4, 5, 6);
    float *sum = random_floats(ROWS * OUT, 5, -1, 1);
    float *start = random_floats(ROWS * OUT, 5, -1, 1);
    hs_linear linear = {weights, with_bias ? bias : NULL, IN, OUT, STRIDE, transposed, 1};
    hs__engine_linear_apply(hs__engine_best_device(), y, Y_STRIDE, x, ROWS, &linear);
    hs__engine_linear_accumulate(hs__engine_best_device(), sum, x, ROWS, &linear);
    for (size_t row = 0; row < ROWS; row++) {
        for (size_t out = 0; out < OUT; out++) {
            double expected = with_bias ? (double)bias[out] : 0.0;
            for (size_t in = 0; in < IN; in++)
                expected +=
                    (double)x[row * IN + in] * (double)weights[transposed ? out * STRIDE + in : in * STRIDE + out];
            assert_near((double)y[row * Y_STRIDE + out], expected, 1e-6);
            assert_near((double)sum[row * OUT + out], expected + (double)start[row * OUT + out], 1e-6);
        }
        /* What lies between the rows is not touched. */
        for (size_t gap = OUT; gap < Y_STRIDE; gap++)
            assert_true(y[row * Y_STRIDE + gap] >= 5.0f);
    }
    hs_free(x);
    hs_free(weights);
    hs_free(bias);
    hs_free(y);
    hs_free(sum);
    hs_free(start);
}

static void test_linear(void **state)
{
    (void)state;
    check_linear(false, false);
    check_linear(false, true);
    check_linear(true, false);
    check_linear(true, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels_have_the_same_bits),
        cmocka_unit_test(test_the_best_level_is_in_use),
        cmocka_unit_test(test_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
