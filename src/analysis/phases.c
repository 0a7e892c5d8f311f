#include <stdlib.h>
#include <string.h>

#include "analysis/pruning.h"
#include "headsweep/analysis.h"
#include "headsweep/sweep.h"

/* ---- controls ---------------------------------------------------------------------------------------------------- */

static size_t stated_size(const hs_results *results, const char *name)
{
    const char *value = hs_results_attribute_of(results, "provenance", name);

    return value != NULL ? (size_t)strtoull(value, NULL, 10) : 0;
}

static hs_status choose_controls_of(const hs_results *results, const hs_sets_index *index, const hs_ranking *ranking,
                                    hs_sets *chosen, hs_error *error)
{
    const size_t n_indices[CHOICE_KINDS] = {[HS_COMPONENT_HEAD] = stated_size(results, "n_heads"),
                                            [HS_COMPONENT_KV_GROUP] = stated_size(results, "n_kv_heads")};
    const hs_experiment *stated;

    HS_TRY(hs_results_stated(results, &stated, error));
    const size_t n_wanted = (size_t)stated->controls_random_sets;
    const size_t n_best = (size_t)stated->controls_for_best;
    const uint64_t seed = (uint64_t)stated->seed;
    for (size_t i = 0; i < n_best && i < ranking->n; ++i)
        HS_TRY(hs__analysis_choice_controls(index, ranking->sets[i], n_indices, n_wanted, seed,
                                            hs_random_stream(HS_RANDOM_CONTROLS, (uint32_t)ranking->sets[i]), chosen,
                                            error));
    return HS_OK;
}

static hs_status choose_controls(hs_results *results, hs_sets *chosen, hs_error *error)
{
    /* Only the summaries are asked for: no interval, no test. */
    const hs_analysis_options cheapest = {.resamples = 2, .permutations = 64, .confidence = 0.5};
    hs_analysis *analysis = NULL;
    hs_ranking_request request;
    hs_ranking ranking = {0};
    hs_sets_index index = {0};
    hs_status status;

    HS_GOTO_DONE(hs_analysis_new(results, NULL, &cheapest, &analysis, error));
    HS_GOTO_DONE(hs_analysis_request_parse(analysis, "objective", &request, error));
    HS_GOTO_DONE(hs_analysis_rank(analysis, &request, &ranking, error));
    HS_GOTO_DONE(hs_sets_index_new(hs_results_sets_of(results), &index, error));
    HS_GOTO_DONE(choose_controls_of(results, &index, &ranking, chosen, error));
done:
    hs_sets_index_clear(&index);
    hs_analysis_ranking_clear(&ranking);
    hs_analysis_free(analysis);
    return status;
}

/* ---- curves ------------------------------------------------------------------------------------------------------ */

/*
 * Where the set without `head` and those of `parent` stands; -1 if the file has none. Of a parent that was just
 * chosen every component is looked for: what the file has need not have come step by step. `components`[length] is
 * scratch.
 */
static int64_t find_there(const pruning *p, const hs_sets *chosen, uint64_t parent, uint32_t head,
                          hs_component *components)
{
    const size_t n = hs_sets_order(chosen, parent);

    if (parent < p->index.sets->n_sets)
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

static hs_status choose_by_importance(hs_results *results, hs_sets *chosen, hs_error *error)
{
    pruning p = {0};
    hs_status status = hs__analysis_pruning_read(results, false, &p, error);

    if (status == HS_OK)
        status = choose_importance(&p, chosen, error);
    hs__analysis_pruning_clear(&p);
    return status;
}

/* ---- the next phase ---------------------------------------------------------------------------------------------- */

static size_t count_before(const hs_results *results, size_t phase)
{
    size_t n = 0;

    for (size_t i = 0; i < phase; ++i)
        n += strcmp(hs_results_phase_name(results, i), hs_results_phase_name(results, phase)) == 0;
    return n;
}

hs_status hs_analysis_choose_phase(hs_results *results, hs_sets *rows_out, hs_error *error)
{
    const size_t phase = hs_results_n_chosen_phases(results);
    hs_status status;

    *rows_out = (hs_sets){.base = hs_results_sets_of(results)};
    if (phase == hs_results_n_phases(results))
        return hs_fail(error, HS_ERROR_INTERNAL, "there is no phase after the last");
    const char *name = hs_results_phase_name(results, phase);
    if (strcmp(name, HS_PHASE_CONTROLS) == 0)
        status = choose_controls(results, rows_out, error);
    else if (strcmp(name, HS_PHASE_GREEDY) == 0)
        status = choose_greedy(results, count_before(results, phase), rows_out, error);
    else
        status = choose_by_importance(results, rows_out, error);
    if (status != HS_OK)
        hs_sets_clear(rows_out);
    return status;
}
