/*
 * Memory that the processes of a host share: a window of MPI, or a copy for each where the host has no room for one.
 * Calls are collective on the host, so what one can fail at alone is agreed on before.
 */
#include "base/shared_block.h"

#include "base/comm_state.h"

#include <string.h>
#include <sys/statvfs.h>

enum { SHARED_ALIGNMENT = 64 };
/* Whole pages, as the system hands them out. */
enum { TOUCHED_BYTES = 64 * 1024 };

struct hs_shared_block {
    MPI_Win window; /* MPI_WIN_NULL where every process has a copy of its own */
    bool locked;
    unsigned char *copy;
    unsigned char *bytes; /* in the window, or `copy` */
    size_t n_bytes;
};

/*
 * The system places a page near the processor that touches it first: all ranks of the host take turns, so that no part
 * of its memory has to serve them all.
 */
static void clear_in_turn(const hs_comm *comm, const hs_shared_block *block)
{
    size_t step = (size_t)comm->node_size * TOUCHED_BYTES;
    for (size_t first = (size_t)comm->node_rank * TOUCHED_BYTES; first < block->n_bytes; first += step) {
        size_t left = block->n_bytes - first;
        memset(block->bytes + first, 0, left < TOUCHED_BYTES ? left : TOUCHED_BYTES);
    }
}

/*
 * All bytes belong to node rank 0: by default MPI joins the parts of all ranks to one block, and
 * with a single part that is not empty the block begins with it on every rank. MPI promises no
 * alignment, hence the bytes to spare.
 */
static hs_status allocate_window(const hs_comm *comm, hs_shared_block *block, hs_error *error)
{
    MPI_Aint own_bytes = comm->node_rank == 0 ? (MPI_Aint)block->n_bytes + SHARED_ALIGNMENT : 0;
    void *own = NULL;
    HS_TRY(check(MPI_Win_allocate_shared(own_bytes, 1, MPI_INFO_NULL, comm->node, &own, &block->window),
                 "MPI_Win_allocate_shared", error));
    HS_TRY(check(MPI_Win_set_errhandler(block->window, MPI_ERRORS_RETURN), "MPI_Win_set_errhandler", error));
    void *base = NULL;
    MPI_Aint base_bytes = 0;
    int displacement_unit = 0;
    HS_TRY(check(MPI_Win_shared_query(block->window, 0, &base_bytes, &displacement_unit, &base), "MPI_Win_shared_query",
                 error));
    /* Every process maps the segment at a page boundary, so that all of them skip the same number of bytes. */
    size_t skipped = (SHARED_ALIGNMENT - (uintptr_t)base % SHARED_ALIGNMENT) % SHARED_ALIGNMENT;
    block->bytes = (unsigned char *)base + skipped;
    /* MPI_Win_sync is only allowed within an epoch; this one lasts as long as the block. */
    HS_TRY(check(MPI_Win_lock_all(MPI_MODE_NOCHECK, block->window), "MPI_Win_lock_all", error));
    block->locked = true;
    clear_in_turn(comm, block);
    return HS_OK;
}

static hs_status allocate_block(size_t n_bytes, bool copied, hs_shared_block **block_out, hs_error *error)
{
    hs_shared_block *block = NULL;
    *block_out = NULL;
    if (n_bytes > PTRDIFF_MAX - SHARED_ALIGNMENT)
        return hs_fail(error, HS_ERROR_MEMORY, "shared block: %zu bytes are more than any memory holds", n_bytes);
    HS_TRY(hs_allocate(&block, 1, sizeof *block, "shared block", error));
    block->window = MPI_WIN_NULL;
    block->n_bytes = n_bytes;
    *block_out = block;
    if (copied)
        HS_TRY(hs_allocate(&block->copy, n_bytes, 1, "shared block", error));
    block->bytes = block->copy;
    return HS_OK;
}

/*
 * Allocating a window is collective on the host, so all agree that they have a block to put it in.
 * Publishing it once makes the zeros of each visible to the others.
 */
hs_status hs__shared_block_new(hs_comm *comm, size_t n_bytes, bool copied, hs_shared_block **block_out, hs_error *error)
{
    hs_shared_block *block = NULL;
    *block_out = NULL;
    hs_status status = allocate_block(n_bytes, copied, &block, error);
    HS_GOTO_DONE(hs__comm_agree_on_host(comm, status, error));
    if (!copied && block != NULL) { /* it is there, or they would not have agreed */
        HS_GOTO_DONE(allocate_window(comm, block, error));
        HS_GOTO_DONE(hs_comm_shared_publish(comm, block, error));
    }
    *block_out = block;
    block = NULL;
done:
    hs_comm_shared_free(block);
    return status;
}

/*
 * Whether the host's shared memory has room. MPI must not find that out: where it is too small (64 MB is common in
 * containers) Open MPI waits for ever and MPICH dies of a bus error. Some is left for MPI's own messages.
 */
static bool has_shared_memory(size_t n_bytes)
{
    const double reserve_bytes = 32.0 * 1024 * 1024;
    struct statvfs information;
    if (statvfs("/dev/shm", &information) != 0)
        return true;
    return (double)information.f_bavail * (double)information.f_frsize >= (double)n_bytes + reserve_bytes;
}

hs_status hs_comm_shared_new(hs_comm *comm, size_t n_bytes, hs_shared_block **block_out, hs_error *error)
{
    int copied = comm->node_size == 1 || !has_shared_memory(n_bytes);
    *block_out = NULL;
    HS_TRY(check(MPI_Bcast(&copied, 1, MPI_INT, 0, comm->node), "MPI_Bcast", error));
    return hs__shared_block_new(comm, n_bytes, copied != 0, block_out, error);
}

void *hs_comm_shared_bytes(const hs_shared_block *block)
{
    return block->bytes;
}

bool hs_comm_shared_is_copied(const hs_shared_block *block)
{
    return block->copy != NULL;
}

hs_status hs_comm_shared_publish(hs_comm *comm, hs_shared_block *block, hs_error *error)
{
    if (block->copy != NULL)
        return hs__comm_broadcast_on_host(comm, block->copy, block->n_bytes, error);
    HS_TRY(check(MPI_Win_sync(block->window), "MPI_Win_sync", error));
    HS_TRY(check(MPI_Barrier(comm->node), "MPI_Barrier", error));
    return check(MPI_Win_sync(block->window), "MPI_Win_sync", error);
}

void hs_comm_shared_free(hs_shared_block *block)
{
    if (block == NULL)
        return;
    if (block->locked)
        (void)MPI_Win_unlock_all(block->window);
    if (block->window != MPI_WIN_NULL)
        (void)MPI_Win_free(&block->window);
    hs_free(block->copy);
    hs_free(block);
}
