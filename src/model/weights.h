/* weights: stored element types -> single precision. `bytes` need no alignment; every value is kept exactly. */
#ifndef HEADSWEEP_MODEL_WEIGHTS_H
#define HEADSWEEP_MODEL_WEIGHTS_H

#include "model/safetensors.h"

/* F32, F64, F16 or BF16? */
bool hs__model_dtype_is_weight(hs_dtype dtype);

/* out[n]: the n elements of a weight dtype as floats. Infinities stay, NaNs stay NaN with their payload. */
void hs__model_weights_expand(hs_dtype dtype, const unsigned char *bytes, size_t n, float *out);

/*
 * A positive number to the nearest one of the type, F32, F16 or BF16, that is neither subnormal nor above its largest.
 */
float hs__model_weights_round(hs_dtype dtype, float value);

/* Index of the first of n elements that is infinite or NaN; n if all are finite. */
size_t hs__model_weights_find_not_finite(hs_dtype dtype, const unsigned char *bytes, size_t n);

#endif
