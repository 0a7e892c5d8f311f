/* decoders: each piece is the text of a token, and what is left at the end is joined; a row for each type. */
#include "tokenizer/byte_level.h"
#include "tokenizer/step.h"

#include <string.h>

/* False, with nothing appended, if a character is not of the alphabet. */
static bool bytes_of_token(const char *text, size_t length, char *bytes_out, size_t *n_out)
{
    *n_out = 0;
    for (size_t at = 0; at < length;) {
        int32_t character = 0;
        at += hs__tokenizer_character_decode(text + at, length - at, &character);
        int byte = hs__tokenizer_character_byte(character);
        if (byte < 0)
            return false;
        bytes_out[(*n_out)++] = (char)byte;
    }
    return true;
}

/* A token that is not written in the alphabet (an added one) stands for its own text. */
static hs_status apply_byte_level(const tokenizer_step *step, tokenizer_workspace *work, hs_error *error)
{
    (void)step;
    for (size_t i = 0; i < work->now.n; i++) {
        const tokenizer_piece *piece = &work->now.items[i];
        const char *text = hs__tokenizer_piece_text(work, piece);
        size_t n = 0;
        HS_TRY(hs_reserve(&work->scratch.text, &work->scratch.capacity, piece->length + 1, 1, "token", error));
        if (bytes_of_token(text, piece->length, work->scratch.text, &n))
            HS_TRY(hs__tokenizer_next_append(work, work->scratch.text, n, error));
        else
            HS_TRY(hs__tokenizer_next_append(work, text, piece->length, error));
    }
    HS_TRY(hs__tokenizer_next_end(work, TOKENIZER_NO_ID, true, error));
    hs__tokenizer_workspace_swap(work);
    return HS_OK;
}

/* The byte that "<0x1F>" stands for, -1 if the text is not of that form. */
static int fallback_byte(const char *text, size_t length)
{
    static const char HEX[] = "0123456789abcdef";
    if (length != 6 || memcmp(text, "<0x", 3) != 0 || text[5] != '>')
        return -1;
    int byte = 0;
    for (size_t i = 3; i < 5; i++) {
        char c = text[i] >= 'A' && text[i] <= 'F' ? (char)(text[i] - 'A' + 'a') : text[i];
        const char *digit = c != '\0' ? strchr(HEX, c) : NULL;
        if (digit == NULL)
            return -1;
        byte = byte * 16 + (int)(digit - HEX);
    }
    return byte;
}

/* Bytes that make text together become one piece; others stay as they are, each a piece. */
static hs_status end_bytes(tokenizer_workspace *work, hs_error *error)
{
    hs_text *bytes = &work->scratch;
    hs_error malformed = {0};
    bool is_text = hs_utf8_check(bytes->text, bytes->length, "bytes", &malformed) == HS_OK;
    for (size_t i = 0; i < bytes->length; i++) {
        HS_TRY(hs__tokenizer_next_append(work, bytes->text + i, 1, error));
        if (!is_text || i + 1 == bytes->length)
            HS_TRY(hs__tokenizer_next_end(work, TOKENIZER_NO_ID, false, error));
    }
    bytes->length = 0;
    return HS_OK;
}

/*
 * A run of byte tokens is decided about as a whole when it ends, since a character may take
 * several of them.
 */
static hs_status apply_byte_fallback(const tokenizer_step *step, tokenizer_workspace *work, hs_error *error)
{
    (void)step;
    work->scratch.length = 0;
    for (size_t i = 0; i < work->now.n; i++) {
        const tokenizer_piece *piece = &work->now.items[i];
        const char *text = hs__tokenizer_piece_text(work, piece);
        int byte = fallback_byte(text, piece->length);
        if (byte >= 0) {
            HS_TRY(hs_text_append(&work->scratch, &(char){(char)byte}, 1, error));
            continue;
        }
        if (work->scratch.length > 0)
            HS_TRY(end_bytes(work, error));
        HS_TRY(hs__tokenizer_next_append(work, text, piece->length, error));
        HS_TRY(hs__tokenizer_next_end(work, TOKENIZER_NO_ID, false, error));
    }
    if (work->scratch.length > 0)
        HS_TRY(end_bytes(work, error));
    hs__tokenizer_workspace_swap(work);
    return HS_OK;
}

static hs_status apply_fuse(const tokenizer_step *step, tokenizer_workspace *work, hs_error *error)
{
    (void)step;
    for (size_t i = 0; i < work->now.n; i++)
        HS_TRY(hs__tokenizer_next_append(work, hs__tokenizer_piece_text(work, &work->now.items[i]),
                                         work->now.items[i].length, error));
    HS_TRY(hs__tokenizer_next_end(work, TOKENIZER_NO_ID, true, error));
    hs__tokenizer_workspace_swap(work);
    return HS_OK;
}

