/*
 * The loops of all kernels. Not a header to be included where kernels are used: kernels_portable.c, kernels_avx2.c and
 * kernels_avx512.c compile it, each for its instruction set and into a table HS_KERNELS of its own.
 *
 * The order of every sum is written out, and no multiplication is fused with an addition (-ffp-contract=off), so the
 * versions differ in speed only, never in a bit.
 */
#include "engine/device.h"

#include <math.h>
#include <string.h>

static const float LOG2_E = 1.44269504088896341f;
/* ln 2 in two parts: n * LN2_HIGH is exact for |n| < 2^9. */
static const float LN2_HIGH = 0.693145751953125f;
static const float LN2_LOW = 1.42860682030941723e-6f;
/* Adding 1.5 * 2^23 rounds to an integer, which then stands in the lowest bits. */
static const float ROUNDER = 12582912.0f;

/*
 * Read as volatile, once a loop: the compiler must not know the limits, or it works out what follows for an x beyond
 * them, branches to the answer, and then cannot vectorise.
 */
struct exp_limits {
    float lowest;
    float highest;
};

static const volatile struct exp_limits EXP_LIMITS = {-80.0f, 80.0f};

static inline struct exp_limits exp_limits(void)
{
    return (struct exp_limits){EXP_LIMITS.lowest, EXP_LIMITS.highest};
}

/*
 * exp in single precision within 2 units in the last place for |x| <= 80. exp(x) = 2^n exp(r), |r| <= ln(2) / 2; the
 * series to r^7 leaves less than 6e-9. Has no branch, so that loops over it vectorise.
 */
static inline float exp_within_limits(float x)
{
    float shifted = x * LOG2_E + ROUNDER;
    float n = shifted - ROUNDER;
    float r = (x - n * LN2_HIGH) - n * LN2_LOW;
    float series = 1.0f / 5040;
    series = series * r + 1.0f / 720;
    series = series * r + 1.0f / 120;
    series = series * r + 1.0f / 24;
    series = series * r + 1.0f / 6;
    series = series * r + 0.5f;
    series = series * r * r + r + 1.0f;
    uint32_t bits = 0;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 127) << 23;
    float power = 0;
    memcpy(&power, &bits, sizeof power);
    return series * power;
}

/*
 * Beyond the limits the value at the nearer one: results that are subnormal, or become so when they are scaled, would
 * cost a hundred times as much.
 */
static inline float exp_float(float x, struct exp_limits limits)
{
    x = x < limits.lowest ? limits.lowest : x;
    return exp_within_limits(x > limits.highest ? limits.highest : x);
}

/* The same where x is not above 0: one operation less. */
static inline float exp_of_not_positive(float x, struct exp_limits limits)
{
    return exp_within_limits(x < limits.lowest ? limits.lowest : x);
}

