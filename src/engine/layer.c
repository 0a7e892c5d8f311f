/*
 * layer: the operations of a layer on blocks of rows. Blocks are small enough that what lies
 * between two products stays in the cache.
 */
#include "engine/layer.h"
#include "engine/experts.h"
#include "engine/hidden.h"
#include "engine/kernels.h"
#include "engine/linear.h"

#include <math.h>

static size_t block_length(const struct hs_work *work, size_t first, size_t n_rows)
{
    return n_rows - first < work->block_rows ? n_rows - first : work->block_rows;
}

struct norm {
    const struct hs_device *device;
    float *out;
    const float *in;
    const hs_norm *norm;
    const hs_model_shape *shape;
};

static void norm_rows(void *context, hs_share rows, size_t part)
{
    const struct norm *n = context;
    const hs_model_shape *shape = n->shape;
    const struct hs_kernels *kernels = n->device->kernels;
    size_t first = rows.first * shape->width;
    (void)part;
    (shape->norm == HS_NORM_RMS ? kernels->rms_norm
                                : kernels->layer_norm)(n->out + first, n->in + first, n->norm->weight, n->norm->bias,
                                                       rows.end - rows.first, shape->width, shape->norm_epsilon);
}

void hs__engine_norm(const struct hs_device *device, float *out, const float *in, const hs_norm *norm, size_t n_rows,
                     const hs_model_shape *shape)
{
    struct norm n = {device, out, in, norm, shape};
    hs__engine_share(device, n_rows, 1, (double)n_rows * (double)shape->width, norm_rows, &n);
}

struct norm_in_place {
    const struct hs_device *device;
    float *rows;
    const hs_norm *norm;
    size_t n_columns;
    const hs_model_shape *shape;
};

static void norm_rows_in_place(void *context, hs_share rows, size_t part)
{
    const struct norm_in_place *n = context;
    const struct hs_kernels *kernels = n->device->kernels;
    float *first = n->rows + rows.first * n->n_columns;
    size_t n_rows = rows.end - rows.first;
    (void)part;
    if (n->shape->norm == HS_NORM_RMS)
        kernels->rms_norm_rows(first, n->n_columns, n->norm->weight, n_rows, n->n_columns, n->shape->norm_epsilon);
    else
        kernels->layer_norm_rows(first, n->n_columns, n->norm->weight, n->norm->bias, n_rows, n->n_columns,
                                 n->shape->norm_epsilon);
}

void hs__engine_norm_in_place(const struct hs_device *device, float *rows, const hs_norm *norm, size_t n_rows,
                              size_t n_columns, const hs_model_shape *shape)
{
    struct norm_in_place n = {device, rows, norm, n_columns, shape};
    hs__engine_share(device, n_rows, 1, (double)n_rows * (double)n_columns, norm_rows_in_place, &n);
}

/* What attention or MLP reads of a residual: its norm, in work->normed, or itself where the norms come after. */
static const float *read_residual(const struct hs_work *work, const float *residual, const hs_norm *norm, size_t n_rows,
                                  const hs_model_shape *shape)
{
    if (shape->post_norm || norm->weight == NULL)
        return residual;
    hs__engine_norm(work->device, work->normed, residual, norm, n_rows, shape);
    return work->normed;
}

static bool follows(const hs_linear *next, const hs_linear *first)
{
    const float *end =
        first->values == NULL ? NULL : first->values + first->n_out * (first->transposed ? first->stride : 1);
    bool bias_follows = first->bias == NULL ? next->bias == NULL : next->bias == first->bias + first->n_out;
    return end != NULL && next->values == end && bias_follows && next->stride == first->stride &&
           next->transposed == first->transposed;
}

/* One product where parts lie side by side, as in GPT-2's c_attn: thrice as many columns a call. Returns how many. */
static size_t list_products(hs_linear products[3], const hs_model_layer *layer, enum hs_head_parts parts)
{
    const hs_linear *all[] = {&layer->query, &layer->key, &layer->value};
    size_t first = parts == HS_KEY_VALUE ? 1 : 0;
    size_t end = parts == HS_QUERY ? 1 : 3;
    size_t n = 0;
    for (size_t i = first; i < end; i++) {
        if (i > first && follows(all[i], all[i - 1]))
            products[n - 1].n_out += all[i]->n_out;
        else
            products[n++] = *all[i];
    }
    return n;
}

