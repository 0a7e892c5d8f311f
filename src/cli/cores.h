/* Whether all numbers of a sweep come from one kind of processor, which is what their last bits depend on. */
#ifndef CLI_CORES_H
#define CLI_CORES_H

#include "headsweep/comm.h"
#include "headsweep/results.h"

/* Collective: one warning if the ranks, or whoever made the file before, run other kernels of OpenBLAS. Logs on rank 0. */
hs_status hs__cli_warn_of_other_cores(hs_comm *comm, const hs_results *results, const hs_log *log, hs_error *error);

#endif
