/* What comm.c and comm_shared.c share: the communicators, and how a call of MPI that failed is told. */
#ifndef HEADSWEEP_BASE_COMM_STATE_H
#define HEADSWEEP_BASE_COMM_STATE_H

#include "headsweep/comm.h"

#include <mpi.h>

struct hs_comm {
    MPI_Comm world; /* a duplicate: messages of a program around us cannot meet ours */
    MPI_Comm node;
    int rank, size;
    int node_rank, node_size;
    bool started_here;
    bool ends_by_abort;
};

static inline hs_status check(int code, const char *call, hs_error *error)
{
    if (code == MPI_SUCCESS)
        return HS_OK;
    char text[MPI_MAX_ERROR_STRING + 1] = "";
    int length = 0;
    if (MPI_Error_string(code, text, &length) != MPI_SUCCESS)
        (void)snprintf(text, sizeof text, "error %d", code);
    return hs_fail(error, HS_ERROR_COMM, "%s failed: %s", call, text);
}

/* hs_comm_agree() and hs_comm_broadcast() from node rank 0, among the ranks of this host. */
hs_status hs__comm_agree_on_host(hs_comm *comm, hs_status status, hs_error *error);
hs_status hs__comm_broadcast_on_host(hs_comm *comm, void *bytes, size_t n_bytes, hs_error *error);

#endif
