/* pattern_translation: a regular expression on its way from Oniguruma's syntax to PCRE2's. */
#ifndef HEADSWEEP_TOKENIZER_PATTERN_TRANSLATION_H
#define HEADSWEEP_TOKENIZER_PATTERN_TRANSLATION_H

#include "headsweep/base.h"

/* The expression being read and what has been written of its translation. */
typedef struct pattern_translation {
    const char *text;
    size_t length;
    size_t at;
    int unicode; /* of PCRE2 */
    hs_text *out;
    hs_error *error;
} pattern_translation;

/* HS_ERROR_INPUT with the place in the expression. */
hs_status hs__tokenizer_translation_refuse(const pattern_translation *t, const char *what);
hs_status hs__tokenizer_translation_emit(pattern_translation *t, const char *text);
/* The next `n` bytes as they stand, and past them. */
hs_status hs__tokenizer_translation_copy(pattern_translation *t, size_t n);
bool hs__tokenizer_translation_looks_at(const pattern_translation *t, const char *text);

/* pattern_properties.c: at the letter of \p{...} or \P{...}. */
hs_status hs__tokenizer_translate_property(pattern_translation *t, bool in_set);
/* What stands for an escape: PCRE2's syntax, in which categories (of two letters at most) are within sets. */
hs_status hs__tokenizer_translate_form(pattern_translation *t, const char *form);

#endif