static hs_status read_replace(const tokenizer_place *place, const hs_json_value *value, tokenizer_step *step,
                              hs_error *error)
{
    HS_TRY(hs__tokenizer_read_text(place, value, "content", step, error));
    return hs__tokenizer_read_pattern(place, value, true, step, error);
}

static hs_status apply_replace(const tokenizer_step *step, tokenizer_workspace *work, hs_error *error)
{
    return hs__tokenizer_rewrite_pieces(work, hs__tokenizer_rewrite_replace, step, error);
}

static hs_status read_strip(const tokenizer_place *place, const hs_json_value *value, tokenizer_step *step,
                            hs_error *error)
{
    int64_t start = 0;
    int64_t stop = 0;
    HS_TRY(hs__tokenizer_read_text(place, value, "content", step, error));
    HS_TRY(hs__tokenizer_key_integer(place, value, "start", 0, TOKENIZER_MAX_TOKEN_BYTES, &start, error));
    HS_TRY(hs__tokenizer_key_integer(place, value, "stop", 0, TOKENIZER_MAX_TOKEN_BYTES, &stop, error));
    step->start = (size_t)start;
    step->stop = (size_t)stop;
    if (step->text_length > 0 && hs_utf8_length(step->text, step->text_length) == step->text_length)
        return HS_OK;
    tokenizer_place below = hs__tokenizer_place_key(place, "content");
    return hs__tokenizer_fail_at(&below, error, "must be one character, is \"%.60s\"", step->text);
}

static hs_status rewrite_strip(const void *how, tokenizer_workspace *work, const char *text, size_t length,
                               bool *at_origin_inout, hs_error *error)
{
    (void)at_origin_inout;
    const tokenizer_step *step = how;
    size_t n = step->text_length;
    size_t start = 0;
    size_t end = length;
    for (size_t i = 0; i < step->start && end - start >= n && memcmp(text + start, step->text, n) == 0; i++)
        start += n;
    for (size_t i = 0; i < step->stop && end - start >= n && memcmp(text + end - n, step->text, n) == 0; i++)
        end -= n;
    return hs__tokenizer_next_append(work, text + start, end - start, error);
}

static hs_status apply_strip(const tokenizer_step *step, tokenizer_workspace *work, hs_error *error)
{
    return hs__tokenizer_rewrite_pieces(work, rewrite_strip, step, error);
}

/* The mark at the front of the first token was added by the pre-tokenizer and goes; elsewhere it is a space. */
static hs_status apply_metaspace(const tokenizer_step *step, tokenizer_workspace *work, hs_error *error)
{
    for (size_t i = 0; i < work->now.n; i++) {
        const tokenizer_piece *piece = &work->now.items[i];
        const char *text = hs__tokenizer_piece_text(work, piece);
        bool drop = i == 0 && step->prepend_scheme != TOKENIZER_PREPEND_NEVER;
        HS_TRY(hs__tokenizer_pattern_spans(step->pattern, text, piece->length, &work->spans, error));
        for (size_t j = 0; j < work->spans.n; j++) {
            const tokenizer_span *span = &work->spans.items[j];
            if (!span->is_match)
                HS_TRY(hs__tokenizer_next_append(work, text + span->start, span->end - span->start, error));
            else if (!drop)
                HS_TRY(hs__tokenizer_next_append(work, " ", 1, error));
        }
        HS_TRY(hs__tokenizer_next_end(work, TOKENIZER_NO_ID, piece->at_origin, error));
    }
    hs__tokenizer_workspace_swap(work);
    return HS_OK;
}

static hs_status read_bpe(const tokenizer_place *place, const hs_json_value *value, tokenizer_step *step,
                          hs_error *error)
{
    HS_TRY(hs__tokenizer_read_text(place, value, "suffix", step, error));
    return hs__tokenizer_pattern_new(step->text, step->text_length, false, true, &step->pattern, error);
}

