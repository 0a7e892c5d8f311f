/*
 * blas: the matrix products, and which BLAS does them. No other file of the project includes cblas.h.
 *
 * Matrices are row-major; a stride is the distance between two rows in elements. Every dimension and stride fits an int
 * (hs__engine_check_workload sees to that).
 */
#ifndef HEADSWEEP_ENGINE_BLAS_H
#define HEADSWEEP_ENGINE_BLAS_H

#include "headsweep/model.h"

/* y [n_rows, n_out] <- x [n_rows, n_in] W + b, rows of y y_stride apart. x is dense. */
void hs__engine_linear_apply(float *y, size_t y_stride, const float *x, size_t n_rows, const hs_linear *linear);
/* y [n_rows, n_out], dense, += x W + b. */
void hs__engine_linear_accumulate(float *y, const float *x, size_t n_rows, const hs_linear *linear);

struct hs_matrix {
    const float *values;
    size_t stride;
};

/* out [n_rows, n_columns] <- scale * a [n_rows, depth] b [depth, n_columns]. */
void hs__engine_matrix_product(float *out, size_t out_stride, struct hs_matrix a, struct hs_matrix b, size_t n_rows,
                               size_t n_columns, size_t depth, float scale);
/* out [n_rows, n_columns] += a b. */
void hs__engine_matrix_accumulate(float *out, size_t out_stride, struct hs_matrix a, struct hs_matrix b, size_t n_rows,
                                  size_t n_columns, size_t depth);
/* The same as hs__engine_matrix_product with b [n_columns, depth] transposed. */
void hs__engine_matrix_product_transposed(float *out, size_t out_stride, struct hs_matrix a, struct hs_matrix b,
                                          size_t n_rows, size_t n_columns, size_t depth, float scale);

/* What an x86-64 processor has, as far as OpenBLAS chooses its kernels by it. */
struct hs_processor {
    bool has_avx2;
    bool has_avx512;
};

/*
 * The text of hs_blas_core_warning for a core type on a processor; NULL if the core type is as good as the processor.
 * `forced`: the environment variable OPENBLAS_CORETYPE is set. Returns buffer otherwise.
 */
const char *hs__engine_describe_core_mismatch(const char *core, struct hs_processor processor, bool forced,
                                              char *buffer, size_t capacity);

#endif
