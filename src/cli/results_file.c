/*
 * results_file: the analysis of a results file that is open, with the word about an unfinished
 * sweep that every command owes.
 */
#include "cli/results_file.h"

hs_status hs__cli_analyse_results(hs_results *results, hs_analysis **analysis_out, hs_error *error)
{
    const hs_log log = {stderr, HS_LOG_INFO};

    if (!hs_results_ranking_done(results))
        hs_log_print(&log, HS_LOG_INFO, "unfinished file: computing the statistics of the sets that are complete");
    return hs_analysis_new(results, NULL, NULL, analysis_out, error);
}
