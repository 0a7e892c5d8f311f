/*
 * engine: runs the model on sequences under ablations and answers queries about its output distribution.
 *
 * The engine knows no task and no metric. A shard of examples reaches it as a workload: sequences of token ids, and
 * queries "what is the log-probability of token 17 after row 5 of sequence 2?". Every task reduces to such queries, so
 * an engine computes only what is asked for, and a new task needs no new engine code.
 *
 * What is ablated is a component; the forward pass has named sites at which an observer may read. Means, roles and
 * norms hang there, not in copies of the pass.
 *
 * Numerics: single precision products through BLAS, one thread for each; softmax, norms and log-sum-exp accumulate in a
 * way that does not depend on how many ranks run. The answers of a workload are a pure function of (model, workload,
 * ablation, options, kind of CPU) and, for the prefix engine, of which ablations are evaluated in one call; the
 * reference engine runs every ablation by itself.
 */
#ifndef HEADSWEEP_ENGINE_H
#define HEADSWEEP_ENGINE_H

#include "headsweep/sets.h"
#include "headsweep/threads.h"
#include "headsweep/words.h"

/* What is asked. */

/*
 * Token ids of n sequences back to back: sequence s is tokens[offsets[s]] .. tokens[offsets[s + 1] - 1]. `types` lies
 * beside
 * `tokens`: the token type of each, for models that have types; NULL: all are of type 0.
 */
typedef struct hs_sequences {
    size_t n;
    const size_t *offsets; /* [n + 1] */
    const int32_t *tokens;
    const int32_t *types;
} hs_sequences;

typedef enum hs_query_kind {
    HS_QUERY_LOG_PROBABILITY, /* log softmax(logits)[token], natural logarithm */
    HS_QUERY_LOGIT,           /* logits[token] */
    HS_QUERY_IS_GREEDY,       /* 1 if token is the argmax (the lowest id wins ties), else 0 */
    HS_QUERY_LIST_PROBABILITY /* sum of softmax(logits) over the tokens of list `token` */
} hs_query_kind;

/*
 * About the distribution that row `row` of sequence `sequence` predicts, for the position after it or, as hs_head_kind
 * says, for its own. Of a classifier `token` is a label, and of an encoder that is one only row 0 can be asked.
 */
typedef struct hs_query {
    uint32_t sequence;
    uint32_t row;
    int32_t kind;
    int32_t token; /* a token id, or for lists an index */
} hs_query;

/*
 * The row of a text that says what label a classifier gives it: the first one of an encoder; of a decoder that of the
 * last token which is not padding, as transformers has it (the first where all are).
 */
uint32_t hs_engine_label_row(const hs_model_shape *shape, const int32_t *tokens, size_t n_tokens);

/* One shard's worth of work. Borrowed by the engine for as long as it is prepared. */
typedef struct hs_workload {
    hs_sequences sequences;
    const hs_query *queries; /* [n_queries] */
    size_t n_queries;
    const size_t *list_offsets; /* [n_lists + 1]: token lists for HS_QUERY_LIST_PROBABILITY */
    const int32_t *list_tokens;
    size_t n_lists;
    hs_sequences donor_sequences; /* n == 0 where no intervention needs donors */
    const uint32_t *donors;       /* [sequences.n]: the donor sequence of each sequence */
} hs_workload;

/* Reference means. */

/*
 * Sums of clean z. Two sums may be added; the sweep adds them in an order that does not depend on the ranks.
 * n_positions 1 .. : as many positions as the longest reference sequence.
 */
typedef struct hs_mean_sums {
    size_t n_layers;
    size_t n_columns; /* n_heads * head_dim */
    size_t n_positions;
    double *sums;   /* [n_layers, n_positions, n_columns] */
    double *counts; /* [n_positions]: rows that were summed */
} hs_mean_sums;

hs_status hs_engine_mean_sums_init(hs_mean_sums *sums, const hs_model_shape *shape, size_t n_positions,
                                   hs_error *error);
void hs_engine_mean_sums_clear(hs_mean_sums *sums);
size_t hs_engine_mean_sums_n_values(const hs_mean_sums *sums); /* length of `sums` */

