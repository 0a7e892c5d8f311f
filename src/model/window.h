/*
 * window: how far back attention reaches (sliding-window attention, Mistral 7B, arXiv:2310.06825). Where the
 * model's class obeys it, the layers do; elsewhere what is longer is refused, and a shorter text has the same numbers
 * with and without.
 */
#ifndef HEADSWEEP_MODEL_WINDOW_H
#define HEADSWEEP_MODEL_WINDOW_H

#include "model/families.h"

/*
 * Sets shape->window, or those of the layers, [n_layers], which the caller frees; NULL where there are none.
 * HS_ERROR_INPUT: a kind of layer that is not known, or one with a window where none is given.
 */
hs_status hs__model_window_read(const hs_config *config, const hs_window_rule *rule, hs_model_shape *shape,
                                size_t **windows_out, hs_error *error);

#endif
