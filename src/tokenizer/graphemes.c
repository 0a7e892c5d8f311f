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
static tok_grapheme_class class_of(int32_t character)
{
    size_t low = 0;
    size_t high = HS__TOKENIZER_N_GRAPHEMES;
    if (character >= FIRST_SYLLABLE && character <= LAST_SYLLABLE)
        return (character - FIRST_SYLLABLE) % SYLLABLES_OF_A_VOWEL == 0 ? TOK_GRAPHEME_LV : TOK_GRAPHEME_LVT;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const tok_grapheme_row *row = &HS__TOKENIZER_GRAPHEMES[middle];
        if (character >= row->first && character <= row->last)
            return (tok_grapheme_class)row->class;
        if (character < row->first)
            high = middle;
        else
            low = middle + 1;
    }
    return TOK_GRAPHEME_OTHER;
}

/* What the grapheme holds so far, as far as it decides about the next character. */
typedef struct grapheme {
    tok_grapheme_class last;
    bool odd_regional;       /* an odd number of regional indicators, and nothing else behind them */
    bool picture;            /* a picture and marks behind it */
    bool picture_and_joiner; /* the same and then a joiner */
    bool consonant;          /* a consonant, marks and linkers */
    bool linked;             /* with at least one linker */
} grapheme;

static bool extends(tok_grapheme_class class)
{
    return class == TOK_GRAPHEME_EXTEND || class == TOK_GRAPHEME_EXTEND_ONLY || class == TOK_GRAPHEME_LINKER;
}

static void add(grapheme *g, tok_grapheme_class class)
{
    bool is_first_of_conjunct = class == TOK_GRAPHEME_CONSONANT;
    bool goes_on = class == TOK_GRAPHEME_EXTEND || class == TOK_GRAPHEME_LINKER || class == TOK_GRAPHEME_ZWJ;
    g->picture_and_joiner = g->picture && class == TOK_GRAPHEME_ZWJ;
    g->picture = class == TOK_GRAPHEME_PICTURE || (g->picture && extends(class));
    g->linked = !is_first_of_conjunct && g->consonant && goes_on && (g->linked || class == TOK_GRAPHEME_LINKER);
    g->consonant = is_first_of_conjunct || (g->consonant && goes_on);
    g->odd_regional = class == TOK_GRAPHEME_REGIONAL && !g->odd_regional;
    g->last = class;
}

/* Rules GB6, GB7 and GB8. */
static bool is_hangul_pair(tok_grapheme_class left, tok_grapheme_class right)
{
    switch (left) {
    case TOK_GRAPHEME_L:
        return right == TOK_GRAPHEME_L || right == TOK_GRAPHEME_V || right == TOK_GRAPHEME_LV ||
               right == TOK_GRAPHEME_LVT;
    case TOK_GRAPHEME_LV:
    case TOK_GRAPHEME_V:
        return right == TOK_GRAPHEME_V || right == TOK_GRAPHEME_T;
    case TOK_GRAPHEME_LVT:
    case TOK_GRAPHEME_T:
        return right == TOK_GRAPHEME_T;
    default:
        return false;
    }
}

/* Rules GB4 to GB999; a carriage return and a line feed are the caller's. */
static bool goes_on_with(const grapheme *g, tok_grapheme_class class)
{
    if (g->last == TOK_GRAPHEME_CONTROL || class == TOK_GRAPHEME_CONTROL)
        return false;
    if (extends(class) || class == TOK_GRAPHEME_ZWJ || class == TOK_GRAPHEME_SPACING_MARK ||
        g->last == TOK_GRAPHEME_PREPEND || is_hangul_pair(g->last, class))
        return true;
    return (g->linked && class == TOK_GRAPHEME_CONSONANT) || (g->picture_and_joiner && class == TOK_GRAPHEME_PICTURE) ||
           (g->odd_regional && class == TOK_GRAPHEME_REGIONAL);
}

static tok_grapheme_class next_class(const char *text, size_t length, size_t *at_inout)
{
    int32_t character = 0;
    *at_inout += hs__tokenizer_character_decode(text + *at_inout, length - *at_inout, &character);
    return character == '\r' || character == '\n' ? TOK_GRAPHEME_CONTROL : class_of(character);
}

/*
 * Carriage return and line feed come before the loop: the only pair of controls that stays
 * together (GB3).
 */
size_t hs__tokenizer_grapheme_end(const char *text, size_t length, size_t start)
{
    grapheme g = {.last = TOK_GRAPHEME_OTHER};
    size_t end = start;
    if (length - start >= 2 && text[start] == '\r' && text[start + 1] == '\n')
        return start + 2;
    add(&g, next_class(text, length, &end));
    while (end < length) {
        size_t at = end;
        tok_grapheme_class class = next_class(text, length, &at);
        if (!goes_on_with(&g, class))
            break;
        add(&g, class);
        end = at;
    }
    return end;
}
