/* What a reader has to know before trusting the finding. */
#include <math.h>
#include <string.h>

#include "report/contents.h"
#include "report/listing.h"

/* Thresholds below which a caveat is due. */
enum { FEW_EXAMPLES = 100, MANY_SETS = 20 };
static const double stable_enough = 0.7, alike_enough = 0.5;

typedef struct caveats {
    const hs_report *report;
    const report_metric *ranked;
    uint64_t best; /* 0: nothing is ranked */
    hs_text text;  /* scratch */
    report_table *to;
} caveats;

/* One row: what it is about and the text in `text`. */
static hs_status add(caveats *c, const char *what, hs_error *error)
{
    HS_TRY(hs__report_table_add_text(c->to, what, error));
    HS_TRY(hs__report_table_add_text(c->to, c->text.text, error));
    c->text.length = 0;
    return HS_OK;
}

static hs_status unfinished(caveats *c, hs_error *error)
{
    const hs_analysis *analysis = c->report->analysis;
    const size_t n_phases = hs_results_n_phases(c->report->results);
    const size_t n_chosen = hs_results_n_chosen_phases(c->report->results);

    if (n_chosen < n_phases) {
        HS_TRY(hs_text_appendf(&c->text, error,
                               "The sets of %zu of %zu phases (%s and after) are still to be chosen and swept.",
                               n_phases - n_chosen, n_phases, hs_results_phase_name(c->report->results, n_chosen)));
        HS_TRY(add(c, "unfinished file", error));
    }
    if (analysis->n_complete == analysis->n_sets)
        return HS_OK;
    HS_TRY(hs_text_appendf(&c->text, error,
                           "%zu of %zu sets are complete (%.1f%%). Only these are in this report, and the best may be "
                           "among those that are missing.",
                           analysis->n_complete, analysis->n_sets,
                           100 * (double)analysis->n_complete / (double)analysis->n_sets));
    return add(c, "unfinished file", error);
}

static bool is_of_a_curve(const hs_report *report, const report_metric *metric)
{
    for (size_t i = 0; i < report->n_curves; ++i)
        if (report->curves[i].task == metric->task && report->curves[i].metric == metric->metric)
            return true;
    return false;
}

static hs_status few_examples(caveats *c, hs_error *error)
{
    for (size_t task = 0; task < c->report->analysis->n_tasks; ++task) {
        const hs_results_task *of = hs_results_task_at(c->report->results, task);
        if (of->n_examples >= FEW_EXAMPLES)
            continue;
        HS_TRY(hs_text_appendf(
            &c->text, error,
            of->n_examples == 1
                ? "%s has %zu example: it gives no interval, and nothing is known of others."
                : "%s has %zu examples: its intervals are themselves uncertain, and rare behaviour is not "
                  "seen.",
            of->name, of->n_examples));
        HS_TRY(add(c, "few examples", error));
    }
    return HS_OK;
}

/* Of what is ranked by, what is kept and what curves keep. */
static hs_status no_better_than_chance(caveats *c, hs_error *error)
{
    for (size_t i = 0; i < c->report->n_metrics; ++i) {
        const report_metric *metric = &c->report->metrics[i];
        if (i >= c->report->n_main && !is_of_a_curve(c->report, metric))
            continue;
        HS_TRY(hs__report_chance_sentence(c->report->analysis, metric->task, metric->metric, "The", &c->text, error));
        if (c->text.length > 0)
            HS_TRY(add(c, "chance", error));
    }
    return HS_OK;
}

static hs_status unstable_ranking(caveats *c, hs_error *error)
{
    const hs_report *report = c->report;

    for (size_t i = 0; i < report->sets->n_interventions; ++i) {
        const double *stability = report->analysis->stability[c->ranked->task] +
                                  (i * c->ranked->of->n_metrics + c->ranked->metric) * HS_STABILITY_COUNT;
        if (!(stability[HS_STABILITY_SPLIT_HALF] < stable_enough))
            continue;
        HS_TRY(hs_text_appendf(
            &c->text, error,
            "Under %s two halves of the examples rank single heads by %s.%s differently (split-half Spearman "
            "%.2f): other examples would give another order.",
            report->sets->intervention_names[i], c->ranked->of->name, c->ranked->is->name,
            stability[HS_STABILITY_SPLIT_HALF]));
        HS_TRY(add(c, "unstable ranking", error));
    }
    return HS_OK;
}