/* Reference means as an engine uses them. Owned arrays; initialise with {0}. */
typedef struct hs_reference_means {
    size_t n_layers;
    size_t n_columns;
    size_t n_positions;
    float *mean;          /* [n_layers, n_columns] over all rows */
    float *position_mean; /* [n_layers, n_positions, n_columns] */
} hs_reference_means;

hs_status hs_engine_reference_means_from_sums(const hs_mean_sums *sums, hs_reference_means *means_out, hs_error *error);
void hs_engine_reference_means_clear(hs_reference_means *means);

/* The engine. */

typedef struct hs_engine hs_engine;
typedef struct hs_prepared hs_prepared; /* a workload made ready: donor values, scored rows, scratch sizes */

/* Ablations that one evaluation should have for the engine to be at its best, where each computes n_live rows. */
size_t hs_engine_sets_per_group(hs_engine_kind kind, size_t n_live);

/*
 * Rows of a workload as the prefix engine has them: tokens that sequences share count once, unless both sides are seen.
 */
typedef struct hs_engine_rows {
    size_t n_rows; /* of the clean pass */
    size_t n_live; /* of which every ablation computes again */
} hs_engine_rows;

hs_status hs_engine_count_rows(const hs_model_shape *shape, const hs_workload *workload, hs_positions positions,
                               hs_engine_rows *rows_out, hs_error *error);

/* Rows of a matrix product from which on it is no faster: what the prefix engine stacks unless memory is short. */
enum { HS_STACKED_ROWS = 2048 };

typedef struct hs_engine_options {
    hs_engine_kind kind;
    hs_value_bias value_bias;
    hs_positions positions;
    const hs_reference_means *means; /* borrowed; NULL where no intervention needs them */
    size_t stacked_rows; /* rows that the prefix engine computes at a time; 0 = HS_STACKED_ROWS. Decides bits. */
    hs_threads *threads; /* borrowed: loops and products are cut among them; NULL: one. Their number decides bits. */
    /*
     * Called after each matrix product of a layer: the coordinator answers its workers here. False gives up whatever
     * the engine is doing: it returns HS_UNFINISHED before the next product. May be NULL. Must not call the engine.
     */
    bool (*poll)(void *context);
    void *poll_context;
} hs_engine_options;

/* The model is borrowed and must be loaded. */
hs_status hs_engine_new(const hs_model *model, const hs_engine_options *options, hs_engine **engine_out,
                        hs_error *error);
void hs_engine_free(hs_engine *engine);
/* Takes over new means; borrowed. */
void hs_engine_set_means(hs_engine *engine, const hs_reference_means *means);
/* For workloads that are prepared from now on; see the option of this name. */
void hs_engine_set_stacked_rows(hs_engine *engine, size_t stacked_rows);

/*
 * HS_ERROR_INPUT: a token or label that the model does not have, a row outside its sequence or not of its head, a
 * sequence longer than n_positions.
 */
hs_status hs_engine_prepare(hs_engine *engine, const hs_workload *workload, hs_prepared **prepared_out,
                            hs_error *error);
void hs_engine_prepared_free(hs_prepared *prepared);

/*
 * Answers all queries under each ablation: answers[a * n_queries + q]. An answer is NaN where a logit that it depends
 * on is not finite; in the clean model that is HS_ERROR_NUMERIC, which names layer, sequence and row. HS_UNFINISHED:
 * `poll` gave it up.
 */
hs_status hs_engine_evaluate(hs_engine *engine, hs_prepared *prepared, const hs_ablation *ablations, size_t n_ablations,
                             double *answers, hs_error *error);

/* Who wants which answers of an evaluation, and when. All zeros: all of them, at its end. */
typedef struct hs_answering {
    const bool *skips; /* [n_ablations]: nobody wants these, and their answers mean nothing; NULL: all are wanted */
    /* The answers of ablations first .. first + n - 1 are complete. Once for each that is wanted. May be NULL. */
    hs_status (*answered)(void *context, size_t first, size_t n, hs_error *error);
    void *context;
} hs_answering;

