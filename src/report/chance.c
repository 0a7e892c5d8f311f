/* Is the clean model any better than guessing? What ablation does to one that is not says nothing. */
#include <math.h>

#include "report/listing.h"

/*
 * By the interval, not by the mean: a hundred examples are easily a few points above guessing.
 * Below it with certainty is another thing, which is mostly a mistake in the data.
 */
void hs__report_chance_sentence(const hs_analysis *analysis, size_t task, size_t metric, const char *before,
                                hs_text *text)
{
    const hs_results_task *of = hs_results_task_at(analysis->results, task);
    const double chance = of->chance != NULL ? of->chance[metric] : 0;
    const double mean = hs_analysis_value(analysis, HS_STATISTIC_MEAN, task, metric, 0);
    const double low = hs_analysis_value(analysis, HS_STATISTIC_MEAN_LOW, task, metric, 0);
    const double high = hs_analysis_value(analysis, HS_STATISTIC_MEAN_HIGH, task, metric, 0);

    if (chance == 0 || !(mean <= chance || low <= chance))
        return;
    const report_metric shown = hs__report_metric_of(analysis, task, metric);
    hs_text_putf(text, "%s clean model's ", before);
    hs__report_put_metric(&shown, text);
    hs_text_put(text, ", ");
    hs__report_put_mean(&shown, mean, low, high, text);
    hs_text_put(text, ", ");
    if (high < chance) {
        hs_text_putf(text,
                     "is worse than guessing (%.1f%%): are labels or choices the wrong way round, or do prompts "
                     "not fit the model?",
                     100 * chance);
        return;
    }
    hs_text_putf(text, "cannot be told from guessing (%.1f%%): what ablation does to it says little", 100 * chance);
}
