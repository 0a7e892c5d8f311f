/*
 * linear: scale (x W + b) with a matrix of the model, how the bias gets in, and which thread computes which columns.
 * Products themselves are the device's.
 */
#ifndef HEADSWEEP_ENGINE_LINEAR_H
#define HEADSWEEP_ENGINE_LINEAR_H

#include "engine/device.h"
#include "headsweep/model.h"

/* y [n_rows, n_out] <- scale (x [n_rows, n_in] W + b), rows of y y_stride apart. x is dense. */
void hs__engine_linear_apply(const struct hs_device *device, float *y, size_t y_stride, const float *x, size_t n_rows,
                             const hs_linear *linear);
/* y [n_rows, n_out], dense, += scale (x W + b). */
void hs__engine_linear_accumulate(const struct hs_device *device, float *y, const float *x, size_t n_rows,
                                  const hs_linear *linear);

/* Operations of one row; 0 for a product that the model does not have. */
double hs__engine_linear_flops(const hs_linear *linear);

#endif
