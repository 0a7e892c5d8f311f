/*
 * analysis: the later phases of a sweep. What their sets are follows from the results file alone - its configuration
 * and the values so far - so that a run that was killed chooses the same again. And what comes of them: pruning curves.
 *
 *   importance  heads are removed one after the other, from the one that matters least alone up
 *   greedy      heads are removed one after the other; each step tries the heads that are left in addition to those
 *               that are gone, and removes the one that harms least
 *   controls    last, for each of the best sets of the first phase by the file's objective: random sets with the same
 *               number of components of each kind in each layer, under the same intervention
 *
 * What matters is the metric that pruning.metric names, else the one that objective.keep does. Sets that the file has
 * already are never added again.
 */
#ifndef HEADSWEEP_PHASES_H
#define HEADSWEEP_PHASES_H

#include "headsweep/config.h"
#include "headsweep/results.h"

/* Names of the kinds. A greedy curve has one phase for each head but the first. */
#define HS_PHASE_CONTROLS "controls"
#define HS_PHASE_IMPORTANCE "importance"
#define HS_PHASE_GREEDY "greedy"

/* What later phases depend on before there is a file: the sets of the first one. */
typedef struct hs_phase_basis {
    size_t n_sets;
    size_t n_singles; /* of one intervention */
    size_t max_order;
    size_t most_components; /* that a set may have */
    const char *const *intervention_names;
    size_t n_interventions;
    hs_component last; /* of the model's, which has the longest name */
} hs_phase_basis;

/* The phases that an experiment asks for, in the order in which they are swept. */
typedef struct hs_planned_phases {
    hs_results_later later;
    size_t max_order;    /* of the sets of all phases */
    size_t of_one_order; /* sets of later phases that have as many components, at most, */
    size_t of_last_kind; /* and those of them that the kind of the last phase adds */
    const char **names;  /* owned; `later` has them */
} hs_planned_phases;

/*
 * How many phases and sets there can be at most. HS_ERROR_USAGE: a phase that has nothing to choose by, more sets than
 * sweep.max_sets.
 */
hs_status hs_analysis_plan_phases(const hs_experiment *experiment, const hs_phase_basis *basis,
                                  hs_planned_phases *planned_out, hs_error *error);
void hs_analysis_planned_phases_clear(hs_planned_phases *planned);

/*
 * The sets of the file's next phase, all earlier ones being finished, as a table that continues the file's, for
 * hs_results_add_phase. A pure function of the file; not collective. HS_ERROR_INTERNAL: there is no further phase.
 */
hs_status hs_analysis_choose_phase(hs_results *results, hs_sets *rows_out, hs_error *error);

/* Pruning curves. */

/*
 * The model without the first n_removed heads of the curve. kept: share of its performance that is left, the metric
 * under the set over that of the clean model (the reverse where less is better, or where the values are negative, as
 * log-probabilities are), what guessing scores subtracted from both; NaN where that is not a share, as of a model
 * that is not above chance. reduced: delta of
 * the objective's reduced metric, negative where it goes down; NaN without an objective. Intervals are quantiles of the
 * paired bootstrap over examples (Efron 1979).
 */
typedef struct hs_pruning_point {
    size_t n_removed;
    uint64_t set;
    hs_component head; /* that goes at this point; -1 where none has gone */
    double kept, kept_low, kept_high;
    double reduced, reduced_low, reduced_high;
} hs_pruning_point;

typedef struct hs_pruning_curve {
    hs_curves method; /* HS_CURVES_IMPORTANCE or HS_CURVES_GREEDY */
    size_t n_heads;   /* that were swept alone: those that can be removed */
    int32_t intervention;
    size_t task, metric; /* that is kept */
    double chance; /* what guessing scores on it, as stated or as the task's kind says; 0: nothing that is known */
    bool has_reduced;
    size_t reduced_task, reduced_metric;
    double confidence;
    double threshold;         /* share to be kept: pruning.kept */
    hs_pruning_point *points; /* [n_points], from 0 heads removed up; ends where sets are not complete yet */
    size_t n_points;
    size_t n_planned; /* points that the finished curve has */
    size_t furthest;  /* the point with most heads removed that keeps `threshold` */
} hs_pruning_curve;

/* "importance", "greedy": the word of pruning.curve, and the name of the phases that sweep the curve's sets. */
const char *hs_analysis_pruning_method(hs_curves method);

/*
 * The curve of that method, from the file alone; not collective. *has_out is false (and the curve empty) where the
 * experiment does not ask for it, or the first phase is not complete.
 */
hs_status hs_analysis_pruning_curve(hs_results *results, hs_curves method, hs_pruning_curve *curve_out, bool *has_out,
                                    hs_error *error);
void hs_analysis_pruning_curve_clear(hs_pruning_curve *curve);
/* Every curve that there is so far, by importance before greedy: curves_out[HS_PRUNING_METHODS], for one clear each. */
enum { HS_PRUNING_METHODS = 2 };
hs_status hs_analysis_pruning_curves(hs_results *results, hs_pruning_curve *curves_out, size_t *n_out, hs_error *error);
/*
 * "keeps 96.3% [94.1, 98.2] of its accuracy (acc) without 43.8% of its heads (7 of 16)" appended to `text`;
 * with "above chance (25.0%)" where chance is subtracted; that there is nothing to keep where the clean model's value
 * is 0 or no better than chance.
 */
hs_status hs_analysis_pruning_sentence(const hs_results *results, const hs_pruning_curve *curve, hs_text *text,
                                       hs_error *error);

#endif
