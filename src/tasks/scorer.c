/* scorer: the calls that go to whichever kind of scorer was opened. */
#include "tasks/scorer.h"

uint64_t hs_tasks_scorer_hash(const hs_scorer *scorer)
{
    return scorer->hash;
}

hs_status hs_tasks_scorer_score(hs_scorer *scorer, const hs_text_list *texts, double *scores, hs_error *error)
{
    const scored_texts alone = {.texts = texts};
    return scorer->score(scorer, &alone, scores, error);
}

bool hs_tasks_scorer_reads_prompts(const hs_scorer *scorer)
{
    return scorer->reads_prompts;
}

hs_status hs_tasks_scorer_score_pairs(hs_scorer *scorer, const hs_text_list *prompts, size_t n_samples,
                                      const hs_text_list *texts, double *scores, hs_error *error)
{
    const scored_texts pairs = {texts, prompts, n_samples};
    return scorer->score(scorer, &pairs, scores, error);
}

void hs_tasks_scorer_free(hs_scorer *scorer)
{
    if (scorer == NULL)
        return;
    scorer->clear(scorer);
    hs_free(scorer);
}
