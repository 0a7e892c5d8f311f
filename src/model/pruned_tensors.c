/* pruned_tensors: tensors that lack heads get zeros in their places. */
#include "model/pruned_tensors.h"

#include <string.h>

#include "model/pruned.h"
#include "model/weights.h"

static bool is_of_heads(hs_dimension axis)
{
    return axis == HS_DIM_QUERY || axis == HS_DIM_KV || axis == HS_DIM_QUERY_KEY_VALUE;
}

static size_t blocks_of(const hs_binding *binding)
{
    const hs_dimension *axes = binding->rule->shape;
    return axes[0] == HS_DIM_QUERY_KEY_VALUE || axes[1] == HS_DIM_QUERY_KEY_VALUE ? 3 : 1;
}

size_t hs__model_pruned_n_units(const hs_binding *binding, const hs_model_shape *shape)
{
    return blocks_of(binding) * shape->n_heads;
}

/* One head of one block, out of each row where heads lie along the second axis. `rank`: kept heads before it. */
static void fill_head(const hs_binding *binding, const hs_model_shape *shape, size_t unit, size_t rank, float *out)
{
    const hs_tensor *tensor = binding->tensor;
    const bool by_rows = is_of_heads(binding->rule->shape[0]);
    const size_t n_rows = by_rows ? 1 : binding->shape[0], n_blocks = blocks_of(binding);
    const size_t n = shape->head_dim * (by_rows ? binding->shape[1] : 1);
    const size_t block = unit / shape->n_heads, head = unit % shape->n_heads;
    const size_t n_kept = hs__model_pruned_n_kept(shape, binding->place.layer);
    const size_t element_bytes = tensor->n_elements > 0 ? tensor->n_bytes / tensor->n_elements : 0;
    for (size_t row = 0; row < n_rows; row++) {
        float *to = out + ((row * n_blocks + block) * shape->n_heads + head) * n;
        const size_t from = ((row * n_blocks + block) * n_kept + rank) * n;
        if (shape->gone_heads[binding->place.layer * shape->n_heads + head])
            memset(to, 0, n * sizeof *to);
        else
            hs__model_weights_expand(tensor->dtype, tensor->bytes + from * element_bytes, n, to);
    }
}

/* A head without values, whose columns of the output are zeros, adds nothing to any row. */
void hs__model_pruned_fill(const hs_binding *binding, const hs_model_shape *shape, hs_share units, float *out)
{
    const bool *gone = shape->gone_heads + binding->place.layer * shape->n_heads;
    size_t rank = 0;
    for (size_t unit = 0; unit < units.end; unit++) {
        const size_t head = unit % shape->n_heads;
        rank = head == 0 ? 0 : rank;
        if (unit >= units.first)
            fill_head(binding, shape, unit, rank, out);
        rank += !gone[head];
    }
}
