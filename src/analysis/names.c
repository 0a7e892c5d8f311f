#include "headsweep/analysis.h"

enum { KIND_KV_GROUP = 1 };

hs_status hs_analysis_set_name(const hs_results_sets *sets, uint64_t set, hs_text *text, hs_error *error)
{
    const int32_t *components = sets->components + set * sets->max_order * 3;

    if (sets->order[set] == 0)
        return hs_text_appendf(text, error, "clean");
    for (int32_t i = 0; i < sets->order[set]; ++i)
        HS_TRY(hs_text_appendf(text, error, "%s%d.%s%d", i > 0 ? "+" : "", components[3 * i + 1],
                               components[3 * i] == KIND_KV_GROUP ? "g" : "", components[3 * i + 2]));
    return HS_OK;
}
