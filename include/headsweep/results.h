/*
 * results: the one HDF5 file of a sweep. With comm and sweep the only place that knows MPI, and the only one that
 * knows HDF5.
 *
 * Crash-consistent by construction (measured under kill -9; see the README's chapter on the file): rank 0 alone
 * creates the whole file with the serial driver - every group, attribute and dataset, contiguous, allocated early -
 * under a temporary name, flushes it, reserves its blocks, renames it and flushes the folder. From then on there are
 * independent raw writes only. A cell is done if and only if its commit word matches its bytes, so neither the order
 * of writes nor a flush is relied on.
 *
 * Layout, version 2 (S sets, A components that they add, E examples, M metrics, K shards, I interventions):
 *   /                        attributes: headsweep_layout, experiment_hash, tables_hash, headsweep_version
 *   /experiment              one attribute a configuration key; `identity` lists those that make the experiment
 *   /provenance              attributes: checkpoint, hashes, BLAS, hosts, ranks, times, command line
 *   /provenance/run          [64] records: when, where and on how many ranks the sweep was started (hs_results_run)
 *   /provenance/core_hours   [64] f64, and energy [64] f64 (joules): what each of these has cost; NaN: not known
 *   /set                     [S] text: "clean", "2.1+3.0"; the scale of the sets
 *   /sets/order              [S] i32: components in the set, 0 = clean (always set 0)
 *   /sets/intervention       [S] i32: row of /sets/intervention_name, -1 for the clean set
 *   /sets/intervention_name  [I] text
 *   /sets/parent             [S] i32: the set that it adds components to (hs_sets); 0: none but its own; -1 of set 0
 *   /sets/first_added        [S] u64: row of its first own component in /sets/added; it has as many as its order is
 *                            larger than its parent's
 *   /sets/added              [A, 3] i32: kind, layer, index
 *   /sets/phase              [P, 3] u64: first set, number of sets, hash of their rows; 0 until the phase is chosen
 *   /sets/phase_name         [P] text: "enumerated", then what chooses the sets of the later phases
 *   /reference/mean, /reference/position_mean                   f32, where an intervention needs them; attribute hash
 *   /results                 attribute tasks: their names in order
 *   /results/TASK            attribute kind
 *   /results/TASK/values     [S, E, M] f32, NaN until written
 *   /results/TASK/commit     [S, K] u64, 0 until written
 *   /results/TASK/shard      [K] u64: first example of each shard
 *   /results/TASK/metric     [M] text, with attributes unit, metric_meaning, better, percent, per of [M], and chance
 *                            [M] f64 in files that have it
 *   /results/TASK/example    [E] u64: line of the data file;  donor [E] u32 where examples have donors
 *   /results/TASK/text       [T, E, N] text: generated continuations (N a prompt) of T sets, "" until written
 *   /results/TASK/prompt     [E] text: what the continuations continue, where texts are kept
 *   /results/TASK/text_set   [T] i32: the set of each row of text, -1 until that row is written; both only where texts
 *                            are kept. A reader of layout 1 that does not know them may leave them alone
 *   /ranking/TASK/STATISTIC  [S, M] f64, NaN until the sweep is finished;  metric [M] text
 *   /ranking/TASK/stability  [I, M, F] f64: how stable the ranking of single components is (hs_stability)
 *   /ranking/method          [4] f64: how the statistics were computed (hs_results_method)
 *   /ranking/rank_objective  [S] i32;  /ranking/commit [1] u64, 0 until the ranking is written
 *   /ranking/restated        [1] text: settings of the last run that are not those of /experiment, such as another
 *                            objective; "" = none. A reader of layout 1 that does not know it takes a ranking by such
 *                            for unfinished
 *
 * S is the largest number of sets that the phases can have together. The sets of the first phase are there from the
 * start; those of a later phase are chosen from the results so far and written as rows like any other, the phase's word
 * last. A phase is there if and only if its word matches its rows; rows beyond the last such phase are not sets (order,
 * intervention and parent are -1, the name is empty).
 *
 * Files of layout 1 are read: instead of parent, first_added and added they have /sets/component [S, R, 3], every set
 * written out with R slots, R the largest order, -1 where there is none. Their cells can be continued, their later
 * phases not.
 *
 * Texts are fixed-length UTF-8. Every axis of every dataset carries its name as dimension label and a dataset of that
 * name as dimension scale: those above, and where an axis has none of its own, one that numbers it (component_row,
 * run_number, ranking, layer, position, column, sample) or names its fields (component_field, phase_field,
 * method_field, stability_field). Scales of other groups, and /sets/order and /sets/intervention, have a name in each
 * group that uses them (hard links), so that netCDF and xarray label the datasets of a group with them. Files of
 * before lack those that number and name, and the links.
 * Two files of one layout are equal to the byte when they are finished, whatever
 * the ranks and the kills and resumes, except in /provenance/run.
 */
