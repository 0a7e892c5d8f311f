/* scale (x W + b): the bias first, then the product. */
#include "engine/linear.h"

/* What one product does; `adds`: to what is there already. */
struct product {
    const struct hs_device *device;
    float *y;
    size_t y_stride;
    const float *x;
    size_t n_rows;
    const hs_linear *linear;
    bool adds;
};

/* One row's, where it is more than a copy: a scaled one, one that is added to what is there, or both. */
static void put_bias(const struct product *p, float *y, const float *bias, size_t n)
{
    const struct hs_kernels *kernels = p->device->kernels;
    float scale = p->linear->scale;
    if (!p->adds)
        kernels->scale_and_shift(y, scale, NULL, 0, n);
    else if (scale != 1.0f)
        kernels->scale_and_shift(y, 1.0f, bias, scale, n);
    else
        kernels->add(y, bias, n);
}

/*
 * Columns of a product with their bias, which is written first and the product added to it: that costs no pass of its
 * own over y. Dimensions fit an int: hs__engine_check_workload sees to that.
 */
static void apply_columns(void *context, hs_share columns, size_t part)
{
    const struct product *p = context;
    const struct hs_kernels *kernels = p->device->kernels;
    const hs_linear *linear = p->linear;
    float *y = p->y + columns.first;
    size_t n_columns = columns.end - columns.first;
    size_t first_value = columns.first * (linear->transposed ? linear->stride : 1);
    const float *bias = linear->bias != NULL ? linear->bias + columns.first : NULL;
    (void)part;
    if (bias != NULL && !p->adds)
        kernels->copy_rows(y, p->y_stride, bias, 0, p->n_rows, n_columns);
    for (size_t row = 0; bias != NULL && (p->adds || linear->scale != 1.0f) && row < p->n_rows; row++)
        put_bias(p, y + row * p->y_stride, bias, n_columns);
    p->device->product(y, p->y_stride, (hs_blas_matrix){p->x, linear->n_in, false},
                       (hs_blas_matrix){linear->values + first_value, linear->stride, linear->transposed},
                       (hs_blas_shape){p->n_rows, n_columns, linear->n_in}, linear->scale, p->adds || bias != NULL);
}

/* Among the threads by columns: whatever the number of rows is, each has a share, and packs its weights alone. */
static void apply(struct product product)
{
    double flops = 2.0 * (double)product.n_rows * (double)product.linear->n_out * (double)product.linear->n_in;
    if (product.n_rows > 0)
        hs__engine_share(product.device, product.linear->n_out, HS_SHARE_FLOATS, flops / HS_FLOPS_A_FLOAT,
                         apply_columns, &product);
}

void hs__engine_linear_apply(const struct hs_device *device, float *y, size_t y_stride, const float *x, size_t n_rows,
                             const hs_linear *linear)
{
    apply((struct product){device, y, y_stride, x, n_rows, linear, false});
}

void hs__engine_linear_accumulate(const struct hs_device *device, float *y, const float *x, size_t n_rows,
                                  const hs_linear *linear)
{
    apply((struct product){device, y, linear->n_out, x, n_rows, linear, true});
}

double hs__engine_linear_flops(const hs_linear *linear)
{
    return linear->n_out == 0 ? 0.0 : 2.0 * (double)linear->n_in * (double)linear->n_out;
}