/*
 * The same, with the answers told of as they come. What is computed together stays the same whatever is skipped, and so
 * do the bits; what leads only to what is skipped is not computed.
 */
hs_status hs_engine_answer(hs_engine *engine, hs_prepared *prepared, const hs_ablation *ablations, size_t n_ablations,
                           const hs_answering *answering, double *answers, hs_error *error);

/*
 * Where NaN among a sequence's answers comes from: the first layer after which its residual is not finite, or
 * n_layers if only its logits are not. Runs the whole workload once, by the reference engine.
 */
hs_status hs_engine_find_not_finite(hs_engine *engine, const hs_workload *workload, const hs_ablation *ablation,
                                    uint32_t sequence, size_t *layer_out, hs_error *error);

/* Adds clean z of the workload's sequences to `sums`. */
hs_status hs_engine_sum_z(hs_engine *engine, const hs_sequences *sequences, hs_mean_sums *sums, hs_error *error);

/* All logits of one sequence under an ablation into logits[length, n_outputs]; for tests, inspection and goldens. */
hs_status hs_engine_logits(hs_engine *engine, const int32_t *tokens, size_t length, const hs_ablation *ablation,
                           float *logits, hs_error *error);

/*
 * Start-up self-test on these sequences: sum over heads of z_h W_O,h plus b_O equals the attention output within
 * 1e-4 of its largest value in every layer; the empty ablation set gives the clean answers bit for bit.
 * HS_ERROR_NUMERIC names layer and difference.
 */
hs_status hs_engine_self_test(hs_engine *engine, const hs_workload *workload, hs_error *error);

/* Observers. */

typedef struct hs_observation {
    hs_site site;
    size_t layer;
    const float *values; /* [n_rows, n_columns], valid during the call only */
    size_t n_rows;
    size_t n_columns;
    size_t sequence;               /* of HS_SITE_PATTERN */
    size_t head;                   /* of HS_SITE_PATTERN */
    const hs_sequences *sequences; /* rows follow each other as their tokens do */
} hs_observation;

typedef struct hs_observer {
    uint32_t sites; /* bit 1 << site for every site it wants; the others cost nothing */
    void *context;
    hs_status (*observe)(void *context, const hs_observation *observation, hs_error *error);
} hs_observer;

/* One forward pass of the sequences under an ablation, for the observer's sake. */
hs_status hs_engine_observe(hs_engine *engine, const hs_sequences *sequences, const hs_ablation *ablation,
                            const hs_observer *observer, hs_error *error);

/* What it costs. */

/*
 * Floating-point operations (a multiplication and an addition are two) of one ablation on a workload when the reference
 * engine runs it.
 */
double hs_engine_flops(const hs_engine *engine, const hs_workload *workload);

/* Of matrix products; the rest is a few percent. */
typedef struct hs_engine_cost {
    double flops_of_group;    /* what one evaluation of these ablations executes */
    double flops_of_workload; /* executed once for each prepared workload, however many evaluations follow */
    double flops_naive;       /* one full pass an ablation, with the logits of every row */
    double flops_to_answers;  /* most between two times that answers are complete, after the workload's own */
    double flops_of_product;  /* of the largest product, at most, after which `poll` is asked */
    size_t memory_bytes;      /* held while they are evaluated, weights not included */
} hs_engine_cost;

/* Works out, without weights and without running anything, what preparing the workload and evaluating these costs. */
hs_status hs_engine_count_cost(const hs_engine *engine, const hs_workload *workload, const hs_ablation *ablations,
                               size_t n_ablations, hs_engine_cost *cost_out, hs_error *error);
/* The most that the groups of a sweep ask of an engine, as far as its memory depends on it. */
typedef struct hs_engine_load {
    size_t n_ablations;    /* of a group */
    size_t max_components; /* of one ablation */
    bool edits_patterns;
} hs_engine_load;

/*
 * Bytes that the engine holds at most for groups of this load on a workload, weights not included: what
 * hs_engine_evaluate allocates, donors included, unless it falls back on the reference engine.
 */
