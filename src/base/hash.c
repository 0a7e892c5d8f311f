/*
 * hash: XXH3 (libxxhash), which says whether files, experiments and cells are the same as before.
 * It guards against accidents, not against forgery.
 */
#include "headsweep/base.h"

#include <string.h>
#include <xxhash.h>

uint64_t hs_hash(uint64_t seed, const void *bytes, size_t length)
{
    return XXH3_64bits_withSeed(bytes, length, seed);
}

uint64_t hs_hash_text(uint64_t seed, const char *text)
{
    return hs_hash(seed, text, strlen(text) + 1);
}

/* The library's own state, under our name: callers need not know which library it is. */
static XXH3_state_t *state_of(hs_hash_pieces *pieces)
{
    return (XXH3_state_t *)(void *)pieces;
}

hs_status hs_hash_begin(uint64_t seed, hs_hash_pieces **pieces_out, hs_error *error)
{
    XXH3_state_t *state = XXH3_createState();
    *pieces_out = (hs_hash_pieces *)(void *)state;
    if (state == NULL || XXH3_64bits_reset_withSeed(state, seed) != XXH_OK)
        return hs_fail(error, HS_ERROR_MEMORY, "no memory for a hash");
    return HS_OK;
}

void hs_hash_add(hs_hash_pieces *pieces, const void *bytes, size_t length)
{
    (void)XXH3_64bits_update(state_of(pieces), bytes, length);
}

uint64_t hs_hash_end(hs_hash_pieces *pieces)
{
    const uint64_t hash = XXH3_64bits_digest(state_of(pieces));
    (void)XXH3_freeState(state_of(pieces));
    return hash;
}

uint64_t hs_hash_u64(uint64_t seed, uint64_t value)
{
    /* Little-endian on every machine, so that a results file can be continued on another one. */
    unsigned char bytes[sizeof value];
    for (size_t i = 0; i < sizeof value; i++)
        bytes[i] = (unsigned char)(value >> (8 * i));
    return hs_hash(seed, bytes, sizeof bytes);
}

hs_status hs_hash_file(uint64_t seed, const char *path, uint64_t *hash_out, hs_error *error)
{
    hs_mapped_file file;
    *hash_out = 0;
    HS_TRY(hs_mapped_file_open(path, &file, error));
    *hash_out = hs_hash(seed, file.bytes, file.n_bytes);
    hs_mapped_file_clear(&file);
    return HS_OK;
}
