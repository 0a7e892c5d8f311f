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
    hs_text text;  /* scratch; keeps what failed */
    report_table *to;
    hs_error *error;
} caveats;

/* One row: what it is about and the text in `text`. */
static void add(caveats *c, const char *what)
{
    hs__report_table_add_text(c->to, what);
    hs__report_table_add_text(c->to, hs_text_kept(&c->to->texts, &c->text));
    c->text.length = 0;
}

/*
 * Two things can be missing: sets that nobody has chosen yet, and chosen ones that are not
 * computed. Either may hold a better set than all that is shown.
 */
static void unfinished(caveats *c)
{
    const hs_analysis *analysis = c->report->analysis;
    const size_t n_phases = hs_results_n_phases(c->report->results);
    const size_t n_chosen = hs_results_n_chosen_phases(c->report->results);

    if (n_chosen < n_phases) {
        hs_text_putf(&c->text, "The sets of %zu of %zu phases (%s and after) are still to be chosen and swept.",
                     n_phases - n_chosen, n_phases, hs_results_phase_name(c->report->results, n_chosen));
        add(c, "unfinished file");
    }
    if (analysis->n_complete == analysis->n_sets)
        return;
    hs_text_putf(&c->text,
                 "%zu of %zu sets are complete (%.1f%%). Only these are in this report, and the best may be "
                 "among those that are missing.",
                 analysis->n_complete, analysis->n_sets, 100 * (double)analysis->n_complete / (double)analysis->n_sets);
    add(c, "unfinished file");
}

static bool is_of_a_curve(const hs_report *report, const report_metric *metric)
{
    for (size_t i = 0; i < report->n_curves; ++i)
        if (report->curves[i].task == metric->task && report->curves[i].metric == metric->metric)
            return true;
    return false;
}

static void few_examples(caveats *c)
{
    for (size_t task = 0; task < c->report->analysis->n_tasks; ++task) {
        const hs_results_task *of = hs_results_task_at(c->report->results, task);
        if (of->n_examples >= FEW_EXAMPLES)
            continue;
        hs_text_putf(&c->text,
                     of->n_examples == 1
                         ? "%s has %zu example: it gives no interval, and nothing is known of others."
                         : "%s has %zu examples: its intervals are themselves uncertain, and rare behaviour is not "
                           "seen.",
                     of->name, of->n_examples);
        add(c, "few examples");
    }
}

/* Of what is ranked by, what is kept and what curves keep. */
static void no_better_than_chance(caveats *c)
{
    for (size_t i = 0; i < c->report->n_metrics; ++i) {
        const report_metric *metric = &c->report->metrics[i];
        if (i >= c->report->n_main && !is_of_a_curve(c->report, metric))
            continue;
        hs__report_chance_sentence(c->report->analysis, metric->task, metric->metric, "The", &c->text);
        if (c->text.length > 0)
            add(c, "chance");
    }
}

/*
 * Single heads, because their order is what a reader takes away; the test is written as !(x <
 * limit) so that NaN, of which nothing is known, is no caveat.
 */
static void unstable_ranking(caveats *c)
{
    const hs_report *report = c->report;

    for (size_t i = 0; i < report->sets->n_interventions; ++i) {
        const double *stability = report->analysis->stability[c->ranked->task] +
                                  (i * c->ranked->of->n_metrics + c->ranked->metric) * HS_STABILITY_COUNT;
        if (!(stability[HS_STABILITY_SPLIT_HALF] < stable_enough))
            continue;
        hs_text_putf(&c->text,
                     "Under %s two halves of the examples rank single heads by %s.%s differently (split-half Spearman "
                     "%.2f): other examples would give another order.",
                     report->sets->intervention_names[i], c->ranked->of->name, c->ranked->is->name,
                     stability[HS_STABILITY_SPLIT_HALF]);
        add(c, "unstable ranking");
    }
}

static void not_significant(caveats *c)
{
    if (c->best == 0 || hs__report_is_significant(c->report, HS_STATISTIC_DELTA_Q, c->ranked, c->best))
        return;
    hs_text_putf(&c->text,
                 "The change of %s.%s under the best set is not significant after correction for the number of sets.",
                 c->ranked->of->name, c->ranked->is->name);
    add(c, "not significant");
}

