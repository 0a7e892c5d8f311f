#include <inttypes.h>
#include <math.h>

#include "report/formats.h"

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

static hs_status print_ranked_by(const ranking_view *view, hs_text *text, hs_error *error)
{
    static const char *const keys[] = {
        [HS_RANK_BY_OBJECTIVE] = "objective", [HS_RANK_BY_DELTA] = "delta", [HS_RANK_BY_INTERACTION] = "interaction"};
    size_t task, metric;

    view_ranked_metric(view, &task, &metric);
    HS_TRY(hs_text_appendf(text, error, "  \"by\": \"%s\", \"task\": ", keys[view->request->key]));
    HS_TRY(print_string(view_task(view, task)->name, text, error));
    HS_TRY(hs_text_appendf(text, error, ", \"metric\": "));
    HS_TRY(print_string(view_task(view, task)->metrics[metric].name, text, error));
    return hs_text_appendf(text, error,
                           ",\n  \"sets\": %zu, \"sets_complete\": %zu, \"ranked\": %zu, \"outside_tolerance\": %zu, "
                           "\"not_finite\": %zu,\n",
                           view->analysis->n_sets, view->analysis->n_complete, view->ranking->n,
                           view->ranking->n_outside_tolerance, view->ranking->n_not_finite);
}

static hs_status print_metric(const ranking_view *view, uint64_t set, size_t task, size_t metric, hs_text *text,
                              hs_error *error)
{
    HS_TRY(hs_text_appendf(text, error, "%s", metric > 0 ? ", " : ""));
    HS_TRY(print_string(view_task(view, task)->metrics[metric].name, text, error));
    HS_TRY(hs_text_appendf(text, error, ": {"));
    HS_TRY(print_number("mean", view_value(view, view->analysis->mean, task, set, metric), text, error));
    HS_TRY(hs_text_appendf(text, error, ", "));
    HS_TRY(print_number("delta", view_value(view, view->analysis->delta, task, set, metric), text, error));
    HS_TRY(hs_text_appendf(text, error, ", "));
    HS_TRY(print_number("interaction", view_value(view, view->analysis->interaction, task, set, metric), text, error));
    return hs_text_appendf(text, error, "}");
}

/* The set without its braces' outside: name, heads, and one object a task. */
static hs_status print_set(const ranking_view *view, uint64_t set, hs_text *text, hs_error *error)
{
    const int32_t *components = view->sets->components + set * view->sets->max_order * 3;

    HS_TRY(hs_text_appendf(text, error, "\"set\": %" PRIu64 ", \"name\": \"", set));
    HS_TRY(hs_results_set_name(view->sets, set, text, error));
    HS_TRY(hs_text_appendf(text, error, "\", \"ablation\": "));
    HS_TRY(print_string(view_intervention(view, set), text, error));
    HS_TRY(hs_text_appendf(text, error, ", \"heads\": ["));
    for (int32_t i = 0; i < view->sets->order[set]; ++i)
        HS_TRY(hs_text_appendf(text, error, "%s[%d, %d]", i > 0 ? ", " : "", components[3 * i + 1],
                               components[3 * i + 2]));
    HS_TRY(hs_text_appendf(text, error, "], \"tasks\": {"));
    for (size_t task = 0; task < view->analysis->n_tasks; ++task) {
        HS_TRY(hs_text_appendf(text, error, "%s", task > 0 ? ", " : ""));
        HS_TRY(print_string(view_task(view, task)->name, text, error));
        HS_TRY(hs_text_appendf(text, error, ": {"));
        for (size_t metric = 0; metric < view_task(view, task)->n_metrics; ++metric)
            HS_TRY(print_metric(view, set, task, metric, text, error));
        HS_TRY(hs_text_appendf(text, error, "}"));
    }
    return hs_text_appendf(text, error, "}");
}

hs_status ranking_as_json(const ranking_view *view, hs_text *text, hs_error *error)
{
    HS_TRY(hs_text_appendf(text, error, "{\n"));
    HS_TRY(print_ranked_by(view, text, error));
    HS_TRY(hs_text_appendf(text, error, "  \"clean\": {"));
    HS_TRY(print_set(view, 0, text, error));
    HS_TRY(hs_text_appendf(text, error, "},\n  \"ranking\": ["));
    for (size_t row = 0; row < view->n_shown; ++row) {
        HS_TRY(hs_text_appendf(text, error, "%s\n    {\"rank\": %zu, ", row > 0 ? "," : "", row + 1));
        HS_TRY(print_set(view, view->ranking->sets[row], text, error));
        HS_TRY(hs_text_appendf(text, error, "}"));
    }
    return hs_text_appendf(text, error, "\n  ]\n}\n");
}
