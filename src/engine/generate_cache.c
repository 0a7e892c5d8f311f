/*
 * generate_cache: keys and values of the prompts under each ablation, kept by prefill for the rows
 * that decoding adds. A node has blocks of its own only of layers after its edit; before that they
 * are its parent's.
 */
#include "engine/generate_prefix.h"
#include "engine/state.h"

static const char WHAT[] = "keys and values of the prompts";

static const hs_model_shape *shape_of(const struct hs_prefix *prefix)
{
    return &prefix->engine->model->shape;
}

static size_t row_floats(const struct hs_prefix *prefix)
{
    return 2 * shape_of(prefix)->n_kv_heads * shape_of(prefix)->head_dim;
}

static size_t block_floats(const struct hs_prefix *prefix)
{
    return hs__engine_multiply_sizes(hs_forest_n_live(&prefix->forest), row_floats(prefix));
}

static size_t residual_floats(const struct hs_prefix *prefix, size_t max_ablations)
{
    return hs__engine_multiply_sizes(max_ablations,
                                     hs__engine_multiply_sizes(prefix->forest.n_scored, shape_of(prefix)->width));
}

/* Blocks of all nodes but the root. */
static size_t count_blocks(const struct hs_prefix *prefix)
{
    size_t n_blocks = 0;
    for (size_t i = 1; i < prefix->tree.n_nodes; i++)
        n_blocks += shape_of(prefix)->n_layers - 1 - prefix->tree.nodes[i].edge.layer;
    return n_blocks;
}

hs_status hs__engine_prompt_cache_init(struct hs_prompt_cache *cache, const struct hs_prefix *prefix,
                                       size_t max_ablations, hs_error *error)
{
    size_t n_residuals = residual_floats(prefix, max_ablations);
    const struct hs_buffer list[] = {
        HS_BUFFER(cache->root, shape_of(prefix)->n_layers, block_floats(prefix)),
        HS_BUFFER(cache->residual, n_residuals, 1),
        HS_BUFFER(cache->before, hs_keeps_before(shape_of(prefix)) ? n_residuals : 0, 1),
    };
    return hs__engine_buffers_allocate(&cache->memory, prefix->engine->device, list, sizeof list / sizeof *list, WHAT,
                                       error);
}

void hs__engine_prompt_cache_clear(struct hs_prompt_cache *cache)
{
    hs__engine_buffers_release(&cache->memory);
    hs__engine_buffers_release(&cache->block_memory);
    hs_free(cache->first_block);
    *cache = (struct hs_prompt_cache){0};
}

/* Blocks are numbered node after node; the root's layers are in the prefix engine's own buffers. */
hs_status hs__engine_prompt_cache_reserve(struct hs_prompt_cache *cache, const struct hs_prefix *prefix,
                                          hs_error *error)
{
    const struct hs_ablation_tree *tree = &prefix->tree;
    size_t n_blocks = count_blocks(prefix);
    HS_TRY(
        hs_reserve(&cache->first_block, &cache->node_capacity, tree->n_nodes, sizeof *cache->first_block, WHAT, error));
    /* Nothing in the blocks is worth copying. */
    if (n_blocks > cache->block_capacity) {
        const struct hs_buffer blocks = HS_BUFFER(cache->blocks, n_blocks, block_floats(prefix));
        hs__engine_buffers_release(&cache->block_memory);
        cache->block_capacity = 0;
        HS_TRY(hs__engine_buffers_allocate(&cache->block_memory, prefix->engine->device, &blocks, 1, WHAT, error));
        cache->block_capacity = n_blocks;
    }
    size_t next = 0;
    for (size_t i = 1; i < tree->n_nodes; i++) {
        cache->first_block[i] = next;
        next += shape_of(prefix)->n_layers - 1 - tree->nodes[i].edge.layer;
    }
    return HS_OK;
}

size_t hs__engine_prompt_cache_bytes(const struct hs_prefix *prefix, size_t max_ablations)
{
    size_t n_residuals = residual_floats(prefix, max_ablations) * (hs_keeps_before(shape_of(prefix)) ? 2 : 1);
    size_t n_blocks = shape_of(prefix)->n_layers + count_blocks(prefix);
    return (n_blocks * block_floats(prefix) + n_residuals) * sizeof(float) + prefix->tree.n_nodes * sizeof(size_t);
}

static float *find_block(const struct hs_prefix *prefix, uint32_t node, size_t layer)
{
    const struct hs_prompt_cache *cache = prefix->cache;
    if (node == 0)
        return cache->root + layer * block_floats(prefix);
    size_t block = cache->first_block[node] + layer - prefix->tree.nodes[node].edge.layer - 1;
    return cache->blocks + block * block_floats(prefix);
}

void hs__engine_prompt_cache_keep(const struct hs_prefix *prefix, uint32_t node, size_t layer, const float *keys)
{
    size_t n = row_floats(prefix);
    prefix->engine->device->kernels->copy_rows(find_block(prefix, node, layer), n, keys,
                                               hs_heads_width(shape_of(prefix)), hs_forest_n_live(&prefix->forest), n);
}

void hs__engine_prompt_cache_finish(const struct hs_prefix *prefix, uint32_t ablation, const float *residual,
                                    const float *before)
{
    const struct hs_kernels *kernels = prefix->engine->device->kernels;
    size_t n = residual_floats(prefix, 1);
    hs_copy_floats(kernels, prefix->cache->residual + ablation * n, residual, n);
    if (hs_keeps_before(shape_of(prefix)))
        hs_copy_floats(kernels, prefix->cache->before + ablation * n, before, n);
}

const float *hs__engine_prompt_cache_find(const struct hs_prefix *prefix, uint32_t ablation, size_t layer)
{
    const struct hs_ablation_node *nodes = prefix->tree.nodes;
    uint32_t node = prefix->tree.ablation_node[ablation];
    while (node != 0 && nodes[node].edge.layer >= layer)
        node = nodes[node].parent;
    return find_block(prefix, node, layer);
}
