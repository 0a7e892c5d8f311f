#include "engine/state.h"
#include "engine/workload.h"
#include "headsweep/engine.h"

static double linear_flops(const hs_linear *linear)
{
    return linear->values == NULL ? 0.0 : 2.0 * (double)linear->n_in * (double)linear->n_out;
}

static double layer_flops(const hs_model_layer *layer)
{
    return linear_flops(&layer->query) + linear_flops(&layer->key) + linear_flops(&layer->value) +
           linear_flops(&layer->output) + linear_flops(&layer->mlp_gate) + linear_flops(&layer->mlp_up) +
           linear_flops(&layer->mlp_down);
}

/* Scores and weighted sums of the visible positions of one layer. */
static double attention_flops(const hs_model_shape *shape, const hs_sequences *sequences)
{
    double n_pairs = 0;
    for (size_t i = 0; i < sequences->n; i++) {
        double length = (double)hs_sequence_length(sequences, i);
        n_pairs += length * (length + 1) / 2;
    }
    return 4.0 * n_pairs * (double)(shape->n_heads * shape->head_dim);
}

/* Where there is no memory to count distinct rows, or nothing to count, every query counts as a row of its own. */
static double count_scored_rows(const hs_workload *workload)
{
    size_t n_rows = hs_sequences_n_rows(&workload->sequences);
    unsigned char *is_scored = NULL;
    hs_error ignored = {0};
    if (hs_allocate(&is_scored, n_rows, 1, "scored rows", &ignored) != HS_OK)
        return (double)(workload->n_queries < n_rows ? workload->n_queries : n_rows);
    size_t n_scored = 0;
    for (size_t i = 0; i < workload->n_queries; i++) {
        const hs_query *query = &workload->queries[i];
        size_t row = hs_sequence_first_row(&workload->sequences, query->sequence) + query->row;
        n_scored += is_scored[row] == 0;
        is_scored[row] = 1;
    }
    hs_free(is_scored);
    return (double)n_scored;
}

double hs_engine_flops(const hs_engine *engine, const hs_workload *workload)
{
    const hs_model *model = engine->model;
    double n_rows = (double)hs_sequences_n_rows(&workload->sequences);
    double flops = count_scored_rows(workload) * linear_flops(&model->unembedding);
    for (size_t i = 0; i < model->shape.n_layers; i++)
        flops += n_rows * layer_flops(&model->layers[i]) + attention_flops(&model->shape, &workload->sequences);
    return flops;
}
