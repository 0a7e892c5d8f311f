/* What a file states of its experiment, typed: read by config's own reader when the file is opened. */
#include "results/file.h"

static const char *value_of(const void *context, const char *key)
{
    return hs_results_attribute_of(context, "experiment", key);
}

void hs__results_file_forget_stated(hs_results *results)
{
    hs_config_free(results->stated);
    results->stated = NULL;
    results->stated_problem = (hs_error){0};
}

/* What cannot be read is told to those who ask: values and tables of such a file are as good as any. */
void hs__results_file_read_stated(hs_results *results)
{
    hs__results_file_forget_stated(results);
    (void)hs_config_read_stored(results->path, value_of, results, &results->stated, &results->stated_problem);
}

hs_status hs_results_stated(const hs_results *results, const hs_experiment **experiment_out, hs_error *error)
{
    const hs_error *problem = &results->stated_problem;
    *experiment_out = results->stated;
    if (results->stated != NULL)
        return HS_OK;
    if (problem->status != HS_ERROR_USAGE)
        return hs_fail(error, problem->status, "%s", problem->message);
    return hs_fail(error, HS_ERROR_RESULTS, "%s; no experiment can have that: the file is damaged", problem->message);
}