#ifndef HEADSWEEP_RESULTS_H
#define HEADSWEEP_RESULTS_H

#include "headsweep/comm.h"
#include "headsweep/config.h"
#include "headsweep/sets.h"

#define HS_RESULTS_LAYOUT_VERSION 2

/* What a file is created from. */

typedef struct hs_results_task {
    const char *name;
    const char *kind;
    size_t n_examples;
    size_t n_metrics;
    const hs_metric *metrics;
    const double *chance; /* [n_metrics]: what guessing gives of each, 0 where there is no such level; or NULL */
    size_t n_shards;
    const uint64_t *shard_first;  /* [n_shards + 1] */
    const uint64_t *example_line; /* [n_examples] */
    const uint32_t *donor;        /* [n_examples] or NULL */
    size_t n_text_sets;           /* sets whose generated texts are kept; 0: none */
    size_t n_samples;             /* texts of an example, where texts are kept */
    size_t text_bytes;            /* of each, its terminator included */
    const char *const *prompts;   /* [n_examples] what they continue; NULL where none are kept, as in files of before */
} hs_results_task;

typedef struct hs_results_attribute {
    const char *name;
    const char *value;
    bool identity; /* differing means another experiment */
} hs_results_attribute;

/* The phases after the first, whose sets are chosen while the sweep runs. All 0: there are none. */
typedef struct hs_results_later {
    size_t n_phases;
    const char *const *names; /* [n_phases] */
    size_t n_sets;            /* of all of them together, at most */
    size_t n_added;           /* components that these add to their parents, at most */
    size_t longest_name;      /* of their sets, in bytes */
} hs_results_later;

/* Everything borrowed for the call. */
typedef struct hs_results_layout {
    uint64_t experiment_hash;
    const hs_results_attribute *experiment; /* written to /experiment, in this order */
    size_t n_experiment;
    const hs_results_attribute *provenance; /* written to /provenance; `identity`: named when experiments differ */
    size_t n_provenance;
    hs_sets sets; /* of the first phase */
    hs_results_later later;
    const hs_results_task *tasks;
    size_t n_tasks;
    size_t mean_n_layers; /* 0: no /reference */
    size_t mean_n_positions;
    size_t mean_n_columns;
    const float *mean;          /* [n_layers, n_columns] */
    const float *position_mean; /* [n_layers, n_positions, n_columns] */
} hs_results_layout;

/* Bytes that the file will have, within 1% or 64 kB. */
size_t hs_results_file_bytes(const hs_results_layout *layout);

/* One writer at a time. */

typedef struct hs_results_lock hs_results_lock;
/*
 * Takes PATH.lock (host, process, job id in it) for this process; call on rank 0. Held by another live process:
 * HS_ERROR_RESULTS names it. A lock left by a process of this host that is gone is taken over. Released by _free, or by
 * the operating system when the process dies.
 */
hs_status hs_results_lock_new(const char *path, hs_results_lock **lock_out, hs_error *error);
void hs_results_lock_free(hs_results_lock *lock);
/*
 * Whether a process holds PATH.lock, for those who only look: nothing is taken or changed. False without that file or
 * when its owner is gone; whoever cannot be told from a live one holds it. If it is held, appends "process 12 on host
 * node3, SLURM job 7" to `holder`, as far as it is known.
 */
hs_status hs_results_lock_look(const char *path, bool *held_out, hs_text *holder, hs_error *error);

/* Creating, opening. */

/*
 * Not collective: rank 0 only. Writes PATH.headsweep-tmp completely, then renames. An existing PATH is
 * HS_ERROR_RESULTS; a full disk or an unwritable folder HS_ERROR_IO, and nothing is left behind.
 */
hs_status hs_results_create(const char *path, const hs_results_layout *layout, hs_error *error);

