#include "engine/blas.h"
#include "engine/forward.h"
#include "engine/generate_prefix.h"
#include "engine/kernels.h"
#include "engine/prefix.h"
#include "engine/state.h"

#include <string.h>

/* One batch on its way through the layers. */
struct pass {
    struct hs_prefix *prefix;
    const hs_model_shape *shape;
    struct hs_row_space space;
    const struct hs_batch *batch; /* NULL: the clean pass, whose states are all kept */
    size_t n_nodes;               /* nodes that have started: the first so many */
};

void hs_prefix_poll(const struct hs_prefix *prefix)
{
    const hs_engine_options *options = &prefix->engine->options;
    if (options->poll != NULL)
        (void)options->poll(options->poll_context);
}

static const hs_model_layer *layer_at(const struct pass *pass, size_t layer)
{
    return &pass->prefix->engine->model->layers[layer];
}

static bool is_last(const struct pass *pass, size_t layer)
{
    return layer + 1 == pass->shape->n_layers;
}

static size_t z_width(const struct pass *pass)
{
    return pass->shape->n_heads * pass->shape->head_dim;
}

static size_t kv_width(const struct pass *pass)
{
    return pass->shape->n_kv_heads * pass->shape->head_dim;
}

/* ---- blocks of rows -------------------------------------------------------------------------------------------- */

static size_t block_length(const struct hs_prefix *prefix, size_t first, size_t n_rows)
{
    size_t block_rows = prefix->buffers.block_rows;
    return n_rows - first < block_rows ? n_rows - first : block_rows;
}

/* Queries, keys and values of residual [n_rows, width], or keys and values only, into the heads of the same rows. */
static void project_heads(const struct pass *pass, size_t layer, size_t n_rows, bool with_queries)
{
    struct hs_prefix_buffers *buffers = &pass->prefix->buffers;
    size_t stride = z_width(pass) + 2 * kv_width(pass);
    hs_linear products[3];
    size_t n_products = hs_list_head_products(products, layer_at(pass, layer), with_queries ? 0 : 1);
    for (size_t first = 0; first < n_rows; first += buffers->block_rows) {
        size_t n = block_length(pass->prefix, first, n_rows);
        float *out = buffers->heads + first * stride + (with_queries ? 0 : z_width(pass));
        const float *in = hs_read_residual(buffers->normed, buffers->residual + first * pass->shape->width,
                                           &layer_at(pass, layer)->attention_norm, n, pass->shape);
        for (size_t i = 0; i < n_products; i++) {
            hs_linear_apply(out, stride, in, n, &products[i]);
            out += products[i].n_out;
        }
        hs_prefix_poll(pass->prefix);
    }
}

static void project_scored_queries(const struct pass *pass, size_t layer, size_t n_rows)
{
    struct hs_prefix_buffers *buffers = &pass->prefix->buffers;
    for (size_t first = 0; first < n_rows; first += buffers->block_rows) {
        size_t n = block_length(pass->prefix, first, n_rows);
        const float *in = hs_read_residual(buffers->normed, buffers->scored + first * pass->shape->width,
                                           &layer_at(pass, layer)->attention_norm, n, pass->shape);
        hs_linear_apply(buffers->queries + first * z_width(pass), z_width(pass), in, n, &layer_at(pass, layer)->query);
    }
}

static void project_output(const struct pass *pass, size_t layer, float *residual, size_t n_rows)
{
    for (size_t first = 0; first < n_rows; first += pass->prefix->buffers.block_rows) {
        size_t n = block_length(pass->prefix, first, n_rows);
        hs_linear_accumulate(residual + first * pass->shape->width, pass->prefix->buffers.z + first * z_width(pass), n,
                             &layer_at(pass, layer)->output);
        hs_prefix_poll(pass->prefix);
    }
}

static struct pass clean_pass(struct hs_prefix *prefix)
{
    return (struct pass){
        .prefix = prefix,
        .shape = &prefix->engine->model->shape,
        .space = {0, prefix->forest.n_rows, 0},
        .n_nodes = 1,
    };
}

void hs_prefix_project_heads(struct hs_prefix *prefix, size_t layer, size_t n_rows)
{
    struct pass pass = clean_pass(prefix);
    project_heads(&pass, layer, n_rows, true);
}

void hs_prefix_project_output(struct hs_prefix *prefix, size_t layer, size_t n_rows)
{
    struct pass pass = clean_pass(prefix);
    project_output(&pass, layer, prefix->buffers.residual, n_rows);
}

