/*
 * pruning_curve: the curves as people read them: what is kept, and what is reduced, after each
 * head that is removed, with intervals from one bootstrap of the examples.
 */
#include <math.h>
#include <string.h>

#include "analysis/pruning.h"
#include "analysis/statistics.h"
#include "analysis/summary.h"

/* Apart from what else the seed draws. */

/* A metric of one set after the other as it is, and under all resamples of the examples. */
typedef struct resampled {
    hs_results *results;
    const hs_results_task *task;
    hs_metric_place of;
    summary summary;
    double zero; /* what guessing scores; 0: nothing, or nobody can say */
    double confidence;
    resampling bootstrap;
    float *values;                 /* [n_examples, n_metrics] of the set */
    double *column;                /* [n_examples] */
    double *sums[SUMMARY_COLUMNS]; /* [n_resamples] of one part */
    double *n_parts;               /* [n_resamples] that occur */
    double estimate;               /* of the set */
    double *under;                 /* [n_resamples] */
    double clean_estimate;
    double *clean_under; /* [n_resamples] */
} resampled;

/* What a point says of a summary and the clean model's. `zero`: what guessing scores. */
typedef double (*comparison)(double value, double clean, double zero, int better);

/* Of what is above chance; there is none of a model that does no better. */
static double share_above_chance(double value, double clean, double zero, int better)
{
    const double above = hs__analysis_without_residue(clean - zero, fabs(clean) + fabs(zero));

    return above != 0 && (better == 0 || (above > 0) == (better > 0)) ? (value - zero) / above : NAN;
}

/*
 * Less is better, or less far below 0 is: then the clean model's share of it counts. There is no share of nothing, and
 * none of what has the other sign.
 */
static double share_kept(double value, double clean, double zero, int better)
{
    const bool reversed = (better < 0) != (clean < 0);

    if (zero != 0)
        return share_above_chance(value, clean, zero, better);
    if (reversed)
        return value * clean > 0 ? clean / value : NAN;
    return clean != 0 ? value / clean : NAN;
}

static double difference(double value, double clean, double zero, int better)
{
    (void)zero;
    (void)better;
    return value - clean;
}

static void resampled_clear(resampled *r)
{
    hs__analysis_resampling_clear(&r->bootstrap);
    hs_free(r->values);
    hs_free(r->column);
    for (size_t column = 0; column < SUMMARY_COLUMNS; ++column)
        hs_free(r->sums[column]);
    hs_free(r->n_parts);
    hs_free(r->under);
    hs_free(r->clean_under);
    *r = (resampled){0};
}

static hs_status allocate(resampled *r, size_t n_resamples, hs_error *error)
{
    const size_t n_examples = r->task->n_examples;
    double **const arrays[] = {&r->sums[0], &r->sums[1], &r->n_parts, &r->under, &r->clean_under};

    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; ++i)
        HS_TRY(hs_allocate(arrays[i], n_resamples, sizeof **arrays[i], "resamples", error));
    HS_TRY(hs_allocate(&r->column, n_examples, sizeof *r->column, "values", error));
    return hs_allocate(&r->values, n_examples, r->task->n_metrics * sizeof *r->values, "values", error);
}

/* Adds a part of the summary under all resamples to `under`. */
static void add_part(resampled *r, size_t part)
{
    bool occurs;

    for (size_t column = 0; column < hs__analysis_summary_n_columns(&r->summary); ++column) {
        for (size_t example = 0; example < r->task->n_examples; ++example)
            r->column[example] =
                hs__analysis_summary_column(&r->summary, part, column, r->values + example * r->task->n_metrics);
        hs__analysis_resampling_sums(&r->bootstrap, r->column, 1, r->sums[column]);
    }
    for (size_t b = 0; b < r->bootstrap.n_columns; ++b) {
        const summary_sums sums = {r->sums[0][b], r->sums[1][b]};
        r->under[b] += hs__analysis_summary_part(&r->summary, sums, r->bootstrap.total, &occurs);
        r->n_parts[b] += occurs ? 1 : 0;
    }
}

/*
 * The summary is made of its parts under each resample; a part that does not occur in a resample
 * (a label that no example has) is left out of the mean, as the summary of the whole does.
 */
