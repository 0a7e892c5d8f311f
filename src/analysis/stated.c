#include "analysis/stated.h"

#include <string.h>

/* ---- metrics ----------------------------------------------------------------------------------------------------- */

hs_status hs__analysis_stated_find_metric(const hs_results *results, const char *task, const char *metric,
                                          stated_metric *out, hs_error *error)
{
    for (size_t t = 0; t < hs_results_n_tasks(results); ++t) {
        const hs_results_task *of = hs_results_task_at(results, t);
        for (size_t m = 0; strcmp(of->name, task) == 0 && m < of->n_metrics; ++m)
            if (metric[0] == '\0' || strcmp(of->metrics[m].name, metric) == 0) {
                *out = (stated_metric){t, m};
                return HS_OK;
            }
    }
    return hs_fail(error, HS_ERROR_USAGE, "the file has no metric \"%s\" of a task \"%s\"", metric, task);
}

hs_status hs__analysis_stated_parse_metric(const hs_results *results, const char *text, stated_metric *out,
                                           hs_error *error)
{
    char *task = hs_string_copy(text, error);

    if (task == NULL)
        return error->status;
    char *dot = strchr(task, '.');
    if (dot != NULL)
        *dot = '\0';
    hs_status status = hs__analysis_stated_find_metric(results, task, dot != NULL ? dot + 1 : "", out, error);
    hs_free(task);
    return status;
}
