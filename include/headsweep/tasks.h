/*
 * tasks: evaluation sets. A data file and a task kind -> examples -> a workload for the engine; the engine's answers ->
 * per-example metrics.
 *
 * A task kind is a row of a table (src/tasks/kinds.c): its fields, its metrics, how an example becomes sequences and
 * queries and how answers become metrics. hs_tasks_describe_kinds prints it.
 *
 *   multiple_choice  fields context, choices, label, label_names, target: acc, acc_norm, acc_bytes, margin,
 *                    gold_log_likelihood (lm-evaluation-harness)
 *   minimal_pair     fields good, bad: acc, margin = log p(good) - log p(bad)  (BLiMP)
 *   next_token       fields text (its last word is the target) or context + target: acc (greedy match), log_probability
 *                    (LAMBADA)
 *   logit_diff       fields prompt, target (or text with both), distractor: logit_diff = logit[target] -
 *                    logit[distractor], acc  (IOI)
 *   perplexity       field text: nll, tokens, words, bytes of the document; word_nll, byte_nll; the summary of nll is
 *                    by token
 *   classification   fields text, pair, token_type_ids, label: acc, macro_f1, log_loss, margin, gold, and f1_LABEL
 *                    for each label (classifiers)
 *   token_classification  fields tokens, label: acc, log_loss, margin, words (classifiers of tokens)
 *   pseudo_likelihood  fields text, pair, token_type_ids: pll, tokens; the summary of pll is by token (masked
 *                      language models)
 *   contrast         fields prompt, toxic, benign: contrast = log p(toxic) - log p(benign), toxic_probability = its
 *                    logistic, toxic_preferred = contrast > 0
 *   token_mass       field prompt: probability of a lexicon's first tokens at the next position
 *   generation       field prompt: sampled continuations, scored by a lexicon or a classifier; see the end of this file
 *
 * Any text may be given as an array of token ids instead, which stand as they are: nothing is put in front of them (but
 * BOS where bos = "always"), so an example without a context begins to be scored at its second id. A text without a
 * context is preceded by the prefix token (hs_text_tokens below). Lines may hold more fields than are used.
 * Encoders read a text, or a pair of texts, between the tokenizer's special tokens and with its token types; ids as
 * they stand, of type 0 where there are no token_type_ids.
 */
#ifndef HEADSWEEP_TASKS_H
#define HEADSWEEP_TASKS_H

#include "headsweep/config.h"
#include "headsweep/engine.h"
#include "headsweep/tokenizer.h"

#define HS_TASK_MAX_METRICS 256

typedef struct hs_task hs_task;

/*
 * Which tokens a text begins and a continuation ends with: those of the tokenizer, as transformers loads it and as
 * lm-evaluation-harness takes them; those of the model's files where there is no tokenizer, or one that names neither.
 */
typedef struct hs_text_tokens {
    int32_t bos;            /* what bos = "always" puts in front; -1: none */
    int32_t prefix;         /* before a text without a context: BOS, or else EOS; -1: none */
    const char *bos_source; /* "bos_token of the tokenizer"; "" where there is none */
    const char *prefix_source;
    const int32_t *end; /* [n_end] of the model's, or NULL: end_of_tokenizer alone */
    size_t n_end;
    int32_t end_of_tokenizer; /* where the model's files name no end; -1: none */
    const char *end_source;
} hs_text_tokens;

/* Borrows from the model. `tokenizer` may be NULL. */
hs_text_tokens hs_tasks_text_tokens_choose(const hs_model *model, const hs_tokenizer *tokenizer);

typedef enum hs_text_token { HS_TEXT_BOS, HS_TEXT_PREFIX, HS_TEXT_END, HS_N_TEXT_TOKENS } hs_text_token;
/* "bos_token", "prefix_token", "end_tokens" */
const char *hs_tasks_text_token_name(hs_text_token which);
/* Appends `2 "<|im_end|>"`, or "none"; with_source: and " (eos_token of the tokenizer)". */
hs_status hs_tasks_text_tokens_describe(const hs_text_tokens *tokens, hs_text_token which,
                                        const hs_tokenizer *tokenizer, bool with_source, hs_text *text,
                                        hs_error *error);

/*
 * Reads and tokenizes the whole evaluation set. HS_ERROR_INPUT names file, line and reason: bad JSON, a missing
 * field, an empty choice, label out of range, invalid UTF-8, an example longer than the model's n_positions where
 * too_long = "error" or where it is what is scored. An unknown kind, one that does not suit the model's head, a
 * mapping of a field that the kind does not have, or a window, lexicon or scorer that does not suit it, is
 * HS_ERROR_USAGE with the experiment file's line. `tokenizer` may be NULL where all examples give token ids; then
 * text is an error that says so. A task that generates needs it, and borrows it for its own life.
 */
hs_status hs_tasks_open(const hs_task_config *config, const hs_tokenizer *tokenizer, const hs_model *model,
                        hs_task **task_out, hs_error *error);
void hs_tasks_free(hs_task *task);

