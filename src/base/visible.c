/*
 * visible: texts that came from a file, as a terminal may be shown them.
 *
 * An escape sequence in a metric's unit could rewrite the screen, an override of the writing direction could turn a
 * finding round. Both are printed as what they are.
 */
#include "headsweep/base.h"

#include <string.h>

typedef struct character_range {
    uint32_t first, last;
} character_range;

/* What acts on a terminal or a reader unseen: controls, marks and overrides of direction, line separators. */
static const character_range unseen[] = {
    {0x00, 0x08},     {0x0B, 0x1F},     {0x7F, 0x9F},     {0x061C, 0x061C},
    {0x200E, 0x200F}, {0x2028, 0x202E}, {0x2066, 0x2069}, {0xFEFF, 0xFEFF},
};

static uint32_t decode(const unsigned char *bytes, size_t length)
{
    static const unsigned char lead_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t character = bytes[0] & lead_bits[length];

    for (size_t i = 1; i < length; i++)
        character = character << 6 | (bytes[i] & 0x3F);
    return character;
}

static bool is_unseen(uint32_t character)
{
    for (size_t i = 0; i < sizeof unseen / sizeof *unseen; i++)
        if (character >= unseen[i].first && character <= unseen[i].last)
            return true;
    return false;
}

size_t hs_visible_length(const char *bytes, size_t available, char escape[HS_VISIBLE_BYTES])
{
    size_t length = hs_utf8_length(bytes, available);
    uint32_t character = length > 0 ? decode((const unsigned char *)bytes, length) : (unsigned char)bytes[0];

    escape[0] = '\0';
    if (length == 0 || (is_unseen(character) && character < 0x80))
        (void)snprintf(escape, HS_VISIBLE_BYTES, "\\x%02x", (unsigned)character);
    else if (is_unseen(character))
        (void)snprintf(escape, HS_VISIBLE_BYTES, "\\u%04x", (unsigned)character);
    return length > 0 ? length : 1;
}

/*
 * Plain characters are written in runs up to the next one that is escaped: a message is seldom
 * more than one run.
 */
void hs_print_visible(FILE *stream, const char *text, size_t length, bool one_line)
{
    char escape[HS_VISIBLE_BYTES];

    for (size_t i = 0, plain = 0; i < length;) {
        size_t n = hs_visible_length(text + i, length - i, escape);
        if (one_line && text[i] == '\n')
            (void)snprintf(escape, sizeof escape, "\\n");
        i += n;
        if (escape[0] == '\0' && i < length)
            continue;
        (void)fwrite(text + plain, 1, (escape[0] == '\0' ? i : i - n) - plain, stream);
        (void)fputs(escape, stream);
        plain = i;
    }
}
