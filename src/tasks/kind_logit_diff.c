/* logit_diff: logit[target] - logit[distractor] after a prompt, as for indirect object identification (IOI). */
#include <string.h>

#include "tasks/kinds.h"

enum { LOGIT_DIFF, LOGIT_ACC };
enum { MAX_SHOWN_TOKENS = 8, SHOWN_TOKENS_CAPACITY = 512 };

/* One token as `464 "The"`, or as its id alone where there is no tokenizer. */
static int show_token(const task_encoder *encoder, int32_t id, char *buffer, size_t capacity)
{
    hs_error ignored = {0};
    hs_text piece = {0};
    char quoted[32];
    int n;
    if (encoder->tokenizer != NULL &&
        hs_tokenizer_decode(encoder->tokenizer, &id, 1, false, &piece, &ignored) == HS_OK && piece.text != NULL)
        n = snprintf(buffer, capacity, "%d \"%s\"", (int)id,
                     hs__tasks_quote(piece.text, piece.length, quoted, sizeof quoted));
    else
        n = snprintf(buffer, capacity, "%d", (int)id);
    hs_text_clear(&piece);
    return n;
}

/* The first tokens of a list, for a message; returns buffer. */
static const char *show_tokens(const task_encoder *encoder, const int32_t *ids, size_t n, char *buffer, size_t capacity)
{
    size_t used = 0;
    buffer[0] = '\0';
    for (size_t i = 0; i < n && i < MAX_SHOWN_TOKENS && used + 2 < capacity; i++) {
        if (i > 0) {
            memcpy(buffer + used, ", ", 3);
            used += 2;
        }
        int written = show_token(encoder, ids[i], buffer + used, capacity - used);
        used += written > 0 ? (size_t)written : 0;
    }
    return buffer;
}

/* The one token of a text after the prompt. */
static hs_status read_answer(task_compiler *compiler, const task_text *text, int32_t *token_out, hs_error *error)
{
    size_t n_context;
    char shown[SHOWN_TOKENS_CAPACITY];
    HS_TRY(hs__tasks_context_continue(&compiler->context, &compiler->encoder, text, compiler->place, &compiler->ids,
                                      &n_context, error));
    size_t n = compiler->ids.n - n_context;
    const int32_t *tokens = compiler->ids.ids + n_context;
    if (n != 1)
        return hs_fail(error, HS_ERROR_INPUT, "%s: %s is %zu tokens after the prompt (%s); it must be one",
                       compiler->place, text->label, n,
                       show_tokens(&compiler->encoder, tokens, n, shown, sizeof shown));
    *token_out = tokens[0];
    return HS_OK;
}

/* Sets the context from `prompt`, or from `text` without its last word, which is the target. */
static hs_status read_prompt(task_compiler *compiler, task_text *target, hs_error *error)
{
    task_text prompt;
    bool has_text = hs__tasks_field_is_mapped(&compiler->fields, "text");
    if (has_text && hs__tasks_field_is_mapped(&compiler->fields, "prompt"))
        return hs_fail(error, HS_ERROR_USAGE, "fields: logit_diff takes `text`, or `prompt` and `target`, not both");
    if (!has_text) {
        HS_TRY(hs__tasks_compiler_context(compiler, "prompt", error));
        return hs__tasks_compiler_text(compiler, "target", target, error);
    }
    HS_TRY(hs__tasks_compiler_cut(compiler, "text", &prompt, target, error));
    return hs__tasks_context_set(&compiler->context, &compiler->encoder, &prompt, compiler->place, error);
}

/*
 * Both answers are encoded after the prompt, which the compiler holds, since the token of " Mary"
 * depends on what is before it. Equal tokens, as of two names with one first piece, would make
 * every difference 0.
 */
hs_status hs__tasks_logit_diff_compile(task_compiler *compiler, hs_error *error)
{
    task_draft *draft = &compiler->draft;
    task_text text;
    int32_t target;
    int32_t distractor;
    HS_TRY(read_prompt(compiler, &text, error));
    HS_TRY(read_answer(compiler, &text, &target, error));
    HS_TRY(hs__tasks_compiler_text(compiler, "distractor", &text, error));
    HS_TRY(read_answer(compiler, &text, &distractor, error));
    if (target == distractor)
        return hs_fail(error, HS_ERROR_INPUT, "%s: target and distractor are the same token, %d", compiler->place,
                       (int)target);
    size_t n_context = compiler->ids.n - 1;
    HS_TRY(hs__tasks_draft_sequence(draft, compiler->ids.ids, n_context, error));
    HS_TRY(hs__tasks_draft_span(draft, 1, error));
    HS_TRY(hs__tasks_draft_query(draft, n_context - 1, HS_QUERY_LOGIT, target, error));
    HS_TRY(hs__tasks_draft_span(draft, 1, error));
    return hs__tasks_draft_query(draft, n_context - 1, HS_QUERY_LOGIT, distractor, error);
}

void hs__tasks_logit_diff_score(const task_answers *answers, float *values)
{
    double difference = hs__tasks_span_sum(answers, 0) - hs__tasks_span_sum(answers, 1);
    values[LOGIT_DIFF] = (float)difference;
    values[LOGIT_ACC] = difference > 0 ? 1.0F : 0.0F;
}
