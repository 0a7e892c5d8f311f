/*
 * means: sums of z over reference sequences, by layer and position, in double; and the means that
 * come of them.
 */
#include "engine/workload.h"
#include "headsweep/engine.h"

#include <stdint.h>

size_t hs_engine_mean_sums_n_values(const hs_mean_sums *sums)
{
    return sums->n_layers * sums->n_positions * sums->n_columns;
}

hs_status hs_engine_mean_sums_init(hs_mean_sums *sums, const hs_model_shape *shape, size_t n_positions, hs_error *error)
{
    *sums = (hs_mean_sums){
        .n_layers = shape->n_layers,
        .n_columns = shape->n_heads * shape->head_dim,
        .n_positions = n_positions,
    };
    hs_status status = HS_OK;
    HS_GOTO_DONE(hs_allocate(&sums->sums, hs_engine_mean_sums_n_values(sums), sizeof(double), "sums of z", error));
    HS_GOTO_DONE(hs_allocate(&sums->counts, n_positions, sizeof(double), "counts of z", error));
done:
    if (status != HS_OK)
        hs_engine_mean_sums_clear(sums);
    return status;
}

void hs_engine_mean_sums_clear(hs_mean_sums *sums)
{
    hs_free(sums->sums);
    hs_free(sums->counts);
    *sums = (hs_mean_sums){0};
}

/* Positions from 0 on that were seen: those after the longest reference sequence have no mean. */
static size_t count_positions(const hs_mean_sums *sums)
{
    size_t n = 0;
    while (n < sums->n_positions && sums->counts[n] > 0)
        n++;
    return n;
}

static void divide_sums(hs_reference_means *means, const hs_mean_sums *sums, size_t layer, double n_rows)
{
    for (size_t column = 0; column < means->n_columns; column++) {
        double total = 0;
        for (size_t t = 0; t < means->n_positions; t++) {
            double sum = sums->sums[(layer * sums->n_positions + t) * sums->n_columns + column];
            total += sum;
            means->position_mean[(layer * means->n_positions + t) * means->n_columns + column] =
                (float)(sum / sums->counts[t]);
        }
        means->mean[layer * means->n_columns + column] = (float)(total / n_rows);
    }
}

/*
 * The mean over all positions is made from the sums by position, so that both come from the same
 * rows.
 */
hs_status hs_engine_reference_means_from_sums(const hs_mean_sums *sums, hs_reference_means *means_out, hs_error *error)
{
    *means_out = (hs_reference_means){
        .n_layers = sums->n_layers,
        .n_columns = sums->n_columns,
        .n_positions = count_positions(sums),
    };
    hs_status status = HS_OK;
    if (means_out->n_positions == 0)
        HS_GOTO_DONE(hs_fail(error, HS_ERROR_INPUT, "the reference set for mean ablation has no tokens"));
    HS_GOTO_DONE(hs_allocate(&means_out->mean, sums->n_layers * sums->n_columns, sizeof(float), "means of z", error));
    HS_GOTO_DONE(hs_allocate(&means_out->position_mean, sums->n_layers * means_out->n_positions * sums->n_columns,
                             sizeof(float), "means of z by position", error));
    double n_rows = 0;
    for (size_t t = 0; t < means_out->n_positions; t++)
        n_rows += sums->counts[t];
    for (size_t layer = 0; layer < sums->n_layers; layer++)
        divide_sums(means_out, sums, layer, n_rows);
done:
    if (status != HS_OK)
        hs_engine_reference_means_clear(means_out);
    return status;
}

void hs_engine_reference_means_clear(hs_reference_means *means)
{
    hs_free(means->mean);
    hs_free(means->position_mean);
    *means = (hs_reference_means){0};
}

/* Positions are counted once, in layer 0: every layer has the same rows. */
static hs_status add_z(void *context, const hs_observation *observation, hs_error *error)
{
    (void)error;
    hs_mean_sums *sums = context;
    const float *z = observation->values;
    for (size_t sequence = 0; sequence < observation->sequences->n; sequence++) {
        for (size_t t = 0; t < hs_sequence_length(observation->sequences, sequence); t++) {
            double *row = sums->sums + (observation->layer * sums->n_positions + t) * sums->n_columns;
            for (size_t column = 0; column < sums->n_columns; column++)
                row[column] += (double)z[column];
            z += sums->n_columns;
            sums->counts[t] += observation->layer == 0 ? 1.0 : 0.0;
        }
    }
    return HS_OK;
}

hs_status hs_engine_sum_z(hs_engine *engine, const hs_sequences *sequences, hs_mean_sums *sums, hs_error *error)
{
    size_t longest = hs__engine_sequences_longest(sequences);
    if (longest > sums->n_positions)
        return hs_fail(error, HS_ERROR_INPUT, "a reference sequence has %zu tokens, but the sums have %zu positions",
                       longest, sums->n_positions);
    hs_observer observer = {.sites = 1u << HS_SITE_Z, .context = sums, .observe = add_z};
    return hs_engine_observe(engine, sequences, NULL, &observer, error);
}
