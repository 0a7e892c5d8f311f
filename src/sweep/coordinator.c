/* Rank 0 of the sweep phase: hands out leases, counts what comes back, and computes like the others. */
#include <mpi.h>
#include <string.h>
#include <time.h>

#include "sweep/run_state.h"

/*
 * Rank 0 answers the workers between layers of its own computing (hs_poll), so a lease never waits for a whole group.
 */
typedef struct coordinator {
    run_state *run;
    MPI_Comm comm;
    hs_scheduler *scheduler;
    int n_workers;
    int n_final;
    bool worker_failed;
    bool stopped; /* a rank asked for it */
    bool ending;  /* the workers were told to stop */
    uint64_t n_leases;
    uint64_t n_served;
    double service_seconds;
    uint64_t cells_done; /* in this run */
    uint64_t values_not_finite;
    size_t n_places; /* of them that were shown */
    double start_seconds;
    hs_status status; /* of the messages; polling cannot return it */
    hs_error *error;
} coordinator;

static void show_progress(const coordinator *c)
{
    const hs_run_options *options = c->run->options;
    hs_progress progress = {c->run->cells_before + c->cells_done, c->run->plan->n_cells, c->cells_done,
                            hs_time_seconds() - c->start_seconds};

    if (options->progress != NULL)
        options->progress(options->progress_context, &progress);
}

static void show_place(coordinator *c, const hs_not_finite *place)
{
    const hs_run_options *options = c->run->options;

    if (options->not_finite != NULL && c->n_places++ < HS_RUN_MAX_PLACES)
        options->not_finite(options->not_finite_context, place);
}

static hs_lease next_lease(coordinator *c, int rank)
{
    hs_lease lease = hs_sweep_scheduler_next(c->scheduler, (size_t)rank);

    if (lease.count > 0)
        ++c->n_leases;
    return lease;
}

/*
 * A report is counted before it is answered, so that the answer follows from a scheduler that
 * knows it. Whoever wants nothing more gets no message: each one would have to be received.
 */
static hs_status answer_report(coordinator *c, int source)
{
    uint64_t report[RUN_REPORT_WORDS];
    uint64_t answer[RUN_LEASE_WORDS];
    hs_not_finite place;

    HS_TRY(hs__sweep_run_check_mpi(
        MPI_Recv(report, RUN_REPORT_WORDS, MPI_UINT64_T, source, RUN_TAG_REPORT, c->comm, MPI_STATUS_IGNORE),
        "receiving a worker's report", c->error));
    hs_sweep_scheduler_report(c->scheduler, (size_t)source, report[RUN_REPORT_ITEMS]);
    c->cells_done += report[RUN_REPORT_CELLS];
    c->values_not_finite += report[RUN_REPORT_NOT_FINITE];
    memcpy(&place, report + RUN_REPORT_PLACE, sizeof place);
    if (report[RUN_REPORT_HAS_PLACE])
        show_place(c, &place);
    c->worker_failed = c->worker_failed || report[RUN_REPORT_FAILED];
    c->stopped = c->stopped || report[RUN_REPORT_STOPS];
    if (report[RUN_REPORT_FINAL])
        ++c->n_final;
    if (!report[RUN_REPORT_WANTS])
        return HS_OK;
    hs_lease lease = next_lease(c, source);
    c->n_served += lease.count > 0;
    answer[RUN_LEASE_FIRST] = lease.first;
    answer[RUN_LEASE_COUNT] = lease.count;
    return hs__sweep_run_check_mpi(MPI_Send(answer, RUN_LEASE_WORDS, MPI_UINT64_T, source, RUN_TAG_LEASE, c->comm),
                                   "sending a lease", c->error);
}

/* Answers every report that is waiting; returns whether there was one. */
static bool serve(coordinator *c)
{
    double start = hs_time_seconds();
    bool served = false;
    int waiting = 1;
    MPI_Status message;

    while (c->status == HS_OK && waiting) {
        c->status = hs__sweep_run_check_mpi(MPI_Iprobe(MPI_ANY_SOURCE, RUN_TAG_REPORT, c->comm, &waiting, &message),
                                            "looking for reports", c->error);
        if (c->status == HS_OK && waiting) {
            c->status = answer_report(c, message.MPI_SOURCE);
            served = true;
        }
    }
    if (served)
        c->service_seconds += hs_time_seconds() - start;
    return served;
}

