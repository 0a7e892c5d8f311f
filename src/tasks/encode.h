/*
 * encode: texts and token ids of an example -> the ids that the model sees, cut into context and continuation.
 *
 * The rules are those of lm-evaluation-harness (TemplateLM.loglikelihood and _encode_pair):
 *   - trailing white space of the context moves to the continuation;
 *   - the continuation's ids are enc(context + continuation) without the first len(enc(context));
 *   - before a continuation without context stands the prefix token, BOS or else EOS of the tokenizer, unless the
 *     continuation begins with it. Where there is neither, a text without context is refused;
 *   - a text that begins with the prefix token's text is given no special tokens by the tokenizer.
 * Token ids stand as they are given: nothing is put in front of them (but BOS by bos = "always"), so without a
 * context the first one is only read and not scored.
 */
#ifndef TASKS_ENCODE_H
#define TASKS_ENCODE_H

#include "headsweep/model.h"
#include "headsweep/tasks.h"
#include "headsweep/tokenizer.h"
#include "tasks/fields.h"

typedef struct task_encoder {
    const hs_tokenizer *tokenizer; /* NULL: ids only */
    const hs_model *model;
    hs_bos bos;
    const char *delimiter; /* put between context and continuation where these are texts; borrowed */
    hs_text_tokens tokens;
    hs_text prefix; /* what the prefix token decodes to; empty where there is none, or no tokenizer */
} task_encoder;

/*
 * HS_ERROR_USAGE: an unknown policy, or "always" without a BOS. NULL counts as "auto". The delimiter is "". Clear in
 * any case.
 */
hs_status hs__tasks_encoder_init(task_encoder *encoder, hs_bos bos, const hs_tokenizer *tokenizer,
                                 const hs_model *model, hs_error *error);
void hs__tasks_encoder_clear(task_encoder *encoder);

/*
 * Replaces `ids` by those of a text that stands at the start of a sequence. An empty text gives the prefix token,
 * empty ids give none. HS_ERROR_INPUT: a text without a tokenizer, an id outside the model's vocabulary, no prefix
 * token.
 */
hs_status hs__tasks_encode_prompt(const task_encoder *encoder, const task_text *text, const char *place,
                                  hs_token_list *ids, hs_error *error);

/* Appends the ids of a text without special tokens. */
hs_status hs__tasks_encode_plain(const task_encoder *encoder, const task_text *text, const char *place,
                                 hs_token_list *ids, hs_error *error);

hs_status hs__tasks_append_ids(hs_token_list *ids, const int32_t *appended, size_t n, hs_error *error);

/* A context that several continuations share. Initialise with {0}; may be set again. */
typedef struct task_context {
    task_text text;    /* whole, its trailing white space included */
    bool empty;        /* nothing but white space */
    hs_token_list ids; /* of the text without trailing white space */
    hs_text joined;    /* scratch */
} task_context;

hs_status hs__tasks_context_set(task_context *context, const task_encoder *encoder, const task_text *text,
                                const char *place, hs_error *error);
/*
 * Replaces `ids` by context and continuation; ids[*n_context_out] is the first one that is scored, and there is at
 * least one. HS_ERROR_INPUT: an empty continuation, nothing to score, text mixed with ids.
 */
hs_status hs__tasks_context_continue(task_context *context, const task_encoder *encoder, const task_text *continuation,
                                     const char *place, hs_token_list *ids, size_t *n_context_out, hs_error *error);
void hs__tasks_context_clear(task_context *context);

/* The same for a text without any context: one token is context. */
hs_status hs__tasks_encode_whole(task_context *scratch, const task_encoder *encoder, const task_text *text,
                                 const char *place, hs_token_list *ids, hs_error *error);

/*
 * A document as lm-evaluation-harness takes it for its perplexity (loglikelihood_rolling): the prefix token and
 * behind it the text with the special tokens that the tokenizer adds, which are scored too.
 */
hs_status hs__tasks_encode_document(const task_encoder *encoder, const task_text *text, const char *place,
                                    hs_token_list *ids, hs_error *error);

/* HS_ERROR_INPUT: an id from `first` on is outside the model's vocabulary. */
hs_status hs__tasks_check_vocabulary(const task_encoder *encoder, const hs_token_list *ids, size_t first,
                                     const task_text *text, const char *place, hs_error *error);
/* HS_ERROR_INPUT: a text where there is no tokenizer. */
hs_status hs__tasks_no_tokenizer(const task_text *text, const char *place, hs_error *error);

/* encode_input.c: what an encoder reads. */

typedef struct task_input {
    task_text text;
    task_text pair;  /* the second sentence */
    task_text types; /* token types of a `text` of ids */
    bool has_pair;
    bool has_types;
} task_input;

/*
 * Replaces `encoding` by the input between the tokenizer's special tokens, texts cut as transformers' "longest_first"
 * to `n_most` ids (SIZE_MAX: not); ids as they are given. encoding->special marks what begins, parts and ends
 * sentences. Types are all 0 where the model has but one, or its tokenizer's class gives none. HS_ERROR_INPUT:
 * nothing but special tokens, ids with a pair, types that do not fit ids or model, a tokenizer that cannot join a pair.
 */
hs_status hs__tasks_encode_input(const task_encoder *encoder, const task_input *input, const char *place, size_t n_most,
                                 hs_encoding *encoding, hs_error *error);
/*
 * Replaces front and back by the special tokens that the tokenizer puts around a text. HS_ERROR_INPUT: it does more
 * than that.
 */
hs_status hs__tasks_encode_frame(const hs_tokenizer *tokenizer, hs_token_list *front, hs_token_list *back,
                                 hs_error *error);
/* Whether a text has a separator in it: "[SEP]", "</s>" or the tokenizer's own. */
bool hs__tasks_has_separator(const task_encoder *encoder, const task_text *text);

#endif
