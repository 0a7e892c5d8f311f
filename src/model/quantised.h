/* quantised: checkpoints whose weights are codes of fewer bits are refused, with the way to weights that are read. */
#ifndef HEADSWEEP_MODEL_QUANTISED_H
#define HEADSWEEP_MODEL_QUANTISED_H

#include "model/config_reader.h"

/* HS_ERROR_INPUT where config.json has a "quantization_config": names its method and how that one is undone. */
hs_status hs__model_quantised_refuse(const hs_config *config, hs_error *error);

/* For who sees no more than a tensor that is quantised. */
extern const char hs__model_quantised_advice[];

#endif