static hs_status not_significant(caveats *c, hs_error *error)
{
    if (c->best == 0 || hs__report_is_significant(c->report, HS_STATISTIC_DELTA_Q, c->ranked, c->best))
        return HS_OK;
    HS_TRY(hs_text_appendf(
        &c->text, error,
        "The change of %s.%s under the best set is not significant after correction for the number of sets.",
        c->ranked->of->name, c->ranked->is->name));
    return add(c, "not significant", error);
}

/* The interval of what is kept reaches beyond the tolerance: accuracy, fluency or whatever may be lost after all. */
static hs_status may_be_lost(caveats *c, hs_error *error)
{
    const hs_report *report = c->report;

    for (size_t i = 0; c->best > 0 && report->has_objective && i < report->objective.n_keeps; ++i) {
        const hs_objective_keep *keep = &report->objective.keeps[i];
        const report_metric *metric = &report->metrics[hs__report_find_metric(report, keep->task, keep->metric)];
        const double low = hs__report_value(report, HS_STATISTIC_DELTA_LOW, metric, c->best);
        const double high = hs__report_value(report, HS_STATISTIC_DELTA_HIGH, metric, c->best);
        if (!((metric->is->better < 0 ? high : -low) > keep->tolerance))
            continue;
        HS_TRY(hs_text_appendf(
            &c->text, error,
            "The interval of %s.%s under the best set reaches beyond the tolerance: more may be lost on other "
            "examples.",
            metric->of->name, metric->is->name));
        HS_TRY(add(c, "tolerance", error));
    }
    return HS_OK;
}

/* What tells of fluency; no metric: the task's first. */
static const struct {
    const char *kind, *metric, *lost;
} fluency_metrics[] = {
    {"perplexity", NULL, "The best set costs fluency"},
    {"generation", "nll", "What is written under the best set is less likely to the clean model, less fluent or not"},
};

/* Row of fluency_metrics, or -1. */
static int fluency_row(const report_metric *metric)
{
    const int n = sizeof fluency_metrics / sizeof *fluency_metrics;
    int row = 0;

    while (row < n &&
           (strcmp(fluency_metrics[row].kind, metric->of->kind) != 0 ||
            strcmp(fluency_metrics[row].metric != NULL ? fluency_metrics[row].metric : metric->of->metrics[0].name,
                   metric->is->name) != 0))
        ++row;
    return row < n ? row : -1;
}

static hs_status fluency_lost(caveats *c, const report_metric *metric, const char *lost, hs_error *error)
{
    const hs_report *report = c->report;

    if (c->best == 0 || !(hs__report_value(report, HS_STATISTIC_DELTA, metric, c->best) > 0) ||
        !hs__report_is_significant(report, HS_STATISTIC_DELTA_Q, metric, c->best))
        return HS_OK;
    HS_TRY(hs_text_appendf(&c->text, error, "%s: %s.%s changes by ", lost, metric->of->name, metric->is->name));
    HS_TRY(hs__report_findings_change(report, metric, c->best, &c->text, error));
    HS_TRY(hs_text_appendf(&c->text, error, "."));
    return add(c, "fluency lost", error);
}

static hs_status fluency(caveats *c, hs_error *error)
{
    const hs_report *report = c->report;
    bool measured = false;

    for (size_t i = 0; i < report->n_metrics; ++i) {
        const int row = fluency_row(&report->metrics[i]);
        if (row < 0)
            continue;
        measured = true;
        HS_TRY(fluency_lost(c, &report->metrics[i], fluency_metrics[row].lost, error));
    }
    if (measured)
        return HS_OK;
    HS_TRY(hs_text_appendf(&c->text, error,
                           "No task of kind perplexity was measured: what ablation does to fluency is not known."));
    return add(c, "fluency", error);
}

