/* output_head: final norm, dense layer and unembedding, each as far as the model has it. */
#include "engine/output_head.h"
#include "engine/kernels.h"
#include "engine/layer.h"
#include "engine/linear.h"

static void swap(float **a, float **b)
{
    float *kept = *a;
    *a = *b;
    *b = kept;
}

/*
 * The result moves between the two buffers with each step that the model has, so the caller is
 * told where it ended.
 */
const float *hs__engine_apply_head(const struct hs_device *device, float *rows, float *work, size_t n_rows,
                                   const hs_model *model)
{
    const hs_model_shape *shape = &model->shape;
    if (model->final_norm.weight != NULL) {
        hs__engine_norm(device, work, rows, &model->final_norm, n_rows, shape);
        swap(&rows, &work);
    }
    size_t width = shape->width;
    if (model->head_dense.values != NULL) {
        width = model->head_dense.n_out;
        hs__engine_linear_apply(device, work, width, rows, n_rows, &model->head_dense);
        hs__engine_activate(device->kernels, work, n_rows * width, shape->head_activation);
        swap(&rows, &work);
    }
    if (model->head_norm.weight != NULL)
        hs__engine_norm_in_place(device, rows, &model->head_norm, n_rows, width, shape);
    return rows;
}

/* Cut by columns, as the product is: a batch can have few rows. */
struct cap {
    const struct hs_kernels *kernels;
    float *logits;
    size_t stride;
    size_t n_rows;
    float cap;
};

static void cap_columns(void *context, hs_share columns, size_t part)
{
    const struct cap *cap = context;
    (void)part;
    for (size_t row = 0; row < cap->n_rows; row++)
        cap->kernels->soft_cap(cap->logits + row * cap->stride + columns.first, cap->cap, columns.end - columns.first);
}

void hs__engine_unembed(const struct hs_device *device, float *logits, size_t stride, const float *rows, size_t n_rows,
                        const hs_model *model, size_t first_output, size_t n_outputs)
{
    hs_linear linear = model->unembedding;
    linear.values += linear.transposed ? first_output * linear.stride : first_output;
    linear.bias = linear.bias == NULL ? NULL : linear.bias + first_output;
    linear.n_out = n_outputs;
    hs__engine_linear_apply(device, logits, stride, rows, n_rows, &linear);
    struct cap cap = {device->kernels, logits, stride, n_rows, (float)model->shape.logit_cap};
    if (cap.cap > 0)
        hs__engine_share(device, n_outputs, HS_SHARE_FLOATS, (double)n_rows * (double)n_outputs, cap_columns, &cap);
}

double hs__engine_head_flops(const hs_model *model)
{
    return hs__engine_linear_flops(&model->head_dense) + hs__engine_linear_flops(&model->unembedding);
}
