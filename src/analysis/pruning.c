/*
 * pruning: what the phases and curves of pruning start from: the kept metric's loss of every set
 * that they ask for, and the order of single heads.
 */
#include "analysis/pruning.h"
#include "analysis/summary.h"

#include <math.h>
#include <string.h>

/* Values that are read at once, while the engine holds its own. */
enum { READ_BYTES = 1024 * 1024 };

const char *hs_analysis_pruning_method(hs_curves method)
{
    return method == HS_CURVES_GREEDY ? HS_PHASE_GREEDY : HS_PHASE_IMPORTANCE;
}

bool hs__analysis_pruning_has(const hs_results *results, const hs_experiment *stated, hs_curves method)
{
    for (size_t phase = 0; phase < hs_results_n_phases(results); ++phase)
        if (strcmp(hs_results_phase_name(results, phase), hs_analysis_pruning_method(method)) == 0)
            return true;
    /* A curve of one head needs no phase of its own. */
    return (stated->pruning_curve & method) != 0;
}

static hs_status find_kept(const hs_results *results, const hs_experiment *stated, hs_metric_place *kept_out,
                           hs_error *error)
{
    const hs_metric_table table = hs_results_metrics(results);

    if (stated->pruning_metric[0] != '\0')
        return hs_config_find_metric_of(&table, stated->pruning_metric, "", kept_out, error);
    return hs_config_find_metric_of(&table, stated->objective_keep, stated->objective_keep_metric, kept_out, error);
}

/* How much worse a summary is than the clean model's; a metric without a better side is harmed by any change. */
static double loss_of(const hs_metric *metric, double value, double clean)
{
    return metric->better == 0 ? fabs(value - clean) : (double)metric->better * (clean - value);
}

static double summary_of_set(const hs_results_task *task, const summary *s, const float *values)
{
    summary_sums sums[SUMMARY_MAX_PARTS];

    hs__analysis_summary_add_up(s, task, values, sums);
    return hs__analysis_summary_value(s, sums, (double)task->n_examples);
}

/* loss of sets first .. end - 1 by the kept metric; NaN where a cell is missing. Set 0 comes first of all. */
static hs_status read_losses(hs_results *results, hs_metric_place kept, uint64_t first, uint64_t end,
                             double *clean_inout, double *loss, hs_error *error)
{
    const hs_results_task *task = hs_results_task_at(results, kept.task);
    const size_t n_values = task->n_examples * task->n_metrics;
    const size_t step = READ_BYTES / (n_values * sizeof(float)) + 1;
    const summary s = hs__analysis_summary_of(task, kept.metric);
    float *values = NULL;
    hs_status status = hs_allocate(&values, step, n_values * sizeof *values, "values", error);

    for (; status == HS_OK && first < end; first += step) {
        size_t n = end - first < step ? (size_t)(end - first) : step;
        status = hs_results_read_values(results, (uint32_t)kept.task, first, n, values, error);
        for (size_t i = 0; status == HS_OK && i < n; ++i) {
            double value = summary_of_set(task, &s, values + i * n_values);
            *clean_inout = first + i == 0 ? value : *clean_inout;
            loss[first + i] = loss_of(&task->metrics[kept.metric], value, *clean_inout);
        }
    }
    hs_free(values);
    return status;
}

static bool is_asked_for(const hs_results *results, size_t phase, bool last_step)
{
    const bool is_last = phase + 1 == hs_results_n_chosen_phases(results);

    return !last_step || is_last || strcmp(hs_results_phase_name(results, phase), HS_PHASE_GREEDY) != 0;
}

/* loss[sets]; NaN where nobody asks. */
static hs_status read_phases(hs_results *results, hs_metric_place kept, bool last_step, double *loss, hs_error *error)
{
    const size_t n_sets = hs_results_sets_of(results)->n_sets;
    double clean = NAN;

    for (size_t set = 0; set < n_sets; ++set)
        loss[set] = NAN;
    for (size_t phase = 0; phase < hs_results_n_chosen_phases(results); ++phase) {
        uint64_t first, n;
        hs_results_phase_sets(results, phase, &first, &n);
        if (n > 0 && is_asked_for(results, phase, last_step))
            HS_TRY(read_losses(results, kept, first, first + n, &clean, loss, error));
    }
    return HS_OK;
}

static int32_t pruned_intervention(const hs_results *results, const hs_experiment *stated)
{
    const hs_sets *sets = hs_results_sets_of(results);
    const char *name = stated->pruning_intervention;

    for (size_t i = 0; i < sets->n_interventions; ++i)
        if (strcmp(sets->intervention_names[i], name) == 0)
            return (int32_t)i;
    return 0;
}

/* Heads that the first phase swept alone, in its order. */
static hs_status list_heads(const hs_results *results, pruning *p, hs_error *error)
{
    const hs_sets *sets = hs_results_sets_of(results);
    uint64_t first, n;

    hs_results_phase_sets(results, 0, &first, &n);
    HS_TRY(hs_allocate(&p->heads, (size_t)n, sizeof *p->heads, "heads", error));
    HS_TRY(hs_allocate(&p->single_loss, (size_t)n, sizeof *p->single_loss, "heads", error));
    for (uint64_t set = first; set < first + n; ++set) {
        if (sets->order[set] != 1 || sets->intervention[set] != p->choice.intervention)
            continue;
        size_t head = p->choice.n_heads++;
        hs_sets_view(sets, set, &p->heads[head]);
        p->single_loss[head] = p->loss[set];
    }
    return HS_OK;
}

/*
 * What is read stays within `out` also on failure, for the caller to clear. Losses of sets that
 * nobody asks for are NaN and cost no reading: with a thousand heads the sets are half a million.
 */
hs_status hs__analysis_pruning_read(hs_results *results, bool last_step, pruning *out, hs_error *error)
{
    const hs_sets *sets = hs_results_sets_of(results);
    const hs_experiment *stated;

    *out = (pruning){0};
    HS_TRY(hs_results_stated(results, &stated, error));
    const size_t most = (size_t)stated->pruning_max_heads;
    out->choice.intervention = pruned_intervention(results, stated);
    HS_TRY(find_kept(results, stated, &out->kept, error));
    HS_TRY(hs_sets_index_new(sets, &out->index, error));
    HS_TRY(hs_allocate(&out->loss, sets->n_sets, sizeof *out->loss, "losses", error));
    HS_TRY(read_phases(results, out->kept, last_step, out->loss, error));
    HS_TRY(list_heads(results, out, error));
    HS_TRY(hs_allocate(&out->order, out->choice.n_heads, sizeof *out->order, "order of heads", error));
    HS_TRY(hs__analysis_choice_order(out->single_loss, out->choice.n_heads, out->order, error));
    out->length = most > 0 && most < out->choice.n_heads ? most : out->choice.n_heads;
    out->choice.index = &out->index;
    out->choice.heads = out->heads;
    out->choice.order = out->order;
    out->choice.loss = out->loss;
    out->choice.n_candidates = (size_t)stated->pruning_candidates;
    return HS_OK;
}

void hs__analysis_pruning_clear(pruning *p)
{
    hs_sets_index_clear(&p->index);
    hs_free(p->heads);
    hs_free(p->single_loss);
    hs_free(p->order);
    hs_free(p->loss);
    *p = (pruning){0};
}
