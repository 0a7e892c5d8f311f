#include "tasks/scorer.h"

uint64_t hs_scorer_hash(const hs_scorer *scorer)
{
    return scorer->hash;
}

hs_status hs_scorer_score(hs_scorer *scorer, const hs_text_list *texts, double *scores, hs_error *error)
{
    return scorer->score(scorer, texts, scores, error);
}

void hs_scorer_free(hs_scorer *scorer)
{
    if (scorer == NULL)
        return;
    scorer->clear(scorer);
    hs_free(scorer);
}
