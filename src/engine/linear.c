#include "engine/linear.h"

#include <string.h>

static void fill_rows(float *y, size_t y_stride, const float *row, size_t n_rows, size_t n_columns)
{
    for (size_t i = 0; i < n_rows; i++)
        memcpy(y + i * y_stride, row, n_columns * sizeof *y);
}

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
        fill_rows(y, y_stride, linear->bias, n_rows, linear->n_out);
    multiply(device, y, y_stride, x, n_rows, linear, linear->bias != NULL);
}

void hs__engine_linear_accumulate(const struct hs_device *device, float *y, const float *x, size_t n_rows,
                                  const hs_linear *linear)
{
    if (linear->bias != NULL) {
        for (size_t row = 0; row < n_rows; row++)
            for (size_t i = 0; i < linear->n_out; i++)
                y[row * linear->n_out + i] += linear->bias[i];
    }
    multiply(device, y, linear->n_out, x, n_rows, linear, true);
}
