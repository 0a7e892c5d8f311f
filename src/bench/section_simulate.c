/*
 * The scheduler on as many ranks as no machine at hand has: groups, their counted costs and the scheduler are those of
 * a run, only time is virtual. Rank 0 computes too, and looks at its messages after a matrix product at the latest.
 */
#include <inttypes.h>

#include "bench/sections.h"

/* Shares rather than seconds where the number of ranks is the question. */
static void print_figures(const hs_study *study, const hs_bench_setup *setup, const hs_study_cost *cost,
                          const hs_simulation *simulation)
{
    const double rank_seconds = simulation->seconds * (double)setup->n_virtual_ranks;

    printf("virtual_ranks = %zu\n", setup->n_virtual_ranks);
    printf("virtual_gflops_per_rank = %g\n", setup->gflops);
    printf("virtual_flops = %.4g\n", cost->flops_executed);
    printf("virtual_sets = %zu\n", study->space.n_sets);
    printf("virtual_groups = %" PRIu64 "\n", study->plan.n_groups);
    printf("virtual_leases = %" PRIu64 "\n", simulation->n_leases);
    printf("virtual_seconds = %.4g  # until the last cell\n", simulation->seconds);
    printf("virtual_efficiency = %.4f  # share of the ranks' time in which they compute\n", simulation->efficiency);
    printf("virtual_waiting = %.4f  # share in which they wait for an answer of rank 0\n",
           rank_seconds > 0 ? simulation->waited_seconds / rank_seconds : 0);
    printf("virtual_idle_ranks = %zu  # that get no group at all\n", simulation->n_idle_ranks);
}

static hs_status simulate(const hs_experiment *experiment, const hs_bench_setup *setup, hs_error *error)
{
    hs_study *study = NULL;
    hs_study_cost cost;
    hs_simulation simulation;
    hs_status status;

    HS_GOTO_DONE(hs_study_outline(experiment, &study, error));
    HS_GOTO_DONE(hs_study_count_cost(study, &cost, error));
    HS_GOTO_DONE(hs_study_simulate(study, setup->gflops * 1e9, setup->n_virtual_ranks, &simulation, error));
    print_figures(study, setup, &cost, &simulation);
done:
    hs_study_free(study);
    return status;
}

static hs_status simulate_file(const char *path, const hs_bench_setup *setup, hs_error *error)
{
    hs_experiment *experiment = NULL;
    hs_status status = hs_config_load(path, NULL, 0, &experiment, error);

    if (status == HS_OK)
        status = simulate(experiment, setup, error);
    hs_config_free(experiment);
    return status;
}

/* Nothing of the weights is read: they are a hole. */
static hs_status simulate_shape(const hs_bench_setup *setup, hs_error *error)
{
    bench_place place = {.setup = *setup};
    char *path = NULL;

    place.setup.shape.sparse = true;
    hs_status status = hs__bench_make_inputs(&place, error);
    if (status == HS_OK)
        path = hs_path_join(place.folder, HS_BENCH_EXPERIMENT, error);
    if (status == HS_OK)
        status = path != NULL ? simulate_file(path, setup, error) : hs_error_status(error);
    hs_free(path);
    hs__bench_remove_inputs(&place);
    return status;
}

hs_status hs__bench_simulate(const bench_place *bench, hs_error *error)
{
    const hs_bench_setup *setup = &bench->setup;

    return setup->experiment != NULL ? simulate_file(setup->experiment, setup, error) : simulate_shape(setup, error);
}
