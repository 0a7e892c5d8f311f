/* alibi: slopes of heads whose scores say how far a key is away (Press et al. 2021, arXiv:2108.12409). */
#ifndef HEADSWEEP_MODEL_ALIBI_H
#define HEADSWEEP_MODEL_ALIBI_H

#include <stdbool.h>
#include <stddef.h>

/*
 * slopes_out [n_heads]. With a power of two of heads 2^(-8/n), 2^(-16/n), .. 2^-8; with others those of the power
 * below, and then every second one of the power above. Unless they are exact the base is a float, as in BLOOM and
 * Falcon.
 */
void hs__model_alibi_slopes(size_t n_heads, bool exact, float *slopes_out);

#endif
