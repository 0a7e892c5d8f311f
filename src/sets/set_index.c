/*
 * Finding a set by what it holds. The hash of a set is the sum of its components' hashes: that of a set with one
 * component more is one addition away, however large the set is.
 */
#include "headsweep/sets.h"
#include "sets/set_table.h"

#include <string.h>

static uint64_t hash_component(const hs_component *component)
{
    const uint64_t place = (uint64_t)(uint32_t)component->layer << 32 | (uint32_t)component->index;

    return hs_hash_u64((uint64_t)(int64_t)component->kind, place);
}

static uint64_t hash_components(const hs_component *components, size_t n)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < n; ++i)
        sum += hash_component(&components[i]);
    return sum;
}

static void hash_sets(hs_sets_index *index)
{
    for (uint64_t set = 0; set < index->sets->n_sets; ++set) {
        size_t n;
        uint64_t parent;
        const hs_component *own = hs__sets_own(index->sets, set, &n, &parent);
        index->hashes[set] = hash_components(own, n) + (set > 0 ? index->hashes[parent] : 0);
    }
}

/* What is looked for. */
typedef struct wanted {
    uint64_t hash;
    int32_t intervention;
    uint64_t parent;
    const hs_component *components;
    size_t n;
} wanted;

/* Sets of one hash are nearly always equal: writing both out costs what is found, not what is looked at. */
static bool holds_the_same(const hs_sets_index *index, uint64_t set, const wanted *w)
{
    const hs_sets *sets = index->sets;
    hs_component *found = index->scratch, *own = found + sets->max_order;
    const size_t n_parent = (size_t)sets->order[w->parent];

    if ((size_t)sets->order[set] != n_parent + w->n)
        return false;
    hs_sets_view(sets, set, found);
    hs_sets_view(sets, w->parent, own);
    if (w->n > 0)
        memcpy(own + n_parent, w->components, w->n * sizeof *own);
    hs_sets_sort_components(own, n_parent + w->n);
    return hs_sets_compare(found, n_parent + w->n, own, n_parent + w->n) == 0;
}

/* The usual case of a pruning curve: the same components were added to the same parent. */
static bool adds_the_same(const hs_sets *sets, uint64_t set, const wanted *w)
{
    size_t n;
    uint64_t parent;
    const hs_component *own = hs__sets_own(sets, set, &n, &parent);

    return w->n == 1 && n == 1 && parent == w->parent && hs_sets_compare(own, 1, w->components, 1) == 0;
}

static bool is_set(const hs_sets_index *index, uint64_t set, const wanted *w)
{
    return index->hashes[set] == w->hash && index->sets->intervention[set] == w->intervention &&
           (adds_the_same(index->sets, set, w) || holds_the_same(index, set, w));
}

/* The slot of the set, or the empty one where it would stand. */
static uint32_t *slot_of(const hs_sets_index *index, const wanted *w)
{
    size_t at = (size_t)hs_hash_u64(w->hash, (uint64_t)(int64_t)w->intervention) & (index->n_slots - 1);

    while (index->slots[at] != 0 && !is_set(index, index->slots[at] - 1, w))
        at = (at + 1) & (index->n_slots - 1);
    return &index->slots[at];
}

static void fill_slots(hs_sets_index *index)
{
    const hs_sets *sets = index->sets;

    for (uint64_t set = 0; set < sets->n_sets; ++set) {
        size_t n;
        wanted w = {.hash = index->hashes[set], .intervention = sets->intervention[set]};
        w.components = hs__sets_own(sets, set, &n, &w.parent);
        w.n = n;
        uint32_t *slot = slot_of(index, &w);
        if (*slot == 0)
            *slot = (uint32_t)set + 1;
    }
}

hs_status hs_sets_index_new(const hs_sets *sets, hs_sets_index *index_out, hs_error *error)
{
    *index_out = (hs_sets_index){.sets = sets, .n_slots = 1};
    while (2 * index_out->n_slots < 3 * sets->n_sets)
        index_out->n_slots *= 2;
    HS_TRY(hs_allocate(&index_out->hashes, sets->n_sets, sizeof *index_out->hashes, "index of sets", error));
    HS_TRY(hs_allocate(&index_out->slots, index_out->n_slots, sizeof *index_out->slots, "index of sets", error));
    HS_TRY(hs_allocate(&index_out->scratch, 2 * sets->max_order, sizeof *index_out->scratch, "index of sets", error));
    hash_sets(index_out);
    fill_slots(index_out);
    return HS_OK;
}

void hs_sets_index_clear(hs_sets_index *index)
{
    hs_free(index->hashes);
    hs_free(index->slots);
    hs_free(index->scratch);
    *index = (hs_sets_index){0};
}

int64_t hs_sets_find(const hs_sets_index *index, int32_t intervention, uint64_t parent, const hs_component *components,
                     size_t n)
{
    const wanted w = {hash_components(components, n) + index->hashes[parent], intervention, parent, components, n};

    if ((size_t)index->sets->order[parent] + n > index->sets->max_order)
        return -1;
    return (int64_t)*slot_of(index, &w) - 1;
}
