/* What the subcommands that have a results file open share. */
#ifndef CLI_RESULTS_FILE_H
#define CLI_RESULTS_FILE_H

#include "headsweep/analysis.h"

/* The file's statistics; says on stderr where they must be computed because the sweep is unfinished. */
hs_status hs__cli_analyse_results(hs_results *results, hs_analysis **analysis_out, hs_error *error);

#endif
