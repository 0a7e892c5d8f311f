/* scorer: what every kind of scorer begins with. */
#ifndef TASKS_SCORER_H
#define TASKS_SCORER_H

#include "headsweep/tasks.h"

/* See hs_tasks_scorer_score_pairs; prompts NULL where none are read. */
typedef struct scored_texts {
    const hs_text_list *texts;
    const hs_text_list *prompts;
    size_t n_samples;
} scored_texts;

struct hs_scorer {
    hs_status (*score)(hs_scorer *scorer, const scored_texts *texts, double *scores, hs_error *error);
    void (*clear)(hs_scorer *scorer);
    /* Operations of one text of so many tokens; NULL: next to none. */
    hs_status (*count)(const hs_scorer *scorer, size_t n_tokens, hs_engine_cost *cost_out, hs_error *error);
    uint64_t hash;
    bool reads_prompts;
};

#endif
