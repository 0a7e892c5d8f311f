/* The kernels for x86-64 with AVX2; CMakeLists.txt gives this file its flags. */
#ifdef __AVX2__
#define HS_KERNELS HS__ENGINE_AVX2_KERNELS
#include "engine/kernel_loops.h"
#else
#include "engine/device.h"

const struct hs_kernels HS__ENGINE_AVX2_KERNELS = {0};
#endif
