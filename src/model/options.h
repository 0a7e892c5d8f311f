/* options: config.json and a family's row -> the canonical shape. */
#ifndef HEADSWEEP_MODEL_OPTIONS_H
#define HEADSWEEP_MODEL_OPTIONS_H

#include "model/families.h"

/*
 * The family that config.json names by model_type, or by architectures where there is none, and its architecture; NULL
 * where the config names none.
 */
hs_status hs__model_options_family(const hs_config *config, const hs_family **family_out,
                                   const hs_architecture **architecture_out, hs_error *error);

/*
 * Reads every field of the family, refuses what the engine cannot compute and derives what the config leaves open, but
 * for the labels of a classifier (labels.h). What is in options_out has an owner who clears its rope, also after an
 * error.
 */
hs_status hs__model_options_read(const hs_config *config, const hs_family *family, const hs_architecture *architecture,
                                 hs_family_options *options_out, hs_error *error);

/* Name of an activation as the describing lines have it. */
const char *hs__model_activation_name(hs_activation activation);

#endif
