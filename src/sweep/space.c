/*
 * space: the table of sets of an experiment: the clean model, then every set of the wanted orders,
 * under each intervention, sorted.
 */
#include <stdlib.h>
#include <string.h>

#include "headsweep/sweep.h"
#include "sweep/selectors.h"

/* The components that sweep.heads selects, in table order: hs_free() them. */
static hs_status select_components(const hs_experiment *experiment, const component_grid *grid,
                                   hs_component **components_out, size_t *n_out, hs_error *error)
{
    size_t n = grid->n_layers * grid->n_indices;
    bool *selected = NULL;
    hs_status status = hs_allocate(&selected, n, sizeof *selected, "head selection", error);

    if (status == HS_OK)
        status = hs_allocate(components_out, n, sizeof **components_out, "head selection", error);
    for (size_t i = 0; status == HS_OK && i < experiment->heads.n; ++i)
        if (hs__sweep_selector_mark(experiment->heads.items[i], grid, selected, error) != HS_OK)
            status = hs_error_prefix(error, "%s", hs_config_where(experiment, "sweep.heads"));
    for (size_t i = 0; status == HS_OK && i < n; ++i)
        if (selected[i])
            (*components_out)[(*n_out)++] =
                (hs_component){(int32_t)grid->kind, (int32_t)(i / grid->n_indices), (int32_t)(i % grid->n_indices)};
    hs_free(selected);
    return status;
}

/* n choose k, as a double: only compared with a limit and shown to people. */
static double binomial(size_t n, size_t k)
{
    double result = 1;

    for (size_t i = 1; i <= k; ++i)
        result *= (double)(n - k + i) / (double)i;
    return k > n ? 0 : result;
}

/*
 * Counted before anything is enumerated: a wrong order asks for 10^12 sets more easily than for
 * none.
 */
static hs_status check_size(const hs_experiment *experiment, size_t n_components, size_t n_file_sets, hs_error *error)
{
    double n_sets = (double)n_file_sets;

    for (size_t i = 0; i < experiment->n_orders; ++i)
        n_sets += binomial(n_components, (size_t)experiment->orders[i]);
    n_sets *= (double)experiment->interventions.n;
    if (n_sets < 1)
        return hs_fail(
            error, HS_ERROR_USAGE,
            "%s: there is no ablation set: sweep.heads selects %zu components and sweep.orders asks for more",
            experiment->path, n_components);
    if (n_sets > (double)experiment->max_sets)
        return hs_fail(
            error, HS_ERROR_USAGE,
            "%s: %.0f ablation sets are more than sweep.max_sets = %lld; select fewer heads or orders, or raise it",
            experiment->path, n_sets, (long long)experiment->max_sets);
    return HS_OK;
}

/* Appends all subsets of `order` of the selected components, lexicographically. */
static hs_status enumerate_order(const hs_component *selected, size_t n_selected, size_t order, hs_sets *sets,
                                 hs_error *error)
{
    size_t chosen[HS_SPACE_MAX_ORDER];
    hs_component components[HS_SPACE_MAX_ORDER] = {0};

    if (order > n_selected)
        return HS_OK;
    for (size_t i = 0; i < order; ++i)
        chosen[i] = i;
    for (;;) {
        for (size_t i = 0; i < order; ++i)
            components[i] = selected[chosen[i]];
        HS_TRY(hs_sets_append(sets, 0, 0, components, order, error));

        size_t moved = order;
        while (moved > 0 && chosen[moved - 1] == n_selected - order + moved - 1)
            --moved;
        if (moved == 0)
            return HS_OK;
        ++chosen[moved - 1];
        for (size_t i = moved; i < order; ++i)
            chosen[i] = chosen[i - 1] + 1;
    }
}

/* A set of the list, for sorting. */
typedef struct set_view {
    const hs_component *components;
    size_t n;
} set_view;

static int set_view_compare(const void *a, const void *b)
{
    const set_view *left = a, *right = b;

    return hs_sets_compare(left->components, left->n, right->components, right->n);
}

/* Sorted views of the sets, without duplicates; none of them has a parent but the clean model. */
static hs_status sort_sets(const hs_sets *sets, set_view **views_out, size_t *n_out, hs_error *error)
{
    const size_t n_sets = sets->n_sets - 1;
    set_view *views = NULL;
    size_t n = 0;

    HS_TRY(hs_allocate(&views, n_sets, sizeof *views, "ablation sets", error));
    for (size_t i = 0; i < n_sets; ++i)
        views[i] = (set_view){sets->added + sets->first_added[i + 1], (size_t)sets->order[i + 1]};
    qsort(views, n_sets, sizeof *views, set_view_compare);
    for (size_t i = 0; i < n_sets; ++i)
        if (n == 0 || set_view_compare(&views[n - 1], &views[i]) != 0)
            views[n++] = views[i];
    *views_out = views;
    *n_out = n;
    return HS_OK;
}