/* The suffix that ends a word becomes a space, at the end of the text nothing. */
static hs_status apply_bpe(const tokenizer_step *step, tokenizer_workspace *work, hs_error *error)
{
    for (size_t i = 0; i < work->now.n; i++) {
        const tokenizer_piece *piece = &work->now.items[i];
        const char *text = hs__tokenizer_piece_text(work, piece);
        HS_TRY(hs__tokenizer_pattern_spans(step->pattern, text, piece->length, &work->spans, error));
        for (size_t j = 0; j < work->spans.n; j++) {
            const tokenizer_span *span = &work->spans.items[j];
            if (!span->is_match)
                HS_TRY(hs__tokenizer_next_append(work, text + span->start, span->end - span->start, error));
            else if (i + 1 < work->now.n)
                HS_TRY(hs__tokenizer_next_append(work, " ", 1, error));
        }
        HS_TRY(hs__tokenizer_next_end(work, TOKENIZER_NO_ID, piece->at_origin, error));
    }
    hs__tokenizer_workspace_swap(work);
    return HS_OK;
}

static hs_status read_word_piece(const tokenizer_place *place, const hs_json_value *value, tokenizer_step *step,
                                 hs_error *error)
{
    HS_TRY(hs__tokenizer_read_text(place, value, "prefix", step, error));
    return hs__tokenizer_key_boolean(place, value, "cleanup", &step->cleanup, error);
}

/* Every `from` in `token` becomes `to`. */
static hs_status replace_all(hs_text *token, hs_text *spare, const char *from, const char *to, hs_error *error)
{
    size_t n = strlen(from);
    spare->length = 0;
    for (size_t at = 0; at < token->length;) {
        bool found = token->length - at >= n && memcmp(token->text + at, from, n) == 0;
        HS_TRY(hs_text_append(spare, found ? to : token->text + at, found ? strlen(to) : 1, error));
        at += found ? n : 1;
    }
    hs_text replaced = *spare;
    *spare = *token;
    *token = replaced;
    return HS_OK;
}

/* English spacing as `tokenizers` mends it: in this order, and within one token, not across two. */
static hs_status clean_up(hs_text *token, hs_text *spare, hs_error *error)
{
    static const char *const MENDS[][2] = {
        {" .", "."},   {" ?", "?"},           {" !", "!"},   {" ,", ","},     {" ' ", "'"},    {" n't", "n't"},
        {" 'm", "'m"}, {" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"},
    };
    for (size_t i = 0; i < sizeof MENDS / sizeof *MENDS; i++)
        HS_TRY(replace_all(token, spare, MENDS[i][0], MENDS[i][1], error));
    return HS_OK;
}

/* A token with the prefix continues the word before; any other but the first has a space in front. */
static hs_status apply_word_piece(const tokenizer_step *step, tokenizer_workspace *work, hs_error *error)
{
    hs_status status = HS_OK;
    hs_text token = {0};
    hs_text spare = {0};
    for (size_t i = 0; i < work->now.n; i++) {
        const tokenizer_piece *piece = &work->now.items[i];
        const char *text = hs__tokenizer_piece_text(work, piece);
        size_t n = step->text_length;
        bool continues = i > 0 && piece->length >= n && memcmp(text, step->text, n) == 0;
        size_t skipped = continues ? n : 0;
        token.length = 0;
        if (i > 0 && !continues)
            HS_GOTO_DONE(hs_text_append(&token, " ", 1, error));
        HS_GOTO_DONE(hs_text_append(&token, text + skipped, piece->length - skipped, error));
        if (step->cleanup)
            HS_GOTO_DONE(clean_up(&token, &spare, error));
        HS_GOTO_DONE(hs__tokenizer_next_append(work, token.text, token.length, error));
        HS_GOTO_DONE(hs__tokenizer_next_end(work, TOKENIZER_NO_ID, piece->at_origin, error));
    }
    hs__tokenizer_workspace_swap(work);
done:
    hs_text_clear(&token);
    hs_text_clear(&spare);
    return status;
}

static const tokenizer_step_kind KINDS[] = {
    {"ByteLevel", "add_prefix_space trim_offsets use_regex", hs__tokenizer_read_byte_level, apply_byte_level, 0},
    {"ByteFallback", "", hs__tokenizer_read_nothing, apply_byte_fallback, 0},
    {"Fuse", "", hs__tokenizer_read_nothing, apply_fuse, 0},
    {"Strip", "content start stop", read_strip, apply_strip, 0},
    {"Replace", "pattern content", read_replace, apply_replace, 0},
    {"Metaspace", "replacement add_prefix_space prepend_scheme split str_rep", hs__tokenizer_read_metaspace,
     apply_metaspace, 0},
    {"BPEDecoder", "suffix", read_bpe, apply_bpe, 0},
    {"WordPiece", "prefix cleanup", read_word_piece, apply_word_piece, 0},
};

const tokenizer_step_table HS__TOKENIZER_DECODERS = {"decoder", "decoders", KINDS, sizeof KINDS / sizeof *KINDS};
