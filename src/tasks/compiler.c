/* What the kinds turn a line of a data file into a draft with. */
#include "tasks/task.h"
#include "tasks/white_space.h"

void hs__tasks_compiler_clear(task_compiler *compiler)
{
    hs__tasks_encoder_clear(&compiler->encoder);
    hs__tasks_draft_clear(&compiler->draft);
    hs__tasks_context_clear(&compiler->context);
    hs_tokenizer_token_list_clear(&compiler->ids);
    hs_tokenizer_encoding_clear(&compiler->encoding);
    hs__tasks_field_map_clear(&compiler->fields);
    hs_text_clear(&compiler->choice);
    hs_text_clear(&compiler->joined);
    hs_text_clear(&compiler->label);
}

hs_status hs__tasks_compiler_text(task_compiler *compiler, const char *name, task_text *text_out, hs_error *error)
{
    return hs__tasks_field_text(&compiler->fields, name, compiler->line, compiler->place, text_out, error);
}

/* A field that a line need not have, unless the experiment file says where it is. */
static hs_status read_optional(task_compiler *compiler, const char *name, bool wanted, task_text *text_out,
                               bool *found_out, hs_error *error)
{
    const task_field_map *fields = &compiler->fields;
    *found_out = hs__tasks_field_is_mapped(fields, name) ||
                 (wanted && hs__tasks_field_find(fields, name, compiler->line) != NULL);
    return *found_out ? hs__tasks_compiler_text(compiler, name, text_out, error) : HS_OK;
}

hs_status hs__tasks_compiler_input(task_compiler *compiler, const char *name, size_t n_most, hs_error *error)
{
    task_input input = {.text = {.bytes = NULL}};
    task_draft *draft = &compiler->draft;
    HS_TRY(hs__tasks_compiler_text(compiler, name, &input.text, error));
    HS_TRY(read_optional(compiler, "pair", true, &input.pair, &input.has_pair, error));
    HS_TRY(read_optional(compiler, "token_type_ids", input.text.is_ids, &input.types, &input.has_types, error));
    HS_TRY(hs__tasks_encode_input(&compiler->encoder, &input, compiler->place, n_most, &compiler->encoding, error));
    draft->truncated = compiler->encoding.truncated;
    draft->is_pair = input.has_pair && input.pair.length > 0;
    draft->is_joined = !input.has_pair && hs__tasks_has_field(&compiler->fields, "pair") &&
                       hs__tasks_has_separator(&compiler->encoder, &input.text);
    return HS_OK;
}

hs_status hs__tasks_compiler_prompt(task_compiler *compiler, const char *name, hs_error *error)
{
    hs_token_list *ids = &compiler->ids;
    task_text prompt;
    HS_TRY(hs__tasks_compiler_text(compiler, name, &prompt, error));
    HS_TRY(hs__tasks_encode_prompt(&compiler->encoder, &prompt, compiler->place, ids, error));
    if (ids->n == 0)
        return hs_fail(error, HS_ERROR_INPUT, "%s: %s gives no token after which the next one could be predicted",
                       compiler->place, prompt.label);
    HS_TRY(hs__tasks_draft_sequence(&compiler->draft, ids->ids, ids->n, error));
    return hs__tasks_draft_span(&compiler->draft, 1, error);
}

hs_status hs__tasks_compiler_context(task_compiler *compiler, const char *name, hs_error *error)
{
    task_text text;
    HS_TRY(hs__tasks_compiler_text(compiler, name, &text, error));
    return hs__tasks_context_set(&compiler->context, &compiler->encoder, &text, compiler->place, error);
}

hs_status hs__tasks_compiler_continue(task_compiler *compiler, const char *name, hs_error *error)
{
    task_text text;
    size_t n_context;
    HS_TRY(hs__tasks_compiler_text(compiler, name, &text, error));
    HS_TRY(hs__tasks_context_continue(&compiler->context, &compiler->encoder, &text, compiler->place, &compiler->ids,
                                      &n_context, error));
    return hs__tasks_draft_continuation(&compiler->draft, &compiler->ids, n_context, HS_QUERY_LOG_PROBABILITY,
                                        compiler->ids.n - n_context, error);
}

/*
 * As LAMBADA is scored: the last word is what is predicted, and the white space before it stays
 * with the context, from where the encoder moves it to the continuation as for any other pair.
 */
hs_status hs__tasks_compiler_cut(task_compiler *compiler, const char *name, task_text *context, task_text *word,
                                 hs_error *error)
{
    if (compiler->encoder.delimiter[0] != '\0')
        return hs_fail(error, HS_ERROR_USAGE, "delimiter: field `%s` is cut at its own white space and needs none",
                       name);
    HS_TRY(hs__tasks_compiler_text(compiler, name, context, error));
    *word = *context;
    if (context->is_ids)
        return hs_fail(error, HS_ERROR_INPUT,
                       "%s: field `%s` holds token ids, which have no last word; give both parts", compiler->place,
                       name);
    size_t length = hs__tasks_trimmed_length(context->bytes, context->length);
    size_t start = hs__tasks_last_word(context->bytes, length);
    word->bytes += start;
    word->length = length - start;
    context->length = start;
    return HS_OK;
}
