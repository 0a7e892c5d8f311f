/*
 * charsmap: decodes the map and walks it. A file may be damaged or hostile, so that every node and
 * replacement is checked to lie within it.
 */
#include "tokenizer/charsmap.h"

#include <string.h>

struct tokenizer_charsmap {
    hs_text bytes; /* as in the file: the size of the units in bytes, the units, the replacements */
    size_t n_units;
    size_t first_replacement;
};

enum { UNIT_BYTES = 4 };

static int digit_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Three bytes of four digits; '=' stands for digits that are not needed, at the end only. */
static hs_status decode_base64(const char *text, size_t length, hs_text *bytes, hs_error *error)
{
    size_t n_padding = length > 0 && text[length - 1] == '=' ? (length > 1 && text[length - 2] == '=' ? 2 : 1) : 0;
    if (length == 0 || length % 4 != 0)
        return hs_fail(error, HS_ERROR_INPUT, "is not a text in base 64: its length is %zu", length);
    for (size_t at = 0; at < length; at += 4) {
        uint32_t group = 0;
        for (size_t i = at; i < at + 4; i++) {
            int digit = i >= length - n_padding ? 0 : digit_of(text[i]);
            if (digit < 0)
                return hs_fail(error, HS_ERROR_INPUT, "is not a text in base 64 (character %zu)", i + 1);
            group = group << 6 | (uint32_t)digit;
        }
        char decoded[3] = {(char)(group >> 16), (char)(group >> 8), (char)group};
        HS_TRY(hs_text_append(bytes, decoded, at + 4 == length ? 3 - n_padding : 3, error));
    }
    return HS_OK;
}

static uint32_t number_at(const tokenizer_charsmap *map, size_t at)
{
    uint32_t number = 0;
    for (size_t i = UNIT_BYTES; i-- > 0;)
        number = number << 8 | (unsigned char)map->bytes.text[at + i];
    return number;
}

static hs_status read_map(const char *text, size_t length, tokenizer_charsmap *map, hs_error *error)
{
    HS_TRY(decode_base64(text, length, &map->bytes, error));
    if (map->bytes.length >= UNIT_BYTES)
        map->n_units = number_at(map, 0) / UNIT_BYTES;
    if (map->n_units == 0 || map->n_units > (map->bytes.length - UNIT_BYTES) / UNIT_BYTES)
        return hs_fail(error, HS_ERROR_INPUT, "is cut off: %zu bytes do not hold its trie", map->bytes.length);
    map->first_replacement = UNIT_BYTES * (1 + map->n_units);
    return hs_utf8_check(map->bytes.text + map->first_replacement, map->bytes.length - map->first_replacement,
                         "its replacements", error);
}

hs_status hs__tokenizer_charsmap_new(const char *text, size_t length, tokenizer_charsmap **map_out, hs_error *error)
{
    HS_TRY(hs_allocate(map_out, 1, sizeof **map_out, "precompiled_charsmap", error));
    hs_status status = read_map(text, length, *map_out, error);
    if (status != HS_OK) {
        hs__tokenizer_charsmap_free(*map_out);
        *map_out = NULL;
    }
    return status;
}

void hs__tokenizer_charsmap_free(tokenizer_charsmap *map)
{
    if (map == NULL)
        return;
    hs_text_clear(&map->bytes);
    hs_free(map);
}

static uint32_t unit_at(const tokenizer_charsmap *map, size_t node)
{
    return number_at(map, UNIT_BYTES * (1 + node));
}

/* What is exclusive-ored to the number of a node to come to its children. */
static size_t offset_of(uint32_t unit)
{
    return (size_t)(unit >> 10) << ((unit & 1U << 9) >> 6);
}

static bool has_value(uint32_t unit)
{
    return (unit >> 8 & 1) != 0;
}

static hs_status fail_damaged(hs_error *error)
{
    return hs_fail(error, HS_ERROR_INPUT, "the tokenizer's precompiled_charsmap is damaged: it leads out of itself");
}

static hs_status read_replacement(const tokenizer_charsmap *map, uint32_t unit, const char **replacement_out,
                                  size_t *n_out, hs_error *error)
{
    size_t start = map->first_replacement + (unit & 0x7FFFFFFFU);
    if (start > map->bytes.length)
        return fail_damaged(error);
    *replacement_out = map->bytes.text + start;
    *n_out = strnlen(*replacement_out, map->bytes.length - start);
    /* A character must not be cut in two. */
    return *n_out == 0 || ((unsigned char)**replacement_out & 0xC0) != 0x80 ? HS_OK : fail_damaged(error);
}

/*
 * A unit as Darts-clone packs it: bits 0 to 7 are its label, bit 31 marks one that holds a value,
 * which no byte can match. The first value ends the walk, since the shortest match counts.
 */
hs_status hs__tokenizer_charsmap_find(const tokenizer_charsmap *map, const char *text, size_t length,
                                      const char **replacement_out, size_t *n_out, hs_error *error)
{
    size_t node = offset_of(unit_at(map, 0));
    *replacement_out = NULL;
    for (size_t i = 0; i < length && text[i] != '\0'; i++) {
        unsigned char byte = (unsigned char)text[i];
        node ^= byte;
        if (node >= map->n_units)
            return fail_damaged(error);
        uint32_t unit = unit_at(map, node);
        if ((unit & (1U << 31 | 0xFF)) != byte)
            return HS_OK;
        node ^= offset_of(unit);
        if (!has_value(unit))
            continue;
        return node < map->n_units ? read_replacement(map, unit_at(map, node), replacement_out, n_out, error)
                                   : fail_damaged(error);
    }
    return HS_OK;
}
