/*
 * characters: the classes of characters that the pipeline's steps are defined by (Unicode through utf8proc).
 * `tokenizers` has marks, punctuation and controls as of Unicode 8; the classes agree on all characters of that version.
 */
#ifndef HEADSWEEP_TOKENIZER_CHARACTERS_H
#define HEADSWEEP_TOKENIZER_CHARACTERS_H

#include "headsweep/base.h"

/* Length of the character at `bytes` (available > 0). A malformed byte is U+FFFD of length 1. */
size_t tok_character_decode(const char *bytes, size_t available, int32_t *character_out);
/* Start of the character that ends at `end` (end > 0) of well-formed UTF-8. */
size_t tok_character_before(const char *bytes, size_t end);
size_t tok_character_encode(int32_t character, char bytes_out[4]);

typedef bool (*tok_character_class)(int32_t character);

bool tok_is_white_space(int32_t character); /* Unicode White_Space */
bool tok_is_numeric(int32_t character);     /* Nd, Nl, No */
bool tok_is_punctuation(int32_t character); /* P* and the ASCII symbols */
bool tok_is_mark(int32_t character);        /* Mn, Mc, Me */
bool tok_is_nonspacing(int32_t character);  /* Mn */
bool tok_is_control(int32_t character);     /* Cc, Cf, Co; unassigned characters are none, as in `tokenizers` */
bool tok_is_chinese(int32_t character);     /* the blocks of CJK ideographs that BERT sets apart */
bool tok_is_word(int32_t character);        /* \w of UTS #18: Alphabetic, M, Nd, Pc, Join_Control */

#endif
