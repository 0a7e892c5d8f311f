/*
 * cost: floating-point operations of the parts of a model, a multiplication and an addition being two.
 */
#ifndef HEADSWEEP_ENGINE_COST_H
#define HEADSWEEP_ENGINE_COST_H

#include "headsweep/engine.h"

/* Of one row; 0 for a product that the model does not have. */
double hs_linear_flops(const hs_linear *linear);
double hs_mlp_flops(const hs_model_layer *layer);
double hs_head_flops(const hs_model *model); /* unembedding included */
double hs_layer_flops(const hs_model_layer *layer);
/* Of one row that sees another: its score and its share of the weighted sum, over all heads of a layer. */
double hs_pair_flops(const hs_model_shape *shape);

/*
 * One full pass over every sequence, with the logits of every row that the head is for: what a script without any of
 * this would run.
 */
double hs_naive_flops(const hs_engine *engine, const hs_workload *workload);

#endif
