/*
 * study: an experiment from end to end. Opens what an experiment file names - checkpoint, tokenizer, evaluation sets, scorers -
 * and makes the sweep's space, plan and evaluator of them; says what the sweep costs and what the results file is created from.
 *
 * With NULL instead of `comm` a study is of one process without MPI, as `plan` wants it.
 */
#ifndef HEADSWEEP_STUDY_H
#define HEADSWEEP_STUDY_H

#include "headsweep/comm.h"
#include "headsweep/config.h"
#include "headsweep/engine.h"
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
    hs_space space;
    hs_plan plan;
    size_t stacked_rows; /* that the engine computes at a time: chosen with the plan */
    hs_engine *engine;
    hs_reference_means means; /* empty until hs_study_compute_means or hs_study_read_means */
    bool needs_means;
    uint64_t experiment_hash;
    struct hs_study_storage *storage; /* the room's own */
} hs_study;

/*
 * Collective; `comm` may be NULL for one process without MPI. Opens checkpoint, tokenizer and evaluation sets, enumerates the
 * space, makes the plan and runs the start-up self-test. Weights that need conversion are shared by the ranks of a host.
 * All ranks return the same status.
 */
hs_status hs_study_open(hs_comm *comm, const hs_experiment *experiment, hs_study **study_out, hs_error *error);
/* True if converted weights could not be shared by the ranks of this host, so that each holds its own copy. */
bool hs_study_weights_are_copied(const hs_study *study);
/* Appends a line for each note on the model (model.h) and on the scorers' classifiers. */
hs_status hs_study_describe_notes(const hs_study *study, hs_text *text, hs_error *error);
/* As hs_tasks_notes(), of the reference file. */
const char *hs_study_reference_notes(const hs_study *study);
void hs_study_free(hs_study *study); /* collective over each host, before hs_comm_free */

/*
 * Collective. Reference means over the sequences of all tasks, or of reference.file. Each chunk of sequences is summed by one
 * rank and the chunks are added in their order on every rank, so that the bits do not depend on the number of ranks.
 */
hs_status hs_study_compute_means(hs_comm *comm, hs_study *study, hs_error *error);
/* The means that the results file was created with. */
hs_status hs_study_read_means(hs_study *study, hs_results *results, hs_error *error);

/* What the results file is created from; borrowed from the study. `hosts` and `command_line` go into the provenance. */
hs_status hs_study_layout(hs_study *study, const char *hosts, const char *command_line, int n_ranks,
                          const hs_results_layout **layout_out, hs_error *error);

/* Takes over the sets of the phases that the file has and the study has not; every rank by itself. */
void hs_study_take_phases(hs_study *study, const hs_results *results);

/* The callback that runs the study's engine. Borrows the study; free with hs_study_evaluator_clear. */
hs_status hs_study_evaluator(hs_study *study, hs_evaluator *evaluator_out, hs_error *error);
void hs_study_evaluator_clear(hs_evaluator *evaluator);

/*
 * Collective. Keeps the continuations of these ablation sets in the file, in the rows of /results/TASK/text in this order;
 * the rest of the rows are taken back. Nothing happens where they are there already. The groups that hold the sets are sampled
 * again, each by one rank, so the texts are those that were scored, whatever the number of ranks. HS_ERROR_INTERNAL:
 * more sets than the file has rows.
 */
hs_status hs_study_save_texts(hs_comm *comm, hs_study *study, hs_results *results, size_t task, const uint64_t *sets,
                              size_t n_sets, hs_error *error);

/* What a rank holds at its peak, counted; without the weights, which the ranks of a host share. */
typedef struct hs_study_memory {
    size_t process_bytes; /* program, libraries, and what MPI, HDF5 and BLAS keep for themselves */
    size_t tables_bytes;  /* ablation sets, evaluation sets, tokenizer, means */
    size_t sweep_bytes; /* until the sweep ends: the engine with its largest group and the group's values, as a rule */
    size_t statistics_bytes; /* of rank 0 after that, when the engine's are free again */
} hs_study_memory;

size_t hs_study_memory_bytes(const hs_study_memory *memory); /* at the peak, in the sweep or after it */

typedef struct hs_study_cost {
    double flops_executed;  /* of the first phase; from a sample of the groups where there are very many */
    double flops_naive;     /* one full forward pass a set and example, logits of every row included */
    double flops_later;     /* of later phases, at most: as many sets as they may have, each naively */
    double seconds_a_rank;  /* of the first phase on one rank, from timing some sets of each task */
    double seconds_later;   /* of later phases, at most */
    hs_study_memory memory; /* of a rank */
    size_t weight_bytes;    /* shared by the ranks of a host */
    size_t file_bytes;
} hs_study_cost;

/* Counts what the sweep costs; seconds_a_rank stays 0. Runs no ablation (but takes the means where they are needed). */
hs_status hs_study_count_cost(hs_study *study, hs_study_cost *cost_out, hs_error *error);
/* The same, and times some sets of each task. */
hs_status hs_study_cost_of(hs_study *study, hs_study_cost *cost_out, hs_error *error);

#endif
