/* The kernels for every processor of the architecture that the build is for. */
#include "engine/kernel_loops.h"

const struct hs_kernels *const HS__ENGINE_PORTABLE_KERNELS = &KERNELS;
