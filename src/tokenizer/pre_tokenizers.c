/*
 * pre_tokenizers: how a text is cut into pieces that the model encodes each by itself, a row for
 * each type of `tokenizers`.
 */
#include "tokenizer/byte_level.h"
#include "tokenizer/step.h"

#include <string.h>

/*
 * `fallback` is for types whose files may lack the key. A word that is not known is refused, since
 * each way of splitting gives other ids.
 */
static hs_status read_behaviour(const tokenizer_place *place, const hs_json_value *value, const char *fallback,
                                tokenizer_step *step, hs_error *error)
{
    static const char *const NAMES[] = {[TOKENIZER_REMOVED] = "Removed",
                                        [TOKENIZER_ISOLATED] = "Isolated",
                                        [TOKENIZER_MERGED_WITH_PREVIOUS] = "MergedWithPrevious",
                                        [TOKENIZER_MERGED_WITH_NEXT] = "MergedWithNext",
                                        [TOKENIZER_CONTIGUOUS] = "Contiguous"};
    const char *name = fallback;
    size_t length = 0;
    if (fallback == NULL || hs_json_get(value, "behavior") != NULL)
        HS_TRY(hs__tokenizer_key_string(place, value, "behavior", &name, &length, error));
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (strcmp(NAMES[i], name) == 0) {
            step->behaviour = (tokenizer_behaviour)i;
            return HS_OK;
        }
    tokenizer_place below = hs__tokenizer_place_key(place, "behavior");
    return hs__tokenizer_fail_at(
        &below, error, "must be Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous, is \"%.60s\"",
        name);
}

static hs_status read_split(const tokenizer_place *place, const hs_json_value *value, tokenizer_step *step,
                            hs_error *error)
{
    HS_TRY(hs__tokenizer_read_pattern(place, value, false, step, error));
    HS_TRY(read_behaviour(place, value, NULL, step, error));
    return hs__tokenizer_key_boolean(place, value, "invert", &step->invert, error);
}

static hs_status apply_split(const tokenizer_step *step, tokenizer_workspace *work, hs_error *error)
{
    return hs__tokenizer_split_pieces(work, hs__tokenizer_find_pattern, step->pattern, step->behaviour, step->invert,
                                      error);
}

static hs_status read_delimiter(const tokenizer_place *place, const hs_json_value *value, tokenizer_step *step,
                                hs_error *error)
{
    step->behaviour = TOKENIZER_REMOVED;
    HS_TRY(hs__tokenizer_read_text(place, value, "delimiter", step, error));
    if (step->text_length == 0 || hs_utf8_length(step->text, step->text_length) != step->text_length) {
        tokenizer_place below = hs__tokenizer_place_key(place, "delimiter");
        return hs__tokenizer_fail_at(&below, error, "must be one character, is \"%.60s\"", step->text);
    }
    return hs__tokenizer_pattern_new(step->text, step->text_length, false, false, &step->pattern, error);
}

/* \w of UTS #18, which this step means: joiners belong to it, superscripts do not. */
#define WORD                                                                                                           \
    "\\p{L}\\p{M}\\p{Nd}\\p{Nl}\\p{Pc}\\x{200c}\\x{200d}\\x{24b6}-\\x{24e9}\\x{1f130}-\\x{1f149}\\x{1f150}-\\x{1f169}" \
    "\\x{1f170}-\\x{1f189}"

/* Words and runs of symbols. */
static hs_status read_whitespace(const tokenizer_place *place, const hs_json_value *value, tokenizer_step *step,
                                 hs_error *error)
{
    static const char WORDS[] = "[" WORD "]+|[^" WORD "\\s]+";
    (void)place;
    (void)value;
    step->behaviour = TOKENIZER_REMOVED;
    step->invert = true;
    return hs__tokenizer_pattern_new(WORDS, sizeof WORDS - 1, true, false, &step->pattern, error);
}

static const tokenizer_character_class WHITE_SPACE = hs__tokenizer_is_white_space;
static const tokenizer_character_class NUMERIC = hs__tokenizer_is_numeric;
static const tokenizer_character_class PUNCTUATION = hs__tokenizer_is_punctuation;

static hs_status apply_whitespace_split(const tokenizer_step *step, tokenizer_workspace *work, hs_error *error)
{
    (void)step;
    return hs__tokenizer_split_pieces(work, hs__tokenizer_find_class, &WHITE_SPACE, TOKENIZER_REMOVED, false, error);
}

static hs_status read_digits(const tokenizer_place *place, const hs_json_value *value, tokenizer_step *step,
                             hs_error *error)
{
    bool individual = false;
    HS_TRY(hs__tokenizer_key_boolean(place, value, "individual_digits", &individual, error));
    step->behaviour = individual ? TOKENIZER_ISOLATED : TOKENIZER_CONTIGUOUS;
    return HS_OK;
}

