/* The kernels for x86-64 with AVX2; CMakeLists.txt gives this file its flags. */
#ifdef __AVX2__
#include "engine/kernel_loops.h"

const struct hs_kernels *const HS__ENGINE_AVX2_KERNELS = &KERNELS;
#else
#include "engine/kernel_levels.h"

const struct hs_kernels *const HS__ENGINE_AVX2_KERNELS = NULL;
#endif
