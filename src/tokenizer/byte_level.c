/*
 * byte_level: GPT-2's alphabet in both directions, by rule, since the bytes that are not printable
 * are three ranges.
 */
#include "tokenizer/byte_level.h"

enum { FIRST_SUBSTITUTE = 0x100 };

/* The bytes that are not themselves are 0 to 32, 127 to 160 and 173. */
static int32_t character_of(unsigned char byte)
{
    if (byte <= 32)
        return FIRST_SUBSTITUTE + byte;
    if (byte >= 127 && byte <= 160)
        return FIRST_SUBSTITUTE + 33 + (byte - 127);
    if (byte == 173)
        return FIRST_SUBSTITUTE + 33 + 34;
    return byte;
}

int hs__tokenizer_character_byte(int32_t character)
{
    int32_t substitute = character - FIRST_SUBSTITUTE;
    if (substitute < 0)
        return character >= 0 && character_of((unsigned char)character) == character ? (int)character : -1;
    if (substitute <= 32)
        return (int)substitute;
    if (substitute < 33 + 34)
        return (int)substitute - 33 + 127;
    return substitute == 33 + 34 ? 173 : -1;
}

hs_status hs__tokenizer_rewrite_bytes(const void *how, tokenizer_workspace *work, const char *text, size_t length,
                                      bool *at_origin_inout, hs_error *error)
{
    (void)how;
    (void)at_origin_inout;
    for (size_t i = 0; i < length; i++) {
        char encoded[4];
        size_t n = hs__tokenizer_character_encode(character_of((unsigned char)text[i]), encoded);
        HS_TRY(hs__tokenizer_next_append(work, encoded, n, error));
    }
    return HS_OK;
}
