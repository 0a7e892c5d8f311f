/*
 * analysis: from per-example values to findings, from the results file alone - the model is never run again.
 *
 * A summary of a metric under a set is sum(values) / n_examples, or sum(values) / sum(values of the metric `per`) where the
 * metric has one (negative log-likelihood per token), or F1 from counts (hs_per). Delta is summary with the set ablated minus summary of the
 * clean model, so a negative delta of a toxicity metric is toxicity removed. Interaction of a pair (i, j) of one intervention is
 * delta_ij - delta_i - delta_j; it needs both singles in the sweep. Sums are in double, in the order of the examples.
 */
#ifndef HEADSWEEP_ANALYSIS_H
#define HEADSWEEP_ANALYSIS_H

#include "headsweep/results.h"

/* An objective as people state it: names, borrowed. reduce "" = none; an empty metric is the task's first. */
typedef struct hs_objective_names {
    const char *reduce;
    const char *reduce_metric;
    const char *keep;
    const char *keep_metric;
    double tolerance;
} hs_objective_names;

typedef struct hs_analysis {
    hs_results *results;          /* borrowed */
    hs_objective_names objective; /* as the file states it; a caller may put its own here */
    size_t n_sets;
    size_t n_tasks;
    size_t n_complete;    /* sets with every cell of every task */
    bool *complete;       /* [n_sets] */
    double **mean;        /* [n_tasks] -> [n_sets, n_metrics]; NaN for sets that are not complete */
    double **delta;       /* the same */
    double **interaction; /* the same; NaN for all but pairs whose singles are complete */
    int64_t *singles;     /* [n_sets, 2]: the sets that ablate just one of a pair, -1 where there is none */
} hs_analysis;

/* Reads all values of the file and computes the tables. Not collective. An unfinished file is fine. */
hs_status hs_analysis_new(hs_results *results, hs_analysis **analysis_out, hs_error *error);
void hs_analysis_free(hs_analysis *analysis);

/* Most of `reduce_metric` of `reduce_task` removed while `keep_metric` gets worse by at most `tolerance`. */
typedef struct hs_objective {
    size_t reduce_task;
    size_t reduce_metric;
    bool has_keep;
    size_t keep_task;
    size_t keep_metric;
    double tolerance; /* in the unit of the kept metric */
} hs_objective;

/*
 * The analysis' objective with its tasks and metrics found; *has_out false if there is none. HS_ERROR_USAGE: a task or
 * metric that the file does not have (names those it has).
 */
hs_status hs_analysis_objective(const hs_analysis *analysis, hs_objective *objective_out, bool *has_out,
                                hs_error *error);

typedef enum hs_ranking_key {
    HS_RANK_BY_OBJECTIVE,
    HS_RANK_BY_DELTA,       /* largest absolute delta first */
    HS_RANK_BY_INTERACTION, /* pairs only, largest absolute interaction first */
} hs_ranking_key;

typedef struct hs_ranking_request {
    hs_ranking_key key;
    hs_objective objective; /* of HS_RANK_BY_OBJECTIVE */
    size_t task;            /* of the others */
    size_t metric;
    int32_t order;        /* only sets of this order; 0 = all */
    int32_t intervention; /* only this one; -1 = all */
} hs_ranking_request;

/*
 * Reads `by`: "objective", "TASK", "TASK.METRIC", "interaction:TASK", "interaction:TASK.METRIC"; NULL means the objective
 * if the experiment stated one, else the first task. HS_ERROR_USAGE lists what there is.
 */
hs_status hs_ranking_request_parse(const hs_analysis *analysis, const char *by, hs_ranking_request *request_out,
                                   hs_error *error);

/* Complete sets with a finite key, best first; ties in the order of the table of sets. */
typedef struct hs_ranking {
    uint64_t *sets;
    size_t n;
    size_t n_outside_tolerance; /* by objective: complete sets left out because they cost too much */
    size_t n_not_finite;        /* sets left out because a value is not a finite number */
} hs_ranking;

hs_status hs_analysis_rank(const hs_analysis *analysis, const hs_ranking_request *request, hs_ranking *ranking_out,
                           hs_error *error);
void hs_ranking_clear(hs_ranking *ranking);

/* Writes mean, delta, interaction and the objective's ranks into the file and commits them. Rank 0 of a parallel file. */
hs_status hs_analysis_store(const hs_analysis *analysis, hs_results *results, hs_error *error);

#endif
