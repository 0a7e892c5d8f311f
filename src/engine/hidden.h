/* hidden: what lies between the products of an MLP, of a layer's one or of an expert. */
#ifndef HEADSWEEP_ENGINE_HIDDEN_H
#define HEADSWEEP_ENGINE_HIDDEN_H

#include "engine/work.h"

/*
 * work->hidden [n_rows, up->n_out] <- hidden(in), in [n_rows, width], with hidden as hs__engine_mlp says; n_rows at
 * most work->block_rows.
 */
hs_status hs__engine_fill_hidden(const struct hs_work *work, const float *in, size_t n_rows, const hs_linear *gate,
                                 const hs_linear *up, const hs_model_shape *shape, hs_error *error);

#endif
