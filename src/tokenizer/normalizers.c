/*
 * normalizers: what is done to a text before it is split, a row for each type of `tokenizers`:
 * Unicode's forms, replacements, SentencePiece's map, BERT's cleaning.
 */
#include "tokenizer/byte_level.h"
#include "tokenizer/graphemes.h"
#include "tokenizer/step.h"
#include "tokenizer/unicode_forms.h"

#include <string.h>
#include <utf8proc.h>

static hs_status apply_form(const tokenizer_step *step, tokenizer_workspace *work, hs_error *error)
{
    return hs__tokenizer_rewrite_pieces(work, hs__tokenizer_rewrite_form, &step->kind->option, error);
}

static hs_status read_prepend(const tokenizer_place *place, const hs_json_value *value, tokenizer_step *step,
                              hs_error *error)
{
    return hs__tokenizer_read_text(place, value, "prepend", step, error);
}

static hs_status rewrite_prepend(const void *how, tokenizer_workspace *work, const char *text, size_t length,
                                 bool *at_origin_inout, hs_error *error)
{
    (void)at_origin_inout;
    const tokenizer_step *step = how;
    if (length > 0)
        HS_TRY(hs__tokenizer_next_append(work, step->text, step->text_length, error));
    return hs__tokenizer_next_append(work, text, length, error);
}

static hs_status apply_prepend(const tokenizer_step *step, tokenizer_workspace *work, hs_error *error)
{
    return hs__tokenizer_rewrite_pieces(work, rewrite_prepend, step, error);
}

static hs_status read_replace(const tokenizer_place *place, const hs_json_value *value, tokenizer_step *step,
                              hs_error *error)
{
    HS_TRY(hs__tokenizer_read_text(place, value, "content", step, error));
    return hs__tokenizer_read_pattern(place, value, false, step, error);
}

static hs_status apply_replace(const tokenizer_step *step, tokenizer_workspace *work, hs_error *error)
{
    return hs__tokenizer_rewrite_pieces(work, hs__tokenizer_rewrite_replace, step, error);
}

/* Character by character, as there: no final sigma. The one letter whose lower case is longer is U+0130. */
static hs_status rewrite_lowercase(const void *how, tokenizer_workspace *work, const char *text, size_t length,
                                   bool *at_origin_inout, hs_error *error)
{
    (void)how;
    (void)at_origin_inout;
    for (size_t at = 0; at < length;) {
        int32_t character = 0;
        char encoded[4];
        at += hs__tokenizer_character_decode(text + at, length - at, &character);
        if (character == 0x130) {
            HS_TRY(hs__tokenizer_next_append(work, "i\xCC\x87", 3, error));
            continue;
        }
        HS_TRY(hs__tokenizer_next_append(
            work, encoded, hs__tokenizer_character_encode(hs__tokenizer_lower(character), encoded), error));
    }
    return HS_OK;
}

static hs_status apply_lowercase(const tokenizer_step *step, tokenizer_workspace *work, hs_error *error)
{
    return hs__tokenizer_rewrite_pieces(work, rewrite_lowercase, step, error);
}

static hs_status read_strip(const tokenizer_place *place, const hs_json_value *value, tokenizer_step *step,
                            hs_error *error)
{
    HS_TRY(hs__tokenizer_key_boolean(place, value, "strip_left", &step->strip_left, error));
    return hs__tokenizer_key_boolean(place, value, "strip_right", &step->strip_right, error);
}

/*
 * Where space goes at the front, the first character is no longer the input's first, on which
 * Metaspace's `first` depends.
 */
static hs_status rewrite_strip(const void *how, tokenizer_workspace *work, const char *text, size_t length,
                               bool *at_origin_inout, hs_error *error)
{
    const tokenizer_step *step = how;
    size_t start = 0;
    size_t end = length;
    int32_t character = 0;
    while (step->strip_left && start < end) {
        size_t n = hs__tokenizer_character_decode(text + start, end - start, &character);
        if (!hs__tokenizer_is_white_space(character))
            break;
        start += n;
    }
    while (step->strip_right && end > start) {
        size_t before = hs__tokenizer_character_before(text, end);
        hs__tokenizer_character_decode(text + before, end - before, &character);
        if (!hs__tokenizer_is_white_space(character))
            break;
        end = before;
    }
    *at_origin_inout = *at_origin_inout && start == 0;
    return hs__tokenizer_next_append(work, text + start, end - start, error);
}

static hs_status apply_strip(const tokenizer_step *step, tokenizer_workspace *work, hs_error *error)
{
    return hs__tokenizer_rewrite_pieces(work, rewrite_strip, step, error);
}

static const tokenizer_character_class MARK = hs__tokenizer_is_mark;
static const tokenizer_character_class NONSPACING = hs__tokenizer_is_nonspacing;

