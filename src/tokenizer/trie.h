/* trie: texts that a longer text may start with, found byte by byte. */
#ifndef HEADSWEEP_TOKENIZER_TRIE_H
#define HEADSWEEP_TOKENIZER_TRIE_H

#include "tokenizer/hash_table.h"

/* (node, byte) -> node, node 0 is the root. Initialise with {0}. */
typedef struct tokenizer_trie {
    tokenizer_table edges;
    size_t *values; /* [n_nodes], value of the text that ends here + 1, or 0 */
    size_t n_nodes;
    size_t capacity;
} tokenizer_trie;

/* Of two values for the same text the first stays. */
hs_status hs__tokenizer_trie_put(tokenizer_trie *trie, const char *bytes, size_t length, size_t value, hs_error *error);
/* From *node_inout to the node behind `byte`; false, at the same node, if no text goes on that way. */
bool hs__tokenizer_trie_step(const tokenizer_trie *trie, char byte, size_t *node_inout);
void hs__tokenizer_trie_clear(tokenizer_trie *trie);

#endif
