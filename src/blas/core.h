/* core: the rule of hs_blas_core_warning apart from the processor that it runs on, for tests. */
#ifndef HEADSWEEP_BLAS_CORE_H
#define HEADSWEEP_BLAS_CORE_H

#include <stdbool.h>
#include <stddef.h>

/* What an x86-64 processor has, as far as OpenBLAS chooses its kernels by it. */
struct hs__blas_processor {
    bool has_avx2;
    bool has_avx512;
};

/*
 * The text of hs_blas_core_warning for a core type on a processor; NULL if the core type is as good as the processor.
 * `forced`: the environment variable OPENBLAS_CORETYPE is set. Returns buffer otherwise.
 */
const char *hs__blas_describe_core_mismatch(const char *core, struct hs__blas_processor processor, bool forced,
                                            char *buffer, size_t capacity);

#endif
