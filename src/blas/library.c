/* Which BLAS is linked, and how many threads it has. What only OpenBLAS can say is "unknown" of another. */
#include "headsweep/blas.h"

#include <cblas.h>
#include <stdlib.h>
#include <string.h>

#ifdef HEADSWEEP_HAVE_OPENBLAS

/* openblas_get_config() says "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ...": the first two words of it. */
const char *hs_blas_library(void)
{
    static char text[64]; /* only ever written with this one text */
    const char *config = openblas_get_config();
    const char *space = strchr(config, ' ');
    size_t length = space == NULL ? strlen(config) : (size_t)(space - config) + 1 + strcspn(space + 1, " ");
    snprintf(text, sizeof text, "%.*s", (int)length, config);
    return text;
}

const char *hs_blas_core(void)
{
    return openblas_get_corename();
}

int hs_blas_threads(void)
{
    return openblas_get_num_threads();
}

void hs_blas_set_threads(void)
{
    if (getenv("OPENBLAS_NUM_THREADS") == NULL)
        openblas_set_num_threads(1);
}

#else

const char *hs_blas_library(void)
{
    return "CBLAS (unknown)";
}

const char *hs_blas_core(void)
{
    return "unknown";
}

int hs_blas_threads(void)
{
    return 1;
}

void hs_blas_set_threads(void)
{
}

#endif
