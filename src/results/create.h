/* Internal: what a new file holds (create.c) and how it gets its name (publish.c). */
#ifndef HEADSWEEP_RESULTS_CREATE_H
#define HEADSWEEP_RESULTS_CREATE_H

#include "results/layout.h"

/* Writes the complete file with HDF5's serial driver and closes it. The file at `path` is cut to nothing first. */
hs_status hs__results_create_contents(const char *path, const hs_results_layout *layout, hs_error *error);

#endif
