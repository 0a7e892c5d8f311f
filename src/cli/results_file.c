/*
 * results_file: the analysis of a results file that is open, with the word about an unfinished
 * sweep that every command owes.
 */
#include "cli/results_file.h"

#include "cli/progress.h"

/*
 * Sets x metrics x resamples that a command computes without being asked: a minute or two. What is more is work for the
 * ranks of a run, not for one process that somebody waits for.
 */
#define MOST_UNASKED 1e8

static double count_numbers(const hs_results *results, size_t resamples)
{
    double n_metrics = 0;

    for (size_t task = 0; task < hs_results_n_tasks(results); ++task)
        n_metrics += (double)hs_results_task_at(results, task)->n_metrics;
    return (double)hs_results_sets_of(results)->n_sets * n_metrics * (double)resamples;
}

static void leave_intervals_out(const hs_results *results, hs_analysis_options *options)
{
    hs_log_print(
        &(hs_log){stderr, HS_LOG_INFO}, HS_LOG_INFO,
        "without intervals: %zu resamples of %zu sets take one process long; mpirun -n N headsweep run EXPERIMENT "
        "finishes the file with them, and --resamples %zu computes them here",
        options->resamples, hs_results_sets_of(results)->n_sets, options->resamples);
    options->resamples = options->permutations = 0;
}

static void show_share(void *display, double share)
{
    hs__cli_progress_show_share(display, share, "statistics");
}

/* Options are the file's, but for the resamples that somebody asks for; no resamples means no tests either. */
static hs_status compute(hs_results *results, int64_t resamples, hs_analysis **analysis_out, hs_error *error)
{
    progress_display display = hs__cli_progress_display_make(stderr, 30);
    const hs_experiment *stated;

    HS_TRY(hs_results_stated(results, &stated, error));
    hs_analysis_options options = hs_analysis_options_of(stated);
    if (resamples != RESAMPLES_DEFAULT)
        options.resamples = (size_t)resamples;
    if (resamples == 0)
        options.permutations = 0;
    else if (resamples == RESAMPLES_DEFAULT && count_numbers(results, options.resamples) > MOST_UNASKED)
        leave_intervals_out(results, &options);
    options.progress = show_share;
    options.progress_context = &display;
    hs_status status = hs_analysis_new(results, NULL, &options, analysis_out, error);
    hs__cli_progress_show(&display, NULL);
    return status;
}

hs_status hs__cli_analyse_results(hs_results *results, int64_t resamples, hs_analysis **analysis_out, hs_error *error)
{
    bool stored;

    *analysis_out = NULL;
    HS_TRY(hs_results_ranking_done(results, &stored, error));
    if (!stored)
        hs_log_print(&(hs_log){stderr, HS_LOG_INFO}, HS_LOG_INFO,
                     "unfinished file: computing the statistics of the sets that are complete");
    return stored && resamples == RESAMPLES_DEFAULT ? hs_analysis_new(results, NULL, NULL, analysis_out, error)
                                                    : compute(results, resamples, analysis_out, error);
}
