/* The table of sets: growing it, and reading a set. How sets are stored stands in the header. */
#include "headsweep/sets.h"

#include <string.h>

size_t hs_sets_bytes(size_t n_sets, size_t n_added)
{
    return (n_sets + 1) * sizeof(uint64_t) + 3 * n_sets * sizeof(int32_t) + n_added * sizeof(hs_component);
}

void hs_sets_place(hs_sets *sets, void *block, size_t n_sets, size_t n_added)
{
    sets->first_added = block;
    sets->order = (int32_t *)(sets->first_added + n_sets + 1);
    sets->intervention = sets->order + n_sets;
    sets->parent = sets->intervention + n_sets;
    sets->added = (hs_component *)(sets->parent + n_sets);
    sets->room = n_sets;
    sets->room_added = n_added;
}

static void copy_array(void *to, const void *from, size_t n, size_t size)
{
    if (n > 0)
        memcpy(to, from, n * size);
}

/* Into a block of its own, one for all arrays, so that a table is either as it was or has all the room. */
static hs_status move_to(hs_sets *sets, size_t room, size_t room_added, hs_error *error)
{
    hs_sets moved = *sets;

    HS_TRY(hs_allocate(&moved.block, hs_sets_bytes(room, room_added), 1, "table of ablation sets", error));
    hs_sets_place(&moved, moved.block, room, room_added);
    copy_array(moved.order, sets->order, sets->n_sets, sizeof *sets->order);
    copy_array(moved.intervention, sets->intervention, sets->n_sets, sizeof *sets->intervention);
    copy_array(moved.parent, sets->parent, sets->n_sets, sizeof *sets->parent);
    copy_array(moved.first_added, sets->first_added, sets->room > 0 ? sets->n_sets + 1 : 0, sizeof *sets->first_added);
    copy_array(moved.added, sets->added, sets->n_added, sizeof *sets->added);
    hs_free(sets->block);
    *sets = moved;
    return HS_OK;
}

hs_status hs_sets_reserve(hs_sets *sets, size_t n_sets, size_t n_added, hs_error *error)
{
    if (n_sets <= sets->room && n_added <= sets->room_added)
        return HS_OK;
    if (sets->room > 0 && sets->block == NULL)
        return hs_fail(error, HS_ERROR_INTERNAL,
                       "a table of %zu ablation sets with %zu components has no room for more", sets->room,
                       sets->room_added);
    return move_to(sets, n_sets > sets->room ? n_sets : sets->room,
                   n_added > sets->room_added ? n_added : sets->room_added, error);
}

/* By doubling. */
static hs_status make_room(hs_sets *sets, size_t n_sets, size_t n_added, hs_error *error)
{
    const size_t sets_needed = sets->n_sets + n_sets, added_needed = sets->n_added + n_added;

    if (sets_needed <= sets->room && added_needed <= sets->room_added)
        return HS_OK;
    return hs_sets_reserve(sets, sets_needed <= sets->room ? sets->room : 2 * sets_needed,
                           added_needed <= sets->room_added ? sets->room_added : 2 * added_needed, error);
}

void hs_sets_clear(hs_sets *sets)
{
    hs_free(sets->block);
    *sets = (hs_sets){0};
}

static size_t first_of(const hs_sets *sets)
{
    return sets->base != NULL ? sets->base->n_sets : 0;
}

/*
 * A child keeps only what it adds to its parent, so that a greedy phase of n steps costs n
 * components and not n squared. Only the root may have no parent, and it adds nothing; set numbers
 * count from the table that this one continues.
 */
