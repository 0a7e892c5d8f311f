/*
 * binding: the family's tensor rules and the tensors of a checkpoint -> which tensor goes where, and where in the
 * arena.
 */
#ifndef HEADSWEEP_MODEL_BINDING_H
#define HEADSWEEP_MODEL_BINDING_H

#include "model/families.h"
#include "model/tensor_table.h"

typedef struct hs_binding {
    char *name; /* as transformers writes it today, whatever prefix the file has or lacks */
    const hs_tensor_rule *rule;
    size_t layer;
    const hs_tensor *tensor;
    const hs_tensor *tied_copy; /* of the token embedding, where a tied unembedding is in the file too; else NULL */
    const hs_tensor *alias;     /* the same tensor under another name, where the file has both; else NULL */
    size_t arena_offset; /* in floats, a multiple of 16; HS_BINDING_MAPPED if it is used from the mapped file */
} hs_binding;

#define HS_BINDING_MAPPED SIZE_MAX

typedef struct hs_binding_list {
    hs_binding *items; /* sorted by name */
    size_t n_items;
    size_t capacity;
    size_t arena_floats;
} hs_binding_list;

/*
 * Binds every tensor of the table. HS_ERROR_INPUT names the first tensor that is missing, of another shape or type
 * than the family's rule says, or unexpected. `folder` is for messages.
 */
hs_status hs_binding_list_make(const char *folder, const hs_family *family, const hs_architecture *architecture,
                               const hs_family_options *options, const hs_tensor_table *table,
                               hs_binding_list *list_out, hs_error *error);
/* Does the place need its rows in another order than the file has them? Such a tensor is always in the arena. */
bool hs_place_is_sorted(hs_place place);
void hs_binding_list_clear(hs_binding_list *list);

#endif
