/*
 * permutation: the paired test of a delta: under the null hypothesis each example's difference is
 * as likely to have the other sign. Exact where that can be had, random flips otherwise, and a
 * saddlepoint approximation for tails that the flips do not reach, so that p-values of strong
 * effects can be told apart.
 */
#include <float.h>
#include <math.h>

#include "analysis/statistics.h"
#include "headsweep/blas.h"

enum {
    FLIPS_A_WORD = 64,
    PANEL_WORDS = 4,      /* flips that are multiplied at once: 256 */
    TAIL_COUNT = 10,      /* fewer flips than this in the tail: the saddlepoint is the better estimate */
    MAX_EXACT_FLIPS = 30, /* differing examples whose flips may all be counted */
    MAX_NEWTON_STEPS = 100
};
/* Sums that miss the observed one by rounding in single precision count as reaching it. */
#define FLIP_TOLERANCE 1e-6

typedef struct flip_summary {
    double sum;     /* of the differences */
    double sizes;   /* sum of their absolute values */
    double largest; /* absolute value */
    double smallest;
    size_t n_differing;
} flip_summary;

static flip_summary summarise(const double *differences, size_t n)
{
    flip_summary s = {.smallest = HUGE_VAL};

    for (size_t i = 0; i < n; ++i) {
        double size = fabs(differences[i]);
        s.sum += differences[i];
        s.sizes += size;
        s.largest = size > s.largest ? size : s.largest;
        s.smallest = size > 0 && size < s.smallest ? size : s.smallest;
        s.n_differing += size > 0;
    }
    return s;
}

double hs__analysis_paired_effect(const double *differences, size_t n)
{
    double low = HUGE_VAL, high = -HUGE_VAL, squares = 0;

    for (size_t i = 0; i < n; ++i) {
        low = fmin(low, differences[i]);
        high = fmax(high, differences[i]);
    }
    if (n < 2 || hs__analysis_without_residue(high - low, fmax(fabs(low), fabs(high))) == 0)
        return NAN;
    const double mean = hs__analysis_mean_of_values(differences, n);
    for (size_t i = 0; i < n; ++i)
        squares += (differences[i] - mean) * (differences[i] - mean);
    return mean / sqrt(squares / (double)(n - 1));
}

/* Differences of one size: how many are positive is binomial(k, 1/2). */
static double binomial_p(const flip_summary *s)
{
    double k = (double)s->n_differing;
    double excess = fabs(s->sum) / s->largest; /* |positive - negative| */
    size_t n_few = (size_t)((k - excess) / 2 + 0.25);
    double p = 0;

    for (size_t i = 0; i <= n_few; ++i)
        p += exp(lgamma(k + 1) - lgamma((double)i + 1) - lgamma(k - (double)i + 1) - k * 0.69314718055994530942);
    return p > 0.5 ? 1.0 : 2 * p;
}

/* Every combination of signs in Gray code order: one sign changes at a time. */
static double enumerated_p(const double *differences, size_t n, const flip_summary *s)
{
    double differing[MAX_EXACT_FLIPS];
    size_t k = 0;
    double sum = s->sum;
    uint64_t reached = 1, n_flips = UINT64_C(1) << s->n_differing;

    for (size_t i = 0; i < n; ++i)
        if (differences[i] != 0)
            differing[k++] = differences[i];
    for (uint64_t flip = 1; flip < n_flips; ++flip) {
        size_t place = (size_t)__builtin_ctzll(flip);
        sum -= 2 * differing[place];
        differing[place] = -differing[place];
        reached += fabs(sum) >= fabs(s->sum) - 1e-12 * s->sizes;
    }
    return (double)reached / (double)n_flips;
}

/* Cumulant function of the flipped sum and its derivatives at t, with differences in units of the largest. */
static void cumulants(const double *differences, size_t n, double largest, double t, double k[3])
{
    k[0] = k[1] = k[2] = 0;
    for (size_t i = 0; i < n; ++i) {
        double d = fabs(differences[i]) / largest;
        double decay = exp(-2 * t * d); /* log cosh x = x + log((1 + exp(-2x)) / 2) */
        double slope = (1 - decay) / (1 + decay);
        k[0] += t * d + log1p(decay) - 0.69314718055994530942;
        k[1] += d * slope;
        k[2] += d * d * (1 - slope * slope);
    }
}

