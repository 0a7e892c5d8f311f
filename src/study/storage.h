/* What a study owns beside its public parts. Internal to the study room. */
#ifndef STUDY_STORAGE_H
#define STUDY_STORAGE_H

#include "headsweep/energy.h"
#include "headsweep/study.h"

/* A checkpoint that scores generated texts; tasks that name the same folder share it. */
typedef struct study_classifier {
    const char *folder; /* borrowed from the experiment */
    hs_model *model;
    hs_tokenizer *tokenizer;
    hs_shared_block *shared_weights;
    uint64_t hash; /* of weights and tokenizer */
} study_classifier;

/* What the groups of a task cost, of hs_study_count_cost. */
struct study_counted {
    double *block_sums; /* [n_blocks + 1]: weights (group_sizes.h) of all blocks before each */
    struct study_counted_shard {
        double flops_of_workload; /* the clean model on it, which whoever computes a group of it needs once */
        double flops_a_weight;    /* of its groups */
    } * shards;                   /* [n_shards] */
};

struct hs_study_storage {
    hs_shared_block *shared_weights; /* converted weights, shared by the ranks of a host */
    hs_threads *threads;             /* of this rank: what its engines cut their work among */
    hs_poll poll;                    /* whom the engine asks after every product */
    hs_poll group_poll;              /* in place of it while a group is evaluated, where there is one */
    hs_energy *energy;               /* borrowed from the session, looked at by the way; NULL: nobody counts */
    uint64_t model_hash;
    hs_task_workload *reference_set; /* NULL: the sequences of the tasks */
    struct study_layout *layout;     /* made by hs_study_layout */
    study_classifier *classifiers;   /* [at most n_tasks] */
    size_t n_classifiers;
    hs_scorer **scorers;   /* [n_tasks]: NULL where a task does not generate */
    double flops_executed; /* of hs_study_count_cost; 0 before it */
    double flops_naive;
    double flops_to_stop;
    struct study_counted *counted; /* [n_tasks]; NULL before hs_study_count_cost */
    double *set_flops;             /* of group_sizes.c; NULL: run.sets_per_group says how large groups are */
    hs_group_size group_size;
    double wanted_flops; /* of a group, were it not for what small ones repeat */
};

void hs__study_layout_free(struct study_layout *layout);
void hs__study_counted_free(struct study_counted *counted, size_t n_tasks);

/* Collective: opens and loads a checkpoint, converted weights shared by the ranks of a host; NULL: its outline. */
hs_status hs__study_load_model(hs_comm *comm, const char *folder, hs_model **model_out, hs_shared_block **shared_out,
                               hs_error *error);

/*
 * HS_ERROR_USAGE: the experiment names a metric that its task does not have, which would otherwise be found when the
 * sweep is done. The tasks are open.
 */
hs_status hs__study_check_metrics(const hs_study *study, hs_error *error);

/* Collective: the classifiers that tasks name (NULL: their outlines), and after that their hashes. */
hs_status hs__study_open_classifiers(hs_comm *comm, hs_study *study, hs_error *error);
hs_status hs__study_hash_classifiers(hs_comm *comm, hs_study *study, hs_error *error);
/* Not collective: the scorer of each task that generates; tasks and classifiers are open. */
hs_status hs__study_open_scorers(hs_study *study, hs_error *error);
void hs__study_close_scorers(hs_study *study);
/* Hash of everything that the scores of a task depend on. */
uint64_t hs__study_scorer_hash(const hs_study *study, size_t task);
/* Whom an engine calls now and then; the context is the study's storage. */
bool hs__study_call_poll(void *context);

/* What samples the texts of a generating task; borrows the study. */
hs_status hs__study_generation_new(const hs_study *study, size_t task, hs_generation **generation_out, hs_error *error);