static inline double sum_lanes(const double lanes[HS_LANES])
{
    return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

static inline double sum_values(const float *values, size_t n)
{
    double lanes[HS_LANES] = {0};
    size_t i = 0;
    for (; i + HS_LANES <= n; i += HS_LANES)
        for (size_t lane = 0; lane < HS_LANES; lane++)
            lanes[lane] += (double)values[i + lane];
    for (size_t lane = 0; i + lane < n; lane++)
        lanes[lane] += (double)values[i + lane];
    return sum_lanes(lanes);
}

/*
 * The rest is added lane by lane, as whole blocks are, so that a row's sum does not depend on
 * where blocks end.
 */
static inline double sum_squares(const float *values, double mean, size_t n)
{
    double lanes[HS_LANES] = {0};
    size_t i = 0;
    for (; i + HS_LANES <= n; i += HS_LANES) {
        for (size_t lane = 0; lane < HS_LANES; lane++) {
            double difference = (double)values[i + lane] - mean;
            lanes[lane] += difference * difference;
        }
    }
    for (size_t lane = 0; i + lane < n; lane++) {
        double difference = (double)values[i + lane] - mean;
        lanes[lane] += difference * difference;
    }
    return sum_lanes(lanes);
}

static inline void normalise_row(float *restrict out, const float *restrict in, const float *restrict weight,
                                 const float *restrict bias, double mean, size_t width, double epsilon)
{
    double inverse = 1.0 / sqrt(sum_squares(in, mean, width) / (double)width + epsilon);
    if (bias == NULL) {
        for (size_t i = 0; i < width; i++)
            out[i] = (float)(((double)in[i] - mean) * inverse) * weight[i];
    } else {
        for (size_t i = 0; i < width; i++)
            out[i] = (float)(((double)in[i] - mean) * inverse) * weight[i] + bias[i];
    }
}

static void layer_norm(float *out, const float *in, const float *weight, const float *bias, size_t n_rows, size_t width,
                       double epsilon)
{
    for (size_t row = 0; row < n_rows; row++) {
        const float *values = in + row * width;
        double mean = sum_values(values, width) / (double)width;
        normalise_row(out + row * width, values, weight, bias, mean, width, epsilon);
    }
}

static void rms_norm(float *out, const float *in, const float *weight, const float *bias, size_t n_rows, size_t width,
                     double epsilon)
{
    for (size_t row = 0; row < n_rows; row++)
        normalise_row(out + row * width, in + row * width, weight, bias, 0.0, width, epsilon);
}

static void rms_norm_rows(float *values, size_t stride, const float *restrict weight, size_t n_rows, size_t width,
                          double epsilon)
{
    for (size_t row = 0; row < n_rows; row++) {
        float *restrict in_place = values + row * stride;
        double inverse = 1.0 / sqrt(sum_squares(in_place, 0.0, width) / (double)width + epsilon);
        for (size_t i = 0; i < width; i++)
            in_place[i] = (float)((double)in_place[i] * inverse) * weight[i];
    }
}

static void layer_norm_rows(float *values, size_t stride, const float *restrict weight, const float *restrict bias,
                            size_t n_rows, size_t width, double epsilon)
{
    for (size_t row = 0; row < n_rows; row++) {
        float *restrict in_place = values + row * stride;
        double mean = sum_values(in_place, width) / (double)width;
        double inverse = 1.0 / sqrt(sum_squares(in_place, mean, width) / (double)width + epsilon);
        for (size_t i = 0; i < width; i++) {
            float value = (float)(((double)in_place[i] - mean) * inverse) * weight[i];
            in_place[i] = bias == NULL ? value : value + bias[i];
        }
    }
}

#include "engine/activation_loops.h"

/*
 * The bits of numbers, read as integers, are in the order of the numbers once those of negative ones are turned
 * round; doing that twice changes nothing. Compilers vectorise the search for the largest integer, not that for the
 * largest number, where the order would matter if one were not a number.
 */
static inline int32_t turn_negative(int32_t bits)
{
    return bits ^ (int32_t)((uint32_t)(bits >> 31) >> 1);
}

static float largest(const float *values, size_t n)
{
    int32_t best = INT32_MIN;
    for (size_t i = 0; i < n; i++) {
        int32_t bits = 0;
        memcpy(&bits, &values[i], sizeof bits);
        bits = turn_negative(bits);
        best = bits > best ? bits : best;
    }
    best = turn_negative(best);
    float maximum = 0;
    memcpy(&maximum, &best, sizeof maximum);
    return maximum;
}

static inline size_t round_up(size_t n)
{
    return (n + HS_LANES - 1) / HS_LANES * HS_LANES;
}

/*
 * What is masked joins in as exp(-80), which vanishes in the sum: whole registers are quicker than a loop for the
 * rest.
 */
static inline void softmax_row(float *values, size_t stride, struct hs_range visible, struct exp_limits limits)
{
    for (size_t i = 0; i < visible.first; i++)
        values[i] = -INFINITY;
    size_t n = round_up(visible.end);
    for (size_t i = visible.end; i < n; i++)
        values[i] = -INFINITY;
    float maximum = largest(values, n);
    for (size_t i = 0; i < n; i++)
        values[i] = exp_of_not_positive(values[i] - maximum, limits);
    float factor = (float)(1.0 / sum_values(values, n));
    for (size_t i = 0; i < n; i++)
        values[i] *= factor;
    for (size_t i = 0; i < visible.first; i++)
        values[i] = 0.0f;
    for (size_t i = visible.end; i < stride; i++)
        values[i] = 0.0f;
}

static void visible_softmax(float *scores, size_t stride, size_t n_rows, const struct hs_range *visible)
{
    const struct exp_limits limits = exp_limits();
    for (size_t row = 0; row < n_rows; row++)
        softmax_row(scores + row * stride, stride, visible[row], limits);
}

static double sum_exp(const float *values, float maximum, size_t n)
{
    enum { CHUNK = 64 };
    const struct exp_limits limits = exp_limits();
    float exponentials[CHUNK];
    double sum = 0;
    for (size_t first = 0; first < n; first += CHUNK) {
        size_t length = n - first < CHUNK ? n - first : CHUNK;
        for (size_t i = 0; i < length; i++)
            exponentials[i] = exp_of_not_positive(values[first + i] - maximum, limits);
        sum += sum_values(exponentials, length);
    }
    return sum;
}

static void copy_rows(float *restrict out, size_t out_stride, const float *restrict in, size_t in_stride, size_t n_rows,
                      size_t n_columns)
{
    if (out_stride == n_columns && in_stride == n_columns) {
        memcpy(out, in, n_rows * n_columns * sizeof *out);
        return;
    }
    for (size_t row = 0; row < n_rows; row++)
        memcpy(out + row * out_stride, in + row * in_stride, n_columns * sizeof *out);
}

static void add(float *restrict out, const float *restrict in, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] += in[i];
}

