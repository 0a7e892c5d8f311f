/*
 * prefix_tail: the end of all nodes: rows wait until there are enough for the unembedding, the
 * largest product of the model, and are then answered.
 */
#include "engine/kernels.h"
#include "engine/output_head.h"
#include "engine/prefix.h"
#include "engine/state.h"

#include <math.h>
#include <string.h>

/*
 * The vocabulary is unembedded tile by tile: the logits of a tile stay in the cache until everything that the queries
 * ask is read from them, and never exist all at once. Sums of exponentials refer to the largest logit so far.
 */

/* Rows first .. first + n of what waits. */
struct block {
    struct hs_prefix *prefix;
    size_t first;
    size_t n;
};

/* Tokens first .. first + n. */
struct tile {
    size_t first;
    size_t n;
};

void hs__engine_tail_start(struct hs_prefix *prefix)
{
    const struct hs_forest *forest = &prefix->forest;
    for (size_t slot = 0; slot < forest->n_scored; slot++)
        for (uint32_t i = forest->slot_first[slot]; i < forest->slot_first[slot + 1]; i++)
            if (prefix->workload->queries[forest->slot_queries[i]].kind != HS_QUERY_LOGIT)
                prefix->tail.statistics[slot] = 1;
}

/*
 * Without answers the node is passed over: it takes its place all the same, since the composition
 * of a flush must not depend on which sets are done.
 */
hs_status hs__engine_tail_add(struct hs_prefix *prefix, uint32_t node, const float *residual, const float *before,
                              double *answers, hs_error *error)
{
    struct hs_tail *tail = &prefix->tail;
    const struct hs_kernels *kernels = prefix->engine->device->kernels;
    const hs_model_shape *shape = &prefix->engine->model->shape;
    size_t size = prefix->forest.n_scored * shape->width;
    if (answers != NULL) {
        hs_copy_floats(kernels, tail->residual + tail->n_entries * size, residual, size);
        if (hs_keeps_before(shape))
            hs_copy_floats(kernels, tail->before + tail->n_entries * size, before, size);
        memset(answers, 0, prefix->workload->n_queries * sizeof *answers);
    }
    tail->nodes[tail->n_entries] = node;
    tail->answers[tail->n_entries++] = answers;
    return tail->n_entries == tail->max_entries ? hs__engine_tail_flush(prefix, error) : HS_OK;
}

/* First place in the ascending tokens [n] that is not below the limit. */
static size_t lower_bound(const int32_t *tokens, size_t n, size_t limit)
{
    size_t low = 0;
    while (n > 0) {
        size_t half = n / 2;
        bool below = (size_t)tokens[low + half] < limit;
        low += below ? half + 1 : 0;
        n = below ? n - half - 1 : half;
    }
    return low;
}

/* Sum of exp(logit - maximum) over the tokens of a list that lie in the tile. */
static double sum_list(const struct hs_prefix *prefix, size_t list, const float *logits, float maximum,
                       struct tile tile)
{
    enum { CHUNK = 64 };
    float gathered[CHUNK];
    const size_t *offsets = prefix->workload->list_offsets;
    const int32_t *tokens = prefix->list_tokens + (offsets[list] - offsets[0]);
    size_t n_tokens = offsets[list + 1] - offsets[list];
    size_t end = lower_bound(tokens, n_tokens, tile.first + tile.n);
    double sum = 0;
    for (size_t i = lower_bound(tokens, n_tokens, tile.first); i < end;) {
        size_t n = 0;
        for (; n < CHUNK && i < end; n++, i++)
            gathered[n] = logits[(size_t)tokens[i] - tile.first];
        sum += prefix->engine->device->kernels->sum_exp(gathered, maximum, n);
    }
    return sum;
}

