/* A ranking as it is printed: its formats, and what they share. */
#include <string.h>

#include "report/listing.h"

/* One row a format: the names people type, in the order of hs_report_format. */
static const struct {
    const char *name;
    hs_status (*write)(const listing *view, hs_text *text, hs_error *error);
} formats[] = {
    [HS_REPORT_TABLE] = {"table", hs__report_listing_as_table},
    [HS_REPORT_CSV] = {"csv", hs__report_listing_as_csv},
    [HS_REPORT_JSON] = {"json", hs__report_listing_as_json},
    [HS_REPORT_MARKDOWN] = {"md", hs__report_listing_as_markdown},
};

hs_status hs_report_format_parse(const char *text, hs_report_format *format_out, hs_error *error)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; ++i)
        if (strcmp(formats[i].name, text) == 0) {
            *format_out = (hs_report_format)i;
            return HS_OK;
        }
    return hs_fail(error, HS_ERROR_USAGE, "--format %s: there is table, csv, json and md", text);
}

hs_status hs_report_ranking(const hs_analysis *analysis, const hs_ranking_request *request, const hs_ranking *ranking,
                            size_t top, hs_report_format format, hs_text *text, hs_error *error)
{
    const listing view = {analysis,
                          request,
                          ranking,
                          hs_results_sets_of(analysis->results),
                          top == 0 || top > ranking->n ? ranking->n : top,
                          top == 0};

    HS_TRY(formats[format].write(&view, text, error));
    HS_TRY(hs_analysis_check(analysis, error));
    return hs_text_status(text, error);
}

/*
 * Every set has one standing; "beaten" is what is left for those that could have been ranked and
 * are not, as by --pareto.
 */
hs_status hs__report_listing_list_unranked(const listing *view, listing_unranked **list_out, size_t *n_out,
                                           hs_error *error)
{
    static const char *const words[HS_STANDING_COUNT] = {[HS_STANDING_RANKED] = "beaten",
                                                         [HS_STANDING_CLEAN] = "clean",
                                                         [HS_STANDING_UNFINISHED] = "unfinished",
                                                         [HS_STANDING_ADDED] = "added",
                                                         [HS_STANDING_OUTSIDE_TOLERANCE] = "outside tolerance",
                                                         [HS_STANDING_NOT_FINITE] = "not finite"};
    const size_t n_sets = view->analysis->n_sets;
    bool *ranked = NULL;
    hs_status status;

    *n_out = 0;
    HS_GOTO_DONE(hs_allocate(&ranked, n_sets, sizeof *ranked, "ranking", error));
    HS_GOTO_DONE(hs_allocate(list_out, n_sets, sizeof **list_out, "ranking", error));
    for (size_t i = 0; i < view->ranking->n; ++i)
        ranked[view->ranking->sets[i]] = true;
    for (uint64_t set = 0; set < n_sets; ++set) {
        const char *word = words[hs_analysis_standing(view->analysis, view->request, set)];
        if (word != NULL && !ranked[set])
            (*list_out)[(*n_out)++] = (listing_unranked){set, word};
    }
done:
    hs_free(ranked);
    return status;
}

const hs_results_task *hs__report_listing_task(const listing *view, size_t task)
{
    return hs_results_task_at(view->analysis->results, task);
}

static bool is_kept(const listing *view, size_t task, size_t metric)
{
    const hs_objective *objective = &view->request->objective;

    for (size_t i = 0; view->request->key == HS_RANK_BY_OBJECTIVE && i < objective->n_keeps; ++i)
        if (objective->keeps[i].task == task && objective->keeps[i].metric == metric)
            return true;
    return false;
}

/* Whether a task has a metric that is shown without being its first: the one that is ranked by, or one that is kept. */
static bool has_own(const listing *view, size_t task)
{
    bool has = task == hs_analysis_ranking_by(view->request).task;

    for (size_t metric = 0; metric < hs__report_listing_task(view, task)->n_metrics; ++metric)
        has = has || is_kept(view, task, metric);
    return has;
}

