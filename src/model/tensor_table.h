/* tensor_table: a checkpoint folder -> all tensors of its safetensors file or shards, by name. */
#ifndef HEADSWEEP_MODEL_TENSOR_TABLE_H
#define HEADSWEEP_MODEL_TENSOR_TABLE_H

#include "model/safetensors.h"

enum { HS_MAX_INDEX_BYTES = 100000000, HS_MAX_SHARDS = 4096 };

typedef struct hs_tensor_table {
    hs_safetensors *files;
    size_t n_files;
    const hs_tensor **tensors; /* sorted by name */
    size_t n_tensors;
    hs_model_extent extent;
    bool has_idle_index; /* beside a single file, which goes before it */
} hs_tensor_table;

/*
 * Opens model.safetensors, or else the shards that model.safetensors.index.json names, and merges them. As in
 * transformers the index says which files are read and nothing else: what is in them counts. HS_ERROR_INPUT: two
 * tensors of one name that differ, a shard that is missing or outside the folder, or no weights (folder.h).
 */
hs_status hs__model_tensor_table_open(const char *folder, hs_model_extent extent, hs_tensor_table *table_out,
                                      hs_error *error);
void hs__model_tensor_table_clear(hs_tensor_table *table);

/* Index in table->tensors; n_tensors if none has that name. */
size_t hs__model_tensor_table_find(const hs_tensor_table *table, const char *name);

#endif
