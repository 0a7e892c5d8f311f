/* What a second rank gives: the same sweep through the launcher on one rank and on two. */
#include "bench/sections.h"

enum { MOST_RANKS = 2 };

/*
 * Many small groups, so that both ranks end at nearly the same time, and few prompts, whose clean pass each rank
 * computes for itself: in both like a sweep that takes hours.
 */
static const bench_sample scaled_pairs = {
    .order = 2, .heads_a_layer = 4, .n_prompts = 2, .prompts_a_shard = 2, .sets_per_group = 16};

static hs_status read_sweep_seconds(const char *path, double *seconds, hs_error *error)
{
    hs_results *results = NULL;
    hs_results_run run;

    HS_TRY(hs_results_open_read(path, &results, error));
    hs_status status = hs_results_read_run(results, 0, &run, error);
    if (status == HS_OK)
        *seconds = run.sweep_seconds;
    return hs_results_close_after(results, status, error);
}

/*
 * The time is that of the sweep, which the file records, and not of the process: starting the
 * launcher takes as long as the sweep of a small shape.
 */
static hs_status time_run(const bench_place *bench, size_t n_ranks, double *seconds, hs_error *error)
{
    const bench_overrides overrides = hs__bench_sample_overrides(&scaled_pairs, &bench->setup.shape);
    const char *arguments[4 + 2 * BENCH_OVERRIDES] = {"run", HS_BENCH_EXPERIMENT};
    char results[BENCH_OVERRIDE_LENGTH];
    size_t n = 2;

    snprintf(results, sizeof results, "output.results=ranks%zu.h5", n_ranks);
    arguments[n++] = "--set";
    arguments[n++] = results;
    for (size_t i = 0; i < BENCH_OVERRIDES; ++i) {
        arguments[n++] = "--set";
        arguments[n++] = overrides.text[i];
    }
    hs_log_print(&bench->setup.log, HS_LOG_INFO, "bench   the same sweep on %zu rank%s", n_ranks,
                 n_ranks == 1 ? "" : "s");
    HS_TRY(hs__bench_launch(n_ranks, bench->folder, true, arguments, n, error));

    char *path = hs_path_join(bench->folder, results + sizeof "output.results=" - 1, error);
    if (path == NULL)
        return hs_error_status(error);
    hs_status status = read_sweep_seconds(path, seconds, error);
    hs_free(path);
    return status;
}

/* One rank goes through the launcher too, so that both times contain the same. */
hs_status hs__bench_ranks(const bench_place *bench, hs_error *error)
{
    double seconds[MOST_RANKS + 1] = {0};
    char text[128];

    printf("rank_sample = %s\n", hs__bench_sample_describe(&scaled_pairs, &bench->setup.shape, text, sizeof text));
    for (size_t n_ranks = 1; n_ranks <= MOST_RANKS; ++n_ranks) {
        HS_TRY(time_run(bench, n_ranks, &seconds[n_ranks], error));
        printf("rank_seconds_%zu = %.4g\n", n_ranks, seconds[n_ranks]);
        fflush(stdout);
    }
    if (seconds[MOST_RANKS] <= 0)
        return hs_fail(error, HS_ERROR_INTERNAL, "the sweep on %d ranks took no time", MOST_RANKS);
    printf("rank_scaling = %.3f  # %d ranks over 1\n", seconds[1] / seconds[MOST_RANKS], MOST_RANKS);
    return HS_OK;
}
