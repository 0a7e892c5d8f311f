/* query: answers of the reference engine from whole rows of logits. */
#include "engine/query.h"
#include "engine/kernels.h"
#include "engine/state.h"
#include "engine/workload.h"

#include <math.h>

static size_t packed_row(const hs_workload *workload, const hs_query *query)
{
    return hs_sequence_first_row(&workload->sequences, query->sequence) + query->row;
}

size_t hs__engine_mark_scored_rows(uint32_t *row_slots, const hs_workload *workload)
{
    size_t n_rows = hs_sequences_n_rows(&workload->sequences);
    for (size_t row = 0; row < n_rows; row++)
        row_slots[row] = HS_NOT_SCORED;
    size_t n_scored = 0;
    for (size_t i = 0; i < workload->n_queries; i++) {
        uint32_t *slot = &row_slots[packed_row(workload, &workload->queries[i])];
        n_scored += *slot == HS_NOT_SCORED;
        *slot = 0;
    }
    return n_scored;
}

void hs__engine_number_scored_rows(uint32_t *row_slots, uint32_t *scored_rows, size_t n_rows)
{
    uint32_t slot = 0;
    for (size_t row = 0; row < n_rows; row++) {
        if (row_slots[row] == HS_NOT_SCORED)
            continue;
        scored_rows[slot] = (uint32_t)row;
        row_slots[row] = slot++;
    }
}

void hs__engine_mark_statistics(struct hs_scratch *scratch, const hs_workload *workload)
{
    for (size_t i = 0; i < workload->n_queries; i++) {
        if (workload->queries[i].kind != HS_QUERY_LOGIT)
            scratch->statistics[scratch->row_slots[packed_row(workload, &workload->queries[i])]] = 1;
    }
}

/* Scored rows first .. first + n, whose logits are in the scratch. */
struct logits_block {
    const struct hs_scratch *scratch;
    size_t first;
    size_t n;
    size_t n_outputs;
};

static double list_probability(const float *logits, double log_sum, const hs_workload *workload, size_t list)
{
    double probability = 0;
    for (size_t i = workload->list_offsets[list]; i < workload->list_offsets[list + 1]; i++)
        probability += exp((double)logits[workload->list_tokens[i]] - log_sum);
    return probability;
}

static double answer(const hs_query *query, const struct logits_block *block, size_t row, const hs_workload *workload)
{
    const float *logits = block->scratch->logits + row * block->n_outputs;
    double log_sum = block->scratch->log_sums[row];
    switch (query->kind) {
    case HS_QUERY_LOGIT:
        return (double)logits[query->token];
    case HS_QUERY_IS_GREEDY:
        return block->scratch->greedy[row] == (uint32_t)query->token ? 1.0 : 0.0;
    case HS_QUERY_LIST_PROBABILITY:
        return list_probability(logits, log_sum, workload, (size_t)query->token);
    default:
        return (double)logits[query->token] - log_sum;
    }
}

/* A row's log sum is finite only if all its logits are, which every kind but HS_QUERY_LOGIT needs. */
static bool is_sound(const hs_query *query, double answer, double log_sum)
{
    return isfinite(answer) && (query->kind == HS_QUERY_LOGIT || isfinite(log_sum));
}

static void fill_statistics(const struct hs_kernels *kernels, struct hs_scratch *scratch,
                            const struct logits_block *block)
{
    for (size_t row = 0; row < block->n; row++) {
        const float *logits = scratch->logits + row * block->n_outputs;
        if (!scratch->statistics[block->first + row])
            continue;
        scratch->greedy[row] = (uint32_t)hs__engine_argmax(logits, block->n_outputs);
        scratch->log_sums[row] = hs__engine_log_sum_exp(kernels, logits, block->n_outputs);
    }
}

static void answer_block(double *answers, const struct logits_block *block, const hs_workload *workload)
{
    for (size_t i = 0; i < workload->n_queries; i++) {
        const hs_query *query = &workload->queries[i];
        size_t slot = block->scratch->row_slots[packed_row(workload, query)];
        if (slot < block->first || slot >= block->first + block->n)
            continue;
        size_t row = slot - block->first;
        double value = answer(query, block, row, workload);
        answers[i] = is_sound(query, value, block->scratch->log_sums[row]) ? value : NAN;
    }
}

/*
 * In blocks of as many rows as the logits' buffer has, whose size is bounded however many rows are
 * scored.
 */
hs_status hs__engine_answer_queries(const struct hs_pass *pass, const hs_workload *workload, size_t n_scored_rows,
                                    double *answers, hs_error *error)
{
    struct hs_scratch *scratch = pass->scratch;
    for (size_t first = 0; first < n_scored_rows; first += scratch->logits_rows) {
        size_t rows_left = n_scored_rows - first;
        struct logits_block block = {
            .scratch = scratch,
            .first = first,
            .n = rows_left < scratch->logits_rows ? rows_left : scratch->logits_rows,
            .n_outputs = pass->engine->model->shape.n_outputs,
        };
        HS_TRY(hs__engine_unembed_rows(pass, scratch->logits, scratch->scored_rows + first, block.n, error));
        fill_statistics(pass->engine->device->kernels, scratch, &block);
        answer_block(answers, &block, workload);
    }
    return HS_OK;
}
