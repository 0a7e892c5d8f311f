/*
 * minimal_pair: which of two sentences is the likelier, as lm-evaluation-harness scores BLiMP: without a context.
 * Masked language models by pseudo-log-likelihood.
 */
#include "tasks/kinds.h"

enum { PAIR_ACC, PAIR_MARGIN };

static hs_status add_sentence(task_compiler *compiler, const char *name, hs_error *error)
{
    task_text text;
    if (compiler->encoder.model->shape.head == HS_HEAD_MASKED_LANGUAGE_MODEL)
        return hs__tasks_pseudo_likelihood_add(compiler, name, error);
    HS_TRY(hs__tasks_compiler_text(compiler, name, &text, error));
    HS_TRY(
        hs__tasks_encode_whole(&compiler->context, &compiler->encoder, &text, compiler->place, &compiler->ids, error));
    return hs__tasks_draft_continuation(&compiler->draft, &compiler->ids, 1, HS_QUERY_LOG_PROBABILITY,
                                        compiler->ids.n - 1, error);
}

hs_status hs__tasks_minimal_pair_compile(task_compiler *compiler, hs_error *error)
{
    HS_TRY(add_sentence(compiler, "good", error));
    return add_sentence(compiler, "bad", error);
}

void hs__tasks_minimal_pair_score(const task_answers *answers, float *values)
{
    double good = hs__tasks_span_sum(answers, 0);
    double bad = hs__tasks_span_sum(answers, 1);
    values[PAIR_ACC] = good >= bad ? 1.0F : 0.0F;
    values[PAIR_MARGIN] = (float)(good - bad);
}
