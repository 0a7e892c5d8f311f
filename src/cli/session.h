/* One run from a loaded experiment to the printed ranking. */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include "headsweep/study.h"

typedef struct session_options {
    hs_log log; /* stream NULL on all ranks but 0 */
    const char *command_line;
    size_t top; /* rows of the ranking */
} session_options;

/* Collective; all ranks return the same status. */
hs_status hs__cli_session_run(hs_comm *comm, const hs_experiment *experiment, const session_options *options,
                              hs_error *error);

#endif
