/* perplexity: negative log-likelihood of documents in rolling disjoint windows, every token scored once. */
#include "tasks/kinds.h"
#include "tasks/white_space.h"

enum { PERPLEXITY_NLL, PERPLEXITY_TOKENS, PERPLEXITY_WORDS, PERPLEXITY_BYTES, PERPLEXITY_BY_WORD, PERPLEXITY_BY_BYTE };

/*
 * tokens[0] is the prefix token and is not scored. As lm_eval.utils.get_rolling_token_windows with context_len = 1 and
 * max_seq_len = window, made disjoint: each window reads the token before its first target, and the last one, where it
 * has fewer targets, as many tokens more as fill it.
 */
static hs_status add_windows(task_draft *draft, const hs_token_list *tokens, size_t window, hs_error *error)
{
    size_t n_targets = tokens->n - 1;
    size_t end;
    HS_TRY(hs__tasks_draft_span(draft, n_targets, error));
    for (size_t begin = 0; begin < n_targets; begin = end) {
        end = n_targets - begin < window ? n_targets : begin + window;
        size_t first = end < window ? 0 : end - window;
        HS_TRY(hs__tasks_draft_sequence(draft, tokens->ids + first, end - first, error));
        for (size_t row = begin; row < end; row++)
            HS_TRY(hs__tasks_draft_query(draft, row - first, HS_QUERY_LOG_PROBABILITY, tokens->ids[row + 1], error));
    }
    return HS_OK;
}

hs_status hs__tasks_perplexity_compile(task_compiler *compiler, hs_error *error)
{
    task_text text;
    HS_TRY(hs__tasks_compiler_text(compiler, "text", &text, error));
    HS_TRY(hs__tasks_encode_document(&compiler->encoder, &text, compiler->place, &compiler->ids, error));
    if (!text.is_ids) {
        compiler->draft.facts.n_words = hs__tasks_count_words(text.bytes, text.length);
        compiler->draft.facts.n_bytes = text.length;
    }
    return add_windows(&compiler->draft, &compiler->ids, compiler->window, error);
}

void hs__tasks_perplexity_score(const task_answers *answers, float *values)
{
    values[PERPLEXITY_NLL] = (float)-hs__tasks_span_sum(answers, 0);
    values[PERPLEXITY_BY_WORD] = values[PERPLEXITY_NLL];
    values[PERPLEXITY_BY_BYTE] = values[PERPLEXITY_NLL];
    values[PERPLEXITY_TOKENS] = (float)answers->spans[0].n_queries;
    values[PERPLEXITY_WORDS] = (float)answers->facts->n_words;
    values[PERPLEXITY_BYTES] = (float)answers->facts->n_bytes;
}
