/* pass: what observers are shown: a site that nobody reads costs a comparison. */
#include "engine/pass.h"

bool hs__engine_is_observed(const struct hs_pass *pass, hs_site site)
{
    return pass->observer != NULL && (pass->observer->sites & (1u << site)) != 0;
}

hs_status hs__engine_show(const struct hs_pass *pass, hs_site site, size_t layer, const float *values, size_t n_rows,
                          size_t n_columns, hs_error *error)
{
    if (!hs__engine_is_observed(pass, site))
        return HS_OK;
    hs_observation observation = {
        .site = site,
        .layer = layer,
        .values = values,
        .n_rows = n_rows,
        .n_columns = n_columns,
        .sequences = pass->sequences,
    };
    return pass->observer->observe(pass->observer->context, &observation, error);
}
