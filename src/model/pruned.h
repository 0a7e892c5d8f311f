/*
 * pruned: heads that a checkpoint lacks. transformers 4 cuts their rows and columns out of the matrices and says in
 * config.json which they were; here the matrices get zeros in their places, so that every head keeps its number.
 */
#ifndef HEADSWEEP_MODEL_PRUNED_H
#define HEADSWEEP_MODEL_PRUNED_H

#include "model/families.h"
#include "model/notes.h"

/*
 * gone_out[n_layers * n_heads] from "pruned_heads"; NULL where no head is gone. HS_ERROR_INPUT: a family without this
 * key, a list that is none, or a head that there is not.
 */
hs_status hs__model_pruned_read(const hs_config *config, const hs_family *family, const hs_model_shape *shape,
                                bool **gone_out, hs_error *error);

/* Says how many heads are gone, if any. */
hs_status hs__model_pruned_note(const hs_model_shape *shape, hs_note_list *notes, hs_error *error);

/* Heads of the layer that the checkpoint has. */
size_t hs__model_pruned_n_kept(const hs_model_shape *shape, size_t layer);

#endif