static hs_status controls(caveats *c, hs_error *error)
{
    if (c->best == 0)
        return HS_OK;
    const hs_control control = c->report->controls[0];
    if (control.n == 0)
        HS_TRY(hs_text_appendf(
            &c->text, error,
            "The file has no other sets with as many heads in each layer as the best one, so it is not known "
            "what any such set would do."));
    else if (control.p > 1 - c->report->analysis->options.confidence)
        HS_TRY(hs_text_appendf(
            &c->text, error,
            "Among %zu matched sets the best one is not exceptional at this level (p = %.2g; with so many "
            "controls p cannot be below %.2g).",
            control.n, control.p, 1 / (double)(control.n + 1)));
    else
        return HS_OK;
    return add(c, "controls", error);
}

static hs_status disagreement(caveats *c, hs_error *error)
{
    const hs_report *report = c->report;

    for (int32_t other = 1; other < (int32_t)report->sets->n_interventions; ++other) {
        double correlation;
        size_t n;
        HS_TRY(hs_analysis_compare(report->analysis, c->ranked->task, c->ranked->metric, 0, other, &correlation, &n,
                                   error));
        if (!(correlation < alike_enough))
            continue;
        HS_TRY(hs_text_appendf(
            &c->text, error,
            "%s and %s rank single heads by %s.%s differently (Spearman %.2f): the finding depends on how heads "
            "are removed.",
            report->sets->intervention_names[0], report->sets->intervention_names[other], c->ranked->of->name,
            c->ranked->is->name, correlation));
        HS_TRY(add(c, "interventions", error));
    }
    return HS_OK;
}

static hs_status picked(caveats *c, hs_error *error)
{
    if (c->report->ranking.n <= MANY_SETS)
        return HS_OK;
    HS_TRY(hs_text_appendf(
        &c->text, error,
        "The best of %zu sets was picked for being extreme on these examples: expect less of it on new ones. "
        "Intervals are per set.",
        c->report->ranking.n));
    return add(c, "picked", error);
}

static hs_status pruned(caveats *c, hs_error *error)
{
    const hs_report *report = c->report;

    for (size_t i = 0; i < report->n_curves; ++i) {
        const hs_pruning_curve *curve = &report->curves[i];
        if (curve->n_points < curve->n_planned) {
            HS_TRY(hs_text_appendf(&c->text, error, "The curve by %s has %zu of %zu points so far.", curve->method,
                                   curve->n_points, curve->n_planned));
            HS_TRY(add(c, "pruning", error));
        }
        if (!(curve->points[curve->furthest].kept_low < curve->threshold))
            continue;
        HS_TRY(hs_text_appendf(&c->text, error,
                               "By %s, the interval of what is kept without %zu heads reaches below %.4g%%: other "
                               "examples may not let so many go.",
                               curve->method, curve->points[curve->furthest].n_removed, 100 * curve->threshold));
        HS_TRY(add(c, "pruning", error));
    }
    if (report->n_curves == 0)
        return HS_OK;
    HS_TRY(
        hs_text_appendf(&c->text, error,
                        "The order in which heads are removed was found on the examples that the curves are measured "
                        "on: expect to keep less on new ones."));
    return add(c, "pruning", error);
}

static hs_status not_finite(caveats *c, hs_error *error)
{
    if (c->report->ranking.n_not_finite == 0)
        return HS_OK;
    HS_TRY(hs_text_appendf(&c->text, error, "%zu sets are left out because a value is not a finite number.",
                           c->report->ranking.n_not_finite));
    return add(c, "not finite", error);
}

hs_status hs__report_caveats_list(const hs_report *report, report_table *to, hs_error *error)
{
    static hs_status (*const rows[])(caveats * c, hs_error * error) = {
        unfinished,       not_significant, may_be_lost, fluency,      no_better_than_chance,
        unstable_ranking, few_examples,    controls,    disagreement, picked,
        pruned,           not_finite,
    };
    caveats c = {.report = report,
                 .ranked = &report->metrics[hs__report_ranked_metric(report)],
                 .best = report->ranking.n > 0 ? report->ranking.sets[0] : 0,
                 .to = to};
    hs_status status = hs__report_table_add_column(to, TABLE_TEXT, "about", "about", error);

    if (status == HS_OK)
        status = hs__report_table_add_column(to, TABLE_TEXT, "caveat", "caveat", error);
    for (size_t i = 0; status == HS_OK && i < sizeof rows / sizeof *rows; ++i)
        status = rows[i](&c, error);
    hs_text_clear(&c.text);
    return status;
}