/* Samples the texts of a group as its evaluation does; *texts_out [sets, examples, samples] lives until the next. */
hs_status hs__study_generate_texts(hs_evaluator *evaluator, const hs_group *group, const hs_text_list **texts_out,
                                   hs_error *error);

/*
 * Cuts shards and groups of a size that suits the engine and run.memory_per_rank: the rows of a shard are counted as
 * the engine computes them. Tells the engine how many rows to stack. A pure function of experiment, model and data.
 * HS_ERROR_USAGE: the memory does not suffice for one example and set (says how much does).
 */
hs_status hs__study_make_plan(hs_study *study, hs_error *error);

/*
 * What a rank holds at its peak with the present plan and engine; stops counting once the sweep is beyond `limit`. A
 * pure function of experiment, model and data.
 */
hs_status hs__study_count_memory(const hs_study *study, size_t limit, hs_study_memory *memory_out, hs_error *error);
/* What of it is held until the sweep ends: the sizes of the plan may depend on this only. */
size_t hs__study_sweep_memory_bytes(const hs_study_memory *memory);
/* Tokens of the longest sequence of the reference set. */
hs_status hs__study_longest_reference(const hs_study *study, size_t *longest_out, hs_error *error);
/* Examples of the first task that the start-up self-test runs on. */
size_t hs__study_self_test_examples(const hs_study *study);

/*
 * Identity of the experiment: the identity keys of the configuration, then hashes of model, tokenizer, data and sets.
 * The experiment hash runs over exactly these rows, so two experiments differ if and only if a row does. Owned rows.
 */
hs_status hs__study_identity(const hs_study *study, hs_config_values *values_out, hs_error *error);

/*
 * Hashing weights reads all of them: the first rank of each host does it. Collective: everyone gets rank 0's hash.
 * HS_ERROR_INPUT: a host has other weights in `folder`.
 */
bool hs__study_hashes_weights(const hs_comm *comm);
hs_status hs__study_share_hash(hs_comm *comm, const char *folder, uint64_t *hash_inout, hs_error *error);
/*
 * Collective: the experiment hash, from the identity. HS_ERROR_INPUT: a rank's identity is
 * not rank 0's; names its host and the row.
 */
hs_status hs__study_identify(hs_comm *comm, hs_study *study, hs_error *error);

/* True if converted weights could not be shared by the ranks of this host, so that each holds its own copy. */
bool hs__study_weights_are_copied(const hs_study *study);
/* Appends a line for each note on the model (model.h) and on the scorers' classifiers. */
hs_status hs__study_describe_notes(const hs_study *study, hs_text *text, hs_error *error);
/* As hs_tasks_notes(), of the reference file. */
const char *hs__study_reference_notes(const hs_study *study);

/*
 * Collective. Reference means over the sequences of all tasks, or of reference.file. Each chunk of sequences is
 * summed by one rank and the chunks are added in their order on every rank, so that the bits do not depend on the
 * number of ranks.
 */
hs_status hs__study_compute_means(hs_comm *comm, hs_study *study, hs_error *error);
/* How large the means will be, of a study that only counts. */
hs_status hs__study_size_means(hs_study *study, hs_error *error);
/* The means that the results file was created with. */
hs_status hs__study_read_means(hs_study *study, hs_results *results, hs_error *error);

/* Takes over the sets of the phases that the file has and the study has not; every rank by itself. */
void hs__study_take_phases(hs_study *study, const hs_results *results);

/*
 * Collective. Keeps the continuations of these ablation sets in the file, in the rows of /results/TASK/text in this
 * order; the rest of the rows are taken back. Nothing happens where they are there already. The groups that hold the
 * sets are sampled again, each by one rank, so the texts are those that were scored, whatever the number of ranks.
 * HS_ERROR_INTERNAL: more sets than the file has rows.
 */
hs_status hs__study_save_texts(hs_comm *comm, hs_study *study, hs_results *results, size_t task, const uint64_t *sets,
                               size_t n_sets, hs_error *error);

#endif
