/* Controls: random sets that are like the best ones of the first phase but for what makes them the best. */
#include <stdlib.h>
#include <string.h>

#include "analysis/choice.h"
#include "analysis/phase_kinds.h"
#include "headsweep/analysis.h"

static size_t stated_size(const hs_results *results, const char *name)
{
    const char *value = hs_results_attribute_of(results, "provenance", name);

    return value != NULL ? (size_t)strtoull(value, NULL, 10) : 0;
}

/* The heads that a pruned checkpoint lacks, as the run has stated them: "0.1, 2.3", or no attribute. */
static hs_status read_gone(const hs_results *results, hs_component **gone_out, size_t *n_out, hs_error *error)
{
    const char *cursor = hs_results_attribute_of(results, "provenance", "pruned_heads");
    size_t capacity = 0;
    hs_component head;

    while (cursor != NULL && hs_sets_read_component(&cursor, &head)) {
        HS_TRY(hs_reserve(gone_out, &capacity, *n_out + 1, sizeof **gone_out, "pruned heads", error));
        (*gone_out)[(*n_out)++] = head;
        cursor += strspn(cursor, ", ");
    }
    return HS_OK;
}

/*
 * Stated numbers and seed come from the file, so that a resumed run chooses the same sets whatever
 * its experiment file has become.
 */
static hs_status choose_controls_of(const hs_results *results, const hs_sets_index *index, const hs_ranking *ranking,
                                    hs_sets *chosen, hs_error *error)
{
    choice_components from = {0};
    hs_component *gone = NULL;
    const hs_experiment *stated;
    hs_status status;

    HS_TRY(hs_results_stated(results, &stated, error));
    const size_t n_wanted = (size_t)stated->controls_random_sets;
    const size_t n_best = (size_t)stated->controls_for_best;
    const uint64_t seed = (uint64_t)stated->seed;
    for (int32_t kind = 0; kind < HS_COMPONENT_KINDS; ++kind)
        from.n_indices[kind] = stated_size(results, hs_sets_kind(kind)->counted);
    status = read_gone(results, &gone, &from.n_gone, error);
    from.gone = gone;
    for (size_t i = 0; status == HS_OK && i < n_best && i < ranking->n; ++i)
        status = hs__analysis_choice_controls(index, ranking->sets[i], &from, n_wanted, seed,
                                              hs_random_stream(HS_RANDOM_CONTROLS, (uint32_t)ranking->sets[i]), chosen,
                                              error);
    hs_free(gone);
    return status;
}

/* The ranking is that of summaries, whose order no option of the statistics changes. */
static hs_status choose_controls(hs_results *results, size_t n_before, hs_sets *chosen, hs_error *error)
{
    /* Only the summaries are asked for: no interval, no test. */
    const hs_analysis_options cheapest = {.resamples = 2, .permutations = 64, .confidence = 0.5};
    hs_analysis *analysis = NULL;
    hs_ranking_request request;
    hs_ranking ranking = {0};
    hs_sets_index index = {0};
    hs_status status;

    (void)n_before;
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

static hs_status check_controls(const hs_experiment *experiment, hs_error *error)
{
    if (experiment->objective_reduce[0] == '\0')
        return hs_fail(error, HS_ERROR_USAGE,
                       "%s: controls.random_sets needs to know which sets are the best: state objective.reduce",
                       hs_config_where(experiment, "controls.random_sets"));
    return HS_OK;
}

/* They are as large as the sets that they are for. */
static hs_status plan_controls(const hs_experiment *experiment, const hs_phase_basis *basis, hs_planned_phases *planned,
                               hs_error *error)
{
    if (experiment->controls_random_sets == 0)
        return HS_OK;
    HS_TRY(check_controls(experiment, error));
    hs__analysis_add_phase(planned, &hs__analysis_phase_controls,
                           (size_t)experiment->controls_random_sets * (size_t)experiment->controls_for_best,
                           basis->max_order);
    return HS_OK;
}

static const char *follows_objective(const hs_experiment *stated, const char *setting)
{
    (void)stated;
    return strncmp(setting, "objective.", strlen("objective.")) == 0
               ? "its control sets (controls.random_sets) were chosen by it"
               : NULL;
}

const phase_kind hs__analysis_phase_controls = {HS_PHASE_CONTROLS, plan_controls, choose_controls, follows_objective};
