/*
 * cost: floating-point operations of the parts of a model, a multiplication and an addition being two.
 */
#ifndef HEADSWEEP_ENGINE_COST_H
#define HEADSWEEP_ENGINE_COST_H

#include "headsweep/engine.h"

/* Of one row; 0 for a product that the model does not have. */
double hs__engine_linear_flops(const hs_linear *linear);
/* Of one row in all products of a layer but those of attention; the parts stand beside their operations in layer.h. */
double hs__engine_layer_flops(const hs_model_layer *layer);

/* Of one row in the largest product of a layer: queries, keys and values are one. */
double hs__engine_product_flops(const hs_model *model);

/*
 * One full pass over every sequence, with the logits of every row that the head is for: what a script without any of
 * this would run.
 */
double hs__engine_naive_flops(const hs_engine *engine, const hs_workload *workload);

#endif
