/*
 * backup: pairs of heads of which either alone does what the other does, so that ablating one
 * shows little and both show much.
 */
#include <math.h>

#include "headsweep/analysis.h"

/* Share of the pair's delta within which each single's whole interval must lie. */
static const double single_share = 0.25;

/*
 * Four conditions: the pair's delta and its interaction are significant and have one sign, and
 * each single's whole interval is small beside the pair's delta. A small estimate would not do: a
 * wide interval may hide a large effect.
 */
bool hs_analysis_is_backup(const hs_analysis *analysis, size_t task, size_t metric, uint64_t set)
{
    int64_t singles[2];
    const double level = 1 - analysis->options.confidence;
    double delta = hs_analysis_value(analysis, HS_STATISTIC_DELTA, task, metric, set);
    double interaction = hs_analysis_value(analysis, HS_STATISTIC_INTERACTION, task, metric, set);

    /* Statistics that were read are what the file's maker chose, whether the singles are there or not. */
    if (!hs_analysis_singles(analysis, set, singles) || singles[0] < 0 || singles[1] < 0)
        return false;
    /* Written so that NaN, as of a single that is not complete, gives false. */
    if (!(delta * interaction > 0) || !(hs_analysis_value(analysis, HS_STATISTIC_DELTA_Q, task, metric, set) < level) ||
        !(hs_analysis_value(analysis, HS_STATISTIC_INTERACTION_Q, task, metric, set) < level))
        return false;
    for (size_t i = 0; i < 2; ++i) {
        double low = hs_analysis_value(analysis, HS_STATISTIC_DELTA_LOW, task, metric, (uint64_t)singles[i]);
        double high = hs_analysis_value(analysis, HS_STATISTIC_DELTA_HIGH, task, metric, (uint64_t)singles[i]);
        if (!(low >= -single_share * fabs(delta) && high <= single_share * fabs(delta)))
            return false;
    }
    return true;
}
