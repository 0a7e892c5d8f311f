/* decoding: from ids back to text, as the decoders of the tokenizer join tokens. */
#include <string.h>

#include "tokenizer/pipeline.h"

/*
 * The text of a token; NULL for ids that no token has and for special ones that are to be skipped. As in `tokenizers`,
 * special is what reads like a special token: one whose normalised form differs from its content is not skipped.
 */
static const char *token_text(const hs_tokenizer *tokenizer, int32_t id, bool skip_special, size_t *length_out)
{
    const tokenizer_added *added = &tokenizer->added;
    const char *text = NULL;
    const tokenizer_added_token *token = hs__tokenizer_added_find(added, id, &text);
    if (token != NULL)
        *length_out = token->form_length;
    else
        text = hs__tokenizer_vocabulary_token(&tokenizer->model.vocabulary, id, length_out);
    if (text == NULL || !skip_special)
        return text;
    const char *ignored = NULL;
    token =
        hs__tokenizer_added_find(added, hs__tokenizer_vocabulary_find(&added->vocabulary, text, *length_out), &ignored);
    return token != NULL && token->special ? NULL : text;
}

/* Without a decoder the tokens are words, joined by spaces. */
static hs_status join_tokens(const hs_tokenizer *tokenizer, const int32_t *ids, size_t n, bool skip_special,
                             hs_text *text, hs_error *error)
{
    bool first = true;
    for (size_t i = 0; i < n; i++) {
        size_t length = 0;
        const char *token = token_text(tokenizer, ids[i], skip_special, &length);
        if (token == NULL)
            continue;
        if (!first)
            HS_TRY(hs_text_append(text, " ", 1, error));
        HS_TRY(hs_text_append(text, token, length, error));
        first = false;
    }
    return HS_OK;
}

/*
 * All tokens go through the decoders together: bytes that make a character, and the space before
 * the first word, depend on the neighbours.
 */
static hs_status decode_tokens(const hs_tokenizer *tokenizer, tokenizer_workspace *work, const int32_t *ids, size_t n,
                               bool skip_special, hs_text *text, hs_error *error)
{
    for (size_t i = 0; i < n; i++) {
        size_t length = 0;
        const char *token = token_text(tokenizer, ids[i], skip_special, &length);
        if (token == NULL)
            continue;
        HS_TRY(hs__tokenizer_next_append(work, token, length, error));
        HS_TRY(hs__tokenizer_next_end(work, TOKENIZER_NO_ID, i == 0, error));
    }
    hs__tokenizer_workspace_swap(work);
    HS_TRY(hs__tokenizer_steps_apply(&tokenizer->decoders, work, error));
    for (size_t i = 0; i < work->now.n; i++)
        HS_TRY(hs_text_append(text, hs__tokenizer_piece_text(work, &work->now.items[i]), work->now.items[i].length,
                              error));
    return HS_OK;
}

hs_status hs_tokenizer_decode(const hs_tokenizer *tokenizer, const int32_t *ids, size_t n, bool skip_special,
                              hs_text *text, hs_error *error)
{
    tokenizer_workspace work = {0};
    HS_TRY(hs__tokenizer_check_usable(tokenizer, error));
    for (size_t i = 0; i < n; i++)
        if (ids[i] < 0)
            return hs_fail(error, HS_ERROR_INPUT, "token id %d at position %zu is negative", (int)ids[i], i);
    if (!tokenizer->has_decoder)
        return join_tokens(tokenizer, ids, n, skip_special, text, error);
    hs_status status = decode_tokens(tokenizer, &work, ids, n, skip_special, text, error);
    hs__tokenizer_workspace_clear(&work);
    return status;
}