hs_status hs_sets_append(hs_sets *sets, int32_t intervention, uint64_t parent, const hs_component *components, size_t n,
                         hs_error *error)
{
    const size_t set = sets->n_sets, number = first_of(sets) + set;

    if (number > INT32_MAX - 1 || (number == 0 ? n > 0 : parent >= number))
        return hs_fail(error, HS_ERROR_INTERNAL, "ablation set %zu cannot add to set %llu", number,
                       (unsigned long long)parent);
    HS_TRY(make_room(sets, 1, n, error));
    const size_t order = n + (number > 0 ? hs_sets_order(sets, parent) : 0);
    sets->order[set] = (int32_t)order;
    sets->intervention[set] = intervention;
    sets->parent[set] = number > 0 ? (int32_t)parent : -1;
    sets->first_added[set] = sets->n_added;
    sets->first_added[set + 1] = sets->n_added + n;
    copy_array(sets->added + sets->n_added, components, n, sizeof *components);
    hs_sets_sort_components(sets->added + sets->n_added, n);
    sets->n_sets += 1;
    sets->n_added += n;
    sets->max_order = order > sets->max_order ? order : sets->max_order;
    return HS_OK;
}

/*
 * Parents are not moved: rows hold numbers of the whole table, whichever part of it they come
 * from.
 */
hs_status hs_sets_append_rows(hs_sets *sets, const hs_sets *rows, hs_error *error)
{
    const size_t set = sets->n_sets;

    if (rows->n_sets == 0)
        return HS_OK;
    HS_TRY(make_room(sets, rows->n_sets, rows->n_added, error));
    copy_array(sets->order + set, rows->order, rows->n_sets, sizeof *rows->order);
    copy_array(sets->intervention + set, rows->intervention, rows->n_sets, sizeof *rows->intervention);
    copy_array(sets->parent + set, rows->parent, rows->n_sets, sizeof *rows->parent);
    copy_array(sets->added + sets->n_added, rows->added, rows->n_added, sizeof *rows->added);
    for (size_t i = 0; i <= rows->n_sets; ++i)
        sets->first_added[set + i] = sets->n_added + rows->first_added[i];
    sets->n_sets += rows->n_sets;
    sets->n_added += rows->n_added;
    sets->max_order = rows->max_order > sets->max_order ? rows->max_order : sets->max_order;
    return HS_OK;
}

/* The table that holds the set, and its row there. */
static const hs_sets *holder_of(const hs_sets *sets, uint64_t set, size_t *row_out)
{
    const size_t first = first_of(sets);

    *row_out = (size_t)(set < first ? set : set - first);
    return set < first ? sets->base : sets;
}

size_t hs_sets_order(const hs_sets *sets, uint64_t set)
{
    size_t row;
    const hs_sets *holder = holder_of(sets, set, &row);

    return (size_t)holder->order[row];
}

int32_t hs_sets_intervention(const hs_sets *sets, uint64_t set)
{
    size_t row;
    const hs_sets *holder = holder_of(sets, set, &row);

    return holder->intervention[row];
}

const hs_component *hs__sets_own(const hs_sets *sets, uint64_t set, size_t *n_out, uint64_t *parent_out)
{
    size_t row;
    const hs_sets *holder = holder_of(sets, set, &row);

    *n_out = (size_t)(holder->first_added[row + 1] - holder->first_added[row]);
    *parent_out = set > 0 ? (uint64_t)holder->parent[row] : 0;
    return holder->added + holder->first_added[row];
}

void hs_sets_view(const hs_sets *sets, uint64_t set, hs_component *components)
{
    size_t n = 0, n_own = 0;

    for (uint64_t parent; set > 0; set = parent) {
        const hs_component *own = hs__sets_own(sets, set, &n_own, &parent);
        copy_array(components + n, own, n_own, sizeof *own);
        n += n_own;
    }
    /* What one set added is sorted as it lies. */
    if (n > n_own)
        hs_sets_sort_components(components, n);
}

bool hs_sets_has(const hs_sets *sets, uint64_t set, const hs_component *component)
{
    for (uint64_t parent; set > 0; set = parent) {
        size_t n;
        const hs_component *own = hs__sets_own(sets, set, &n, &parent);
        for (size_t i = 0; i < n; ++i)
            if (hs_sets_compare(&own[i], 1, component, 1) == 0)
                return true;
    }
    return false;
}
