/* prefix_pass: a batch of the tree's nodes on its way through the layers, as rows of one matrix; and the clean pass. */
#include "engine/generate_prefix.h"
#include "engine/prefix.h"
#include "engine/state.h"
#include "engine/workload.h"

/*
 * One batch on its way through the layers. Counting its cost is the same walk: a step that has matrix products adds up
 * what they cost and leaves it at that, and the steps between them do nothing. So the count cannot leave out a step.
 */
struct pass {
    struct hs_prefix *prefix;
    const hs_model_shape *shape;
    struct hs_row_space space;
    const struct hs_batch *batch; /* NULL: the clean pass, whose states are all kept */
    size_t n_nodes;               /* nodes that have started: the first so many */
    double *flops;                /* NULL: the steps are taken, not counted */
};

/* Whether the step is only counted. */
static bool counts(const struct pass *pass, double flops)
{
    if (pass->flops != NULL)
        *pass->flops += flops;
    return pass->flops != NULL;
}

static const hs_model *model_of(const struct pass *pass)
{
    return pass->prefix->engine->model;
}

static const struct hs_device *device_of(const struct pass *pass)
{
    return pass->prefix->engine->device;
}

static const struct hs_kernels *kernels_of(const struct pass *pass)
{
    return device_of(pass)->kernels;
}

static const hs_model_layer *layer_at(const struct pass *pass, size_t layer)
{
    return &model_of(pass)->layers[layer];
}

static bool is_last(const struct pass *pass, size_t layer)
{
    return layer + 1 == pass->shape->n_layers;
}

/* Rows that go through all of a layer: in the last one only those that are scored. */
static size_t n_rows_of(const struct pass *pass, size_t layer)
{
    return pass->n_nodes * (is_last(pass, layer) ? pass->prefix->forest.n_scored : pass->space.n_rows);
}

/* Heads of every row of every node. */
struct rotation {
    const struct pass *pass;
    size_t layer;
    float *heads;
    size_t n_heads;
};

static void rotate_rows(void *context, hs_share rows, size_t part)
{
    const struct rotation *rotation = context;
    const struct pass *pass = rotation->pass;
    const struct hs_forest_row *forest = pass->prefix->forest.rows + pass->space.first_row;
    (void)part;
    for (size_t row = rows.first; row < rows.end; row++)
        hs__engine_rotate(device_of(pass), rotation->heads + row * hs_heads_width(pass->shape), rotation->n_heads,
                          model_of(pass), rotation->layer, &pass->prefix->buffers.angles,
                          forest[row % pass->space.n_rows].position);
}

/* Queries and keys lie side by side, so they rotate as one run of heads. */
static void rotate_heads(const struct pass *pass, size_t layer, enum hs_head_parts parts)
{
    bool with_queries = parts != HS_KEY_VALUE;
    struct rotation rotation = {pass, layer, pass->prefix->buffers.heads + (with_queries ? 0 : hs_z_width(pass->shape)),
                                pass->shape->n_kv_heads + (with_queries ? pass->shape->n_heads : 0)};
    size_t n_rows = pass->shape->position == HS_POSITION_ROTARY ? pass->n_nodes * pass->space.n_rows : 0;
    hs__engine_share(device_of(pass), n_rows, 1, (double)n_rows * (double)(rotation.n_heads * pass->shape->head_dim),
                     rotate_rows, &rotation);
}

static void rotate_scored_queries(const struct pass *pass, size_t layer)
{
    const struct hs_forest *forest = &pass->prefix->forest;
    float *queries = pass->prefix->buffers.queries;
    for (size_t node = 0; node < pass->n_nodes; node++)
        for (size_t slot = 0; slot < forest->n_scored; slot++, queries += hs_z_width(pass->shape))
            hs__engine_rotate(device_of(pass), queries, pass->shape->n_heads, model_of(pass), layer,
                              &pass->prefix->buffers.angles, forest->rows[forest->scored_rows[slot]].position);
}

