/* arena: the memory for weights that the engine cannot use as they lie in the file. */
#ifndef HEADSWEEP_MODEL_ARENA_H
#define HEADSWEEP_MODEL_ARENA_H

#include "model/binding.h"

/*
 * Part `part` of n_parts of each tensor goes to its place in `arena`, [bindings->arena_floats], and is checked to be
 * finite, whether it needs a place or not; HS_ERROR_INPUT names tensor and element. A tensor is left to its first
 * binding.
 */
hs_status hs__model_arena_fill(const hs_binding_list *bindings, const hs_model_shape *shape, float *arena, size_t part,
                               size_t n_parts, hs_error *error);

#endif
