/* x W + b: the bias first, then the product. */
#include "engine/linear.h"

/* Dimensions fit an int: hs__engine_check_workload sees to that. */
static void multiply(const struct hs_device *device, float *y, size_t y_stride, const float *x, size_t n_rows,
                     const hs_linear *linear, bool add)
{
    hs_blas_matrix rows = {x, linear->n_in, false};
    hs_blas_matrix weights = {linear->values, linear->stride, linear->transposed};
    if (n_rows > 0)
        device->product(y, y_stride, rows, weights, (hs_blas_shape){n_rows, linear->n_out, linear->n_in}, 1.0f, add);
}

/* The bias is written first and the product added to it, which costs no pass of its own over y. */
void hs__engine_linear_apply(const struct hs_device *device, float *y, size_t y_stride, const float *x, size_t n_rows,
                             const hs_linear *linear)
{
    if (linear->bias != NULL)
        device->kernels->copy_rows(y, y_stride, linear->bias, 0, n_rows, linear->n_out);
    multiply(device, y, y_stride, x, n_rows, linear, linear->bias != NULL);
}

void hs__engine_linear_accumulate(const struct hs_device *device, float *y, const float *x, size_t n_rows,
                                  const hs_linear *linear)
{
    for (size_t row = 0; linear->bias != NULL && row < n_rows; row++)
        device->kernels->add(y + row * linear->n_out, linear->bias, linear->n_out);
    multiply(device, y, linear->n_out, x, n_rows, linear, true);
}
