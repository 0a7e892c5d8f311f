/* rank_pruning: the pruning curves of a results file instead of its ranking. */
#include "cli/rank_pruning.h"

#include "cli/printing.h"
#include "cli/results_file.h"

static hs_status print_curves(hs_results *results, int64_t resamples, const hs_pruning_curve *curves, size_t n,
                              hs_report_format format, hs_error *error)
{
    hs_analysis *analysis = NULL;
    hs_text text = {0};
    hs_status status;

    HS_GOTO_DONE(hs__cli_analyse_results(results, resamples, &analysis, error));
    HS_GOTO_DONE(hs_report_pruning(analysis, curves, n, format, &text, error));
    hs__cli_print_report(&text, format);
done:
    hs_text_clear(&text);
    hs_analysis_free(analysis);
    return status;
}

hs_status hs__cli_print_pruning(hs_results *results, int64_t resamples, hs_report_format format, hs_error *error)
{
    hs_pruning_curve curves[HS_PRUNING_METHODS];
    size_t n;

    HS_TRY(hs_analysis_pruning_curves(results, curves, &n, error));
    hs_status status = n > 0 ? print_curves(results, resamples, curves, n, format, error)
                             : hs_fail(error, HS_ERROR_USAGE,
                                       "--pruning: the file has no pruning curve yet; an experiment asks for one with "
                                       "pruning.curve");
    for (size_t i = 0; i < n; ++i)
        hs_analysis_pruning_curve_clear(&curves[i]);
    return status;
}
