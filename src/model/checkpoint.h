/* checkpoint: what an open model keeps behind hs_model.checkpoint. */
#ifndef HEADSWEEP_MODEL_CHECKPOINT_H
#define HEADSWEEP_MODEL_CHECKPOINT_H

#include "model/binding.h"
#include "model/labels.h"
#include "model/special_ids.h"

typedef struct hs_checkpoint {
    char *folder;
    const hs_family *family;
    const hs_architecture *architecture;
    hs_family_options options;
    hs_model_extent extent;
    hs_tensor_table table;
    hs_binding_list bindings;
    size_t *windows;           /* [n_layers], or NULL */
    float *ones;               /* [width], the weights of norms that have none; else NULL */
    bool *is_sparse;           /* [n_layers] layers with experts; NULL: none has any */
    float *rotary_frequencies; /* NULL unless rotary */
    float *window_frequencies; /* NULL unless rotates_windows_apart */
    float *alibi_slopes;       /* NULL unless in scores */
    bool *gone_heads;          /* options.shape's */
    hs_label_list labels;      /* of a classifier */
    hs_note_list notes;
    hs_special_ids ids; /* of the tokens that begin and end a text */
} hs_checkpoint;

#endif
