/*
 * analysis: from per-example values to findings, from the results file alone - the model is never run again.
 *
 * A summary of a metric under a set is sum(values) / n_examples, or sum(values) / sum(values of the metric `per`) where
 * the metric has one (negative log-likelihood per token), or F1 from counts (hs_per). Delta is summary with the set
 * ablated minus summary of the
 * clean model, so a negative delta of a toxicity metric is toxicity removed. Interaction of a pair (i, j) of one
 * intervention is delta_ij - delta_i - delta_j; it needs both singles in the sweep. Sums are in double, in the order of
 * the examples; a delta of means is the mean of the differences.
 *
 * What is uncertain is which examples were drawn, so every interval is a paired bootstrap over examples: one resample
 * draws examples for all sets and metrics of a task at once, and a summary under it is a function of weighted sums, so
 * that all resamples of many sets are one matrix product. p-values are of the paired sign-flip test of the per-example
 * differences x_set - x_clean; for a ratio of sums they are linearised so that their mean is delta: (x_set - x_clean -
 * summary of the clean model * (d_set - d_clean)) / mean(d_set), d being the metric `per`; for F1 they are jackknife
 * pseudo-values. q-values are Benjamini-Hochberg's, separately for each task, metric, intervention and order. Random
 * numbers are keyed by seed and task and blocks of sets are cut on a fixed grid, so that statistics have the same bits
 * for any number of ranks. src/analysis/statistics.h has the formulas.
 */
#ifndef HEADSWEEP_ANALYSIS_H
#define HEADSWEEP_ANALYSIS_H

#include "headsweep/results.h"

/* How statistics are computed; the keys `analysis.*` and run.seed of an experiment. */
typedef struct hs_analysis_options {
    size_t resamples;    /* of the bootstrap; 0: no intervals and no stability */
    size_t permutations; /* random sign flips, rounded up to a multiple of 64; 0: no p-values */
    double confidence;   /* of intervals, in (0, 1) */
    bool bca;            /* BCa (Efron 1987), else the quantiles of the replicates */
    uint64_t seed;
    /* Called now and then while one process computes them, with the share that is done; may be NULL. */
    void (*progress)(void *context, double share);
    void *progress_context;
} hs_analysis_options;

/*
 * An objective as people state it: names, borrowed. reduce "" = none; an empty metric is the task's first. keep_also:
 * "TASK", "TASK.METRIC" or "TASK.METRIC=TOLERANCE".
 */
typedef struct hs_objective_names {
    const char *reduce;
    const char *reduce_metric;
    const char *keep;
    const char *keep_metric;
    double tolerance;
    const char *const *keep_also; /* [n_keep_also] */
    size_t n_keep_also;
} hs_objective_names;

/* Both as an experiment states them; the names are borrowed from it. */
hs_analysis_options hs_analysis_options_of(const hs_experiment *experiment);
hs_objective_names hs_analysis_objective_of(const hs_experiment *experiment);

/* Private to the room. */
typedef struct hs_pairs hs_pairs;
typedef struct hs_statistic_tables hs_statistic_tables;

typedef struct hs_analysis {
    hs_results *results;          /* borrowed */
    hs_objective_names objective; /* as the file states it; a caller may put its own here */
    hs_analysis_options options;
    size_t n_sets;
    size_t n_tasks;
    size_t n_complete;               /* sets with every cell of every task */
    bool *complete;                  /* [n_sets] */
    hs_pairs *pairs;                 /* hs_analysis_singles() */
    hs_statistic_tables *statistics; /* hs_analysis_value(): in memory, or pages of the file's; NULL: on rank 0 alone */
    double **stability;              /* [n_tasks] -> [n_interventions, n_metrics, HS_STABILITY_COUNT] */
} hs_analysis;

/*
 * The statistics of a file. Without `comm` in this process alone: a finished file's statistics are read from it unless
 * `options` asks for others; of an unfinished file they are computed from the sets that are complete. With `comm`
 * collective, for a file whose every cell is known to be done: the ranks share the work, and rank 0 has the statistics.
 * It writes them into the file as they come, where hs_analysis_store() commits them. NULL `options` are the file's own.
 */
