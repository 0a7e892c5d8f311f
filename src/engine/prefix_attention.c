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

static void attend(const struct attention *attention, const struct query_block *block, size_t n_runs, size_t node)
{
    struct hs_prefix_buffers *buffers = &attention->prefix->buffers;
    const hs_model_shape *shape = &attention->prefix->engine->model->shape;
    size_t first = node * attention->n_queries + block->first;
    for (size_t i = 0; i < n_runs; i++)
        buffers->keys[i] = key_run(attention, &buffers->runs[i], node);
    struct hs_attention heads = {
        .device = attention->prefix->engine->device,
        .shape = shape,
        .layer = attention->layer,
        .n_heads = 1,
        .queries = attention->queries + first * attention->query_stride,
        .query_stride = attention->query_stride,
        .z = buffers->z + first * hs_z_width(shape),
        .n_rows = block->n,
        .n_visible = attention->visible + block->first,
        .runs = buffers->keys,
        .n_runs = n_runs,
        .pattern = buffers->pattern,
    };
    for (; heads.first_head < shape->n_heads; heads.first_head++)
        hs__engine_attend(&heads);
}

static hs_status attend_block(const struct attention *attention, const struct query_block *block, hs_error *error)
{
    size_t n_runs = list_runs(attention, block);
    for (size_t node = 0; node < attention->n_nodes; node++)
        attend(attention, block, n_runs, node);
    return hs__engine_poll(&attention->prefix->engine->options, error);
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