static hs_status project_heads(const struct pass *pass, size_t layer, enum hs_head_parts parts, hs_error *error)
{
    struct hs_prefix_buffers *buffers = &pass->prefix->buffers;
    size_t n_rows = pass->n_nodes * pass->space.n_rows;
    if (counts(pass, (double)n_rows * hs__engine_project_heads_flops(layer_at(pass, layer), parts)))
        return HS_OK;
    float *heads = buffers->heads + (parts == HS_KEY_VALUE ? hs_z_width(pass->shape) : 0);
    HS_TRY(hs__engine_project_heads(heads, hs_heads_width(pass->shape), buffers->residual, n_rows, model_of(pass),
                                    layer, parts, &buffers->work, error));
    rotate_heads(pass, layer, parts);
    return HS_OK;
}

static hs_status project_scored_queries(const struct pass *pass, size_t layer, hs_error *error)
{
    struct hs_prefix_buffers *buffers = &pass->prefix->buffers;
    size_t n_rows = n_rows_of(pass, layer);
    if (counts(pass, (double)n_rows * hs__engine_project_heads_flops(layer_at(pass, layer), HS_QUERY)))
        return HS_OK;
    HS_TRY(hs__engine_project_heads(buffers->queries, hs_z_width(pass->shape), buffers->scored, n_rows, model_of(pass),
                                    layer, HS_QUERY, &buffers->work, error));
    rotate_scored_queries(pass, layer);
    return HS_OK;
}

/* Keys and values of live rows, rotated already, for the rows that generation adds. */
static void cache_keys(const struct pass *pass, size_t layer)
{
    const struct hs_prefix *prefix = pass->prefix;
    size_t stride = hs_heads_width(pass->shape);
    bool keeps = prefix->cache != NULL && pass->flops == NULL;
    for (size_t i = 0; keeps && i < pass->n_nodes; i++) {
        size_t first = i * pass->space.n_rows + prefix->forest.n_frozen - pass->space.first_row;
        hs__engine_prompt_cache_keep(prefix, pass->batch == NULL ? 0 : pass->batch->nodes[i], layer,
                                     prefix->buffers.heads + first * stride + hs_z_width(pass->shape));
    }
}

/* Pairs of rows of which one sees the other. */
static double count_pairs(const struct pass *pass, size_t layer)
{
    const struct hs_forest *forest = &pass->prefix->forest;
    size_t window = pass->prefix->engine->model->layers[layer].window;
    double n_pairs = is_last(pass, layer) ? hs__engine_forest_scored_pairs(forest, window)
                                          : hs__engine_forest_pairs(forest, pass->space.first_row, window);
    return (double)pass->n_nodes * n_pairs;
}

static hs_status attend(const struct pass *pass, size_t layer, hs_error *error)
{
    if (pass->flops != NULL) {
        (void)counts(pass, count_pairs(pass, layer) * hs__engine_attend_flops(pass->shape));
        return HS_OK;
    }
    return is_last(pass, layer)
               ? hs__engine_prefix_attention_scored(pass->prefix, pass->space, layer, pass->n_nodes, error)
               : hs__engine_prefix_attention(pass->prefix, pass->space, layer, pass->n_nodes, error);
}

/* The residual before attention is kept where the rest of the layer needs it. */
static hs_status add_attention(const struct pass *pass, size_t layer, hs_error *error)
{
    struct hs_prefix_buffers *buffers = &pass->prefix->buffers;
    size_t n_rows = n_rows_of(pass, layer);
    if (counts(pass, (double)n_rows * hs__engine_add_attention_flops(layer_at(pass, layer))))
        return HS_OK;
    float *residual = is_last(pass, layer) ? buffers->scored : buffers->residual;
    if (hs_keeps_before(pass->shape))
        hs__engine_copy(device_of(pass), is_last(pass, layer) ? buffers->scored_before : buffers->before, residual,
                        n_rows * pass->shape->width);
    return hs__engine_add_attention(residual, buffers->z, n_rows, model_of(pass), layer, &buffers->work, error);
}

