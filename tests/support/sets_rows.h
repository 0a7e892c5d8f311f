/*
 * A table of sets from rows that a test writes down: order[n_sets], intervention[n_sets] and max_order slots of
 * {kind, layer, index} a set. hs_sets_clear() it.
 */
#ifndef HEADSWEEP_TESTS_SETS_ROWS_H
#define HEADSWEEP_TESTS_SETS_ROWS_H

#include <stdio.h>
#include <stdlib.h>

#include "headsweep/sets.h"

/* `base`: NULL, or the table that the rows continue. */
static inline hs_sets sets_of_rows(const hs_sets *base, size_t n_sets, size_t max_order, const int32_t *order,
                                   const int32_t *intervention, const int32_t *slots)
{
    hs_sets sets = {.base = base};
    hs_error error = {0};

    for (size_t set = 0; set < n_sets; ++set, slots += 3 * max_order)
        if (hs_sets_append(&sets, intervention[set], 0, (const hs_component *)(const void *)slots, (size_t)order[set],
                           &error) != HS_OK) {
            (void)fprintf(stderr, "%s\n", error.message);
            exit(EXIT_FAILURE);
        }
    return sets;
}

/* A whole table under the one intervention "zero". */
static inline hs_sets zero_sets_of_rows(size_t n_sets, size_t max_order, const int32_t *order,
                                        const int32_t *intervention, const int32_t *slots)
{
    static const char *const names[] = {"zero"};
    hs_sets sets = sets_of_rows(NULL, n_sets, max_order, order, intervention, slots);

    sets.n_interventions = 1;
    sets.intervention_names = names;
    return sets;
}

#endif
