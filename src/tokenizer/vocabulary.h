/* vocabulary: tokens as bytes, found by id and by bytes. */
#ifndef HEADSWEEP_TOKENIZER_VOCABULARY_H
#define HEADSWEEP_TOKENIZER_VOCABULARY_H

#include "tokenizer/hash_table.h"

enum {
    TOKENIZER_NO_ID = -1,
    TOKENIZER_MAX_VOCABULARY = 4000000, /* ids are below this: the largest published vocabularies have 260,000 */
    TOKENIZER_MAX_TOKEN_BYTES = 65536
};

typedef struct tokenizer_token {
    size_t start; /* in the vocabulary's bytes */
    size_t length;
    bool present;
} tokenizer_token;

/* Initialise with {0}. */
typedef struct tokenizer_vocabulary {
    hs_text bytes;
    tokenizer_token *tokens; /* [size], by id; ids may have gaps */
    size_t size;             /* largest id + 1 */
    size_t capacity;
    size_t n_tokens;
    tokenizer_table by_bytes;
} tokenizer_vocabulary;

/* HS_ERROR_INPUT for an id out of range or taken, and for a token that is too long or there already. */
hs_status hs__tokenizer_vocabulary_add(tokenizer_vocabulary *vocabulary, const char *bytes, size_t length, int64_t id,
                                       hs_error *error);
/* The same, where a token may be there already: the later id is then the one that is found by the bytes. */
hs_status hs__tokenizer_vocabulary_add_again(tokenizer_vocabulary *vocabulary, const char *bytes, size_t length,
                                             int64_t id, hs_error *error);
/* TOKENIZER_NO_ID without such a token. */
int32_t hs__tokenizer_vocabulary_find(const tokenizer_vocabulary *vocabulary, const char *bytes, size_t length);
/* The bytes of a token (not zero-terminated), NULL for an id that is not there. */
const char *hs__tokenizer_vocabulary_token(const tokenizer_vocabulary *vocabulary, int32_t id, size_t *length_out);
void hs__tokenizer_vocabulary_clear(tokenizer_vocabulary *vocabulary);

#endif
