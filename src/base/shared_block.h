/* The two kinds of shared block, of which hs_comm_shared_new chooses one; tests ask for each. */
#ifndef HEADSWEEP_BASE_SHARED_BLOCK_H
#define HEADSWEEP_BASE_SHARED_BLOCK_H

#include "headsweep/comm.h"

/*
 * Collective over each host, with the same `copied` on all its processes. `copied` false: one window that they share;
 * true: each has memory of its own, and publishing copies the bytes of node rank 0 to the others.
 */
hs_status hs__shared_block_new(hs_comm *comm, size_t n_bytes, bool copied, hs_shared_block **block_out,
                               hs_error *error);

#endif
