/*
 * arena: weights as the engine reads them, expanded from those of the file: in single precision, and sorted where heads
 * or the pairs that rotate lie otherwise there.
 */
#include "model/arena.h"

#include "headsweep/threads.h"
#include "model/pruned_tensors.h"
#include "model/weights.h"

/* Of elements first .. end. */
static hs_status check_finite(const hs_tensor *tensor, hs_share share, hs_error *error)
{
    size_t element_bytes = tensor->n_elements > 0 ? tensor->n_bytes / tensor->n_elements : 0;
    size_t n = share.end - share.first;
    size_t found = hs__model_weights_find_not_finite(tensor->dtype, tensor->bytes + share.first * element_bytes, n);
    if (found == n)
        return HS_OK;
    size_t i = share.first + found, n_columns = tensor->shape[tensor->n_dimensions - 1];
    size_t position[2] = {i / n_columns, i % n_columns};
    size_t first = tensor->n_dimensions == 1 ? 1 : 0;
    float value;
    char element[64];
    hs__model_weights_expand(tensor->dtype, tensor->bytes + i * element_bytes, 1, &value);
    return hs_fail(error, HS_ERROR_INPUT, "%s: tensor %s: element %s is %g, which is not finite%s", tensor->path,
                   tensor->name, hs__model_shape_format(position + first, 2 - first, element, sizeof element),
                   (double)value, tensor->dtype == HS_DTYPE_F64 ? " in single precision" : "");
}

/* Of queries, keys and values. */
static size_t count_heads(const hs_model_shape *shape)
{
    return shape->n_heads + 2 * shape->n_kv_heads;
}

/* Where head `i` of a tensor goes that has the queries of a KV head, its key and its value, then the next one's. */
static size_t sorted_head(const hs_model_shape *shape, size_t i)
{
    size_t n_queries = shape->n_heads / shape->n_kv_heads;
    size_t group = i / (n_queries + 2), within = i % (n_queries + 2);
    if (within < n_queries)
        return group * n_queries + within;
    return shape->n_heads + (within - n_queries) * shape->n_kv_heads + group;
}

/* Rows of the heads of one KV head after those of another become all queries, all keys, all values. */
static void expand_heads(const hs_tensor *tensor, const hs_model_shape *shape, hs_share heads, float *out)
{
    size_t n = tensor->n_elements / count_heads(shape), n_bytes = tensor->n_bytes / count_heads(shape);
    for (size_t i = heads.first; i < heads.end; i++)
        hs__model_weights_expand(tensor->dtype, tensor->bytes + i * n_bytes, n, out + sorted_head(shape, i) * n);
}

/*
 * Rows of each head in the order in which the engine rotates: the first of each pair, then the second of each, then
 * what does not rotate. A row of a bias or of a norm is one number.
 */
static void expand_pairs(const hs_binding *binding, const hs_model_shape *shape, hs_share heads, float *out)
{
    const hs_tensor *tensor = binding->tensor;
    size_t n = binding->rule->place == HS_PLACE_LINEAR_PAIRS ? tensor->shape[1] : 1;
    size_t n_bytes = tensor->n_bytes / (tensor->n_elements / n), half = shape->rotary_dim / 2;
    for (size_t row = heads.first * shape->head_dim; row < heads.end * shape->head_dim; row++) {
        size_t i = row % shape->head_dim;
        size_t from = i >= 2 * half ? i : i < half ? 2 * i : 2 * (i - half) + 1;
        hs__model_weights_expand(tensor->dtype, tensor->bytes + (row - i + from) * n_bytes, n, out + row * n);
    }
}

/* How many heads a tensor that is sorted by pairs has. */
static size_t heads_of(const hs_binding *binding, const hs_model_shape *shape)
{
    size_t n = binding->rule->place == HS_PLACE_LINEAR_PAIRS ? binding->tensor->shape[1] : 1;
    return binding->tensor->n_elements / (n * shape->head_dim);
}

static void expand_elements(const hs_binding *binding, hs_share elements, float *out)
{
    const hs_tensor *tensor = binding->tensor;
    size_t element_bytes = tensor->n_elements > 0 ? tensor->n_bytes / tensor->n_elements : 0;
    hs__model_weights_expand(tensor->dtype, tensor->bytes + elements.first * element_bytes,
                             elements.end - elements.first, out + elements.first);
    for (size_t i = elements.first; binding->rule->place == HS_PLACE_ONE_AND && i < elements.end; i++)
        out[i] += 1.0f;
}

/* Part `part` of n_parts of one tensor. */
static hs_status fill_binding(const hs_binding *binding, const hs_model_shape *shape, float *arena, size_t part,
                              size_t n_parts, hs_error *error)
{
    const hs_tensor *tensor = binding->tensor;
    hs_share elements = hs_threads_share(tensor->n_elements, 1, part, n_parts);
    HS_TRY(check_finite(tensor, elements, error));
    if (binding->arena_offset == HS_BINDING_MAPPED)
        return HS_OK;
    if (binding->lacks_heads)
        hs__model_pruned_fill(binding, shape,
                              hs_threads_share(hs__model_pruned_n_units(binding, shape), 1, part, n_parts),
                              arena + binding->arena_offset);
    else if (hs__model_place_is_pairs(binding->rule->place))
        expand_pairs(binding, shape, hs_threads_share(heads_of(binding, shape), 1, part, n_parts),
                     arena + binding->arena_offset);
    else if (hs__model_place_is_sorted(binding->rule->place))
        expand_heads(tensor, shape, hs_threads_share(count_heads(shape), 1, part, n_parts),
                     arena + binding->arena_offset);
    else
        expand_elements(binding, elements, arena + binding->arena_offset);
    hs_mapped_bytes_release(tensor->bytes, tensor->n_bytes);
    return HS_OK;
}

hs_status hs__model_arena_fill(const hs_binding_list *bindings, const hs_model_shape *shape, float *arena, size_t part,
                               size_t n_parts, hs_error *error)
{
    for (size_t i = 0; i < bindings->n_items; i++)
        if (!bindings->items[i].is_shared)
            HS_TRY(fill_binding(&bindings->items[i], shape, arena, part, n_parts, error));
    return HS_OK;
}
