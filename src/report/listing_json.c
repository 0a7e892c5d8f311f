#include <inttypes.h>
#include <math.h>

#include "report/listing.h"

/* Names in the file are checked to be plain when it is opened, but a text is escaped all the same. */
static hs_status print_string(const char *string, hs_text *text, hs_error *error)
{
    HS_TRY(hs_text_append(text, "\"", 1, error));
    for (const char *c = string; *c != '\0'; ++c) {
        if (*c == '"' || *c == '\\')
            HS_TRY(hs_text_appendf(text, error, "\\%c", *c));
        else if ((unsigned char)*c < 0x20)
            HS_TRY(hs_text_appendf(text, error, "\\u%04x", (unsigned)*c));
        else
            HS_TRY(hs_text_append(text, c, 1, error));
    }
    return hs_text_append(text, "\"", 1, error);
}

static hs_status print_number(const char *key, double value, hs_text *text, hs_error *error)
{
    return isfinite(value) ? hs_text_appendf(text, error, "\"%s\": %.9g", key, value)
                           : hs_text_appendf(text, error, "\"%s\": null", key);
}

static hs_status print_ranked_by(const listing *view, hs_text *text, hs_error *error)
{
    static const char *const keys[] = {[HS_RANK_BY_OBJECTIVE] = "objective",
                                       [HS_RANK_BY_DELTA] = "delta",
                                       [HS_RANK_BY_INTERACTION] = "interaction",
                                       [HS_RANK_BY_BACKUP] = "backup"};
    const hs_ranked_by by = hs_analysis_ranking_by(view->request);

    HS_TRY(hs_text_appendf(text, error, "  \"by\": \"%s\", \"task\": ", keys[view->request->key]));
    HS_TRY(print_string(hs__report_listing_task(view, by.task)->name, text, error));
    HS_TRY(hs_text_appendf(text, error, ", \"metric\": "));
    HS_TRY(print_string(hs__report_listing_task(view, by.task)->metrics[by.metric].name, text, error));
    HS_TRY(hs_text_appendf(text, error,
                           ",\n  \"sets\": %zu, \"sets_complete\": %zu, \"ranked\": %zu, \"outside_tolerance\": %zu, "
                           "\"added_by_later_phases\": %zu, \"not_finite\": %zu, \"not_finite_sets\": [",
                           view->analysis->n_sets, view->analysis->n_complete, view->ranking->n,
                           view->ranking->n_of[HS_STANDING_OUTSIDE_TOLERANCE], view->ranking->n_of[HS_STANDING_ADDED],
                           view->ranking->n_not_finite));
    for (size_t i = 0; i < view->ranking->n_not_finite; ++i)
        HS_TRY(hs_text_appendf(text, error, i > 0 ? ", %" PRIu64 : "%" PRIu64, view->ranking->not_finite_sets[i]));
    return hs_text_appendf(text, error, "],\n");
}

static hs_status print_metric(const listing *view, uint64_t set, size_t task, size_t metric, hs_text *text,
                              hs_error *error)
{
    HS_TRY(hs_text_appendf(text, error, "%s", metric > 0 ? ", " : ""));
    HS_TRY(print_string(hs__report_listing_task(view, task)->metrics[metric].name, text, error));
    HS_TRY(hs_text_appendf(text, error, ": {"));
    for (size_t s = 0; s < HS_STATISTIC_COUNT; ++s) {
        HS_TRY(hs_text_appendf(text, error, "%s", s > 0 ? ", " : ""));
        HS_TRY(print_number(hs__report_listing_statistic_name((hs_statistic)s),
                            hs_analysis_value(view->analysis, (hs_statistic)s, task, metric, set), text, error));
    }
    return hs_text_appendf(text, error, ", \"backup\": %s}",
                           hs_analysis_is_backup(view->analysis, task, metric, set) ? "true" : "false");
}

/* The set without its braces' outside: name, heads, and one object a task. */
static hs_status print_set(const listing *view, uint64_t set, hs_text *text, hs_error *error)
{
    const int32_t *components = view->sets->components + set * view->sets->max_order * 3;

    HS_TRY(hs_text_appendf(text, error, "\"set\": %" PRIu64 ", \"name\": \"", set));
    HS_TRY(hs__report_listing_spell_set(view, set, text, error));
    HS_TRY(hs_text_appendf(text, error, "\", \"ablation\": "));
    HS_TRY(print_string(hs__report_listing_intervention(view, set), text, error));
    HS_TRY(hs_text_appendf(text, error, ", \"heads\": ["));
    for (int32_t i = 0; i < view->sets->order[set]; ++i)
        HS_TRY(hs_text_appendf(text, error, "%s[%d, %d]", i > 0 ? ", " : "", components[3 * i + 1],
                               components[3 * i + 2]));
    HS_TRY(hs_text_appendf(text, error, "], \"tasks\": {"));
    for (size_t task = 0; task < view->analysis->n_tasks; ++task) {
        HS_TRY(hs_text_appendf(text, error, "%s", task > 0 ? ", " : ""));
        HS_TRY(print_string(hs__report_listing_task(view, task)->name, text, error));
        HS_TRY(hs_text_appendf(text, error, ": {"));
        for (size_t metric = 0; metric < hs__report_listing_task(view, task)->n_metrics; ++metric)
            HS_TRY(print_metric(view, set, task, metric, text, error));
        HS_TRY(hs_text_appendf(text, error, "}"));
    }
    return hs_text_appendf(text, error, "}");
}

