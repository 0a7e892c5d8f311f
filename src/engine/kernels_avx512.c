/* The kernels for x86-64 with AVX-512; CMakeLists.txt gives this file its flags. */
#ifdef __AVX512F__
#define HS_KERNELS HS__ENGINE_AVX512_KERNELS
#include "engine/kernel_loops.h"
#else
#include "engine/device.h"

const struct hs_kernels HS__ENGINE_AVX512_KERNELS = {0};
#endif
