/*
 * study: an experiment from end to end on its ranks. Opens what an experiment file names - checkpoint, tokenizer,
 * evaluation sets, scorers - and makes the sweep's space, plan and evaluator of them; says what that costs; runs it,
 * phase by phase, into the results file; and has it analysed, ranked and stored. What people see of it is for the
 * caller to show.
 *
 * An outline of a study is one without weights, as `plan` wants it: of one process, without MPI.
 */
#ifndef HEADSWEEP_STUDY_H
#define HEADSWEEP_STUDY_H

#include "headsweep/analysis.h"
#include "headsweep/comm.h"
#include "headsweep/config.h"
#include "headsweep/engine.h"
#include "headsweep/phases.h"
#include "headsweep/results.h"
#include "headsweep/sweep.h"
#include "headsweep/tasks.h"

typedef struct hs_study {
    const hs_experiment *experiment; /* borrowed */
    hs_model *model;
    hs_tokenizer *tokenizer; /* NULL if the checkpoint has none */
    hs_task **tasks;
    uint32_t **donors; /* [n_tasks][n_examples] or NULL: who stands in for whom (resample) */
    size_t n_tasks;
    hs_space space;           /* of the first phase */
    hs_planned_phases phases; /* the later ones, at most */
    hs_plan plan;
    size_t stacked_rows; /* that the engine computes at a time: chosen with the plan */
    hs_engine *engine;
    hs_reference_means means; /* empty until they are computed, or read from the file */
    bool needs_means;
    uint64_t experiment_hash;
    struct hs_study_storage *storage; /* the room's own */
} hs_study;

/*
 * Collective. Opens checkpoint, tokenizer and evaluation sets,
 * enumerates the space, makes the plan and runs the start-up self-test. Weights that need conversion are shared by
 * the ranks of a host. All ranks return the same status.
 */
hs_status hs_study_open(hs_comm *comm, const hs_experiment *experiment, hs_study **study_out, hs_error *error);
/* The same for a study whose engines ask `poll` after every product, unless a group's own is asked: HS_UNFINISHED. */
hs_status hs_study_open_polled(hs_comm *comm, const hs_experiment *experiment, hs_poll poll, hs_study **study_out,
                               hs_error *error);
/*
 * The same for who only counts: checkpoints are outlines (hs_model_outline), so that it takes as long for any model.
 * It has everything but weights, means, hashes and the self-test, and refuses what can be known without them.
 */
hs_status hs_study_outline(const hs_experiment *experiment, hs_study **study_out, hs_error *error);
/*
 * Appends what people see at the head of a run and of a plan: the lines model, sweep and tasks; warnings on what is
 * slow or odd follow as lines of their own.
 */
hs_status hs_study_describe(const hs_study *study, int n_ranks, hs_text *text, hs_error *error);
void hs_study_free(hs_study *study); /* collective over each host, before hs_comm_free */

/* What the results file is created from; borrowed from the study. `hosts` and `command_line` go into the provenance. */
hs_status hs_study_layout(hs_study *study, const char *hosts, const char *command_line, int n_ranks,
                          const hs_results_layout **layout_out, hs_error *error);

/* The callback that runs the study's engine. Borrows the study; free with hs_study_evaluator_clear. */
hs_status hs_study_evaluator(hs_study *study, hs_evaluator *evaluator_out, hs_error *error);
void hs_study_evaluator_clear(hs_evaluator *evaluator);

/* What a rank holds at its peak, counted; without the weights, which the ranks of a host share. */
typedef struct hs_study_memory {
    size_t process_bytes; /* program, libraries, and what MPI, HDF5 and BLAS keep for themselves */
    size_t tables_bytes;  /* ablation sets, evaluation sets, tokenizer, means */
    size_t sweep_bytes; /* until the sweep ends: the engine with its largest group and the group's values, as a rule */
    size_t statistics_bytes; /* of rank 0 after that, when the engine's are free again */
    size_t largest_task;     /* task and shard whose groups take the most of sweep_bytes */
    size_t largest_shard;
} hs_study_memory;

size_t hs_study_memory_bytes(const hs_study_memory *memory); /* at the peak, in the sweep or after it */