/* ---- how far to trust it ----------------------------------------------------------------------------------------- */

static hs_status print_method(const listing *view, hs_text *text, hs_error *error)
{
    const hs_analysis_options *options = &view->analysis->options;

    return hs_text_appendf(text, error,
                           "  \"method\": {\"interval\": \"%s\", \"confidence\": %.9g, \"resamples\": %zu, "
                           "\"permutations\": %zu, \"seed\": %" PRIu64 "},\n",
                           options->bca ? "bca" : "percentile", options->confidence, options->resamples,
                           options->permutations, options->seed);
}

/* Of the metric that is ranked by, one object an intervention. */
static hs_status print_stability(const listing *view, hs_text *text, hs_error *error)
{
    static const char *const names[HS_STABILITY_COUNT] = {
#define STABILITY_NAME(id, name) [id] = name,
        HS_RESULTS_STABILITY_LIST(STABILITY_NAME)
#undef STABILITY_NAME
    };
    const hs_ranked_by by = hs_analysis_ranking_by(view->request);

    HS_TRY(hs_text_appendf(text, error, "  \"stability\": {"));
    for (size_t i = 0; i < view->sets->n_interventions; ++i) {
        const double *stability = hs__report_listing_stability(view, by.task, by.metric, i);
        HS_TRY(hs_text_appendf(text, error, "%s", i > 0 ? ", " : ""));
        HS_TRY(print_string(view->sets->intervention_names[i], text, error));
        for (size_t field = 0; field < HS_STABILITY_COUNT; ++field) {
            HS_TRY(hs_text_appendf(text, error, "%s", field > 0 ? ", " : ": {"));
            HS_TRY(print_number(names[field], stability[field], text, error));
        }
        HS_TRY(hs_text_appendf(text, error, "}"));
    }
    return hs_text_appendf(text, error, "},\n");
}

/* Of the first set shown, by the number that is ranked by. */
static hs_status print_control(const listing *view, hs_text *text, hs_error *error)
{
    hs_control control = {.mean = NAN, .low = NAN, .high = NAN, .p = NAN};
    const hs_ranked_by by = hs_analysis_ranking_by(view->request);

    if (view->n_shown > 0)
        HS_TRY(hs_analysis_control(view->analysis, view->request, view->ranking->sets[0], &control, error));
    HS_TRY(hs_text_appendf(text, error, "  \"control_of_first\": {\"of\": \"%s\", \"two_sided\": %s, \"sets\": %zu, ",
                           hs__report_listing_statistic_name(by.statistic), by.two_sided ? "true" : "false",
                           control.n));
    HS_TRY(print_number("mean", control.mean, text, error));
    HS_TRY(hs_text_appendf(text, error, ", "));
    HS_TRY(print_number("low", control.low, text, error));
    HS_TRY(hs_text_appendf(text, error, ", "));
    HS_TRY(print_number("high", control.high, text, error));
    HS_TRY(hs_text_appendf(text, error, ", "));
    HS_TRY(print_number("p", control.p, text, error));
    return hs_text_appendf(text, error, "},\n");
}

/* Where all sets are asked for, those without a rank too. */
static hs_status print_unranked(const listing *view, hs_text *text, hs_error *error)
{
    listing_unranked *unranked = NULL;
    size_t n = 0;
    hs_status status;

    HS_GOTO_DONE(hs__report_listing_list_unranked(view, &unranked, &n, error));
    HS_GOTO_DONE(hs_text_appendf(text, error, ",\n  \"not_ranked\": ["));
    for (size_t i = 0; i < n; ++i) {
        HS_GOTO_DONE(
            hs_text_appendf(text, error, "%s\n    {\"standing\": \"%s\", ", i > 0 ? "," : "", unranked[i].standing));
        HS_GOTO_DONE(print_set(view, unranked[i].set, text, error));
        HS_GOTO_DONE(hs_text_appendf(text, error, "}"));
    }
    status = hs_text_appendf(text, error, "\n  ]");
done:
    hs_free(unranked);
    return status;
}

hs_status hs__report_listing_as_json(const listing *view, hs_text *text, hs_error *error)
{
    HS_TRY(hs_text_appendf(text, error, "{\n"));
    HS_TRY(print_ranked_by(view, text, error));
    HS_TRY(print_method(view, text, error));
    HS_TRY(print_stability(view, text, error));
    HS_TRY(print_control(view, text, error));
    HS_TRY(hs_text_appendf(text, error, "  \"clean\": {"));
    HS_TRY(print_set(view, 0, text, error));
    HS_TRY(hs_text_appendf(text, error, "},\n  \"ranking\": ["));
    for (size_t row = 0; row < view->n_shown; ++row) {
        HS_TRY(hs_text_appendf(text, error, "%s\n    {\"rank\": %zu, ", row > 0 ? "," : "", row + 1));
        HS_TRY(print_set(view, view->ranking->sets[row], text, error));
        HS_TRY(hs_text_appendf(text, error, "}"));
    }
    HS_TRY(hs_text_appendf(text, error, "\n  ]"));
    if (view->all)
        HS_TRY(print_unranked(view, text, error));
    return hs_text_appendf(text, error, "\n}\n");
}