static void multiply(float *restrict out, const float *restrict in, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] *= in[i];
}

static void clip_rows(float *values, size_t stride, size_t n_rows, size_t width, float limit)
{
    for (size_t row = 0; row < n_rows; row++) {
        float *in_place = values + row * stride;
        for (size_t i = 0; i < width; i++) {
            in_place[i] = in_place[i] > limit ? limit : in_place[i];
            in_place[i] = in_place[i] < -limit ? -limit : in_place[i];
        }
    }
}

static void scale_and_shift(float *restrict out, float scale, const float *restrict shift, float shift_scale, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = scale == 0.0f ? 0.0f : scale * out[i];
    if (shift == NULL || shift_scale == 0.0f)
        return;
    for (size_t i = 0; i < n; i++)
        out[i] += shift_scale * shift[i];
}

static void rotate_heads(float *heads, const float *cosines, const float *sines, size_t n_heads, size_t head_dim,
                         size_t rotary_dim)
{
    size_t half = rotary_dim / 2;
    for (size_t head = 0; head < n_heads; head++) {
        float *restrict first = heads + head * head_dim;
        float *restrict second = first + half;
        for (size_t i = 0; i < half; i++) {
            float x = first[i];
            float y = second[i];
            first[i] = x * cosines[i] - y * sines[i];
            second[i] = y * cosines[i] + x * sines[i];
        }
    }
}

#include "engine/generate_loops.h"

static void add_distances(float *scores, float slope, float first, size_t n)
{
    for (size_t i = 0; i < n; i++)
        scores[i] += slope * (first + (float)(int32_t)i);
}

/* Ties to the even one. Of what is finite. */
static inline float round_to_bfloat16(float value)
{
    uint32_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    bits += 0x7fffu + (bits >> 16 & 1u);
    bits &= 0xffff0000u;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void add_rounded_positions(float *scores, float slope, float scale, float first, size_t n)
{
    for (size_t i = 0; i < n; i++)
        scores[i] += scale * round_to_bfloat16(slope * (first + (float)(int32_t)i));
}

const struct hs_kernels HS_KERNELS = {
    .layer_norm = layer_norm,
    .rms_norm = rms_norm,
    .rms_norm_rows = rms_norm_rows,
    .layer_norm_rows = layer_norm_rows,
    .exp = exponentiate,
    .gelu = gelu,
    .gelu_tanh = gelu_tanh,
    .silu = silu,
    .tanh = hyperbolic_tangent,
    .soft_cap = soft_cap,
    .relu = relu,
    .relu_squared = relu_squared,
    .visible_softmax = visible_softmax,
    .max = largest,
    .sum_exp = sum_exp,
    .copy_rows = copy_rows,
    .add = add,
    .multiply = multiply,
    .clip_rows = clip_rows,
    .scale_and_shift = scale_and_shift,
    .rotate_heads = rotate_heads,
    .add_distances = add_distances,
    .add_rounded_positions = add_rounded_positions,
    .score_row = score_row,
    .mix_row = mix_row,
    .divide = divide,
    .exp_below = exp_below,
    .grade = grade,
    .find_at_least = find_at_least,
    .find_integer = find_integer,
    .fill_noise = fill_noise,
};
