/* p-values become q-values: each family of tests, the sets of one order and intervention, by itself. */
#include <math.h>

#include "analysis/inference.h"
#include "analysis/statistic_tables.h"
#include "analysis/statistics.h"

/* The statistics that are corrected for how many were tested. */
static const struct {
    hs_statistic p, q;
} corrected[] = {{HS_STATISTIC_DELTA_P, HS_STATISTIC_DELTA_Q},
                 {HS_STATISTIC_INTERACTION_P, HS_STATISTIC_INTERACTION_Q}};

/* The sets of one order and intervention, in a list. */
typedef struct family {
    uint64_t *sets; /* [n] */
    double *p;      /* [n] */
    double *q;      /* [n] */
    size_t n;
} family;

/*
 * A family is what is looked at as one list: all singles, or all pairs, of an intervention and a
 * metric. Adjusting them together would let the 10,000 pairs decide over the 144 singles.
 */
static hs_status adjust(const hs_analysis *analysis, uint32_t task, const family *f, size_t c, hs_error *error)
{
    hs_statistic_tables *tables = analysis->statistics;

    for (size_t metric = 0; metric < hs_results_task_at(analysis->results, task)->n_metrics; ++metric) {
        for (size_t i = 0; i < f->n; ++i)
            f->p[i] = hs__analysis_tables_get(tables, corrected[c].p, task, metric, f->sets[i]);
        HS_TRY(hs__analysis_benjamini_hochberg(f->p, f->n, f->q, error));
        for (size_t i = 0; i < f->n; ++i)
            hs__analysis_tables_put(tables, corrected[c].q, task, metric, f->sets[i], f->q[i]);
    }
    return hs__analysis_tables_status(tables, error);
}

static void list_family(const hs_sets *sets, int32_t order, int32_t intervention, family *f)
{
    f->n = 0;
    for (uint64_t set = 0; set < sets->n_sets; ++set)
        if (sets->order[set] == order && sets->intervention[set] == intervention)
            f->sets[f->n++] = set;
}

/* sizes[max_order + 1, n_interventions]; returns the largest. The clean model is nobody's. */
static size_t count_families(const hs_sets *sets, size_t *sizes)
{
    size_t largest = 0;

    for (uint64_t set = 1; set < sets->n_sets; ++set) {
        const size_t n = ++sizes[(size_t)sets->order[set] * sets->n_interventions + (size_t)sets->intervention[set]];
        largest = n > largest ? n : largest;
    }
    return largest;
}

/* From order 1 on: the clean model, which is order 0, is tested against nothing. Interactions are those of pairs. */
static hs_status adjust_families(const hs_analysis *analysis, uint32_t task, const size_t *sizes, family *f,
                                 hs_error *error)
{
    const hs_sets *sets = hs_results_sets_of(analysis->results);

    for (size_t i = sets->n_interventions; i < (sets->max_order + 1) * sets->n_interventions; ++i) {
        const int32_t order = (int32_t)(i / sets->n_interventions);
        if (sizes[i] == 0)
            continue;
        list_family(sets, order, (int32_t)(i % sets->n_interventions), f);
        for (size_t c = 0; c < sizeof corrected / sizeof *corrected; ++c)
            if (order == 2 || !hs__analysis_is_of_pairs(corrected[c].p))
                HS_TRY(adjust(analysis, task, f, c, error));
    }
    return HS_OK;
}

/* Families are counted before they are listed, so that one list as long as the largest serves all of them. */
hs_status hs__analysis_families_adjust(const hs_analysis *analysis, uint32_t task, hs_error *error)
{
    const hs_sets *sets = hs_results_sets_of(analysis->results);
    size_t *sizes = NULL;
    family f = {0};
    hs_status status;

    HS_GOTO_DONE(hs_allocate(&sizes, sets->max_order + 1, sets->n_interventions * sizeof *sizes, "p-values", error));
    const size_t largest = count_families(sets, sizes);
    HS_GOTO_DONE(hs_allocate(&f.sets, largest, sizeof *f.sets, "sets", error));
    HS_GOTO_DONE(hs_allocate(&f.p, largest, sizeof *f.p, "p-values", error));
    HS_GOTO_DONE(hs_allocate(&f.q, largest, sizeof *f.q, "p-values", error));
    status = adjust_families(analysis, task, sizes, &f, error);
done:
    hs_free(sizes);
    hs_free(f.sets);
    hs_free(f.p);
    hs_free(f.q);
    return status;
}
