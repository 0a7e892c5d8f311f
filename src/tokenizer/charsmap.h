/*
 * charsmap: SentencePiece's precompiled replacements of characters (`precompiled_charsmap`): a double-array trie (Aoe
 * 1989; Darts-clone's units) from the bytes of a text to a place among the replacements, which zeros end.
 */
#ifndef HEADSWEEP_TOKENIZER_CHARSMAP_H
#define HEADSWEEP_TOKENIZER_CHARSMAP_H

#include "headsweep/base.h"

typedef struct tokenizer_charsmap tokenizer_charsmap;

/* `text` is the map in base 64. HS_ERROR_INPUT without a place. */
hs_status hs__tokenizer_charsmap_new(const char *text, size_t length, tokenizer_charsmap **map_out, hs_error *error);
void hs__tokenizer_charsmap_free(tokenizer_charsmap *map);

/*
 * What replaces `text`: that of its shortest start which the map holds, as `tokenizers` does it; NULL without one.
 * The replacement belongs to the map. HS_ERROR_INPUT for a map that leads out of itself.
 */
hs_status hs__tokenizer_charsmap_find(const tokenizer_charsmap *map, const char *text, size_t length,
                                      const char **replacement_out, size_t *n_out, hs_error *error);

#endif