/*
 * Before anything is computed: whether a sweep can have its file there, because nothing is there or a results file that
 * can be read. Whether that is of the same experiment is for hs_results_check_experiment to say. Else
 * HS_ERROR_RESULTS or HS_ERROR_IO says what is there.
 */
hs_status hs_results_check_place(const char *path, hs_error *error);

typedef struct hs_results hs_results;

/*
 * Collective: all ranks open an existing file for cells. Whatever is called on it later but hs_results_close is
 * independent of the other ranks. All ranks return the same status.
 */
hs_status hs_results_open_parallel(hs_comm *comm, const char *path, hs_results **results_out, hs_error *error);
/* The same, with hints for MPI-IO, "NAME=VALUE" each; what it does not know it leaves alone. */
hs_status hs_results_open_with_hints(hs_comm *comm, const char *path, const hs_string_list *hints,
                                     hs_results **results_out, hs_error *error);
/*
 * One process, read-only, also on a file that is being written. HS_ERROR_RESULTS: damaged, no headsweep file, newer
 * layout.
 */
hs_status hs_results_open_read(const char *path, hs_results **results_out, hs_error *error);
/*
 * Collective if opened so. Frees `results` (NULL is harmless) even when it fails; changes no byte of the file. After a
 * write that failed on any rank it fails on all, and hs_comm_free() ends the processes: see hs_comm_end_by_abort.
 */
hs_status hs_results_close(hs_results *results, hs_error *error);
/* Closes after work that ended with `status`, and returns that status, or if it is HS_OK that of closing. */
hs_status hs_results_close_after(hs_results *results, hs_status status, hs_error *error);

/*
 * HS_OK if the file belongs to this experiment; HS_ERROR_RESULTS names each differing key with both values. Reads
 * nothing, not collective.
 */
hs_status hs_results_check_experiment(const hs_results *results, const hs_results_layout *layout, hs_error *error);

/* What is in it (read once at opening; borrowed). */

uint64_t hs_results_experiment_hash(const hs_results *results);
const char *hs_results_path(const hs_results *results);
/* Of the phases that are there. */
const hs_sets *hs_results_sets_of(const hs_results *results);
size_t hs_results_n_tasks(const hs_results *results);
/* Its tasks and metrics for hs_config_find_metric(). */
hs_metric_table hs_results_metrics(const hs_results *results);
const hs_results_task *hs_results_task_at(const hs_results *results, size_t task);
/*
 * NULL if there is none. `group` is "experiment" or "provenance". Of an experiment the settings are those of the last
 * run that published a ranking (hs_results_restate).
 */
const char *hs_results_attribute_of(const hs_results *results, const char *group, const char *name);
/*
 * The same settings as config reads them, without the tasks' (hs_config_read_stored). Borrowed, until the next
 * hs_results_restate. HS_ERROR_RESULTS: one of them is what no experiment can have.
 */
hs_status hs_results_stated(const hs_results *results, const hs_experiment **experiment_out, hs_error *error);
/*
 * Settings that another run of the same experiment may have: what is ranked and how statistics are computed, no
 * value. A file of an earlier headsweep may have no room for them.
 */
bool hs_results_may_restate(const hs_results_attribute *setting);
bool hs_results_can_restate(const hs_results *results);
/*
 * Writes which of `settings` are not those of /experiment; before the ranking is stored and committed. Rank 0 of a
 * parallel file. Nothing where there is no room.
 */
hs_status hs_results_restate(hs_results *results, const hs_results_attribute *settings, size_t n, hs_error *error);
/* Attribute `index` of the group in the order in which they were written; NULL past the end. */
const hs_results_attribute *hs_results_attribute_at(const hs_results *results, const char *group, size_t index);
/*
 * Means into mean[n_layers, n_columns] and position_mean[n_layers, n_positions, n_columns]; sizes are 0 where there
 * are none. HS_ERROR_RESULTS: they are not what was written.
 */
void hs_results_means_sizes(const hs_results *results, size_t *n_layers, size_t *n_positions, size_t *n_columns);
hs_status hs_results_read_means(hs_results *results, float *mean, float *position_mean, hs_error *error);

/* Phases. */

