/* checkpoint: what an open model keeps behind hs_model.checkpoint. */
#ifndef HEADSWEEP_MODEL_CHECKPOINT_H
#define HEADSWEEP_MODEL_CHECKPOINT_H

#include "model/binding.h"

typedef struct hs_checkpoint {
    char *folder;
    const hs_family *family;
    hs_family_options options;
    hs_tensor_table table;
    hs_binding_list bindings;
    float *rotary_frequencies; /* NULL unless rotary */
} hs_checkpoint;

#endif
