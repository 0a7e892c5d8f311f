/* extras: tensors of a file that no rule of the family takes, and whether they may be left out. */
#ifndef HEADSWEEP_MODEL_EXTRAS_H
#define HEADSWEEP_MODEL_EXTRAS_H

#include "model/notes.h"
#include "model/tensor_names.h"

/* HS_ERROR_INPUT names a tensor that shows the weights to be quantised, to have an adapter beside them, or the like. */
hs_status hs__model_extras_check_signs(const hs_tensor_names *names, hs_error *error);

/*
 * transformers leaves out with a warning whatever it has no place for. So does this for modules beside the ones that
 * are computed (value heads, other tasks' heads), with a note that names them; buffers are left out silently. A tensor
 * of a module that is computed (another layer, a bias or a norm more) means that the weights were made for another
 * function than config.json says: HS_ERROR_INPUT.
 */
hs_status hs__model_extras_check(const hs_tensor_names *names, const hs_architecture *architecture, size_t n_layers,
                                 const bool *is_used, hs_note_list *notes, hs_error *error);

#endif
