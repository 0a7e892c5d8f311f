/*
 * forward: one pass of the whole model over packed sequences, with named sites.
 */
#ifndef HEADSWEEP_ENGINE_FORWARD_H
#define HEADSWEEP_ENGINE_FORWARD_H

#include "engine/pass.h"

hs_status hs__engine_forward(const struct hs_pass *pass, hs_error *error);

/* Output head and unembedding of the residual's rows rows[0 .. n_rows): logits [n_rows, n_outputs]. */
hs_status hs__engine_unembed_rows(const struct hs_pass *pass, float *logits, const uint32_t *rows, size_t n_rows,
                                  hs_error *error);

#endif