typedef struct hs_study_cost {
    double flops_executed;  /* of the first phase; from a sample of the groups where there are very many */
    double flops_naive;     /* one full forward pass a set and example, logits of every row included */
    double flops_later;     /* of later phases, at most: as many sets as they may have, each naively */
    double flops_to_cell;   /* the most that a rank computes until another cell is in the file, as far as counted */
    double flops_to_stop;   /* of the largest product: a rank looks after each whether it is to stop */
    hs_study_memory memory; /* of a rank */
    size_t weight_bytes;    /* shared by the ranks of a host */
    size_t file_bytes;
} hs_study_cost;

/* Counts what the sweep costs: nothing of it is computed, and no weight is looked at. */
hs_status hs_study_count_cost(hs_study *study, hs_study_cost *cost_out, hs_error *error);

/*
 * Operations a second of one rank: of a product like the model's own, measured in about a second while n_cores cores
 * of this machine are at it (1: this one alone; more: not after MPI was started); and of the sweep, where a rank's
 * products have that rate and what lies between them takes its time too.
 */
hs_status hs_study_product_rate(const hs_study *study, size_t n_cores, double *flops_per_second_out, hs_error *error);
double hs_study_sweep_rate(const hs_study *study, double product_rate);

/*
 * The first phase on n_ranks ranks that do so many operations a second each, by the scheduler in virtual time, after
 * hs_study_count_cost. Rank 0 computes too, and answers after the largest of its products at the latest.
 */
hs_status hs_study_simulate(const hs_study *study, double flops_per_second, size_t n_ranks,
                            hs_simulation *simulation_out, hs_error *error);
/* Ranks are busy where at most a tenth of their time goes by idle: an efficiency of so much. */
#define HS_STUDY_BUSY 0.9
/* About how many ranks are, fewer than `most_ranks`, which are not. */
hs_status hs_study_busy_ranks(const hs_study *study, double flops_per_second, size_t most_ranks, size_t *n_ranks_out,
                              hs_error *error);
/* About the fewest ranks that have all of the first phase done in so many seconds; 0 if no number of them has. */
hs_status hs_study_ranks_in_time(const hs_study *study, double flops_per_second, double seconds, size_t *n_ranks_out,
                                 hs_error *error);

/* The run. */

/* How far the phase is that is swept now. */
typedef struct hs_study_progress {
    hs_progress cells;
    uint64_t cells_a_set; /* people count sets */
    const char *best; /* "0.2 zero -1.45 toxicity.contrast": the best single component so far; "" while none is known */
} hs_study_progress;

typedef struct hs_study_run_options {
    hs_log log; /* what happens, line by line; stream NULL on all ranks but 0 */
    const char *command_line;
    /* Rank 0; may be NULL. With NULL what was shown must go, because lines of the log follow. */
    void (*progress)(void *context, const hs_study_progress *progress);
    void *progress_context;
    bool (*stop)(void *context); /* as of hs_run_options: true ends the run with HS_UNFINISHED; may be NULL */
    void *stop_context;
} hs_study_run_options;

/* What a run came to: the file, which is still open and locked, and on rank 0 what was concluded from it. */
typedef struct hs_study_outcome {
    hs_results *results;
    hs_results_lock *lock;
    hs_analysis *analysis;      /* of the file; NULL on all ranks but 0 */
    hs_ranking_request request; /* the objective where one is stated, else the first task */
    hs_ranking ranking;
} hs_study_outcome;

/*
 * Collective; all ranks return the same status. Opens the study, makes its results file or continues it, sweeps its
 * phases, and stores statistics, ranking and the texts that are to be kept. HS_UNFINISHED: it was asked to stop. The
 * outcome is for hs_study_outcome_close where the run succeeded, else empty.
 */
hs_status hs_study_run(hs_comm *comm, const hs_experiment *experiment, const hs_study_run_options *options,
                       hs_study_outcome *outcome_out, hs_error *error);
/* Collective. Closes the file after work of that status, as hs_results_close_after does, and frees the rest. */
hs_status hs_study_outcome_close(hs_study_outcome *outcome, hs_status status, hs_error *error);
/* Whether the experiment's results can be written where output.results says; before anything is opened. */
hs_status hs_study_check_place(const hs_experiment *experiment, hs_error *error);

#endif
