/*
 * prefix_attention: attention of the rows of all nodes of a batch. Frozen rows have keys of the
 * clean model alone, live ones of each node.
 */
#include "engine/attention.h"
#include "engine/prefix.h"
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

/* A run of forest rows as a node has them: frozen ones are the clean model's. */
static struct hs_key_run key_run(const struct attention *attention, const struct hs_run *run, size_t node)
{
    const struct hs_prefix *prefix = attention->prefix;
    const hs_model_shape *shape = &prefix->engine->model->shape;
    struct hs_key_run keys = {.n_rows = run->n_rows, .column = run->position};
    if (run->first_row < attention->space.first_row) {
        keys.stride = 2 * hs_kv_width(shape);
        keys.keys = prefix->frozen + (attention->layer * prefix->forest.n_frozen + run->first_row) * keys.stride;
    } else {
        size_t own_row = node * attention->space.n_rows + run->first_row - attention->space.first_row;
        keys.stride = hs_heads_width(shape);
        keys.keys = prefix->buffers.heads + own_row * keys.stride + hs_z_width(shape);
    }
    return keys;
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
    size_t n = hs__engine_forest_ancestors(forest, block->segment, runs + 1);
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

/* A block of queries in all nodes: an item for each node and head. */
struct block_loop {
    const struct attention *attention;
    const struct query_block *block;
    size_t n_runs;
};

/* The heads of one node, with the keys and the pattern of the part that computes them. */
static void attend(const struct block_loop *loop, size_t node, hs_share node_heads, size_t part)
{
    const struct attention *attention = loop->attention;
    const struct query_block *block = loop->block;
    const struct hs_prefix *prefix = attention->prefix;
    const struct hs_prefix_buffers *buffers = &prefix->buffers;
    const hs_model_shape *shape = &prefix->engine->model->shape;
    size_t first = node * attention->n_queries + block->first;
    struct hs_key_run *keys = buffers->keys + part * prefix->forest.deepest;
    for (size_t i = 0; i < loop->n_runs; i++)
        keys[i] = key_run(attention, &buffers->runs[i], node);
    struct hs_attention heads = {
        .device = prefix->engine->device,
        .shape = shape,
        .layer = attention->layer,
        .first_head = node_heads.first,
        .n_heads = 1,
        .queries = attention->queries + first * attention->query_stride,
        .query_stride = attention->query_stride,
        .z = buffers->z + first * hs_z_width(shape),
        .n_rows = block->n,
        .n_visible = attention->visible + block->first,
        .window = attention->prefix->engine->model->layers[attention->layer].window,
        .slopes = attention->prefix->engine->model->alibi_slopes,
        .runs = keys,
        .n_runs = loop->n_runs,
        .pattern = buffers->pattern + part * HS_ATTENTION_ROWS * hs__engine_pattern_stride(prefix->forest.longest),
    };
    for (; heads.first_head < node_heads.end; heads.first_head++)
        hs__engine_attend(&heads);
}

static void attend_heads(void *context, hs_share items, size_t part)
{
    const struct block_loop *loop = context;
    size_t n_heads = loop->attention->prefix->engine->model->shape.n_heads;
    for (size_t first = items.first; first < items.end;) {
        size_t node = first / n_heads;
        size_t end = (node + 1) * n_heads < items.end ? (node + 1) * n_heads : items.end;
        attend(loop, node, (hs_share){first - node * n_heads, end - node * n_heads}, part);
        first = end;
    }
}

static hs_status attend_block(const struct attention *attention, const struct query_block *block, hs_error *error)
{
    const struct hs_engine *engine = attention->prefix->engine;
    struct block_loop loop = {attention, block, list_runs(attention, block)};
    size_t n_keys = attention->visible[block->first + block->n - 1];
    double flops = (double)(attention->n_nodes * block->n * n_keys) * hs__engine_attend_flops(&engine->model->shape);
    hs__engine_share(engine->device, attention->n_nodes * engine->model->shape.n_heads, 1, flops / HS_FLOPS_A_FLOAT,
                     attend_heads, &loop);
    return hs__engine_poll(&engine->options, error);
}

static hs_status attend_segment(const struct attention *attention, size_t segment, size_t first, size_t n,
                                hs_error *error)
{
    for (size_t done = 0; done < n; done += HS_ATTENTION_ROWS) {
        struct query_block block = {segment, first + done, n - done < HS_ATTENTION_ROWS ? n - done : HS_ATTENTION_ROWS};
        HS_TRY(attend_block(attention, &block, error));
    }
    return HS_OK;
}

/*
 * Visible counts are those of the forest, the same for every node: ablation changes what a row
 * holds, not what it sees.
 */
hs_status hs__engine_prefix_attention(struct hs_prefix *prefix, struct hs_row_space space, size_t layer, size_t n_nodes,
                                      hs_error *error)
{
    const hs_model_shape *shape = &prefix->engine->model->shape;
    struct attention attention = {
        .prefix = prefix,
        .space = space,
        .layer = layer,
        .n_nodes = n_nodes,
        .queries = prefix->buffers.heads,
        .query_stride = hs_heads_width(shape),
        .n_queries = space.n_rows,
        .visible = prefix->forest.visible + space.first_row,
    };
    for (size_t i = space.first_segment; i < prefix->forest.n_segments; i++) {
        const struct hs_segment *segment = &prefix->forest.segments[i];
        HS_TRY(attend_segment(&attention, i, segment->first_row - space.first_row, segment->n_rows, error));
    }
    return HS_OK;
}

/* The same in the last layer, where only scored rows have queries, in a buffer of their own. */
hs_status hs__engine_prefix_attention_scored(struct hs_prefix *prefix, struct hs_row_space space, size_t layer,
                                             size_t n_nodes, hs_error *error)
{
    const hs_model_shape *shape = &prefix->engine->model->shape;
    struct attention attention = {
        .prefix = prefix,
        .space = space,
        .layer = layer,
        .n_nodes = n_nodes,
        .queries = prefix->buffers.queries,
        .query_stride = hs_z_width(shape),
        .n_queries = prefix->forest.n_scored,
        .visible = prefix->forest.scored_visible,
    };
    for (size_t i = space.first_segment; i < prefix->forest.n_segments; i++) {
        const struct hs_segment *segment = &prefix->forest.segments[i];
        HS_TRY(attend_segment(&attention, i, segment->first_scored, segment->n_scored, error));
    }
    return HS_OK;
}
