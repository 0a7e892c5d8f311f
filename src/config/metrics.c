/* "TASK.METRIC=TOLERANCE", which keys and options name a metric by. */
#include "headsweep/metric.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

hs_status hs_config_tolerance_parse(const char *text, double *tolerance_out, hs_error *error)
{
    char *end;
    double number = strtod(text, &end);
    if (end != text && strcmp(end, "%") == 0)
        return hs_fail(error, HS_ERROR_USAGE, "\"%s\" is not a tolerance: write %g for %s", text, number / 100, text);
    if (end == text || *end != '\0' || !(number >= 0) || isinf(number))
        return hs_fail(error, HS_ERROR_USAGE,
                       "\"%s\" is not a tolerance: a number from 0 on, such as 0.02 for 2 points", text);
    *tolerance_out = number;
    return HS_OK;
}

hs_status hs_config_metric_name_parse(const char *text, hs_metric_name *name_out, hs_error *error)
{
    const char *equals = strchr(text, '=');
    size_t length = equals != NULL ? (size_t)(equals - text) : strlen(text);
    size_t task = strcspn(text, ".=");
    *name_out = (hs_metric_name){.task = text, .task_length = task, .metric = text + length};
    if (text[task] == '.') {
        name_out->metric = text + task + 1;
        name_out->metric_length = length - task - 1;
    }
    name_out->has_tolerance = equals != NULL;
    if (equals != NULL && hs_config_tolerance_parse(equals + 1, &name_out->tolerance, error) != HS_OK)
        return hs_error_prefix(error, "\"%s\"", text);
    return HS_OK;
}

double hs_config_metric_factor(const hs_metric *metric)
{
    return metric->percent ? 100 : 1;
}

const char *hs_config_metric_change_unit(const hs_metric *metric)
{
    return metric->percent ? "points" : metric->unit;
}

/* More than any name of a task or metric; a longer one is cut where it is shown. */
enum { MAX_SHOWN = 96 };

static bool is_name(const char *known, const char *name, size_t length)
{
    return strlen(known) == length && memcmp(known, name, length) == 0;
}

static hs_status no_such_task(const hs_metric_table *table, const hs_metric_name *name, hs_error *error)
{
    char shown[MAX_SHOWN];
    hs_names known = {0};
    (void)snprintf(shown, sizeof shown, "%.*s", (int)name->task_length, name->task);
    for (size_t i = 0; i < table->n_tasks; i++)
        hs_names_put(&known, table->at(table->context, i).task);
    return hs_fail_name(error, HS_ERROR_USAGE, &known, shown, "there is no task \"%s\"%s", shown, table->where);
}

static hs_status no_such_metric(const hs_task_metrics *of, const hs_metric_name *name, hs_error *error)
{
    char shown[MAX_SHOWN];
    hs_names known = {0};
    (void)snprintf(shown, sizeof shown, "%.*s", (int)name->metric_length, name->metric);
    for (size_t i = 0; i < of->n; i++)
        hs_names_put(&known, of->metrics[i].name);
    return hs_fail_name(error, HS_ERROR_USAGE, &known, shown, "task \"%s\" has no metric \"%s\"", of->task, shown);
}

/*
 * The one lookup of TASK.METRIC. Without a metric's name it is the task's first; a table that does
 * not know metrics yet (an experiment whose tasks are not open) settles the task alone.
 */
hs_status hs_config_find_metric(const hs_metric_table *table, const hs_metric_name *name, hs_metric_place *place_out,
                                hs_error *error)
{
    hs_metric_place place = {0, 0};
    while (place.task < table->n_tasks &&
           !is_name(table->at(table->context, place.task).task, name->task, name->task_length))
        place.task++;
    if (place.task == table->n_tasks)
        return no_such_task(table, name, error);
    const hs_task_metrics of = table->at(table->context, place.task);
    if (name->metric_length > 0 && of.metrics != NULL)
        while (place.metric < of.n && !is_name(of.metrics[place.metric].name, name->metric, name->metric_length))
            place.metric++;
    if (of.metrics != NULL && place.metric == of.n)
        return no_such_metric(&of, name, error);
    *place_out = place;
    return HS_OK;
}

hs_status hs_config_find_metric_of(const hs_metric_table *table, const char *task, const char *metric,
                                   hs_metric_place *place_out, hs_error *error)
{
    hs_metric_name name = {
        .task = task, .task_length = strlen(task), .metric = metric, .metric_length = strlen(metric)};
    if (metric[0] == '\0')
        HS_TRY(hs_config_metric_name_parse(task, &name, error));
    if (name.has_tolerance)
        return hs_fail(error, HS_ERROR_USAGE, "\"%s\" takes no tolerance", task);
    return hs_config_find_metric(table, &name, place_out, error);
}