static hs_status read_set(resampled *r, uint64_t set, hs_error *error)
{
    const size_t n_resamples = r->bootstrap.n_columns;
    summary_sums sums[SUMMARY_MAX_PARTS];

    HS_TRY(hs_results_read_values(r->results, (uint32_t)r->of.task, set, 1, r->values, error));
    hs__analysis_summary_add_up(&r->summary, r->task, r->values, sums);
    r->estimate = hs__analysis_summary_value(&r->summary, sums, r->bootstrap.total);
    memset(r->under, 0, n_resamples * sizeof *r->under);
    memset(r->n_parts, 0, n_resamples * sizeof *r->n_parts);
    for (size_t part = 0; part < r->summary.n_parts; ++part)
        add_part(r, part);
    for (size_t b = 0; b < n_resamples; ++b)
        r->under[b] = r->n_parts[b] > 0 ? r->under[b] / r->n_parts[b] : 0;
    return HS_OK;
}

/* What was made is in *r also on failure. */
static hs_status resampled_init(hs_results *results, hs_metric_place of, resampled *r, hs_error *error)
{
    const hs_results_task *task = hs_results_task_at(results, of.task);
    const hs_experiment *stated;

    *r = (resampled){.results = results, .task = task, .of = of, .summary = hs__analysis_summary_of(task, of.metric)};
    HS_TRY(hs_results_stated(results, &stated, error));
    const hs_analysis_options options = hs_analysis_options_of(stated);
    const size_t n_resamples = options.resamples;
    const uint64_t key = hs_random_key(options.seed, HS_RANDOM_CURVE, task->name);
    r->confidence = options.confidence;
    HS_TRY(hs__analysis_resampling_bootstrap(key, task->n_examples, n_resamples, &r->bootstrap, error));
    HS_TRY(allocate(r, n_resamples, error));
    HS_TRY(read_set(r, 0, error));
    r->clean_estimate = r->estimate;
    memcpy(r->clean_under, r->under, n_resamples * sizeof *r->under);
    return HS_OK;
}

/* value[3]: the estimate and its interval. */
static hs_status compare_set(resampled *r, uint64_t set, comparison compare, double value[3], hs_error *error)
{
    const int better = r->task->metrics[r->of.metric].better;
    const size_t n_resamples = r->bootstrap.n_columns;

    HS_TRY(read_set(r, set, error));
    value[0] = compare(r->estimate, r->clean_estimate, r->zero, better);
    value[1] = value[2] = NAN;
    if (r->task->n_examples < 2) /* one example alone says nothing of others */
        return HS_OK;
    for (size_t b = 0; b < n_resamples; ++b)
        r->under[b] = compare(r->under[b], r->clean_under[b], r->zero, better);
    interval quantiles = hs__analysis_bootstrap_interval(r->under, n_resamples, value[0], 0, r->confidence, false);
    value[1] = quantiles.low;
    value[2] = quantiles.high;
    return HS_OK;
}

/* The steps of the curve, as far as the file tells: steps_out[length]. */
static hs_status steps_of(const pruning *p, hs_curves method, choice_step *steps_out, size_t *n_out, hs_error *error)
{
    if (method == HS_CURVES_GREEDY)
        return hs__analysis_choice_greedy(&p->choice, p->length, steps_out, n_out, error);
    *n_out = hs__analysis_choice_importance(&p->choice, p->length, steps_out);
    return HS_OK;
}

static bool singles_are_known(const pruning *p)
{
    for (size_t head = 0; head < p->choice.n_heads; ++head)
        if (isnan(p->single_loss[head]))
            return false;
    return p->choice.n_heads > 0;
}