/* `how` points to the class of characters that go. */
static hs_status rewrite_without(const void *how, tokenizer_workspace *work, const char *text, size_t length,
                                 bool *at_origin_inout, hs_error *error)
{
    const tokenizer_character_class *belongs = how;
    for (size_t at = 0; at < length;) {
        int32_t character = 0;
        size_t n = hs__tokenizer_character_decode(text + at, length - at, &character);
        if (!(*belongs)(character))
            HS_TRY(hs__tokenizer_next_append(work, text + at, n, error));
        else if (at == 0)
            *at_origin_inout = false;
        at += n;
    }
    return HS_OK;
}

static hs_status apply_strip_accents(const tokenizer_step *step, tokenizer_workspace *work, hs_error *error)
{
    (void)step;
    return hs__tokenizer_rewrite_pieces(work, rewrite_without, &MARK, error);
}

static hs_status read_precompiled(const tokenizer_place *place, const hs_json_value *value, tokenizer_step *step,
                                  hs_error *error)
{
    const char *text = NULL;
    size_t length = 0;
    tokenizer_place below = hs__tokenizer_place_key(place, "precompiled_charsmap");
    HS_TRY(hs__tokenizer_key_string(place, value, "precompiled_charsmap", &text, &length, error));
    if (hs__tokenizer_charsmap_new(text, length, &step->charsmap, error) != HS_OK)
        return hs__tokenizer_name_place(&below, error);
    return HS_OK;
}

static hs_status replace_characters(const tokenizer_charsmap *map, tokenizer_workspace *work, const char *text,
                                    size_t length, hs_error *error)
{
    for (size_t at = 0; at < length;) {
        int32_t ignored = 0;
        const char *replacement = NULL;
        size_t n = hs__tokenizer_character_decode(text + at, length - at, &ignored);
        size_t n_replacement = n;
        HS_TRY(hs__tokenizer_charsmap_find(map, text + at, n, &replacement, &n_replacement, error));
        HS_TRY(hs__tokenizer_next_append(work, replacement != NULL ? replacement : text + at, n_replacement, error));
        at += n;
    }
    return HS_OK;
}

/* Short graphemes as a whole (even if only their front is in the map), long ones by characters, as there. */
static hs_status rewrite_precompiled(const void *how, tokenizer_workspace *work, const char *text, size_t length,
                                     bool *at_origin_inout, hs_error *error)
{
    enum { LONG_GRAPHEME_BYTES = 6 };
    (void)at_origin_inout;
    const tokenizer_step *step = how;
    for (size_t at = 0; at < length;) {
        size_t end = hs__tokenizer_grapheme_end(text, length, at);
        const char *replacement = NULL;
        size_t n = 0;
        if (end - at < LONG_GRAPHEME_BYTES)
            HS_TRY(hs__tokenizer_charsmap_find(step->charsmap, text + at, end - at, &replacement, &n, error));
        if (replacement != NULL)
            HS_TRY(hs__tokenizer_next_append(work, replacement, n, error));
        else
            HS_TRY(replace_characters(step->charsmap, work, text + at, end - at, error));
        at = end;
    }
    return HS_OK;
}

static hs_status apply_precompiled(const tokenizer_step *step, tokenizer_workspace *work, hs_error *error)
{
    return hs__tokenizer_rewrite_pieces(work, rewrite_precompiled, step, error);
}

static bool is_nmt_control(int32_t c)
{
    return (c >= 0x1 && c <= 0x8) || c == 0xB || (c >= 0xE && c <= 0x1F) || c == 0x7F || c == 0x8F || c == 0x9F;
}

static bool is_nmt_space(int32_t c)
{
    return c == 0x9 || c == 0xA || c == 0xC || c == 0xD || c == 0x1680 || (c >= 0x200B && c <= 0x200F) || c == 0x2028 ||
           c == 0x2029 || c == 0x2581 || c == 0xFEFF || c == 0xFFFD;
}

/*
 * SentencePiece's nmt rules as `tokenizers` has them: some controls go, every other kind of space
 * becomes a space.
 */
static hs_status rewrite_nmt(const void *how, tokenizer_workspace *work, const char *text, size_t length,
                             bool *at_origin_inout, hs_error *error)
{
    (void)how;
    for (size_t at = 0; at < length;) {
        int32_t character = 0;
        size_t n = hs__tokenizer_character_decode(text + at, length - at, &character);
        if (is_nmt_control(character))
            *at_origin_inout = *at_origin_inout && at > 0;
        else if (is_nmt_space(character))
            HS_TRY(hs__tokenizer_next_append(work, " ", 1, error));
        else
            HS_TRY(hs__tokenizer_next_append(work, text + at, n, error));
        at += n;
    }
    return HS_OK;
}

static hs_status apply_nmt(const tokenizer_step *step, tokenizer_workspace *work, hs_error *error)
{
    return hs__tokenizer_rewrite_pieces(work, rewrite_nmt, step, error);
}

/* BertNormalizer (Devlin et al. 2019, BasicTokenizer). */

