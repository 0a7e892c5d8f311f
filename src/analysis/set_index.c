#include <string.h>

#include "analysis/choice.h"

static uint64_t hash_set(const int32_t *components, size_t n, int32_t intervention)
{
    return hs_hash(hs_hash_u64(0, (uint64_t)(int64_t)intervention), components, n * 3 * sizeof *components);
}

static const int32_t *components_of(const hs_results_sets *sets, uint64_t set)
{
    return sets->components + set * sets->max_order * 3;
}

static bool is_set(const hs_results_sets *sets, uint64_t set, const int32_t *components, size_t n, int32_t intervention)
{
    return sets->order[set] == (int32_t)n && sets->intervention[set] == intervention &&
           memcmp(components_of(sets, set), components, n * 3 * sizeof *components) == 0;
}

/* The slot of the set, or the empty one where it would stand. */
static uint64_t *slot_of(const set_index *index, const int32_t *components, size_t n, int32_t intervention)
{
    size_t at = (size_t)hash_set(components, n, intervention) & (index->n_slots - 1);

    while (index->slots[at] != 0 && !is_set(index->sets, index->slots[at] - 1, components, n, intervention))
        at = (at + 1) & (index->n_slots - 1);
    return &index->slots[at];
}

hs_status hs__analysis_set_index_new(const hs_results_sets *sets, set_index *index_out, hs_error *error)
{
    *index_out = (set_index){.sets = sets, .n_slots = 1};
    while (index_out->n_slots < 2 * sets->n_sets)
        index_out->n_slots *= 2;
    HS_TRY(hs_allocate(&index_out->slots, index_out->n_slots, sizeof *index_out->slots, "index of sets", error));
    for (uint64_t set = 0; set < sets->n_sets; ++set) {
        uint64_t *slot =
            slot_of(index_out, components_of(sets, set), (size_t)sets->order[set], sets->intervention[set]);
        if (*slot == 0)
            *slot = set + 1;
    }
    return HS_OK;
}

void hs__analysis_set_index_clear(set_index *index)
{
    hs_free(index->slots);
    *index = (set_index){0};
}

int64_t hs__analysis_set_index_find(const set_index *index, const int32_t *components, size_t n, int32_t intervention)
{
    return (int64_t)*slot_of(index, components, n, intervention) - 1;
}
