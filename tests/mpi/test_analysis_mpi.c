/* analysis over MPI: statistics that ranks compute together have the bits of those that one process computes alone. */
#include "headsweep/analysis.h"
#include "mpi/shared_place.h"

#include <string.h>

/* 24 heads and 276 pairs under two interventions: three blocks of sets, so that ranks run out of them too. */
static const results_fixture_options experiment = {4, 6, 12, 5, false};
static const hs_analysis_options options = {
    .resamples = 300, .permutations = 256, .confidence = 0.9, .bca = true, .seed = 42};

/* Collective. A finished sweep. */
static hs_status write_sweep(hs_comm *comm, const results_fixture *fixture, hs_results *results, hs_error *error)
{
    float values[256];
    hs_status status = HS_OK;

    for (size_t i = (size_t)hs_comm_rank(comm); status == HS_OK && i < results_fixture_cells(fixture);
         i += (size_t)hs_comm_size(comm)) {
        hs_cell cell = results_fixture_cell(fixture, i);
        results_fixture_fill(fixture, cell, values);
        status = hs_results_write_cell(results, cell, values, error);
    }
    return hs_comm_agree(comm, status, error);
}

static bool same_tables(const hs_analysis *a, const hs_analysis *b)
{
    const size_t n_interventions = hs_results_sets_of(a->results)->n_interventions;

    for (size_t task = 0; task < a->n_tasks; ++task) {
        const size_t n_metrics = hs_results_task_at(a->results, task)->n_metrics;
        for (size_t s = 0; s < HS_STATISTIC_COUNT; ++s)
            for (size_t i = 0; i < a->n_sets * n_metrics; ++i) {
                const double one = hs_analysis_value(a, (hs_statistic)s, task, i % n_metrics, i / n_metrics);
                const double other = hs_analysis_value(b, (hs_statistic)s, task, i % n_metrics, i / n_metrics);
                if (memcmp(&one, &other, sizeof one) != 0)
                    return false;
            }
        if (memcmp(a->stability[task], b->stability[task],
                   n_interventions * n_metrics * HS_STABILITY_COUNT * sizeof(double)) != 0)
            return false;
    }
    return true;
}

static void test_same_bits(void **state)
{
    hs_comm *comm = *state;
    hs_error error = {0};
    shared_place place;
    hs_results *results = NULL;
    hs_analysis *shared = NULL, *alone = NULL;

    shared_place_init(comm, &place, experiment);
    shared_place_make_file(comm, &place);
    mpi_assert_ok(comm, hs_results_open_parallel(comm, place.path, &results, &error), &error);
    mpi_assert_ok(comm, write_sweep(comm, &place.fixture, results, &error), &error);

    mpi_assert_ok(comm, hs_analysis_new(results, comm, &options, &shared, &error), &error);
    mpi_assert_ok(comm, hs_analysis_new(results, NULL, &options, &alone, &error), &error);
    mpi_assert(comm, alone->n_complete == place.fixture.layout.sets.n_sets);
    mpi_assert(comm, hs_comm_rank(comm) != 0 || same_tables(shared, alone));

    hs_analysis_free(shared);
    hs_analysis_free(alone);
    mpi_assert_ok(comm, hs_results_close(results, &error), &error);
    shared_place_clear(comm, &place);
}

int main(void)
{
    struct CMUnitTest tests[] = {cmocka_unit_test(test_same_bits)};
    return mpi_test_run("analysis", tests, sizeof tests / sizeof tests[0]);
}
