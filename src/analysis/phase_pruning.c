/* The phases of pruning curves: by importance, one for the whole curve; greedily, one for each step. */
#include <string.h>

#include "analysis/phase_kinds.h"
#include "analysis/pruning.h"
#include "headsweep/analysis.h"

/* By the words of the experiment, before there is a file. */
static hs_status check_pruned_intervention(const hs_experiment *experiment, const hs_phase_basis *basis,
                                           hs_error *error)
{
    const char *name = experiment->pruning_intervention;

    hs_names names = {0};

    for (size_t i = 0; i < basis->n_interventions; ++i)
        if (name[0] == '\0' || strcmp(basis->intervention_names[i], name) == 0)
            return HS_OK;
    for (size_t i = 0; i < basis->n_interventions; ++i)
        hs_names_put(&names, basis->intervention_names[i]);
    return hs_fail_name(error, HS_ERROR_USAGE, &names, name,
                        "%s: pruning.intervention = \"%s\" is none of sweep.interventions",
                        hs_config_where(experiment, "pruning.intervention"), name);
}

static hs_status check_pruning(const hs_experiment *experiment, const hs_phase_basis *basis, hs_error *error)
{
    if (experiment->pruning_metric[0] == '\0' && experiment->objective_keep[0] == '\0')
        return hs_fail(
            error, HS_ERROR_USAGE,
            "%s: pruning.curve needs to know what must not be harmed: state pruning.metric or objective.keep",
            hs_config_where(experiment, "pruning.curve"));
    if (basis->n_singles < 2)
        return hs_fail(error, HS_ERROR_USAGE,
                       "%s: pruning.curve needs the effects of single heads: put 1 into sweep.orders",
                       hs_config_where(experiment, "pruning.curve"));
    return HS_OK;
}

/* Heads that a curve removes in the end. */
static size_t curve_length(const hs_experiment *experiment, const hs_phase_basis *basis)
{
    size_t limit = (size_t)experiment->pruning_max_heads;

    return limit > 0 && limit < basis->n_singles ? limit : basis->n_singles;
}

/* Both curves are as long. */
static hs_status plan_length(const hs_experiment *experiment, const hs_phase_basis *basis, hs_planned_phases *planned,
                             hs_error *error)
{
    const size_t length = curve_length(experiment, basis);

    HS_TRY(check_pruning(experiment, basis, error));
    if (length > basis->most_components)
        return hs_fail(error, HS_ERROR_USAGE, "%s: a pruning curve of %zu heads; state pruning.max_heads up to %zu",
                       experiment->path, length, basis->most_components);
    planned->max_order = length > planned->max_order ? length : planned->max_order;
    return HS_OK;
}

static hs_status plan_importance(const hs_experiment *experiment, const hs_phase_basis *basis,
                                 hs_planned_phases *planned, hs_error *error)
{
    HS_TRY(check_pruned_intervention(experiment, basis, error));
    if (!(experiment->pruning_curve & HS_CURVES_IMPORTANCE))
        return HS_OK;
    HS_TRY(plan_length(experiment, basis, planned, error));
    hs__analysis_add_phase(planned, &hs__analysis_phase_importance, curve_length(experiment, basis) - 1, 1);
    return HS_OK;
}

/* The first head of a greedy curve is known from the single effects; every further one takes a phase. */
static hs_status plan_greedy(const hs_experiment *experiment, const hs_phase_basis *basis, hs_planned_phases *planned,
                             hs_error *error)
{
    const size_t limit = (size_t)experiment->pruning_candidates;

    if (!(experiment->pruning_curve & HS_CURVES_GREEDY))
        return HS_OK;
    HS_TRY(plan_length(experiment, basis, planned, error));
    for (size_t n_removed = 2; n_removed <= curve_length(experiment, basis); ++n_removed) {
        const size_t n_left = basis->n_singles - n_removed + 1;
        hs__analysis_add_phase(planned, &hs__analysis_phase_greedy, limit > 0 && limit < n_left ? limit : n_left, 1);
    }
    return HS_OK;
}

/*
 * Where the set without `head` and those of `parent` stands; -1 if the file has none. Of a parent that was just
 * chosen every component is looked for: what the file has need not have come step by step. `components`[length] is
 * scratch, and NULL where the parent is in the file.
 */
static int64_t find_there(const pruning *p, const hs_sets *chosen, uint64_t parent, uint32_t head,
                          hs_component *components)
{
    const size_t n = hs_sets_order(chosen, parent);

    if (components == NULL || parent < p->index.sets->n_sets)
        return hs_sets_find(&p->index, p->choice.intervention, parent, &p->heads[head], 1);
    hs_sets_view(chosen, parent, components);
    components[n] = p->heads[head];
    return hs_sets_find(&p->index, p->choice.intervention, 0, components, n + 1);
}

/* Adds that set, unless the file has it; *set_inout <- it. */
static hs_status add_unless_there(const pruning *p, uint32_t head, hs_component *components, hs_sets *chosen,
                                  uint64_t *set_inout, hs_error *error)
{
    const uint64_t parent = *set_inout;
    const int64_t set = find_there(p, chosen, parent, head, components);

    *set_inout = set >= 0 ? (uint64_t)set : p->index.sets->n_sets + chosen->n_sets;
    return set >= 0 ? HS_OK : hs_sets_append(chosen, p->choice.intervention, parent, &p->heads[head], 1, error);
}

