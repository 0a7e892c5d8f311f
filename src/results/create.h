/* Internal: what a new file holds (create.c) and how it gets its name (publish.c). */
#ifndef HEADSWEEP_RESULTS_CREATE_H
#define HEADSWEEP_RESULTS_CREATE_H

#include "results/layout.h"

/*
 * Writes the complete file with HDF5's serial driver. `file` is open for writing and cut to nothing first; it stays
 * open. A descriptor rather than a name: in a folder that others write to, a name may lead elsewhere a moment later.
 */
hs_status hs__results_create_contents(int file, const hs_results_layout *layout, hs_error *error);

#endif
