/*
 * safetensors: one file -> its tensors. Format: https://github.com/huggingface/safetensors, "Format"; accepted and
 * refused is what the reference implementation accepts and refuses, plus the limits below.
 */
#ifndef HEADSWEEP_MODEL_SAFETENSORS_H
#define HEADSWEEP_MODEL_SAFETENSORS_H

#include "headsweep/base.h"

/* name in the header, bits per element. F32, F64, F16 and BF16 can be weights; the others may only be skipped. */
#define HS_DTYPE_LIST(X) \
    X(F32, 32)           \
    X(F16, 16)           \
    X(BF16, 16)          \
    X(F64, 64)           \
    X(C64, 64)           \
    X(I64, 64)           \
    X(U64, 64)           \
    X(I32, 32)           \
    X(U32, 32)           \
    X(I16, 16)           \
    X(U16, 16)           \
    X(I8, 8)             \
    X(U8, 8)             \
    X(BOOL, 8)           \
    X(F8_E5M2, 8)        \
    X(F8_E4M3, 8)        \
    X(F8_E8M0, 8)        \
    X(F8_E4M3FNUZ, 8)    \
    X(F8_E5M2FNUZ, 8)    \
    X(F6_E2M3, 6)        \
    X(F6_E3M2, 6)        \
    X(F4, 4)

typedef enum hs_dtype {
#define HS_DTYPE_ENUM(name, n_bits) HS_DTYPE_##name,
    HS_DTYPE_LIST(HS_DTYPE_ENUM)
#undef HS_DTYPE_ENUM
} hs_dtype;

const char *hs__model_dtype_name(hs_dtype dtype);

enum {
    HS_SAFETENSORS_MAX_HEADER = 100000000, /* bytes; the limit of the reference implementation */
    HS_TENSOR_MAX_NAME = 512,              /* bytes */
    HS_TENSOR_MAX_DIMENSIONS = 8,
};

typedef struct hs_tensor {
    char *name;       /* as in the file; no control characters */
    const char *path; /* of the file, for messages; owned by the hs_safetensors */
    hs_dtype dtype;
    size_t n_dimensions;
    size_t shape[HS_TENSOR_MAX_DIMENSIONS];
    size_t n_elements;
    size_t begin; /* offset of the first byte in the data that follows the header */
    size_t n_bytes;
    size_t file_offset;         /* of the first byte in the file */
    const unsigned char *bytes; /* in the mapped file; NULL where only the header was opened */
} hs_tensor;

typedef struct hs_safetensors {
    char *path;
    hs_mapped_file file; /* all of it, or no more than the header */
    size_t n_file_bytes;
    hs_tensor *tensors; /* in the order of their bytes, which they cover without gap or overlap */
    size_t n_tensors;
} hs_safetensors;

/* What of the files is mapped: all, or only the headers, for who wants to know what is there. */
typedef enum hs_model_extent { HS_MODEL_WITH_WEIGHTS, HS_MODEL_HEADERS } hs_model_extent;

/* Maps the file and reads its header only. HS_ERROR_INPUT names the file, the tensor and what is wrong. */
hs_status hs__model_safetensors_open(const char *path, hs_model_extent extent, hs_safetensors *file_out,
                                     hs_error *error);
void hs__model_safetensors_clear(hs_safetensors *file);

/* Same type and bytes? Of tensors that are not mapped a few places are read and compared. */
bool hs__model_tensor_is_equal(const hs_tensor *a, const hs_tensor *b);

/* Writes "[2, 3]" for a shape of a message; returns buffer. */
const char *hs__model_shape_format(const size_t *shape, size_t n_dimensions, char *buffer, size_t capacity);

#endif
