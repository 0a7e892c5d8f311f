/* What an encoder reads of an example: a text, a pair of texts, or token ids with their types. */
#include <string.h>

#include "tasks/encode.h"

static hs_status add(hs_encoding *encoding, size_t at, int32_t id, int32_t type, hs_error *error)
{
    hs_token_list *lists[] = {&encoding->ids, &encoding->types, &encoding->special};
    const int32_t values[] = {id, type, 0};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        hs_token_list *list = lists[i];
        HS_TRY(hs_reserve(&list->ids, &list->capacity, list->n + 1, sizeof *list->ids, "token ids", error));
        memmove(list->ids + at + 1, list->ids + at, (list->n++ - at) * sizeof *list->ids);
        list->ids[at] = values[i];
    }
    return HS_OK;
}

static hs_status take_ids(const task_input *input, const char *place, hs_encoding *encoding, hs_error *error)
{
    const task_text *text = &input->text;
    encoding->ids.n = encoding->types.n = encoding->special.n = 0;
    encoding->truncated = false;
    if (input->has_types && input->types.n_ids != text->n_ids)
        return hs_fail(error, HS_ERROR_INPUT, "%s: %s has %zu token ids, but %s has %zu types", place, text->label,
                       text->n_ids, input->types.label, input->types.n_ids);
    for (size_t i = 0; i < text->n_ids; i++) {
        int64_t type = input->has_types ? hs_json_integer(hs_json_at(input->types.ids, i)) : 0;
        HS_TRY(add(encoding, i, (int32_t)hs_json_integer(hs_json_at(text->ids, i)), (int32_t)type, error));
    }
    return HS_OK;
}

static hs_status check_input(const task_input *input, const char *place, hs_error *error)
{
    if (input->has_pair && input->text.is_ids)
        return hs_fail(error, HS_ERROR_INPUT,
                       "%s: %s is token ids: give those of both sentences there, and their types in `token_type_ids`",
                       place, input->text.label);
    if (input->has_pair && input->pair.is_ids)
        return hs_fail(error, HS_ERROR_INPUT, "%s: %s is token ids but %s is text; a pair is two texts", place,
                       input->pair.label, input->text.label);
    if (input->has_types && !input->text.is_ids)
        return hs_fail(error, HS_ERROR_INPUT, "%s: %s goes with token ids, but %s is text", place, input->types.label,
                       input->text.label);
    return HS_OK;
}

/*
 * Types are cleared where the model has no table for them or the tokenizer gives none:
 * transformers then passes zeros, whatever the template says.
 */
static hs_status encode_texts(const task_encoder *encoder, const task_input *input, const char *place, size_t n_most,
                              hs_encoding *encoding, hs_error *error)
{
    const hs_texts texts = {.first = input->text.bytes,
                            .n_first = input->text.length,
                            .second = input->pair.bytes,
                            .n_second = input->pair.length};
    if (encoder->tokenizer == NULL)
        return hs__tasks_no_tokenizer(&input->text, place, error);
    if (hs_tokenizer_encode_texts(encoder->tokenizer, &texts, encoder->bos != HS_BOS_NEVER, n_most, encoding, error) !=
        HS_OK)
        return hs_error_prefix(error, "%s: %s", place, input->text.label);
    if (encoder->model->shape.n_token_types < 2 || !hs_tokenizer_gives_types(encoder->tokenizer))
        memset(encoding->types.ids, 0, encoding->types.n * sizeof *encoding->types.ids);
    return HS_OK;
}

static hs_status encode_any(const task_encoder *encoder, const task_input *input, const char *place, size_t n_most,
                            hs_encoding *encoding, hs_error *error)
{
    if (input->text.is_ids)
        return take_ids(input, place, encoding, error);
    return encode_texts(encoder, input, place, n_most, encoding, error);
}

/* BOS where bos = "always" and it is missing: it takes one of the places. */
static hs_status ensure_bos(const task_encoder *encoder, const task_input *input, const char *place, size_t n_most,
                            hs_encoding *encoding, hs_error *error)
{
    int32_t bos = encoder->tokens.bos;
    if (encoder->bos != HS_BOS_ALWAYS || (encoding->ids.n > 0 && encoding->ids.ids[0] == bos))
        return HS_OK;
    if (!input->text.is_ids && n_most != SIZE_MAX)
        HS_TRY(encode_texts(encoder, input, place, n_most - 1, encoding, error));
    return add(encoding, 0, bos, 0, error);
}

