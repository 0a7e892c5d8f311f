/*
 * binding: the family's tensor rules and the tensors of a checkpoint -> which tensor goes where, and where in the
 * arena.
 */
#ifndef HEADSWEEP_MODEL_BINDING_H
#define HEADSWEEP_MODEL_BINDING_H

#include "model/families.h"
#include "model/notes.h"
#include "model/tensor_table.h"

typedef struct hs_binding {
    char *name; /* as transformers writes it today, whatever prefix the file has or lacks */
    const hs_tensor_rule *rule;
    hs_pattern_place place;
    const hs_tensor *tensor;
    size_t shape[2];     /* as the canonical model has it; 1 of a vector's second axis */
    bool lacks_heads;    /* the tensor is smaller: pruned.h */
    bool is_shared;      /* the binding before has the same tensor in the same form: converted and counted there */
    size_t arena_offset; /* in floats, a multiple of 16; HS_BINDING_MAPPED if it is used from the mapped file */
} hs_binding;

#define HS_BINDING_MAPPED SIZE_MAX

typedef struct hs_binding_list {
    hs_binding *items; /* sorted by name */
    size_t n_items;
    size_t capacity;
    size_t arena_floats;
} hs_binding_list;

/* A checkpoint whose weights are to be bound. `folder` is for messages. */
typedef struct hs_binding_source {
    const char *folder;
    const hs_family *family;
    const hs_architecture *architecture;
    const hs_tensor_table *table;
    const bool *is_sparse; /* [n_layers] layers with experts; NULL: none has any */
} hs_binding_source;

/*
 * Binds the tensors of the table as transformers does, and notes what it would warn of. An unembedding that differs
 * from the token embedding is not tied to it, whatever the options say. HS_ERROR_INPUT names the first tensor that is
 * missing, of another shape or type than the family's rule says, or means another function (extras.h).
 */
hs_status hs__model_binding_list_make(const hs_binding_source *source, hs_family_options *options_inout,
                                      hs_binding_list *list_out, hs_note_list *notes, hs_error *error);
/* Has the table all of the architecture's head, but for what may be tied or have another name? */
hs_status hs__model_binding_has_head(const hs_binding_source *source, bool *has_out, hs_error *error);
/* Does the place need its rows in another order than the file has them? */
bool hs__model_place_is_sorted(hs_place place);
/* Of these those whose rows are sorted within each head, by pairs that rotate together. */
bool hs__model_place_is_pairs(hs_place place);
/* Of the tensor that is the token embedding; NULL if there is none. */
const hs_tensor *hs__model_binding_token_embedding(const hs_binding_list *list);
void hs__model_binding_list_clear(hs_binding_list *list);

#endif
