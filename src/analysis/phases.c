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

static hs_status choose_controls_of(const hs_results *results, const set_index *index, const hs_ranking *ranking,
                                    hs_chosen_sets *chosen, hs_error *error)
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

static hs_status choose_controls(hs_results *results, hs_chosen_sets *chosen, hs_error *error)
{
    /* Only the summaries are asked for: no interval, no test. */
    const hs_analysis_options cheapest = {.resamples = 2, .permutations = 64, .confidence = 0.5};
    hs_analysis *analysis = NULL;
    hs_ranking_request request;
    hs_ranking ranking = {0};
    set_index index = {0};
    hs_status status;

    HS_GOTO_DONE(hs_analysis_new(results, NULL, &cheapest, &analysis, error));
    HS_GOTO_DONE(hs_analysis_request_parse(analysis, "objective", &request, error));
    HS_GOTO_DONE(hs_analysis_rank(analysis, &request, &ranking, error));
    HS_GOTO_DONE(hs__analysis_set_index_new(hs_results_sets_of(results), &index, error));
    HS_GOTO_DONE(choose_controls_of(results, &index, &ranking, chosen, error));
done:
    hs__analysis_set_index_clear(&index);
    hs_analysis_ranking_clear(&ranking);
    hs_analysis_free(analysis);
    return status;
}

/* ---- curves ------------------------------------------------------------------------------------------------------ */

/* Adds the set without removed[n], unless the file has it. `components` is scratch of [n_heads, 3]. */
static hs_status add_unless_there(const pruning *p, const uint32_t *removed, size_t n, int32_t *components,
                                  hs_chosen_sets *chosen, hs_error *error)
{
    hs__analysis_choice_removed(&p->choice, removed, n, components);
    if (hs__analysis_set_index_find(&p->index, components, n, p->choice.intervention) >= 0)
        return HS_OK;
    return hs__analysis_chosen_append(chosen, components, n, p->choice.intervention, error);
}

static hs_status choose_importance(const pruning *p, size_t n_before, uint32_t *removed, int32_t *components,
                                   hs_chosen_sets *chosen, hs_error *error)
{
    (void)n_before;
    (void)removed;
    for (size_t n = 2; n <= p->length; ++n)
        HS_TRY(add_unless_there(p, p->order, n, components, chosen, error));
    return HS_OK;
}

/* Every head that is tried, in addition to those that are gone; the first greedy phase removes the second head. */
static hs_status choose_greedy(const pruning *p, size_t n_before, uint32_t *removed, int32_t *components,
                               hs_chosen_sets *chosen, hs_error *error)
{
    uint32_t *tried = NULL;
    size_t n_removed = 0;
    hs_status status;

    HS_GOTO_DONE(hs_allocate(&tried, p->choice.n_heads, sizeof *tried, "greedy pruning", error));
    HS_GOTO_DONE(hs__analysis_choice_greedy(&p->choice, n_before + 1, removed, &n_removed, error));
    if (n_removed != n_before + 1)
        HS_GOTO_DONE(hs_fail(error, HS_ERROR_INTERNAL, "greedy pruning knows %zu steps instead of %zu", n_removed,
                             n_before + 1));
    size_t n_tried = hs__analysis_choice_tried(&p->choice, removed, n_removed, tried);
    for (size_t i = 0; i < n_tried; ++i) {
        removed[n_removed] = tried[i];
        HS_GOTO_DONE(add_unless_there(p, removed, n_removed + 1, components, chosen, error));
    }
done:
    hs_free(tried);
    return status;
}

/* `n_before`: phases of the same name before this one. */
static hs_status choose_pruned(hs_results *results, const char *name, size_t n_before, hs_chosen_sets *chosen,
                               hs_error *error)
{
    bool is_greedy = strcmp(name, HS_PHASE_GREEDY) == 0;
    pruning p = {0};
    uint32_t *removed = NULL;
    int32_t *components = NULL;
    hs_status status;

    HS_GOTO_DONE(hs__analysis_pruning_read(results, &p, error));
    HS_GOTO_DONE(hs_allocate(&removed, p.choice.n_heads, sizeof *removed, "pruning", error));
    HS_GOTO_DONE(hs_allocate(&components, p.choice.n_heads, 3 * sizeof *components, "pruning", error));
    HS_GOTO_DONE((is_greedy ? choose_greedy : choose_importance)(&p, n_before, removed, components, chosen, error));
done:
    hs_free(components);
    hs_free(removed);
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

hs_status hs_analysis_choose_phase(hs_results *results, hs_chosen_sets *sets_out, hs_error *error)
{
    const size_t phase = hs_results_n_chosen_phases(results);
    hs_status status;

    *sets_out = (hs_chosen_sets){.max_order = hs_results_sets_of(results)->max_order};
    if (phase == hs_results_n_phases(results))
        return hs_fail(error, HS_ERROR_INTERNAL, "there is no phase after the last");
    const char *name = hs_results_phase_name(results, phase);
    if (strcmp(name, HS_PHASE_CONTROLS) == 0)
        status = choose_controls(results, sets_out, error);
    else
        status = choose_pruned(results, name, count_before(results, phase), sets_out, error);
    if (status != HS_OK)
        hs_analysis_chosen_sets_clear(sets_out);
    return status;
}
