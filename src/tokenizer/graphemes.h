/* graphemes: what a reader takes for one character (extended grapheme clusters, UAX #29). */
#ifndef HEADSWEEP_TOKENIZER_GRAPHEMES_H
#define HEADSWEEP_TOKENIZER_GRAPHEMES_H

#include <stddef.h>

/* The end of the grapheme that starts at `start` < length of well-formed UTF-8. */
size_t hs__tokenizer_grapheme_end(const char *text, size_t length, size_t start);

#endif
