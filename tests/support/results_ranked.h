/* Whether a results file holds a whole ranking; one that cannot be read holds none. */
#ifndef HEADSWEEP_TESTS_RESULTS_RANKED_H
#define HEADSWEEP_TESTS_RESULTS_RANKED_H

#include "headsweep/results.h"

static inline bool results_is_ranked(hs_results *results)
{
    hs_error error = {0};
    bool done;

    return hs_results_ranking_done(results, &done, &error) == HS_OK && done;
}

#endif