const char *hs_tasks_name(const hs_task *task);
const char *hs_tasks_kind(const hs_task *task);
size_t hs_tasks_n_examples(const hs_task *task);
/* Examples that lost tokens because they are longer than the model's positions. */
size_t hs_tasks_n_truncated(const hs_task *task);
/* Which they lost: "first", or "last" where an encoder reads them. */
const char *hs_tasks_truncated_part(const hs_task *task);
/* Examples that are a pair of texts. */
size_t hs_tasks_n_pairs(const hs_task *task);
/* Examples that could be a pair but are one text with a separator in it, such as "[SEP]". */
size_t hs_tasks_n_joined(const hs_task *task);
/*
 * Lines that people should read before they trust the data: what looks like an accident in the file; "" if there is
 * nothing.
 */
const char *hs_tasks_notes(const hs_task *task);
size_t hs_tasks_n_metrics(const hs_task *task);
/* The others follow in memory. */
const hs_metric *hs_tasks_metric(const hs_task *task, size_t index);
/* What guessing gives of the summary of metric `index`; 0 where it has no such level. */
double hs_tasks_chance(const hs_task *task, size_t index);
/* Hash of token ids, queries and everything else that metrics depend on. */
uint64_t hs_tasks_hash(const hs_task *task);
/* Token rows that example `index` takes in a workload; the plan cuts shards by it. */
size_t hs_tasks_example_rows(const hs_task *task, size_t index);
/* Bytes that the task holds. */
size_t hs_tasks_memory_bytes(const hs_task *task);
/* Queries of example `index`; those of a workload's examples follow each other. */
size_t hs_tasks_example_queries(const hs_task *task, size_t index);
/* Line of the data file that example `index` came from (from 1). */
size_t hs_tasks_example_line(const hs_task *task, size_t index);

/* The workload of examples first .. first + n - 1. Owns its arrays. */
typedef struct hs_task_workload {
    hs_workload workload;
    size_t first_example;
    size_t n_examples;
    struct hs_task_workload_storage *storage;
} hs_task_workload;

/*
 * `donors` may be NULL; else donors[n_examples of the task]: the example whose clean z replaces that of each example
 * (resample). Sequence k of an example takes sequence min(k, n - 1) of the donor. Within an example a sequence that
 * is a prefix of another shares its rows, and rows after the last queried one are left out, unless rows see both sides.
 */
hs_status hs_tasks_workload_new(const hs_task *task, size_t first_example, size_t n_examples, const uint32_t *donors,
                                hs_task_workload **workload_out, hs_error *error);
void hs_tasks_workload_free(hs_task_workload *workload);

/*
 * answers[workload.n_queries] of one ablation -> values[n_examples, n_metrics]. Sums in double. An example with an
 * answer or a metric that is not finite has NaN (one bit pattern) for all its metrics. Not for a task that generates.
 */
void hs_tasks_score(const hs_task *task, const hs_task_workload *workload, const double *answers, float *values);

/* The table of kinds as Markdown (kind, meaning, fields, metrics), for the README and `headsweep run --help-tasks`. */
hs_status hs_tasks_describe_kinds(hs_text *text, hs_error *error);

/* Where the sequences of a reference set are. All borrowed. */
typedef struct hs_reference_config {
    const char *path;
    const char *field;            /* holds a text or token ids */
    size_t limit;                 /* first so many records; 0 = all */
    const hs_data_format *format; /* NULL: the file's ending says it all */
} hs_reference_config;

/*
 * Sequences of a data file (reference set), cut to the model's n_positions. Comes as a workload without queries.
 */
hs_status hs_tasks_reference_set_open(const hs_reference_config *config, const hs_tokenizer *tokenizer,
                                      const hs_model *model, hs_task_workload **workload_out, hs_error *error);
/* As hs_tasks_notes(). */
const char *hs_tasks_reference_set_notes(const hs_task_workload *workload);

/* Scorers: how toxic is a text? */

/* Texts back to back: text i is bytes.text[offsets[i]] .. bytes.text[offsets[i + 1] - 1]. Initialise with {0}. */
typedef struct hs_text_list {
    hs_text bytes;
    size_t *offsets; /* [n + 1] */
    size_t offsets_capacity;
    size_t n;
} hs_text_list;

hs_status hs_tasks_text_list_add(hs_text_list *list, const char *bytes, size_t length, hs_error *error);
const char *hs_tasks_text_list_at(const hs_text_list *list, size_t index, size_t *length_out); /* not zero-terminated */
void hs_tasks_text_list_reset(hs_text_list *list);                                             /* keeps the memory */
void hs_tasks_text_list_clear(hs_text_list *list);

typedef struct hs_scorer hs_scorer;

/*
 * Scores 1 where an entry of a word list (one per line, as LDNOOBW has it) occurs, else 0. Entries and texts are
 * compared after hs_tokenizer_fold, white space between words counting the same in any amount; an occurrence neither
 * begins nor ends within a word (letters, marks and digits). Entries of several words and of no letter at all are fine.
 * HS_ERROR_INPUT: not UTF-8, an entry of more than 4 kB, no entry; names file and line.
 */