/* Sets of the points: the clean model, then without ever more heads; ends where one is not there. */
static hs_status list_points(const pruning *p, hs_curves method, hs_pruning_curve *curve, hs_error *error)
{
    choice_step *steps = NULL;
    size_t n_steps = 0;
    hs_status status;

    HS_GOTO_DONE(hs_allocate(&curve->points, p->length + 1, sizeof *curve->points, "pruning curve", error));
    HS_GOTO_DONE(hs_allocate(&steps, p->length, sizeof *steps, "pruning curve", error));
    curve->n_planned = p->length + 1;
    curve->n_points = 1;
    curve->points[0] = (hs_pruning_point){.head = {-1, -1, -1}};
    HS_GOTO_DONE(steps_of(p, method, steps, &n_steps, error));
    for (size_t i = 0; i < n_steps && !isnan(p->loss[steps[i].set]); ++i)
        curve->points[curve->n_points++] =
            (hs_pruning_point){.n_removed = i + 1, .set = steps[i].set, .head = p->heads[steps[i].head]};
done:
    hs_free(steps);
    return status;
}

/*
 * One set at a time. `furthest` is the last point that still keeps the threshold, not the first
 * that fails: a curve may dip and recover.
 */
static hs_status fill_points(hs_results *results, hs_pruning_curve *curve, hs_error *error)
{
    resampled kept = {0}, reduced = {0};
    hs_status status;

    HS_GOTO_DONE(resampled_init(results, (hs_metric_place){curve->task, curve->metric}, &kept, error));
    if (curve->has_reduced)
        HS_GOTO_DONE(
            resampled_init(results, (hs_metric_place){curve->reduced_task, curve->reduced_metric}, &reduced, error));
    kept.zero = curve->chance;
    curve->confidence = kept.confidence;
    for (size_t i = 0; i < curve->n_points; ++i) {
        hs_pruning_point *point = &curve->points[i];
        double of_kept[3], of_reduced[3] = {NAN, NAN, NAN};
        HS_GOTO_DONE(compare_set(&kept, point->set, share_kept, of_kept, error));
        if (curve->has_reduced)
            HS_GOTO_DONE(compare_set(&reduced, point->set, difference, of_reduced, error));
        point->kept = of_kept[0], point->kept_low = of_kept[1], point->kept_high = of_kept[2];
        point->reduced = of_reduced[0], point->reduced_low = of_reduced[1], point->reduced_high = of_reduced[2];
        curve->furthest = point->kept >= curve->threshold ? i : curve->furthest;
    }
done:
    resampled_clear(&kept);
    resampled_clear(&reduced);
    return status;
}

/* What the experiment says, else what the task's kind does of the metric: files of before know no such level. */
static double chance_of(const hs_results *results, const hs_experiment *stated, hs_metric_place kept)
{
    const hs_results_task *task = hs_results_task_at(results, kept.task);

    if (!isnan(stated->pruning_chance))
        return stated->pruning_chance;
    return task->chance != NULL ? task->chance[kept.metric] : 0;
}

static hs_status find_reduced(const hs_results *results, const hs_experiment *stated, hs_pruning_curve *curve,
                              hs_error *error)
{
    const hs_metric_table table = hs_results_metrics(results);
    hs_metric_place reduced = {0, 0};

    curve->has_reduced = stated->objective_reduce[0] != '\0';
    if (!curve->has_reduced)
        return HS_OK;
    HS_TRY(
        hs_config_find_metric_of(&table, stated->objective_reduce, stated->objective_reduce_metric, &reduced, error));
    curve->reduced_task = reduced.task;
    curve->reduced_metric = reduced.metric;
    return HS_OK;
}

static hs_status make_curve(hs_results *results, const hs_experiment *stated, const pruning *p, hs_pruning_curve *curve,
                            hs_error *error)
{
    curve->n_heads = p->choice.n_heads;
    curve->intervention = p->choice.intervention;
    curve->task = p->kept.task;
    curve->metric = p->kept.metric;
    curve->chance = chance_of(results, stated, p->kept);
    curve->threshold = stated->pruning_kept;
    HS_TRY(find_reduced(results, stated, curve, error));
    HS_TRY(list_points(p, curve->method, curve, error));
    return fill_points(results, curve, error);
}

/*
 * No curve is no error: the experiment may not have asked for it, or its single effects may not be
 * complete yet.
 */