/* The clean model and the sorted sets under each intervention. */
static hs_status fill_table(hs_space *space, const set_view *views, size_t n_views, hs_error *error)
{
    hs_sets *sets = &space->sets;

    sets->n_interventions = space->n_interventions;
    sets->intervention_names = (const char *const *)space->intervention_names;
    HS_TRY(hs_sets_append(sets, -1, 0, NULL, 0, error));
    for (size_t i = 0; i < space->n_interventions; ++i)
        for (size_t s = 0; s < n_views; ++s)
            HS_TRY(hs_sets_append(sets, (int32_t)i, 0, views[s].components, views[s].n, error));
    return HS_OK;
}

static hs_status count_and_fill(hs_space *space, const set_view *views, size_t n_views, hs_error *error)
{
    size_t n_added = 0;

    space->n_base_sets = n_views;
    space->n_sets = 1 + space->n_interventions * n_views;
    for (size_t i = 0; i < n_views; ++i) {
        space->max_order = views[i].n > space->max_order ? views[i].n : space->max_order;
        space->n_singles += views[i].n == 1;
        n_added += space->n_interventions * views[i].n;
    }
    HS_TRY(hs_sets_reserve(&space->sets, space->n_sets, n_added, error));
    return fill_table(space, views, n_views, error);
}

/* Two spellings of one intervention ("flip", "scale=-1") would be swept twice under two names: refused. */
static hs_status parse_interventions(const hs_experiment *experiment, hs_space *space, hs_error *error)
{
    const char *where = hs_config_where(experiment, "sweep.interventions");
    size_t n = experiment->interventions.n;
    char name[64];

    HS_TRY(hs_allocate(&space->interventions, n, sizeof *space->interventions, "interventions", error));
    HS_TRY(hs_allocate(&space->intervention_names, n, sizeof *space->intervention_names, "interventions", error));
    space->n_interventions = n;
    for (size_t i = 0; i < n; ++i) {
        if (hs_sets_intervention_parse(experiment->interventions.items[i], &space->interventions[i], error) != HS_OK)
            return hs_error_prefix(error, "%s: sweep.interventions", where);
        hs_sets_intervention_name(space->interventions[i], name, sizeof name);
        for (size_t j = 0; j < i; ++j)
            if (strcmp(space->intervention_names[j], name) == 0)
                return hs_fail(error, HS_ERROR_USAGE, "%s: sweep.interventions has \"%s\" twice", where, name);
        space->intervention_names[i] = hs_string_copy(name, error);
        if (space->intervention_names[i] == NULL)
            return error->status;
    }
    return HS_OK;
}

/*
 * Sets of a file and of the orders are gathered in one list, sorted and freed of duplicates, and
 * only then put under each intervention, so that numbers of sets do not depend on who named them.
 */
hs_status hs_sweep_space_build(const hs_experiment *experiment, const hs_model_shape *shape, hs_space *space_out,
                               hs_error *error)
{
    const component_grid grid = {experiment->unit, shape->n_layers,
                                 hs_sets_kind((int32_t)experiment->unit)->count(shape), shape};
    hs_component *selected = NULL;
    hs_sets sets = {0};
    set_view *views = NULL;
    size_t n_selected = 0, n_views = 0;
    hs_space space = {.kind = grid.kind};
    hs_status status;

    *space_out = space;
    HS_GOTO_DONE(parse_interventions(experiment, &space, error));
    HS_GOTO_DONE(select_components(experiment, &grid, &selected, &n_selected, error));
    HS_GOTO_DONE(hs_sets_append(&sets, -1, 0, NULL, 0, error));
    if (experiment->sets_file[0] != '\0')
        HS_GOTO_DONE(hs__sweep_set_file_read(experiment->sets_file, &grid, &sets, error));
    HS_GOTO_DONE(check_size(experiment, n_selected, sets.n_sets - 1, error));
    for (size_t i = 0; i < experiment->n_orders; ++i)
        HS_GOTO_DONE(enumerate_order(selected, n_selected, (size_t)experiment->orders[i], &sets, error));
    HS_GOTO_DONE(sort_sets(&sets, &views, &n_views, error));
    HS_GOTO_DONE(count_and_fill(&space, views, n_views, error));
    *space_out = space;
    space = (hs_space){0};
done:
    hs_free(views);
    hs_sets_clear(&sets);
    hs_free(selected);
    hs_sweep_space_clear(&space);
    return status;
}

void hs_sweep_space_clear(hs_space *space)
{
    for (size_t i = 0; space->intervention_names != NULL && i < space->n_interventions; ++i)
        hs_free(space->intervention_names[i]);
    hs_free(space->intervention_names);
    hs_free(space->interventions);
    hs_sets_clear(&space->sets);
    *space = (hs_space){0};
}

hs_ablation hs_sweep_space_ablation(const hs_space *space, uint64_t set, hs_component *buffer)
{
    const hs_sets *sets = &space->sets;
    hs_ablation ablation = {buffer, (size_t)sets->order[set], {HS_INTERVENTION_ZERO, 0}};

    hs_sets_view(sets, set, buffer);
    if (sets->intervention[set] >= 0)
        ablation.intervention = space->interventions[sets->intervention[set]];
    return ablation;
}
