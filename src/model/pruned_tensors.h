/* pruned_tensors: the matrices of a checkpoint that lacks heads, as large as if it had all. */
#ifndef HEADSWEEP_MODEL_PRUNED_TENSORS_H
#define HEADSWEEP_MODEL_PRUNED_TENSORS_H

#include "headsweep/threads.h"
#include "model/binding.h"

/* Units of hs__model_pruned_fill: heads of query, key and value, or of what has one of them. */
size_t hs__model_pruned_n_units(const hs_binding *binding, const hs_model_shape *shape);
/* Writes those units of a tensor that lacks heads into `out`, which has room for all heads; zeros for those gone. */
void hs__model_pruned_fill(const hs_binding *binding, const hs_model_shape *shape, hs_share units, float *out);

#endif
