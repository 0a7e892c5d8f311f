/*
 * What stands above and below a ranking: what is ranked and what it starts from; what is left out, and how far to
 * trust it.
 */
#include <math.h>

#include "report/listing.h"

/* More kept metrics than these are only counted. */
enum { MAX_TOLD = 6 };

static double level_of(const listing *view)
{
    return 1 - view->analysis->options.confidence;
}

static void print_keep(const listing *view, const hs_objective_keep *keep, const char *before, hs_text *text)
{
    const report_metric metric = hs__report_metric_of(view->analysis, keep->task, keep->metric);

    hs_text_putf(text, "%s%s.%s", before, metric.of->name, metric.is->name);
    if (view->request->pareto)
        return;
    hs_text_putf(text, " within %g %s", metric.factor * keep->tolerance, hs__report_unit(&metric));
}

static void print_objective(const listing *view, hs_text *text)
{
    const hs_objective *objective = &view->request->objective;
    const hs_results_task *reduce = hs__report_listing_task(view, objective->reduce_task);
    const bool pareto = view->request->pareto;

    hs_text_putf(text, pareto ? "Pareto front: no set removes more %s.%s" : "most %s.%s removed", reduce->name,
                 reduce->metrics[objective->reduce_metric].name);
    for (size_t i = 0; i < objective->n_keeps && i < MAX_TOLD; ++i)
        print_keep(view, &objective->keeps[i], i > 0 ? " and " : pareto ? " and keeps more " : " with ", text);
    if (objective->n_keeps > MAX_TOLD)
        hs_text_putf(text, " and %zu more", objective->n_keeps - MAX_TOLD);
    hs_text_put(text, "\n");
}

/*
 * Says what a number of the ranking is, since "interaction" means different things to different
 * readers.
 */
static void print_title(const listing *view, hs_text *text)
{
    static const char *const titles[] = {
        [HS_RANK_BY_DELTA] = "largest change of %s.%s\n",
        [HS_RANK_BY_INTERACTION] = "largest interactions on %s.%s: delta of the pair minus both deltas\n",
        [HS_RANK_BY_BACKUP] = "pairs that back each other up on %s.%s: either head off shows little, both show much\n",
    };
    const hs_ranked_by by = hs_analysis_ranking_by(view->request);

    if (view->request->key == HS_RANK_BY_OBJECTIVE) {
        print_objective(view, text);
        return;
    }
    hs_text_putf(text, titles[view->request->key], hs__report_listing_task(view, by.task)->name,
                 hs__report_listing_task(view, by.task)->metrics[by.metric].name);
}

static void print_progress(const listing *view, hs_text *text)
{
    const hs_analysis *analysis = view->analysis;

    if (analysis->n_complete == analysis->n_sets)
        return;
    hs_text_putf(text, "  unfinished: %zu of %zu sets are complete (%.1f%%); only these are ranked\n",
                 analysis->n_complete, analysis->n_sets,
                 100.0 * (double)analysis->n_complete / (double)analysis->n_sets);
}

/* Deltas mean little without the level that they start from: of the metrics of the table, in its order. */
static void print_clean(const listing *view, hs_text *text)
{
    report_metric shown[LISTING_MAX_METRICS];
    size_t n_left_out;
    const size_t n = hs__report_listing_shown_metrics(view, shown, &n_left_out);

    hs_text_put(text, "  clean model:");
    for (size_t i = 0; i < n; ++i) {
        hs_text_put(text, i > 0 ? ", " : " ");
        hs__report_put_metric(&shown[i], text);
        hs_text_put(text, " ");
        hs__report_listing_put_mean(view, &shown[i], 0, text);
    }
    if (n_left_out > 0)
        hs_text_putf(text, "; %zu more metrics are in --format csv and json", n_left_out);
    hs_text_put(text, "; below: ablated minus clean\n");
}

/* Of the metrics of the table. */
static void print_chance(const listing *view, hs_text *text)
{
    report_metric shown[LISTING_MAX_METRICS];
    size_t n_left_out;
    const size_t n = hs__report_listing_shown_metrics(view, shown, &n_left_out);

    for (size_t i = 0; i < n; ++i) {
        const size_t before = text->length;
        hs__report_chance_sentence(view->analysis, shown[i].task, shown[i].metric, "  warning: the", text);
        if (text->length > before)
            hs_text_put(text, "\n");
    }
}

void hs__report_listing_captions_above(const listing *view, hs_text *text)
{
    print_title(view, text);
    print_progress(view, text);
    print_clean(view, text);
    print_chance(view, text);
}

/* One line of what the table does not show, and why. */
static void print_left_out(const listing *view, hs_text *text)
{
    const hs_ranking *ranking = view->ranking;
    const struct {
        size_t n;
        const char *why;
    } reasons[] = {{ranking->n - view->n_shown, "ranked lower (--top 0 shows all)"},
                   {ranking->n_of[HS_STANDING_OUTSIDE_TOLERANCE], "outside the tolerance"},
                   {ranking->n_of[HS_STANDING_ADDED], "that are steps of pruning curves or controls"},
                   {ranking->n_not_finite, "with a value that is not a finite number"},
                   {view->analysis->n_sets - view->analysis->n_complete, "not finished yet"}};
    bool first = true;

    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; ++i) {
        if (reasons[i].n == 0)
            continue;
        hs_text_putf(text, "%s%zu %s", first ? "  not shown: " : ", ", reasons[i].n, reasons[i].why);
        first = false;
    }
    return first ? HS_OK : hs_text_put(text, "\n");
}

