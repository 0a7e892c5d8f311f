/*
 * unicode_forms: Unicode's normalisation forms, run by run, so that hostile texts cost no more than
 * others and plain ones next to nothing.
 */
#include "tokenizer/unicode_forms.h"

#include <string.h>
#include <utf8proc.h>

enum { MAX_DECOMPOSITION = 32 /* characters of one; the longest of Unicode has 18 */ };

/*
 * One character at a time: utf8proc's function for whole texts also sorts the marks, in a time
 * that grows with the square of their number.
 */
static hs_status decompose(tokenizer_workspace *work, int form, const char *text, size_t length, hs_error *error)
{
    utf8proc_option_t options = (utf8proc_option_t)((form & ~UTF8PROC_COMPOSE) | UTF8PROC_DECOMPOSE);
    int boundary = 0;
    work->n_characters = 0;
    for (size_t at = 0; at < length;) {
        int32_t character = 0;
        at += hs__tokenizer_character_decode(text + at, length - at, &character);
        HS_TRY(hs_reserve(&work->characters, &work->characters_capacity, work->n_characters + MAX_DECOMPOSITION,
                          sizeof *work->characters, "text to normalise", error));
        utf8proc_ssize_t n = utf8proc_decompose_char(character, work->characters + work->n_characters,
                                                     MAX_DECOMPOSITION, options, &boundary);
        if (n < 0 || n > MAX_DECOMPOSITION)
            return hs_fail(error, HS_ERROR_INTERNAL, "utf8proc does not decompose U+%04X", (unsigned)character);
        work->n_characters += (size_t)n;
    }
    return HS_OK;
}

static int combining_class(int32_t character)
{
    return utf8proc_get_property(character)->combining_class;
}

/* Counting sort: stable, and linear where a hostile text piles up millions of marks. `spare` has room for n. */
static void sort_marks(int32_t *marks, size_t n, int32_t *spare)
{
    size_t first[257] = {0};
    for (size_t i = 0; i < n; i++)
        first[combining_class(marks[i]) + 1]++;
    for (size_t c = 1; c < 257; c++)
        first[c] += first[c - 1];
    for (size_t i = 0; i < n; i++)
        spare[first[combining_class(marks[i])]++] = marks[i];
    memcpy(marks, spare, n * sizeof *marks);
}

/* Canonical ordering (Unicode Standard, section 3.11, D109). */
static hs_status order_marks(tokenizer_workspace *work, hs_error *error)
{
    size_t n = work->n_characters;
    HS_TRY(hs_reserve(&work->characters, &work->characters_capacity, 2 * n, sizeof *work->characters,
                      "text to normalise", error));
    int32_t *characters = work->characters;
    for (size_t start = 0; start < n;) {
        size_t end = start;
        bool ordered = true;
        int previous = 0;
        for (int class = 0; end < n && (class = combining_class(characters[end])) != 0; end++) {
            ordered = ordered && class >= previous;
            previous = class;
        }
        if (!ordered)
            sort_marks(characters + start, end - start, characters + n);
        start = end + 1;
    }
    return HS_OK;
}

static bool is_ascii(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] >= 0x80)
            return false;
    return true;
}

/*
 * The steps of the standard one by one, so that the sorting of marks can be ours; composing them
 * is utf8proc's.
 */
static hs_status normalize_run(tokenizer_workspace *work, int form, const char *text, size_t length, hs_error *error)
{
    HS_TRY(decompose(work, form, text, length, error));
    HS_TRY(order_marks(work, error));
    if ((form & UTF8PROC_COMPOSE) != 0) {
        utf8proc_ssize_t n =
            utf8proc_normalize_utf32(work->characters, (utf8proc_ssize_t)work->n_characters, (utf8proc_option_t)form);
        if (n < 0)
            return hs_fail(error, HS_ERROR_INTERNAL, "utf8proc: %s", utf8proc_errmsg(n));
        work->n_characters = (size_t)n;
    }
    for (size_t i = 0; i < work->n_characters; i++) {
        char encoded[4];
        HS_TRY(hs__tokenizer_next_append(work, encoded, hs__tokenizer_character_encode(work->characters[i], encoded),
                                         error));
    }
    return HS_OK;
}

/* Length of the characters at the front of `text` that can be normalised, or that cannot. */
static size_t run_length(const char *text, size_t length, bool normalizable)
{
    size_t at = 0;
    while (at < length) {
        int32_t character = 0;
        size_t n = hs__tokenizer_character_decode(text + at, length - at, &character);
        if (hs__tokenizer_can_normalize(character) != normalizable)
            break;
        at += n;
    }
    return at;
}

/* Younger characters stand for themselves, whatever utf8proc knows of them, and part the text as starters do. */
hs_status hs__tokenizer_rewrite_form(const void *how, tokenizer_workspace *work, const char *text, size_t length,
                                     bool *at_origin_inout, hs_error *error)
{
    (void)at_origin_inout;
    int form = *(const int *)how;
    if (is_ascii(text, length))
        return hs__tokenizer_next_append(work, text, length, error);
    for (size_t at = 0; at < length;) {
        size_t n = run_length(text + at, length - at, true);
        if (n > 0)
            HS_TRY(normalize_run(work, form, text + at, n, error));
        at += n;
        n = run_length(text + at, length - at, false);
        HS_TRY(hs__tokenizer_next_append(work, text + at, n, error));
        at += n;
    }
    return HS_OK;
}
