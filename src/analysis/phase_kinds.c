/* The table of later phases: what an experiment asks for before there is a file, and what comes next in one. */
#include <string.h>

#include "analysis/phase_kinds.h"

/* In the order in which they are swept. */
static const phase_kind *const kinds[] = {&hs__analysis_phase_importance, &hs__analysis_phase_greedy,
                                          &hs__analysis_phase_controls};

enum { N_KINDS = sizeof kinds / sizeof *kinds };

void hs__analysis_add_phase(hs_planned_phases *planned, const phase_kind *kind, size_t n_sets, size_t n_added)
{
    const size_t before = planned->later.n_phases > 0 && planned->names[planned->later.n_phases - 1] == kind->name
                              ? planned->of_last_kind
                              : 0;

    /* Phases of one kind, which follow each other, are those of a greedy curve: each has sets of its own order. */
    planned->of_last_kind = n_sets > before ? n_sets : before;
    planned->of_one_order += planned->of_last_kind - before;
    planned->names[planned->later.n_phases++] = kind->name;
    planned->later.n_sets += n_sets;
    planned->later.n_added += n_sets * n_added;
}

/*
 * Bytes of the longest name that a set can have: of some order, all its components with the longest name of the model.
 */
static hs_status find_longest_name(const hs_phase_basis *basis, hs_planned_phases *planned, hs_error *error)
{
    hs_component *components = NULL;
    hs_text name = {0};
    hs_status status = hs_allocate(&components, planned->max_order, sizeof *components, "longest name", error);

    for (size_t i = 0; status == HS_OK && i < planned->max_order; ++i)
        components[i] = basis->last;
    for (size_t order = 1; status == HS_OK && order <= planned->max_order; ++order) {
        name.length = 0;
        status = hs_sets_components_name(components, order, &name, error);
        if (name.length > planned->later.longest_name)
            planned->later.longest_name = name.length;
    }
    hs_text_clear(&name);
    hs_free(components);
    return status;
}

/*
 * All phases are planned before the first cell, for the file is allocated at its full size: an
 * upper bound where a phase chooses later how many sets it takes.
 */
static hs_status plan_each(const hs_experiment *experiment, const hs_phase_basis *basis, hs_planned_phases *planned,
                           hs_error *error)
{
    /* A greedy curve has less phases than there are single components. */
    HS_TRY(hs_allocate(&planned->names, basis->n_singles + N_KINDS, sizeof *planned->names, "phases", error));
    planned->later.names = planned->names;
    for (size_t i = 0; i < N_KINDS; ++i)
        HS_TRY(kinds[i]->plan(experiment, basis, planned, error));
    if (planned->later.n_phases == 0)
        return HS_OK;
    if (basis->n_sets + planned->later.n_sets > (size_t)experiment->max_sets)
        return hs_fail(error, HS_ERROR_USAGE,
                       "%s: up to %zu ablation sets in all phases are more than sweep.max_sets = %lld; ask for fewer "
                       "controls or a shorter curve, or raise it",
                       experiment->path, basis->n_sets + planned->later.n_sets, (long long)experiment->max_sets);
    return find_longest_name(basis, planned, error);
}

hs_status hs_analysis_plan_phases(const hs_experiment *experiment, const hs_phase_basis *basis,
                                  hs_planned_phases *planned_out, hs_error *error)
{
    *planned_out = (hs_planned_phases){.max_order = basis->max_order};
    hs_status status = plan_each(experiment, basis, planned_out, error);

    if (status != HS_OK)
        hs_analysis_planned_phases_clear(planned_out);
    return status;
}

void hs_analysis_planned_phases_clear(hs_planned_phases *planned)
{
    hs_free(planned->names);
    *planned = (hs_planned_phases){0};
}

static const phase_kind *kind_of(const hs_results *results, size_t phase)
{
    for (size_t i = 0; i < N_KINDS; ++i)
        if (strcmp(hs_results_phase_name(results, phase), kinds[i]->name) == 0)
            return kinds[i];
    return NULL;
}

static hs_status choose(hs_results *results, size_t phase, hs_sets *rows, hs_error *error)
{
    const phase_kind *kind = kind_of(results, phase);
    size_t n_before = 0;

    if (kind == NULL)
        return hs_fail(error, HS_ERROR_RESULTS, "the file has a phase \"%s\", which this headsweep does not know",
                       hs_results_phase_name(results, phase));
    for (size_t i = 0; i < phase; ++i)
        n_before += kind_of(results, i) == kind;
    return kind->choose(results, n_before, rows, error);
}

hs_status hs_analysis_choose_phase(hs_results *results, hs_sets *rows_out, hs_error *error)
{
    const size_t phase = hs_results_n_chosen_phases(results);

    *rows_out = (hs_sets){.base = hs_results_sets_of(results)};
    if (phase == hs_results_n_phases(results))
        return hs_fail(error, HS_ERROR_INTERNAL, "there is no phase after the last");
    hs_status status = choose(results, phase, rows_out, error);
    if (status != HS_OK)
        hs_sets_clear(rows_out);
    return status;
}

const char *hs__analysis_chosen_by(const hs_results *results, const hs_experiment *stated, const char *setting)
{
    for (size_t phase = 0; phase < hs_results_n_phases(results); ++phase) {
        const phase_kind *kind = kind_of(results, phase);
        const char *what = kind != NULL ? kind->follows(stated, setting) : NULL;
        if (what != NULL)
            return what;
    }
    return NULL;
}