static void raise_maximum(struct hs_prefix *prefix, size_t row, size_t slot, double *answers, float maximum)
{
    struct hs_tail *tail = &prefix->tail;
    const struct hs_forest *forest = &prefix->forest;
    double factor = exp((double)tail->maxima[row] - (double)maximum);
    tail->maxima[row] = maximum;
    tail->sums[row] *= factor;
    for (uint32_t i = forest->slot_first[slot]; i < forest->slot_first[slot + 1]; i++)
        if (prefix->workload->queries[forest->slot_queries[i]].kind == HS_QUERY_LIST_PROBABILITY)
            answers[forest->slot_queries[i]] *= factor;
}

static void add_statistics(struct hs_prefix *prefix, size_t row, size_t slot, double *answers, const float *logits,
                           struct tile tile)
{
    struct hs_tail *tail = &prefix->tail;
    float maximum = prefix->engine->device->kernels->max(logits, tile.n);
    if (maximum > tail->maxima[row]) {
        raise_maximum(prefix, row, slot, answers, maximum);
        size_t best = 0;
        while (best + 1 < tile.n && logits[best] != maximum)
            best++;
        tail->greedy[row] = (uint32_t)(tile.first + best);
    }
    tail->sums[row] += prefix->engine->device->kernels->sum_exp(logits, tail->maxima[row], tile.n);
}

/* Of the entry that a row of the block belongs to. */
static double *answers_of(const struct block *block, size_t row)
{
    return block->prefix->tail.answers[(block->first + row) / block->prefix->forest.n_scored];
}

/*
 * Statistics come first: a list's sum is relative to the row's maximum, which this tile may raise. A single token's
 * logit lies in one tile, and the others pass it by; finish_row() makes probabilities of all that after the last tile.
 */
static void read_row(const struct block *block, size_t row, struct tile tile)
{
    struct hs_prefix *prefix = block->prefix;
    struct hs_tail *tail = &prefix->tail;
    const struct hs_forest *forest = &prefix->forest;
    size_t slot = (block->first + row) % forest->n_scored;
    double *answers = answers_of(block, row);
    const float *logits = tail->logits + row * tail->tile;
    if (tail->statistics[slot])
        add_statistics(prefix, row, slot, answers, logits, tile);
    for (uint32_t i = forest->slot_first[slot]; i < forest->slot_first[slot + 1]; i++) {
        const hs_query *query = &prefix->workload->queries[forest->slot_queries[i]];
        size_t token = (size_t)query->token;
        if (query->kind == HS_QUERY_LIST_PROBABILITY)
            answers[forest->slot_queries[i]] += sum_list(prefix, token, logits, tail->maxima[row], tile);
        else if (token >= tile.first && token < tile.first + tile.n)
            answers[forest->slot_queries[i]] = (double)logits[token - tile.first];
    }
}

struct tile_rows {
    const struct block *block;
    struct tile tile;
};

/* Rows have statistics of their own, and no query reads more than one of them. */
static void read_rows(void *context, hs_share rows, size_t part)
{
    const struct tile_rows *read = context;
    (void)part;
    for (size_t row = rows.first; row < rows.end; row++)
        if (answers_of(read->block, row) != NULL)
            read_row(read->block, row, read->tile);
}

/*
 * A query's answer is assembled over the tiles: its own logit from one of them, sums and maxima
 * from all.
 */
static void read_tile(const struct block *block, struct tile tile)
{
    struct tile_rows read = {block, tile};
    hs__engine_share(block->prefix->engine->device, block->n, 1, (double)(block->n * tile.n), read_rows, &read);
}

