/*
 * prefix_answers: who is told of which answers, and when: the ablations of nodes that went through the tail, equal ones
 * with them, after the reference engine has seen to those that are not finite.
 */
#include "engine/prefix.h"
#include "engine/state.h"

#include <math.h>
#include <string.h>

double *hs__engine_prefix_answers(const struct hs_prefix *prefix, const struct hs_ablation_node *node)
{
    return node->is_wanted ? prefix->evaluation.answers + node->ablation * prefix->workload->n_queries : NULL;
}

static hs_status ignore_answers(void *context, size_t first, size_t n, hs_error *error)
{
    (void)context;
    (void)first;
    (void)n;
    (void)error;
    return HS_OK;
}

/*
 * An ablation with an answer that is not finite is given to the reference engine, whose answers count: where the
 * ablated head was all that overflowed, a difference cannot take that back, but a pass of its own has finite ones.
 */
static hs_status answer_again(const struct hs_prefix *prefix, const hs_ablation *ablation, double *answers,
                              hs_error *error)
{
    const hs_answering unheard = {.answered = ignore_answers};
    hs_engine *engine = prefix->evaluation.engine;
    struct hs_prepared prepared = {.methods = &HS__ENGINE_REFERENCE_METHODS, .workload = prefix->workload};
    hs_status status = prepared.methods->prepare(engine, &prepared, error);
    if (status == HS_OK)
        status = prepared.methods->answer(engine, &prepared, ablation, 1, &unheard, answers, error);
    prepared.methods->clear(&prepared);
    return status;
}

static bool are_finite(const double *answers, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(answers[i]))
            return false;
    return true;
}

static bool is_news(const struct hs_prefix *prefix, size_t ablation)
{
    const bool *skips = prefix->evaluation.answering->skips;
    return prefix->tree.nodes[prefix->tree.ablation_node[ablation]].is_answered && (skips == NULL || !skips[ablation]);
}

/* Answers of an ablation are those of the first that is equal to it. Returns whether they are finite. */
static bool copy_answers(const struct hs_prefix *prefix, size_t ablation)
{
    size_t n_queries = prefix->workload->n_queries;
    size_t first = prefix->tree.nodes[prefix->tree.ablation_node[ablation]].ablation;
    double *answers = prefix->evaluation.answers + ablation * n_queries;
    if (first != ablation)
        memcpy(answers, prefix->evaluation.answers + first * n_queries, n_queries * sizeof *answers);
    return are_finite(answers, n_queries);
}

/*
 * Ablations from `first` on that have news, told of at once; one that has to be answered again, which takes a pass of
 * its own, is told of alone. Returns where to go on in *end_out.
 */
static hs_status tell_from(struct hs_prefix *prefix, size_t first, size_t *end_out, hs_error *error)
{
    const struct hs_evaluation *evaluation = &prefix->evaluation;
    double *answers = evaluation->answers + first * prefix->workload->n_queries;
    size_t end = first;
    while (end < evaluation->n_ablations && is_news(prefix, end) && copy_answers(prefix, end))
        end++;
    if (end == first && end < evaluation->n_ablations && is_news(prefix, end)) {
        HS_TRY(answer_again(prefix, &evaluation->ablations[first], answers, error));
        end++;
    }
    *end_out = end > first ? end : first + 1;
    return end == first ? HS_OK
                        : evaluation->answering->answered(evaluation->answering->context, first, end - first, error);
}

hs_status hs__engine_prefix_tell(struct hs_prefix *prefix, hs_error *error)
{
    for (size_t first = 0, end = 0; first < prefix->evaluation.n_ablations; first = end)
        HS_TRY(tell_from(prefix, first, &end, error));
    for (size_t i = 0; i < prefix->tree.n_nodes; i++)
        prefix->tree.nodes[i].is_answered = false;
    return HS_OK;
}