void hs_prefix_mlp(struct hs_prefix *prefix, size_t index, float *residual, const float *in, size_t n_rows)
{
    const hs_model_shape *shape = &prefix->engine->model->shape;
    const hs_model_layer *layer = &prefix->engine->model->layers[index];
    struct hs_prefix_buffers *buffers = &prefix->buffers;
    for (size_t first = 0; first < n_rows; first += buffers->block_rows) {
        size_t n = block_length(prefix, first, n_rows);
        /* The residual that attention left is what is normed first either way. */
        const hs_norm *norm = shape->post_norm ? &layer->attention_norm : &layer->mlp_norm;
        hs_apply_norm(buffers->normed, in + first * shape->width, norm, n, shape);
        hs_linear_apply(buffers->hidden, shape->mlp_width, buffers->normed, n, &layer->mlp_up);
        hs_prefix_poll(prefix);
        if (shape->gated_mlp) {
            hs_linear_apply(buffers->gate, shape->mlp_width, buffers->normed, n, &layer->mlp_gate);
            hs_activate(buffers->gate, n * shape->mlp_width, shape->activation);
            hs_multiply(buffers->hidden, buffers->gate, n * shape->mlp_width);
        } else {
            hs_activate(buffers->hidden, n * shape->mlp_width, shape->activation);
        }
        if (shape->post_norm) {
            hs_linear_accumulate(buffers->normed, buffers->hidden, n, &layer->mlp_down);
            hs_apply_norm(residual + first * shape->width, buffers->normed, &layer->mlp_norm, n, shape);
        } else {
            hs_linear_accumulate(residual + first * shape->width, buffers->hidden, n, &layer->mlp_down);
        }
        hs_prefix_poll(prefix);
    }
}

/* ---- rotation -------------------------------------------------------------------------------------------------- */

static void rotate(const struct pass *pass, float *heads, size_t position, size_t n_heads)
{
    const struct hs_prefix_buffers *buffers = &pass->prefix->buffers;
    size_t n_angles = pass->shape->rotary_dim / 2;
    hs_rotate(heads, buffers->cosines + position * n_angles, buffers->sines + position * n_angles, n_heads,
              pass->shape->head_dim, pass->shape->rotary_dim);
}

/* Queries and keys lie side by side, so they rotate as one run of heads. */
static void rotate_heads(const struct pass *pass, bool with_queries)
{
    const struct hs_forest_row *rows = pass->prefix->forest.rows + pass->space.first_row;
    size_t stride = z_width(pass) + 2 * kv_width(pass);
    float *heads = pass->prefix->buffers.heads + (with_queries ? 0 : z_width(pass));
    size_t n_heads = pass->shape->n_kv_heads + (with_queries ? pass->shape->n_heads : 0);
    if (pass->shape->position != HS_POSITION_ROTARY)
        return;
    for (size_t node = 0; node < pass->n_nodes; node++)
        for (size_t row = 0; row < pass->space.n_rows; row++, heads += stride)
            rotate(pass, heads, rows[row].position, n_heads);
}

static void rotate_scored_queries(const struct pass *pass)
{
    const struct hs_forest *forest = &pass->prefix->forest;
    float *queries = pass->prefix->buffers.queries;
    if (pass->shape->position != HS_POSITION_ROTARY)
        return;
    for (size_t node = 0; node < pass->n_nodes; node++)
        for (size_t slot = 0; slot < forest->n_scored; slot++, queries += z_width(pass))
            rotate(pass, queries, forest->rows[forest->scored_rows[slot]].position, pass->shape->n_heads);
}

/* Keys and values of live rows, rotated already, for the rows that generation adds. */
static void cache_keys(const struct pass *pass, size_t layer)
{
    const struct hs_prefix *prefix = pass->prefix;
    size_t stride = z_width(pass) + 2 * kv_width(pass);
    for (size_t i = 0; prefix->cache != NULL && i < pass->n_nodes; i++) {
        size_t first = i * pass->space.n_rows + prefix->forest.n_frozen - pass->space.first_row;
        hs_prompt_cache_keep(prefix, pass->batch == NULL ? 0 : pass->batch->nodes[i], layer,
                             prefix->buffers.heads + first * stride + z_width(pass));
    }
}

/* ---- attention of a layer -------------------------------------------------------------------------------------- */

static void run_attention(struct pass *pass, size_t layer)
{
    struct hs_prefix_buffers *buffers = &pass->prefix->buffers;
    size_t n_rows = pass->n_nodes * pass->space.n_rows;
    project_heads(pass, layer, n_rows, true);
    rotate_heads(pass, true);
    cache_keys(pass, layer);
    hs_prefix_attention(pass->prefix, pass->space, layer, pass->n_nodes);
    if (pass->shape->parallel_residual)
        memcpy(buffers->before, buffers->residual, n_rows * pass->shape->width * sizeof(float));
    project_output(pass, layer, buffers->residual, n_rows);
}

