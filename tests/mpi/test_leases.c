/*
 * Leases by themselves: a sweep whose cells do nothing and are not written. Whatever the number of ranks (also many
 * more than there are cores) every group is computed exactly once.
 */
#include "mpi/mpi_test.h"

#include <time.h>

#include "headsweep/sweep.h"

enum { N_SETS = 4001, SETS_PER_GROUP = 1, N_EXAMPLES = 3 };

typedef struct counter {
    uint64_t *times; /* [n_groups]: how often this rank computed each */
    uint64_t blocks_a_shard;
    bool sleeps;
} counter;

/* Some groups take longer than others, so that the ranks get out of step. */
static hs_status count_group(void *context, const hs_group *group, const hs_group_run *run, float *values,
                             hs_error *error)
{
    const struct timespec pause = {0, (long)hs_random_below(7, 0, group->first_set, 300000)};
    counter *c = context;

    (void)error;
    ++c->times[group->shard * c->blocks_a_shard + group->first_set];
    if (c->sleeps && group->first_set % 16 == 0)
        nanosleep(&pause, NULL);
    if (run->poll.call != NULL)
        (void)run->poll.call(run->poll.context);
    values[0] = 0;
    return HS_OK;
}

static void make_plan(hs_comm *comm, hs_plan *plan)
{
    const size_t rows[N_EXAMPLES] = {1, 1, 1};
    const hs_plan_input input = {N_EXAMPLES, 1, rows, NULL};
    hs_error error = {0};

    mpi_assert_ok(comm, hs_sweep_plan_init(plan, N_SETS, SETS_PER_GROUP, 1, &input, 1, &error), &error);
    mpi_assert(comm, plan->n_groups == (uint64_t)N_SETS * N_EXAMPLES);
}

static bool all_are_one(const uint64_t *times, uint64_t n)
{
    for (uint64_t i = 0; i < n; ++i)
        if (times[i] != 1)
            return false;
    return true;
}

static void run_and_count(hs_comm *comm, hs_scheduler_policy policy, uint64_t max_lease, bool sleeps)
{
    const hs_run_options options = {.scheduler = policy, .max_lease_groups = max_lease};
    hs_run_report report;
    hs_error error = {0};
    hs_plan plan;
    counter c = {.blocks_a_shard = N_SETS, .sleeps = sleeps};
    const hs_evaluator evaluator = {.context = &c, .evaluate = count_group};

    make_plan(comm, &plan);
    mpi_assert_ok(comm, hs_allocate(&c.times, (size_t)plan.n_groups, sizeof *c.times, "test", &error), &error);
    mpi_assert_ok(comm, hs_sweep_run(comm, &plan, NULL, true, &evaluator, &options, &report, &error), &error);
    mpi_assert_ok(comm, hs_comm_sum_u64(comm, c.times, (size_t)plan.n_groups, &error), &error);
    mpi_assert(comm, all_are_one(c.times, plan.n_groups));
    mpi_assert(comm, report.cells_this_run == plan.n_cells && report.n_served <= report.n_leases);
    mpi_assert(comm, hs_comm_size(comm) > 1 || report.n_served == 0);
    hs_free(c.times);
    hs_sweep_plan_clear(&plan);
}

static void test_guided(void **state)
{
    run_and_count(*state, HS_SCHEDULER_GUIDED, 64, true);
}

/* The most messages: a lease for each group. */
static void test_single_groups(void **state)
{
    run_and_count(*state, HS_SCHEDULER_GUIDED, 1, false);
}

static void test_static(void **state)
{
    run_and_count(*state, HS_SCHEDULER_STATIC, 5, true);
}

int main(void)
{
    struct CMUnitTest tests[] = {
        cmocka_unit_test(test_guided),
        cmocka_unit_test(test_single_groups),
        cmocka_unit_test(test_static),
    };
    return mpi_test_run("leases", tests, sizeof tests / sizeof tests[0]);
}
