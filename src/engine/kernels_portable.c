/* The kernels for every processor of the architecture that the build is for. */
#define HS_KERNELS HS__ENGINE_PORTABLE_KERNELS
#include "engine/kernel_loops.h"
