/*
 * contrasts: the numbers that are combined of a set, its singles and the clean model, each with
 * its interval. A contrast is one function of four numbers, applied to the estimates, to each
 * bootstrap replicate and to each jackknife value alike: all terms come from the same resampled
 * examples, which keeps the noise that they share out of the interval.
 */
#include <math.h>

#include "analysis/contrasts.h"

/* Deltas of the set and of its singles, and the clean model's mean: estimates, or one replicate of each. */
typedef struct terms {
    double set;
    double first;
    double second;
    double clean;
} terms;

static double mean_of(terms t)
{
    return t.clean + t.set;
}

static double delta_of(terms t)
{
    return t.set;
}

static double interaction_of(terms t)
{
    return hs__analysis_without_residue(t.set - t.first - t.second, fabs(t.set) + fabs(t.first) + fabs(t.second));
}

static double given_first_of(terms t)
{
    return hs__analysis_without_residue(t.set - t.first, fabs(t.set) + fabs(t.first));
}

static double given_second_of(terms t)
{
    return hs__analysis_without_residue(t.set - t.second, fabs(t.set) + fabs(t.second));
}

/* If each head left its share of a share, the pair would leave the product of both. */
static double product_of(terms t)
{
    const double pair = t.clean + t.set, product = (t.clean + t.first) * (t.clean + t.second) / t.clean;

    return hs__analysis_without_residue(pair - product, fabs(pair) + fabs(product));
}

static const struct {
    double (*combine)(terms t);
    hs_statistic value, low, high;
    bool of_pairs;
    bool of_shares;
} contrasts[] = {
    {mean_of, HS_STATISTIC_MEAN, HS_STATISTIC_MEAN_LOW, HS_STATISTIC_MEAN_HIGH, false, false},
    {delta_of, HS_STATISTIC_DELTA, HS_STATISTIC_DELTA_LOW, HS_STATISTIC_DELTA_HIGH, false, false},
    {interaction_of, HS_STATISTIC_INTERACTION, HS_STATISTIC_INTERACTION_LOW, HS_STATISTIC_INTERACTION_HIGH, true,
     false},
    {given_first_of, HS_STATISTIC_GIVEN_FIRST, HS_STATISTIC_GIVEN_FIRST_LOW, HS_STATISTIC_GIVEN_FIRST_HIGH, true,
     false},
    {given_second_of, HS_STATISTIC_GIVEN_SECOND, HS_STATISTIC_GIVEN_SECOND_LOW, HS_STATISTIC_GIVEN_SECOND_HIGH, true,
     false},
    {product_of, HS_STATISTIC_PRODUCT, HS_STATISTIC_PRODUCT_LOW, HS_STATISTIC_PRODUCT_HIGH, true, true},
};

sample hs__analysis_sample_of(const samples *s, size_t row)
{
    return (sample){s->estimate[row], s->paired + row * s->n_examples, s->leave_one_out + row * s->n_examples,
                    s->replicates + row * s->n_resamples};
}

/*
 * The estimate is filled in where there is one, the interval only where two examples at least say
 * something of others. BCa (Efron 1987) takes its acceleration from the jackknife.
 */
void hs__analysis_contrasts_fill(const contrast_inputs *inputs, size_t n_examples, const hs_analysis_options *options,
                                 contrast_scratch *scratch, double *row)
{
    const sample *set = &inputs->set, *first = &inputs->first, *second = &inputs->second, *clean = &inputs->clean;

    for (size_t c = 0; c < sizeof contrasts / sizeof *contrasts; ++c) {
        if ((contrasts[c].of_pairs && !inputs->is_pair) || (contrasts[c].of_shares && !inputs->is_share))
            continue;
        double (*combine)(terms t) = contrasts[c].combine;
        double estimate = combine((terms){set->estimate, first->estimate, second->estimate, clean->estimate});
        row[contrasts[c].value] = estimate;
        /* One example alone says nothing of others. */
        if (!isfinite(estimate) || n_examples < 2 || options->resamples == 0)
            continue;
        for (size_t b = 0; b < options->resamples; ++b)
            scratch->replicates[b] =
                combine((terms){set->replicates[b], first->replicates[b], second->replicates[b], clean->replicates[b]});
        for (size_t i = 0; options->bca && i < n_examples; ++i)
            scratch->leave_one_out[i] = combine((terms){set->leave_one_out[i], first->leave_one_out[i],
                                                        second->leave_one_out[i], clean->leave_one_out[i]});
        double acceleration =
            options->bca ? hs__analysis_jackknife_acceleration(scratch->leave_one_out, n_examples) : 0;
        interval range = hs__analysis_bootstrap_interval(scratch->replicates, options->resamples, estimate,
                                                         acceleration, options->confidence, options->bca);
        row[contrasts[c].low] = range.low;
        row[contrasts[c].high] = range.high;
    }
}
