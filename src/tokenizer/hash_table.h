/*
 * hash_table: open-addressing hash table from a 64-bit key to a 64-bit value, used for tokens (key: hash of the bytes,
 * the caller compares them), for merges (key: the pair of ids) and for tries (key: node and byte).
 */
#ifndef HEADSWEEP_TOKENIZER_HASH_TABLE_H
#define HEADSWEEP_TOKENIZER_HASH_TABLE_H

#include "headsweep/base.h"

typedef struct tokenizer_entry {
    uint64_t key;
    uint64_t value;
    bool used;
} tokenizer_entry;

/* Initialise with {0}. `capacity` is 0 or a power of two, and at most two thirds of it are used. */
typedef struct tokenizer_table {
    tokenizer_entry *entries;
    size_t n;
    size_t capacity;
} tokenizer_table;

/* Makes room for `n` entries in all, so that filling a table of known size never moves it. */
hs_status hs__tokenizer_table_reserve(tokenizer_table *table, size_t n, hs_error *error);
/* Adds an entry even if `key` is there already: keys that are hashes may be shared. */
hs_status hs__tokenizer_table_add(tokenizer_table *table, uint64_t key, uint64_t value, hs_error *error);
/* The first entry of `key`, or with `after` the next one behind that; NULL without one. */
const tokenizer_entry *hs__tokenizer_table_find(const tokenizer_table *table, uint64_t key,
                                                const tokenizer_entry *after);
/* Replaces the value of the first entry of `key`, or adds one. */
hs_status hs__tokenizer_table_set(tokenizer_table *table, uint64_t key, uint64_t value, hs_error *error);
void hs__tokenizer_table_clear(tokenizer_table *table);

#endif