/* All phases of the file, and how many of them are there; both are 1 in a sweep of one phase. */
size_t hs_results_n_phases(const hs_results *results);
size_t hs_results_n_chosen_phases(const hs_results *results);
/* "enumerated", "controls", ...; borrowed. */
const char *hs_results_phase_name(const hs_results *results, size_t phase);
/* The sets of a phase that is there. */
void hs_results_phase_sets(const hs_results *results, size_t phase, uint64_t *first_out, uint64_t *n_out);
/*
 * Collective on a parallel file: adds the next phase, the same `rows` on every rank, which continue the file's table
 * (none is fine). Rank 0 writes the rows, then the phase's word. HS_ERROR_INTERNAL: more than the file has room for,
 * or no phase is left. HS_ERROR_RESULTS: the file is of layout 1, which only an earlier headsweep continues.
 */
hs_status hs_results_add_phase(hs_results *results, const hs_sets *rows, hs_error *error);

/* Cells. */

/* A cell: one set x one shard of one task. values[examples of the shard, n_metrics]. */
typedef struct hs_cell {
    uint32_t task;
    uint32_t shard;
    uint64_t set;
} hs_cell;

/* Independent raw write of the values, then of the commit word. HS_ERROR_IO. */
hs_status hs_results_write_cell(hs_results *results, hs_cell cell, const float *values, hs_error *error);
/*
 * The same of `n_sets` consecutive sets from that of `first` on, values[n_sets, examples of the shard, n_metrics]. What
 * lies side by side in the file, as all of it does where a task has one shard, is written at once: the values, then
 * their words.
 */
hs_status hs_results_write_cells(hs_results *results, hs_cell first, size_t n_sets, const float *values,
                                 hs_error *error);

/*
 * Reads commit words and values of `n_sets` consecutive sets of one shard and tells which are done: done[i] for set
 * first + i. Damaged cells (a word that does not match its bytes) are counted in *n_damaged_inout and are not done.
 */
hs_status hs_results_check_cells(hs_results *results, uint32_t task, uint32_t shard, uint64_t first_set, size_t n_sets,
                                 bool *done, uint64_t *n_damaged_inout, hs_error *error);

/* The same, with the values: values[n_sets, examples of the shard, n_metrics]. Cells that are not done hold NaN. */
hs_status hs_results_read_cells(hs_results *results, uint32_t task, uint32_t shard, uint64_t first_set, size_t n_sets,
                                bool *done, float *values, hs_error *error);

/*
 * Values of whole sets: values[n_sets, n_examples, n_metrics]. Cells that are not done hold NaN in a file that one
 * process reads. Ranks that have a file open together read what they have finished: such a cell is HS_ERROR_IO there.
 */
hs_status hs_results_read_values(hs_results *results, uint32_t task, uint64_t first_set, size_t n_sets, float *values,
                                 hs_error *error);

/* Cells of the file, and values of its done cells that the run marked as not finite (NaN). */
typedef struct hs_results_counts {
    uint64_t n_cells;
    uint64_t n_done;
    uint64_t n_damaged;
    uint64_t n_not_finite;
} hs_results_counts;

/* Checks every word (reads the whole file). */
hs_status hs_results_progress(hs_results *results, hs_results_counts *counts_out, hs_error *error);

/* What the looks at a file that is being written have found so far; initialise with {0}. */
typedef struct hs_results_watch {
    uint64_t experiment_hash;
    uint32_t *seen; /* [tasks][sets of all phases, shards]: 0 not found done, else 1 + its values that are not finite */
    size_t capacity;
} hs_results_watch;
/*
 * The same counts, at the cost of what is new: reads every word, and values only around the cells that no look before
 * found done (the first look reads them all). Open the file anew for each look: phases that were chosen meanwhile are
 * found at opening. A file of another experiment at that path, or one begun anew, is looked at as if for the first
 * time.
 */
hs_status hs_results_look(hs_results *results, hs_results_watch *watch, hs_results_counts *counts_out, hs_error *error);
void hs_results_watch_clear(hs_results_watch *watch);

/* Ranking. */

