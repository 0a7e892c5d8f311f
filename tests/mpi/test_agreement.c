/*
 * What ranks read is compared before any cell is computed: one that reads another experiment ends the run on all of
 * them, and so does one that is asked to stop.
 */
#include "mpi/mpi_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "headsweep/study.h"

/* Opens the quickstart's study with this override on the last rank only, and gives what came of it on every rank. */
static hs_status open_study(hs_comm *comm, const char *override, hs_poll poll, hs_error *error)
{
    char path[512];
    const char *overrides[] = {"tasks.toxicity.limit=6", "tasks.accuracy.limit=4", override};
    const size_t n = hs_comm_rank(comm) == hs_comm_size(comm) - 1 ? 3 : 2;
    hs_experiment *experiment = NULL;
    hs_study *study = NULL;

    snprintf(path, sizeof path, "%s/configs/quickstart/quickstart.cfg", getenv("HEADSWEEP_SOURCE"));
    hs_status status = hs_config_load(path, overrides, n, &experiment, error);
    HS_GOTO_DONE(hs_comm_agree(comm, status, error));
    status = hs_study_open_polled(comm, experiment, poll, &study, error);
done:
    hs_study_free(study);
    hs_config_free(experiment);
    return status;
}

static void assert_refused(hs_comm *comm, const char *override, const char *text)
{
    hs_error error = {0};
    hs_status status = open_study(comm, override, (hs_poll){0}, &error);

    mpi_assert(comm, status == HS_ERROR_INPUT);
    mpi_assert(comm, error.has_rank && error.rank == hs_comm_size(comm) - 1);
    mpi_assert(comm, strncmp(error.message, "host ", strlen("host ")) == 0);
    mpi_assert(comm, strstr(error.message, text) != NULL);
}

static void test_same_everywhere(void **state)
{
    hs_comm *comm = *state;
    hs_error error = {0};

    mpi_assert_ok(comm, open_study(comm, "output.results=elsewhere.h5", (hs_poll){0}, &error), &error);
}

static void test_other_experiment(void **state)
{
    hs_comm *comm = *state;

    if (hs_comm_size(comm) == 1)
        skip(); /* nobody to differ from */
    assert_refused(comm, "run.seed=3", "reads another run.seed (3) than rank 0 (1): every host needs the same files");
    assert_refused(comm, "sweep.interventions=[\"zero\"]",
                   "reads another sweep.interventions ([\"zero\"]) than rank 0");
    assert_refused(comm, "tasks.toxicity.limit=5", "reads another tasks[0].limit (5) than rank 0 (6)");
}

static bool goes_on_elsewhere(void *context)
{
    return hs_comm_rank(context) != hs_comm_size(context) - 1;
}

/* The last rank is asked to stop before there is any group: in the start-up self-test. */
static void test_a_stop_at_the_start(void **state)
{
    hs_comm *comm = *state;
    hs_error error = {0};

    mpi_assert(comm, open_study(comm, "output.results=elsewhere.h5", (hs_poll){goes_on_elsewhere, comm}, &error) ==
                         HS_UNFINISHED);
    mpi_assert(comm, strstr(error.message, "given up") != NULL);
}

int main(void)
{
    struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_everywhere),
        cmocka_unit_test(test_other_experiment),
        cmocka_unit_test(test_a_stop_at_the_start),
    };
    return mpi_test_run("agreement", tests, sizeof tests / sizeof tests[0]);
}
