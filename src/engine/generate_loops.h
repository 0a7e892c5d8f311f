/*
 * The loops that only generating runs, included by kernel_loops.h and compiled with it for each instruction set.
 */

static inline float dot(const float *a, const float *b, size_t n)
{
    float lanes[HS_LANES] = {0};
    size_t i = 0;
    for (; i + HS_LANES <= n; i += HS_LANES)
        for (size_t lane = 0; lane < HS_LANES; lane++)
            lanes[lane] += a[i + lane] * b[i + lane];
    for (size_t lane = 0; i + lane < n; lane++)
        lanes[lane] += a[i + lane] * b[i + lane];
    return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

static void score_row(float *scores, size_t stride, const float *queries, const float *key, struct hs_head_row shape,
                      float scale)
{
    for (size_t head = 0; head < shape.n_heads; head++) {
        const float *group = key + head / shape.heads_per_group * shape.head_dim;
        scores[head * stride] = scale * dot(queries + head * shape.head_dim, group, shape.head_dim);
    }
}

static void mix_row(float *restrict z, const float *restrict weights, size_t stride, const float *restrict value,
                    struct hs_head_row shape)
{
    for (size_t head = 0; head < shape.n_heads; head++, z += shape.head_dim) {
        const float *group = value + head / shape.heads_per_group * shape.head_dim;
        float weight = weights[head * stride];
        for (size_t i = 0; i < shape.head_dim; i++)
            z[i] += weight * group[i];
    }
}

static void divide(float *values, float divisor, size_t n)
{
    for (size_t i = 0; i < n; i++)
        values[i] /= divisor;
}

static void exp_below(float *restrict out, const float *restrict values, float maximum, size_t n)
{
    const struct exp_limits limits = exp_limits();
    for (size_t i = 0; i < n; i++)
        out[i] = exp_of_not_positive(values[i] - maximum, limits);
}

static void grade(int32_t *restrict out, const float *restrict values, float maximum, float per_unit, int32_t last,
                  size_t n)
{
    const float limit = (float)last;
    for (size_t i = 0; i < n; i++) {
        float grade = (maximum - values[i]) * per_unit;
        out[i] = (int32_t)(grade < limit ? grade : limit);
    }
}

enum { SCANNED = 64 };

/* Scans of whole blocks without a branch: few of them have what is looked for. */
static inline bool has_at_least(const float *values, float least)
{
    int found = 0;
    for (size_t i = 0; i < SCANNED; i++)
        found |= values[i] >= least;
    return found != 0;
}

static size_t find_at_least(uint32_t *out, size_t limit, const float *values, float least, size_t n)
{
    size_t n_found = 0;
    for (size_t first = 0; first < n && n_found < limit; first += SCANNED) {
        size_t end = n - first < SCANNED ? n : first + SCANNED;
        if (end - first == SCANNED && !has_at_least(values + first, least))
            continue;
        for (size_t i = first; i < end && n_found < limit; i++) {
            out[n_found] = (uint32_t)i;
            n_found += values[i] >= least;
        }
    }
    return n_found;
}

static inline bool has_integer(const uint32_t *values, uint32_t least)
{
    int found = 0;
    for (size_t i = 0; i < SCANNED; i++)
        found |= values[i] >= least;
    return found != 0;
}

static size_t find_integer(const uint32_t *values, uint32_t least, size_t first, size_t n)
{
    while (first < n) {
        if (first % SCANNED == 0)
            while (n - first >= SCANNED && !has_integer(values + first, least))
                first += SCANNED;
        if (first >= n || values[first] >= least)
            return first;
        first++;
    }
    return n;
}

/* Constants of Philox4x32, as in src/base/random.c. */
static const uint32_t MULTIPLIER_0 = UINT32_C(0xD2511F53);
static const uint32_t MULTIPLIER_1 = UINT32_C(0xCD9E8D57);
static const uint32_t WEYL_0 = UINT32_C(0x9E3779B9);
static const uint32_t WEYL_1 = UINT32_C(0xBB67AE85);
enum { ROUNDS = 10, NOISE_LANES = 16 };

/* hs_random_philox for several counters side by side. */
static inline void fill_lanes(uint32_t c[4][NOISE_LANES], uint64_t key)
{
    uint32_t key_0 = (uint32_t)key;
    uint32_t key_1 = (uint32_t)(key >> 32);
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t lane = 0; lane < NOISE_LANES; lane++) {
            uint64_t product_0 = (uint64_t)MULTIPLIER_0 * c[0][lane];
            uint64_t product_1 = (uint64_t)MULTIPLIER_1 * c[2][lane];
            c[0][lane] = (uint32_t)(product_1 >> 32) ^ c[1][lane] ^ key_0;
            c[1][lane] = (uint32_t)product_1;
            c[2][lane] = (uint32_t)(product_0 >> 32) ^ c[3][lane] ^ key_1;
            c[3][lane] = (uint32_t)product_0;
        }
        key_0 += WEYL_0;
        key_1 += WEYL_1;
    }
}

/*
 * NOISE_LANES blocks of Philox side by side, in which every step is the same operation on all
 * lanes. What is beyond n_blocks is computed and not stored.
 */
static void fill_noise(uint32_t *noise, uint64_t key, uint32_t first_block, const uint32_t counter[3], size_t n_blocks)
{
    for (size_t first = 0; first < n_blocks; first += NOISE_LANES) {
        uint32_t c[4][NOISE_LANES];
        for (size_t lane = 0; lane < NOISE_LANES; lane++) {
            c[0][lane] = first_block + (uint32_t)(first + lane);
            c[1][lane] = counter[0];
            c[2][lane] = counter[1];
            c[3][lane] = counter[2];
        }
        fill_lanes(c, key);
        size_t n = n_blocks - first < NOISE_LANES ? n_blocks - first : NOISE_LANES;
        for (size_t lane = 0; lane < n; lane++)
            for (size_t word = 0; word < 4; word++)
                noise[(first + lane) * 4 + word] = c[word][lane];
    }
}