/* Statistics of which every task has a [sets, metrics] table: allocated at creation, NaN until written. */
#define HS_RESULTS_STATISTIC_LIST(X)                                                                        \
    X(HS_STATISTIC_MEAN, "mean", "summary of the metric under the set")                                     \
    X(HS_STATISTIC_MEAN_LOW, "mean_low", "lower end of the interval of mean")                               \
    X(HS_STATISTIC_MEAN_HIGH, "mean_high", "upper end of the interval of mean")                             \
    X(HS_STATISTIC_DELTA, "delta", "mean minus the clean model's mean")                                     \
    X(HS_STATISTIC_DELTA_LOW, "delta_low", "lower end of the interval of delta")                            \
    X(HS_STATISTIC_DELTA_HIGH, "delta_high", "upper end of the interval of delta")                          \
    X(HS_STATISTIC_DELTA_P, "delta_p", "p-value of delta: paired sign-flip test")                           \
    X(HS_STATISTIC_DELTA_Q, "delta_q",                                                                      \
      "p-value of delta after Benjamini-Hochberg over the sets of one order and intervention")              \
    X(HS_STATISTIC_DELTA_EFFECT, "delta_effect",                                                            \
      "mean over standard deviation of the per-example differences (Cohen's d_z)")                          \
    X(HS_STATISTIC_INTERACTION, "interaction", "pairs: delta_ij - delta_i - delta_j")                       \
    X(HS_STATISTIC_INTERACTION_LOW, "interaction_low", "lower end of the interval of the interaction")      \
    X(HS_STATISTIC_INTERACTION_HIGH, "interaction_high", "upper end of the interval of the interaction")    \
    X(HS_STATISTIC_INTERACTION_P, "interaction_p", "p-value of the interaction: paired sign-flip test")     \
    X(HS_STATISTIC_INTERACTION_Q, "interaction_q",                                                          \
      "p-value of the interaction after Benjamini-Hochberg over pairs of one intervention")                 \
    X(HS_STATISTIC_INTERACTION_EFFECT, "interaction_effect", "Cohen's d_z of the per-example interactions") \
    X(HS_STATISTIC_GIVEN_FIRST, "given_first",                                                              \
      "pairs: delta_ij - delta_i, the effect of the second head once the first is off")                     \
    X(HS_STATISTIC_GIVEN_FIRST_LOW, "given_first_low", "lower end of the interval of given_first")          \
    X(HS_STATISTIC_GIVEN_FIRST_HIGH, "given_first_high", "upper end of the interval of given_first")        \
    X(HS_STATISTIC_GIVEN_SECOND, "given_second",                                                            \
      "pairs: delta_ij - delta_j, the effect of the first head once the second is off")                     \
    X(HS_STATISTIC_GIVEN_SECOND_LOW, "given_second_low", "lower end of the interval of given_second")       \
    X(HS_STATISTIC_GIVEN_SECOND_HIGH, "given_second_high", "upper end of the interval of given_second")     \
    X(HS_STATISTIC_PRODUCT, "product", "pairs, shares only: mean_ij - mean_i mean_j / mean_clean")          \
    X(HS_STATISTIC_PRODUCT_LOW, "product_low", "lower end of the interval of product")                      \
    X(HS_STATISTIC_PRODUCT_HIGH, "product_high", "upper end of the interval of product")

typedef enum hs_statistic {
#define HS_RESULTS_STATISTIC_ENUM(id, name, meaning) id,
    HS_RESULTS_STATISTIC_LIST(HS_RESULTS_STATISTIC_ENUM)
#undef HS_RESULTS_STATISTIC_ENUM
        HS_STATISTIC_COUNT
} hs_statistic;

/* Raw writes (rank 0): table[n_sets, n_metrics] of sets first_set .. of one statistic of one task. */
hs_status hs_results_write_statistic(hs_results *results, uint32_t task, hs_statistic statistic, uint64_t first_set,
                                     size_t n_sets, const double *table, hs_error *error);
hs_status hs_results_read_statistic(hs_results *results, uint32_t task, hs_statistic statistic, uint64_t first_set,
                                    size_t n_sets, double *table, hs_error *error);
/*
 * How the ranking of a task's single components holds when other examples are drawn: fields of /ranking/TASK/stability.
 * split_half: Spearman correlation of the deltas of two random halves of the examples, stepped up to the full length
 * (Spearman-Brown), mean over the halves and its quantiles. top_K: of the K largest absolute deltas, how many stay
 * among the first K under resampling, on average; NaN where there are fewer than 2 K components.
 */
