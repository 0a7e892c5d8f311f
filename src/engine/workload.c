/*
 * workload: every number that a caller gives is checked here, so that the passes need no checks of
 * their own.
 */
#include "engine/workload.h"

#include <limits.h>

size_t hs__engine_sequences_longest(const hs_sequences *sequences)
{
    size_t longest = 0;
    for (size_t i = 0; i < sequences->n; i++)
        longest = hs_sequence_length(sequences, i) > longest ? hs_sequence_length(sequences, i) : longest;
    return longest;
}

uint32_t hs_engine_label_row(const hs_model_shape *shape, const int32_t *tokens, size_t n_tokens)
{
    size_t row = n_tokens;
    while (!shape->bidirectional && row > 0 && tokens[row - 1] == shape->padding_token)
        row--;
    return shape->bidirectional || row == 0 ? 0 : (uint32_t)(row - 1);
}

static hs_status check_token(int32_t token, size_t vocabulary, const char *what, size_t index, hs_error *error)
{
    if (token < 0 || (size_t)token >= vocabulary)
        return hs_fail(error, HS_ERROR_INPUT, "%s %zu: token %d is outside the vocabulary of %zu", what, index,
                       (int)token, vocabulary);
    return HS_OK;
}

/* What a query asks about: a token, or a label of a classifier. */
static hs_status check_output(int32_t output, const hs_model_shape *shape, const char *what, size_t index,
                              hs_error *error)
{
    if (!hs_has_labels(shape))
        return check_token(output, shape->n_outputs, what, index, error);
    if (output < 0 || (size_t)output >= shape->n_outputs)
        return hs_fail(error, HS_ERROR_INPUT, "%s %zu: label %d is outside the model's %zu labels", what, index,
                       (int)output, shape->n_outputs);
    return HS_OK;
}

/* One-sided models have no token types: their rows are shared by token. */
static hs_status check_types(const hs_sequences *sequences, size_t sequence, const hs_model_shape *shape,
                             const char *what, hs_error *error)
{
    size_t n_types = shape->bidirectional && shape->n_token_types > 0 ? shape->n_token_types : 1;
    for (size_t t = 0; t < hs_sequence_length(sequences, sequence); t++) {
        int32_t type = hs_token_type(sequences, sequence, t);
        if (type < 0 || (size_t)type >= n_types)
            return hs_fail(error, HS_ERROR_INPUT, "%s %zu: token type %d is outside the model's %zu", what, sequence,
                           (int)type, n_types);
    }
    return HS_OK;
}

/*
 * BLAS takes row counts as int. A window that only transformers' cache obeys is refused by name: what is longer has
 * other numbers there when it is generated than when it is read.
 */
hs_status hs__engine_check_sequences(const hs_sequences *sequences, const hs_model_shape *shape, const char *what,
                                     hs_error *error)
{
    for (size_t i = 0; i < sequences->n; i++) {
        if (sequences->offsets[i + 1] < sequences->offsets[i])
            return hs_fail(error, HS_ERROR_INPUT, "%s %zu: its offset is larger than the next one", what, i);
        size_t length = hs_sequence_length(sequences, i);
        if (length > shape->n_positions)
            return hs_fail(error, HS_ERROR_INPUT, "%s %zu: %zu tokens are more than the model's %zu positions", what, i,
                           length, shape->n_positions);
        if (shape->window > 0 && length > shape->window)
            return hs_fail(
                error, HS_ERROR_INPUT,
                "%s %zu: %zu tokens are more than the attention window of %zu, which transformers gives this "
                "family's cache but not its attention",
                what, i, length, shape->window);
        const int32_t *tokens = sequences->tokens + sequences->offsets[i];
        for (size_t t = 0; t < length; t++)
            HS_TRY(check_token(tokens[t], shape->vocabulary, what, i, error));
        HS_TRY(check_types(sequences, i, shape, what, error));
    }
    if (hs_sequences_n_rows(sequences) > INT_MAX)
        return hs_fail(error, HS_ERROR_INPUT, "%s: %zu tokens in one workload are more than BLAS can count", what,
                       hs_sequences_n_rows(sequences));
    return HS_OK;
}

static hs_status check_lists(const hs_workload *workload, const hs_model_shape *shape, hs_error *error)
{
    for (size_t i = 0; i < workload->n_lists; i++) {
        if (workload->list_offsets[i + 1] < workload->list_offsets[i])
            return hs_fail(error, HS_ERROR_INPUT, "token list %zu: its offset is larger than the next one", i);
        for (size_t j = workload->list_offsets[i]; j < workload->list_offsets[i + 1]; j++)
            HS_TRY(check_output(workload->list_tokens[j], shape, "token list", i, error));
    }
    return HS_OK;
}

/* By kind, since `token` means a token, a label or a list. */
static hs_status check_query(const hs_workload *workload, size_t index, const hs_model_shape *shape, hs_error *error)
{
    const hs_query *query = &workload->queries[index];
    if (query->sequence >= workload->sequences.n)
        return hs_fail(error, HS_ERROR_INPUT, "query %zu: there is no sequence %u", index, query->sequence);
    size_t length = hs_sequence_length(&workload->sequences, query->sequence);
    if (query->row >= length)
        return hs_fail(error, HS_ERROR_INPUT, "query %zu: sequence %u has %zu tokens, so no row %u", index,
                       query->sequence, length, query->row);
    if (shape->n_outputs == 0)
        return hs_fail(error, HS_ERROR_INPUT, "query %zu: the checkpoint is a bare base model, without outputs", index);
    if (shape->head == HS_HEAD_CLASSIFIER && shape->bidirectional && query->row != 0)
        return hs_fail(error, HS_ERROR_INPUT, "query %zu: row %u: an encoder that classifies answers at row 0 only",
                       index, query->row);
    switch (query->kind) {
    case HS_QUERY_LOG_PROBABILITY:
    case HS_QUERY_LOGIT:
    case HS_QUERY_IS_GREEDY:
        return check_output(query->token, shape, "query", index, error);
    case HS_QUERY_LIST_PROBABILITY:
        if (query->token < 0 || (size_t)query->token >= workload->n_lists)
            return hs_fail(error, HS_ERROR_INPUT, "query %zu: there is no token list %d", index, (int)query->token);
        return HS_OK;
    default:
        return hs_fail(error, HS_ERROR_INPUT, "query %zu: kind %d does not exist", index, (int)query->kind);
    }
}

static hs_status check_donors(const hs_workload *workload, const hs_model_shape *shape, hs_error *error)
{
    const hs_sequences *donors = &workload->donor_sequences;
    HS_TRY(hs__engine_check_sequences(donors, shape, "donor sequence", error));
    for (size_t i = 0; donors->n > 0 && i < workload->sequences.n; i++) {
        if (workload->donors[i] >= donors->n)
            return hs_fail(error, HS_ERROR_INPUT, "sequence %zu: there is no donor sequence %u", i,
                           workload->donors[i]);
        if (hs_sequence_length(donors, workload->donors[i]) == 0)
            return hs_fail(error, HS_ERROR_INPUT, "sequence %zu: its donor sequence %u is empty", i,
                           workload->donors[i]);
    }
    return HS_OK;
}

hs_status hs__engine_check_workload(const hs_workload *workload, const hs_model_shape *shape, hs_error *error)
{
    HS_TRY(hs__engine_check_sequences(&workload->sequences, shape, "sequence", error));
    HS_TRY(check_lists(workload, shape, error));
    for (size_t i = 0; i < workload->n_queries; i++)
        HS_TRY(check_query(workload, i, shape, error));
    return check_donors(workload, shape, error);
}
