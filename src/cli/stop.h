/*
 * stop: the signals with which people and job managers ask a run to end. SIGUSR1 (a time limit comes), SIGTERM
 * (preemption, or mpirun after another rank's death) and SIGINT (Ctrl-C; the second one kills).
 */
#ifndef CLI_STOP_H
#define CLI_STOP_H

#include <stdbool.h>

/*
 * From here on those signals set a flag instead of ending the process. SIGTERM ends it all the same if it is still
 * there
 * 20 s later, or when it comes again after 2 s or more: wherever the process is, also in a library that never returns.
 */
void hs__cli_stop_catch_signals(void);
/* For hs_run_options; the context is not read. */
bool hs__cli_stop_is_requested(void *context);

#endif