#define HS_RESULTS_STABILITY_LIST(X)                   \
    X(HS_STABILITY_SPLIT_HALF, "split_half")           \
    X(HS_STABILITY_SPLIT_HALF_LOW, "split_half_low")   \
    X(HS_STABILITY_SPLIT_HALF_HIGH, "split_half_high") \
    X(HS_STABILITY_TOP_5, "top_5")                     \
    X(HS_STABILITY_TOP_10, "top_10")                   \
    X(HS_STABILITY_TOP_20, "top_20")

typedef enum hs_stability {
#define HS_RESULTS_STABILITY_ENUM(id, name) id,
    HS_RESULTS_STABILITY_LIST(HS_RESULTS_STABILITY_ENUM)
#undef HS_RESULTS_STABILITY_ENUM
        HS_STABILITY_COUNT
} hs_stability;

/* table[n_interventions, n_metrics, HS_STABILITY_COUNT]; NaN until written. */
hs_status hs_results_write_stability(hs_results *results, uint32_t task, const double *table, hs_error *error);
hs_status hs_results_read_stability(hs_results *results, uint32_t task, double *table, hs_error *error);

/* How the statistics were computed, as far as run.seed does not tell. */
typedef struct hs_results_method {
    double resamples;
    double permutations;
    double confidence;
    double bca; /* 1: BCa, 0: percentile intervals */
} hs_results_method;
hs_status hs_results_write_method(hs_results *results, const hs_results_method *method, hs_error *error);
hs_status hs_results_read_method(hs_results *results, hs_results_method *method_out, hs_error *error);

/*
 * Place of each set in the ranking by the stated objective, from 1; 0 = outside the tolerance or not ranked. [n_sets]
 */
hs_status hs_results_write_objective_rank(hs_results *results, const int32_t *rank, hs_error *error);
hs_status hs_results_read_objective_rank(hs_results *results, int32_t *rank, hs_error *error);
/* The word that says that the ranking is complete: hash over its bytes, which it reads back; rank 0, last. */
hs_status hs_results_commit_ranking(hs_results *results, hs_error *error);
/* Whether the word is there and matches; reads the whole ranking. */
hs_status hs_results_ranking_done(hs_results *results, bool *done_out, hs_error *error);

/* Generated texts. */

/*
 * Raw writes by any rank, where the task keeps texts. texts[n_samples, text_bytes] of one example, each terminated and
 * padded with zeros; row < n_text_sets. Which set a row holds is written when all of its texts are (rank 0); -1 takes
 * it back.
 */
hs_status hs_results_write_texts(hs_results *results, uint32_t task, size_t row, size_t example, const char *texts,
                                 hs_error *error);
hs_status hs_results_read_texts(hs_results *results, uint32_t task, size_t row, size_t example, char *texts,
                                hs_error *error);
/* sets[n_text_sets] */
hs_status hs_results_write_text_sets(hs_results *results, uint32_t task, const int32_t *sets, hs_error *error);
hs_status hs_results_read_text_sets(hs_results *results, uint32_t task, int32_t *sets, hs_error *error);

/* Provenance of each run. */

#define HS_RESULTS_MAX_RUNS 64

/*
 * A row of /provenance/run. Rank 0 writes it when a run starts and again when it ends. It lies outside what is the
 * same in all files of an experiment: tests of byte identity leave this dataset out.
 */
typedef struct hs_results_run {
    double start;         /* seconds since 1970, UTC; 0 = no run */
    double end;           /* 0: still running, or killed */
    double sweep_seconds; /* of computing and writing cells, without reading the model and ranking; 0: killed */
    uint64_t cells;       /* written by this run */
    uint64_t ranks;
    char host[64];    /* of rank 0, zero-terminated */
    char version[32]; /* of headsweep, zero-terminated */
} hs_results_run;

/*
 * Raw write (rank 0) of row `row`; beyond the last row the last one is used again. What is read as host or version is
 * UTF-8, empty where the file's is not.
 */
hs_status hs_results_write_run(hs_results *results, size_t row, const hs_results_run *run, hs_error *error);
hs_status hs_results_read_run(hs_results *results, size_t row, hs_results_run *run_out, hs_error *error);
/* Raw write (rank 0): what the run has cost so far, into /provenance/core_hours and energy; NaN is not known. */
hs_status hs_results_write_run_cost(hs_results *results, size_t row, double core_hours, double joules, hs_error *error);
/* Rows in use: the row for the next run. */
hs_status hs_results_n_runs(hs_results *results, size_t *n_runs_out, hs_error *error);

#endif