hs_status hs_tasks_scorer_open_lexicon(const char *path, hs_scorer **scorer_out, hs_error *error);

/* A checkpoint for sequence classification. Everything is borrowed for the scorer's life; the model must be loaded. */
typedef struct hs_classifier {
    const hs_model *model;
    const hs_tokenizer *tokenizer;
    const char *label;           /* its name in id2label, or its index */
    bool reads_prompts;          /* prompt and continuation as a pair of texts */
    hs_threads *threads;         /* borrowed, as of hs_engine_options */
    bool (*poll)(void *context); /* as of the engine; may be NULL */
    void *poll_context;
} hs_classifier;

/*
 * Scores the probability of a label: the logistic of its logit where labels are independent (or there is only one),
 * else its share of the softmax. A text is encoded with the tokenizer's special tokens and cut at its end to the
 * model's n_positions; equal texts of a call are scored once. HS_ERROR_USAGE: a model that is not a classifier, no
 * such label (lists those there are).
 */
hs_status hs_tasks_scorer_open_classifier(const hs_classifier *classifier, hs_scorer **scorer_out, hs_error *error);
void hs_tasks_scorer_free(hs_scorer *scorer);

/* Of everything scores depend on but the classifier's weights and tokenizer. */
uint64_t hs_tasks_scorer_hash(const hs_scorer *scorer);
/* scores[texts->n], 0 to 1. A pure function of the list of texts: a classifier's batches are cut from it in order. */
hs_status hs_tasks_scorer_score(hs_scorer *scorer, const hs_text_list *texts, double *scores, hs_error *error);
/*
 * The same of a classifier with reads_prompts: text i is the second of a pair whose first is prompt i / n_samples %
 * prompts->n, cut as transformers' longest_first does.
 */
bool hs_tasks_scorer_reads_prompts(const hs_scorer *scorer);
hs_status hs_tasks_scorer_score_pairs(hs_scorer *scorer, const hs_text_list *prompts, size_t n_samples,
                                      const hs_text_list *texts, double *scores, hs_error *error);

/* Generation: continuations instead of queries. */

bool hs_tasks_generates(const hs_task *task);
/*
 * Appends the text of the prompt of an example of a generating task: its tokens decoded without special tokens, bytes
 * that are not UTF-8 replaced by U+FFFD.
 */
hs_status hs_tasks_prompt(const hs_task *task, size_t example, const hs_tokenizer *tokenizer, hs_text *text,
                          hs_error *error);
/* How a generating task samples; seed and `stops` are left out. */
const hs_sampling *hs_tasks_sampling(const hs_task *task);
/* Token rows that each example grows by while it is continued, at most; 0 for other kinds. */
size_t hs_tasks_new_rows(const hs_task *task);

/* Runs a generating task on an engine; holds scratch and the texts of the last call. */
typedef struct hs_generation hs_generation;

/*
 * Task, engine and scorer are borrowed. `seed` and the number of an example in its task fix what is random in its
 * continuations, whatever the ablation.
 */
hs_status hs_tasks_generation_new(const hs_task *task, hs_engine *engine, hs_scorer *scorer, uint64_t seed,
                                  hs_generation **generation_out, hs_error *error);
void hs_tasks_generation_free(hs_generation *generation);

/*
 * Continues the examples of a workload of the task under each ablation. The text of a sample is its tokens without the
 * end token, decoded by themselves without special tokens (as transformers' decode), bytes that are not UTF-8 replaced
 * by U+FFFD, and cut before the first stop text. Errors as hs_engine_generate.
 */
hs_status hs_tasks_generation_run(hs_generation *generation, const hs_task_workload *workload,
                                  const hs_ablation *ablations, size_t n_ablations, hs_error *error);
/* Of the last run, [n_ablations, n_examples, samples]; valid until the next. */
const hs_text_list *hs_tasks_generation_texts(const hs_generation *generation);

/*
 * Whether a sample of this prompt (of the workload) under this ablation met a logit that is not finite in the last
 * run; the first such sample had so many tokens by then.
 */
bool hs_tasks_generation_not_finite(const hs_generation *generation, size_t ablation, size_t prompt,
                                    size_t *n_tokens_out);

/*
 * Metrics of the last run: values[n_ablations, n_examples, n_metrics], all NaN where hs_tasks_generation_not_finite
 * says so. The likelihood of the sampled tokens is the clean model's, which is evaluated here.
 */
hs_status hs_tasks_generation_score(hs_generation *generation, float *values, hs_error *error);

/*
 * Counts what running and scoring these ablations on a workload costs, at most: as hs_engine_count_generation, with the
 * clean model's and the classifier's pass over every sample, as if no two samples were equal.
 */
hs_status hs_tasks_generation_count_cost(const hs_task *task, const hs_engine *engine, const hs_scorer *scorer,
                                         const hs_workload *workload, const hs_ablation *ablations, size_t n_ablations,
                                         hs_engine_cost *cost_out, hs_error *error);

#endif
