/* Which tokens a text begins and a continuation ends with. */
#include "headsweep/tasks.h"

#include <inttypes.h>
#include <string.h>

/*
 * The tokenizer's own files go before config.json, which is often copied from another model of the
 * family. EOS in BOS's place is what GPT-2 was trained with; it is a prefix, but not a BOS that
 * `bos` could ask for.
 */
static void choose_beginning(const hs_model *model, const hs_tokenizer *tokenizer, hs_text_tokens *tokens)
{
    const struct {
        int32_t id;
        bool is_bos;
        const char *source;
    } ways[] = {
        {tokenizer != NULL ? hs_tokenizer_special(tokenizer, HS_TOKEN_BOS) : -1, true, "bos_token of the tokenizer"},
        {tokenizer != NULL ? hs_tokenizer_special(tokenizer, HS_TOKEN_EOS) : -1, false, "eos_token of the tokenizer"},
        {model->bos_token, true, "bos_token_id of config.json"},
        {model->eos_token, false, "eos_token_id of config.json"},
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (ways[i].id < 0)
            continue;
        tokens->prefix = ways[i].id;
        tokens->prefix_source = ways[i].source;
        if (ways[i].is_bos) {
            tokens->bos = ways[i].id;
            tokens->bos_source = ways[i].source;
        }
        return;
    }
}

/* As generate of transformers; where the files name no end the tokenizer's, as the harness's generate_until. */
static void choose_end(const hs_model *model, const hs_tokenizer *tokenizer, hs_text_tokens *tokens)
{
    const int32_t eos = tokenizer != NULL ? hs_tokenizer_special(tokenizer, HS_TOKEN_EOS) : -1;
    if (model->n_end_tokens > 0) {
        const bool of_config = model->end_tokens_file != NULL && strcmp(model->end_tokens_file, "config.json") == 0;
        tokens->end = model->end_tokens;
        tokens->n_end = model->n_end_tokens;
        tokens->end_source = of_config ? "eos_token_id of config.json" : "eos_token_id of generation_config.json";
    } else if (eos >= 0 && (size_t)eos < model->shape.vocabulary) {
        tokens->end_of_tokenizer = eos;
        tokens->n_end = 1;
        tokens->end_source = "eos_token of the tokenizer";
    }
}

hs_text_tokens hs_tasks_text_tokens_choose(const hs_model *model, const hs_tokenizer *tokenizer)
{
    hs_text_tokens tokens = {
        .bos = -1, .prefix = -1, .bos_source = "", .prefix_source = "", .end_of_tokenizer = -1, .end_source = ""};
    choose_beginning(model, tokenizer, &tokens);
    choose_end(model, tokenizer, &tokens);
    return tokens;
}

const char *hs_tasks_text_token_name(hs_text_token which)
{
    static const char *const NAMES[HS_N_TEXT_TOKENS] = {
        [HS_TEXT_BOS] = "bos_token", [HS_TEXT_PREFIX] = "prefix_token", [HS_TEXT_END] = "end_tokens"};
    return NAMES[which];
}

/* Control characters would break the line. */
static hs_status append_quoted(const hs_text *token, hs_text *text, hs_error *error)
{
    HS_TRY(hs_text_append(text, " \"", 2, error));
    for (size_t i = 0; i < token->length; i++) {
        const unsigned char byte = (unsigned char)token->text[i];
        if (byte >= 0x20 && byte != 0x7F)
            HS_TRY(hs_text_append(text, &token->text[i], 1, error));
        else
            HS_TRY(hs_text_appendf(text, error, "\\x%02x", byte));
    }
    return hs_text_append(text, "\"", 1, error);
}

static hs_status describe_id(int32_t id, const hs_tokenizer *tokenizer, hs_text *text, hs_error *error)
{
    hs_text decoded = {0};
    HS_TRY(hs_text_appendf(text, error, "%" PRId32, id));
    if (tokenizer == NULL || hs_tokenizer_problem(tokenizer) != NULL)
        return HS_OK;
    hs_status status = hs_tokenizer_decode(tokenizer, &id, 1, false, &decoded, error);
    if (status == HS_OK && hs_utf8_check(decoded.text, decoded.length, "", &(hs_error){0}) == HS_OK)
        status = append_quoted(&decoded, text, error);
    hs_text_clear(&decoded);
    return status;
}

/*
 * One line for every kind of token, since people compare them: which id, how it is written, and
 * which file said so.
 */
hs_status hs_tasks_text_tokens_describe(const hs_text_tokens *tokens, hs_text_token which,
                                        const hs_tokenizer *tokenizer, bool with_source, hs_text *text, hs_error *error)
{
    const int32_t *one = which == HS_TEXT_PREFIX ? &tokens->prefix : &tokens->bos;
    const int32_t *several = tokens->end != NULL ? tokens->end : &tokens->end_of_tokenizer;
    const int32_t *ids = which == HS_TEXT_END ? several : one;
    const size_t n = which == HS_TEXT_END ? tokens->n_end : *one >= 0 ? 1 : 0;
    const char *source = which == HS_TEXT_PREFIX ? tokens->prefix_source
                         : which == HS_TEXT_BOS  ? tokens->bos_source
                                                 : tokens->end_source;
    if (n == 0)
        return hs_text_appendf(text, error, "none");
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            HS_TRY(hs_text_appendf(text, error, ", "));
        HS_TRY(describe_id(ids[i], tokenizer, text, error));
    }
    return with_source ? hs_text_appendf(text, error, " (%s)", source) : HS_OK;
}
