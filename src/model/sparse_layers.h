/* sparse_layers: which layers of a mixture of experts have experts, and which one MLP that all rows run. */
#ifndef HEADSWEEP_MODEL_SPARSE_LAYERS_H
#define HEADSWEEP_MODEL_SPARSE_LAYERS_H

#include "model/config_reader.h"
#include "model/families.h"

/*
 * Sets the size of an expert where the config has none of its own, and the layers with experts, [n_layers], which the
 * caller frees; NULL where the family has none. HS_ERROR_INPUT: a row would choose more experts than there are, or the
 * lists of layers are not what transformers reads.
 */
hs_status hs__model_sparse_layers_read(const hs_config *config, hs_sparse_layers rule, hs_model_shape *shape,
                                       bool **is_sparse_out, hs_error *error);

#endif
