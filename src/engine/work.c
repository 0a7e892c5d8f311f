/* work: asks whoever is polled. */
#include "engine/work.h"

hs_status hs__engine_poll(const hs_engine_options *options, hs_error *error)
{
    if (options == NULL || options->poll == NULL || options->poll(options->poll_context))
        return HS_OK;
    return hs_fail(error, HS_UNFINISHED, "the evaluation was given up");
}
