/*
 * The kinds of later phases: a row each, which says all of it that depends on the kind. A phase is over when every
 * cell of its sets is done; the sets of the next one follow from the file then. Internal to the analysis room.
 */
#ifndef ANALYSIS_PHASE_KINDS_H
#define ANALYSIS_PHASE_KINDS_H

#include "headsweep/phases.h"

typedef struct phase_kind {
    const char *name; /* of its phases in the file */
    /*
     * Adds the phases that the experiment asks for (hs__analysis_add_phase); HS_ERROR_USAGE: they have nothing to
     * choose by.
     */
    hs_status (*plan)(const hs_experiment *experiment, const hs_phase_basis *basis, hs_planned_phases *planned,
                      hs_error *error);
    /* The sets of the next phase, which comes after `n_before` of its kind. */
    hs_status (*choose)(hs_results *results, size_t n_before, hs_sets *chosen, hs_error *error);
    /* What of its sets followed a setting as the file states it, for a message; NULL if nothing did. */
    const char *(*follows)(const hs_experiment *stated, const char *setting);
} phase_kind;

/* phase_pruning.c */
extern const phase_kind hs__analysis_phase_importance;
extern const phase_kind hs__analysis_phase_greedy;
/* phase_controls.c */
extern const phase_kind hs__analysis_phase_controls;

/* One more phase; `n_added`: components that each of its sets adds to its parent, at most. */
void hs__analysis_add_phase(hs_planned_phases *planned, const phase_kind *kind, size_t n_sets, size_t n_added);
/* phase_kinds.c: what of the file's sets was chosen by this setting; NULL if nothing was. */
const char *hs__analysis_chosen_by(const hs_results *results, const hs_experiment *stated, const char *setting);

#endif