/* The interval of what is kept reaches beyond the tolerance: accuracy, fluency or whatever may be lost after all. */
static void may_be_lost(caveats *c)
{
    const hs_report *report = c->report;

    for (size_t i = 0; c->best > 0 && report->has_objective && i < report->objective.n_keeps; ++i) {
        const hs_objective_keep *keep = &report->objective.keeps[i];
        const report_metric *metric = &report->metrics[hs__report_find_metric(report, keep->task, keep->metric)];
        const double low = hs__report_value(report, HS_STATISTIC_DELTA_LOW, metric, c->best);
        const double high = hs__report_value(report, HS_STATISTIC_DELTA_HIGH, metric, c->best);
        if (!((metric->is->better < 0 ? high : -low) > keep->tolerance))
            continue;
        hs_text_putf(&c->text,
                     "The interval of %s.%s under the best set reaches beyond the tolerance: more may be lost on other "
                     "examples.",
                     metric->of->name, metric->is->name);
        add(c, "tolerance");
    }
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

static void fluency_lost(caveats *c, const report_metric *metric, const char *lost)
{
    const hs_report *report = c->report;

    if (c->best == 0 || !(hs__report_value(report, HS_STATISTIC_DELTA, metric, c->best) > 0) ||
        !hs__report_is_significant(report, HS_STATISTIC_DELTA_Q, metric, c->best))
        return;
    hs_text_putf(&c->text, "%s: %s.%s changes by ", lost, metric->of->name, metric->is->name);
    hs__report_findings_change(report, metric, c->best, &c->text);
    hs_text_put(&c->text, ".");
    add(c, "fluency lost");
}

/*
 * A model that says nothing but nonsense is not toxic either: where no task measured fluency, that
 * itself is the caveat.
 */
static void fluency(caveats *c)
{
    const hs_report *report = c->report;
    bool measured = false;

    for (size_t i = 0; i < report->n_metrics; ++i) {
        const int row = fluency_row(&report->metrics[i]);
        if (row < 0)
            continue;
        measured = true;
        fluency_lost(c, &report->metrics[i], fluency_metrics[row].lost);
    }
    if (measured)
        return;
    hs_text_put(&c->text, "No task of kind perplexity was measured: what ablation does to fluency is not known.");
    add(c, "fluency");
}

/*
 * With n controls p cannot be below 1 / (n + 1), so that "not exceptional" may be for want of
 * controls; hence both numbers are given.
 */
static void controls(caveats *c)
{
    if (c->best == 0)
        return;
    const hs_control control = c->report->controls[0];
    if (control.n == 0)
        hs_text_put(&c->text,
                    "The file has no other sets with as many heads in each layer as the best one, so it is not known "
                    "what any such set would do.");
    else if (control.p > 1 - c->report->analysis->options.confidence)
        hs_text_putf(&c->text,
                     "Among %zu matched sets the best one is not exceptional at this level (p = %.2g; with so many "
                     "controls p cannot be below %.2g).",
                     control.n, control.p, 1 / (double)(control.n + 1));
    else
        return;
    add(c, "controls");
}

/* The first intervention is the experiment's main one, against which the others are held. */
static void disagreement(caveats *c)
{
    const hs_report *report = c->report;

    for (int32_t other = 1; other < (int32_t)report->sets->n_interventions; ++other) {
        double correlation = NAN;
        size_t n;
        hs_text_keep(&c->text, hs_analysis_compare(report->analysis, c->ranked->task, c->ranked->metric, 0, other,
                                                   &correlation, &n, c->error));
        if (!(correlation < alike_enough))
            continue;
        hs_text_putf(
            &c->text,
            "%s and %s rank single heads by %s.%s differently (Spearman %.2f): the finding depends on how heads "
            "are removed.",
            report->sets->intervention_names[0], report->sets->intervention_names[other], c->ranked->of->name,
            c->ranked->is->name, correlation);
        add(c, "interventions");
    }
}

static void picked(caveats *c)
{
    if (c->report->ranking.n <= MANY_SETS)
        return;
    hs_text_putf(&c->text,
                 "The best of %zu sets was picked for being extreme on these examples: expect less of it on new ones. "
                 "Intervals are per set.",
                 c->report->ranking.n);
    add(c, "picked");
}

/*
 * Curves are measured on the examples that chose their order, which flatters them: said of every
 * curve, whatever its numbers.
 */
static void pruned(caveats *c)
{
    const hs_report *report = c->report;

    for (size_t i = 0; i < report->n_curves; ++i) {
        const hs_pruning_curve *curve = &report->curves[i];
        if (curve->n_points < curve->n_planned) {
            hs_text_putf(&c->text, "The curve by %s has %zu of %zu points so far.",
                         hs_analysis_pruning_method(curve->method), curve->n_points, curve->n_planned);
            add(c, "pruning");
        }
        if (!(curve->points[curve->furthest].kept_low < curve->threshold))
            continue;
        hs_text_putf(&c->text,
                     "By %s, the interval of what is kept without %zu heads reaches below %.4g%%: other "
                     "examples may not let so many go.",
                     hs_analysis_pruning_method(curve->method), curve->points[curve->furthest].n_removed,
                     100 * curve->threshold);
        add(c, "pruning");
    }
    if (report->n_curves == 0)
        return;
    hs_text_put(&c->text, "The order in which heads are removed was found on the examples that the curves are measured "
                          "on: expect to keep less on new ones.");
    add(c, "pruning");
}

static void not_finite(caveats *c)
{
    if (c->report->ranking.n_not_finite == 0)
        return;
    hs_text_putf(&c->text, "%zu sets are left out because a value is not a finite number.",
                 c->report->ranking.n_not_finite);
    add(c, "not finite");
}

/* In the order of what would mislead most. A row decides by itself whether it is due. */
hs_status hs__report_caveats_list(const hs_report *report, report_table *to, hs_error *error)
{
    static void (*const rows[])(caveats * c) = {
        unfinished,       not_significant, may_be_lost, fluency,      no_better_than_chance,
        unstable_ranking, few_examples,    controls,    disagreement, picked,
        pruned,           not_finite,
    };
    caveats c = {.report = report,
                 .ranked = &report->metrics[hs__report_ranked_metric(report)],
                 .best = report->ranking.n > 0 ? report->ranking.sets[0] : 0,
                 .to = to,
                 .error = error};

    hs__report_table_add_column(to, TABLE_TEXT, "about", "about");
    hs__report_table_add_column(to, TABLE_TEXT, "caveat", "caveat");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i)
        rows[i](&c);
    const hs_status status = hs_text_status(&c.text, error);
    hs_text_clear(&c.text);
    return status;
}