/* Rows of projected heads, and what happens to them before they rotate. */
struct projected {
    const struct hs_device *device;
    const hs_model_layer *layer;
    const hs_model_shape *shape;
    enum hs_head_parts parts;
    float *heads;
    size_t stride;
};

/* One part, queries or keys, of the rows. */
static void norm_part(const struct projected *projected, float *heads, const hs_norm *norm, size_t n_rows,
                      size_t n_heads)
{
    const hs_model_shape *shape = projected->shape;
    const struct hs_kernels *kernels = projected->device->kernels;
    size_t head_dim = shape->head_dim, stride = projected->stride;
    for (size_t row = 0; shape->query_key_norm == HS_QUERY_KEY_NORM_EACH && row < n_rows; row++)
        kernels->rms_norm_rows(heads + row * stride, head_dim, norm->weight, n_heads, head_dim, shape->norm_epsilon);
    for (size_t i = 0; shape->query_key_norm == HS_QUERY_KEY_NORM_LAYER && i < n_rows * n_heads; i++) {
        size_t head = i % n_heads * head_dim;
        kernels->layer_norm_rows(heads + i / n_heads * stride + head, head_dim, norm->weight + head, NULL, 1, head_dim,
                                 shape->norm_epsilon);
    }
    if (shape->query_key_norm == HS_QUERY_KEY_NORM_ALL)
        kernels->rms_norm_rows(heads, stride, norm->weight, n_rows, n_heads * head_dim, shape->norm_epsilon);
}

static size_t columns_of(const hs_model_shape *shape, enum hs_head_parts parts)
{
    size_t n_queries = parts == HS_KEY_VALUE ? 0 : hs_z_width(shape);
    return n_queries + (parts == HS_QUERY ? 0 : 2 * hs_kv_width(shape));
}

/* The limit is of what is projected, before any norm; keys lie behind the queries where both are there. */
static void finish_rows(void *context, hs_share rows, size_t part)
{
    const struct projected *projected = context;
    const hs_model_shape *shape = projected->shape;
    enum hs_head_parts parts = projected->parts;
    float *heads = projected->heads + rows.first * projected->stride;
    float *keys = heads + (parts == HS_KEY_VALUE ? 0 : hs_z_width(shape));
    size_t n_rows = rows.end - rows.first;
    (void)part;
    if (shape->head_limit > 0)
        projected->device->kernels->clip_rows(heads, projected->stride, n_rows, columns_of(shape, parts),
                                              (float)shape->head_limit);
    if (parts != HS_KEY_VALUE)
        norm_part(projected, heads, &projected->layer->query_norm, n_rows, shape->n_heads);
    if (parts != HS_QUERY)
        norm_part(projected, keys, &projected->layer->key_norm, n_rows, shape->n_kv_heads);
}

/* Limit and norms, of models that have them. */
static void finish_heads(struct projected *projected, size_t n_rows)
{
    const hs_model_shape *shape = projected->shape;
    bool is_needed = shape->head_limit > 0 || shape->query_key_norm != HS_QUERY_KEY_NORM_NONE;
    hs__engine_share(projected->device, is_needed ? n_rows : 0, 1,
                     (double)n_rows * (double)columns_of(shape, projected->parts), finish_rows, projected);
}

/*
 * Norm and products of a block follow each other, while the normed rows are still there. Parts
 * that lie side by side in the checkpoint are one product.
 */
hs_status hs__engine_project_heads(float *heads, size_t stride, const float *residual, size_t n_rows,
                                   const hs_model *model, size_t layer, enum hs_head_parts parts,
                                   const struct hs_work *work, hs_error *error)
{
    const hs_model_layer *weights = &model->layers[layer];
    size_t width = model->shape.width;
    hs_linear products[3];
    size_t n_products = list_products(products, weights, parts);
    for (size_t first = 0; first < n_rows; first += work->block_rows) {
        size_t n = block_length(work, first, n_rows);
        const float *in = read_residual(work, residual + first * width, &weights->attention_norm, n, &model->shape);
        float *out = heads + first * stride;
        for (size_t i = 0; i < n_products; i++) {
            hs__engine_linear_apply(work->device, out, stride, in, n, &products[i]);
            out += products[i].n_out;
        }
        struct projected projected = {work->device, weights, &model->shape, parts, heads + first * stride, stride};
        finish_heads(&projected, n);
        HS_TRY(hs__engine_poll(work->options, error));
    }
    return HS_OK;
}