hs_status hs_analysis_pruning_curve(hs_results *results, hs_curves method, hs_pruning_curve *curve_out, bool *has_out,
                                    hs_error *error)
{
    const hs_experiment *stated;
    pruning p = {0};
    hs_status status = HS_OK;

    *has_out = false;
    *curve_out = (hs_pruning_curve){.method = method};
    HS_TRY(hs_results_stated(results, &stated, error));
    if (!hs__analysis_pruning_has(results, stated, method))
        return HS_OK;
    HS_GOTO_DONE(hs__analysis_pruning_read(results, false, &p, error));
    if (!singles_are_known(&p))
        goto done;
    HS_GOTO_DONE(make_curve(results, stated, &p, curve_out, error));
    *has_out = true;
done:
    if (!*has_out)
        hs_analysis_pruning_curve_clear(curve_out);
    hs__analysis_pruning_clear(&p);
    return status;
}

void hs_analysis_pruning_curve_clear(hs_pruning_curve *curve)
{
    hs_free(curve->points);
    *curve = (hs_pruning_curve){0};
}

/* Those that were made are cleared if a later one fails, since the caller owns all or none. */
hs_status hs_analysis_pruning_curves(hs_results *results, hs_pruning_curve *curves_out, size_t *n_out, hs_error *error)
{
    static const hs_curves methods[HS_PRUNING_METHODS] = {HS_CURVES_IMPORTANCE, HS_CURVES_GREEDY};
    size_t n = 0;

    *n_out = 0;
    memset(curves_out, 0, HS_PRUNING_METHODS * sizeof *curves_out);
    for (size_t i = 0; i < HS_PRUNING_METHODS; ++i) {
        bool has = false;
        hs_status status = hs_analysis_pruning_curve(results, methods[i], &curves_out[n], &has, error);
        for (size_t made = 0; status != HS_OK && made < n; ++made)
            hs_analysis_pruning_curve_clear(&curves_out[made]);
        HS_TRY(status);
        n += has;
    }
    *n_out = n;
    return HS_OK;
}

/* "25.0%", "0.3 nats" */
static hs_status append_chance(const hs_metric *metric, double chance, hs_text *text, hs_error *error)
{
    return metric->percent ? hs_text_appendf(text, error, "%.1f%%", 100 * chance)
                           : hs_text_appendf(text, error, "%.4g %s", chance, metric->unit);
}

static hs_status say_nothing_kept(const hs_results_task *task, const hs_pruning_curve *curve, hs_text *text,
                                  hs_error *error)
{
    const hs_metric *metric = &task->metrics[curve->metric];

    if (curve->chance == 0)
        return hs_text_appendf(text, error, "has no %s.%s of which a share could be kept", task->name, metric->name);
    HS_TRY(hs_text_appendf(text, error, "is not above chance ("));
    HS_TRY(append_chance(metric, curve->chance, text, error));
    return hs_text_appendf(text, error, ") in %s.%s, so there is no share that could be kept", task->name,
                           metric->name);
}

/*
 * A share means nothing without what it is a share of and without how much was removed for it; all
 * three are in the sentence.
 */
hs_status hs_analysis_pruning_sentence(const hs_results *results, const hs_pruning_curve *curve, hs_text *text,
                                       hs_error *error)
{
    const hs_results_task *task = hs_results_task_at(results, curve->task);
    const hs_pruning_point *point = &curve->points[curve->furthest];

    if (!isfinite(point->kept))
        return say_nothing_kept(task, curve, text, error);
    HS_TRY(hs_text_appendf(text, error, "keeps %.1f%%", 100 * point->kept));
    if (isfinite(point->kept_low) && isfinite(point->kept_high))
        HS_TRY(hs_text_appendf(text, error, " [%.1f, %.1f]", 100 * point->kept_low, 100 * point->kept_high));
    HS_TRY(hs_text_appendf(text, error, " of its %s.%s", task->name, task->metrics[curve->metric].name));
    if (curve->chance != 0) {
        HS_TRY(hs_text_appendf(text, error, " above chance ("));
        HS_TRY(append_chance(&task->metrics[curve->metric], curve->chance, text, error));
        HS_TRY(hs_text_appendf(text, error, ")"));
    }
    return hs_text_appendf(text, error, " without %.1f%% of its heads (%zu of %zu)",
                           100 * (double)point->n_removed / (double)curve->n_heads, point->n_removed, curve->n_heads);
}
