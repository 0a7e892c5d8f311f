#include "tokenizer/characters.h"

#include <utf8proc.h>

enum { REPLACEMENT_CHARACTER = 0xFFFD };

size_t tok_character_decode(const char *bytes, size_t available, int32_t *character_out)
{
    size_t length = hs_utf8_length(bytes, available);
    if (length == 0) {
        *character_out = REPLACEMENT_CHARACTER;
        return 1;
    }
    utf8proc_iterate((const utf8proc_uint8_t *)bytes, (utf8proc_ssize_t)length, character_out);
    return length;
}

size_t tok_character_before(const char *bytes, size_t end)
{
    size_t start = end - 1;
    while (start > 0 && end - start < 4 && ((unsigned char)bytes[start] & 0xC0) == 0x80)
        start--;
    return start;
}

size_t tok_character_encode(int32_t character, char bytes_out[4])
{
    return (size_t)utf8proc_encode_char(character, (utf8proc_uint8_t *)bytes_out);
}

bool tok_is_white_space(int32_t character)
{
    if (character < 0x80)
        return character == ' ' || (character >= '\t' && character <= '\r');
    if (character == 0x85)
        return true;
    utf8proc_category_t category = utf8proc_category(character);
    return category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP;
}

bool tok_is_numeric(int32_t character)
{
    utf8proc_category_t category = utf8proc_category(character);
    return category == UTF8PROC_CATEGORY_ND || category == UTF8PROC_CATEGORY_NL || category == UTF8PROC_CATEGORY_NO;
}

bool tok_is_punctuation(int32_t character)
{
    if (character < 0x80)
        return (character >= '!' && character <= '/') || (character >= ':' && character <= '@') ||
               (character >= '[' && character <= '`') || (character >= '{' && character <= '~');
    utf8proc_category_t category = utf8proc_category(character);
    return category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO;
}

bool tok_is_mark(int32_t character)
{
    utf8proc_category_t category = utf8proc_category(character);
    return category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME;
}

bool tok_is_nonspacing(int32_t character)
{
    return utf8proc_category(character) == UTF8PROC_CATEGORY_MN;
}

bool tok_is_control(int32_t character)
{
    utf8proc_category_t category = utf8proc_category(character);
    return category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_CF || category == UTF8PROC_CATEGORY_CO;
}

bool tok_is_chinese(int32_t character)
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

bool tok_is_word(int32_t character)
{
    utf8proc_category_t category = utf8proc_category(character);
    if (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NL)
        return true;
    return category == UTF8PROC_CATEGORY_PC || character == 0x200C || character == 0x200D ||
           is_alphabetic_symbol(character);
}
