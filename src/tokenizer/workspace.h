/*
 * workspace: what one call of encode or decode changes. A text is carried through the pipeline as a list of pieces;
 * every step reads the pieces `now` and writes the pieces `next`. Nothing of it outlives the call, so that a tokenizer
 * can be used by several threads.
 */
#ifndef HEADSWEEP_TOKENIZER_WORKSPACE_H
#define HEADSWEEP_TOKENIZER_WORKSPACE_H

#include "tokenizer/characters.h"
#include "tokenizer/pattern.h"
#include "tokenizer/vocabulary.h"

enum {
    TOKENIZER_MAX_TEXT_BYTES = 1 << 24, /* of one text */
    TOKENIZER_MAX_WORK_BYTES = 1 << 25  /* of what the steps make of it: steps can multiply a text */
};

typedef struct tokenizer_piece {
    size_t start; /* in the text of its list */
    size_t length;
    int32_t token;  /* id of an added token, or TOKENIZER_NO_ID: still text */
    bool at_origin; /* its first character stems from the first character of the whole input */
} tokenizer_piece;

typedef struct tokenizer_pieces {
    hs_text text;
    tokenizer_piece *items;
    size_t n;
    size_t capacity;
} tokenizer_pieces;

/* A symbol of a word that is being merged; positions are indices, SIZE_MAX means none. */
typedef struct tokenizer_symbol {
    int32_t id;
    bool removed;
    size_t previous;
    size_t next;
} tokenizer_symbol;

/* A merge that may be done at `position`. */
typedef struct tokenizer_merge {
    uint32_t rank;
    int32_t id;
    size_t position;
} tokenizer_merge;

/* The best way to a place in a text: the token that ends there, and where it starts. */
typedef struct tokenizer_way {
    double score; /* of all tokens up to there */
    uint32_t start;
    int32_t id;
    bool reached;
} tokenizer_way;

/* Initialise with {0}. */
typedef struct tokenizer_workspace {
    tokenizer_pieces now;
    tokenizer_pieces next;
    tokenizer_spans spans;
    hs_text scratch;
    int32_t *characters;
    size_t n_characters;
    size_t characters_capacity;
    tokenizer_symbol *symbols;
    size_t n_symbols;
    size_t symbols_capacity;
    tokenizer_merge *merges; /* binary heap, least rank first, then least position */
    size_t n_merges;
    size_t merges_capacity;
    tokenizer_way *ways; /* [bytes of the piece + 1] */
    size_t ways_capacity;
} tokenizer_workspace;

void hs__tokenizer_workspace_clear(tokenizer_workspace *work);

/* The text of a piece of `now`. Stays where it is until the next swap. */
const char *hs__tokenizer_piece_text(const tokenizer_workspace *work, const tokenizer_piece *piece);

/* Appends to the piece of `next` that is being written. */
hs_status hs__tokenizer_next_append(tokenizer_workspace *work, const char *bytes, size_t length, hs_error *error);
/* Ends that piece: it runs from the end of the one before to the end of the text. Empty text pieces are dropped. */
hs_status hs__tokenizer_next_end(tokenizer_workspace *work, int32_t token, bool at_origin, hs_error *error);
/* `next` becomes `now`. */
void hs__tokenizer_workspace_swap(tokenizer_workspace *work);

/* One piece of text, the whole of `text`, as `now`. */
hs_status hs__tokenizer_workspace_begin(tokenizer_workspace *work, const char *text, size_t length, hs_error *error);

/* What steps are made of. */

/* Appends what becomes of a text; clears *at_origin_inout where the first character is taken away. */
typedef hs_status (*tokenizer_rewrite)(const void *how, tokenizer_workspace *work, const char *text, size_t length,
                                       bool *at_origin_inout, hs_error *error);
/* Rewrites every piece of text; added tokens pass. */
hs_status hs__tokenizer_rewrite_pieces(tokenizer_workspace *work, tokenizer_rewrite rewrite, const void *how,
                                       hs_error *error);

typedef enum tokenizer_behaviour {
    TOKENIZER_REMOVED,
    TOKENIZER_ISOLATED,
    TOKENIZER_MERGED_WITH_PREVIOUS,
    TOKENIZER_MERGED_WITH_NEXT,
    TOKENIZER_CONTIGUOUS
} tokenizer_behaviour;

/* Fills work->spans with stretches that cover `text`. */
typedef hs_status (*tokenizer_finder)(const void *how, tokenizer_workspace *work, const char *text, size_t length,
                                      hs_error *error);
/* Splits every piece of text at the matches (`invert`: at what does not match). */
hs_status hs__tokenizer_split_pieces(tokenizer_workspace *work, tokenizer_finder find, const void *how,
                                     tokenizer_behaviour behaviour, bool invert, hs_error *error);

/* Finders: `how` is a tokenizer_pattern, or a pointer to a tokenizer_character_class. */
hs_status hs__tokenizer_find_pattern(const void *how, tokenizer_workspace *work, const char *text, size_t length,
                                     hs_error *error);
hs_status hs__tokenizer_find_class(const void *how, tokenizer_workspace *work, const char *text, size_t length,
                                   hs_error *error);

#endif
