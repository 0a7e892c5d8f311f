#include "cli/rank_pruning.h"

#include "cli/arguments.h"

hs_status hs__cli_print_pruning(hs_results *results, hs_report_format format, hs_error *error)
{
    hs_pruning_curve curves[HS_PRUNING_METHODS];
    hs_text text = {0};
    size_t n;

    HS_TRY(hs_analysis_pruning_curves(results, curves, &n, error));
    hs_status status = n > 0 ? hs_report_pruning(results, curves, n, format, &text, error)
                             : hs_fail(error, HS_ERROR_USAGE,
                                       "--pruning: the file has no pruning curve yet; an experiment asks for one with "
                                       "pruning.curve");
    if (status == HS_OK)
        hs__cli_print_text(&text);
    hs_text_clear(&text);
    for (size_t i = 0; i < n; ++i)
        hs_analysis_pruning_curve_clear(&curves[i]);
    return status;
}
