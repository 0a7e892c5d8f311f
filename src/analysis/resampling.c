/*
 * resampling: weights of examples under bootstrap resamples and split halves, and sums of values
 * under all of them as one matrix product. Weights depend on seed and example number alone.
 */
#include "analysis/statistics.h"
#include "headsweep/blas.h"

/* Examples whose weights are expanded at once: the panel stays in the cache of a core. */
enum { PANEL_EXAMPLES = 128 };

static hs_status allocate(size_t n_examples, size_t n_columns, double total, resampling *r, hs_error *error)
{
    *r = (resampling){.n_examples = n_examples, .n_columns = n_columns, .total = total};
    HS_TRY(hs_blas_start(NULL, error));
    HS_TRY(hs_allocate(&r->panel, n_columns, PANEL_EXAMPLES * sizeof *r->panel, "resampling weights", error));
    hs_status status =
        hs_allocate(&r->weights, n_examples, n_columns * sizeof *r->weights, "resampling weights", error);
    if (status != HS_OK)
        hs__analysis_resampling_clear(r);
    return status;
}

hs_status hs__analysis_resampling_bootstrap(uint64_t key, size_t n_examples, size_t n_columns,
                                            resampling *resampling_out, hs_error *error)
{
    resampling r;

    HS_TRY(allocate(n_examples, n_columns, (double)n_examples, &r, error));
    for (size_t column = 0; column < n_columns; ++column)
        for (size_t draw = 0; draw < n_examples; ++draw)
            ++r.weights[hs_random_below(key, column, draw, n_examples) * n_columns + column];
    *resampling_out = r;
    return HS_OK;
}

/*
 * Halves are pairs of columns of one permutation; of an odd number of examples one belongs to
 * neither, so that both halves are equally large.
 */
hs_status hs__analysis_resampling_halves(uint64_t key, size_t n_examples, size_t n_halves, resampling *resampling_out,
                                         hs_error *error)
{
    resampling r;
    uint32_t *order = NULL;
    const size_t half = n_examples / 2;

    HS_TRY(hs_allocate(&order, n_examples, sizeof *order, "order of examples", error));
    hs_status status = allocate(n_examples, 2 * n_halves, (double)half, &r, error);
    for (size_t h = 0; status == HS_OK && h < n_halves; ++h) {
        hs_random_permutation(key, h, n_examples, order);
        for (size_t i = 0; i < 2 * half; ++i)
            r.weights[order[i] * r.n_columns + 2 * h + (i < half ? 0 : 1)] = 1;
    }
    if (status == HS_OK)
        *resampling_out = r;
    hs_free(order);
    return status;
}

void hs__analysis_resampling_clear(resampling *r)
{
    hs_free(r->weights);
    hs_free(r->panel);
    *r = (resampling){0};
}

size_t hs__analysis_resampling_bytes(size_t n_examples, size_t n_columns)
{
    return n_columns * (n_examples * sizeof(uint8_t) + PANEL_EXAMPLES * sizeof(double));
}

void hs__analysis_resampling_sums(const resampling *r, const double *values, size_t n_rows, double *sums)
{
    for (size_t first = 0; first < r->n_examples; first += PANEL_EXAMPLES) {
        size_t n = r->n_examples - first < PANEL_EXAMPLES ? r->n_examples - first : PANEL_EXAMPLES;
        const uint8_t *weights = r->weights + first * r->n_columns;
        for (size_t i = 0; i < n * r->n_columns; ++i)
            r->panel[i] = (double)weights[i];
        hs_blas_product_f64(sums, values + first, r->n_examples, r->panel, (hs_blas_shape){n_rows, r->n_columns, n},
                            first > 0);
    }
}
