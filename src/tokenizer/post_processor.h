/*
 * post_processor: the special tokens around a text and around a pair of texts. All kinds come down to two templates:
 * special tokens, and the places where the texts go, each with a token type.
 */
#ifndef HEADSWEEP_TOKENIZER_POST_PROCESSOR_H
#define HEADSWEEP_TOKENIZER_POST_PROCESSOR_H

#include "headsweep/tokenizer.h"
#include "tokenizer/classes.h"
#include "tokenizer/json_keys.h"

typedef enum tokenizer_piece_kind {
    TOKENIZER_PIECE_SPECIAL,
    TOKENIZER_PIECE_FIRST,
    TOKENIZER_PIECE_SECOND
} tokenizer_piece_kind;

/* A special token, or where the first or the second text goes. */
typedef struct tokenizer_template_piece {
    tokenizer_piece_kind kind;
    int32_t id;   /* of the special token */
    int32_t type; /* of the token, or of all tokens of the text */
} tokenizer_template_piece;

typedef struct tokenizer_template {
    tokenizer_template_piece *pieces;
    size_t n;
    size_t capacity;
} tokenizer_template;

/* Initialise with {0} and then by one of the functions below. */
typedef struct tokenizer_post_processor {
    tokenizer_template single;
    tokenizer_template pair;
    bool adds_tokens;    /* one of its parts does, or may */
    const char *no_pair; /* why no pair can be encoded; NULL if one can */
} tokenizer_post_processor;

/* The key "post_processor" of a tokenizer.json; null or absent adds nothing. Ids must be below `vocabulary`. */
hs_status hs__tokenizer_post_processor_read(const char *file, const hs_json_value *root, size_t vocabulary,
                                            tokenizer_post_processor *processor, hs_error *error);
/*
 * Replaces what there is by special tokens before and behind a text, TOKENIZER_NO_ID for none, and joins pairs in the
 * manner of a class.
 */
hs_status hs__tokenizer_post_processor_set(tokenizer_post_processor *processor, tokenizer_joint joint, int32_t before,
                                           int32_t behind, hs_error *error);
void hs__tokenizer_post_processor_clear(tokenizer_post_processor *processor);

size_t hs__tokenizer_template_n_special(const tokenizer_template *template);

#endif
