/* The products themselves. */
#include "headsweep/blas.h"

#include <cblas.h>

static enum CBLAS_TRANSPOSE layout_of(hs_blas_matrix matrix)
{
    return matrix.transposed ? CblasTrans : CblasNoTrans;
}

void hs_blas_product_f32(float *out, size_t out_stride, hs_blas_matrix a, hs_blas_matrix b, hs_blas_shape shape,
                         float scale, bool add)
{
    cblas_sgemm(CblasRowMajor, layout_of(a), layout_of(b), (int)shape.n_rows, (int)shape.n_columns, (int)shape.depth,
                scale, a.values, (int)a.stride, b.values, (int)b.stride, add ? 1.0f : 0.0f, out, (int)out_stride);
}

void hs_blas_product_f64(double *out, const double *a, size_t a_stride, const double *b, hs_blas_shape shape, bool add)
{
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)shape.n_rows, (int)shape.n_columns, (int)shape.depth,
                1.0, a, (int)a_stride, b, (int)shape.n_columns, add ? 1.0 : 0.0, out, (int)shape.n_columns);
}
