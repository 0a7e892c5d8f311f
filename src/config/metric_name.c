/* "TASK.METRIC=TOLERANCE", which keys and options name a metric by. */
#include "headsweep/config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

hs_status hs_config_tolerance_parse(const char *text, double *tolerance_out, hs_error *error)
{
    char *end;
    double number = strtod(text, &end);
    if (end != text && strcmp(end, "%") == 0)
        return hs_fail(error, HS_ERROR_USAGE, "\"%s\" is no tolerance: write %g for %s", text, number / 100, text);
    if (end == text || *end != '\0' || !(number >= 0) || isinf(number))
        return hs_fail(error, HS_ERROR_USAGE, "\"%s\" is no tolerance: a number from 0 on, such as 0.02 for 2 points",
                       text);
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