static void gather_scored(const struct pass *pass)
{
    const struct hs_forest *forest = &pass->prefix->forest;
    struct hs_prefix_buffers *buffers = &pass->prefix->buffers;
    size_t width = pass->shape->width;
    float *out = buffers->scored;
    for (size_t node = 0; pass->flops == NULL && node < pass->n_nodes; node++) {
        const float *rows = buffers->residual + node * pass->space.n_rows * width;
        for (size_t slot = 0; slot < forest->n_scored; slot++, out += width)
            hs_copy_floats(kernels_of(pass), out, rows + (forest->scored_rows[slot] - pass->space.first_row) * width,
                           width);
    }
}

/* In the last layer: keys and values of all rows, the rest of scored rows only. */
static hs_status run_attention(const struct pass *pass, size_t layer, hs_error *error)
{
    HS_TRY(project_heads(pass, layer, is_last(pass, layer) ? HS_KEY_VALUE : HS_QUERY_KEY_VALUE, error));
    cache_keys(pass, layer);
    if (is_last(pass, layer)) {
        gather_scored(pass);
        HS_TRY(project_scored_queries(pass, layer, error));
    }
    HS_TRY(attend(pass, layer, error));
    return add_attention(pass, layer, error);
}

/* Whose place the state has; 0: no child starts there. */
static uint32_t child_in(const struct hs_ablation_tree *tree, uint32_t node, size_t layer)
{
    uint32_t child = tree->nodes[node].first_child;
    while (child != 0 && tree->nodes[child].edge.layer != layer)
        child = tree->nodes[child].next_sibling;
    return child;
}

static void keep_values(const struct pass *pass, size_t level, size_t layer, size_t slot, size_t place)
{
    const struct hs_prefix *prefix = pass->prefix;
    size_t stride = hs_heads_width(pass->shape);
    size_t first = slot * pass->space.n_rows + prefix->forest.n_frozen - pass->space.first_row;
    const float *in = prefix->buffers.heads + first * stride + hs_z_width(pass->shape) + hs_kv_width(pass->shape);
    kernels_of(pass)->copy_rows(hs__engine_level_values(prefix, level, layer, place), hs_kv_width(pass->shape), in,
                                stride, hs_forest_n_live(&prefix->forest), hs_kv_width(pass->shape));
}

/* Of the node in that slot of the batch. */
static void keep_state(const struct pass *pass, size_t level, size_t layer, size_t slot, size_t place)
{
    const struct hs_prefix *prefix = pass->prefix;
    const struct hs_prefix_buffers *buffers = &prefix->buffers;
    const struct hs_level *kept = &prefix->levels[level];
    size_t width = pass->shape->width;
    bool last = is_last(pass, layer);
    size_t n_rows = last ? prefix->forest.n_scored : hs_forest_n_live(&prefix->forest);
    size_t first = last ? slot * n_rows : slot * pass->space.n_rows + prefix->forest.n_frozen - pass->space.first_row;
    hs_copy_floats(kernels_of(pass), hs__engine_level_rows(prefix, kept->after, level, layer, place, width),
                   (last ? buffers->scored : buffers->residual) + first * width, n_rows * width);
    hs_copy_floats(kernels_of(pass),
                   hs__engine_level_rows(prefix, kept->z, level, layer, place, hs_z_width(pass->shape)),
                   buffers->z + first * hs_z_width(pass->shape), n_rows * hs_z_width(pass->shape));
    if (hs_keeps_before(pass->shape))
        hs_copy_floats(kernels_of(pass), hs__engine_level_rows(prefix, kept->before, level, layer, place, width),
                       (last ? buffers->scored_before : buffers->before) + first * width, n_rows * width);
    if (prefix->keeps_values)
        keep_values(pass, level, layer, slot, place);
}

struct kept_layer {
    const struct pass *pass;
    size_t layer;
};

static void keep_nodes(void *context, hs_share nodes, size_t part)
{
    const struct kept_layer *kept = context;
    const struct hs_ablation_tree *tree = &kept->pass->prefix->tree;
    const struct hs_batch *batch = kept->pass->batch;
    (void)part;
    for (size_t i = nodes.first; i < nodes.end; i++) {
        const uint32_t child = child_in(tree, batch->nodes[i], kept->layer);
        if (child != 0)
            keep_state(kept->pass, batch->level, kept->layer, i, tree->nodes[child].place);
    }
}

