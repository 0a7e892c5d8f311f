/* A ranking as JSON: what was ranked by and how, and of every set every statistic of every metric. */
#include <math.h>

#include "report/listing.h"

static void put_number(hs_json_writer *json, const char *key, double value)
{
    hs_json_put_key(json, key);
    hs_json_put_number(json, value);
}

static void put_whole(hs_json_writer *json, const char *key, uint64_t value)
{
    hs_json_put_key(json, key);
    hs_json_put_whole(json, (int64_t)value);
}

static void put_string(hs_json_writer *json, const char *key, const char *string)
{
    hs_json_put_key(json, key);
    hs_json_put_string(json, string);
}

/*
 * Counts of what is not ranked stand beside those that are, so that a program can tell an empty
 * ranking from an unfinished file.
 */
static void put_ranked_by(const listing *view, hs_json_writer *json)
{
    static const char *const keys[] = {[HS_RANK_BY_OBJECTIVE] = "objective",
                                       [HS_RANK_BY_DELTA] = "delta",
                                       [HS_RANK_BY_INTERACTION] = "interaction",
                                       [HS_RANK_BY_BACKUP] = "backup"};
    const hs_ranked_by by = hs_analysis_ranking_by(view->request);

    hs_json_begin_line(json, 2);
    put_string(json, "by", keys[view->request->key]);
    put_string(json, "task", hs__report_listing_task(view, by.task)->name);
    put_string(json, "metric", hs__report_listing_task(view, by.task)->metrics[by.metric].name);
    hs_json_begin_line(json, 2);
    put_whole(json, "sets", view->analysis->n_sets);
    put_whole(json, "sets_complete", view->analysis->n_complete);
    put_whole(json, "ranked", view->ranking->n);
    put_whole(json, "outside_tolerance", view->ranking->n_of[HS_STANDING_OUTSIDE_TOLERANCE]);
    put_whole(json, "added_by_later_phases", view->ranking->n_of[HS_STANDING_ADDED]);
    put_whole(json, "not_finite", view->ranking->n_not_finite);
    hs_json_put_key(json, "not_finite_sets");
    hs_json_begin(json, '[');
    for (size_t i = 0; i < view->ranking->n_not_finite; ++i)
        hs_json_put_whole(json, (int64_t)view->ranking->not_finite_sets[i]);
    hs_json_end(json, ']');
}

static void put_metric(const listing *view, uint64_t set, size_t task, size_t metric, hs_json_writer *json)
{
    hs_json_put_key(json, hs__report_listing_task(view, task)->metrics[metric].name);
    hs_json_begin(json, '{');
    for (size_t s = 0; s < HS_STATISTIC_COUNT; ++s)
        put_number(json, hs__report_listing_statistic_name((hs_statistic)s),
                   hs_analysis_value(view->analysis, (hs_statistic)s, task, metric, set));
    hs_json_put_key(json, "backup");
    hs_json_put_truth(json, hs_analysis_is_backup(view->analysis, task, metric, set));
    hs_json_end(json, '}');
}

static void put_name(const listing *view, uint64_t set, hs_json_writer *json)
{
    hs_text name = {0};

    hs__report_listing_spell_set(view, set, &name);
    put_string(json, "name", hs_text_kept(json->text, &name));
    hs_text_keep(json->text, name.status);
    hs_text_clear(&name);
}

/* ["2.1", "3.0"], or ["2.kv1"]: what "heads" says of head and KV group alike. */
static void put_components(const hs_component *components, size_t n, hs_json_writer *json)
{
    char name[HS_COMPONENT_NAME_BYTES];

    hs_json_put_key(json, "components");
    hs_json_begin(json, '[');
    for (size_t i = 0; i < n; ++i)
        hs_json_put_string(json, hs_sets_component_name(components[i], name));
    hs_json_end(json, ']');
}

/* "heads": [[2, 1], [3, 0]], and the same by name. */
static void put_heads(const listing *view, uint64_t set, hs_json_writer *json)
{
    const size_t n = (size_t)view->sets->order[set];
    hs_component *components = NULL;
    hs_error error = {0};

    hs_text_keep(json->text, hs_allocate(&components, n, sizeof *components, "ranking", &error));
    if (components != NULL)
        hs_sets_view(view->sets, set, components);
    hs_json_put_key(json, "heads");
    hs_json_begin(json, '[');
    for (size_t i = 0; components != NULL && i < n; ++i) {
        hs_json_begin(json, '[');
        hs_json_put_whole(json, components[i].layer);
        hs_json_put_whole(json, components[i].index);
        hs_json_end(json, ']');
    }
    hs_json_end(json, ']');
    put_components(components, components != NULL ? n : 0, json);
    hs_free(components);
}

/* Members of a set's object: which it is, its heads, and one object a task. */
static void put_set(const listing *view, uint64_t set, hs_json_writer *json)
{
    put_whole(json, "set", set);
    put_name(view, set, json);
    put_string(json, "ablation", hs__report_listing_intervention(view, set));
    put_heads(view, set, json);
    hs_json_put_key(json, "tasks");
    hs_json_begin(json, '{');
    for (size_t task = 0; task < view->analysis->n_tasks; ++task) {
        hs_json_put_key(json, hs__report_listing_task(view, task)->name);
        hs_json_begin(json, '{');
        for (size_t metric = 0; metric < hs__report_listing_task(view, task)->n_metrics; ++metric)
            put_metric(view, set, task, metric, json);
        hs_json_end(json, '}');
    }
    hs_json_end(json, '}');
}

