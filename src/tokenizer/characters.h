/*
 * characters: the classes of characters that the pipeline's steps are defined by, each in the version of Unicode that
 * the part of `tokenizers` which does the same has; the libraries here have others (tokenizer/unicode_tables.h).
 */
#ifndef HEADSWEEP_TOKENIZER_CHARACTERS_H
#define HEADSWEEP_TOKENIZER_CHARACTERS_H

#include "headsweep/base.h"

/* Length of the character at `bytes` (available > 0). A malformed byte is U+FFFD of length 1. */
size_t hs__tokenizer_character_decode(const char *bytes, size_t available, int32_t *character_out);
/* Start of the character that ends at `end` (end > 0) of well-formed UTF-8. */
size_t hs__tokenizer_character_before(const char *bytes, size_t end);
size_t hs__tokenizer_character_encode(int32_t character, char bytes_out[4]);

typedef bool (*tokenizer_character_class)(int32_t character);

bool hs__tokenizer_is_white_space(int32_t character); /* Unicode White_Space */
bool hs__tokenizer_is_numeric(int32_t character);     /* Nd, Nl, No (Unicode 17) */
bool hs__tokenizer_is_punctuation(int32_t character); /* P* (Unicode 8) and the ASCII symbols */
bool hs__tokenizer_is_mark(int32_t character);        /* Mn, Mc, Me (Unicode 9) */
bool hs__tokenizer_is_nonspacing(int32_t character);  /* Mn (Unicode 8) */
bool hs__tokenizer_is_control(int32_t character);     /* Cc, Cf, Co (Unicode 8); unassigned ones are not, as there */
bool hs__tokenizer_is_chinese(int32_t character);     /* the blocks of CJK ideographs that BERT sets apart */
bool hs__tokenizer_is_word(int32_t character); /* \w of UTS #18: Alphabetic, M, Nd, Pc, Join_Control (Unicode 16) */

/* Whether Unicode 9 knows the character: no other has another normalisation form than itself. */
bool hs__tokenizer_can_normalize(int32_t character);
/* Unicode 17; U+0130, whose lower case is two characters, is left as it is. */
int32_t hs__tokenizer_lower(int32_t character);

#endif