static void gather_scored(const struct pass *pass)
{
    const struct hs_forest *forest = &pass->prefix->forest;
    struct hs_prefix_buffers *buffers = &pass->prefix->buffers;
    size_t width = pass->shape->width;
    float *out = buffers->scored;
    for (size_t node = 0; node < pass->n_nodes; node++) {
        const float *rows = buffers->residual + node * pass->space.n_rows * width;
        for (size_t slot = 0; slot < forest->n_scored; slot++, out += width)
            memcpy(out, rows + (forest->scored_rows[slot] - pass->space.first_row) * width, width * sizeof *out);
    }
}

/* In the last layer: keys and values of all rows, the rest of scored rows only. */
static void run_last_attention(struct pass *pass, size_t layer)
{
    struct hs_prefix_buffers *buffers = &pass->prefix->buffers;
    size_t n_scored = pass->n_nodes * pass->prefix->forest.n_scored;
    project_heads(pass, layer, pass->n_nodes * pass->space.n_rows, false);
    rotate_heads(pass, false);
    cache_keys(pass, layer);
    gather_scored(pass);
    project_scored_queries(pass, layer, n_scored);
    rotate_scored_queries(pass);
    hs_prefix_attention_scored(pass->prefix, pass->space, layer, pass->n_nodes);
    if (pass->shape->parallel_residual)
        memcpy(buffers->scored_before, buffers->scored, n_scored * pass->shape->width * sizeof(float));
    project_output(pass, layer, buffers->scored, n_scored);
}

/* ---- states that are kept -------------------------------------------------------------------------------------- */

static bool has_child_in(const struct hs_ablation_tree *tree, uint32_t node, size_t layer)
{
    uint32_t child = tree->nodes[node].first_child;
    while (child != 0 && tree->nodes[child].layer != layer)
        child = tree->nodes[child].next_sibling;
    return child != 0;
}

static void copy_rows(float *out, const float *in, size_t n_rows, size_t width)
{
    memcpy(out, in, n_rows * width * sizeof *out);
}

static void keep_values(const struct pass *pass, size_t level, size_t layer, size_t slot)
{
    const struct hs_prefix *prefix = pass->prefix;
    size_t stride = z_width(pass) + 2 * kv_width(pass);
    size_t first = slot * pass->space.n_rows + prefix->forest.n_frozen - pass->space.first_row;
    const float *in = prefix->buffers.heads + first * stride + z_width(pass) + kv_width(pass);
    float *out = hs_level_values(prefix, level, layer, slot);
    for (size_t row = prefix->forest.n_frozen; row < prefix->forest.n_rows; row++) {
        copy_rows(out, in, 1, kv_width(pass));
        out += kv_width(pass);
        in += stride;
    }
}

static void keep_state(const struct pass *pass, size_t level, size_t layer, size_t slot)
{
    const struct hs_prefix *prefix = pass->prefix;
    const struct hs_prefix_buffers *buffers = &prefix->buffers;
    const struct hs_level *kept = &prefix->levels[level];
    size_t width = pass->shape->width;
    bool last = is_last(pass, layer);
    size_t n_rows = last ? prefix->forest.n_scored : hs_forest_n_live(&prefix->forest);
    size_t first = last ? slot * n_rows : slot * pass->space.n_rows + prefix->forest.n_frozen - pass->space.first_row;
    copy_rows(hs_level_rows(prefix, kept->after, level, layer, slot, width),
              (last ? buffers->scored : buffers->residual) + first * width, n_rows, width);
    copy_rows(hs_level_rows(prefix, kept->z, level, layer, slot, z_width(pass)), buffers->z + first * z_width(pass),
              n_rows, z_width(pass));
    if (pass->shape->parallel_residual)
        copy_rows(hs_level_rows(prefix, kept->before, level, layer, slot, width),
                  (last ? buffers->scored_before : buffers->before) + first * width, n_rows, width);
    if (prefix->keeps_values)
        keep_values(pass, level, layer, slot);
}

static void keep_states(const struct pass *pass, size_t layer)
{
    for (size_t i = 0; pass->batch != NULL && i < pass->n_nodes; i++)
        if (has_child_in(&pass->prefix->tree, pass->batch->nodes[i], layer))
            keep_state(pass, pass->batch->level, layer, i);
}