enum { MAX_NOT_FINITE = 8 };

/* Which sets have values that are not finite, the first few of them by name. */
static void print_not_finite(const listing *view, hs_text *text)
{
    const hs_ranking *ranking = view->ranking;

    if (ranking->n_not_finite == 0)
        return;
    hs_text_put(text, "  not finite:");
    for (size_t i = 0; i < ranking->n_not_finite && i < MAX_NOT_FINITE; ++i) {
        hs_text_putf(text, i > 0 ? ", " : " ");
        hs__report_put_set(view->sets, ranking->not_finite_sets[i], text);
        hs_text_putf(text, " (%s)", hs__report_listing_intervention(view, ranking->not_finite_sets[i]));
    }
    hs_text_putf(text, ranking->n_not_finite > MAX_NOT_FINITE ? ", ...\n" : "\n");
}

static void print_method(const listing *view, hs_text *text)
{
    const hs_analysis_options *options = &view->analysis->options;

    if (options->resamples == 0) {
        hs_text_put(text, "  without intervals and tests: --resamples computes them\n");
        return;
    }
    hs_text_putf(text,
                 "  [ , ]: %g%% %s intervals over examples (%zu resamples); *: q < %.3g (sign-flip test, "
                 "Benjamini-Hochberg)\n",
                 100 * options->confidence, options->bca ? "BCa" : "percentile", options->resamples, level_of(view));
}

/* Of a task with one example alone. */
static void print_single_examples(const listing *view, hs_text *text)
{
    for (size_t task = 0; task < view->analysis->n_tasks; ++task)
        if (hs__report_listing_task(view, task)->n_examples == 1)
            hs_text_putf(text, "  %s has one example: it gives no interval, and nothing is known of others\n",
                         hs__report_listing_task(view, task)->name);
}

/* The largest K of which it is known how many stay. */
static void print_staying(const double *stability, hs_text *text)
{
    static const struct {
        hs_stability field;
        int k;
    } tops[] = {{HS_STABILITY_TOP_20, 20}, {HS_STABILITY_TOP_10, 10}, {HS_STABILITY_TOP_5, 5}};

    for (size_t i = 0; i < sizeof tops / sizeof *tops; ++i)
        if (isfinite(stability[tops[i].field])) {
            hs_text_putf(text, "; %.1f of the %d largest stay under resampling", stability[tops[i].field], tops[i].k);
            return;
        }
}

/* Of the metric that is ranked by: would other examples give the same order of heads? */
static void print_stability(const listing *view, hs_text *text)
{
    const hs_ranked_by by = hs_analysis_ranking_by(view->request);
    const hs_results_task *task = hs__report_listing_task(view, by.task);

    for (size_t i = 0; i < view->sets->n_interventions; ++i) {
        const double *stability = hs__report_listing_stability(view, by.task, by.metric, i);
        if (!isfinite(stability[HS_STABILITY_SPLIT_HALF]) ||
            (view->request->intervention >= 0 && view->request->intervention != (int32_t)i))
            continue;
        hs_text_putf(text, "  stability of single heads by %s.%s, %s: split-half Spearman %.2f [%.2f,%.2f]", task->name,
                     task->metrics[by.metric].name, view->sets->intervention_names[i],
                     stability[HS_STABILITY_SPLIT_HALF], stability[HS_STABILITY_SPLIT_HALF_LOW],
                     stability[HS_STABILITY_SPLIT_HALF_HIGH]);
        print_staying(stability, text);
        hs_text_put(text, "\n");
    }
}

/* Where the first set lies among others like it, in the unit of the table. */
static hs_status print_control(const listing *view, hs_text *text, hs_error *error)
{
    const hs_ranked_by by = hs_analysis_ranking_by(view->request);
    const report_metric metric = hs__report_listing_ranked_metric(view);
    const report_format format = hs__report_change_format(&metric);
    hs_control control = {0};

    HS_TRY(hs_analysis_control(view->analysis, view->request, view->ranking->sets[0], &control, error));
    if (control.n == 0)
        return HS_OK;
    hs_text_putf(text, "  control: %zu other %s with as many heads in each layer as ", control.n,
                 control.n == 1 ? "set" : "sets");
    hs__report_put_set(view->sets, view->ranking->sets[0], text);
    hs_text_putf(text, ": %s ", hs__report_listing_statistic_name(by.statistic));
    hs__report_put_interval(&format, control.mean, control.low, control.high, "", ",", text);
    hs_text_putf(text, " %s; p = ", hs__report_unit(&metric));
    hs__report_put_number(&hs__report_p_format, control.p, text);
    hs_text_put(text, by.two_sided ? " (two-sided)\n" : "\n");
    return HS_OK;
}

static void print_empty(const listing *view, hs_text *text)
{
    hs_text_put(text, "  nothing to show: ");
    hs__report_put_why_empty(view->analysis, view->request, view->ranking, text);
    hs_text_put(text, "\n");
}

hs_status hs__report_listing_captions_below(const listing *view, hs_text *text, hs_error *error)
{
    print_left_out(view, text);
    print_not_finite(view, text);
    if (view->n_shown == 0) {
        print_empty(view, text);
        return HS_OK;
    }
    print_method(view, text);
    print_single_examples(view, text);
    print_stability(view, text);
    return print_control(view, text, error);
}
