/*
 * The hash of a table as if every set were written out: what an experiment is known by must not depend on how sets
 * are stored.
 */
#include "headsweep/sets.h"

#include <string.h>

/* Every set with `max_order` slots, -1 in those that it has no component for; `slots` is scratch for them. */
static void add_components(const hs_sets *sets, size_t n_sets, size_t max_order, hs_component *slots,
                           hs_hash_pieces *pieces)
{
    memset(slots, -1, max_order * sizeof *slots);
    for (size_t set = 0; set < n_sets; ++set) {
        const size_t order = (size_t)sets->order[set], before = set > 0 ? (size_t)sets->order[set - 1] : 0;
        hs_sets_view(sets, set, slots);
        if (order < before)
            memset(slots + order, -1, (before - order) * sizeof *slots);
        hs_hash_add(pieces, slots, max_order * sizeof *slots);
    }
}

/*
 * What goes in, and in which order, may never change: files that exist would belong to no
 * experiment any more.
 */
hs_status hs_sets_hash(const hs_sets *sets, size_t n_sets, size_t max_order, uint64_t seed, uint64_t *hash_out,
                       hs_error *error)
{
    uint64_t hash = hs_hash(seed, sets->order, n_sets * sizeof *sets->order);
    hs_hash_pieces *pieces = NULL;
    hs_component *slots = NULL;
    hs_status status;

    hash = hs_hash(hash, sets->intervention, n_sets * sizeof *sets->intervention);
    HS_GOTO_DONE(hs_allocate(&slots, max_order, sizeof *slots, "hash of ablation sets", error));
    HS_GOTO_DONE(hs_hash_begin(hash, &pieces, error));
    add_components(sets, n_sets, max_order, slots, pieces);
    hash = hs_hash_end(pieces);
    for (size_t i = 0; i < sets->n_interventions; ++i)
        hash = hs_hash_text(hash, sets->intervention_names[i]);
    *hash_out = hash;
done:
    hs_free(slots);
    return status;
}
