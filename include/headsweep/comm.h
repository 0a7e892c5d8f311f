/*
 * comm: the ranks of a run and what they say to each other. With results and sweep the only place that knows MPI.
 *
 * Works the same with one process that no launcher started (MPI singleton). Every MPI call is checked; a failing one
 * is HS_ERROR_COMM. MPI-3 only.
 */
#ifndef HEADSWEEP_COMM_H
#define HEADSWEEP_COMM_H

#include "headsweep/base.h"

typedef struct hs_comm hs_comm;

/*
 * Collective over all processes of the job. Starts MPI. HS_ERROR_USAGE: a launcher started several processes and each
 * is alone, because it is another MPI's; one of them has the message.
 */
hs_status hs_comm_new(hs_comm **comm_out, hs_error *error);
/* Collective. Ends MPI; after hs_comm_end_by_abort the processes too, all at once. */
void hs_comm_free(hs_comm *comm);
/*
 * Not collective, but for all ranks to call. A library holds what it can only give back together and what would make
 * ranks wait for each other for ever: hs_comm_free() will not return, but end the processes with the exit code of
 * HS_ERROR_IO, once all ranks have come to it.
 */
void hs_comm_end_by_abort(hs_comm *comm);
/* Ends all ranks at once with this exit code; for an error that only this rank knows of. Does not return. */
_Noreturn void hs_comm_abort(hs_comm *comm, int exit_code);

int hs_comm_rank(const hs_comm *comm);
int hs_comm_size(const hs_comm *comm);
int hs_comm_node_rank(const hs_comm *comm); /* rank among the processes of this host */
int hs_comm_node_size(const hs_comm *comm);
/* Pointer to the MPI_Comm of all ranks, for results and sweep; lives as long as `comm`. */
const void *hs_comm_native(const hs_comm *comm);

/*
 * Collective. All ranks leave with the same status: HS_OK if every rank came with HS_OK, else the status and message
 * of the lowest failing rank, which the error names (hs_error.rank). The way to agree before the next collective step.
 * Without ranks (`comm` is NULL) the status stays as it is.
 */
hs_status hs_comm_agree(hs_comm *comm, hs_status status, hs_error *error);
#ifdef __clang_analyzer__
/* As hs_fail: what fails on this rank, fails. */
static inline hs_status hs_analyser_agree(hs_comm *comm, hs_status own, hs_error *error)
{
    const hs_status agreed = hs_comm_agree(comm, own, error);

    return own == HS_OK ? agreed : hs_analyser_failure(agreed);
}
#define hs_comm_agree(comm, status, error) hs_analyser_agree(comm, status, error)
#endif

/* Collective. `bytes` of `root` reach all ranks. */
hs_status hs_comm_broadcast(hs_comm *comm, void *bytes, size_t n_bytes, int root, hs_error *error);
/* Collective. A block of any length from `root`; the others get a new one (hs_free()), zero-terminated. */
hs_status hs_comm_broadcast_block(hs_comm *comm, char **bytes_inout, size_t *n_bytes_inout, int root, hs_error *error);
/* Collective. Element-wise bitwise or, sum or maximum over all ranks, in place. */
hs_status hs_comm_or(hs_comm *comm, uint64_t *words, size_t n_words, hs_error *error);
hs_status hs_comm_sum_u64(hs_comm *comm, uint64_t *values, size_t n_values, hs_error *error);
hs_status hs_comm_maximum(hs_comm *comm, double *values, size_t n_values, hs_error *error);
hs_status hs_comm_barrier(hs_comm *comm, hs_error *error);
/*
 * Collective. One line per rank (cut to 256 bytes), each ended by a newline, in rank order, on rank 0: e.g. host names.
 * hs_free() it; NULL elsewhere.
 */
hs_status hs_comm_gather_lines(hs_comm *comm, const char *line, char **lines_out, hs_error *error);
/*
 * Collective. Rank 0 gets `n_bytes` of each of the first `n_ranks` ranks and hands them to `take`, one rank after the
 * other: buffer[n_bytes] is all that it holds of them, however many ranks there are. Elsewhere `buffer` is unused. What
 * `take` returns first that is not HS_OK, all ranks return; it is not called again then.
 */
typedef hs_status (*hs_comm_taker)(void *context, int rank, const void *bytes, hs_error *error);
hs_status hs_comm_collect(hs_comm *comm, const void *bytes, size_t n_bytes, int n_ranks, void *buffer,
                          hs_comm_taker take, void *context, hs_error *error);

/*
 * Collective over each host. One block of memory that the processes of a host share, zeroed, 64-byte aligned, its pages
 * placed by all of them in turn. Before hs_comm_shared_publish node rank 0 may write, and each other process a part of
 * its own unless the block is copied; everybody may read after it. Copied: where the host's shared memory is too small,
 * or a process is alone on it, each process holds a copy that publishing fills with node rank 0's.
 */
typedef struct hs_shared_block hs_shared_block;
hs_status hs_comm_shared_new(hs_comm *comm, size_t n_bytes, hs_shared_block **block_out, hs_error *error);
void *hs_comm_shared_bytes(const hs_shared_block *block);
bool hs_comm_shared_is_copied(const hs_shared_block *block);
hs_status hs_comm_shared_publish(hs_comm *comm, hs_shared_block *block, hs_error *error);
void hs_comm_shared_free(hs_shared_block *block); /* collective over each host; before hs_comm_free */

#endif
