/*
 * device: what the engine computes on, as a table. A row has all that an operation on rows of activations asks for:
 * matrix products, kernels, and memory for what they read and write. Today's rows are the instruction sets of the
 * processor, all of which give the same bits between products; README.md says what a row for a device with memory of
 * its own would bring.
 */
#ifndef HEADSWEEP_ENGINE_DEVICE_H
#define HEADSWEEP_ENGINE_DEVICE_H

#include "engine/kernels.h"
#include "headsweep/blas.h"
#include "headsweep/threads.h"

struct hs_device {
    const char *name;
    /* Whether this build has the row and this processor runs it. */
    bool (*is_here)(void);
    const struct hs_kernels *kernels;
    /* See hs_blas_product_f32; on the thread that calls it. linear.h cuts a product among the threads. */
    void (*product)(float *out, size_t out_stride, hs_blas_matrix a, hs_blas_matrix b, hs_blas_shape shape, float scale,
                    bool add);
    /* Zeroed and aligned to 64 bytes; see hs_allocate and hs_free. */
    hs_status (*allocate)(void *pointer_out, size_t count, size_t size, const char *what, hs_error *error);
    void (*release)(void *pointer);
    /* Among which loops are cut, the engine's own; NULL in the table: they run on the caller's thread. */
    hs_threads *threads;
};

/* In ascending order: a row is here where those before it are. */
enum hs_device_row { HS_DEVICE_PORTABLE, HS_DEVICE_AVX2, HS_DEVICE_AVX512, HS_N_DEVICES };

const struct hs_device *hs__engine_device(enum hs_device_row row);
/* The last row that is here. */
const struct hs_device *hs__engine_best_device(void);

/* Does these items of a loop; `part` is below hs_threads_count: for buffers that every thread has of its own. */
typedef void hs_share_body(void *context, hs_share items, size_t part);
/*
 * All items of a loop in static shares of whole runs of `grain` items, at once where there are threads and the loop
 * is worth it: `n_floats` are the numbers that it goes through, HS_FLOPS_A_FLOAT operations of a product counting as
 * one. Items must not depend on each other. Nothing in a body may share out again.
 */
void hs__engine_share(const struct hs_device *device, size_t n_items, size_t grain, double n_floats,
                      hs_share_body *body, void *context);
enum { HS_SHARE_FLOATS = 64, HS_FLOPS_A_FLOAT = 32 };
/* out, in [n]: out <- in, out <- out + in. */
void hs__engine_copy(const struct hs_device *device, float *out, const float *in, size_t n);
void hs__engine_add(const struct hs_device *device, float *out, const float *in, size_t n);

/* One per file; zeros in builds for processors of another kind. */
extern const struct hs_kernels HS__ENGINE_PORTABLE_KERNELS;
extern const struct hs_kernels HS__ENGINE_AVX2_KERNELS;
extern const struct hs_kernels HS__ENGINE_AVX512_KERNELS;

#endif
