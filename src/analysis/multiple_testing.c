/*
 * multiple_testing: Benjamini and Hochberg (1995), the false discovery rate of one family of
 * tests.
 */
#include <math.h>
#include <stdlib.h>

#include "analysis/statistics.h"

typedef struct tested {
    double p;
    size_t index;
} tested;

static int tested_compare(const void *a, const void *b)
{
    const tested *left = a, *right = b;

    return (left->p > right->p) - (left->p < right->p);
}

/*
 * q of rank k is the least p * n / rank of this rank and all higher ones, hence the walk from the
 * largest. NaN is no test: it neither gets a q nor counts in n.
 */
hs_status hs__analysis_benjamini_hochberg(const double *p, size_t n, double *q, hs_error *error)
{
    tested *sorted = NULL;
    size_t n_tested = 0;
    double least = 1;

    HS_TRY(hs_allocate(&sorted, n, sizeof *sorted, "p-values", error));
    for (size_t i = 0; i < n; ++i) {
        q[i] = NAN;
        if (!isnan(p[i]))
            sorted[n_tested++] = (tested){p[i], i};
    }
    qsort(sorted, n_tested, sizeof *sorted, tested_compare);
    for (size_t rank = n_tested; rank > 0; --rank) {
        double scaled = sorted[rank - 1].p * (double)n_tested / (double)rank;
        least = scaled < least ? scaled : least;
        q[sorted[rank - 1].index] = least;
    }
    hs_free(sorted);
    return HS_OK;
}
