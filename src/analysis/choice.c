#include "analysis/choice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- by size ----------------------------------------------------------------------------------------------------- */

typedef struct ordered {
    double loss;
    uint32_t index;
} ordered;

static int compare_ordered(const void *left, const void *right)
{
    const ordered *a = left, *b = right;
    int a_is_nan = isnan(a->loss) != 0, b_is_nan = isnan(b->loss) != 0;

    if (a_is_nan != b_is_nan)
        return a_is_nan - b_is_nan;
    if (!a_is_nan && a->loss != b->loss)
        return a->loss < b->loss ? -1 : 1;
    return a->index < b->index ? -1 : 1;
}

hs_status hs__analysis_choice_order(const double *loss, size_t n, uint32_t *order, hs_error *error)
{
    ordered *items = NULL;

    HS_TRY(hs_allocate(&items, n, sizeof *items, "order of heads", error));
    for (size_t i = 0; i < n; ++i)
        items[i] = (ordered){loss[i], (uint32_t)i};
    qsort(items, n, sizeof *items, compare_ordered);
    for (size_t i = 0; i < n; ++i)
        order[i] = items[i].index;
    hs_free(items);
    return HS_OK;
}

/* ---- controls ---------------------------------------------------------------------------------------------------- */

/* More draws than this for each set that is wanted find nothing new. */
enum { MOST_DRAWS_A_SET = 1000 };

/* Random numbers one after the other. */
typedef struct draw {
    uint64_t seed;
    uint64_t stream;
    uint64_t index;
} draw;

static size_t draw_below(draw *d, size_t bound)
{
    return (size_t)hs_random_below(d->seed, d->stream, d->index++, bound);
}

/* Components first .. end - 1 of a set are those of its kind and layer. */
static size_t end_of_run(const int32_t *components, size_t n, size_t first)
{
    size_t end = first + 1;

    while (end < n && components[3 * end] == components[3 * first] &&
           components[3 * end + 1] == components[3 * first + 1])
        ++end;
    return end;
}

/* n choose k as a double: only compared with how many sets are wanted. */
static double binomial(size_t n, size_t k)
{
    double result = 1;

    for (size_t i = 1; i <= k; ++i)
        result *= (double)(n - k + i) / (double)i;
    return result;
}

/* Sets that match this one, itself among them. */
static double count_matching(const int32_t *components, size_t n, const size_t n_indices[CHOICE_KINDS])
{
    double count = 1;

    for (size_t first = 0, end; first < n; first = end) {
        end = end_of_run(components, n, first);
        count *= binomial(n_indices[components[3 * first]], end - first);
    }
    return count;
}

/* As many different indices in each layer: each is drawn again until it is new in its layer. */
static void draw_matching(const int32_t *components, size_t n, const size_t n_indices[CHOICE_KINDS], draw *d,
                          int32_t *drawn)
{
    memcpy(drawn, components, 3 * n * sizeof *drawn);
    for (size_t first = 0, end; first < n; first = end) {
        end = end_of_run(components, n, first);
        for (size_t i = first; i < end; ++i) {
            bool is_new = false;
            while (!is_new) {
                drawn[3 * i + 2] = (int32_t)draw_below(d, n_indices[components[3 * i]]);
                is_new = true;
                for (size_t j = first; j < i; ++j)
                    is_new = is_new && drawn[3 * j + 2] != drawn[3 * i + 2];
            }
        }
    }
    hs__analysis_choice_sort_components(drawn, n);
}

static bool is_among(const hs_chosen_sets *sets, const int32_t *components, size_t n, int32_t intervention)
{
    for (size_t set = 0; set < sets->n_sets; ++set)
        if (sets->order[set] == (int32_t)n && sets->intervention[set] == intervention &&
            memcmp(sets->components + set * 3 * sets->max_order, components, 3 * n * sizeof *components) == 0)
            return true;
    return false;
}

