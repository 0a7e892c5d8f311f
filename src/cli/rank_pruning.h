/* `headsweep rank --pruning`. */
#ifndef CLI_RANK_PRUNING_H
#define CLI_RANK_PRUNING_H

#include "headsweep/report.h"

/* Prints all pruning curves of the file. HS_ERROR_USAGE: it has none. */
hs_status hs__cli_print_pruning(hs_results *results, int64_t resamples, hs_report_format format, hs_error *error);

#endif
