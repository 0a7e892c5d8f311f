/* The kernels for x86-64 with AVX-512; CMakeLists.txt gives this file its flags. */
#ifdef __AVX512F__
#include "engine/kernel_loops.h"

const struct hs_kernels *const HS__ENGINE_AVX512_KERNELS = &KERNELS;
#else
#include "engine/kernel_levels.h"

const struct hs_kernels *const HS__ENGINE_AVX512_KERNELS = NULL;
#endif
