/* task: what an evaluation set is in memory, and the row of the table that a kind of task is. */
#ifndef TASKS_TASK_H
#define TASKS_TASK_H

#include "headsweep/tasks.h"
#include "tasks/data_source.h"
#include "tasks/encode.h"
#include "tasks/sequences.h"

/* Queries whose answers belong together: a choice, a sentence, a target. */
typedef struct task_span {
    size_t first_query; /* within the example */
    size_t n_queries;
    size_t length;  /* what a kind divides by: characters of a choice, or its tokens where it is given as ids;
                       classification: 1 if the label is right, else 0 */
    size_t n_bytes; /* multiple_choice: of the choice, or its tokens */
} task_span;

/* What a kind knows of an example besides its spans. */
typedef struct task_facts {
    size_t gold;    /* multiple_choice: index of the right choice */
    size_t n_words; /* perplexity: of the document, 0 where it is given as ids */
    size_t n_bytes;
    bool independent; /* classification: each label by itself, answers are logits */
} task_facts;

typedef struct task_example {
    size_t first_sequence;
    size_t n_sequences;
    size_t first_query;
    size_t n_queries;
    size_t first_span;
    size_t n_spans;
    size_t line;
    task_facts facts;
} task_example;

typedef struct task_queries {
    hs_query *items;
    size_t n;
    size_t capacity;
} task_queries;

typedef struct task_spans {
    task_span *items;
    size_t n;
    size_t capacity;
} task_spans;

/* What a kind that generates knows besides its prompts. */
typedef struct task_generation {
    hs_sampling sampling; /* without seed and `stops` */
    double threshold;
    hs_text_list stops;
    hs_text_list special_stops;    /* those that hold a special token, which texts are without */
    hs_text_tokens tokens;         /* where sampling.end_tokens points to, or into the model */
    const hs_tokenizer *tokenizer; /* borrowed */
    size_t vocabulary;             /* of the model */
} task_generation;

struct hs_task {
    char *name;
    const struct task_kind *kind;
    task_example *examples;
    size_t n_examples;
    size_t examples_capacity;
    task_sequences sequences;
    task_queries queries; /* `sequence` counts within the example */
    task_spans spans;
    size_t n_truncated;       /* examples that lost tokens */
    bool cuts_ends;           /* their last ones, not their first */
    size_t n_pairs;           /* examples of two sentences */
    size_t n_joined;          /* examples of one text with a separator in it */
    hs_text notes;            /* lines for people, of what is odd in the file */
    const hs_metric *metrics; /* [n_metrics]: the kind's, or those with one per label */
    size_t n_metrics;
    struct task_label_metrics *label_metrics; /* classification */
    hs_token_list lexicon;                    /* token_mass: sorted unique ids of the one list; else empty */
    task_generation generation;
    uint64_t hash;
};

hs_status hs__tasks_queries_add(task_queries *queries, hs_query query, hs_error *error);

typedef struct task_draft {
    task_sequences sequences;
    task_queries queries;
    task_spans spans;
    task_facts facts;
    bool truncated; /* the kind has shortened the example itself */
    bool is_pair;   /* two sentences */
    bool is_joined; /* one text with a separator in it */
    bool two_sided; /* rows see the rows behind them too: nothing can be trimmed or shared but equal sequences */
    struct task_draft_order *order; /* scratch of hs__tasks_draft_commit, one a sequence */
    size_t order_capacity;
    size_t *renumbered;
    size_t renumbered_capacity;
} task_draft;

void hs__tasks_draft_reset(task_draft *draft);
void hs__tasks_draft_clear(task_draft *draft);

/* Begins a span; the queries that follow belong to it. */
hs_status hs__tasks_draft_span(task_draft *draft, size_t length, hs_error *error);
/* A sequence; queries name it by draft->sequences.n - 1. Rows after its last queried one are dropped at the end. */
hs_status hs__tasks_draft_sequence(task_draft *draft, const int32_t *tokens, size_t n, hs_error *error);
hs_status hs__tasks_draft_encoding(task_draft *draft, const hs_encoding *encoding, hs_error *error);
/* About `row` of the sequence added last. */
hs_status hs__tasks_draft_query(task_draft *draft, size_t row, hs_query_kind kind, int32_t token, hs_error *error);
/* A span over a sequence of its own: one query for each of ids[n_context ..], at the row before it. */
hs_status hs__tasks_draft_continuation(task_draft *draft, const hs_token_list *ids, size_t n_context,
                                       hs_query_kind kind, size_t length, hs_error *error);

/* What becomes of an example that needs more rows than the model has positions. */
typedef struct task_room {
    size_t n_positions;
    const char *left_by; /* "the model has", for messages */
    size_t window;       /* rows that the attention window covers; SIZE_MAX where there is none */
    const char *window_left_by;
    const char *window_advice; /* how a text gets into it */
    bool truncate;             /* its first tokens are cut off, as lm-evaluation-harness does; else it is refused */
} task_room;