static hs_status check_types(const task_encoder *encoder, const task_input *input, const char *place,
                             const hs_encoding *encoding, hs_error *error)
{
    size_t n_types = encoder->model->shape.n_token_types;
    for (size_t i = 0; i < encoding->types.n; i++)
        if (encoding->types.ids[i] > 0 && (size_t)encoding->types.ids[i] >= n_types)
            return hs_fail(error, HS_ERROR_INPUT, "%s: %s: token type %d, but the model has %zu token type%s", place,
                           input->has_types ? input->types.label : input->text.label, (int)encoding->types.ids[i],
                           n_types, n_types == 1 ? "" : "s");
    return HS_OK;
}

/* The template's tokens, and those that begin and end texts wherever they stand. Returns how many are none. */
static size_t mark_special(const task_encoder *encoder, hs_encoding *encoding)
{
    size_t n_plain = 0;
    for (size_t i = 0; i < encoding->ids.n; i++) {
        int32_t id = encoding->ids.ids[i];
        bool ends = encoder->tokenizer != NULL && (id == hs_tokenizer_special(encoder->tokenizer, HS_TOKEN_BEGIN) ||
                                                   id == hs_tokenizer_special(encoder->tokenizer, HS_TOKEN_END));
        encoding->special.ids[i] = encoding->special.ids[i] != 0 || ends;
        n_plain += encoding->special.ids[i] == 0;
    }
    return n_plain;
}

hs_status hs__tasks_encode_input(const task_encoder *encoder, const task_input *input, const char *place, size_t n_most,
                                 hs_encoding *encoding, hs_error *error)
{
    HS_TRY(check_input(input, place, error));
    HS_TRY(encode_any(encoder, input, place, n_most, encoding, error));
    HS_TRY(hs__tasks_check_vocabulary(encoder, &encoding->ids, 0, &input->text, place, error));
    HS_TRY(ensure_bos(encoder, input, place, n_most, encoding, error));
    HS_TRY(check_types(encoder, input, place, encoding, error));
    if (mark_special(encoder, encoding) > 0)
        return HS_OK;
    return hs_fail(error, HS_ERROR_INPUT, "%s: %s has no token but special ones", place, input->text.label);
}

static bool has_bytes(const task_text *text, const char *bytes, size_t length)
{
    for (size_t at = 0; length > 0 && at + length <= text->length; at++)
        if (memcmp(text->bytes + at, bytes, length) == 0)
            return true;
    return false;
}

bool hs__tasks_has_separator(const task_encoder *encoder, const task_text *text)
{
    static const char *const usual[] = {"[SEP]", "</s>"};
    if (text->is_ids || encoder->tokenizer == NULL)
        return false;
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
        if (has_bytes(text, usual[i], strlen(usual[i])))
            return true;
    const char *own = hs_tokenizer_special_text(encoder->tokenizer, HS_TOKEN_END);
    return has_bytes(text, own, strlen(own));
}

/* Seen on a text. */
hs_status hs__tasks_encode_frame(const hs_tokenizer *tokenizer, hs_token_list *front, hs_token_list *back,
                                 hs_error *error)
{
    static const char probe[] = "a";
    hs_token_list plain = {0}, whole = {0};
    hs_status status;
    size_t at = 0;
    front->n = back->n = 0;
    HS_GOTO_DONE(hs_tokenizer_encode(tokenizer, probe, 1, false, &plain, error));
    HS_GOTO_DONE(hs_tokenizer_encode(tokenizer, probe, 1, true, &whole, error));
    while (at + plain.n <= whole.n && memcmp(whole.ids + at, plain.ids, plain.n * sizeof *plain.ids) != 0)
        at++;
    if (plain.n == 0 || at + plain.n > whole.n) {
        status = hs_fail(error, HS_ERROR_INPUT,
                         "the classifier's tokenizer does more to a text than to put special tokens around it");
        goto done;
    }
    HS_GOTO_DONE(hs__tasks_append_ids(front, whole.ids, at, error));
    HS_GOTO_DONE(hs__tasks_append_ids(back, whole.ids + at + plain.n, whole.n - at - plain.n, error));
done:
    hs_tokenizer_token_list_clear(&plain);
    hs_tokenizer_token_list_clear(&whole);
    return status;
}
