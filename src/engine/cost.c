/* cost: what the model costs as a naive loop would run it; walks count their own from the operations. */
#include "engine/cost.h"
#include "engine/attention.h"
#include "engine/output_head.h"
#include "engine/state.h"
#include "engine/workload.h"

#include <math.h>

/* Of a row that sees what is before it, and of the window's length at most. */
static double causal_pairs(double length, double window)
{
    double n_full = window > 0 && length > window ? length - window : 0;
    double n_rest = length - n_full;
    return n_full * window + n_rest * (n_rest + 1) / 2;
}

/* Scores and weighted sums of the visible positions of one layer. */
static double attention_flops(const hs_model *model, size_t layer, const hs_sequences *sequences)
{
    double n_pairs = 0;
    for (size_t i = 0; i < sequences->n; i++) {
        double length = (double)hs_sequence_length(sequences, i);
        n_pairs +=
            model->shape.bidirectional ? length * length : causal_pairs(length, (double)model->layers[layer].window);
    }
    return n_pairs * hs__engine_attend_flops(&model->shape);
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
    double flops = count_scored_rows(workload) * hs__engine_head_flops(model);
    flops += n_rows * hs__engine_embed_flops(model);
    for (size_t i = 0; i < model->shape.n_layers; i++)
        flops += n_rows * hs__engine_layer_flops(&model->layers[i]) + attention_flops(model, i, &workload->sequences);
    return flops;
}

double hs__engine_naive_flops(const hs_engine *engine, const hs_workload *workload)
{
    const hs_model *model = engine->model;
    double n_rows = (double)hs_sequences_n_rows(&workload->sequences);
    /* transformers labels all rows of a decoder and takes one. */
    bool classifies = model->shape.head == HS_HEAD_CLASSIFIER && model->shape.bidirectional;
    double flops = (classifies ? (double)workload->sequences.n : n_rows) * hs__engine_head_flops(model);
    flops += n_rows * hs__engine_embed_flops(model);
    for (size_t i = 0; i < model->shape.n_layers; i++)
        flops += n_rows * hs__engine_layer_flops(&model->layers[i]) + attention_flops(model, i, &workload->sequences);
    return flops;
}
