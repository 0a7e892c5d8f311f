/*
 * tensor_names: under which names a file may have a tensor. transformers adds or drops the base model's prefix name by
 * name and knows old names of some; training tools put a module of theirs around the model, whose name comes before
 * all.
 */
#ifndef HEADSWEEP_MODEL_TENSOR_NAMES_H
#define HEADSWEEP_MODEL_TENSOR_NAMES_H

#include "model/families.h"
#include "model/tensor_table.h"

enum { HS_MAX_TENSOR_PATTERN = 256 };

typedef struct hs_tensor_names {
    const hs_tensor_table *table;
    const hs_family *family;
    char wrapper[64]; /* such as "module."; "" without one */
} hs_tensor_names;

void hs__model_tensor_names_init(const hs_tensor_table *table, const hs_family *family, hs_tensor_names *names_out);

/*
 * Index of the tensor that the file has for `name`, which is as transformers writes it today; table->n_tensors if it
 * has none. Several are marked in `is_used` (which may be NULL) and must be equal, else HS_ERROR_INPUT.
 */
hs_status hs__model_tensor_names_find(const hs_tensor_names *names, const char *name, bool *is_used, size_t *index_out,
                                      hs_error *error);

/* The name without wrapper and without the base model's prefix. */
const char *hs__model_tensor_names_strip(const hs_tensor_names *names, const char *name);

#endif
