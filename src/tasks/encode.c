/*
 * encode: the pairs of lm-evaluation-harness, whose rules the header gives; what one text alone is
 * made of for prompts and documents.
 */
#include "tasks/encode.h"

#include <string.h>

#include "tasks/white_space.h"

hs_status hs__tasks_encoder_init(task_encoder *encoder, hs_bos bos, const hs_tokenizer *tokenizer,
                                 const hs_model *model, hs_error *error)
{
    *encoder = (task_encoder){.tokenizer = tokenizer, .model = model, .bos = bos, .delimiter = ""};
    encoder->tokens = hs_tasks_text_tokens_choose(model, tokenizer);
    const bool has_eos = tokenizer != NULL && hs_tokenizer_special(tokenizer, HS_TOKEN_EOS) >= 0;
    if (bos == HS_BOS_ALWAYS && encoder->tokens.bos < 0)
        return hs_fail(error, HS_ERROR_USAGE, "bos = \"always\", but %s; use \"auto\" or \"never\"",
                       has_eos ? "the tokenizer names an eos_token and no bos_token"
                               : "the model's config.json names no bos_token_id");
    const int32_t prefix = encoder->tokens.prefix;
    if (tokenizer == NULL || hs_tokenizer_problem(tokenizer) != NULL || prefix < 0)
        return HS_OK;
    return hs_tokenizer_decode(tokenizer, &prefix, 1, false, &encoder->prefix, error);
}

void hs__tasks_encoder_clear(task_encoder *encoder)
{
    hs_text_clear(&encoder->prefix);
}

static hs_status insert_id(hs_token_list *ids, size_t at, int32_t id, hs_error *error)
{
    HS_TRY(hs_reserve(&ids->ids, &ids->capacity, ids->n + 1, sizeof *ids->ids, "token ids", error));
    memmove(ids->ids + at + 1, ids->ids + at, (ids->n - at) * sizeof *ids->ids);
    ids->ids[at] = id;
    ids->n++;
    return HS_OK;
}

hs_status hs__tasks_append_ids(hs_token_list *ids, const int32_t *appended, size_t n, hs_error *error)
{
    HS_TRY(hs_reserve(&ids->ids, &ids->capacity, ids->n + n, sizeof *ids->ids, "token ids", error));
    if (n > 0)
        memcpy(ids->ids + ids->n, appended, n * sizeof *ids->ids);
    ids->n += n;
    return HS_OK;
}

static hs_status append_given_ids(hs_token_list *ids, const task_text *text, hs_error *error)
{
    HS_TRY(hs_reserve(&ids->ids, &ids->capacity, ids->n + text->n_ids, sizeof *ids->ids, "token ids", error));
    for (size_t i = 0; i < text->n_ids; i++)
        ids->ids[ids->n++] = (int32_t)hs_json_integer(hs_json_at(text->ids, i));
    return HS_OK;
}

hs_status hs__tasks_check_vocabulary(const task_encoder *encoder, const hs_token_list *ids, size_t first,
                                     const task_text *text, const char *place, hs_error *error)
{
    size_t vocabulary = encoder->model->shape.vocabulary;
    for (size_t i = first; i < ids->n; i++)
        if (ids->ids[i] < 0 || (size_t)ids->ids[i] >= vocabulary)
            return hs_fail(error, HS_ERROR_INPUT, "%s: %s: token id %d is outside the model's vocabulary, 0 to %zu%s",
                           place, text->label, (int)ids->ids[i], vocabulary - 1,
                           text->is_ids ? "" : "; the tokenizer does not belong to this checkpoint");
    return HS_OK;
}

hs_status hs__tasks_no_tokenizer(const task_text *text, const char *place, hs_error *error)
{
    return hs_fail(error, HS_ERROR_INPUT,
                   "%s: %s is text, but the checkpoint has no tokenizer; give an array of token ids", place,
                   text->label);
}

static hs_status encode_bytes(const task_encoder *encoder, const char *bytes, size_t length, bool special,
                              const task_text *text, const char *place, hs_token_list *ids, hs_error *error)
{
    if (encoder->tokenizer == NULL)
        return hs__tasks_no_tokenizer(text, place, error);
    if (hs_tokenizer_encode(encoder->tokenizer, bytes, length, special, ids, error) != HS_OK)
        return hs_error_prefix(error, "%s: %s", place, text->label);
    return HS_OK;
}

