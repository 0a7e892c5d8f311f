/*
 * unicode_tables: what Hugging Face `tokenizers` knows of the characters, as data. Its parts have different versions of
 * Unicode, and those of the libraries here are others again: where that shows in ids, the tables count.
 */
#ifndef HEADSWEEP_TOKENIZER_UNICODE_TABLES_H
#define HEADSWEEP_TOKENIZER_UNICODE_TABLES_H

#include <stddef.h>
#include <stdint.h>

/* Grapheme_Cluster_Break, with Indic_Conjunct_Break and Extended_Pictographic where that says more (Unicode 17). */
typedef enum tok_grapheme_class {
    TOK_GRAPHEME_OTHER,
    TOK_GRAPHEME_CONTROL,
    TOK_GRAPHEME_EXTEND,
    TOK_GRAPHEME_EXTEND_ONLY, /* but not within a conjunct */
    TOK_GRAPHEME_LINKER,      /* of a conjunct; extends too */
    TOK_GRAPHEME_CONSONANT,   /* of a conjunct */
    TOK_GRAPHEME_ZWJ,
    TOK_GRAPHEME_SPACING_MARK,
    TOK_GRAPHEME_PREPEND,
    TOK_GRAPHEME_REGIONAL,
    TOK_GRAPHEME_PICTURE,
    TOK_GRAPHEME_L, /* Hangul; syllables are not in the table */
    TOK_GRAPHEME_V,
    TOK_GRAPHEME_T,
    TOK_GRAPHEME_LV,
    TOK_GRAPHEME_LVT
} tok_grapheme_class;

typedef struct tok_grapheme_row {
    int32_t first;
    int32_t last;
    uint8_t class;
} tok_grapheme_row;

/* In order of code points; what is not there is OTHER. */
extern const tok_grapheme_row TOK_GRAPHEMES[];
extern const size_t TOK_N_GRAPHEMES;

#endif
