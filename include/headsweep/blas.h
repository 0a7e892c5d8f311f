/*
 * blas: matrix products through whatever BLAS there is, and which one that is. No other room includes cblas.h.
 *
 * Matrices are row-major; a stride is the distance between two rows in elements. Every dimension and stride fits an
 * int. Bits of a product depend on the core type, the number of threads and the number of rows: who wants the same
 * bits again makes the same calls.
 */
#ifndef HEADSWEEP_BLAS_H
#define HEADSWEEP_BLAS_H

#include "headsweep/threads.h"

/* Products. */

/* A factor; `transposed`: its rows are the columns of what lies there. */
typedef struct hs_blas_matrix {
    const float *values;
    size_t stride;
    bool transposed;
} hs_blas_matrix;

/* [n_rows, depth] x [depth, n_columns]. */
typedef struct hs_blas_shape {
    size_t n_rows;
    size_t n_columns;
    size_t depth;
} hs_blas_shape;

/* out [n_rows, n_columns] <- scale * a b, added to what is there if `add`. */
void hs_blas_product_f32(float *out, size_t out_stride, hs_blas_matrix a, hs_blas_matrix b, hs_blas_shape shape,
                         float scale, bool add);
/* The same in double precision, neither scaled nor transposed; b and out are dense. */
void hs_blas_product_f64(double *out, const double *a, size_t a_stride, const double *b, hs_blas_shape shape, bool add);

/* The library. */

/*
 * Before the first product, in whatever room, with the threads that may each compute one at a time (NULL: the
 * caller's): has each product run on one thread and takes BLAS's own buffers. HS_ERROR_MEMORY where the address space
 * has no room for them; a product would wait for it for ever. Later calls with no more threads do nothing.
 */
hs_status hs_blas_start(hs_threads *threads, hs_error *error);
/* One thread for each product, whatever the environment says; by the library's own interface, where it has one. */
void hs_blas_set_threads(void);
/*
 * The BLAS in use: "OpenBLAS 0.3.21", its core type ("SkylakeX"), and the threads that one product has, as the library
 * says or, of one that nobody knows, as its first product has shown. Texts live for ever.
 */
const char *hs_blas_library(void);
const char *hs_blas_core(void);
int hs_blas_threads(void);
/* NULL, or one line: that a product has more threads than the one it should have. After hs_blas_start. */
const char *hs_blas_threads_warning(void);
/* NULL, or one line: that the core type in use is lesser than the processor, what it costs and how to mend it. */
const char *hs_blas_core_warning(void);
/*
 * Operations a second of a product [m, k] x [k, n] in single precision, warm: the best of several. The engine's limit.
 */
hs_status hs_blas_sgemm_rate(size_t m, size_t k, size_t n, double *flops_per_second_out, hs_error *error);
/*
 * The same while n_processes - 1 others, which it starts and ends, do nothing but that product: the mean of what this
 * one has. Not after MPI was started. HS_ERROR_MEMORY: the processes cannot be had.
 */
hs_status hs_blas_sgemm_rate_shared(size_t m, size_t k, size_t n, size_t n_processes, double *flops_per_second_out,
                                    hs_error *error);

#endif