hs_status hs__tasks_encode_plain(const task_encoder *encoder, const task_text *text, const char *place,
                                 hs_token_list *ids, hs_error *error)
{
    size_t first = ids->n;
    if (text->is_ids)
        HS_TRY(append_given_ids(ids, text, error));
    else
        HS_TRY(encode_bytes(encoder, text->bytes, text->length, false, text, place, ids, error));
    return hs__tasks_check_vocabulary(encoder, ids, first, text, place, error);
}

static hs_status ensure_bos(const task_encoder *encoder, hs_token_list *ids, hs_error *error)
{
    int32_t bos = encoder->tokens.bos;
    if (encoder->bos != HS_BOS_ALWAYS || (ids->n > 0 && ids->ids[0] == bos))
        return HS_OK;
    return insert_id(ids, 0, bos, error);
}

/*
 * Refused rather than left out: without a token before it the first token of a text has no
 * probability, and values would be compared that sum over different numbers of tokens.
 */
static hs_status put_prefix(const task_encoder *encoder, const task_text *text, const char *place, hs_token_list *ids,
                            hs_error *error)
{
    const hs_text_tokens *tokens = &encoder->tokens;
    const size_t vocabulary = encoder->model->shape.vocabulary;
    if (tokens->prefix < 0)
        return hs_fail(error, HS_ERROR_INPUT,
                       "%s: %s: nothing can stand before the first token of a text: the tokenizer names no bos_token "
                       "and no eos_token, and config.json neither; name one in tokenizer_config.json",
                       place, text->label);
    if ((size_t)tokens->prefix >= vocabulary)
        return hs_fail(error, HS_ERROR_INPUT,
                       "%s: %s: before the first token of a text stands the %s, \"%s\", whose id %d is outside the "
                       "model's vocabulary, 0 to %zu",
                       place, text->label, tokens->prefix_source,
                       encoder->prefix.length > 0 ? encoder->prefix.text : "", (int)tokens->prefix, vocabulary - 1);
    return insert_id(ids, 0, tokens->prefix, error);
}

static bool begins_with_prefix(const task_encoder *encoder, const char *bytes, size_t length)
{
    const hs_text *prefix = &encoder->prefix;
    return prefix->length > 0 && prefix->length <= length && memcmp(bytes, prefix->text, prefix->length) == 0;
}

/* A text that is not empty; as the harness's tok_encode, whose add_bos_token takes the tokenizer's own frame away. */
static hs_status encode_framed(const task_encoder *encoder, const char *bytes, size_t length, const task_text *text,
                               const char *place, hs_token_list *ids, hs_error *error)
{
    const bool is_framed = encoder->bos == HS_BOS_NEVER || begins_with_prefix(encoder, bytes, length);
    HS_TRY(encode_bytes(encoder, bytes, length, !is_framed && encoder->bos == HS_BOS_AUTO, text, place, ids, error));
    HS_TRY(hs__tasks_check_vocabulary(encoder, ids, 0, text, place, error));
    return is_framed || encoder->bos == HS_BOS_AUTO ? HS_OK : insert_id(ids, 0, encoder->tokens.bos, error);
}

/* `length` may leave out the end of the text. */
static hs_status encode_start(const task_encoder *encoder, const task_text *text, const char *bytes, size_t length,
                              const char *place, hs_token_list *ids, hs_error *error)
{
    ids->n = 0;
    if (!text->is_ids && length == 0)
        return put_prefix(encoder, text, place, ids, error);
    if (!text->is_ids)
        return encode_framed(encoder, bytes, length, text, place, ids, error);
    HS_TRY(append_given_ids(ids, text, error));
    HS_TRY(hs__tasks_check_vocabulary(encoder, ids, 0, text, place, error));
    return ensure_bos(encoder, ids, error);
}

hs_status hs__tasks_encode_prompt(const task_encoder *encoder, const task_text *text, const char *place,
                                  hs_token_list *ids, hs_error *error)
{
    return encode_start(encoder, text, text->bytes, text->length, place, ids, error);
}

hs_status hs__tasks_context_set(task_context *context, const task_encoder *encoder, const task_text *text,
                                const char *place, hs_error *error)
{
    size_t length = hs__tasks_trimmed_length(text->bytes, text->length);
    context->text = *text;
    context->empty = text->is_ids ? text->n_ids == 0 : length == 0;
    return encode_start(encoder, text, text->bytes, length, place, &context->ids, error);
}

void hs__tasks_context_clear(task_context *context)
{
    hs_tokenizer_token_list_clear(&context->ids);
    hs_text_clear(&context->joined);
}

