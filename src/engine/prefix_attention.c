#include "engine/blas.h"
#include "engine/kernels.h"
#include "engine/prefix.h"
#include "engine/scratch.h"
#include "engine/state.h"

/* Queries of all nodes in one layer, and where z goes: node i has rows i * n_queries .. of both. */
struct attention {
    struct hs_prefix *prefix;
    struct hs_row_space space;
    size_t layer;
    size_t n_nodes;
    const float *queries;
    size_t query_stride;
    size_t n_queries;
    const uint32_t *visible; /* [n_queries] */
};

/* Queries first .. first + n of a node, all of one segment. */
struct query_block {
    size_t segment;
    size_t first;
    size_t n;
};

static size_t kv_width(const struct attention *attention)
{
    const hs_model_shape *shape = &attention->prefix->engine->model->shape;
    return shape->n_kv_heads * shape->head_dim;
}

/* Key of one KV head in a forest row of a node; its value lies `kv_width` behind. */
static struct hs_matrix key_rows(const struct attention *attention, size_t node, size_t row, size_t group)
{
    const struct hs_prefix *prefix = attention->prefix;
    const hs_model_shape *shape = &prefix->engine->model->shape;
    size_t z_width = shape->n_heads * shape->head_dim;
    size_t width = kv_width(attention);
    if (row < attention->space.first_row) {
        size_t first = attention->layer * prefix->forest.n_frozen + row;
        return (struct hs_matrix){prefix->frozen + first * 2 * width + group * shape->head_dim, 2 * width};
    }
    size_t stride = z_width + 2 * width;
    size_t own_row = node * attention->space.n_rows + row - attention->space.first_row;
    return (struct hs_matrix){prefix->buffers.heads + own_row * stride + z_width + group * shape->head_dim, stride};
}

/*
 * The rows that a block sees into prefix->buffers.runs: those of its own segment first, together with the ancestors
 * before them where these lie next to them.
 */
static size_t list_runs(const struct attention *attention, const struct query_block *block)
{
    const struct hs_forest *forest = &attention->prefix->forest;
    const struct hs_segment *segment = &forest->segments[block->segment];
    struct hs_run *runs = attention->prefix->buffers.runs;
    size_t n = hs_forest_ancestors(forest, block->segment, runs + 1);
    uint32_t n_own = attention->visible[block->first + block->n - 1] - segment->position;
    runs[0] = (struct hs_run){segment->first_row, n_own, segment->position};
    bool joins =
        n > 0 && runs[1].first_row + runs[1].n_rows == segment->first_row && segment->first_row != forest->n_frozen;
    if (!joins)
        return n + 1;
    runs[1].n_rows += n_own;
    for (size_t i = 0; i < n; i++)
        runs[i] = runs[i + 1];
    return n;
}

static size_t pad_keys(size_t n_keys)
{
    return (n_keys + HS_LANES - 1) / HS_LANES * HS_LANES;
}

static void attend(const struct attention *attention, const struct query_block *block, size_t n_runs, size_t node,
                   size_t head)
{
    const struct hs_prefix *prefix = attention->prefix;
    const hs_model_shape *shape = &prefix->engine->model->shape;
    const struct hs_run *runs = prefix->buffers.runs;
    size_t group = head / (shape->n_heads / shape->n_kv_heads);
    size_t z_width = shape->n_heads * shape->head_dim;
    size_t first = node * attention->n_queries + block->first;
    double scale = shape->attention_scale / (shape->scale_by_inverse_layer ? (double)(attention->layer + 1) : 1.0);
    size_t stride = pad_keys(attention->visible[block->first + block->n - 1]);
    float *pattern = prefix->buffers.pattern;
    struct hs_matrix queries = {attention->queries + first * attention->query_stride + head * shape->head_dim,
                                attention->query_stride};
    for (size_t i = 0; i < n_runs; i++)
        hs_matrix_product_transposed(pattern + runs[i].position, stride, queries,
                                     key_rows(attention, node, runs[i].first_row, group), block->n, runs[i].n_rows,
                                     shape->head_dim, (float)scale);
    hs_visible_softmax(pattern, stride, block->n, attention->visible + block->first);
    float *z = prefix->buffers.z + first * z_width + head * shape->head_dim;
    for (size_t i = 0; i < n_runs; i++) {
        struct hs_matrix weights = {pattern + runs[i].position, stride};
        struct hs_matrix values = key_rows(attention, node, runs[i].first_row, group);
        values.values += kv_width(attention);
        if (i == 0)
            hs_matrix_product(z, z_width, weights, values, block->n, shape->head_dim, runs[i].n_rows, 1.0f);
        else
            hs_matrix_accumulate(z, z_width, weights, values, block->n, shape->head_dim, runs[i].n_rows);
    }
}

static void attend_block(const struct attention *attention, const struct query_block *block)
{
    size_t n_heads = attention->prefix->engine->model->shape.n_heads;
    size_t n_runs = list_runs(attention, block);
    for (size_t node = 0; node < attention->n_nodes; node++)
        for (size_t head = 0; head < n_heads; head++)
            attend(attention, block, n_runs, node, head);
    hs__engine_poll(&attention->prefix->engine->options);
}

static void attend_segment(const struct attention *attention, size_t segment, size_t first, size_t n)
{
    for (size_t done = 0; done < n; done += HS_ATTENTION_ROWS) {
        struct query_block block = {segment, first + done, n - done < HS_ATTENTION_ROWS ? n - done : HS_ATTENTION_ROWS};
        attend_block(attention, &block);
    }
}

void hs_prefix_attention(struct hs_prefix *prefix, struct hs_row_space space, size_t layer, size_t n_nodes)
{
    const hs_model_shape *shape = &prefix->engine->model->shape;
    struct attention attention = {
        .prefix = prefix,
        .space = space,
        .layer = layer,
        .n_nodes = n_nodes,
        .queries = prefix->buffers.heads,
        .query_stride = (shape->n_heads + 2 * shape->n_kv_heads) * shape->head_dim,
        .n_queries = space.n_rows,
        .visible = prefix->forest.visible + space.first_row,
    };
    for (size_t i = space.first_segment; i < prefix->forest.n_segments; i++) {
        const struct hs_segment *segment = &prefix->forest.segments[i];
        attend_segment(&attention, i, segment->first_row - space.first_row, segment->n_rows);
    }
}

void hs_prefix_attention_scored(struct hs_prefix *prefix, struct hs_row_space space, size_t layer, size_t n_nodes)
{
    const hs_model_shape *shape = &prefix->engine->model->shape;
    struct attention attention = {
        .prefix = prefix,
        .space = space,
        .layer = layer,
        .n_nodes = n_nodes,
        .queries = prefix->buffers.queries,
        .query_stride = shape->n_heads * shape->head_dim,
        .n_queries = prefix->forest.n_scored,
        .visible = prefix->forest.scored_visible,
    };
    for (size_t i = space.first_segment; i < prefix->forest.n_segments; i++) {
        const struct hs_segment *segment = &prefix->forest.segments[i];
        attend_segment(&attention, i, segment->first_scored, segment->n_scored);
    }
}
