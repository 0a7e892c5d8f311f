/* pseudo_likelihood: how well a masked language model predicts each token of a text from the rest. */
#include "tasks/kinds.h"

enum { PSEUDO_PLL, PSEUDO_TOKENS };

static hs_status find_mask(const task_compiler *compiler, int32_t *mask_out, hs_error *error)
{
    const hs_tokenizer *tokenizer = compiler->encoder.tokenizer;
    *mask_out = tokenizer != NULL ? hs_tokenizer_special(tokenizer, HS_TOKEN_MASK) : -1;
    if (*mask_out >= 0 && (size_t)*mask_out < compiler->encoder.model->shape.vocabulary)
        return HS_OK;
    if (tokenizer != NULL && hs_tokenizer_problem(tokenizer) != NULL)
        return hs_fail(error, HS_ERROR_INPUT,
                       "%s: the id of the mask token is not known, as the tokenizer is not read: %s", compiler->place,
                       hs_tokenizer_problem(tokenizer));
    return hs_fail(error, HS_ERROR_INPUT,
                   "%s: the checkpoint's tokenizer names no mask token; tokenizer_config.json can, as mask_token",
                   compiler->place);
}

/* Salazar et al. 2020 (arXiv:1910.14659), eq. 1. */
hs_status hs__tasks_pseudo_likelihood_add(task_compiler *compiler, const char *name, hs_error *error)
{
    hs_token_list *ids = &compiler->encoding.ids;
    int32_t mask;
    HS_TRY(find_mask(compiler, &mask, error));
    HS_TRY(hs__tasks_compiler_input(compiler, name, SIZE_MAX, error));
    HS_TRY(hs__tasks_draft_span(&compiler->draft, 1, error));
    for (size_t row = 0; row < ids->n; row++) {
        int32_t token = ids->ids[row];
        if (compiler->encoding.special.ids[row] != 0)
            continue;
        ids->ids[row] = mask;
        HS_TRY(hs__tasks_draft_encoding(&compiler->draft, &compiler->encoding, error));
        HS_TRY(hs__tasks_draft_query(&compiler->draft, row, HS_QUERY_LOG_PROBABILITY, token, error));
        ids->ids[row] = token;
    }
    return HS_OK;
}

hs_status hs__tasks_pseudo_likelihood_compile(task_compiler *compiler, hs_error *error)
{
    return hs__tasks_pseudo_likelihood_add(compiler, "text", error);
}

void hs__tasks_pseudo_likelihood_score(const task_answers *answers, float *values)
{
    values[PSEUDO_PLL] = (float)hs__tasks_span_sum(answers, 0);
    values[PSEUDO_TOKENS] = (float)answers->spans[0].n_queries;
}
