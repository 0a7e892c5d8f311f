/* pareto: the sets that no other one beats in what is reduced and all that is kept. */
#include "analysis/inference.h"

/*
 * `set` reduces as much as `other` or more, loses no more of anything that is kept, and is not its equal in all of
 * it.
 */
static bool beats(const hs_analysis *analysis, const hs_objective *objective, uint64_t set, uint64_t other)
{
    double own = hs_analysis_value(analysis, HS_STATISTIC_DELTA, objective->reduce_task, objective->reduce_metric, set);
    double its =
        hs_analysis_value(analysis, HS_STATISTIC_DELTA, objective->reduce_task, objective->reduce_metric, other);
    bool better = own < its;

    if (own > its)
        return false;
    for (size_t i = 0; i < objective->n_keeps; ++i) {
        double own_loss = hs_analysis_objective_loss(analysis, &objective->keeps[i], set);
        double its_loss = hs_analysis_objective_loss(analysis, &objective->keeps[i], other);
        if (own_loss > its_loss)
            return false;
        better = better || own_loss < its_loss;
    }
    return better;
}

/* Sets come in the order of what they reduce, so a newcomer can only beat members of the front that reduce the same. */
void hs__analysis_pareto_front(const hs_analysis *analysis, const hs_objective *objective, hs_ranking *ranking)
{
    size_t n_front = 0;

    for (size_t i = 0; i < ranking->n; ++i) {
        uint64_t set = ranking->sets[i];
        bool beaten = false;
        for (size_t k = 0; !beaten && k < n_front; ++k)
            beaten = beats(analysis, objective, ranking->sets[k], set);
        if (beaten)
            continue;
        while (n_front > 0 && beats(analysis, objective, set, ranking->sets[n_front - 1]))
            --n_front;
        ranking->sets[n_front++] = set;
    }
    ranking->n = n_front;
}
