/*
 * characters: searches the tables of unicode_tables.h. utf8proc serves for what is the same in all
 * versions, never for a class that the version decides.
 */
#include "tokenizer/characters.h"

#include "tokenizer/unicode_tables.h"

#include <utf8proc.h>

enum { REPLACEMENT_CHARACTER = 0xFFFD };

size_t hs__tokenizer_character_decode(const char *bytes, size_t available, int32_t *character_out)
{
    size_t length = hs_utf8_length(bytes, available);
    if (length == 0) {
        *character_out = REPLACEMENT_CHARACTER;
        return 1;
    }
    utf8proc_iterate((const utf8proc_uint8_t *)bytes, (utf8proc_ssize_t)length, character_out);
    return length;
}

size_t hs__tokenizer_character_before(const char *bytes, size_t end)
{
    size_t start = end - 1;
    while (start > 0 && end - start < 4 && ((unsigned char)bytes[start] & 0xC0) == 0x80)
        start--;
    return start;
}

size_t hs__tokenizer_character_encode(int32_t character, char bytes_out[4])
{
    return (size_t)utf8proc_encode_char(character, (utf8proc_uint8_t *)bytes_out);
}

/* The row that holds the character: the last one that starts at or before it. */
static uint32_t row_of(int32_t character)
{
    size_t low = 0;
    size_t high = HS__TOKENIZER_N_CHARACTERS;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if ((int32_t)(HS__TOKENIZER_CHARACTERS[middle] >> 7) <= character)
            low = middle;
        else
            high = middle;
    }
    return HS__TOKENIZER_CHARACTERS[low];
}

static tokenizer_category category_in(uint32_t row)
{
    return (tokenizer_category)(row & 0x1F);
}

static tokenizer_age age_in(uint32_t row)
{
    return (tokenizer_age)(row >> 5 & 3);
}

/* The category as it was in an earlier version, which did not have the younger characters. */
static tokenizer_category category_at(int32_t character, tokenizer_age version)
{
    uint32_t row = row_of(character);
    return age_in(row) <= version ? category_in(row) : TOKENIZER_CN;
}

bool hs__tokenizer_is_white_space(int32_t character)
{
    if (character < 0x80)
        return character == ' ' || (character >= '\t' && character <= '\r');
    if (character == 0x85)
        return true;
    tokenizer_category category = category_at(character, TOKENIZER_AGE_16);
    return category >= TOKENIZER_ZS && category <= TOKENIZER_ZP;
}

bool hs__tokenizer_is_numeric(int32_t character)
{
    tokenizer_category category = category_at(character, TOKENIZER_AGE_16);
    return (category >= TOKENIZER_ND && category <= TOKENIZER_NO) || (character >= 0x11DE0 && character <= 0x11DE9) ||
           (character >= 0x16FF4 && character <= 0x16FF6);
}

bool hs__tokenizer_is_punctuation(int32_t character)
{
    if (character < 0x80)
        return (character >= '!' && character <= '/') || (character >= ':' && character <= '@') ||
               (character >= '[' && character <= '`') || (character >= '{' && character <= '~');
    tokenizer_category category = category_at(character, TOKENIZER_AGE_8);
    return (category >= TOKENIZER_PC && category <= TOKENIZER_PO) || character == 0x166D || character == 0x111C9;
}

bool hs__tokenizer_is_mark(int32_t character)
{
    if (character == 0x1CF2 || character == 0x1CF3)
        return true;
    tokenizer_category category = category_at(character, TOKENIZER_AGE_9);
    return category >= TOKENIZER_MN && category <= TOKENIZER_ME && character != 0x111C9;
}

/* Characters whose category has changed since are listed. */
bool hs__tokenizer_is_nonspacing(int32_t character)
{
    switch (character) {
    case 0x1734:
    case 0x1171E:
        return true;
    case 0x1885:
    case 0x1886:
    case 0xA9BD:
    case 0x111C9:
        return false;
    default:
        return category_at(character, TOKENIZER_AGE_8) == TOKENIZER_MN;
    }
}

bool hs__tokenizer_is_control(int32_t character)
{
    tokenizer_category category = category_at(character, TOKENIZER_AGE_8);
    return category == TOKENIZER_CC || category == TOKENIZER_CF || category == TOKENIZER_CO;
}

bool hs__tokenizer_is_chinese(int32_t character)
{
    static const struct {
        int32_t first;
        int32_t last;
    } BLOCKS[] = {{0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xF900, 0xFAFF},  {0x20000, 0x2A6DF},
                  {0x2A700, 0x2B81F}, {0x2B920, 0x2CEAF}, {0x2F800, 0x2FA1F}};
    for (size_t i = 0; i < sizeof BLOCKS / sizeof *BLOCKS; i++)
        if (character >= BLOCKS[i].first && character <= BLOCKS[i].last)
            return true;
    return false;
}

/* Alphabetic symbols (Other_Alphabetic of category So): the circled, squared and negative letters. */
static bool is_alphabetic_symbol(int32_t character)
{
    return (character >= 0x24B6 && character <= 0x24E9) || (character >= 0x1F130 && character <= 0x1F149) ||
           (character >= 0x1F150 && character <= 0x1F169) || (character >= 0x1F170 && character <= 0x1F189);
}

bool hs__tokenizer_is_word(int32_t character)
{
    tokenizer_category category = category_at(character, TOKENIZER_AGE_16);
    if (category >= TOKENIZER_LU && category <= TOKENIZER_NL)
        return true;
    return category == TOKENIZER_PC || character == 0x200C || character == 0x200D || is_alphabetic_symbol(character);
}

bool hs__tokenizer_can_normalize(int32_t character)
{
    if (character < 0x80)
        return true;
    uint32_t row = row_of(character);
    return category_in(row) != TOKENIZER_CN && age_in(row) <= TOKENIZER_AGE_9;
}

/*
 * In ranges with a `step` of 2, capital and small letters take turns, and only every other
 * character has a lower case.
 */
int32_t hs__tokenizer_lower(int32_t character)
{
    size_t low = 0;
    size_t high = HS__TOKENIZER_N_LOWER;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const tokenizer_lower_row *row = &HS__TOKENIZER_LOWER[middle];
        if (character >= row->first && character <= row->last)
            return (character - row->first) % row->step == 0 ? character + row->distance : character;
        if (character < row->first)
            high = middle;
        else
            low = middle + 1;
    }
    return character;
}
