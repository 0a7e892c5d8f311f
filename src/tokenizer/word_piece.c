/* word_piece: WordPiece as BERT uses it: greedy, the longest token first (Devlin et al. 2019, arXiv:1810.04805). */
#include "tokenizer/piece_model.h"

#include <string.h>

enum { MAX_WORD_CHARACTERS = 1000 /* that a file may ask for; every published one has 100 */ };

hs_status hs__tokenizer_word_piece_finish(tokenizer_model *model, hs_error *error)
{
    for (size_t i = 0; i < model->vocabulary.size; i++)
        if (model->vocabulary.tokens[i].length > model->longest_token)
            model->longest_token = model->vocabulary.tokens[i].length;
    if (model->unknown_id != TOKENIZER_NO_ID)
        return HS_OK;
    return hs_fail(error, HS_ERROR_INPUT, "the unk_token \"%.80s\" is not in the vocabulary",
                   model->unknown != NULL ? model->unknown : "");
}

static hs_status read_word_piece(const tokenizer_place *place, const hs_json_value *value, tokenizer_model *model,
                                 hs_error *error)
{
    const char *prefix = NULL;
    size_t length = 0;
    int64_t most = 0;
    HS_TRY(hs__tokenizer_model_read_unknown(place, value, model, error));
    HS_TRY(hs__tokenizer_key_string(place, value, "continuing_subword_prefix", &prefix, &length, error));
    HS_TRY(hs__tokenizer_key_integer(place, value, "max_input_chars_per_word", 0, MAX_WORD_CHARACTERS, &most, error));
    model->max_word_characters = (size_t)most;
    model->prefix = hs_string_copy_n(prefix, length, error);
    if (model->prefix == NULL)
        return error->status;
    return hs__tokenizer_word_piece_finish(model, error) == HS_OK ? HS_OK : hs__tokenizer_name_place(place, error);
}

/* The longest token at the front of `text`, which stands behind `n_prefix` bytes of prefix in work->scratch. */
static int32_t longest_match(const tokenizer_model *model, const char *word, size_t n_prefix, size_t length,
                             size_t *matched_out)
{
    size_t end = length;
    while (end > 0) {
        int32_t id = TOKENIZER_NO_ID;
        if (n_prefix + end <= model->longest_token)
            id = hs__tokenizer_vocabulary_find(&model->vocabulary, word, n_prefix + end);
        *matched_out = end;
        if (id != TOKENIZER_NO_ID)
            return id;
        end = hs__tokenizer_character_before(word + n_prefix, end);
    }
    return TOKENIZER_NO_ID;
}

/* The ids of the word, or nothing where some of it is in no token. */
static hs_status encode_pieces(const tokenizer_model *model, tokenizer_workspace *work, const char *text, size_t length,
                               hs_token_list *ids, bool *known_out, hs_error *error)
{
    size_t n_prefix = strlen(model->prefix);
    hs_text *word = &work->scratch;
    *known_out = true;
    for (size_t at = 0; at < length;) {
        size_t skipped = at > 0 ? n_prefix : 0;
        size_t matched = 0;
        word->length = 0;
        HS_TRY(hs_text_append(word, model->prefix, skipped, error));
        HS_TRY(hs_text_append(word, text + at, length - at, error));
        int32_t id = longest_match(model, word->text, skipped, length - at, &matched);
        *known_out = id != TOKENIZER_NO_ID;
        if (!*known_out)
            return HS_OK;
        HS_TRY(hs__tokenizer_ids_add(ids, id, error));
        at += matched;
    }
    return HS_OK;
}

static hs_status encode_word_piece(const tokenizer_model *model, tokenizer_workspace *work, const char *text,
                                   size_t length, hs_token_list *ids, hs_error *error)
{
    size_t n_before = ids->n;
    bool known = false;
    if (hs_utf8_count(text, length) <= model->max_word_characters)
        HS_TRY(encode_pieces(model, work, text, length, ids, &known, error));
    if (known)
        return HS_OK;
    ids->n = n_before;
    return hs__tokenizer_ids_add(ids, model->unknown_id, error);
}

const tokenizer_model_kind HS__TOKENIZER_WORD_PIECE = {
    "WordPiece",     "unk_token continuing_subword_prefix max_input_chars_per_word",
    "WordPiece",     hs__tokenizer_model_read_vocabulary,
    read_word_piece, encode_word_piece};
