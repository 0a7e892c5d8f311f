/* encoding: from texts to ids: one text, or what an encoder reads of one or two within its window. */
#include <limits.h>
#include <string.h>

#include "tokenizer/pipeline.h"

/* Plain added tokens are found in the text as it is, normalised ones in the normalised rest. */
static hs_status encode_text(const hs_tokenizer *tokenizer, tokenizer_workspace *work, const char *text, size_t length,
                             hs_token_list *ids, hs_error *error)
{
    const tokenizer_model *model = &tokenizer->model;
    HS_TRY(hs__tokenizer_workspace_begin(work, text, length, error));
    HS_TRY(hs__tokenizer_added_split(&tokenizer->added, &tokenizer->added.plain, work, error));
    HS_TRY(hs__tokenizer_steps_apply(&tokenizer->normalizers, work, error));
    HS_TRY(hs__tokenizer_added_split(&tokenizer->added, &tokenizer->added.normalized, work, error));
    HS_TRY(hs__tokenizer_steps_apply(&tokenizer->pre_tokenizers, work, error));
    for (size_t i = 0; i < work->now.n; i++) {
        const tokenizer_piece *piece = &work->now.items[i];
        if (piece->token != TOKENIZER_NO_ID)
            HS_TRY(hs__tokenizer_ids_add(ids, piece->token, error));
        else
            HS_TRY(model->kind->encode(model, work, hs__tokenizer_piece_text(work, piece), piece->length, ids, error));
    }
    return HS_OK;
}

/* On failure `ids` is as it was, because callers gather many texts in one list. */
hs_status hs_tokenizer_encode(const hs_tokenizer *tokenizer, const char *text, size_t length, bool add_special,
                              hs_token_list *ids, hs_error *error)
{
    hs_status status = HS_OK;
    tokenizer_workspace work = {0};
    const tokenizer_template *template = &tokenizer->post_processor.single;
    size_t n_before = ids->n;
    HS_TRY(hs__tokenizer_check_usable(tokenizer, error));
    if (length > TOKENIZER_MAX_TEXT_BYTES)
        return hs_fail(error, HS_ERROR_INPUT, "a text of %zu bytes is more than the %d that can be tokenized at once",
                       length, TOKENIZER_MAX_TEXT_BYTES);
    HS_TRY(hs_utf8_check(text, length, "text", error));
    for (size_t i = 0; i < template->n; i++) {
        if (template->pieces[i].kind != TOKENIZER_PIECE_SPECIAL)
            HS_GOTO_DONE(encode_text(tokenizer, &work, text, length, ids, error));
        else if (add_special)
            HS_GOTO_DONE(hs__tokenizer_ids_add(ids, template->pieces[i].id, error));
    }
done:
    if (status != HS_OK)
        ids->n = n_before;
    hs__tokenizer_workspace_clear(&work);
    return status;
}

/*
 * As `tokenizers` cuts with "longest_first": only the longer text where that is enough, else both to about one half.
 * `lengths` become what is kept of each.
 */
static void cut_lengths(size_t n_most, bool is_pair, size_t lengths[2])
{
    size_t longer = lengths[0] > lengths[1] ? 0 : 1;
    size_t *large = &lengths[longer];
    size_t *small = &lengths[1 - longer];
    if (*large + *small <= n_most)
        return;
    *large = *small > n_most || *small > n_most - *small ? *small : n_most - *small;
    if (!is_pair) {
        lengths[0] = n_most;
    } else if (*large + *small > n_most) {
        *small = n_most / 2;
        *large = n_most - *small;
    }
}

static hs_status encode_both(const hs_tokenizer *tokenizer, const hs_texts *texts, hs_encoding *encoding,
                             hs_error *error)
{
    encoding->ids.n = encoding->types.n = encoding->special.n = 0;
    encoding->texts[0].n = encoding->texts[1].n = 0;
    encoding->truncated = false;
    HS_TRY(hs_tokenizer_encode(tokenizer, texts->first, texts->n_first, false, &encoding->texts[0], error));
    if (texts->n_second == 0)
        return HS_OK;
    if (tokenizer->post_processor.no_pair != NULL)
        return hs_fail(error, HS_ERROR_INPUT, "the checkpoint's tokenizer cannot join two texts: %s",
                       tokenizer->post_processor.no_pair);
    return hs_tokenizer_encode(tokenizer, texts->second, texts->n_second, false, &encoding->texts[1], error);
}

static hs_status add_encoded(hs_encoding *encoding, int32_t id, int32_t type, bool special, hs_error *error)
{
    HS_TRY(hs__tokenizer_ids_add(&encoding->ids, id, error));
    HS_TRY(hs__tokenizer_ids_add(&encoding->types, type, error));
    return hs__tokenizer_ids_add(&encoding->special, special, error);
}

static hs_status add_text(const hs_tokenizer *tokenizer, size_t text, size_t length, int32_t type,
                          hs_encoding *encoding, hs_error *error)
{
    const hs_token_list *ids = &encoding->texts[text];
    size_t first = tokenizer->cuts_start ? ids->n - length : 0;
    for (size_t i = first; i < first + length; i++)
        HS_TRY(add_encoded(encoding, ids->ids[i], type, false, error));
    return HS_OK;
}

/*
 * The texts are cut before special tokens are added, which have their room set aside: as in
 * transformers, truncation never takes one of them.
 */
hs_status hs_tokenizer_encode_texts(const hs_tokenizer *tokenizer, const hs_texts *texts, bool add_special,
                                    size_t n_most, hs_encoding *encoding, hs_error *error)
{
    const tokenizer_post_processor *processor = &tokenizer->post_processor;
    const tokenizer_template *template = texts->n_second > 0 ? &processor->pair : &processor->single;
    size_t n_special = add_special ? hs__tokenizer_template_n_special(template) : 0;
    HS_TRY(hs__tokenizer_check_usable(tokenizer, error));
    HS_TRY(encode_both(tokenizer, texts, encoding, error));
    size_t lengths[2] = {encoding->texts[0].n, encoding->texts[1].n};
    if (n_special > n_most)
        return hs_fail(error, HS_ERROR_INPUT, "%zu special tokens do not fit into %zu", n_special, n_most);
    cut_lengths(n_most - n_special, texts->n_second > 0, lengths);
    encoding->truncated = lengths[0] + lengths[1] < encoding->texts[0].n + encoding->texts[1].n;
    for (size_t i = 0; i < template->n; i++) {
        const tokenizer_template_piece *piece = &template->pieces[i];
        size_t text = piece->kind == TOKENIZER_PIECE_FIRST ? 0 : 1;
        if (piece->kind != TOKENIZER_PIECE_SPECIAL)
            HS_TRY(add_text(tokenizer, text, lengths[text], piece->type, encoding, error));
        else if (add_special)
            HS_TRY(add_encoded(encoding, piece->id, piece->type, true, error));
    }
    return HS_OK;
}