/* Nothing more is handed out, and the workers drop what they hold. */
static void end_sweep(coordinator *c)
{
    if (c->ending)
        return;
    c->ending = true;
    hs_sweep_scheduler_stop(c->scheduler);
    for (int worker = 1; worker <= c->n_workers && c->status == HS_OK; ++worker)
        c->status = hs__sweep_run_check_mpi(MPI_Send(NULL, 0, MPI_BYTE, worker, RUN_TAG_STOP, c->comm),
                                            "telling a worker to stop", c->error);
}

/* What rank 0 has written itself. */
static bool count_own(coordinator *c)
{
    const bool has_news = c->run->cells_written > 0;

    c->cells_done += c->run->cells_written;
    c->values_not_finite += c->run->values_not_finite;
    c->run->cells_written = c->run->values_not_finite = 0;
    return has_news;
}

static bool poll_workers(void *context)
{
    coordinator *c = context;
    const bool has_own = count_own(c);

    if ((c->n_workers > 0 && serve(c)) || has_own)
        show_progress(c);
    c->stopped = c->stopped || hs__sweep_run_wants_stop(c->run);
    if (c->stopped || c->worker_failed)
        end_sweep(c);
    return !c->ending;
}

/* Rank 0's own share, one lease after another. */
static hs_status compute_own_leases(coordinator *c, hs_error *error)
{
    const hs_poll poll = {poll_workers, c};

    for (hs_lease lease = next_lease(c, 0); lease.count > 0; lease = next_lease(c, 0)) {
        for (uint64_t item = lease.first; item < lease.first + lease.count; ++item) {
            HS_TRY(hs__sweep_run_compute_item(c->run, item, poll, error));
            hs_sweep_scheduler_report(c->scheduler, 0, 1);
            (void)count_own(c);
            if (c->run->has_place)
                show_place(c, &c->run->place);
            show_progress(c);
            if (!poll_workers(c) || c->status != HS_OK)
                return c->status;
        }
    }
    return HS_OK;
}

/* Nothing is left for rank 0: it only answers, without burning the core that a worker may need. */
static void wait_for_workers(coordinator *c)
{
    const struct timespec pause = {0, 200000};

    while (c->status == HS_OK && c->n_final < c->n_workers) {
        int n_final = c->n_final;
        poll_workers(c);
        if (c->n_final == n_final)
            nanosleep(&pause, NULL);
    }
    end_sweep(c);
}

/*
 * Whatever happens to rank 0's own share, the workers are answered until each has said its last: a
 * rank that waits for a lease would wait for ever. A stop is not a failure of rank 0's and is
 * reported to all alike.
 */
hs_status hs__sweep_run_coordinate(run_state *run, hs_run_report *report, hs_error *error)
{
    coordinator c = {.run = run,
                     .comm = *(const MPI_Comm *)hs_comm_native(run->comm),
                     .scheduler = run->scheduler,
                     .n_workers = hs_comm_size(run->comm) - 1,
                     .start_seconds = hs_time_seconds(),
                     .error = error};
    hs_status status;

    show_progress(&c);
    status = compute_own_leases(&c, error);
    (void)count_own(&c);
    if (status == HS_UNFINISHED)
        status = hs__sweep_run_forget_stop(error);
    if (status != HS_OK)
        end_sweep(&c);
    wait_for_workers(&c);
    if (status == HS_OK)
        status = c.status;
    if (status == HS_OK && !c.worker_failed && !c.stopped && !hs_sweep_scheduler_drained(c.scheduler))
        status = hs_fail(error, HS_ERROR_INTERNAL, "a lease was handed out and never reported");
    report->n_leases = c.n_leases;
    report->n_served = c.n_served;
    report->service_seconds = c.service_seconds;
    report->cells_this_run = c.cells_done;
    report->values_not_finite = c.values_not_finite;
    report->stopped = c.stopped;
    report->seconds = hs_time_seconds() - c.start_seconds;
    return status;
}
