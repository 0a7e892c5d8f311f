/*
 * workload: packed rows, and the checks that let everything after them do without.
 *
 * Sequences lie back to back: row r of the matrices is token r, counted from the first token of the first sequence.
 */
#ifndef HEADSWEEP_ENGINE_WORKLOAD_H
#define HEADSWEEP_ENGINE_WORKLOAD_H

#include "headsweep/engine.h"

static inline size_t hs_sequence_length(const hs_sequences *sequences, size_t sequence)
{
    return sequences->offsets[sequence + 1] - sequences->offsets[sequence];
}

/* Packed row of the first token. */
static inline int32_t hs_token_type(const hs_sequences *sequences, size_t sequence, size_t position)
{
    return sequences->types != NULL ? sequences->types[sequences->offsets[sequence] + position] : 0;
}

static inline size_t hs_sequence_first_row(const hs_sequences *sequences, size_t sequence)
{
    return sequences->offsets[sequence] - sequences->offsets[0];
}

static inline size_t hs_sequences_n_rows(const hs_sequences *sequences)
{
    return sequences->n == 0 ? 0 : hs_sequence_first_row(sequences, sequences->n);
}

size_t hs__engine_sequences_longest(const hs_sequences *sequences);

/* HS_ERROR_INPUT as hs_engine_prepare says; `what` names the sequences in the message. */
hs_status hs__engine_check_sequences(const hs_sequences *sequences, const hs_model_shape *shape, const char *what,
                                     hs_error *error);
hs_status hs__engine_check_workload(const hs_workload *workload, const hs_model_shape *shape, hs_error *error);

#endif
