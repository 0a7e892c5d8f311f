/*
 * pattern: what a Split or Replace looks for, through PCRE2.
 *
 * The files' regular expressions are written for Oniguruma (Ruby's syntax), which `tokenizers` uses. They are
 * translated where PCRE2 means something else by the same text; what cannot be translated is an error.
 */
#ifndef HEADSWEEP_TOKENIZER_PATTERN_H
#define HEADSWEEP_TOKENIZER_PATTERN_H

#include "headsweep/base.h"

typedef struct tokenizer_pattern tokenizer_pattern;

/* A stretch of a text, and whether it is a match or lies between two. */
typedef struct tokenizer_span {
    size_t start;
    size_t end;
    bool is_match;
} tokenizer_span;

typedef struct tokenizer_spans {
    tokenizer_span *items;
    size_t n;
    size_t capacity;
} tokenizer_spans;

hs_status hs__tokenizer_spans_add(tokenizer_spans *spans, size_t start, size_t end, bool is_match, hs_error *error);

/*
 * `is_regex`: a regular expression, otherwise the text itself. `any_bytes`: the texts it will be used on may be
 * malformed UTF-8 (decoders); a pattern never matches across malformed bytes.
 */
hs_status hs__tokenizer_pattern_new(const char *text, size_t length, bool is_regex, bool any_bytes,
                                    tokenizer_pattern **pattern_out, hs_error *error);
void hs__tokenizer_pattern_free(tokenizer_pattern *pattern);

/*
 * Fills `spans` with stretches that cover the whole of `text` in order (none if it is empty), as repeated search gives
 * them; an empty match right after a match is passed over. HS_ERROR_INPUT if the search takes too many steps.
 */
hs_status hs__tokenizer_pattern_spans(const tokenizer_pattern *pattern, const char *text, size_t length,
                                      tokenizer_spans *spans, hs_error *error);

/*
 * Appends the PCRE2 form of the Oniguruma expression to `translated`. `unicode` is the version of Unicode that PCRE2
 * has, 1501 for 15.1: categories of characters are then those of Oniguruma's Unicode 16, whatever that is.
 */
hs_status hs__tokenizer_pattern_translate(const char *regex, size_t length, int unicode, hs_text *translated,
                                          hs_error *error);

#endif
