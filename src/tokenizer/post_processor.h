/*
 * post_processor: the special tokens around a text and around a pair of texts. All kinds come down to two templates:
 * special tokens, and the places where the texts go, each with a token type.
 */
#ifndef HEADSWEEP_TOKENIZER_POST_PROCESSOR_H
#define HEADSWEEP_TOKENIZER_POST_PROCESSOR_H

#include "headsweep/tokenizer.h"
#include "tokenizer/classes.h"
#include "tokenizer/json_keys.h"

typedef enum tok_piece_kind { TOK_PIECE_SPECIAL, TOK_PIECE_FIRST, TOK_PIECE_SECOND } tok_piece_kind;

/* A special token, or where the first or the second text goes. */
typedef struct tok_template_piece {
    tok_piece_kind kind;
    int32_t id;   /* of the special token */
    int32_t type; /* of the token, or of all tokens of the text */
} tok_template_piece;

typedef struct tok_template {
    tok_template_piece *pieces;
    size_t n;
    size_t capacity;
} tok_template;

/* Initialise with {0} and then by one of the functions below. */
typedef struct tok_post_processor {
    tok_template single;
    tok_template pair;
    bool adds_tokens;    /* one of its parts does, or may */
    const char *no_pair; /* why no pair can be encoded; NULL if one can */
} tok_post_processor;

/* The key "post_processor" of a tokenizer.json; null or absent adds nothing. Ids must be below `vocabulary`. */
hs_status hs__tokenizer_post_processor_read(const char *file, const hs_json_value *root, size_t vocabulary,
                                            tok_post_processor *processor, hs_error *error);
/*
 * Replaces what there is by special tokens before and behind a text, TOK_NO_ID for none, and joins pairs in the manner
 * of a class.
 */
hs_status hs__tokenizer_post_processor_set(tok_post_processor *processor, tok_joint joint, int32_t before,
                                           int32_t behind, hs_error *error);
void hs__tokenizer_post_processor_clear(tok_post_processor *processor);

size_t hs__tokenizer_template_n_special(const tok_template *template);

#endif