static void put_method(const listing *view, hs_json_writer *json)
{
    const hs_analysis_options *options = &view->analysis->options;

    hs_json_begin_line(json, 2);
    hs_json_put_key(json, "method");
    hs_json_begin(json, '{');
    put_string(json, "interval", options->bca ? "bca" : "percentile");
    put_number(json, "confidence", options->confidence);
    put_whole(json, "resamples", options->resamples);
    put_whole(json, "permutations", options->permutations);
    put_whole(json, "seed", options->seed);
    hs_json_end(json, '}');
}

/* Of the metric that is ranked by, one object an intervention. */
static void put_stability(const listing *view, hs_json_writer *json)
{
    static const char *const names[HS_STABILITY_COUNT] = {
#define STABILITY_NAME(id, name) [id] = name,
        HS_RESULTS_STABILITY_LIST(STABILITY_NAME)
#undef STABILITY_NAME
    };
    const hs_ranked_by by = hs_analysis_ranking_by(view->request);

    hs_json_begin_line(json, 2);
    hs_json_put_key(json, "stability");
    hs_json_begin(json, '{');
    for (size_t i = 0; i < view->sets->n_interventions; ++i) {
        const double *stability = hs__report_listing_stability(view, by.task, by.metric, i);
        hs_json_put_key(json, view->sets->intervention_names[i]);
        hs_json_begin(json, '{');
        for (size_t field = 0; field < HS_STABILITY_COUNT; ++field)
            put_number(json, names[field], stability[field]);
        hs_json_end(json, '}');
    }
    hs_json_end(json, '}');
}

/* Of the first set shown, by the number that is ranked by. */
static hs_status put_control(const listing *view, hs_json_writer *json, hs_error *error)
{
    hs_control control = {.mean = NAN, .low = NAN, .high = NAN, .p = NAN};
    const hs_ranked_by by = hs_analysis_ranking_by(view->request);

    if (view->n_shown > 0)
        HS_TRY(hs_analysis_control(view->analysis, view->request, view->ranking->sets[0], &control, error));
    hs_json_begin_line(json, 2);
    hs_json_put_key(json, "control_of_first");
    hs_json_begin(json, '{');
    put_string(json, "of", hs__report_listing_statistic_name(by.statistic));
    hs_json_put_key(json, "two_sided");
    hs_json_put_truth(json, by.two_sided);
    put_whole(json, "sets", control.n);
    put_number(json, "mean", control.mean);
    put_number(json, "low", control.low);
    put_number(json, "high", control.high);
    put_number(json, "p", control.p);
    hs_json_end(json, '}');
    return HS_OK;
}

/* Statistics are fetched for many sets at a time: a ranking is in another order than the file. */
static void put_ranking(const listing *view, hs_json_writer *json)
{
    const uint64_t *sets = view->ranking->sets;

    hs_json_begin_line(json, 2);
    hs_json_put_key(json, "ranking");
    hs_json_begin(json, '[');
    for (size_t row = 0, end; row < view->n_shown; row = end)
        for (end = row + hs_analysis_fetch(view->analysis, sets + row, view->n_shown - row); row < end; ++row) {
            hs_json_begin_line(json, 4);
            hs_json_begin(json, '{');
            put_whole(json, "rank", row + 1);
            put_set(view, sets[row], json);
            hs_json_end(json, '}');
        }
    hs_json_begin_line(json, 2);
    hs_json_end(json, ']');
}

/* Where all sets are asked for, those without a rank too. */
static hs_status put_unranked(const listing *view, hs_json_writer *json, hs_error *error)
{
    listing_unranked *unranked = NULL;
    size_t n = 0;
    hs_status status = hs__report_listing_list_unranked(view, &unranked, &n, error);

    hs_json_begin_line(json, 2);
    hs_json_put_key(json, "not_ranked");
    hs_json_begin(json, '[');
    for (size_t i = 0; i < n; ++i) {
        hs_json_begin_line(json, 4);
        hs_json_begin(json, '{');
        put_string(json, "standing", unranked[i].standing);
        put_set(view, unranked[i].set, json);
        hs_json_end(json, '}');
    }
    hs_json_begin_line(json, 2);
    hs_json_end(json, ']');
    hs_free(unranked);
    return status;
}

/*
 * One object, with the clean model outside of the ranking: it is what deltas are from, not one of
 * the sets.
 */
hs_status hs__report_listing_as_json(const listing *view, hs_text *text, hs_error *error)
{
    hs_json_writer json = {.text = text};

    hs_json_begin(&json, '{');
    put_ranked_by(view, &json);
    put_method(view, &json);
    put_stability(view, &json);
    HS_TRY(put_control(view, &json, error));
    hs_json_begin_line(&json, 2);
    hs_json_put_key(&json, "clean");
    hs_json_begin(&json, '{');
    put_set(view, 0, &json);
    hs_json_end(&json, '}');
    put_ranking(view, &json);
    if (view->all)
        HS_TRY(put_unranked(view, &json, error));
    hs_json_begin_line(&json, 0);
    hs_json_end(&json, '}');
    hs_text_put(text, "\n");
    return HS_OK;
}
