/* prefixes: the tokens of a vocabulary that a text may start with, found byte by byte; small, and built at once. */
#ifndef HEADSWEEP_TOKENIZER_PREFIXES_H
#define HEADSWEEP_TOKENIZER_PREFIXES_H

#include "tokenizer/vocabulary.h"

typedef struct tokenizer_prefix {
    uint32_t first_child; /* its children end where those of the next node begin */
    int32_t id;           /* of the token that ends here, or TOKENIZER_NO_ID */
    uint8_t byte;         /* that leads here; children are in its order */
} tokenizer_prefix;

/* A trie level by level; node 0 is the root. Initialise with {0}. */
typedef struct tokenizer_prefixes {
    tokenizer_prefix *nodes; /* [n + 1], with an end behind the last one's children */
    size_t n;
    size_t capacity;
} tokenizer_prefixes;

/* Of tokens with the same bytes the id is the one that the vocabulary finds by them. Clear it in any case. */
hs_status hs__tokenizer_prefixes_build(const tokenizer_vocabulary *vocabulary, tokenizer_prefixes *prefixes,
                                       hs_error *error);
/* From *node_inout to the node behind `byte`; false, at the same node, if no token goes on that way. */
bool hs__tokenizer_prefixes_step(const tokenizer_prefixes *prefixes, char byte, size_t *node_inout);
void hs__tokenizer_prefixes_clear(tokenizer_prefixes *prefixes);

#endif