/* Draws until there are enough; `all` collects every set that was drawn, `chosen` those that are new. */
static hs_status hs__report_draw_controls(const set_index *index, uint64_t set, const size_t n_indices[CHOICE_KINDS],
                                          size_t n_wanted, draw *d, hs_chosen_sets *all, hs_chosen_sets *chosen,
                                          hs_error *error)
{
    const int32_t *components = index->sets->components + set * index->sets->max_order * 3;
    const int32_t intervention = index->sets->intervention[set];
    const size_t n = (size_t)index->sets->order[set];
    const size_t n_most = MOST_DRAWS_A_SET * n_wanted;
    int32_t *drawn = NULL;
    hs_status status = hs_allocate(&drawn, n, 3 * sizeof *drawn, "controls", error);

    for (size_t i = 0; status == HS_OK && all->n_sets < n_wanted && i < n_most; ++i) {
        draw_matching(components, n, n_indices, d, drawn);
        if (memcmp(drawn, components, 3 * n * sizeof *drawn) == 0 || is_among(all, drawn, n, intervention))
            continue;
        status = hs__analysis_chosen_append(all, drawn, n, intervention, error);
        if (status == HS_OK && hs__analysis_set_index_find(index, drawn, n, intervention) < 0 &&
            !is_among(chosen, drawn, n, intervention))
            status = hs__analysis_chosen_append(chosen, drawn, n, intervention, error);
    }
    hs_free(drawn);
    return status;
}

hs_status hs__analysis_choice_controls(const set_index *index, uint64_t set, const size_t n_indices[CHOICE_KINDS],
                                       size_t n_wanted, uint64_t seed, uint64_t stream, hs_chosen_sets *chosen,
                                       hs_error *error)
{
    const int32_t *components = index->sets->components + set * index->sets->max_order * 3;
    const double n_others = count_matching(components, (size_t)index->sets->order[set], n_indices) - 1;
    hs_chosen_sets all = {.max_order = chosen->max_order};
    draw d = {seed, stream, 0};

    if (n_others < (double)n_wanted)
        n_wanted = (size_t)(n_others + 0.5);
    hs_status status = hs__report_draw_controls(index, set, n_indices, n_wanted, &d, &all, chosen, error);
    hs_analysis_chosen_sets_clear(&all);
    return status;
}

/* ---- pruning ----------------------------------------------------------------------------------------------------- */

void hs__analysis_choice_removed(const choice_pruning *p, const uint32_t *removed, size_t n, int32_t *components)
{
    for (size_t i = 0; i < n; ++i)
        memcpy(components + 3 * i, p->heads + 3 * removed[i], 3 * sizeof *components);
    hs__analysis_choice_sort_components(components, n);
}

static bool is_removed(const uint32_t *removed, size_t n, uint32_t head)
{
    for (size_t i = 0; i < n; ++i)
        if (removed[i] == head)
            return true;
    return false;
}

size_t hs__analysis_choice_tried(const choice_pruning *p, const uint32_t *removed, size_t n, uint32_t *tried_out)
{
    size_t limit = p->n_candidates > 0 ? p->n_candidates : p->n_heads;
    size_t n_tried = 0;

    for (size_t i = 0; i < p->n_heads && n_tried < limit; ++i)
        if (!is_removed(removed, n, p->order[i]))
            tried_out[n_tried++] = p->order[i];
    return n_tried;
}

/* Puts the best of the tried heads behind removed[n]; false where a loss is missing. */
static bool remove_one(const choice_pruning *p, uint32_t *removed, size_t n, uint32_t *tried, int32_t *components)
{
    size_t n_tried = hs__analysis_choice_tried(p, removed, n, tried);
    double least = INFINITY;
    bool found = false;

    for (size_t i = 0; i < n_tried; ++i) {
        removed[n] = tried[i];
        hs__analysis_choice_removed(p, removed, n + 1, components);
        int64_t set = hs__analysis_set_index_find(p->index, components, n + 1, p->intervention);
        if (set < 0)
            return false;
        if (!found || p->loss[set] < least) {
            found = true;
            least = isnan(p->loss[set]) ? INFINITY : p->loss[set];
            tried[0] = tried[i];
        }
    }
    removed[n] = tried[0];
    return found;
}

hs_status hs__analysis_choice_greedy(const choice_pruning *p, size_t limit, uint32_t *removed_out, size_t *n_out,
                                     hs_error *error)
{
    uint32_t *tried = NULL;
    int32_t *components = NULL;
    hs_status status;

    *n_out = 0;
    HS_GOTO_DONE(hs_allocate(&tried, p->n_heads, sizeof *tried, "greedy pruning", error));
    HS_GOTO_DONE(hs_allocate(&components, p->n_heads, 3 * sizeof *components, "greedy pruning", error));
    /* The single effects of all heads are known: the first step tries every one of them. */
    if (limit > 0)
        removed_out[(*n_out)++] = p->order[0];
    while (*n_out < limit && *n_out < p->n_heads && remove_one(p, removed_out, *n_out, tried, components))
        ++*n_out;
done:
    hs_free(components);
    hs_free(tried);
    return status;
}
