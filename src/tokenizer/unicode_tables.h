/*
 * unicode_tables: what Hugging Face `tokenizers` knows of the characters, as data. Its parts have different versions of
 * Unicode, and those of the libraries here are others again: where that shows in ids, the tables count.
 */
#ifndef HEADSWEEP_TOKENIZER_UNICODE_TABLES_H
#define HEADSWEEP_TOKENIZER_UNICODE_TABLES_H

#include <stddef.h>
#include <stdint.h>

/* General categories, and when a character came: as of Unicode 16, which oniguruma has. */
typedef enum tok_category {
    TOK_CN,
    TOK_LU,
    TOK_LL,
    TOK_LT,
    TOK_LM,
    TOK_LO,
    TOK_MN,
    TOK_MC,
    TOK_ME,
    TOK_ND,
    TOK_NL,
    TOK_NO,
    TOK_PC,
    TOK_PD,
    TOK_PS,
    TOK_PE,
    TOK_PI,
    TOK_PF,
    TOK_PO,
    TOK_SM,
    TOK_SC,
    TOK_SK,
    TOK_SO,
    TOK_ZS,
    TOK_ZL,
    TOK_ZP,
    TOK_CC,
    TOK_CF,
    TOK_CS,
    TOK_CO
} tok_category;

typedef enum tok_age { TOK_AGE_8, TOK_AGE_9, TOK_AGE_14, TOK_AGE_16 /* with Unicode 15, 15.1 or 16 */ } tok_age;

/* Runs of characters alike, each to the next row: first << 7 | age << 5 | category. Cn has age 8. */
extern const uint32_t HS__TOKENIZER_CHARACTERS[];
extern const size_t HS__TOKENIZER_N_CHARACTERS;

/* Every `step`-th character of first .. last, whose lower case is `distance` away (Unicode 17). */
typedef struct tok_lower_row {
    int32_t first;
    int32_t last;
    int32_t step;
    int32_t distance;
} tok_lower_row;

extern const tok_lower_row HS__TOKENIZER_LOWER[];
extern const size_t HS__TOKENIZER_N_LOWER;

/* What Unicode 14 lacks of a property which is not a category: its name in lower case without separators. */
typedef struct tok_addition_row {
    const char *name;
    int32_t first;
    int32_t last;
} tok_addition_row;

extern const tok_addition_row HS__TOKENIZER_ADDITIONS[];
extern const size_t HS__TOKENIZER_N_ADDITIONS;

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
extern const tok_grapheme_row HS__TOKENIZER_GRAPHEMES[];
extern const size_t HS__TOKENIZER_N_GRAPHEMES;

#endif