static void keep_states(const struct pass *pass, size_t layer)
{
    struct kept_layer kept = {pass, layer};
    size_t n_floats = n_rows_of(pass, layer) * (pass->shape->width + hs_z_width(pass->shape));
    if (pass->flops == NULL)
        hs__engine_share(device_of(pass), pass->n_nodes, 1, (double)n_floats, keep_nodes, &kept);
}

/*
 * Nodes of a batch are sorted by layer, so that those which begin later join at their layer as
 * further rows of the stack.
 */
static hs_status start_nodes(struct pass *pass, size_t layer, hs_error *error)
{
    struct hs_prefix *prefix = pass->prefix;
    struct hs_prefix_buffers *buffers = &prefix->buffers;
    bool last = is_last(pass, layer);
    size_t n_rows = last ? prefix->forest.n_scored : pass->space.n_rows;
    for (; pass->n_nodes < pass->batch->n_nodes; pass->n_nodes++) {
        const struct hs_ablation_node *node = &prefix->tree.nodes[pass->batch->nodes[pass->n_nodes]];
        size_t first = pass->n_nodes * n_rows * pass->shape->width;
        if (node->edge.layer != layer)
            return HS_OK;
        if (counts(pass, hs__engine_prefix_start_flops(prefix, node)))
            continue;
        HS_TRY(hs__engine_prefix_start(prefix, node, (last ? buffers->scored : buffers->residual) + first,
                                       (last ? buffers->scored_before : buffers->before) + first, error));
    }
    return HS_OK;
}

static hs_status run_mlp(const struct pass *pass, size_t layer, hs_error *error)
{
    struct hs_prefix_buffers *buffers = &pass->prefix->buffers;
    size_t n_rows = n_rows_of(pass, layer);
    if (counts(pass, (double)n_rows * hs__engine_mlp_flops(layer_at(pass, layer))))
        return HS_OK;
    return hs__engine_finish_layer(buffers->residual, buffers->before, n_rows, model_of(pass), layer, &buffers->work,
                                   error);
}

static hs_status finish_node(const struct pass *pass, size_t i, const struct hs_ablation_node *node, hs_error *error)
{
    struct hs_prefix *prefix = pass->prefix;
    size_t first = i * prefix->forest.n_scored * pass->shape->width;
    if (counts(pass, hs__engine_tail_flops(prefix)))
        return HS_OK;
    if (prefix->cache == NULL)
        return hs__engine_tail_add(prefix, pass->batch->nodes[i], prefix->buffers.scored + first,
                                   prefix->buffers.scored_before + first, hs__engine_prefix_answers(prefix, node),
                                   error);
    hs__engine_prompt_cache_finish(prefix, node->ablation, prefix->buffers.scored + first,
                                   prefix->buffers.scored_before + first);
    return HS_OK;
}

static hs_status finish_nodes(const struct pass *pass, hs_error *error)
{
    for (size_t i = 0; i < pass->n_nodes; i++) {
        const struct hs_ablation_node *node = &pass->prefix->tree.nodes[pass->batch->nodes[i]];
        if (node->ablation != HS_NO_ABLATION)
            HS_TRY(finish_node(pass, i, node, error));
    }
    return HS_OK;
}

/*
 * Within a layer: attention of the nodes that run, states kept for their children, nodes that
 * begin here, then the MLP of all. The walk stops in the layer of the batch's last child where
 * nobody needs the end.
 */
