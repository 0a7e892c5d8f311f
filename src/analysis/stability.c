/*
 * stability: would other examples give the same order of heads? By split halves, and by how many
 * of the first K stay under the bootstrap.
 */
#include <math.h>

#include "analysis/stability.h"
#include "analysis/statistics.h"

/* The first K of which it is counted how many stay, by the field that tells. */
static const struct {
    hs_stability field;
    size_t k;
} tops[] = {{HS_STABILITY_TOP_5, 5}, {HS_STABILITY_TOP_10, 10}, {HS_STABILITY_TOP_20, 20}};

enum { FEWEST_RANKED = 3 };

typedef struct stability_scratch {
    double *a, *b;   /* [n] */
    double *ranks;   /* [2 n] */
    double *rhos;    /* [STABILITY_HALVES] */
    uint32_t *order; /* [n] */
    bool *first;     /* [n]: is among the observed first K */
} stability_scratch;

/* Spearman-Brown: the reliability of all examples from that of half of them. */
static double step_up(double rho)
{
    return rho > 0 ? 2 * rho / (1 + rho) : rho;
}

/*
 * Each half has half the examples, which understates the reliability of all of them: hence
 * step_up(). NaN, as of a half in which all heads tie, is left out of the mean.
 */
static void split_half(const stability_inputs *inputs, stability_scratch *s, double *row)
{
    const double tail = 0.5 * (1 - inputs->confidence);
    size_t n_rhos = 0;
    double sum = 0;

    for (size_t h = 0; h < STABILITY_HALVES; ++h) {
        for (size_t i = 0; i < inputs->n; ++i) {
            const double *halves = inputs->halves + (inputs->rows[i] * STABILITY_HALVES + h) * 2;
            s->a[i] = halves[0];
            s->b[i] = halves[1];
        }
        hs__analysis_restore_ties(s->a, inputs->n);
        hs__analysis_restore_ties(s->b, inputs->n);
        double rho = hs__analysis_spearman(s->a, s->b, inputs->n, s->order, s->ranks);
        if (isfinite(rho))
            s->rhos[n_rhos++] = step_up(rho);
    }
    for (size_t i = 0; i < n_rhos; ++i)
        sum += s->rhos[i];
    if (n_rhos == 0)
        return;
    row[HS_STABILITY_SPLIT_HALF] = sum / (double)n_rhos;
    row[HS_STABILITY_SPLIT_HALF_LOW] = hs__analysis_quantile_of(s->rhos, n_rhos, tail);
    row[HS_STABILITY_SPLIT_HALF_HIGH] = hs__analysis_quantile_of(s->rhos, n_rhos, 1 - tail);
}

/* Into `order` the components by absolute delta, largest first; `a` holds the deltas and is changed. */
static void order_by_size(stability_scratch *s, size_t n)
{
    for (size_t i = 0; i < n; ++i)
        s->a[i] = -fabs(s->a[i]);
    hs__analysis_restore_ties(s->a, n);
    hs__analysis_mid_ranks(s->a, n, s->order, s->ranks);
}

/*
 * Counts how many of the first k by all examples are among the first k of a resample; the order
 * among them does not matter.
 */
static double mean_staying(const stability_inputs *inputs, size_t k, stability_scratch *s)
{
    size_t n_stayed = 0;

    for (size_t i = 0; i < inputs->n; ++i) {
        s->a[i] = inputs->estimates[inputs->rows[i]];
        s->first[i] = false;
    }
    order_by_size(s, inputs->n);
    for (size_t i = 0; i < k; ++i)
        s->first[s->order[i]] = true;
    for (size_t b = 0; b < inputs->n_resamples; ++b) {
        for (size_t i = 0; i < inputs->n; ++i)
            s->a[i] = inputs->replicates[inputs->rows[i] * inputs->n_resamples + b];
        order_by_size(s, inputs->n);
        for (size_t i = 0; i < k; ++i)
            n_stayed += s->first[s->order[i]];
    }
    return (double)n_stayed / (double)inputs->n_resamples;
}

/* With few heads any K is most of them and any correlation a coincidence: such fields stay NaN. */
hs_status hs__analysis_stability_fill(const stability_inputs *inputs, double *row, hs_error *error)
{
    stability_scratch s = {0};
    hs_status status;

    for (size_t i = 0; i < HS_STABILITY_COUNT; ++i)
        row[i] = NAN;
    HS_GOTO_DONE(hs_allocate(&s.a, inputs->n, sizeof(double), "ranks", error));
    HS_GOTO_DONE(hs_allocate(&s.b, inputs->n, sizeof(double), "ranks", error));
    HS_GOTO_DONE(hs_allocate(&s.ranks, inputs->n, 2 * sizeof(double), "ranks", error));
    HS_GOTO_DONE(hs_allocate(&s.rhos, STABILITY_HALVES, sizeof(double), "ranks", error));
    HS_GOTO_DONE(hs_allocate(&s.order, inputs->n, sizeof(uint32_t), "ranks", error));
    HS_GOTO_DONE(hs_allocate(&s.first, inputs->n, sizeof(bool), "ranks", error));
    if (inputs->n >= FEWEST_RANKED)
        split_half(inputs, &s, row);
    for (size_t i = 0; i < sizeof tops / sizeof *tops; ++i)
        if (inputs->n >= 2 * tops[i].k && inputs->n_examples > 1)
            row[tops[i].field] = mean_staying(inputs, tops[i].k, &s);
done:
    hs_free(s.a);
    hs_free(s.b);
    hs_free(s.ranks);
    hs_free(s.rhos);
    hs_free(s.order);
    hs_free(s.first);
    return status;
}