hs_status hs__engine_project_output(float *out, const float *z, size_t n_rows, const hs_model *model, size_t layer,
                                    const struct hs_work *work, hs_error *error)
{
    hs__engine_linear_apply(work->device, out, model->shape.width, z, n_rows, &model->layers[layer].output);
    return hs__engine_poll(work->options, error);
}

hs_status hs__engine_add_attention(float *residual, const float *z, size_t n_rows, const hs_model *model, size_t layer,
                                   const struct hs_work *work, hs_error *error)
{
    size_t z_width = hs_z_width(&model->shape), width = model->shape.width;
    const hs_linear *output = &model->layers[layer].output;
    for (size_t first = 0; first < n_rows; first += work->block_rows) {
        size_t n = block_length(work, first, n_rows);
        if (model->shape.norms_outputs)
            hs__engine_linear_apply(work->device, residual + first * width, width, z + first * z_width, n, output);
        else
            hs__engine_linear_accumulate(work->device, residual + first * width, z + first * z_width, n, output);
        HS_TRY(hs__engine_poll(work->options, error));
    }
    return HS_OK;
}

void hs__engine_add_residual(float *output, const float *before, size_t n_rows, const hs_model *model, size_t layer,
                             const struct hs_device *device)
{
    const hs_model_shape *shape = &model->shape;
    if (shape->norms_outputs)
        hs__engine_norm_in_place(device, output, &model->layers[layer].attention_output_norm, n_rows, shape->width,
                                 shape);
    hs__engine_add(device, output, before, n_rows * shape->width);
}

/* What the MLP gives, normed, is added to the residual; it is made where what the MLP read is needed no more. */
static void add_mlp_output(float *residual, size_t n_rows, const hs_model_layer *layer, const hs_model_shape *shape,
                           const struct hs_work *work)
{
    float *output = work->normed;
    hs__engine_linear_apply(work->device, output, shape->width, work->hidden, n_rows, &layer->mlp_down);
    hs__engine_norm_in_place(work->device, output, &layer->mlp_output_norm, n_rows, shape->width, shape);
    hs__engine_add(work->device, residual, output, n_rows * shape->width);
}

/* out [n_rows, width] += what the MLP makes of the rows of `in`. */
static hs_status add_mlp(float *out, const float *in, size_t n_rows, const hs_model_layer *layer,
                         const hs_model_shape *shape, const struct hs_work *work, hs_error *error)
{
    if (layer->mixture.n_experts > 0)
        return hs__engine_add_experts(out, in, n_rows, &layer->mixture, shape, work, error);
    HS_TRY(hs__engine_fill_hidden(work, in, n_rows, &layer->mlp_gate, &layer->mlp_up, shape, error));
    hs__engine_linear_accumulate(work->device, out, work->hidden, n_rows, &layer->mlp_down);
    return HS_OK;
}

/* With norms that come after, the normed residual is what the MLP reads and what it is added to. */
static hs_status run_mlp_block(float *residual, const float *in, size_t n_rows, const hs_model_layer *layer,
                               const hs_model_shape *shape, const struct hs_work *work, hs_error *error)
{
    /* The residual that attention left is what is normed first either way. */
    if (shape->post_norm)
        hs__engine_norm(work->device, work->normed, in, &layer->attention_norm, n_rows, shape);
    const float *read = shape->post_norm ? work->normed : read_residual(work, in, &layer->mlp_norm, n_rows, shape);
    if (shape->norms_outputs) {
        HS_TRY(hs__engine_fill_hidden(work, read, n_rows, &layer->mlp_gate, &layer->mlp_up, shape, error));
        add_mlp_output(residual, n_rows, layer, shape, work);
    } else {
        HS_TRY(add_mlp(shape->post_norm ? work->normed : residual, read, n_rows, layer, shape, work, error));
    }
    if (shape->post_norm)
        hs__engine_norm(work->device, residual, work->normed, &layer->mlp_norm, n_rows, shape);
    return hs__engine_poll(work->options, error);
}

