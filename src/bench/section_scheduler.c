/*
 * What a lease costs the coordinator: a sweep whose cells do nothing and are not written, handed out one group at a
 * time. The workers ask as fast as they can, and rank 0 spends its first group answering them.
 */
#include <inttypes.h>
#include <sched.h>

#include "bench/sections.h"

enum { N_SETS = 50000, RANKS_TO_START = 2 };
#define STALLED_SECONDS 60.0

typedef struct simulation {
    bool coordinates;
    uint64_t *times; /* [N_SETS]: how often this rank computed each group */
    uint64_t cells_done;
    double last_seconds; /* when cells_done last changed */
} simulation;

static void note_progress(void *context, const hs_progress *progress)
{
    simulation *s = context;

    s->cells_done = progress->cells_done;
    s->last_seconds = hs_time_seconds();
}

/* Rank 0 answers until everything but the group that it holds is done. */
static hs_status serve_all(simulation *s, hs_poll poll, hs_error *error)
{
    while (s->cells_done + 1 < N_SETS) {
        uint64_t before = s->cells_done;
        (void)poll.call(poll.context);
        if (s->cells_done != before)
            continue;
        if (hs_time_seconds() - s->last_seconds > STALLED_SECONDS)
            return hs_fail(error, HS_ERROR_COMM, "no worker asked for a lease in %.0f s", STALLED_SECONDS);
        sched_yield(); /* where ranks share a core */
    }
    return HS_OK;
}

static hs_status do_nothing(void *context, const hs_group *group, const hs_group_run *run, float *values,
                            hs_error *error)
{
    simulation *s = context;

    ++s->times[group->first_set];
    values[0] = 0;
    return s->coordinates ? serve_all(s, run->poll, error) : HS_OK;
}

/* Groups that nobody computed, and those that were computed more than once. */
typedef struct mishaps {
    size_t n_lost;
    size_t n_doubled;
} mishaps;

static mishaps count_mishaps(const uint64_t *times)
{
    mishaps found = {0};

    for (size_t i = 0; i < N_SETS; ++i) {
        found.n_lost += times[i] == 0;
        found.n_doubled += times[i] > 1;
    }
    return found;
}

static void print_figures(mishaps found, int n_ranks, const hs_run_report *report)
{
    double service = report->service_seconds / (double)report->n_served;

    printf("scheduler_ranks = %d\n", n_ranks);
    printf("scheduler_leases = %" PRIu64 "\n", report->n_served);
    printf("scheduler_lost = %zu\nscheduler_done_twice = %zu\n", found.n_lost, found.n_doubled);
    printf("lease_service_us = %.3g\n", service * 1e6);
    printf("ranks_fed_10ms = %.3g  # leases of one cell of so long\n", 0.01 / service);
    printf("ranks_fed_1s = %.3g\n", 1 / service);
}

/* Prints on rank 0 and fails on all ranks alike if a lease went astray. */
static hs_status report_figures(hs_comm *comm, const uint64_t *times, const hs_run_report *report, hs_error *error)
{
    const mishaps found = count_mishaps(times);

    if (report->n_served == 0)
        return hs_fail(error, HS_ERROR_USAGE, "bench scheduler needs two ranks at least: its workers ask rank 0");
    if (hs_comm_rank(comm) == 0)
        print_figures(found, hs_comm_size(comm), report);
    if (found.n_lost + found.n_doubled > 0)
        return hs_fail(error, HS_ERROR_INTERNAL, "%zu of %d groups were lost and %zu done more than once", found.n_lost,
                       N_SETS, found.n_doubled);
    return HS_OK;
}

/* Collective. */
static hs_status simulate(hs_comm *comm, simulation *s, hs_run_report *report, hs_error *error)
{
    const size_t rows = 1;
    const hs_plan_input input = {1, 1, &rows, NULL};
    const hs_run_options options = {
        .scheduler = HS_SCHEDULER_GUIDED, .max_lease_groups = 1, .progress = note_progress, .progress_context = s};
    const hs_evaluator evaluator = {.context = s, .evaluate = do_nothing};
    hs_plan plan = {0};
    hs_status status = hs_allocate(&s->times, N_SETS, sizeof *s->times, "groups", error);

    s->coordinates = hs_comm_rank(comm) == 0 && hs_comm_size(comm) > 1;
    if (status == HS_OK)
        status = hs_sweep_plan_init(&plan, N_SETS, 1, 1, &input, 1, error);
    HS_GOTO_DONE(hs_comm_agree(comm, status, error));
    HS_GOTO_DONE(hs_sweep_run(comm, &plan, NULL, true, &evaluator, &options, report, error));
    HS_GOTO_DONE(hs_comm_sum_u64(comm, s->times, N_SETS, error));
done:
    hs_sweep_plan_clear(&plan);
    return status;
}

/*
 * On the ranks that a launcher started, for only there may MPI begin; what went astray is known to
 * all of them, since all count the same times.
 */
static hs_status measure_here(hs_error *error)
{
    simulation s = {0};
    hs_comm *comm = NULL;
    hs_run_report report;
    hs_status status;

    HS_TRY(hs_comm_new(&comm, error));
    HS_GOTO_DONE(simulate(comm, &s, &report, error));
    HS_GOTO_DONE(report_figures(comm, s.times, &report, error));
done:
    /* All ranks have the same error: one of them says it. */
    if (status != HS_OK && hs_comm_rank(comm) != 0)
        error->message[0] = '\0';
    hs_free(s.times);
    hs_comm_free(comm);
    return status;
}

hs_status hs__bench_scheduler(const bench_place *bench, hs_error *error)
{
    static const char *const arguments[] = {"bench", "scheduler", "--here"};

    if (bench->setup.n_virtual_ranks > 0)
        return hs__bench_simulate(bench, error);
    if (bench->setup.here)
        return measure_here(error);
    return hs__bench_launch(RANKS_TO_START, NULL, false, arguments, sizeof arguments / sizeof *arguments, error);
}
