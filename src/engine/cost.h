/*
 * cost: floating-point operations of whole passes, a multiplication and an addition being two.
 */
#ifndef HEADSWEEP_ENGINE_COST_H
#define HEADSWEEP_ENGINE_COST_H

#include "headsweep/engine.h"

/* Of one row in the largest product of a layer: queries, keys and values are one. */
double hs__engine_product_flops(const hs_model *model);

/*
 * One full pass over every sequence, with the logits of every row that the head is for: what a script without any of
 * this would run.
 */
double hs__engine_naive_flops(const hs_engine *engine, const hs_workload *workload);

#endif
