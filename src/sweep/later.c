#include "sweep/later.h"

#include <string.h>

/* `n_added`: components that each of its sets adds to its parent, at most. */
static void add_phase(hs_space *space, const char *name, size_t n_sets, size_t n_added)
{
    space->later_names[space->later.n_phases++] = name;
    space->later.n_sets += n_sets;
    space->later.n_added += n_sets * n_added;
}

/* ---- what can be chosen ------------------------------------------------------------------------------------------ */

static hs_status check_controls(const hs_experiment *experiment, hs_error *error)
{
    if (experiment->objective_reduce[0] == '\0')
        return hs_fail(error, HS_ERROR_USAGE,
                       "%s: controls.random_sets needs to know which sets are the best: state objective.reduce",
                       hs_config_where(experiment, "controls.random_sets"));
    return HS_OK;
}

static hs_status check_pruned_intervention(const hs_experiment *experiment, const hs_space *space, hs_error *error)
{
    const char *name = experiment->pruning_intervention;

    hs_names names = {0};
    hs_status status = HS_OK;

    for (size_t i = 0; i < space->n_interventions; ++i)
        if (name[0] == '\0' || strcmp(space->intervention_names[i], name) == 0)
            return HS_OK;
    for (size_t i = 0; status == HS_OK && i < space->n_interventions; ++i)
        status = hs_names_add(&names, space->intervention_names[i], error);
    if (status == HS_OK)
        status = hs_fail_name(error, HS_ERROR_USAGE, &names, name,
                              "%s: pruning.intervention = \"%s\" is none of sweep.interventions",
                              hs_config_where(experiment, "pruning.intervention"), name);
    hs_names_clear(&names);
    return status;
}

static hs_status check_pruning(const hs_experiment *experiment, const hs_space *space, hs_error *error)
{
    if (experiment->pruning_metric[0] == '\0' && experiment->objective_keep[0] == '\0')
        return hs_fail(
            error, HS_ERROR_USAGE,
            "%s: pruning.curve needs to know what must not be harmed: state pruning.metric or objective.keep",
            hs_config_where(experiment, "pruning.curve"));
    if (space->n_singles < 2)
        return hs_fail(error, HS_ERROR_USAGE,
                       "%s: pruning.curve needs the effects of single heads: put 1 into sweep.orders",
                       hs_config_where(experiment, "pruning.curve"));
    return HS_OK;
}

/* ---- how much ---------------------------------------------------------------------------------------------------- */

/* Heads that a curve removes in the end. */
static size_t curve_length(const hs_experiment *experiment, const hs_space *space)
{
    size_t limit = (size_t)experiment->pruning_max_heads;

    return limit > 0 && limit < space->n_singles ? limit : space->n_singles;
}

/* The first head of a greedy curve is known from the single effects; every further one takes a phase. */
static void add_greedy(const hs_experiment *experiment, hs_space *space)
{
    size_t limit = (size_t)experiment->pruning_candidates;

    for (size_t n_removed = 2; n_removed <= curve_length(experiment, space); ++n_removed) {
        size_t n_left = space->n_singles - n_removed + 1;
        add_phase(space, HS_PHASE_GREEDY, limit > 0 && limit < n_left ? limit : n_left, 1);
    }
}

static hs_status add_curves(const hs_experiment *experiment, hs_space *space, hs_error *error)
{
    size_t length = curve_length(experiment, space);

    HS_TRY(check_pruning(experiment, space, error));
    if (length > HS_SPACE_MAX_ORDER)
        return hs_fail(error, HS_ERROR_USAGE, "%s: a pruning curve of %zu heads; state pruning.max_heads up to %d",
                       experiment->path, length, HS_SPACE_MAX_ORDER);
    if (experiment->pruning_curve & HS_CURVES_IMPORTANCE)
        add_phase(space, HS_PHASE_IMPORTANCE, length - 1, 1);
    if (experiment->pruning_curve & HS_CURVES_GREEDY)
        add_greedy(experiment, space);
    space->max_order = length > space->max_order ? length : space->max_order;
    return HS_OK;
}

/* Bytes of the name of a set of so many components, each with the longest name of the model. */
static hs_status longest_name(const component_grid *grid, size_t order, size_t *length_inout, hs_error *error)
{
    const hs_component longest = {(int32_t)grid->kind, (int32_t)grid->n_layers - 1, (int32_t)grid->n_indices - 1};
    hs_text name = {0};
    hs_component *components = NULL;
    hs_status status;

    HS_GOTO_DONE(hs_allocate(&components, order, sizeof *components, "longest name", error));
    for (size_t i = 0; i < order; ++i)
        components[i] = longest;
    HS_GOTO_DONE(hs_sets_components_name(components, order, &name, error));
    *length_inout = name.length > *length_inout ? name.length : *length_inout;
done:
    hs_text_clear(&name);
    hs_free(components);
    return status;
}

hs_status hs__sweep_later_plan(const hs_experiment *experiment, const component_grid *grid, hs_space *space,
                               hs_error *error)
{
    bool prunes = experiment->pruning_curve != HS_CURVES_NONE;
    const size_t first_order = space->max_order; /* controls are as large as the sets that they are for */

    HS_TRY(check_pruned_intervention(experiment, space, error));
    if (experiment->controls_random_sets == 0 && !prunes)
        return HS_OK;
    HS_TRY(hs_allocate(&space->later_names, space->n_singles + 2, sizeof *space->later_names, "phases", error));
    space->later.names = space->later_names;
    if (prunes)
        HS_TRY(add_curves(experiment, space, error));
    if (experiment->controls_random_sets > 0) {
        HS_TRY(check_controls(experiment, error));
        add_phase(space, HS_PHASE_CONTROLS,
                  (size_t)experiment->controls_random_sets * (size_t)experiment->controls_for_best, first_order);
    }
    if (space->n_sets + space->later.n_sets > (size_t)experiment->max_sets)
        return hs_fail(error, HS_ERROR_USAGE,
                       "%s: up to %zu ablation sets in all phases are more than sweep.max_sets = %lld; ask for fewer "
                       "controls or a shorter curve, or raise it",
                       experiment->path, space->n_sets + space->later.n_sets, (long long)experiment->max_sets);
    for (size_t order = 1; order <= space->max_order; ++order)
        HS_TRY(longest_name(grid, order, &space->later.longest_name, error));
    return HS_OK;
}
