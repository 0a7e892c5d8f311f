#include "analysis/stated.h"

#include <stdlib.h>
#include <string.h>

const char *hs__analysis_stated_text(const hs_results *results, const char *key)
{
    const char *value = hs_results_attribute_of(results, "experiment", key);

    return value != NULL ? value : "";
}

double hs__analysis_stated_number(const hs_results *results, const char *key, double missing)
{
    const char *value = hs_results_attribute_of(results, "experiment", key);

    return value != NULL ? strtod(value, NULL) : missing;
}

uint64_t hs__analysis_stated_count(const hs_results *results, const char *key, uint64_t missing)
{
    const char *value = hs_results_attribute_of(results, "experiment", key);

    return value != NULL ? strtoull(value, NULL, 10) : missing;
}

/* ---- options ----------------------------------------------------------------------------------------------------- */

/* As an experiment may have them at most (src/config/keys.c); a share of 0 or 1 is the smallest or largest of a sample. */
enum { MAX_RESAMPLES = 1000000, MAX_PERMUTATIONS = 10000000 };

hs_status hs__analysis_stated_check_options(const hs_analysis_options *options, hs_error *error)
{
    if (options->resamples < 1 || options->resamples > MAX_RESAMPLES || options->permutations < 1 ||
        options->permutations > MAX_PERMUTATIONS || !(options->confidence >= 0 && options->confidence <= 1))
        return hs_fail(error, HS_ERROR_RESULTS,
                       "the file asks for %zu resamples, %zu sign flips and a confidence of %g, which no experiment "
                       "can: it is damaged",
                       options->resamples, options->permutations, options->confidence);
    return HS_OK;
}

hs_status hs__analysis_stated_options(const hs_results *results, hs_analysis_options *options_out, hs_error *error)
{
    *options_out = (hs_analysis_options){
        .resamples = hs__analysis_stated_count(results, "analysis.resamples", 2000),
        .permutations = hs__analysis_stated_count(results, "analysis.permutations", 10000),
        .confidence = hs__analysis_stated_number(results, "analysis.confidence", 0.95),
        .bca = strstr(hs__analysis_stated_text(results, "analysis.interval"), "percentile") == NULL,
        .seed = hs__analysis_stated_count(results, "run.seed", 1),
    };
    return hs__analysis_stated_check_options(options_out, error);
}

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
