/*
 * unicode_tables: what Hugging Face `tokenizers` knows of the characters, as data. Its parts have different versions of
 * Unicode, and those of the libraries here are others again: where that shows in ids, the tables count.
 */
#ifndef HEADSWEEP_TOKENIZER_UNICODE_TABLES_H
#define HEADSWEEP_TOKENIZER_UNICODE_TABLES_H

#include <stddef.h>
#include <stdint.h>

/* General categories, and when a character came: as of Unicode 16, which oniguruma has. */
typedef enum tokenizer_category {
    TOKENIZER_CN,
    TOKENIZER_LU,
    TOKENIZER_LL,
    TOKENIZER_LT,
    TOKENIZER_LM,
    TOKENIZER_LO,
    TOKENIZER_MN,
    TOKENIZER_MC,
    TOKENIZER_ME,
    TOKENIZER_ND,
    TOKENIZER_NL,
    TOKENIZER_NO,
    TOKENIZER_PC,
    TOKENIZER_PD,
    TOKENIZER_PS,
    TOKENIZER_PE,
    TOKENIZER_PI,
    TOKENIZER_PF,
    TOKENIZER_PO,
    TOKENIZER_SM,
    TOKENIZER_SC,
    TOKENIZER_SK,
    TOKENIZER_SO,
    TOKENIZER_ZS,
    TOKENIZER_ZL,
    TOKENIZER_ZP,
    TOKENIZER_CC,
    TOKENIZER_CF,
    TOKENIZER_CS,
    TOKENIZER_CO
} tokenizer_category;

typedef enum tokenizer_age {
    TOKENIZER_AGE_8,
    TOKENIZER_AGE_9,
    TOKENIZER_AGE_14,
    TOKENIZER_AGE_16 /* with Unicode 15, 15.1 or 16 */
} tokenizer_age;

/* Runs of characters alike, each to the next row: first << 7 | age << 5 | category. Cn has age 8. */
extern const uint32_t HS__TOKENIZER_CHARACTERS[];
extern const size_t HS__TOKENIZER_N_CHARACTERS;

/* Every `step`-th character of first .. last, whose lower case is `distance` away (Unicode 17). */
typedef struct tokenizer_lower_row {
    int32_t first;
    int32_t last;
    int32_t step;
    int32_t distance;
} tokenizer_lower_row;

extern const tokenizer_lower_row HS__TOKENIZER_LOWER[];
extern const size_t HS__TOKENIZER_N_LOWER;

/* What Unicode 14 lacks of a property which is not a category: its name in lower case without separators. */
typedef struct tokenizer_addition_row {
    const char *name;
    int32_t first;
    int32_t last;
} tokenizer_addition_row;

extern const tokenizer_addition_row HS__TOKENIZER_ADDITIONS[];
extern const size_t HS__TOKENIZER_N_ADDITIONS;

/* Grapheme_Cluster_Break, with Indic_Conjunct_Break and Extended_Pictographic where that says more (Unicode 17). */
typedef enum tokenizer_grapheme_class {
    TOKENIZER_GRAPHEME_OTHER,
    TOKENIZER_GRAPHEME_CONTROL,
    TOKENIZER_GRAPHEME_EXTEND,
    TOKENIZER_GRAPHEME_EXTEND_ONLY, /* but not within a conjunct */
    TOKENIZER_GRAPHEME_LINKER,      /* of a conjunct; extends too */
    TOKENIZER_GRAPHEME_CONSONANT,   /* of a conjunct */
    TOKENIZER_GRAPHEME_ZWJ,
    TOKENIZER_GRAPHEME_SPACING_MARK,
    TOKENIZER_GRAPHEME_PREPEND,
    TOKENIZER_GRAPHEME_REGIONAL,
    TOKENIZER_GRAPHEME_PICTURE,
    TOKENIZER_GRAPHEME_L, /* Hangul; syllables are not in the table */
    TOKENIZER_GRAPHEME_V,
    TOKENIZER_GRAPHEME_T,
    TOKENIZER_GRAPHEME_LV,
    TOKENIZER_GRAPHEME_LVT
} tokenizer_grapheme_class;

typedef struct tokenizer_grapheme_row {
    int32_t first;
    int32_t last;
    uint8_t class;
} tokenizer_grapheme_row;

/* In order of code points; what is not there is OTHER. */
extern const tokenizer_grapheme_row HS__TOKENIZER_GRAPHEMES[];
extern const size_t HS__TOKENIZER_N_GRAPHEMES;

#endif