hs_status hs_analysis_new(hs_results *results, hs_comm *comm, const hs_analysis_options *options,
                          hs_analysis **analysis_out, hs_error *error);
void hs_analysis_free(hs_analysis *analysis);

/* What the statistics will be computed of, before there is a file. */
typedef struct hs_analysis_task_size {
    size_t n_examples;
    size_t n_metrics;
} hs_analysis_task_size;

typedef struct hs_analysis_size {
    hs_analysis_options options;
    size_t n_sets;       /* of all phases, as many as there may be */
    size_t n_first_sets; /* of the first phase, which alone are ranked */
    size_t n_singles;    /* of which ablate one component */
    size_t n_pairs;      /* of all phases */
    size_t n_tested;     /* that are corrected for together: of one order and intervention */
    const hs_analysis_task_size *tasks;
    size_t n_tasks;
} hs_analysis_size;

/*
 * What rank 0 holds while hs_analysis_new computes that: the tables, and what the task needs that needs most. Depends
 * on options that are not part of an experiment's identity, so no size of a plan may depend on it.
 */
size_t hs_analysis_memory_bytes(const hs_analysis_size *size);

/*
 * One number of the statistics; NaN where it is not defined or the set not complete, and where the file could not be
 * read: whoever has asked for all that he needs asks hs_analysis_check() whether that was so.
 */
double hs_analysis_value(const hs_analysis *analysis, hs_statistic statistic, size_t task, size_t metric, uint64_t set);
hs_status hs_analysis_check(const hs_analysis *analysis, hs_error *error);
/*
 * Before many sets are asked for in an order that is not the file's: reads all statistics of as many of sets[n] as are
 * held at once, and returns how many those are. One after the other they would take a read each.
 */
size_t hs_analysis_fetch(const hs_analysis *analysis, const uint64_t *sets, size_t n);
/* The sets that ablate just one of a pair, -1 where there is none; both -1 and false of any other set. */
bool hs_analysis_singles(const hs_analysis *analysis, uint64_t set, int64_t singles_out[2]);

enum { HS_OBJECTIVE_MAX_KEEPS = 4096 }; /* one for each task of the largest experiment */

typedef struct hs_objective_keep {
    size_t task;
    size_t metric;
    double tolerance; /* in the unit of the metric */
} hs_objective_keep;

/* Most of `reduce_metric` of `reduce_task` removed while each kept metric gets worse by at most its tolerance. */
typedef struct hs_objective {
    size_t reduce_task;
    size_t reduce_metric;
    size_t n_keeps;
    hs_objective_keep keeps[HS_OBJECTIVE_MAX_KEEPS];
} hs_objective;

/*
 * The analysis' objective with its tasks and metrics found; *has_out false if there is none. HS_ERROR_USAGE: a task or
 * metric that the file does not have (names those it has).
 */
hs_status hs_analysis_objective(const hs_analysis *analysis, hs_objective *objective_out, bool *has_out,
                                hs_error *error);
/* How much worse a kept metric gets under a set: positive is a loss, in the metric's own unit. */
double hs_analysis_objective_loss(const hs_analysis *analysis, const hs_objective_keep *keep, uint64_t set);

typedef enum hs_ranking_key {
    HS_RANK_BY_OBJECTIVE,
    HS_RANK_BY_DELTA,       /* largest absolute delta first */
    HS_RANK_BY_INTERACTION, /* pairs only, largest absolute interaction first */
    HS_RANK_BY_BACKUP,      /* pairs that back each other up (hs_analysis_is_backup), the same order */
} hs_ranking_key;

typedef struct hs_ranking_request {
    hs_ranking_key key;
    hs_objective objective; /* of HS_RANK_BY_OBJECTIVE */
    size_t task;            /* of the others */
    size_t metric;
    int32_t order;        /* only sets of this order; 0 = all */
    int32_t intervention; /* only this one; -1 = all */
    bool pareto; /* by objective: only sets that none beats in what is reduced and all that is kept, of any loss */
} hs_ranking_request;

/*
 * Reads `by`: "objective", "TASK", "TASK.METRIC", "interaction:TASK", "interaction:TASK.METRIC", "backup:TASK"...; NULL
 * means the objective if the experiment stated one, else the first task. HS_ERROR_USAGE lists what there is.
 */
