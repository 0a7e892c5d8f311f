/*
 * tasks: evaluation sets. A data file and a task kind -> examples -> a workload for the engine; the engine's answers ->
 * per-example metrics.
 *
 * A task kind is a row of a table (src/tasks/kinds.c): its fields, its metrics, how an example becomes sequences and
 * queries and how answers become metrics. hs_task_describe_kinds prints it.
 *
 *   multiple_choice  fields context, choices, label, label_names: acc, acc_norm, acc_bytes, margin, gold_log_likelihood
 *                    (lm-evaluation-harness)
 *   minimal_pair     fields good, bad: acc, margin = log p(good) - log p(bad)  (BLiMP)
 *   next_token       fields text (its last word is the target) or context + target: acc (greedy match), log_probability
 *                    (LAMBADA)
 *   logit_diff       fields prompt, target (or text with both), distractor: logit_diff = logit[target] - logit[distractor], acc  (IOI)
 *   perplexity       field text: nll, tokens, words, bytes of the document; word_nll, byte_nll; the summary of nll is by
 *                    token
 *   classification   fields text, label: acc, macro_f1, log_loss, margin, gold, and f1_LABEL for each label (classifiers)
 *   pseudo_likelihood  field text: pll, tokens; the summary of pll is by token (masked language models)
 *   contrast         fields prompt, toxic, benign: contrast = log p(toxic) - log p(benign), toxic_probability = its
 *                    logistic, toxic_preferred = contrast > 0
 *   token_mass       field prompt: probability of a lexicon's first tokens at the next position
 *
 * Any text may be given as an array of token ids instead, which stand as they are: nothing is put in front of them (but
 * BOS where bos = "always"), so an example without a context begins to be scored at its second id. A text without a
 * context is preceded by BOS, or else EOS, of the model's config.json. Lines may hold more fields than are used.
 * Encoders read a text between the tokenizer's special tokens, ids as they stand.
 */
#ifndef HEADSWEEP_TASKS_H
#define HEADSWEEP_TASKS_H

#include "headsweep/config.h"
#include "headsweep/engine.h"
#include "headsweep/tokenizer.h"

#define HS_TASK_MAX_METRICS 256

typedef struct hs_metric {
    const char *name;    /* "acc_norm" */
    const char *unit;    /* "share", "nats", "probability", "logits", "count" */
    const char *meaning; /* one line */
    int better;          /* +1 more is better, -1 less is better, 0 neither */
    bool percent;        /* a share or probability that people read in points of 100 */
    int per;             /* summary over examples = sum / sum of metric `per` (nll per token), or an hs_per */
} hs_metric;

typedef struct hs_task hs_task;

/*
 * Reads and tokenizes the whole evaluation set. HS_ERROR_INPUT names file, line and reason: bad JSON, a missing
 * field, an empty choice, label out of range, invalid UTF-8, an example longer than the model's n_positions where
 * too_long = "error" or where it is what is scored. An unknown kind, one that does not suit the model's head, a mapping of
 * a field that the kind does not have, or a window or lexicon that does not suit it, is
 * HS_ERROR_USAGE with the experiment file's line. `tokenizer` may be NULL where all examples give token ids; then
 * text is an error that says so.
 */
hs_status hs_task_open(const hs_task_config *config, const hs_tokenizer *tokenizer, const hs_model *model,
                       hs_task **task_out, hs_error *error);
void hs_task_free(hs_task *task);

const char *hs_task_name(const hs_task *task);
const char *hs_task_kind(const hs_task *task);
size_t hs_task_n_examples(const hs_task *task);
/* Examples that lost their first tokens because they are longer than the model's positions. */
size_t hs_task_n_truncated(const hs_task *task);
size_t hs_task_n_metrics(const hs_task *task);
const hs_metric *hs_task_metric(const hs_task *task, size_t index);
/* Hash of token ids, queries and everything else that metrics depend on. */
uint64_t hs_task_hash(const hs_task *task);
/* Token rows that example `index` takes in a workload; the plan cuts shards by it. */
size_t hs_task_example_rows(const hs_task *task, size_t index);
/* Bytes that the task holds. */
size_t hs_task_memory_bytes(const hs_task *task);
/* Line of the data file that example `index` came from (from 1). */
size_t hs_task_example_line(const hs_task *task, size_t index);

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
hs_status hs_task_workload_new(const hs_task *task, size_t first_example, size_t n_examples, const uint32_t *donors,
                               hs_task_workload **workload_out, hs_error *error);
void hs_task_workload_free(hs_task_workload *workload);

/* answers[workload.n_queries] of one ablation -> values[n_examples, n_metrics]. Sums in double. */
void hs_task_score(const hs_task *task, const hs_task_workload *workload, const double *answers, float *values);

/* The table of kinds as Markdown (kind, meaning, fields, metrics), for the README and `headsweep run --help-tasks`. */
hs_status hs_task_describe_kinds(hs_text *text, hs_error *error);

/*
 * Sequences of a plain JSON Lines file (reference set): `field` holds a text or token ids. Cut to the model's
 * n_positions. Comes as a workload without queries.
 */
hs_status hs_reference_set_open(const char *path, const char *field, size_t limit, const hs_tokenizer *tokenizer,
                                const hs_model *model, hs_task_workload **workload_out, hs_error *error);

#endif
