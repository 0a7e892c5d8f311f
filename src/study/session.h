/* One run of an experiment on its ranks: what its parts share. Internal to the study room. */
#ifndef STUDY_SESSION_H
#define STUDY_SESSION_H

#include "headsweep/energy.h"
#include "study/storage.h"

typedef struct study_session {
    hs_comm *comm;
    const hs_experiment *experiment;
    const hs_study_run_options *options;
    hs_study *study;
    char *hosts;           /* rank 0 */
    hs_results_lock *lock; /* rank 0 */
    hs_results *results;
    bool fresh;            /* this run made the file */
    hs_results_run record; /* rank 0: this run's row in the file */
    size_t record_row;
    double started;     /* hs_time_seconds() */
    hs_energy *energy;  /* of this host; on its first rank */
    hs_study_cost cost; /* rank 0, of a run that made its file */
} study_session;

bool hs__study_is_first_rank(const study_session *s);
/* session.c: what the file is, or would be, created from; and the end of this run's row in it. Rank 0. */
hs_status hs__study_make_layout(study_session *s, const hs_results_layout **layout_out, hs_error *error);
hs_status hs__study_end_record(study_session *s, hs_error *error);
/* session.c. Collective: what the run has cost so far, into the file. */
hs_status hs__study_record_cost(study_session *s, hs_error *error);

/*
 * sweep_phases.c. Collective. Sweeps the phases that the file has as far as cells are missing; chooses the sets of each
 * further phase from the results so far on rank 0, adds them to the file, and sweeps them. The report, also of a
 * sweep that was stopped, adds up all phases.
 */
hs_status hs__study_sweep_phases(study_session *s, hs_run_report *report_out, hs_error *error);

/*
 * conclusion.c. Collective. All ranks compute the statistics, rank 0 stores and ranks them, all make the texts that
 * are to be kept. Analysis and ranking are in *outcome also on failure, for whoever clears it.
 */
hs_status hs__study_conclude(study_session *s, hs_study_outcome *outcome, hs_error *error);

/*
 * best_texts.c. Collective. Keeps the texts of the clean model and of the best sets - by the objective, else those
 * that change the task's first metric most - for each task whose file has room for them. `analysis` is of rank 0;
 * NULL elsewhere.
 */
hs_status hs__study_save_best_texts(study_session *s, const hs_analysis *analysis, hs_error *error);

/*
 * cores.c. Collective: one warning if the ranks, or whoever made the file before, run other kernels of OpenBLAS,
 * because the last bits depend on them.
 */
hs_status hs__study_warn_of_other_cores(const study_session *s, hs_error *error);

#endif
