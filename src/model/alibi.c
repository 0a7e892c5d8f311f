/* alibi: slopes, in the order and with the rounding of transformers. */
#include "model/alibi.h"

#include <math.h>

static const double steepest = 8.0; /* the last slope is 2^-8 */

/* Slope number `power`, from 1 on, of as many heads as a power of two has. */
static float slope_of(size_t n_heads, size_t power, bool exact)
{
    double base = exp2(-steepest / (double)n_heads);
    return (float)pow(exact ? base : (double)(float)base, (double)power);
}

void hs__model_alibi_slopes(size_t n_heads, bool exact, float *slopes_out)
{
    size_t below = 1;
    while (2 * below <= n_heads)
        below *= 2;
    for (size_t i = 0; i < n_heads; i++)
        slopes_out[i] = i < below ? slope_of(below, i + 1, exact) : slope_of(2 * below, 2 * (i - below) + 1, exact);
}
