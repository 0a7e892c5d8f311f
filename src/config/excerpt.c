/* excerpt: foreign text on its way into a message, made short and harmless. */
#include "config/excerpt.h"

#include "headsweep/base.h"

#include <string.h>

/*
 * `end` trails behind `used`: only when a character does not fit is it known that the text goes
 * on, and then there must be room for the mark without cutting a character in two.
 */
const char *hs__config_excerpt(const char *bytes, size_t length, char *buffer, size_t capacity)
{
    static const char mark[] = "...";
    size_t used = 0, end = 0; /* `end`: how far the text may go if the mark must follow */
    for (size_t i = 0; i < length;) {
        size_t n = hs_utf8_length(bytes + i, length - i);
        if (used + (n == 0 ? 1 : n) >= capacity) {
            memcpy(buffer + end, mark, sizeof mark);
            return buffer;
        }
        bool printable = n > 0 && (unsigned char)bytes[i] >= ' ' && bytes[i] != 0x7F;
        n = n == 0 ? 1 : n;
        memcpy(buffer + used, printable ? bytes + i : " ", n);
        used += n;
        i += n;
        if (used + sizeof mark <= capacity)
            end = used;
    }
    buffer[used] = '\0';
    return buffer;
}
