/*
 * embedding: what enters the first layer, and the positions by which heads turn in every one. layer.h declares both.
 */
#include "engine/kernels.h"
#include "engine/layer.h"
#include "engine/linear.h"

#include <math.h>

size_t hs__engine_position_row(const hs_model_shape *shape, int32_t token, size_t *n_counted_inout)
{
    bool has_padding = shape->bidirectional && shape->first_position > 0;
    if (has_padding && (size_t)token == shape->first_position - 1)
        return shape->first_position - 1;
    return shape->first_position + (*n_counted_inout)++;
}

/* A row at a time: what a token's embedding is does not depend on the rows around it, to the last bit. */
static void project_embedding(float *out, float *sum, const hs_model *model, const struct hs_device *device)
{
    if (model->embedding_norm.weight != NULL)
        hs__engine_norm_in_place(device, sum, &model->embedding_norm, 1, hs_embedding_width(&model->shape),
                                 &model->shape);
    hs__engine_linear_apply(device, out, model->shape.width, sum, 1, &model->embedding_projection);
}

/* The sum is made where the norm or the projection reads it, so that neither needs a copy. */
void hs__engine_embed(float *out, const hs_model *model, int32_t token, int32_t type, size_t position_row,
                      const struct hs_work *work)
{
    const hs_model_shape *shape = &model->shape;
    size_t width = hs_embedding_width(shape);
    bool is_projected = model->embedding_projection.values != NULL;
    const struct hs_kernels *kernels = work->device->kernels;
    float *sum = is_projected || model->embedding_norm.weight != NULL ? work->normed : out;
    hs_copy_floats(kernels, sum, model->token_embedding + (size_t)token * width, width);
    if (shape->embedding_scale != 1.0)
        kernels->scale_and_shift(sum, (float)shape->embedding_scale, NULL, 0, width);
    if (shape->position == HS_POSITION_LEARNED && !shape->positions_after_projection)
        kernels->add(sum, model->position_embedding + position_row * width, width);
    if (model->token_type_embedding != NULL)
        kernels->add(sum, model->token_type_embedding + (size_t)type * width, width);
    if (is_projected)
        project_embedding(out, sum, model, work->device);
    else if (model->embedding_norm.weight != NULL)
        hs__engine_norm(work->device, out, sum, &model->embedding_norm, 1, shape);
    if (shape->position == HS_POSITION_LEARNED && shape->positions_after_projection)
        kernels->add(out, model->position_embedding + position_row * shape->width, shape->width);
}

double hs__engine_embed_flops(const hs_model *model)
{
    return hs__engine_linear_flops(&model->embedding_projection);
}

static void fill_rows(struct hs_angles *angles, size_t first_row, const float *frequencies, double scale,
                      size_t n_angles)
{
    for (size_t t = 0; t < angles->n_positions; t++) {
        for (size_t i = 0; i < n_angles; i++) {
            double angle = (double)t * (double)frequencies[i];
            angles->cosines[(first_row + t) * n_angles + i] = (float)(scale * cos(angle));
            angles->sines[(first_row + t) * n_angles + i] = (float)(scale * sin(angle));
        }
    }
}

void hs__engine_fill_angles(struct hs_angles *angles, const hs_model *model, size_t n_positions)
{
    const hs_model_shape *shape = &model->shape;
    angles->n_positions = n_positions;
    if (shape->position != HS_POSITION_ROTARY)
        return;
    fill_rows(angles, 0, model->rotary_frequencies, model->rotary_scale, shape->rotary_dim / 2);
    if (shape->rotates_windows_apart)
        fill_rows(angles, n_positions, model->window_frequencies, 1.0, shape->rotary_dim / 2);
}

void hs__engine_rotate(const struct hs_device *device, float *heads, size_t n_heads, const hs_model *model,
                       size_t layer, const struct hs_angles *angles, size_t position)
{
    const hs_model_shape *shape = &model->shape;
    bool is_apart = shape->rotates_windows_apart && model->layers[layer].window > 0;
    size_t first = (position + (is_apart ? angles->n_positions : 0)) * (shape->rotary_dim / 2);
    if (shape->position == HS_POSITION_ROTARY)
        device->kernels->rotate_heads(heads, angles->cosines + first, angles->sines + first, n_heads, shape->head_dim,
                                      shape->rotary_dim);
}
