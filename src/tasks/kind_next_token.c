/* next_token: does the model continue the context with the target? As lm-evaluation-harness scores LAMBADA. */
#include "tasks/kinds.h"

enum { NEXT_ACC, NEXT_LOG_PROBABILITY };
enum { SPAN_LOG_PROBABILITY, SPAN_GREEDY };

/*
 * Whether the line's example is `text`, or `context` and `target`. What the experiment file maps decides, else what
 * there is.
 */
static hs_status uses_text(const task_compiler *compiler, bool *text_out, hs_error *error)
{
    const task_field_map *fields = &compiler->fields;
    bool pair_mapped = hs__tasks_field_is_mapped(fields, "context") || hs__tasks_field_is_mapped(fields, "target");
    *text_out = hs__tasks_field_is_mapped(fields, "text");
    if (*text_out && pair_mapped)
        return hs_fail(error, HS_ERROR_USAGE, "fields: next_token takes `text`, or `context` and `target`, not both");
    if (*text_out || pair_mapped)
        return HS_OK;
    *text_out = hs__tasks_field_find(fields, "text", compiler->line) != NULL;
    if (*text_out || hs__tasks_field_find(fields, "target", compiler->line) != NULL)
        return HS_OK;
    return hs__tasks_field_missing("field `text`, or `context` and `target`,", compiler->line, compiler->place, error);
}

/*
 * Two spans over the same tokens: their log-probabilities are summed, and all of them must be
 * greedy for the target to be what the model would say.
 */
hs_status hs__tasks_next_token_compile(task_compiler *compiler, hs_error *error)
{
    task_text context;
    task_text target;
    bool text;
    size_t n_context;
    HS_TRY(uses_text(compiler, &text, error));
    if (text) {
        HS_TRY(hs__tasks_compiler_cut(compiler, "text", &context, &target, error));
    } else {
        HS_TRY(hs__tasks_compiler_text(compiler, "context", &context, error));
        HS_TRY(hs__tasks_compiler_text(compiler, "target", &target, error));
    }
    HS_TRY(hs__tasks_context_set(&compiler->context, &compiler->encoder, &context, compiler->place, error));
    HS_TRY(hs__tasks_context_continue(&compiler->context, &compiler->encoder, &target, compiler->place, &compiler->ids,
                                      &n_context, error));
    size_t length = compiler->ids.n - n_context;
    HS_TRY(hs__tasks_draft_continuation(&compiler->draft, &compiler->ids, n_context, HS_QUERY_LOG_PROBABILITY, length,
                                        error));
    return hs__tasks_draft_continuation(&compiler->draft, &compiler->ids, n_context, HS_QUERY_IS_GREEDY, length, error);
}

void hs__tasks_next_token_score(const task_answers *answers, float *values)
{
    double n_greedy = hs__tasks_span_sum(answers, SPAN_GREEDY);
    values[NEXT_ACC] = n_greedy == (double)answers->spans[SPAN_GREEDY].n_queries ? 1.0F : 0.0F;
    values[NEXT_LOG_PROBABILITY] = (float)hs__tasks_span_sum(answers, SPAN_LOG_PROBABILITY);
}