/*
 * Appends the example to the task: rows trimmed, sequences that are a prefix of another one left out and their
 * queries moved there. HS_ERROR_INPUT "place: ..." where a sequence needs more rows than there are and may not be
 * truncated, would lose a token that is scored, or is longer than the attention window.
 */
hs_status hs__tasks_draft_commit(task_draft *draft, const task_room *room, size_t line, const char *place,
                                 hs_task *task, hs_error *error);

/* What a kind turns a line into a draft with. */
typedef struct task_compiler {
    task_encoder encoder;
    task_field_map fields;
    task_room room;
    size_t window;                /* perplexity: rows per window */
    const hs_task_config *config; /* borrowed: choices and labels */
    hs_text choice;               /* multiple_choice: what a template became */
    hs_text joined;               /* multiple_choice: a context and a choice that ends it */
    hs_text label;                /* multiple_choice, classification: the label as text */
    const char *place;            /* "path:line" */
    size_t line_number;
    size_t number_as_index; /* line of the first label that is a number and can only be an index; 0: none so far */
    size_t number_as_text;  /* the same, only a text */
    task_oddity contrary;   /* truth values whose index reads the other way round */
    const hs_json_value *line;
    task_draft draft;
    task_context context;
    hs_token_list ids;
    hs_encoding encoding; /* of encoders */
} task_compiler;

void hs__tasks_compiler_clear(task_compiler *compiler);
/* A text field of the line that must be there. */
hs_status hs__tasks_compiler_text(task_compiler *compiler, const char *name, task_text *text_out, hs_error *error);
/*
 * compiler->encoding of a text field and, where the kind has them and the line too, of `pair` and `token_type_ids`.
 * Texts are cut to `n_most` ids.
 */
hs_status hs__tasks_compiler_input(task_compiler *compiler, const char *name, size_t n_most, hs_error *error);
/* Adds a sequence of its own for a field that stands as it is, trailing white space included, and a span after it. */
hs_status hs__tasks_compiler_prompt(task_compiler *compiler, const char *name, hs_error *error);
/* Sets the compiler's context from a field. */
hs_status hs__tasks_compiler_context(task_compiler *compiler, const char *name, hs_error *error);
/* Adds a span of log-probabilities for a field that continues the context. */
hs_status hs__tasks_compiler_continue(task_compiler *compiler, const char *name, hs_error *error);

/*
 * A text field cut before its last word; the white space before it ends the context, which passes it on to the word.
 * HS_ERROR_USAGE: a delimiter is given too; HS_ERROR_INPUT: token ids.
 */
hs_status hs__tasks_compiler_cut(task_compiler *compiler, const char *name, task_text *context, task_text *word,
                                 hs_error *error);

/* What a kind turns into metrics: one example's answers. */
typedef struct task_answers {
    const task_facts *facts;
    const task_span *spans;
    size_t n_spans;
    const double *answers;
} task_answers;

double hs__tasks_span_sum(const task_answers *answers, size_t span);

enum { TASK_KIND_MAX_METRICS = 12 };

/* What an example would score on average if the answer were guessed. */
typedef enum task_chance {
    TASK_CHANCE_NONE, /* nothing that could be told from 0, or nobody can say */
    TASK_CHANCE_HALF,
    TASK_CHANCE_ONE_CHOICE /* one of its choices or labels; of independent labels all of them by the toss of a coin */
} task_chance;

typedef struct task_kind {
    const char *name;
    const char *meaning; /* for the table; may hold Markdown */
    task_field fields[TASK_MAX_FIELDS + 1];
    hs_metric metrics[TASK_KIND_MAX_METRICS + 1]; /* ends with a NULL name; the first is the kind's main one */
    task_chance chance[TASK_KIND_MAX_METRICS];    /* of each of them */
    bool uses_window;
    bool uses_lexicon;
    bool uses_choices; /* of the experiment file */
    bool uses_labels;  /* its label map */
    bool uses_delimiter;
    bool has_label_metrics; /* one more for each label of the classifier */
    unsigned heads;         /* bits 1 << hs_head_kind of the models that it suits */
    bool generates;         /* continues its sequences, which the prompts are; `score` is NULL then */
    hs_status (*compile)(task_compiler *compiler, hs_error *error);
    void (*score)(const task_answers *answers, float *values);
} task_kind;

/* HS_ERROR_USAGE lists the kinds there are. */
hs_status hs__tasks_kind_find(const char *name, const task_kind **kind_out, hs_error *error);
/* HS_ERROR_USAGE: the kind does not suit the model's head; the message names a kind that does. */
hs_status hs__tasks_kind_check_model(const task_kind *kind, const hs_model *model, hs_error *error);
size_t hs__tasks_kind_n_metrics(const task_kind *kind);

#define TASK_LABEL_METRIC_MEANING \
    "2 where the label is right and predicted, 1 where it is only one of both, else 0; its summary is the label's F1"
/* The kind's metrics, and where it has those one per label of the model. HS_ERROR_INPUT: too many labels. */
hs_status hs__tasks_metrics_init(hs_task *task, const hs_model *model, hs_error *error);
void hs__tasks_metrics_clear(hs_task *task);

#endif