/* The t > 0 at which the tilted sum has mean `sum`: Newton's method kept inside a bracket. */
static double solve_saddlepoint(const double *differences, size_t n, double largest, double sum, double k[3])
{
    double low = 0, high = HUGE_VAL, t = 0;

    cumulants(differences, n, largest, 0, k);
    for (size_t step = 0; step < MAX_NEWTON_STEPS && fabs(k[1] - sum) > 1e-10 * sum; ++step) {
        if (k[1] < sum)
            low = t;
        else
            high = t;
        double next = t - (k[1] - sum) / k[2];
        if (!(next > low && next < high))
            next = isfinite(high) ? 0.5 * (low + high) : 2 * low + 1;
        t = next;
        cumulants(differences, n, largest, t, k);
    }
    return t;
}

double hs__analysis_sign_flip_saddlepoint(const double *differences, size_t n)
{
    flip_summary s = summarise(differences, n);
    double least = exp2(1.0 - (double)s.n_differing); /* all signs alike, on either side */
    double sum = fabs(s.sum) / s.largest, k[3];

    if (!(fabs(s.sum) < (1 - 1e-9) * s.sizes))
        return least;
    double t = solve_saddlepoint(differences, n, s.largest, sum, k);
    double r = sqrt(2 * (t * sum - k[0])), u = t * sqrt(k[2]);
    if (!(r > 1e-4)) /* the middle, where the formula is 0/0 */
        return 1.0;
    double p = 2 * (hs__analysis_normal_cdf(-r) + exp(-0.5 * r * r) * 0.39894228040143267794 * (1 / u - 1 / r));
    return p > least ? fmin(p, 1.0) : least;
}

hs_status hs__analysis_sign_flips_new(uint64_t key, size_t n_examples, size_t n_flips, sign_flips *flips_out,
                                      hs_error *error)
{
    sign_flips flips = {n_examples, (n_flips + FLIPS_A_WORD - 1) / FLIPS_A_WORD, NULL};

    HS_TRY(hs_allocate(&flips.words, flips.n_words, n_examples * sizeof *flips.words, "signs", error));
    for (size_t word = 0; word < flips.n_words; ++word)
        for (size_t example = 0; example < n_examples; ++example)
            flips.words[word * n_examples + example] = hs_random_u64(key, word, example);
    *flips_out = flips;
    return HS_OK;
}

void hs__analysis_sign_flips_clear(sign_flips *flips)
{
    hs_free(flips->words);
    *flips = (sign_flips){0};
}

/* Rows that need random flips, in units of their largest difference. */
typedef struct flip_rows {
    size_t n;
    size_t *row;    /* [n] in the caller's matrix */
    float *values;  /* [n, n_examples] */
    double *bounds; /* [n]: sums this far from 0 reach the observed one */
    uint64_t *reached;
    float *panel; /* [n_examples, PANEL_WORDS * FLIPS_A_WORD] */
    float *sums;  /* [n, PANEL_WORDS * FLIPS_A_WORD] */
} flip_rows;

static void flip_rows_clear(flip_rows *rows)
{
    hs_free(rows->row);
    hs_free(rows->values);
    hs_free(rows->bounds);
    hs_free(rows->reached);
    hs_free(rows->panel);
    hs_free(rows->sums);
}

/*
 * In single precision and in panels of flips, since the sums of all rows under all flips are one
 * matrix product.
 */
static hs_status flip_rows_init(flip_rows *rows, size_t n_rows, size_t n_examples, hs_error *error)
{
    const size_t n_columns = PANEL_WORDS * FLIPS_A_WORD;
    hs_status status;

    *rows = (flip_rows){0};
    HS_TRY(hs_blas_start(NULL, error));
    HS_GOTO_DONE(hs_allocate(&rows->row, n_rows, sizeof *rows->row, "sign flips", error));
    HS_GOTO_DONE(hs_allocate(&rows->values, n_rows, n_examples * sizeof *rows->values, "sign flips", error));
    HS_GOTO_DONE(hs_allocate(&rows->bounds, n_rows, sizeof *rows->bounds, "sign flips", error));
    HS_GOTO_DONE(hs_allocate(&rows->reached, n_rows, sizeof *rows->reached, "sign flips", error));
    HS_GOTO_DONE(hs_allocate(&rows->panel, n_examples, n_columns * sizeof *rows->panel, "sign flips", error));
    HS_GOTO_DONE(hs_allocate(&rows->sums, n_rows, n_columns * sizeof *rows->sums, "sign flips", error));
done:
    if (status != HS_OK)
        flip_rows_clear(rows);
    return status;
}

