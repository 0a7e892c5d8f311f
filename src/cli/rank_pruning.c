#include "cli/rank_pruning.h"

#include "cli/arguments.h"
#include "headsweep/sweep.h"

enum { MOST_CURVES = 2 };

hs_status print_pruning(hs_results *results, hs_report_format format, hs_error *error)
{
    static const char *const methods[MOST_CURVES] = {HS_PHASE_IMPORTANCE, HS_PHASE_GREEDY};
    hs_pruning_curve curves[MOST_CURVES] = {{0}};
    hs_text text = {0};
    size_t n = 0;
    hs_status status;

    for (size_t i = 0; i < MOST_CURVES; ++i) {
        bool has = false;
        HS_GOTO_DONE(hs_analysis_pruning_curve(results, methods[i], &curves[n], &has, error));
        n += has;
    }
    if (n == 0)
        HS_GOTO_DONE(hs_fail(error, HS_ERROR_USAGE,
                             "--pruning: the file has no pruning curve yet; an experiment asks for one with "
                             "pruning.curve"));
    HS_GOTO_DONE(hs_report_pruning(results, curves, n, format, &text, error));
    print_text(&text);
done:
    hs_text_clear(&text);
    for (size_t i = 0; i < MOST_CURVES; ++i)
        hs_pruning_curve_clear(&curves[i]);
    return status;
}
