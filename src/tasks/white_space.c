/*
 * white_space: words as Python's str.split() sees them, which is what the harness counts words and
 * cuts texts by.
 */
#include "tasks/white_space.h"

/* Python 3: characters of bidirectional type WS, B or S, or of category Zs. */
static const struct {
    uint32_t first, last;
} white_space[] = {
    {0x0009, 0x000D}, {0x001C, 0x0020}, {0x0085, 0x0085}, {0x00A0, 0x00A0}, {0x1680, 0x1680},
    {0x2000, 0x200A}, {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000},
};

/* `n_bytes` is what hs_utf8_length says of the character. */
static uint32_t code_point(const char *character, size_t n_bytes)
{
    static const unsigned char lead_bits[] = {0x7F, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t code = (unsigned char)character[0] & lead_bits[n_bytes];
    for (size_t i = 1; i < n_bytes; i++)
        code = code << 6 | ((unsigned char)character[i] & 0x3F);
    return code;
}

/* False for bytes that are not a character: a token may be a piece of one. */
static bool is_white_space(const char *character, size_t n_bytes)
{
    if (hs_utf8_length(character, n_bytes) != n_bytes)
        return false;
    uint32_t code = code_point(character, n_bytes);
    for (size_t i = 0; i < sizeof white_space / sizeof white_space[0]; i++)
        if (code >= white_space[i].first && code <= white_space[i].last)
            return true;
    return false;
}

/* Where the character before `end` > 0 begins. */
static size_t previous_character(const char *text, size_t end)
{
    do
        end--;
    while (end > 0 && ((unsigned char)text[end] & 0xC0) == 0x80);
    return end;
}

size_t hs__tasks_trimmed_length(const char *text, size_t length)
{
    while (length > 0) {
        size_t start = previous_character(text, length);
        if (!is_white_space(text + start, length - start))
            break;
        length = start;
    }
    return length;
}

size_t hs__tasks_last_word(const char *text, size_t length)
{
    while (length > 0) {
        size_t start = previous_character(text, length);
        if (is_white_space(text + start, length - start))
            break;
        length = start;
    }
    return length;
}

/*
 * The pieces of re.split(r"\s+", text), as lm-evaluation-harness counts them for word perplexity:
 * one more than there are runs of white space, empty pieces at both ends included.
 */
size_t hs__tasks_count_words(const char *text, size_t length)
{
    size_t n_words = 1;
    bool in_space = false;
    for (size_t i = 0; i < length;) {
        size_t n_bytes = hs_utf8_length(text + i, length - i);
        if (n_bytes == 0)
            n_bytes = 1;
        bool space = is_white_space(text + i, n_bytes);
        if (space && !in_space)
            n_words++;
        in_space = space;
        i += n_bytes;
    }
    return n_words;
}

/* Bytes of the character at `at`; one for what is none. */
static size_t character_length(const char *text, size_t length, size_t at)
{
    size_t n_bytes = hs_utf8_length(text + at, length - at);
    return n_bytes > 0 ? n_bytes : 1;
}

/* The first place from `at` on where white space begins, or ends. */
static size_t skip_while(bool space, const char *text, size_t length, size_t at)
{
    while (at < length) {
        size_t n_bytes = character_length(text, length, at);
        if (is_white_space(text + at, n_bytes) != space)
            break;
        at += n_bytes;
    }
    return at;
}

bool hs__tasks_next_word(const char *text, size_t length, size_t *position, const char **word_out,
                         size_t *word_length_out)
{
    size_t start = skip_while(true, text, length, *position);
    *position = skip_while(false, text, length, start);
    *word_out = text + start;
    *word_length_out = *position - start;
    return *word_length_out > 0;
}
