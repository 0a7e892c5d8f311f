/* Why a ranking has no set: what would have had to be otherwise. */
#include "report/listing.h"

/* "of 2 heads under mean", as far as the request asks for some only. */
static void append_filter(const hs_analysis *analysis, const hs_ranking_request *request, hs_text *text)
{
    const hs_sets *sets = hs_results_sets_of(analysis->results);

    if (request->order > 0)
        hs_text_putf(text, " of %d head%s", request->order, request->order == 1 ? "" : "s");
    if (request->intervention >= 0)
        hs_text_putf(text, " under %s", sets->intervention_names[request->intervention]);
}

static void append_nothing_asked_for(const hs_analysis *analysis, const hs_ranking_request *request, hs_text *text)
{
    static const char *const what[] = {
        [HS_RANK_BY_OBJECTIVE] = "no set",
        [HS_RANK_BY_DELTA] = "no set",
        [HS_RANK_BY_INTERACTION] = "no pair",
        [HS_RANK_BY_BACKUP] = "no pair that backs itself up (either head off shows little, both show much)",
    };

    hs_text_putf(text, "the complete sets hold %s", what[request->key]);
    append_filter(analysis, request, text);
}

/*
 * The most general cause comes first. Only one is told: the first that the reader can do something
 * about.
 */
void hs__report_put_why_empty(const hs_analysis *analysis, const hs_ranking_request *request, const hs_ranking *ranking,
                              hs_text *text)
{
    const size_t outside = ranking->n_of[HS_STANDING_OUTSIDE_TOLERANCE];
    const size_t not_finite = ranking->n_of[HS_STANDING_NOT_FINITE], added = ranking->n_of[HS_STANDING_ADDED];

    if (ranking->n_of[HS_STANDING_CLEAN] + ranking->n_of[HS_STANDING_UNFINISHED] == analysis->n_sets) {
        hs_text_put(text, "no ablation set is complete yet");
        return;
    }
    if (outside + not_finite + added == 0) {
        append_nothing_asked_for(analysis, request, text);
        return;
    }
    if (outside > 0) {
        hs_text_putf(text,
                     "what is to be kept gets worse by more than its tolerance under %s%zu set%s; a wider "
                     "tolerance or the Pareto front shows them",
                     not_finite + added > 0 ? "" : "all ", outside, outside == 1 ? "" : "s");
        return;
    }
    if (not_finite > 0) {
        hs_text_putf(text, "%zu set%s a value that is not a finite number", not_finite,
                     not_finite == 1 ? " has" : "s have");
        return;
    }
    hs_text_put(text, "the only such sets are steps of pruning curves or controls, which are not ranked; rank "
                      "--pruning shows the curves");
}

hs_status hs_report_why_empty(const hs_analysis *analysis, const hs_ranking_request *request, const hs_ranking *ranking,
                              hs_text *text, hs_error *error)
{
    hs__report_put_why_empty(analysis, request, ranking, text);
    return hs_text_status(text, error);
}