size_t hs__analysis_sign_flips_bytes(size_t n_examples, size_t n_flips, size_t n_rows)
{
    const flip_rows *rows = NULL;
    const size_t n_words = (n_flips + FLIPS_A_WORD - 1) / FLIPS_A_WORD, n_columns = PANEL_WORDS * FLIPS_A_WORD;
    const size_t a_row = sizeof *rows->row + n_examples * sizeof *rows->values + sizeof *rows->bounds +
                         sizeof *rows->reached + n_columns * sizeof *rows->sums;

    return n_examples * (n_words * sizeof(uint64_t) + n_columns * sizeof *rows->panel) + n_rows * a_row;
}

static void add_row(flip_rows *rows, size_t row, const double *differences, size_t n, const flip_summary *s)
{
    float *values = rows->values + rows->n * n;

    for (size_t i = 0; i < n; ++i)
        values[i] = (float)(differences[i] / s->largest);
    rows->row[rows->n] = row;
    rows->bounds[rows->n++] = (fabs(s->sum) - FLIP_TOLERANCE * s->sizes) / s->largest;
}

/* Columns: the flips of `n_words` words from `first` on, as factors 1 and -1. */
static void fill_panel(const sign_flips *flips, size_t first, size_t n_words, float *panel)
{
    for (size_t example = 0; example < flips->n_examples; ++example)
        for (size_t word = 0; word < n_words; ++word) {
            uint64_t bits = flips->words[(first + word) * flips->n_examples + example];
            for (size_t flip = 0; flip < FLIPS_A_WORD; ++flip)
                *panel++ = (float)(1 - 2 * (int)(bits >> flip & 1));
        }
}

/*
 * Panel by panel, so that the signs need never be expanded all at once. The product is of a shape
 * that depends on the block alone, which keeps the bits.
 */
static void count_flips(const sign_flips *flips, flip_rows *rows)
{
    for (size_t first = 0; rows->n > 0 && first < flips->n_words; first += PANEL_WORDS) {
        size_t n_words = flips->n_words - first < PANEL_WORDS ? flips->n_words - first : PANEL_WORDS;
        size_t n_columns = n_words * FLIPS_A_WORD;
        fill_panel(flips, first, n_words, rows->panel);
        hs_blas_product_f32(rows->sums, n_columns, (hs_blas_matrix){rows->values, flips->n_examples, false},
                            (hs_blas_matrix){rows->panel, n_columns, false},
                            (hs_blas_shape){rows->n, n_columns, flips->n_examples}, 1.0f, false);
        for (size_t i = 0; i < rows->n; ++i) {
            float bound = (float)rows->bounds[i];
            uint32_t reached = 0;
            for (size_t flip = 0; flip < n_columns; ++flip)
                reached += fabsf(rows->sums[i * n_columns + flip]) >= bound;
            rows->reached[i] += reached;
        }
    }
}

/*
 * From the cheapest exact way to the last resort: nothing differs, all differences of one size
 * (binomial), few enough for all flips, random flips. A count below TAIL_COUNT is too small to be
 * a p-value and gives way to the saddlepoint approximation (Lugannani and Rice 1980).
 */
hs_status hs__analysis_sign_flip_test(const sign_flips *flips, const double *differences, size_t n_rows, double *p,
                                      hs_error *error)
{
    const size_t n = flips->n_examples, n_flips = flips->n_words * FLIPS_A_WORD;
    flip_rows rows;

    HS_TRY(flip_rows_init(&rows, n_rows, n, error));
    for (size_t row = 0; row < n_rows; ++row) {
        flip_summary s = summarise(differences + row * n, n);
        if (!isfinite(s.sizes))
            p[row] = NAN;
        else if (s.n_differing == 0)
            p[row] = 1;
        else if (s.largest - s.smallest <= 1e-12 * s.largest)
            p[row] = binomial_p(&s);
        else if (s.n_differing < MAX_EXACT_FLIPS && UINT64_C(1) << s.n_differing <= n_flips)
            p[row] = enumerated_p(differences + row * n, n, &s);
        else
            add_row(&rows, row, differences + row * n, n, &s);
    }
    count_flips(flips, &rows);
    for (size_t i = 0; i < rows.n; ++i)
        p[rows.row[i]] = rows.reached[i] < TAIL_COUNT
                             ? hs__analysis_sign_flip_saddlepoint(differences + rows.row[i] * n, n)
                             : (double)(rows.reached[i] + 1) / (double)(n_flips + 1);
    flip_rows_clear(&rows);
    return HS_OK;
}
