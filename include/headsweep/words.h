/*
 * words: what a key of an experiment says where it is one of a few words. config reads a word once; from then on it
 * is a value of the enum here, so that a word that nobody knows cannot go on as a default. Whoever obeys a word
 * includes this header and not the whole of config.h.
 *
 * src/config/words.c has a list {word, value} for each enum: the check of what a file says, the message with the
 * nearest word, --print-config and the README's list of keys come from it. To add a word: a value here, a row there.
 */
#ifndef HEADSWEEP_WORDS_H
#define HEADSWEEP_WORDS_H

/* A row of a list; `value` is of the list's enum. */
typedef struct hs_word {
    const char *text;
    int value;
} hs_word;

enum { HS_MAX_WORDS = 4 };

typedef struct hs_word_list {
    hs_word rows[HS_MAX_WORDS + 1]; /* up to the first without a text */
} hs_word_list;

/* The word of a value, for messages; "" if the list has none. */
const char *hs_config_word(const hs_word_list *list, int value);

/* Sweep. */

/* Kinds of components; sets.h says what each is. Numbers that results files hold: a new kind is added last. */
typedef enum hs_component_kind {
    HS_COMPONENT_HEAD,     /* index = query head */
    HS_COMPONENT_KV_GROUP, /* index = KV head: all query heads that share it */
    HS_COMPONENT_KINDS
} hs_component_kind;
extern const hs_word_list HS_CONFIG_UNITS;

typedef enum hs_positions {
    HS_POSITIONS_ALL,
    HS_POSITIONS_SCORED, /* only rows that a query of the same sequence reads */
} hs_positions;
extern const hs_word_list HS_CONFIG_POSITIONS;

typedef enum hs_value_bias {
    /* z includes the head's share of b_V, so zero removes it: as hooks on Hugging Face models see it */
    HS_VALUE_BIAS_RAW,
    HS_VALUE_BIAS_FOLDED, /* b_V counts as part of b_O and stays: as TransformerLens (fold_value_biases) has it */
} hs_value_bias;
extern const hs_word_list HS_CONFIG_VALUE_BIASES;

/* Tasks. */

typedef enum hs_quote {
    HS_QUOTE_AUTO, /* as the file's ending says */
    HS_QUOTE_NONE,
    HS_QUOTE_DOUBLE,
    HS_QUOTE_SINGLE,
} hs_quote;
extern const hs_word_list HS_CONFIG_QUOTES;

typedef enum hs_label_is {
    HS_LABEL_IS_AUTO, /* whatever it can be */
    HS_LABEL_IS_INDEX,
    HS_LABEL_IS_TEXT,
    HS_LABEL_IS_MARKS,
} hs_label_is;
extern const hs_word_list HS_CONFIG_LABEL_IS;

typedef enum hs_too_long {
    HS_TOO_LONG_TRUNCATE,
    HS_TOO_LONG_ERROR,
} hs_too_long;
extern const hs_word_list HS_CONFIG_TOO_LONG;

typedef enum hs_bos {
    HS_BOS_AUTO,   /* as the tokenizer's post-processor does */
    HS_BOS_ALWAYS, /* BOS and nothing else, unless it is there already; for token ids too */
    HS_BOS_NEVER,  /* no special tokens but the prefix token */
} hs_bos;
extern const hs_word_list HS_CONFIG_BOS;

typedef enum hs_scorer_kind {
    HS_SCORER_LEXICON,
    HS_SCORER_CLASSIFIER,
} hs_scorer_kind;
extern const hs_word_list HS_CONFIG_SCORERS;

typedef enum hs_scorer_text {
    HS_SCORER_TEXT_CONTINUATION, /* a continuation alone */
    HS_SCORER_TEXT_PAIR,         /* prompt and continuation as a pair of texts */
} hs_scorer_text;
extern const hs_word_list HS_CONFIG_SCORER_TEXTS;

/* Analysis. */

typedef enum hs_interval {
    HS_INTERVAL_BCA,        /* bias-corrected and accelerated (Efron 1987) */
    HS_INTERVAL_PERCENTILE, /* the quantiles of the replicates */
} hs_interval;
extern const hs_word_list HS_CONFIG_INTERVALS;

/* Bits, so that BOTH is both; the words of one curve are also the names of its phases. */
typedef enum hs_curves {
    HS_CURVES_NONE = 0,
    HS_CURVES_IMPORTANCE = 1,
    HS_CURVES_GREEDY = 2,
    HS_CURVES_BOTH = HS_CURVES_IMPORTANCE | HS_CURVES_GREEDY,
} hs_curves;
extern const hs_word_list HS_CONFIG_CURVES;

/* Run. */

typedef enum hs_engine_kind {
    HS_ENGINE_REFERENCE, /* one full pass for every ablation */
    HS_ENGINE_PREFIX,    /* what sequences and ablation sets have in common is computed once */
} hs_engine_kind;
extern const hs_word_list HS_CONFIG_ENGINES;

typedef enum hs_scheduler_policy {
    HS_SCHEDULER_GUIDED, /* leases shrink: max(1, remaining / 4P) groups, capped */
    HS_SCHEDULER_STATIC, /* one block for each rank, handed out in pieces */
} hs_scheduler_policy;
extern const hs_word_list HS_CONFIG_SCHEDULERS;

#endif