static hs_status read_bert(const tokenizer_place *place, const hs_json_value *value, tokenizer_step *step,
                           hs_error *error)
{
    HS_TRY(hs__tokenizer_key_boolean(place, value, "clean_text", &step->clean_text, error));
    HS_TRY(hs__tokenizer_key_boolean(place, value, "handle_chinese_chars", &step->handle_chinese_chars, error));
    HS_TRY(hs__tokenizer_key_boolean(place, value, "lowercase", &step->lowercase, error));
    step->strip_accents = step->lowercase;
    return hs__tokenizer_key_boolean_optional(place, value, "strip_accents", &step->strip_accents, error);
}

/*
 * BasicTokenizer._clean_text. Tab and line ends come first, since by category they are controls,
 * which go, but here they are space.
 */
static hs_status rewrite_clean(const void *how, tokenizer_workspace *work, const char *text, size_t length,
                               bool *at_origin_inout, hs_error *error)
{
    (void)how;
    for (size_t at = 0; at < length;) {
        int32_t character = 0;
        size_t start = at;
        at += hs__tokenizer_character_decode(text + at, length - at, &character);
        if (character == '\t' || character == '\n' || character == '\r')
            HS_TRY(hs__tokenizer_next_append(work, " ", 1, error));
        else if (hs__tokenizer_is_control(character) || character == 0xFFFD)
            *at_origin_inout = *at_origin_inout && start > 0;
        else if (hs__tokenizer_is_white_space(character))
            HS_TRY(hs__tokenizer_next_append(work, " ", 1, error));
        else
            HS_TRY(hs__tokenizer_next_append(work, text + start, at - start, error));
    }
    return HS_OK;
}

/*
 * BERT takes each ideograph for a word. Spaces are only added, so that the origin stays where it
 * is.
 */
static hs_status rewrite_chinese(const void *how, tokenizer_workspace *work, const char *text, size_t length,
                                 bool *at_origin_inout, hs_error *error)
{
    (void)how;
    (void)at_origin_inout;
    for (size_t at = 0; at < length;) {
        int32_t character = 0;
        size_t n = hs__tokenizer_character_decode(text + at, length - at, &character);
        bool apart = hs__tokenizer_is_chinese(character);
        if (apart)
            HS_TRY(hs__tokenizer_next_append(work, " ", 1, error));
        HS_TRY(hs__tokenizer_next_append(work, text + at, n, error));
        if (apart)
            HS_TRY(hs__tokenizer_next_append(work, " ", 1, error));
        at += n;
    }
    return HS_OK;
}

static hs_status apply_bert(const tokenizer_step *step, tokenizer_workspace *work, hs_error *error)
{
    static const int DECOMPOSED = UTF8PROC_STABLE | UTF8PROC_DECOMPOSE;
    if (step->clean_text)
        HS_TRY(hs__tokenizer_rewrite_pieces(work, rewrite_clean, step, error));
    if (step->handle_chinese_chars)
        HS_TRY(hs__tokenizer_rewrite_pieces(work, rewrite_chinese, step, error));
    if (step->strip_accents) {
        HS_TRY(hs__tokenizer_rewrite_pieces(work, hs__tokenizer_rewrite_form, &DECOMPOSED, error));
        HS_TRY(hs__tokenizer_rewrite_pieces(work, rewrite_without, &NONSPACING, error));
    }
    return step->lowercase ? hs__tokenizer_rewrite_pieces(work, rewrite_lowercase, step, error) : HS_OK;
}

static hs_status apply_byte_level(const tokenizer_step *step, tokenizer_workspace *work, hs_error *error)
{
    return hs__tokenizer_rewrite_pieces(work, hs__tokenizer_rewrite_bytes, step, error);
}

static const tokenizer_step_kind KINDS[] = {
    {"NFC", "", hs__tokenizer_read_nothing, apply_form, UTF8PROC_STABLE | UTF8PROC_COMPOSE},
    {"NFD", "", hs__tokenizer_read_nothing, apply_form, UTF8PROC_STABLE | UTF8PROC_DECOMPOSE},
    {"NFKC", "", hs__tokenizer_read_nothing, apply_form, UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_COMPOSE},
    {"NFKD", "", hs__tokenizer_read_nothing, apply_form, UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE},
    {"Prepend", "prepend", read_prepend, apply_prepend, 0},
    {"Replace", "pattern content", read_replace, apply_replace, 0},
    {"Lowercase", "", hs__tokenizer_read_nothing, apply_lowercase, 0},
    {"Strip", "strip_left strip_right", read_strip, apply_strip, 0},
    {"StripAccents", "", hs__tokenizer_read_nothing, apply_strip_accents, 0},
    {"BertNormalizer", "clean_text handle_chinese_chars strip_accents lowercase", read_bert, apply_bert, 0},
    {"ByteLevel", "", hs__tokenizer_read_nothing, apply_byte_level, 0},
    {"Precompiled", "precompiled_charsmap", read_precompiled, apply_precompiled, 0},
    {"Nmt", "", hs__tokenizer_read_nothing, apply_nmt, 0},
};

const tokenizer_step_table HS__TOKENIZER_NORMALIZERS = {"normalizer", "normalizers", KINDS,
                                                        sizeof KINDS / sizeof *KINDS};
