/* All phases of a sweep, one after the other. */
#ifndef CLI_PHASES_H
#define CLI_PHASES_H

#include "headsweep/study.h"

typedef struct phase_job {
    hs_comm *comm;
    const hs_experiment *experiment;
    const hs_log *log;
    hs_study *study;
    hs_results *results;
    bool fresh; /* the file was made by this run */
} phase_job;

/*
 * Collective. Sweeps the phases that the file has as far as cells are missing; chooses the sets of each further phase
 * from the results so far on rank 0, adds them to the file, and sweeps them. The report, also of a sweep that was
 * stopped, adds up all phases.
 */
hs_status hs__cli_sweep_phases(const phase_job *job, hs_run_report *report_out, hs_error *error);

#endif