static hs_status choose_importance(const pruning *p, hs_sets *chosen, hs_error *error)
{
    hs_component *components = NULL;
    uint64_t set = 0;
    hs_status status = hs_allocate(&components, p->length, sizeof *components, "pruning", error);

    for (size_t n = 0; status == HS_OK && n < p->length; ++n)
        status = add_unless_there(p, p->order[n], components, chosen, &set, error);
    hs_free(components);
    return status;
}

/* What is gone before the next greedy phase: the heads, and the set without them. */
typedef struct greedy_state {
    bool *gone;      /* [n_heads] */
    uint32_t *tried; /* [n_heads]: scratch */
    uint64_t set;
} greedy_state;

/*
 * What a phase tried says what was gone: the parent of its sets. So only the phase before has to be looked at, not
 * all of the curve. False where it chose no set of its own, as all were there already.
 */
static bool resume(const hs_results *results, const pruning *p, size_t n_before, greedy_state *state)
{
    const hs_sets *sets = hs_results_sets_of(results);
    const size_t phase = hs_results_n_chosen_phases(results) - 1;
    uint64_t first, n;

    hs_results_phase_sets(results, phase, &first, &n);
    if (n_before == 0 || n == 0 || strcmp(hs_results_phase_name(results, phase), HS_PHASE_GREEDY) != 0)
        return false;
    state->set = (uint64_t)sets->parent[first];
    for (size_t head = 0; head < p->choice.n_heads; ++head)
        state->gone[head] = hs_sets_has(sets, state->set, &p->heads[head]);
    return true;
}

/* From the beginning. */
static hs_status replay(const pruning *p, size_t n_removed, greedy_state *state, hs_error *error)
{
    choice_step *steps = NULL;
    size_t n_steps = 0;
    hs_status status;

    HS_GOTO_DONE(hs_allocate(&steps, n_removed, sizeof *steps, "greedy pruning", error));
    HS_GOTO_DONE(hs__analysis_choice_greedy(&p->choice, n_removed, steps, &n_steps, error));
    if (n_steps != n_removed)
        HS_GOTO_DONE(
            hs_fail(error, HS_ERROR_INTERNAL, "greedy pruning knows %zu steps instead of %zu", n_steps, n_removed));
    for (size_t i = 0; i < n_steps; ++i)
        state->gone[steps[i].head] = true;
    state->set = steps[n_steps - 1].set;
done:
    hs_free(steps);
    return status;
}

/* Removes the head that harms least of those that the phase before tried. */
static hs_status go_on(const pruning *p, greedy_state *state, hs_error *error)
{
    choice_step step;

    if (!hs__analysis_choice_next(&p->choice, state->set, state->gone, state->tried, &step))
        return hs_fail(error, HS_ERROR_INTERNAL, "greedy pruning does not know what the step after set %llu found",
                       (unsigned long long)state->set);
    state->gone[step.head] = true;
    state->set = step.set;
    return HS_OK;
}

static hs_status try_heads(const pruning *p, greedy_state *state, hs_sets *chosen, hs_error *error)
{
    const size_t n_tried = hs__analysis_choice_tried(&p->choice, state->gone, state->tried);

    for (size_t i = 0; i < n_tried; ++i) {
        uint64_t set = state->set;
        HS_TRY(add_unless_there(p, state->tried[i], NULL, chosen, &set, error));
    }
    return HS_OK;
}

/*
 * Every head that is tried, in addition to those that are gone; the first greedy phase removes the second head.
 * `n_before`: greedy phases before this one.
 */
static hs_status choose_greedy(hs_results *results, size_t n_before, hs_sets *chosen, hs_error *error)
{
    pruning p = {0};
    greedy_state state = {0};
    bool resumes;
    hs_status status;

    HS_GOTO_DONE(hs__analysis_pruning_read(results, true, &p, error));
    HS_GOTO_DONE(hs_allocate(&state.gone, p.choice.n_heads, sizeof *state.gone, "greedy pruning", error));
    HS_GOTO_DONE(hs_allocate(&state.tried, p.choice.n_heads, sizeof *state.tried, "greedy pruning", error));
    resumes = resume(results, &p, n_before, &state);
    if (!resumes) {
        hs__analysis_pruning_clear(&p);
        HS_GOTO_DONE(hs__analysis_pruning_read(results, false, &p, error));
    }
    HS_GOTO_DONE(resumes ? go_on(&p, &state, error) : replay(&p, n_before + 1, &state, error));
    status = try_heads(&p, &state, chosen, error);
done:
    hs_free(state.gone);
    hs_free(state.tried);
    hs__analysis_pruning_clear(&p);
    return status;
}

static hs_status choose_by_importance(hs_results *results, size_t n_before, hs_sets *chosen, hs_error *error)
{
    pruning p = {0};
    hs_status status = hs__analysis_pruning_read(results, false, &p, error);

    (void)n_before;
    if (status == HS_OK)
        status = choose_importance(&p, chosen, error);
    hs__analysis_pruning_clear(&p);
    return status;
}

static const char *follows_kept(const hs_experiment *stated, const char *setting)
{
    const bool is_kept = strcmp(setting, "objective.keep") == 0 || strcmp(setting, "objective.keep_metric") == 0;

    return is_kept && stated->pruning_metric[0] == '\0' ? "its pruning curve follows it (pruning.metric)" : NULL;
}

const phase_kind hs__analysis_phase_importance = {HS_PHASE_IMPORTANCE, plan_importance, choose_by_importance,
                                                  follows_kept};
const phase_kind hs__analysis_phase_greedy = {HS_PHASE_GREEDY, plan_greedy, choose_greedy, follows_kept};