/*
 * Of the block that has run. What the MLP adds is nowhere by itself: whoever wants to see it pays for the
 * product again.
 */
static hs_status keep_seen(const struct hs_work *work, size_t first, size_t n_rows, const hs_model_layer *layer,
                           const hs_model_shape *shape, hs_error *error)
{
    float *output = work->seen_output != NULL ? work->seen_output + first * shape->width : NULL;
    if (work->seen_hidden != NULL)
        hs_copy_floats(work->device->kernels, work->seen_hidden + first * shape->mlp_width, work->hidden,
                       n_rows * shape->mlp_width);
    if (output == NULL)
        return HS_OK;
    if (layer->mixture.n_experts == 0) {
        hs__engine_linear_apply(work->device, output, shape->width, work->hidden, n_rows, &layer->mlp_down);
        return HS_OK;
    }
    work->device->kernels->scale_and_shift(output, 0.0f, NULL, 0.0f, n_rows * shape->width);
    return hs__engine_add_experts(output, work->normed, n_rows, &layer->mixture, shape, work, error);
}

hs_status hs__engine_mlp(float *residual, const float *in, size_t n_rows, const hs_model *model, size_t layer,
                         const struct hs_work *work, hs_error *error)
{
    size_t width = model->shape.width;
    for (size_t first = 0; first < n_rows; first += work->block_rows) {
        size_t n = block_length(work, first, n_rows);
        HS_TRY(run_mlp_block(residual + first * width, in + first * width, n, &model->layers[layer], &model->shape,
                             work, error));
        HS_TRY(keep_seen(work, first, n, &model->layers[layer], &model->shape, error));
    }
    return HS_OK;
}

hs_status hs__engine_finish_layer(float *residual, const float *before, size_t n_rows, const hs_model *model,
                                  size_t layer, const struct hs_work *work, hs_error *error)
{
    if (model->shape.norms_outputs)
        hs__engine_add_residual(residual, before, n_rows, model, layer, work->device);
    return hs__engine_mlp(residual, model->shape.parallel_residual ? before : residual, n_rows, model, layer, work,
                          error);
}

/* What the operations above cost: two for each multiplication and addition of a product. */

double hs__engine_project_heads_flops(const hs_model_layer *layer, enum hs_head_parts parts)
{
    hs_linear products[3];
    double flops = 0;
    for (size_t i = list_products(products, layer, parts); i-- > 0;)
        flops += hs__engine_linear_flops(&products[i]);
    return flops;
}

double hs__engine_add_attention_flops(const hs_model_layer *layer)
{
    return hs__engine_linear_flops(&layer->output);
}

double hs__engine_mlp_flops(const hs_model_layer *layer)
{
    return hs__engine_linear_flops(&layer->mlp_gate) + hs__engine_linear_flops(&layer->mlp_up) +
           hs__engine_linear_flops(&layer->mlp_down) + hs__engine_experts_flops(&layer->mixture);
}

double hs__engine_layer_flops(const hs_model_layer *layer)
{
    return hs__engine_project_heads_flops(layer, HS_QUERY_KEY_VALUE) + hs__engine_add_attention_flops(layer) +
           hs__engine_mlp_flops(layer);
}

double hs__engine_product_flops(const hs_model *model)
{
    double most = 0;
    for (size_t i = 0; i < model->shape.n_layers; i++) {
        const hs_model_layer *layer = &model->layers[i];
        most = fmax(most, hs__engine_project_heads_flops(layer, HS_QUERY_KEY_VALUE));
        most = fmax(most, hs__engine_add_attention_flops(layer));
        most = fmax(most, fmax(hs__engine_linear_flops(&layer->mlp_up), hs__engine_linear_flops(&layer->mlp_down)));
        if (layer->mixture.n_experts > 0)
            most = fmax(most, hs__engine_linear_flops(&layer->mixture.experts->up));
    }
    return most;
}
