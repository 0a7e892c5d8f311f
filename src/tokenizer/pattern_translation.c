/* pattern_translation: the few steps that every part of a translation is made of. */
#include "tokenizer/pattern_translation.h"

#include <string.h>

hs_status hs__tokenizer_translation_refuse(const pattern_translation *t, const char *what)
{
    return hs_fail(t->error, HS_ERROR_INPUT, "the regular expression cannot be used: %s at byte %zu of \"%.*s\"", what,
                   t->at, (int)(t->length < 200 ? t->length : 200), t->text);
}

hs_status hs__tokenizer_translation_emit(pattern_translation *t, const char *text)
{
    return hs_text_append(t->out, text, strlen(text), t->error);
}

hs_status hs__tokenizer_translation_copy(pattern_translation *t, size_t n)
{
    HS_TRY(hs_text_append(t->out, t->text + t->at, n, t->error));
    t->at += n;
    return HS_OK;
}

bool hs__tokenizer_translation_looks_at(const pattern_translation *t, const char *text)
{
    size_t n = strlen(text);
    return t->length - t->at >= n && memcmp(t->text + t->at, text, n) == 0;
}
