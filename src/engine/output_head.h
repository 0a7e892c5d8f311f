/*
 * output_head: from the last residual to logits, written once.
 */
#ifndef HEADSWEEP_ENGINE_OUTPUT_HEAD_H
#define HEADSWEEP_ENGINE_OUTPUT_HEAD_H

#include "engine/device.h"

/*
 * All that comes between the last residual, rows [n_rows, width], and the unembedding: final norm, dense layer with its
 * activation, norm after it, as far as the model has them. Returns where the result is: rows or work [n_rows, width],
 * both of which are overwritten.
 */
const float *hs__engine_apply_head(const struct hs_device *device, float *rows, float *work, size_t n_rows,
                                   const hs_model *model);
/* Outputs first_output .. + n_outputs of rows that hs__engine_apply_head gave: logits [n_rows, stride]. */
void hs__engine_unembed(const struct hs_device *device, float *logits, size_t stride, const float *rows, size_t n_rows,
                        const hs_model *model, size_t first_output, size_t n_outputs);
/* Floating-point operations of a row in both. */
double hs__engine_head_flops(const hs_model *model);

#endif
