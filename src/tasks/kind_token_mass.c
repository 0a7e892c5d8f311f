/* token_mass: how probable it is that an entry of a lexicon comes next. */
#include "tasks/kinds.h"

hs_status hs__tasks_token_mass_compile(task_compiler *compiler, hs_error *error)
{
    HS_TRY(hs__tasks_compiler_prompt(compiler, "prompt", error));
    return hs__tasks_draft_query(&compiler->draft, compiler->ids.n - 1, HS_QUERY_LIST_PROBABILITY, 0, error);
}

void hs__tasks_token_mass_score(const task_answers *answers, float *values)
{
    values[0] = (float)hs__tasks_span_sum(answers, 0);
}
