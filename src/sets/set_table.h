/* What the files of the table of sets know of each other. Internal to the sets room. */
#ifndef SETS_SET_TABLE_H
#define SETS_SET_TABLE_H

#include "headsweep/sets.h"

/* The components that the set adds, sorted, and the set that it adds them to: 0 of the clean model too. */
const hs_component *hs__sets_own(const hs_sets *sets, uint64_t set, size_t *n_out, uint64_t *parent_out);

#endif