static hs_status walk_batch(struct hs_prefix *prefix, const struct hs_batch *batch, double *flops, hs_error *error)
{
    const struct hs_forest *forest = &prefix->forest;
    struct pass pass = {
        .prefix = prefix,
        .shape = &prefix->engine->model->shape,
        .space = {forest->n_frozen, hs_forest_n_live(forest), forest->first_live_segment},
        .batch = batch,
        .flops = flops,
    };
    for (size_t layer = batch->first_layer; layer <= batch->stop_layer && layer < pass.shape->n_layers; layer++) {
        if (pass.n_nodes > 0)
            HS_TRY(run_attention(&pass, layer, error));
        keep_states(&pass, layer);
        HS_TRY(start_nodes(&pass, layer, error));
        if (layer < batch->stop_layer && !is_last(&pass, layer))
            HS_TRY(run_mlp(&pass, layer, error));
    }
    return batch->stop_layer == pass.shape->n_layers ? finish_nodes(&pass, error) : HS_OK;
}

hs_status hs__engine_prefix_run_batch(struct hs_prefix *prefix, const struct hs_batch *batch, hs_error *error)
{
    const struct hs_state_count states = {batch->n_states, batch->n_last};
    HS_TRY(hs__engine_prefix_reserve_states(prefix, batch->level, states, error));
    return walk_batch(prefix, batch, NULL, error);
}

double hs__engine_count_batch(struct hs_prefix *prefix, const struct hs_batch *batch)
{
    double flops = 0;
    (void)walk_batch(prefix, batch, &flops, NULL); /* nothing runs, and nothing can fail */
    return flops;
}

static void embed(const struct hs_prefix *prefix)
{
    const hs_model *model = prefix->engine->model;
    float *residual = prefix->buffers.residual;
    size_t n_counted = 0;
    for (size_t i = 0; i < prefix->forest.n_rows; i++, residual += model->shape.width) {
        const struct hs_forest_row *row = &prefix->forest.rows[i];
        int32_t type = hs_token_type(&prefix->workload->sequences, row->sequence, row->position);
        /* Padding is an encoder's, whose sequences are chains: only there are the ancestors the rows just before. */
        if (row->position == 0 || !model->shape.bidirectional)
            n_counted = row->position;
        hs__engine_embed(residual, model, row->token, type,
                         hs__engine_position_row(&model->shape, row->token, &n_counted), &prefix->buffers.work);
    }
}

static void keep_frozen(const struct pass *pass, size_t layer)
{
    struct hs_prefix *prefix = pass->prefix;
    size_t n_columns = 2 * hs_kv_width(pass->shape);
    size_t stride = hs_z_width(pass->shape) + n_columns;
    kernels_of(pass)->copy_rows(prefix->frozen + layer * prefix->forest.n_frozen * n_columns, n_columns,
                                prefix->buffers.heads + hs_z_width(pass->shape), stride, prefix->forest.n_frozen,
                                n_columns);
}

/* The clean model's states are all kept: any head may be ablated. */
static void keep_clean(const struct pass *pass, size_t layer)
{
    if (pass->flops != NULL)
        return;
    keep_frozen(pass, layer);
    keep_state(pass, 0, layer, 0, is_last(pass, layer) ? 0 : layer);
}

/*
 * The clean pass is a batch of one node that has all rows, frozen ones too, and keeps everything.
 */
static hs_status walk_root(struct hs_prefix *prefix, double *flops, hs_error *error)
{
    struct pass pass = {
        .prefix = prefix,
        .shape = &prefix->engine->model->shape,
        .space = {0, prefix->forest.n_rows, 0},
        .n_nodes = 1,
        .flops = flops,
    };
    for (size_t layer = 0; layer < pass.shape->n_layers; layer++) {
        HS_TRY(run_attention(&pass, layer, error));
        keep_clean(&pass, layer);
        if (!is_last(&pass, layer))
            HS_TRY(run_mlp(&pass, layer, error));
    }
    return HS_OK;
}

hs_status hs__engine_prefix_run_root(struct hs_prefix *prefix, hs_error *error)
{
    embed(prefix);
    return walk_root(prefix, NULL, error);
}

double hs__engine_count_root(struct hs_prefix *prefix)
{
    double flops = hs__engine_tail_flops(prefix);
    flops += (double)prefix->forest.n_rows * hs__engine_embed_flops(prefix->engine->model);
    (void)walk_root(prefix, &flops, NULL);
    return flops;
}
