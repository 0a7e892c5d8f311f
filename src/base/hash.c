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
