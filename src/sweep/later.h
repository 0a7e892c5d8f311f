/* The phases after the first, as far as they are known beforehand. Internal to the sweep room. */
#ifndef SWEEP_LATER_H
#define SWEEP_LATER_H

#include "headsweep/sweep.h"
#include "sweep/selectors.h"

/*
 * Fills `later` and raises max_order to what later phases need, from the sets of the first phase (n_sets, n_base_sets,
 * n_singles). HS_ERROR_USAGE: see hs_sweep_space_build.
 */
hs_status hs__sweep_later_plan(const hs_experiment *experiment, const component_grid *grid, hs_space *space,
                               hs_error *error);

#endif
