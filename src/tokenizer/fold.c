/*
 * fold: what word lists need to be compared with texts whatever their case and form; encoding and
 * decoding use none of it.
 */
#include "headsweep/tokenizer.h"
#include "tokenizer/characters.h"

#include <stdlib.h>
#include <utf8proc.h>

hs_status hs_tokenizer_fold(const char *text, size_t length, hs_text *folded, hs_error *error)
{
    const utf8proc_option_t options =
        (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
    utf8proc_uint8_t *bytes = NULL;
    HS_TRY(hs_utf8_check(text, length, "text to fold", error));
    utf8proc_ssize_t n = utf8proc_map((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)length, &bytes, options);
    if (n < 0)
        return hs_fail(error, HS_ERROR_MEMORY, "text of %zu bytes cannot be folded: %s", length, utf8proc_errmsg(n));
    hs_status status = hs_text_append(folded, (const char *)bytes, (size_t)n, error);
    free(bytes);
    return status;
}

bool hs_tokenizer_is_word_at(const char *text, size_t length, size_t at)
{
    int32_t character = 0;
    if (at >= length)
        return false;
    (void)hs__tokenizer_character_decode(text + at, length - at, &character);
    return hs__tokenizer_is_word(character) && character != '_';
}

bool hs_tokenizer_is_word_before(const char *text, size_t end)
{
    return end > 0 && hs_tokenizer_is_word_at(text, end, hs__tokenizer_character_before(text, end));
}