/* ---- a batch --------------------------------------------------------------------------------------------------- */

static void start_nodes(struct pass *pass, size_t layer)
{
    struct hs_prefix *prefix = pass->prefix;
    struct hs_prefix_buffers *buffers = &prefix->buffers;
    bool last = is_last(pass, layer);
    size_t n_rows = last ? prefix->forest.n_scored : pass->space.n_rows;
    for (; pass->n_nodes < pass->batch->n_nodes; pass->n_nodes++) {
        const struct hs_ablation_node *node = &prefix->tree.nodes[pass->batch->nodes[pass->n_nodes]];
        size_t first = pass->n_nodes * n_rows * pass->shape->width;
        if (node->layer != layer)
            return;
        hs_prefix_start(prefix, node, (last ? buffers->scored : buffers->residual) + first,
                        (last ? buffers->scored_before : buffers->before) + first);
    }
}

static void run_mlp(const struct pass *pass, size_t layer)
{
    struct hs_prefix_buffers *buffers = &pass->prefix->buffers;
    const float *in = pass->shape->parallel_residual ? buffers->before : buffers->residual;
    hs_prefix_mlp(pass->prefix, layer, buffers->residual, in, pass->n_nodes * pass->space.n_rows);
}

static void finish_nodes(const struct pass *pass)
{
    struct hs_prefix *prefix = pass->prefix;
    size_t size = prefix->forest.n_scored * pass->shape->width;
    for (size_t i = 0; i < pass->n_nodes; i++) {
        uint32_t ablation = prefix->tree.nodes[pass->batch->nodes[i]].ablation;
        if (ablation != HS_NO_ABLATION && prefix->cache != NULL)
            hs_prompt_cache_finish(prefix, ablation, prefix->buffers.scored + i * size,
                                   prefix->buffers.scored_before + i * size);
        else if (ablation != HS_NO_ABLATION)
            hs_tail_add(prefix, prefix->buffers.scored + i * size, prefix->buffers.scored_before + i * size,
                        prefix->answers + ablation * prefix->workload->n_queries);
    }
}

void hs_prefix_run_batch(struct hs_prefix *prefix, const struct hs_batch *batch)
{
    const struct hs_forest *forest = &prefix->forest;
    struct pass pass = {
        .prefix = prefix,
        .shape = &prefix->engine->model->shape,
        .space = {forest->n_frozen, hs_forest_n_live(forest), forest->first_live_segment},
        .batch = batch,
    };
    for (size_t layer = batch->first_layer; layer <= batch->stop_layer && layer < pass.shape->n_layers; layer++) {
        if (pass.n_nodes > 0 && is_last(&pass, layer))
            run_last_attention(&pass, layer);
        else if (pass.n_nodes > 0)
            run_attention(&pass, layer);
        keep_states(&pass, layer);
        start_nodes(&pass, layer);
        if (layer < batch->stop_layer && !is_last(&pass, layer))
            run_mlp(&pass, layer);
    }
    if (batch->stop_layer == pass.shape->n_layers)
        finish_nodes(&pass);
}

/* ---- the clean pass -------------------------------------------------------------------------------------------- */

static void embed(const struct hs_prefix *prefix)
{
    const hs_model *model = prefix->engine->model;
    float *residual = prefix->buffers.residual;
    for (size_t i = 0; i < prefix->forest.n_rows; i++, residual += model->shape.width)
        hs_embed(residual, prefix->buffers.normed, model, prefix->forest.rows[i].token,
                 prefix->forest.rows[i].position);
}

static void keep_frozen(const struct pass *pass, size_t layer)
{
    struct hs_prefix *prefix = pass->prefix;
    size_t n_columns = 2 * kv_width(pass);
    size_t stride = z_width(pass) + n_columns;
    float *out = prefix->frozen + layer * prefix->forest.n_frozen * n_columns;
    for (size_t row = 0; row < prefix->forest.n_frozen; row++)
        copy_rows(out + row * n_columns, prefix->buffers.heads + row * stride + z_width(pass), 1, n_columns);
}

void hs_prefix_run_root(struct hs_prefix *prefix)
{
    struct pass pass = clean_pass(prefix);
    embed(prefix);
    for (size_t layer = 0; layer < pass.shape->n_layers; layer++) {
        if (is_last(&pass, layer))
            run_last_attention(&pass, layer);
        else
            run_attention(&pass, layer);
        keep_frozen(&pass, layer);
        keep_state(&pass, 0, layer, 0);
        if (!is_last(&pass, layer))
            run_mlp(&pass, layer);
    }
}