/* A row's log sum is finite only if all its logits are, which every kind but HS_QUERY_LOGIT needs. */
static void finish_row(const struct block *block, size_t row)
{
    const struct hs_prefix *prefix = block->prefix;
    const struct hs_forest *forest = &prefix->forest;
    size_t slot = (block->first + row) % forest->n_scored;
    double *answers = answers_of(block, row);
    double log_sum = (double)prefix->tail.maxima[row] + log(prefix->tail.sums[row]);
    for (uint32_t i = forest->slot_first[slot]; i < forest->slot_first[slot + 1]; i++) {
        const hs_query *query = &prefix->workload->queries[forest->slot_queries[i]];
        double *answer = &answers[forest->slot_queries[i]];
        if (query->kind == HS_QUERY_LOG_PROBABILITY)
            *answer -= log_sum;
        else if (query->kind == HS_QUERY_LIST_PROBABILITY)
            *answer /= prefix->tail.sums[row];
        else if (query->kind == HS_QUERY_IS_GREEDY)
            *answer = prefix->tail.greedy[row] == (uint32_t)query->token ? 1.0 : 0.0;
        if (!isfinite(*answer) || (query->kind != HS_QUERY_LOGIT && !isfinite(log_sum)))
            *answer = NAN;
    }
}

/*
 * Maxima and sums begin anew for each block; the poll between tiles is what lets a stop come
 * within seconds.
 */
static hs_status unembed_block(const struct block *block, hs_error *error)
{
    struct hs_prefix *prefix = block->prefix;
    struct hs_tail *tail = &prefix->tail;
    const hs_model *model = prefix->engine->model;
    const hs_model_shape *shape = &model->shape;
    const float *in = hs__engine_apply_head(prefix->engine->device, tail->residual + block->first * shape->width,
                                            prefix->buffers.work.normed, block->n, model);
    for (size_t row = 0; row < block->n; row++) {
        tail->maxima[row] = -INFINITY;
        tail->sums[row] = 0;
    }
    for (size_t first = 0; first < shape->n_outputs; first += tail->tile) {
        size_t left = shape->n_outputs - first;
        struct tile tile = {first, left < tail->tile ? left : tail->tile};
        hs__engine_unembed(prefix->engine->device, tail->logits, tail->tile, in, block->n, model, tile.first, tile.n);
        read_tile(block, tile);
        HS_TRY(hs__engine_poll(&prefix->engine->options, error));
    }
    for (size_t row = 0; row < block->n; row++)
        if (answers_of(block, row) != NULL)
            finish_row(block, row);
    return HS_OK;
}

static hs_status answer_entries(struct hs_prefix *prefix, hs_error *error)
{
    struct hs_tail *tail = &prefix->tail;
    const hs_model_shape *shape = &prefix->engine->model->shape;
    size_t n_rows = tail->n_entries * prefix->forest.n_scored;
    const struct hs_work *work = &prefix->buffers.work;
    HS_TRY(hs__engine_finish_layer(tail->residual, tail->before, n_rows, prefix->engine->model, shape->n_layers - 1,
                                   work, error));
    for (size_t first = 0; first < n_rows; first += work->block_rows) {
        size_t left = n_rows - first;
        struct block block = {prefix, first, left < work->block_rows ? left : work->block_rows};
        HS_TRY(unembed_block(&block, error));
    }
    return HS_OK;
}

/* Entries that nobody wants go through the products beside those that somebody wants, whose bits depend on how many. */
hs_status hs__engine_tail_flush(struct hs_prefix *prefix, hs_error *error)
{
    struct hs_tail *tail = &prefix->tail;
    size_t n_wanted = 0;
    for (size_t i = 0; i < tail->n_entries; i++)
        n_wanted += tail->answers[i] != NULL;
    if (n_wanted > 0)
        HS_TRY(answer_entries(prefix, error));
    for (size_t i = 0; i < tail->n_entries; i++)
        prefix->tree.nodes[tail->nodes[i]].is_answered = tail->answers[i] != NULL;
    tail->n_entries = 0;
    tail->flops = 0;
    return n_wanted > 0 ? hs__engine_prefix_tell(prefix, error) : HS_OK;
}

double hs__engine_tail_flops(const struct hs_prefix *prefix)
{
    const hs_model *model = prefix->engine->model;
    return (double)prefix->forest.n_scored *
           (hs__engine_mlp_flops(&model->layers[model->shape.n_layers - 1]) + hs__engine_head_flops(model));
}
