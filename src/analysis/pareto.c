/* pareto: the sets that no other one beats in what is reduced and all that is kept. */
#include "analysis/inference.h"

/*
 * `set` reduces as much as `other` or more, loses no more of anything that is kept, and is not its equal in all of
 * it.
 */
static bool beats(const ranked_set *set, const ranked_set *other, const double *losses, size_t n_keeps)
{
    const double *own = losses + set->place * n_keeps, *its = losses + other->place * n_keeps;
    bool better = set->key < other->key;

    if (set->key > other->key)
        return false;
    for (size_t i = 0; i < n_keeps; ++i) {
        if (own[i] > its[i])
            return false;
        better = better || own[i] < its[i];
    }
    return better;
}

/* Sets come in the order of what they reduce, so a newcomer can only beat members of the front that reduce the same. */
size_t hs__analysis_pareto_front(ranked_set *ranked, size_t n, const double *losses, size_t n_keeps)
{
    size_t n_front = 0;

    for (size_t i = 0; i < n; ++i) {
        const ranked_set set = ranked[i];
        bool beaten = false;
        for (size_t k = 0; !beaten && k < n_front; ++k)
            beaten = beats(&ranked[k], &set, losses, n_keeps);
        if (beaten)
            continue;
        while (n_front > 0 && beats(&set, &ranked[n_front - 1], losses, n_keeps))
            --n_front;
        ranked[n_front++] = set;
    }
    return n_front;
}
