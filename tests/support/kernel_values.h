/* Numbers for kernels, and how near an answer must be. */
#ifndef TESTS_SUPPORT_KERNEL_VALUES_H
#define TESTS_SUPPORT_KERNEL_VALUES_H

#include "support/engine_fixture.h"

static inline float *random_floats(size_t n, uint64_t stream, double low, double high)
{
    float *values = NULL;
    ASSERT_OK(hs_allocate(&values, n, sizeof *values, "test", &error));
    for (size_t i = 0; i < n; i++)
        values[i] = (float)(low + (high - low) * hs_random_uniform(7, stream, i));
    return values;
}

static inline void assert_near(double actual, double expected, double tolerance)
{
    if (!(fabs(actual - expected) <= tolerance))
        fail_msg("%.9g is not within %.2g of %.9g", actual, tolerance, expected);
}

#endif
