/*
 * choice: which sets the later phases of a sweep take up: random controls, greedy steps, curves by
 * importance.
 */
#include "analysis/choice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

/* More draws than this for each set that is wanted find nothing new. */
enum { MOST_DRAWS_A_SET = 1000 };

/* Random numbers one after the other, and what there is to draw from. */
typedef struct draw {
    uint64_t seed;
    uint64_t stream;
    uint64_t index;
    const choice_components *from;
} draw;

static size_t draw_below(draw *d, size_t bound)
{
    return (size_t)hs_random_below(d->seed, d->stream, d->index++, bound);
}

/* Components first .. end - 1 of a set are those of its kind and layer. */
static size_t end_of_run(const hs_component *components, size_t n, size_t first)
{
    size_t end = first + 1;

    while (end < n && components[end].kind == components[first].kind &&
           components[end].layer == components[first].layer)
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

/* All heads that read the component's keys and values are gone: with as many KV heads as heads, the one head. */
static bool is_gone(const choice_components *from, int32_t kind, int32_t layer, size_t index)
{
    const size_t n_each = from->n_indices[HS_COMPONENT_HEAD] / from->n_indices[kind];
    size_t n = 0;

    for (size_t i = 0; i < from->n_gone; ++i)
        n += from->gone[i].layer == layer && (size_t)from->gone[i].index / n_each == index;
    return from->n_gone > 0 && n == n_each;
}

static size_t count_indices(const choice_components *from, int32_t kind, int32_t layer)
{
    size_t n = from->n_indices[kind];

    for (size_t index = 0; from->n_gone > 0 && index < from->n_indices[kind]; ++index)
        n -= is_gone(from, kind, layer, index);
    return n;
}

/* Sets that match this one, itself among them. */
static double count_matching(const hs_component *components, size_t n, const choice_components *from)
{
    double count = 1;

    for (size_t first = 0, end; first < n; first = end) {
        end = end_of_run(components, n, first);
        count *= binomial(count_indices(from, components[first].kind, components[first].layer), end - first);
    }
    return count;
}

/* As many different indices in each layer: each is drawn again until it is there and new in its layer. */
static void draw_matching(const hs_component *components, size_t n, draw *d, hs_component *drawn)
{
    memcpy(drawn, components, n * sizeof *drawn);
    for (size_t first = 0, end; first < n; first = end) {
        end = end_of_run(components, n, first);
        for (size_t i = first; i < end; ++i) {
            bool is_new = false;
            while (!is_new) {
                drawn[i].index = (int32_t)draw_below(d, d->from->n_indices[components[i].kind]);
                is_new = !is_gone(d->from, drawn[i].kind, drawn[i].layer, (size_t)drawn[i].index);
                for (size_t j = first; j < i; ++j)
                    is_new = is_new && drawn[j].index != drawn[i].index;
            }
        }
    }
    hs_sets_sort_components(drawn, n);
}

/* Of sets that have no parent but the clean model, as all controls. */
static bool is_among(const hs_sets *rows, const hs_component *components, size_t n, int32_t intervention)
{
    for (size_t row = 0; row < rows->n_sets; ++row)
        if (rows->intervention[row] == intervention &&
            hs_sets_compare(rows->added + rows->first_added[row], (size_t)rows->order[row], components, n) == 0)
            return true;
    return false;
}

/* Draws until there are enough; `all` collects every set that was drawn, `chosen` those that are new. */
static hs_status draw_controls(const hs_sets_index *index, const hs_component *components, size_t n,
                               int32_t intervention, size_t n_wanted, draw *d, hs_sets *all, hs_sets *chosen,
                               hs_error *error)
{
    const size_t n_most = MOST_DRAWS_A_SET * n_wanted;
    hs_component *drawn = NULL;
    hs_status status = hs_allocate(&drawn, n, sizeof *drawn, "controls", error);

    for (size_t i = 0; status == HS_OK && all->n_sets < n_wanted && i < n_most; ++i) {
        draw_matching(components, n, d, drawn);
        if (hs_sets_compare(drawn, n, components, n) == 0 || is_among(all, drawn, n, intervention))
            continue;
        status = hs_sets_append(all, intervention, 0, drawn, n, error);
        if (status == HS_OK && hs_sets_find(index, intervention, 0, drawn, n) < 0 &&
            !is_among(chosen, drawn, n, intervention))
            status = hs_sets_append(chosen, intervention, 0, drawn, n, error);
    }
    hs_free(drawn);
    return status;
}

/*
 * Where fewer sets match than are wanted, all of them are wanted. Draws are from a stream of their
 * own for each set, so that the controls of one do not depend on which others are controlled.
 */
hs_status hs__analysis_choice_controls(const hs_sets_index *index, uint64_t set, const choice_components *from,
                                       size_t n_wanted, uint64_t seed, uint64_t stream, hs_sets *chosen,
                                       hs_error *error)
{
    const hs_sets *sets = index->sets;
    const size_t n = (size_t)sets->order[set];
    hs_component *components = NULL;
    hs_sets all = {.base = sets};
    draw d = {seed, stream, 0, from};
    hs_status status;

    HS_GOTO_DONE(hs_allocate(&components, n, sizeof *components, "controls", error));
    hs_sets_view(sets, set, components);
    const double n_others = count_matching(components, n, from) - 1;
    if (n_others < (double)n_wanted)
        n_wanted = (size_t)(n_others + 0.5);
    status = draw_controls(index, components, n, sets->intervention[set], n_wanted, &d, &all, chosen, error);
done:
    hs_sets_clear(&all);
    hs_free(components);
    return status;
}

size_t hs__analysis_choice_tried(const choice_pruning *p, const bool *gone, uint32_t *tried_out)
{
    size_t limit = p->n_candidates > 0 ? p->n_candidates : p->n_heads;
    size_t n_tried = 0;

    for (size_t i = 0; i < p->n_heads && n_tried < limit; ++i)
        if (!gone[p->order[i]])
            tried_out[n_tried++] = p->order[i];
    return n_tried;
}

/*
 * False if any set that had to be tried is missing: the least of the others would be another step
 * than the finished file gives. A loss of NaN is as bad as can be, so it is taken only when there
 * is nothing else.
 */
bool hs__analysis_choice_next(const choice_pruning *p, uint64_t parent, const bool *gone, uint32_t *tried,
                              choice_step *step_out)
{
    const size_t n_tried = hs__analysis_choice_tried(p, gone, tried);
    double least = INFINITY;
    bool found = false;

    for (size_t i = 0; i < n_tried; ++i) {
        int64_t set = hs_sets_find(p->index, p->intervention, parent, &p->heads[tried[i]], 1);
        if (set < 0)
            return false;
        if (!found || p->loss[set] < least) {
            found = true;
            least = isnan(p->loss[set]) ? INFINITY : p->loss[set];
            *step_out = (choice_step){tried[i], (uint64_t)set};
        }
    }
    return found;
}

/* The single effects of all heads are known: the first step tries every one of them. */
static bool first_step(const choice_pruning *p, choice_step *step_out)
{
    int64_t set = p->n_heads > 0 ? hs_sets_find(p->index, p->intervention, 0, &p->heads[p->order[0]], 1) : -1;

    if (set >= 0)
        *step_out = (choice_step){p->order[0], (uint64_t)set};
    return set >= 0;
}

/*
 * Each step is a function of the losses in the file, so that a curve can be made again from its
 * beginning after any number of restarts.
 */
hs_status hs__analysis_choice_greedy(const choice_pruning *p, size_t limit, choice_step *steps_out, size_t *n_out,
                                     hs_error *error)
{
    uint32_t *tried = NULL;
    bool *gone = NULL;
    size_t n = 0;
    hs_status status;

    *n_out = 0;
    HS_GOTO_DONE(hs_allocate(&tried, p->n_heads, sizeof *tried, "greedy pruning", error));
    HS_GOTO_DONE(hs_allocate(&gone, p->n_heads, sizeof *gone, "greedy pruning", error));
    while (n < limit && n < p->n_heads &&
           (n == 0 ? first_step(p, steps_out)
                   : hs__analysis_choice_next(p, steps_out[n - 1].set, gone, tried, &steps_out[n])))
        gone[steps_out[n++].head] = true;
    *n_out = n;
done:
    hs_free(gone);
    hs_free(tried);
    return status;
}

size_t hs__analysis_choice_importance(const choice_pruning *p, size_t limit, choice_step *steps_out)
{
    size_t n = 0;

    for (; n < limit && n < p->n_heads; ++n) {
        const uint64_t parent = n > 0 ? steps_out[n - 1].set : 0;
        const int64_t set = hs_sets_find(p->index, p->intervention, parent, &p->heads[p->order[n]], 1);
        if (set < 0)
            break;
        steps_out[n] = (choice_step){p->order[n], (uint64_t)set};
    }
    return n;
}
