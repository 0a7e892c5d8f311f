/* constraints: options of config.json that would need what the engine does not have. */
#ifndef HEADSWEEP_MODEL_CONSTRAINTS_H
#define HEADSWEEP_MODEL_CONSTRAINTS_H

#include "model/families.h"

/* Of every family: what would put other weights, layers or code in the place of what is read here. */
hs_status hs__model_constraints_check_all_families(const hs_config *config, hs_error *error);
/* Of one family's row. `shape` has its sizes and heads already. */
hs_status hs__model_constraints_check(const hs_config *config, const hs_config_constraint *constraints,
                                      const hs_model_shape *shape, hs_error *error);

#endif
