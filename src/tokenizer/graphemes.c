/*
 * graphemes: the rules of UAX #29 with the classes of unicode_tables.h, which are those of
 * `tokenizers`.
 */
#include "tokenizer/graphemes.h"

#include "tokenizer/characters.h"
#include "tokenizer/unicode_tables.h"

enum { FIRST_SYLLABLE = 0xAC00, LAST_SYLLABLE = 0xD7A3, SYLLABLES_OF_A_VOWEL = 28 };

/*
 * Hangul syllables are computed, which spares the table 11,172 characters: one in 28 has no final
 * consonant.
 */
static tokenizer_grapheme_class class_of(int32_t character)
{
    size_t low = 0;
    size_t high = HS__TOKENIZER_N_GRAPHEMES;
    if (character >= FIRST_SYLLABLE && character <= LAST_SYLLABLE)
        return (character - FIRST_SYLLABLE) % SYLLABLES_OF_A_VOWEL == 0 ? TOKENIZER_GRAPHEME_LV
                                                                        : TOKENIZER_GRAPHEME_LVT;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const tokenizer_grapheme_row *row = &HS__TOKENIZER_GRAPHEMES[middle];
        if (character >= row->first && character <= row->last)
            return (tokenizer_grapheme_class)row->class;
        if (character < row->first)
            high = middle;
        else
            low = middle + 1;
    }
    return TOKENIZER_GRAPHEME_OTHER;
}

/* What the grapheme holds so far, as far as it decides about the next character. */
typedef struct grapheme {
    tokenizer_grapheme_class last;
    bool odd_regional;       /* an odd number of regional indicators, and nothing else behind them */
    bool picture;            /* a picture and marks behind it */
    bool picture_and_joiner; /* the same and then a joiner */
    bool consonant;          /* a consonant, marks and linkers */
    bool linked;             /* with at least one linker */
} grapheme;

static bool extends(tokenizer_grapheme_class class)
{
    return class == TOKENIZER_GRAPHEME_EXTEND || class == TOKENIZER_GRAPHEME_EXTEND_ONLY ||
           class == TOKENIZER_GRAPHEME_LINKER;
}

static void add(grapheme *g, tokenizer_grapheme_class class)
{
    bool is_first_of_conjunct = class == TOKENIZER_GRAPHEME_CONSONANT;
    bool goes_on =
        class == TOKENIZER_GRAPHEME_EXTEND || class == TOKENIZER_GRAPHEME_LINKER || class == TOKENIZER_GRAPHEME_ZWJ;
    g->picture_and_joiner = g->picture && class == TOKENIZER_GRAPHEME_ZWJ;
    g->picture = class == TOKENIZER_GRAPHEME_PICTURE || (g->picture && extends(class));
    g->linked = !is_first_of_conjunct && g->consonant && goes_on && (g->linked || class == TOKENIZER_GRAPHEME_LINKER);
    g->consonant = is_first_of_conjunct || (g->consonant && goes_on);
    g->odd_regional = class == TOKENIZER_GRAPHEME_REGIONAL && !g->odd_regional;
    g->last = class;
}

/* Rules GB6, GB7 and GB8. */
static bool is_hangul_pair(tokenizer_grapheme_class left, tokenizer_grapheme_class right)
{
    switch (left) {
    case TOKENIZER_GRAPHEME_L:
        return right == TOKENIZER_GRAPHEME_L || right == TOKENIZER_GRAPHEME_V || right == TOKENIZER_GRAPHEME_LV ||
               right == TOKENIZER_GRAPHEME_LVT;
    case TOKENIZER_GRAPHEME_LV:
    case TOKENIZER_GRAPHEME_V:
        return right == TOKENIZER_GRAPHEME_V || right == TOKENIZER_GRAPHEME_T;
    case TOKENIZER_GRAPHEME_LVT:
    case TOKENIZER_GRAPHEME_T:
        return right == TOKENIZER_GRAPHEME_T;
    default:
        return false;
    }
}

/* Rules GB4 to GB999; a carriage return and a line feed are the caller's. */
static bool goes_on_with(const grapheme *g, tokenizer_grapheme_class class)
{
    if (g->last == TOKENIZER_GRAPHEME_CONTROL || class == TOKENIZER_GRAPHEME_CONTROL)
        return false;
    if (extends(class) || class == TOKENIZER_GRAPHEME_ZWJ || class == TOKENIZER_GRAPHEME_SPACING_MARK ||
        g->last == TOKENIZER_GRAPHEME_PREPEND || is_hangul_pair(g->last, class))
        return true;
    return (g->linked && class == TOKENIZER_GRAPHEME_CONSONANT) ||
           (g->picture_and_joiner && class == TOKENIZER_GRAPHEME_PICTURE) ||
           (g->odd_regional && class == TOKENIZER_GRAPHEME_REGIONAL);
}

static tokenizer_grapheme_class next_class(const char *text, size_t length, size_t *at_inout)
{
    int32_t character = 0;
    *at_inout += hs__tokenizer_character_decode(text + *at_inout, length - *at_inout, &character);
    return character == '\r' || character == '\n' ? TOKENIZER_GRAPHEME_CONTROL : class_of(character);
}

/*
 * Carriage return and line feed come before the loop: the only pair of controls that stays
 * together (GB3).
 */
size_t hs__tokenizer_grapheme_end(const char *text, size_t length, size_t start)
{
    grapheme g = {.last = TOKENIZER_GRAPHEME_OTHER};
    size_t end = start;
    if (length - start >= 2 && text[start] == '\r' && text[start + 1] == '\n')
        return start + 2;
    add(&g, next_class(text, length, &end));
    while (end < length) {
        size_t at = end;
        tokenizer_grapheme_class class = next_class(text, length, &at);
        if (!goes_on_with(&g, class))
            break;
        add(&g, class);
        end = at;
    }
    return end;
}
