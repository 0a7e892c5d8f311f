/* What the subcommands that have a results file open share. */
#ifndef CLI_RESULTS_FILE_H
#define CLI_RESULTS_FILE_H

#include "headsweep/analysis.h"

/* Of --resamples: it was not given. */
enum { RESAMPLES_DEFAULT = -1 };

/*
 * The file's statistics; those of `resamples` (0: estimates alone) are computed even where the file has others. Says on
 * stderr where they are computed and how far that is, and where intervals are left out because they would take long.
 */
hs_status hs__cli_analyse_results(hs_results *results, int64_t resamples, hs_analysis **analysis_out, hs_error *error);

#endif
