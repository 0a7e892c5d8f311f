#include "engine/cost.h"
#include "engine/prefix.h"
#include "engine/state.h"

/*
 * Mirrors prefix_pass.c and prefix_tail.c: every matrix product there has its line here. Like the naive count, it takes
 * of a softmax's square only the half that is seen.
 */

/* Attention of one layer in n_rows rows, of which n_pairs are seen. */
static double attention_flops(const struct hs_prefix *prefix, size_t index, double n_rows, double n_pairs)
{
    const hs_model *model = prefix->engine->model;
    const hs_model_layer *layer = &model->layers[index];
    double n_scored = (double)prefix->forest.n_scored;
    bool last = index + 1 == model->shape.n_layers;
    double keys_and_values = hs_linear_flops(&layer->key) + hs_linear_flops(&layer->value);
    double rest = hs_linear_flops(&layer->query) + hs_linear_flops(&layer->output);
    if (last)
        return n_rows * keys_and_values + n_scored * rest +
               hs_pair_flops(&model->shape) * hs_forest_scored_pairs(&prefix->forest);
    return n_rows * (keys_and_values + rest) + hs_pair_flops(&model->shape) * n_pairs;
}

static double edit_flops(const struct hs_prefix *prefix, const struct hs_ablation_node *node)
{
    const hs_model_shape *shape = &prefix->engine->model->shape;
    bool last = node->layer + 1 == shape->n_layers;
    size_t n_rows = last ? prefix->forest.n_scored : hs_forest_n_live(&prefix->forest);
    size_t n_heads = 0;
    for (size_t head = 0; head < shape->n_heads; head++)
        n_heads += node->heads[head];
    return 2.0 * (double)n_rows * (double)(n_heads * shape->head_dim) * (double)shape->width;
}

static double tail_flops(const struct hs_prefix *prefix)
{
    const hs_model *model = prefix->engine->model;
    return (double)prefix->forest.n_scored *
           (hs_mlp_flops(&model->layers[model->shape.n_layers - 1]) + hs_head_flops(model));
}

static double node_flops(const struct hs_prefix *prefix, const struct hs_ablation_node *node, size_t stop_layer)
{
    const hs_model *model = prefix->engine->model;
    size_t n_layers = model->shape.n_layers;
    double n_rows = (double)hs_forest_n_live(&prefix->forest);
    double n_pairs = hs_forest_live_pairs(&prefix->forest);
    double flops = edit_flops(prefix, node);
    for (size_t layer = node->layer; layer <= stop_layer && layer < n_layers; layer++) {
        if (layer > node->layer)
            flops += attention_flops(prefix, layer, n_rows, n_pairs);
        if (layer < stop_layer && layer + 1 < n_layers)
            flops += n_rows * hs_mlp_flops(&model->layers[layer]);
    }
    return node->ablation == HS_NO_ABLATION ? flops : flops + tail_flops(prefix);
}

hs_status hs_prefix_count_batch(void *context, const struct hs_batch *batch, hs_error *error)
{
    (void)error;
    struct hs_prefix_cost *cost = context;
    for (size_t i = 0; i < batch->n_nodes; i++)
        cost->flops += node_flops(cost->prefix, &cost->prefix->tree.nodes[batch->nodes[i]], batch->stop_layer);
    return HS_OK;
}

double hs_prefix_root_flops(const struct hs_prefix *prefix)
{
    const hs_model *model = prefix->engine->model;
    const struct hs_forest *forest = &prefix->forest;
    double n_rows = (double)forest->n_rows;
    double n_pairs = 0;
    for (size_t row = 0; row < forest->n_rows; row++)
        n_pairs += (double)forest->visible[row];
    double flops = tail_flops(prefix);
    for (size_t layer = 0; layer < model->shape.n_layers; layer++) {
        flops += attention_flops(prefix, layer, n_rows, n_pairs);
        flops += layer + 1 < model->shape.n_layers ? n_rows * hs_mlp_flops(&model->layers[layer]) : 0.0;
    }
    return flops;
}