static hs_status check_pair(const task_context *context, const task_text *continuation, const char *place,
                            hs_error *error)
{
    if (context->text.is_ids != continuation->is_ids)
        return hs_fail(error, HS_ERROR_INPUT, "%s: %s is %s but %s is %s; an example is either text or token ids",
                       place, context->text.label, context->text.is_ids ? "token ids" : "text", continuation->label,
                       continuation->is_ids ? "token ids" : "text");
    if (continuation->length == 0 && continuation->n_ids == 0)
        return hs_fail(error, HS_ERROR_INPUT, "%s: %s is empty", place, continuation->label);
    return HS_OK;
}

/* The continuation's ids depend on the text before it, so both are encoded together. */
static hs_status continue_text(task_context *context, const task_encoder *encoder, const task_text *continuation,
                               const char *place, hs_token_list *ids, hs_error *error)
{
    hs_text *joined = &context->joined;
    joined->length = 0;
    HS_TRY(hs_text_append(joined, context->text.bytes, context->text.length, error));
    HS_TRY(hs_text_append(joined, encoder->delimiter, strlen(encoder->delimiter), error));
    HS_TRY(hs_text_append(joined, continuation->bytes, continuation->length, error));
    if (context->empty) {
        HS_TRY(hs__tasks_append_ids(ids, context->ids.ids, context->ids.n, error));
        HS_TRY(encode_bytes(encoder, joined->text, joined->length, false, continuation, place, ids, error));
        return HS_OK;
    }
    HS_TRY(encode_start(encoder, continuation, joined->text, joined->length, place, ids, error));
    if (ids->n > context->ids.n)
        memcpy(ids->ids, context->ids.ids, context->ids.n * sizeof *ids->ids);
    return HS_OK;
}

static hs_status nothing_to_score(const task_context *context, const task_text *continuation, const char *place,
                                  hs_error *error)
{
    if (context->ids.n > 0)
        return hs_fail(error, HS_ERROR_INPUT, "%s: %s adds no token that could be scored", place, continuation->label);
    return hs_fail(error, HS_ERROR_INPUT,
                   "%s: %s has no second token: without a context the first one cannot be scored", place,
                   continuation->label);
}

/*
 * n_context is at least one, because of a sequence the first token is only read. A prefix token
 * that stands in for an empty context and begins the continuation as well is taken away once, as
 * the harness does for texts that begin with BOS themselves.
 */
hs_status hs__tasks_context_continue(task_context *context, const task_encoder *encoder, const task_text *continuation,
                                     const char *place, hs_token_list *ids, size_t *n_context_out, hs_error *error)
{
    size_t n_context = context->ids.n > 0 ? context->ids.n : 1;
    ids->n = 0;
    *n_context_out = n_context;
    HS_TRY(check_pair(context, continuation, place, error));
    if (continuation->is_ids) {
        HS_TRY(hs__tasks_append_ids(ids, context->ids.ids, context->ids.n, error));
        HS_TRY(append_given_ids(ids, continuation, error));
    } else {
        HS_TRY(continue_text(context, encoder, continuation, place, ids, error));
    }
    bool prefix_twice = context->empty && context->ids.n == 1 && ids->n > 1 && ids->ids[0] == ids->ids[1];
    if (prefix_twice)
        memmove(ids->ids, ids->ids + 1, --ids->n * sizeof *ids->ids);
    if (ids->n <= n_context)
        return nothing_to_score(context, continuation, place, error);
    return hs__tasks_check_vocabulary(encoder, ids, 0, continuation, place, error);
}

hs_status hs__tasks_encode_whole(task_context *scratch, const task_encoder *encoder, const task_text *text,
                                 const char *place, hs_token_list *ids, hs_error *error)
{
    task_text nothing = {.is_ids = text->is_ids, .bytes = ""};
    size_t n_context;
    HS_TRY(hs__tasks_context_set(scratch, encoder, &nothing, place, error));
    return hs__tasks_context_continue(scratch, encoder, text, place, ids, &n_context, error);
}

hs_status hs__tasks_encode_document(const task_encoder *encoder, const task_text *text, const char *place,
                                    hs_token_list *ids, hs_error *error)
{
    if (text->length == 0 && text->n_ids == 0)
        return hs_fail(error, HS_ERROR_INPUT, "%s: %s is empty", place, text->label);
    HS_TRY(encode_start(encoder, text, text->bytes, text->length, place, ids, error));
    if (!text->is_ids)
        HS_TRY(put_prefix(encoder, text, place, ids, error));
    if (ids->n < 2)
        return hs_fail(error, HS_ERROR_INPUT, "%s: %s has no second token: the first one cannot be scored", place,
                       text->label);
    return HS_OK;
}