hs_status hs_analysis_request_parse(const hs_analysis *analysis, const char *by, hs_ranking_request *request_out,
                                    hs_error *error);

/* What decides the order of a ranking. Two-sided: the largest absolute value is first, else the lowest value. */
typedef struct hs_ranked_by {
    hs_statistic statistic; /* of delta or interaction */
    size_t task;
    size_t metric;
    bool two_sided;
} hs_ranked_by;
hs_ranked_by hs_analysis_ranking_by(const hs_ranking_request *request);

/* What becomes of a set in a ranking. */
typedef enum hs_standing {
    HS_STANDING_RANKED, /* of the Pareto front: unless another beats it */
    HS_STANDING_CLEAN,
    HS_STANDING_UNFINISHED,
    HS_STANDING_NOT_ASKED_FOR, /* of another order or intervention, no pair, no backup */
    /*
     * A later phase added it: a step of a pruning curve or a control, chosen for what others do. Never ranked:
     * removing all heads changes most, and a control is there to be compared with.
     */
    HS_STANDING_ADDED,
    HS_STANDING_OUTSIDE_TOLERANCE,
    HS_STANDING_NOT_FINITE,
    HS_STANDING_COUNT
} hs_standing;
hs_standing hs_analysis_standing(const hs_analysis *analysis, const hs_ranking_request *request, uint64_t set);

/* Complete sets of the first phase with a finite key, best first; ties in the order of the table of sets. */
typedef struct hs_ranking {
    uint64_t *sets;
    size_t n;
    size_t n_of[HS_STANDING_COUNT]; /* sets of the file by what becomes of them */
    uint64_t *not_finite_sets;      /* [n_not_finite]: left out because a value is not a finite number */
    size_t n_not_finite;
} hs_ranking;

hs_status hs_analysis_rank(const hs_analysis *analysis, const hs_ranking_request *request, hs_ranking *ranking_out,
                           hs_error *error);
void hs_analysis_ranking_clear(hs_ranking *ranking);

/*
 * A pair backs itself up on a metric: its delta and its interaction have one sign and q-values below 1 - confidence,
 * and the whole interval of each single delta lies within a quarter of the pair's delta around 0. Either head off shows
 * little because the other stands in for it. False for what is not a pair or lacks a single.
 */
bool hs_analysis_is_backup(const hs_analysis *analysis, size_t task, size_t metric, uint64_t set);

/*
 * Where a set lies among its matched controls, by the number that the request ranks by: the other complete sets of its
 * intervention with the same number of components of each kind in each layer, drawn at random or enumerated.
 * p = (1 + controls that do as much or more) / (1 + controls), as much being as low for what is to be reduced, and as
 * large in either direction where the ranking is two-sided. Published work shows that random sets can raise toxicity,
 * so an effect without this is none.
 */
typedef struct hs_control {
    size_t n;    /* controls */
    double mean; /* of their numbers; NaN without any */
    double low;  /* quantiles of their numbers at the confidence of the analysis; NaN for fewer than two */
    double high;
    double p;
} hs_control;
hs_status hs_analysis_control(const hs_analysis *analysis, const hs_ranking_request *request, uint64_t set,
                              hs_control *control_out, hs_error *error);

/*
 * How two interventions rank the same single components: Spearman's correlation of their deltas over the components
 * that are complete under both, NaN where it is not defined; *n_out says how many those are.
 */
hs_status hs_analysis_compare(const hs_analysis *analysis, size_t task, size_t metric, int32_t intervention,
                              int32_t other, double *spearman_out, size_t *n_out, hs_error *error);

/*
 * Whether a run with these settings may publish its ranking in the file (hs_results_restate): HS_ERROR_RESULTS names
 * the one that chose sets of the file, or that the file has no room for, and what to do.
 */
hs_status hs_analysis_check_restated(const hs_results *results, const hs_results_attribute *settings, size_t n,
                                     hs_error *error);

/*
 * Writes every statistic that is not there yet and the objective's ranks into the file and commits them. Rank 0 of a
 * parallel file.
 */
hs_status hs_analysis_store(const hs_analysis *analysis, hs_results *results, hs_error *error);

#endif
