/* Which settings another run may state anew in a file whose sets were chosen by them. */
#include <string.h>

#include "analysis/phase_kinds.h"
#include "headsweep/analysis.h"

/* An earlier headsweep kept how statistics were computed, and nothing else. */
static const char *cannot_hold(const hs_results *results, const char *name)
{
    const bool is_method = strncmp(name, "analysis.", strlen("analysis.")) == 0;

    return hs_results_can_restate(results) || is_method ? NULL
                                                        : "an earlier headsweep made it without room for another";
}

/*
 * A setting that chose the sets of a phase that is swept cannot be stated anew: the file would say
 * that it holds other sets than it does. The reason names that phase.
 */
static hs_status check_setting(const hs_results *results, const hs_experiment *stated,
                               const hs_results_attribute *setting, hs_error *error)
{
    const char *in_file = hs_results_attribute_of(results, "experiment", setting->name);

    if (in_file == NULL || !hs_results_may_restate(setting) || strcmp(in_file, setting->value) == 0)
        return HS_OK;
    const char *reason = hs__analysis_chosen_by(results, stated, setting->name);
    if (reason == NULL)
        reason = cannot_hold(results, setting->name);
    if (reason == NULL)
        return HS_OK;
    return hs_fail(error, HS_ERROR_RESULTS,
                   "%s: the file has \"%.80s\", the experiment \"%.80s\", but %s. Restore it, or choose another "
                   "output.results; headsweep rank ranks this file by another objective with --reduce, --keep and "
                   "--tolerance",
                   setting->name, in_file, setting->value, reason);
}

hs_status hs_analysis_check_restated(const hs_results *results, const hs_results_attribute *settings, size_t n,
                                     hs_error *error)
{
    const hs_experiment *stated;

    HS_TRY(hs_results_stated(results, &stated, error));
    for (size_t i = 0; i < n; ++i)
        HS_TRY(check_setting(results, stated, &settings[i], error));
    return HS_OK;
}
