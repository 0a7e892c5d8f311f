/* p-values become q-values: each family of tests, the sets of one order and intervention, by itself. */
#include <math.h>

#include "analysis/inference.h"
#include "analysis/statistics.h"

/* The statistics that are corrected for how many were tested. */
static const struct {
    hs_statistic p, q;
} corrected[] = {{HS_STATISTIC_DELTA_P, HS_STATISTIC_DELTA_Q},
                 {HS_STATISTIC_INTERACTION_P, HS_STATISTIC_INTERACTION_Q}};

/* The sets of one order and intervention, in a list. */
typedef struct family {
    uint64_t *sets; /* [n_sets] */
    double *p;      /* [n_sets] */
    double *q;      /* [n_sets] */
    size_t n;
} family;

/*
 * A family is what is looked at as one list: all singles, or all pairs, of an intervention and a
 * metric. Adjusting them together would let the 10,000 pairs decide over the 144 singles.
 */
static hs_status adjust(hs_analysis *analysis, uint32_t task, family *f, hs_error *error)
{
    const size_t n_metrics = hs_results_task_at(analysis->results, task)->n_metrics;

    for (size_t c = 0; c < sizeof corrected / sizeof *corrected; ++c) {
        const double *p = analysis->tables[corrected[c].p][task];
        double *q = analysis->tables[corrected[c].q][task];
        for (size_t metric = 0; metric < n_metrics; ++metric) {
            for (size_t i = 0; i < f->n; ++i)
                f->p[i] = p[f->sets[i] * n_metrics + metric];
            HS_TRY(hs__analysis_benjamini_hochberg(f->p, f->n, f->q, error));
            for (size_t i = 0; i < f->n; ++i)
                q[f->sets[i] * n_metrics + metric] = f->q[i];
        }
    }
    return HS_OK;
}

static hs_status adjust_families(hs_analysis *analysis, uint32_t task, family *f, hs_error *error)
{
    const hs_sets *sets = hs_results_sets_of(analysis->results);

    for (int32_t order = 1; order <= (int32_t)sets->max_order; ++order)
        for (size_t i = 0; i < sets->n_interventions; ++i) {
            f->n = 0;
            for (uint64_t set = 0; set < sets->n_sets; ++set)
                if (sets->order[set] == order && sets->intervention[set] == (int32_t)i)
                    f->sets[f->n++] = set;
            HS_TRY(adjust(analysis, task, f, error));
        }
    return HS_OK;
}

hs_status hs__analysis_families_adjust(hs_analysis *analysis, uint32_t task, hs_error *error)
{
    family f = {0};
    hs_status status;

    HS_GOTO_DONE(hs_allocate(&f.sets, analysis->n_sets, sizeof *f.sets, "sets", error));
    HS_GOTO_DONE(hs_allocate(&f.p, analysis->n_sets, sizeof *f.p, "p-values", error));
    HS_GOTO_DONE(hs_allocate(&f.q, analysis->n_sets, sizeof *f.q, "p-values", error));
    status = adjust_families(analysis, task, &f, error);
done:
    hs_free(f.sets);
    hs_free(f.p);
    hs_free(f.q);
    return status;
}
