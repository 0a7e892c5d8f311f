/* Which ablation sets have their generated texts kept: the clean model and the best of the ranking. */
#include "study/session.h"

/* The clean model and the best of the ranking, as many as there is room for. */
static hs_status choose_sets(const hs_analysis *analysis, const hs_results_task *task, uint64_t *sets, uint64_t *n_out,
                             hs_error *error)
{
    hs_ranking_request request;
    hs_ranking ranking = {0};
    hs_status status;

    HS_GOTO_DONE(hs_analysis_request_parse(analysis, analysis->objective.reduce[0] != '\0' ? NULL : task->name,
                                           &request, error));
    HS_GOTO_DONE(hs_analysis_rank(analysis, &request, &ranking, error));
    sets[0] = 0;
    *n_out = 1;
    for (size_t i = 0; i < ranking.n && *n_out < task->n_text_sets; ++i)
        if (ranking.sets[i] != 0)
            sets[(*n_out)++] = ranking.sets[i];
done:
    hs_analysis_ranking_clear(&ranking);
    return status;
}

/* Rank 0 has the ranking, all ranks sample; so the choice is broadcast. */
static hs_status save_task(study_session *s, const hs_analysis *analysis, size_t task, hs_error *error)
{
    const hs_results_task *of = hs_results_task_at(s->results, task);
    uint64_t *sets = NULL;
    uint64_t n_sets = 0;
    hs_status status = hs_allocate(&sets, of->n_text_sets, sizeof *sets, "text sets", error);

    if (status == HS_OK && analysis != NULL)
        status = choose_sets(analysis, of, sets, &n_sets, error);
    HS_GOTO_DONE(hs_comm_agree(s->comm, status, error));
    HS_GOTO_DONE(hs_comm_broadcast(s->comm, &n_sets, sizeof n_sets, 0, error));
    HS_GOTO_DONE(hs_comm_broadcast(s->comm, sets, of->n_text_sets * sizeof *sets, 0, error));
    HS_GOTO_DONE(hs__study_save_texts(s->comm, s->study, s->results, task, sets, (size_t)n_sets, error));
done:
    hs_free(sets);
    return status;
}

hs_status hs__study_save_best_texts(study_session *s, const hs_analysis *analysis, hs_error *error)
{
    for (size_t task = 0; task < hs_results_n_tasks(s->results); ++task)
        if (hs_results_task_at(s->results, task)->n_text_sets > 0)
            HS_TRY(save_task(s, analysis, task, error));
    return HS_OK;
}