static hs_status apply_digits(const tokenizer_step *step, tokenizer_workspace *work, hs_error *error)
{
    return hs__tokenizer_split_pieces(work, hs__tokenizer_find_class, &NUMERIC, step->behaviour, false, error);
}

static hs_status read_punctuation(const tokenizer_place *place, const hs_json_value *value, tokenizer_step *step,
                                  hs_error *error)
{
    return read_behaviour(place, value, "Isolated", step, error);
}

static hs_status apply_punctuation(const tokenizer_step *step, tokenizer_workspace *work, hs_error *error)
{
    return hs__tokenizer_split_pieces(work, hs__tokenizer_find_class, &PUNCTUATION, step->behaviour, false, error);
}

/* BERT's own: at white space, and each punctuation mark by itself. */
static hs_status apply_bert(const tokenizer_step *step, tokenizer_workspace *work, hs_error *error)
{
    HS_TRY(apply_whitespace_split(step, work, error));
    return hs__tokenizer_split_pieces(work, hs__tokenizer_find_class, &PUNCTUATION, TOKENIZER_ISOLATED, false, error);
}

/* ByteLevel and Metaspace: rewrite, then split. */

static hs_status rewrite_prefix_space(const void *how, tokenizer_workspace *work, const char *text, size_t length,
                                      bool *at_origin_inout, hs_error *error)
{
    (void)how;
    (void)at_origin_inout;
    if (length == 0 || text[0] != ' ')
        HS_TRY(hs__tokenizer_next_append(work, " ", 1, error));
    return hs__tokenizer_next_append(work, text, length, error);
}

static hs_status apply_byte_level(const tokenizer_step *step, tokenizer_workspace *work, hs_error *error)
{
    if (step->add_prefix_space)
        HS_TRY(hs__tokenizer_rewrite_pieces(work, rewrite_prefix_space, step, error));
    if (step->use_regex)
        HS_TRY(hs__tokenizer_split_pieces(work, hs__tokenizer_find_pattern, step->pattern, TOKENIZER_ISOLATED, false,
                                          error));
    return hs__tokenizer_rewrite_pieces(work, hs__tokenizer_rewrite_bytes, step, error);
}

/*
 * The mark is put in front only of a text that does not begin with it, or with a space, already,
 * as there.
 */
static hs_status rewrite_metaspace(const void *how, tokenizer_workspace *work, const char *text, size_t length,
                                   bool *at_origin_inout, hs_error *error)
{
    const tokenizer_step *step = how;
    bool marked = length > 0 &&
                  (text[0] == ' ' || (length >= step->text_length && memcmp(text, step->text, step->text_length) == 0));
    bool wanted = step->prepend_scheme == TOKENIZER_PREPEND_ALWAYS ||
                  (step->prepend_scheme == TOKENIZER_PREPEND_FIRST && *at_origin_inout);
    if (wanted && !marked)
        HS_TRY(hs__tokenizer_next_append(work, step->text, step->text_length, error));
    for (size_t at = 0; at < length;) {
        const char *space = memchr(text + at, ' ', length - at);
        size_t end = space != NULL ? (size_t)(space - text) : length;
        HS_TRY(hs__tokenizer_next_append(work, text + at, end - at, error));
        if (space != NULL)
            HS_TRY(hs__tokenizer_next_append(work, step->text, step->text_length, error));
        at = end + 1;
    }
    return HS_OK;
}

static hs_status apply_metaspace(const tokenizer_step *step, tokenizer_workspace *work, hs_error *error)
{
    HS_TRY(hs__tokenizer_rewrite_pieces(work, rewrite_metaspace, step, error));
    if (!step->split)
        return HS_OK;
    return hs__tokenizer_split_pieces(work, hs__tokenizer_find_pattern, step->pattern, TOKENIZER_MERGED_WITH_NEXT,
                                      false, error);
}

static const tokenizer_step_kind KINDS[] = {
    {"ByteLevel", "add_prefix_space trim_offsets use_regex", hs__tokenizer_read_byte_level, apply_byte_level, 0},
    {"Split", "pattern behavior invert", read_split, apply_split, 0},
    {"Metaspace", "replacement add_prefix_space prepend_scheme split str_rep", hs__tokenizer_read_metaspace,
     apply_metaspace, 0},
    {"Whitespace", "", read_whitespace, apply_split, 0},
    {"WhitespaceSplit", "", hs__tokenizer_read_nothing, apply_whitespace_split, 0},
    {"BertPreTokenizer", "", hs__tokenizer_read_nothing, apply_bert, 0},
    {"Digits", "individual_digits", read_digits, apply_digits, 0},
    {"Punctuation", "behavior", read_punctuation, apply_punctuation, 0},
    {"CharDelimiterSplit", "delimiter", read_delimiter, apply_split, 0},
};

const tokenizer_step_table HS__TOKENIZER_PRE_TOKENIZERS = {"pre_tokenizer", "pretokenizers", KINDS,
                                                           sizeof KINDS / sizeof *KINDS};
