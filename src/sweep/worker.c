/* The other ranks of the sweep phase: compute what they are handed and ask for more in time. */
#include <mpi.h>
#include <string.h>

#include "sweep/run_state.h"

/* Reports between requests are only for the progress bar: not more often than this. */
#define REPORT_SECONDS 0.5

typedef struct worker {
    run_state *run;
    MPI_Comm comm;
    uint64_t report[RUN_REPORT_WORDS];
    uint64_t answer[RUN_LEASE_WORDS];
    double last_report_seconds;
    MPI_Request stop; /* the coordinator's one message to stop */
    bool ending;
} worker;

static bool poll_coordinator(void *context)
{
    worker *w = context;
    int told = 0;

    if (hs__sweep_run_wants_stop(w->run)) {
        w->report[RUN_REPORT_STOPS] = 1;
        w->ending = true;
    }
    /* A failing test is left for the wait at the end to report. */
    if (!w->ending && MPI_Test(&w->stop, &told, MPI_STATUS_IGNORE) == MPI_SUCCESS && told)
        w->ending = true;
    return !w->ending;
}

static hs_status send_report(worker *w, hs_error *error)
{
    w->report[RUN_REPORT_CELLS] = w->run->cells_written;
    w->report[RUN_REPORT_NOT_FINITE] = w->run->values_not_finite;
    w->run->cells_written = w->run->values_not_finite = 0;
    HS_TRY(hs__sweep_run_check_mpi(MPI_Send(w->report, RUN_REPORT_WORDS, MPI_UINT64_T, 0, RUN_TAG_REPORT, w->comm),
                                   "reporting to the coordinator", error));
    memset(w->report, 0, sizeof w->report);
    w->last_report_seconds = hs_time_seconds();
    return HS_OK;
}

/* Asks for the next lease; the answer arrives while the last item of the current lease is computed. */
static hs_status request_lease(worker *w, MPI_Request *request, hs_error *error)
{
    HS_TRY(
        hs__sweep_run_check_mpi(MPI_Irecv(w->answer, RUN_LEASE_WORDS, MPI_UINT64_T, 0, RUN_TAG_LEASE, w->comm, request),
                                "waiting for a lease", error));
    w->report[RUN_REPORT_WANTS] = 1;
    return send_report(w, error);
}

/*
 * The place of a value that is not finite is told at once, since rank 0 shows it to the user;
 * otherwise a report waits for the next request unless the bar would stand still.
 */
static hs_status compute_item(worker *w, uint64_t item, hs_error *error)
{
    const hs_poll poll = {poll_coordinator, w};

    HS_TRY(hs__sweep_run_compute_item(w->run, item, poll, error));
    w->report[RUN_REPORT_ITEMS] += 1;
    if (w->run->has_place) {
        w->report[RUN_REPORT_HAS_PLACE] = 1;
        memcpy(w->report + RUN_REPORT_PLACE, &w->run->place, sizeof w->run->place);
        return send_report(w, error);
    }
    if (hs_time_seconds() - w->last_report_seconds > REPORT_SECONDS)
        return send_report(w, error);
    return HS_OK;
}

/* Computes a lease and has the next one in `w->answer` when it returns, also when an item failed. */
static hs_status compute_lease(worker *w, hs_lease lease, hs_error *error)
{
    MPI_Request request = MPI_REQUEST_NULL;
    hs_status status = HS_OK;

    for (uint64_t item = lease.first; status == HS_OK && !w->ending && item < lease.first + lease.count; ++item) {
        if (item + 1 == lease.first + lease.count)
            status = request_lease(w, &request, error);
        if (status == HS_OK)
            status = compute_item(w, item, error);
    }
    hs_status waited = hs__sweep_run_check_mpi(MPI_Wait(&request, MPI_STATUS_IGNORE), "waiting for a lease", error);
    return status != HS_OK ? status : waited;
}

static hs_status compute_leases(worker *w, hs_error *error)
{
    MPI_Request request = MPI_REQUEST_NULL;
    hs_status status = HS_OK;

    HS_TRY(request_lease(w, &request, error));
    HS_TRY(hs__sweep_run_check_mpi(MPI_Wait(&request, MPI_STATUS_IGNORE), "waiting for the first lease", error));
    while (status == HS_OK && !w->ending && w->answer[RUN_LEASE_COUNT] > 0)
        status = compute_lease(w, (hs_lease){w->answer[RUN_LEASE_FIRST], w->answer[RUN_LEASE_COUNT]}, error);
    return status == HS_UNFINISHED ? hs__sweep_run_forget_stop(error) : status;
}

hs_status hs__sweep_run_work(run_state *run, hs_error *error)
{
    worker w = {.run = run, .comm = *(const MPI_Comm *)hs_comm_native(run->comm)};

    HS_TRY(hs__sweep_run_check_mpi(MPI_Irecv(NULL, 0, MPI_BYTE, 0, RUN_TAG_STOP, w.comm, &w.stop), "waiting for a stop",
                                   error));
    hs_status status = compute_leases(&w, error);
    w.report[RUN_REPORT_FINAL] = 1;
    w.report[RUN_REPORT_FAILED] = status != HS_OK;
    hs_status ended = send_report(&w, error);
    if (ended == HS_OK)
        ended = hs__sweep_run_check_mpi(MPI_Wait(&w.stop, MPI_STATUS_IGNORE), "waiting for the sweep's end", error);
    return status != HS_OK ? status : ended;
}
