/* Head selectors ("0-2.*") and set files -> components of one model. Internal to the sweep room. */
#ifndef SWEEP_SELECTORS_H
#define SWEEP_SELECTORS_H

#include "headsweep/sets.h"

/* Which components of one kind are selected: selected[layer * n_indices + index]. */
typedef struct component_grid {
    hs_component_kind kind;
    size_t n_layers;
    size_t n_indices; /* heads or KV groups per layer */
    const hs_model_shape *shape;
} component_grid;

/*
 * Marks what `selector` names: "*" all, "3" a layer, "0-2" layers, "0-2.*", "1.0-3", "4.7"; without what the checkpoint
 * lacks. HS_ERROR_USAGE: malformed, outside the model, or naming what the checkpoint lacks by itself.
 */
hs_status hs__sweep_selector_mark(const char *selector, const component_grid *grid, bool *selected, hs_error *error);

/*
 * Appends the sets of a file, one per line: heads as layer.index, separated by white space, "+" or ","; "#" begins a
 * comment.
 */
hs_status hs__sweep_set_file_read(const char *path, const component_grid *grid, hs_sets *sets, hs_error *error);

#endif
