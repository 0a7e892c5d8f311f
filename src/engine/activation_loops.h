/*
 * The loops of activations and of the soft cap, included by kernel_loops.h, whose exponential they use, and compiled
 * with it for each instruction set.
 */
static void exponentiate(float *values, size_t n)
{
    const struct exp_limits limits = exp_limits();
    for (size_t i = 0; i < n; i++)
        values[i] = exp_float(values[i], limits);
}

/*
 * erfc in single precision, 0 <= t <= 5.5: exp(t P(t)) with the coefficients of
 * tests/reference/make_erfc_polynomial.py, within 1e-7 of the truth and within 1e-4 of its size.
 */
static inline float erfc_float(float t, struct exp_limits limits)
{
    float series = 6.59313585e-8f;
    series = series * t - 1.88729588e-6f;
    series = series * t + 2.34678760e-5f;
    series = series * t - 1.65715865e-4f;
    series = series * t + 7.15799891e-4f;
    series = series * t - 1.73705797e-3f;
    series = series * t + 1.77057822e-4f;
    series = series * t + 1.91676053e-2f;
    series = series * t - 1.02788442e-1f;
    series = series * t - 6.36617109e-1f;
    series = series * t - 1.12837931f;
    return exp_of_not_positive(series * t, limits);
}

/* Where erfc is 1e-14; read as volatile for the same reason as the limits of exp. */
static const volatile float GELU_LIMIT = 7.75f;

/*
 * x/2 (1 + erf(x / sqrt 2)) = max(x, 0) - |x|/2 erfc(|x| / sqrt 2): accurate in the negative tail too. The second term
 * stays at what it is at the limit, too little to matter beyond.
 */
static void gelu(float *values, size_t n)
{
    const struct exp_limits limits = exp_limits();
    const float limit = GELU_LIMIT;
    for (size_t i = 0; i < n; i++) {
        float size = fabsf(values[i]);
        float limited = size < limit ? size : limit;
        float half = 0.5f * erfc_float(limited * 0.707106781186547524f, limits);
        values[i] = (0.5f * values[i] + 0.5f * size) - limited * half;
    }
}

/* (1 + tanh(u)) / 2 = 1 / (1 + exp(-2u)): one exponential and no tanh, and accurate in the negative tail. */
static void gelu_tanh(float *values, size_t n)
{
    const struct exp_limits limits = exp_limits();
    const float minus_twice = -2.0f * 0.797884560802865356f;
    for (size_t i = 0; i < n; i++) {
        float x = values[i];
        values[i] = x / (1.0f + exp_float(minus_twice * (x + 0.044715f * x * x * x), limits));
    }
}

static void silu(float *values, size_t n)
{
    const struct exp_limits limits = exp_limits();
    for (size_t i = 0; i < n; i++)
        values[i] = values[i] / (1.0f + exp_float(-values[i], limits));
}

/* Right to within 2.5e-7, not relatively so near 0: what reads it is a sum. */
static void hyperbolic_tangent(float *values, size_t n)
{
    const struct exp_limits limits = exp_limits();
    for (size_t i = 0; i < n; i++)
        values[i] = 1.0f - 2.0f / (1.0f + exp_float(2.0f * values[i], limits));
}

/*
 * cap tanh(x / cap). Near 0, where one minus the other above would be nothing but rounding, the series: its next term
 * is
 * 1e-8 of it at a quarter.
 */
static void soft_cap(float *values, float cap, size_t n)
{
    const struct exp_limits limits = exp_limits();
    for (size_t i = 0; i < n; i++) {
        float u = values[i] / cap;
        float square = u * u;
        float series = 62.0f / 2835;
        series = series * square - 17.0f / 315;
        series = series * square + 2.0f / 15;
        series = series * square - 1.0f / 3;
        series = series * square * u + u;
        float whole = 1.0f - 2.0f / (1.0f + exp_float(2.0f * u, limits));
        values[i] = cap * (square < 0.0625f ? series : whole);
    }
}

/* NaN stays NaN: a comparison the other way round would turn it into 0. */
static void relu(float *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        values[i] = values[i] < 0.0f ? 0.0f : values[i];
}

static void relu_squared(float *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float x = values[i] < 0.0f ? 0.0f : values[i];
        values[i] = x * x;
    }
}