/* Beside the one that is ranked by: a metric that is `kept`, or the first of a task that has none to be shown else. */
static bool is_shown(const listing *view, size_t task, size_t metric, bool kept)
{
    const hs_ranked_by by = hs_analysis_ranking_by(view->request);

    if (task == by.task && metric == by.metric)
        return false;
    return kept ? is_kept(view, task, metric) : metric == 0 && !has_own(view, task);
}

static size_t count_shown(const listing *view, bool kept)
{
    size_t n = 0;

    for (size_t task = 0; task < view->analysis->n_tasks; ++task)
        for (size_t metric = 0; metric < hs__report_listing_task(view, task)->n_metrics; ++metric)
            n += is_shown(view, task, metric, kept);
    return n;
}

/*
 * Room is shared out before the walk: what is kept goes first, as it decides whether a set counts,
 * and the walk puts both in the order of the file.
 */
size_t hs__report_listing_shown_metrics(const listing *view, report_metric shown[LISTING_MAX_METRICS],
                                        size_t *n_left_out)
{
    const hs_ranked_by by = hs_analysis_ranking_by(view->request);
    const size_t n_kept = count_shown(view, true), n_others = count_shown(view, false);
    const size_t room = LISTING_MAX_METRICS - 1;
    size_t left[2] = {n_kept < room ? room - n_kept : 0, n_kept < room ? n_kept : room}, n = 1;

    shown[0] = hs__report_metric_of(view->analysis, by.task, by.metric);
    for (size_t task = 0; task < view->analysis->n_tasks; ++task)
        for (size_t metric = 0; metric < hs__report_listing_task(view, task)->n_metrics; ++metric)
            for (int kept = 0; kept < 2; ++kept)
                if (left[kept] > 0 && is_shown(view, task, metric, kept)) {
                    --left[kept];
                    shown[n++] = hs__report_metric_of(view->analysis, task, metric);
                }
    *n_left_out = 1 + n_kept + n_others - n;
    return n;
}

void hs__report_listing_spell_set(const listing *view, uint64_t set, hs_text *text)
{
    hs_text name = {0};
    hs_error error = {0};

    hs__report_put_set(view->sets, set, &name);
    hs_text_keep(text, name.status);
    if (text->status == HS_OK)
        hs_text_keep(text, hs_sets_spell_name(name.text, text, &error));
    hs_text_clear(&name);
}

const char *hs__report_listing_intervention(const listing *view, uint64_t set)
{
    int32_t intervention = view->sets->intervention[set];

    return intervention >= 0 ? view->sets->intervention_names[intervention] : "none";
}

const double *hs__report_listing_stability(const listing *view, size_t task, size_t metric, size_t intervention)
{
    return view->analysis->stability[task] +
           (intervention * hs__report_listing_task(view, task)->n_metrics + metric) * HS_STABILITY_COUNT;
}

const char *hs__report_listing_statistic_name(hs_statistic statistic)
{
    static const char *const names[HS_STATISTIC_COUNT] = {
#define STATISTIC_NAME(id, name, meaning) [id] = name,
        HS_RESULTS_STATISTIC_LIST(STATISTIC_NAME)
#undef STATISTIC_NAME
    };

    return names[statistic];
}

report_metric hs__report_listing_ranked_metric(const listing *view)
{
    const hs_ranked_by by = hs_analysis_ranking_by(view->request);

    return hs__report_metric_of(view->analysis, by.task, by.metric);
}

void hs__report_listing_put_mean(const listing *view, const report_metric *metric, uint64_t set, hs_text *text)
{
    const hs_analysis *analysis = view->analysis;

    if (!analysis->complete[set])
        hs_text_put(text, "not known yet");
    else
        hs__report_put_mean(metric, hs_analysis_value(analysis, HS_STATISTIC_MEAN, metric->task, metric->metric, set),
                            hs_analysis_value(analysis, HS_STATISTIC_MEAN_LOW, metric->task, metric->metric, set),
                            hs_analysis_value(analysis, HS_STATISTIC_MEAN_HIGH, metric->task, metric->metric, set),
                            text);
}
