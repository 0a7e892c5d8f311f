/* status --watch: the state of a results file again and again while a run writes it. */
#ifndef CLI_WATCH_H
#define CLI_WATCH_H

#include "headsweep/base.h"

#define WATCH_MIN_SECONDS 0.1
#define WATCH_MAX_SECONDS 86400.0

/*
 * Looks at the file every `interval_seconds` (0: what suits a terminal or a log) and shows on stdout how far it is: one
 * view that is drawn again on a terminal, else a line a look. HS_OK when the sweep is finished, HS_UNFINISHED when a
 * signal ended the watch before.
 */
hs_status hs__cli_watch_results(const char *path, double interval_seconds, hs_error *error);

#endif
