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
    TOK_MAX_TEXT_BYTES = 1 << 24, /* of one text */
    TOK_MAX_WORK_BYTES = 1 << 25  /* of what the steps make of it: steps can multiply a text */
};

typedef struct tok_piece {
    size_t start; /* in the text of its list */
    size_t length;
    int32_t token;  /* id of an added token, or TOK_NO_ID: still text */
    bool at_origin; /* its first character stems from the first character of the whole input */
} tok_piece;

typedef struct tok_pieces {
    hs_text text;
    tok_piece *items;
    size_t n;
    size_t capacity;
} tok_pieces;

/* A symbol of a word that is being merged; positions are indices, SIZE_MAX means none. */
typedef struct tok_symbol {
    int32_t id;
    bool removed;
    size_t previous;
    size_t next;
} tok_symbol;

/* A merge that may be done at `position`. */
typedef struct tok_merge {
    uint32_t rank;
    int32_t id;
    size_t position;
} tok_merge;

/* The best way to a place in a text: the token that ends there, and where it starts. */
typedef struct tok_way {
    double score; /* of all tokens up to there */
    uint32_t start;
    int32_t id;
    bool reached;
} tok_way;

/* Initialise with {0}. */
typedef struct tok_workspace {
    tok_pieces now;
    tok_pieces next;
    tok_spans spans;
    hs_text scratch;
    int32_t *characters;
    size_t n_characters;
    size_t characters_capacity;
    tok_symbol *symbols;
    size_t n_symbols;
    size_t symbols_capacity;
    tok_merge *merges; /* binary heap, least rank first, then least position */
    size_t n_merges;
    size_t merges_capacity;
    tok_way *ways; /* [bytes of the piece + 1] */
    size_t ways_capacity;
} tok_workspace;

void hs__tokenizer_workspace_clear(tok_workspace *work);

/* The text of a piece of `now`. Stays where it is until the next swap. */
const char *hs__tokenizer_piece_text(const tok_workspace *work, const tok_piece *piece);

/* Appends to the piece of `next` that is being written. */
hs_status hs__tokenizer_next_append(tok_workspace *work, const char *bytes, size_t length, hs_error *error);
/* Ends that piece: it runs from the end of the one before to the end of the text. Empty text pieces are dropped. */
hs_status hs__tokenizer_next_end(tok_workspace *work, int32_t token, bool at_origin, hs_error *error);
/* `next` becomes `now`. */
void hs__tokenizer_workspace_swap(tok_workspace *work);

/* One piece of text, the whole of `text`, as `now`. */
hs_status hs__tokenizer_workspace_begin(tok_workspace *work, const char *text, size_t length, hs_error *error);

/* What steps are made of. */

/* Appends what becomes of a text; clears *at_origin_inout where the first character is taken away. */
typedef hs_status (*tok_rewrite)(const void *how, tok_workspace *work, const char *text, size_t length,
                                 bool *at_origin_inout, hs_error *error);
/* Rewrites every piece of text; added tokens pass. */
hs_status hs__tokenizer_rewrite_pieces(tok_workspace *work, tok_rewrite rewrite, const void *how, hs_error *error);

typedef enum tok_behaviour {
    TOK_REMOVED,
    TOK_ISOLATED,
    TOK_MERGED_WITH_PREVIOUS,
    TOK_MERGED_WITH_NEXT,
    TOK_CONTIGUOUS
} tok_behaviour;

/* Fills work->spans with stretches that cover `text`. */
typedef hs_status (*tok_finder)(const void *how, tok_workspace *work, const char *text, size_t length, hs_error *error);
/* Splits every piece of text at the matches (`invert`: at what does not match). */
hs_status hs__tokenizer_split_pieces(tok_workspace *work, tok_finder find, const void *how, tok_behaviour behaviour,
                                     bool invert, hs_error *error);

/* Finders: `how` is a tok_pattern, or a pointer to a tok_character_class. */
hs_status hs__tokenizer_find_pattern(const void *how, tok_workspace *work, const char *text, size_t length,
                                     hs_error *error);
hs_status hs__tokenizer_find_class(const void *how, tok_workspace *work, const char *text, size_t length,
                                   hs_error *error);

#endif
