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
} hs_tensor_table;

/*
 * Opens model.safetensors, or the shards that model.safetensors.index.json names, and merges them. HS_ERROR_INPUT: a
 * tensor twice, index and shards that disagree, a shard outside the folder, only pickled weights (the message says how
 * to convert them), or no weights at all.
 */
hs_status hs_tensor_table_open(const char *folder, hs_tensor_table *table_out, hs_error *error);
void hs_tensor_table_clear(hs_tensor_table *table);

/* Index in table->tensors; n_tensors if there is none of that name. */
size_t hs_tensor_table_find(const hs_tensor_table *table, const char *name);

#endif