hs_status hs_engine_count_memory(const hs_engine *engine, const hs_workload *workload, const hs_engine_load *load,
                                 size_t *n_bytes_out, hs_error *error);
/*
 * Bytes that hs_engine_observe and hs_engine_sum_z hold for sequences of so many rows; logits and the MLP's inside
 * not observed.
 */
size_t hs_engine_observer_bytes(const hs_model_shape *shape, size_t n_rows, size_t longest_sequence);
/*
 * Bytes that prepare and evaluate of the reference engine will hold at the same time for a workload of this size,
 * weights not included.
 */
size_t hs_engine_memory_bytes(const hs_model_shape *shape, size_t n_rows, size_t n_scored_rows, size_t longest_sequence,
                              bool donors);

/* Generation. */

/* How a next token is chosen: temperature, top_k and top_p in this order, each as transformers has it. */
typedef struct hs_sampling {
    size_t n_samples;      /* continuations of each prompt, > 0 */
    size_t max_new_tokens; /* > 0 */
    double temperature;    /* 0 is greedy: the lowest id wins ties, and all samples of a prompt are equal */
    size_t top_k;          /* only the k likeliest tokens, with those as likely as the k-th; 0: all */
    double top_p;          /* in (0, 1]: only the fewest likeliest tokens whose probabilities sum up to it */
    uint64_t seed;
    const int32_t *end_tokens; /* [n_end_tokens] a sample ends with any of them; borrowed, NULL where there is none */
    size_t n_end_tokens;
    /* Called after each new token of a sample with its tokens [n] so far; true ends it (stop strings). May be NULL. */
    bool (*stops)(void *context, const int32_t *tokens, size_t n);
    void *stops_context;
} hs_sampling;

/* Whether `token` is one of sampling->end_tokens. */
bool hs_engine_sampling_is_end(const hs_sampling *sampling, int32_t token);

/*
 * Continues each sequence of `prompts` (whose queries are not read) under every ablation. keys [sequences.n] are what
 * random numbers are keyed by besides (seed, sample, step, token): an example's number, say, so that they are the same
 * under every ablation, in every shard and for any number of ranks. A token is drawn by the Gumbel-max method
 * (Maddison et al. 2014, arXiv:1411.0030), so that a distribution that hardly changes hardly ever changes the token.
 *
 * An ablation holds at new rows as in a full pass over the grown sequence. HS_POSITIONS_SCORED means the prompt's last
 * row and all new ones. HS_INTERVENTION_RESAMPLE reads the prompt's donor, beyond the donor's end its last row.
 *
 * tokens_out [n_ablations, sequences.n, n_samples, max_new_tokens]: -1 after the end of a sample, whose last token is
 * one of end_tokens or the one at which `stops` said so. Where a logit is not finite under an ablation no token can
 * be drawn: the sample ends with HS_TOKEN_NOT_FINITE. HS_ERROR_INPUT: as hs_engine_prepare; an empty prompt; one that
 * leaves no room for max_new_tokens in n_positions; a number of `sampling` out of its range; an encoder.
 * HS_ERROR_NUMERIC: a logit of the clean model is not finite; HS_UNFINISHED: `poll` gave it up. On failure all of
 * tokens_out is -1.
 */
enum { HS_TOKEN_NOT_FINITE = -2 };
hs_status hs_engine_generate(hs_engine *engine, const hs_workload *prompts, const uint64_t *keys,
                             const hs_sampling *sampling, const hs_ablation *ablations, size_t n_ablations,
                             int32_t *tokens_out, hs_error *error);
/*
 * What one call of hs_engine_generate executes where no sample ends early and no two agree, and what it holds besides
 * tokens_out. flops_of_workload is 0: nothing is kept from one call to the next. flops_naive is a loop over the
 * ablations with a key-value cache: each sample's prompt, then its new rows, with the logits of a row for each token.
 */
hs_status hs_engine_count_generation(const hs_engine *engine, const hs_workload *prompts, const hs_sampling *sampling,
                                     const hs_ablation *ablations, size_t n_ablations, hs_engine_cost *cost_out,
                                     hs_error *error);

#endif
