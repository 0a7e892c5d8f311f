/*
 * prefix_memory: all buffers of the prefix engine in one list, from which both the promise of
 * memory and the allocation are made.
 */
#include "engine/buffers.h"
#include "engine/experts.h"
#include "engine/kernels.h"
#include "engine/prefix.h"
#include "engine/state.h"
#include "engine/workload.h"

#include <string.h>

enum { MAX_BUFFERS = 32 + HS_EXPERT_BUFFERS };

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

struct sizes {
    size_t rows;
    size_t scored;
    size_t block;
    size_t tail_rows;
    size_t tail_block;
    size_t width;
    size_t z_width;
    size_t kv_width;
};

/*
 * Rows serve the clean pass, the batches and the new rows of generation in turn, so the largest of
 * them decides.
 */
static struct sizes measure(const struct hs_prefix *prefix, size_t n_slots)
{
    const hs_model_shape *shape = &prefix->engine->model->shape;
    const struct hs_forest *forest = &prefix->forest;
    size_t rows = larger(larger(forest->n_rows, n_slots * hs_forest_n_live(forest)), prefix->n_new_rows);
    size_t tail_rows = prefix->tail.max_entries * forest->n_scored;
    return (struct sizes){
        .rows = rows,
        .scored = n_slots * forest->n_scored,
        .block = smaller(prefix->block_rows, larger(rows, tail_rows)),
        .tail_rows = tail_rows,
        .tail_block = smaller(prefix->block_rows, tail_rows),
        .width = shape->width,
        .z_width = shape->n_heads * shape->head_dim,
        .kv_width = shape->n_kv_heads * shape->head_dim,
    };
}

/* A length of 0 leaves a buffer out: what the model does not have takes no memory. */
static size_t list_buffers(struct hs_buffer *list, struct hs_prefix *prefix, const struct sizes *size)
{
    const hs_model_shape *shape = &prefix->engine->model->shape;
    const struct hs_forest *forest = &prefix->forest;
    struct hs_prefix_buffers *buffers = &prefix->buffers;
    struct hs_tail *tail = &prefix->tail;
    size_t width_before = hs_keeps_before(shape) ? size->width : 0;
    size_t n_threads = hs_threads_count(prefix->engine->device->threads);
    size_t n = 0;
    list[n++] = HS_BUFFER(buffers->residual, size->rows, size->width);
    list[n++] = HS_BUFFER(buffers->before, size->rows, width_before);
    list[n++] = HS_BUFFER(buffers->heads, size->rows, size->z_width + 2 * size->kv_width);
    list[n++] = HS_BUFFER(buffers->z, size->rows, size->z_width);
    list[n++] = HS_BUFFER(buffers->scored, size->scored, size->width);
    list[n++] = HS_BUFFER(buffers->scored_before, size->scored, width_before);
    list[n++] = HS_BUFFER(buffers->queries, size->scored, size->z_width);
    list[n++] = HS_BUFFER(buffers->work.normed, size->block, hs_widest_row(shape));
    list[n++] = HS_BUFFER(buffers->work.hidden, size->block, hs_hidden_width(shape));
    list[n++] = HS_BUFFER(buffers->work.gate, shape->gated_mlp ? size->block : 0, hs_hidden_width(shape));
    n += hs__engine_list_expert_buffers(list + n, &buffers->work, shape, size->block);
    list[n++] = HS_BUFFER(buffers->pattern, n_threads * HS_ATTENTION_ROWS, hs__engine_pattern_stride(forest->longest));
    list[n++] = HS_BUFFER(buffers->delta, hs_forest_n_live(forest), shape->head_dim);
    list[n++] = HS_HOST_BUFFER(buffers->sums, prefix->keeps_values ? forest->n_rows : 0, shape->head_dim);
    list[n++] = HS_HOST_BUFFER(buffers->path, prefix->keeps_values ? forest->longest : 0, 1);
    list[n++] = HS_BUFFER(buffers->angles.cosines, hs_angle_rows(shape, forest->longest), shape->rotary_dim / 2);
    list[n++] = HS_BUFFER(buffers->angles.sines, hs_angle_rows(shape, forest->longest), shape->rotary_dim / 2);
    list[n++] = HS_HOST_BUFFER(buffers->runs, forest->deepest, 1);
    list[n++] = HS_HOST_BUFFER(buffers->keys, n_threads, forest->deepest);
    list[n++] = HS_BUFFER(tail->residual, size->tail_rows, size->width);
    list[n++] = HS_BUFFER(tail->before, size->tail_rows, width_before);
    list[n++] = HS_BUFFER(tail->logits, size->tail_block, tail->tile);
    list[n++] = HS_HOST_BUFFER(tail->maxima, size->tail_block, 1);
    list[n++] = HS_HOST_BUFFER(tail->sums, size->tail_block, 1);
    list[n++] = HS_HOST_BUFFER(tail->greedy, size->tail_block, 1);
    list[n++] = HS_HOST_BUFFER(tail->answers, tail->max_entries, 1);
    list[n++] = HS_HOST_BUFFER(tail->nodes, tail->max_entries, 1);
    list[n++] = HS_HOST_BUFFER(tail->statistics, forest->n_scored, 1);
    return n;
}

static size_t list_states(struct hs_buffer *list, const struct hs_prefix *prefix, struct hs_level *level,
                          struct hs_state_count states)
{
    const hs_model_shape *shape = &prefix->engine->model->shape;
    size_t n_live = hs_forest_n_live(&prefix->forest);
    size_t n_rows = hs__engine_add_sizes(hs__engine_multiply_sizes(states.n, n_live),
                                         hs__engine_multiply_sizes(states.n_last, prefix->forest.n_scored));
    size_t n_value_rows = hs__engine_multiply_sizes(hs__engine_add_sizes(states.n, states.n_last), n_live);
    size_t kv_width = prefix->keeps_values ? shape->n_kv_heads * shape->head_dim : 0;
    list[0] = HS_BUFFER(level->after, n_rows, shape->width);
    list[1] = HS_BUFFER(level->before, hs_keeps_before(shape) ? n_rows : 0, shape->width);
    list[2] = HS_BUFFER(level->z, n_rows, shape->n_heads * shape->head_dim);
    list[3] = HS_BUFFER(level->values, n_value_rows, kv_width);
    return 4;
}

/* All of the clean model's: any head may be ablated. */
static struct hs_state_count root_states(const struct hs_prefix *prefix)
{
    return (struct hs_state_count){prefix->engine->model->shape.n_layers - 1, 1};
}

/*
 * The larger of both counts, or groups that take turns in needing one and the other would allocate for ever. The old
 * memory goes first: both are never held at once.
 */
hs_status hs__engine_prefix_reserve_states(struct hs_prefix *prefix, size_t index, struct hs_state_count states,
                                           hs_error *error)
{
    if (states.n == 0 && states.n_last == 0)
        return HS_OK;
    struct hs_level *level = &prefix->levels[index];
    if (states.n <= level->room.n && states.n_last <= level->room.n_last)
        return HS_OK;
    struct hs_buffer list[MAX_BUFFERS];
    const struct hs_state_count room = {larger(states.n, level->room.n), larger(states.n_last, level->room.n_last)};
    hs__engine_buffers_release(&level->memory);
    *level = (struct hs_level){0};
    size_t n = list_states(list, prefix, level, room);
    HS_TRY(hs__engine_buffers_allocate(&level->memory, prefix->engine->device, list, n,
                                       "the states of an ablation tree", error));
    level->room = room;
    return HS_OK;
}

/*
 * Larger ones replace smaller ones whose contents nobody needs between groups; so they are
 * released first, and both are never held at once.
 */
static hs_status reserve_buffers(struct hs_prefix *prefix, size_t n_slots, hs_error *error)
{
    struct hs_prefix_buffers *buffers = &prefix->buffers;
    if (buffers->n_slots >= n_slots)
        return HS_OK;
    struct hs_buffer list[MAX_BUFFERS];
    struct sizes size = measure(prefix, n_slots);
    hs__engine_buffers_release(&buffers->memory);
    *buffers = (struct hs_prefix_buffers){0};
    size_t n = list_buffers(list, prefix, &size);
    HS_TRY(hs__engine_buffers_allocate(&buffers->memory, prefix->engine->device, list, n, "the buffers of a batch",
                                       error));
    buffers->n_slots = n_slots;
    buffers->work.block_rows = size.block;
    buffers->work.device = prefix->engine->device;
    buffers->work.options = &prefix->engine->options;
    hs__engine_fill_angles(&buffers->angles, prefix->engine->model, prefix->forest.longest);
    hs__engine_tail_start(prefix);
    return HS_OK;
}

static size_t frozen_floats(const struct hs_prefix *prefix)
{
    const hs_model_shape *shape = &prefix->engine->model->shape;
    return hs__engine_multiply_sizes(shape->n_layers * prefix->forest.n_frozen,
                                     2 * shape->n_kv_heads * shape->head_dim);
}

/* What lasts as long as the workload. */
static hs_status reserve_kept(struct hs_prefix *prefix, hs_error *error)
{
    const struct hs_buffer list[] = {
        HS_BUFFER(prefix->frozen, frozen_floats(prefix), 1),
        HS_HOST_BUFFER(prefix->clean_answers, prefix->workload->n_queries, 1),
    };
    return hs__engine_buffers_allocate(&prefix->kept, prefix->engine->device, list, sizeof list / sizeof *list,
                                       "keys and values", error);
}

hs_status hs__engine_prefix_reserve(struct hs_prefix *prefix, size_t n_slots, size_t n_levels, hs_error *error)
{
    HS_TRY(reserve_buffers(prefix, n_slots, error));
    HS_TRY(hs_reserve(&prefix->levels, &prefix->level_capacity, n_levels, sizeof *prefix->levels, "levels", error));
    HS_TRY(hs__engine_prefix_reserve_states(prefix, 0, root_states(prefix), error));
    return prefix->frozen == NULL ? reserve_kept(prefix, error) : HS_OK;
}

void hs__engine_prefix_release(struct hs_prefix *prefix)
{
    for (size_t i = 0; i < prefix->level_capacity; i++)
        hs__engine_buffers_release(&prefix->levels[i].memory);
    hs_free(prefix->levels);
    hs__engine_buffers_release(&prefix->buffers.memory);
    hs__engine_buffers_release(&prefix->kept);
    prefix->levels = NULL;
    prefix->level_capacity = 0;
    prefix->buffers = (struct hs_prefix_buffers){0};
    prefix->frozen = NULL;
    prefix->clean_answers = NULL;
    prefix->has_root = false;
    prefix->has_clean_answers = false;
}

/* The workload's own part, groups apart. */
static size_t workload_bytes(const struct hs_prefix *prefix)
{
    const hs_model_shape *shape = &prefix->engine->model->shape;
    const struct hs_forest *forest = &prefix->forest;
    size_t n_donor_rows = hs_sequences_n_rows(&prefix->workload->donor_sequences);
    size_t donors = shape->n_layers * n_donor_rows * shape->n_heads * shape->head_dim * sizeof(float);
    size_t rows = forest->n_rows * (sizeof *forest->rows + sizeof *forest->visible + sizeof *forest->segments);
    size_t scored = forest->n_scored * 3 * sizeof(uint32_t);
    size_t queries = prefix->workload->n_queries * (sizeof *forest->slot_queries + sizeof *prefix->clean_answers);
    return donors + rows + scored + queries + frozen_floats(prefix) * sizeof(float);
}

size_t hs__engine_states_bytes(const struct hs_prefix *prefix, struct hs_state_count states)
{
    struct hs_buffer list[MAX_BUFFERS];
    struct hs_level level = {0};
    return hs__engine_buffers_bytes(list, list_states(list, prefix, &level, states));
}

size_t hs__engine_prefix_bytes(const struct hs_prefix *prefix, size_t n_slots)
{
    struct hs_prefix copy = *prefix;
    struct hs_buffer list[MAX_BUFFERS];
    struct sizes size = measure(&copy, n_slots);
    size_t n_bytes = hs__engine_buffers_bytes(list, list_buffers(list, &copy, &size));
    n_bytes = hs__engine_add_sizes(n_bytes, hs__engine_states_bytes(prefix, root_states(prefix)));
    return hs__engine_add_sizes(n_bytes, workload_bytes(prefix));
}

/*
 * Each state has a child, and a set makes no more than one node of a level. A node of level n starts in layer n - 1 or
 * later, and its children in later ones. Of those that are as many as there are sets, most can be in the last layer
 * only where fewer rows than elsewhere are kept.
 */
struct hs_state_count hs__engine_most_states(const struct hs_prefix *prefix, size_t level, size_t n_slots,
                                             size_t n_ablations)
{
    size_t n_layers = prefix->engine->model->shape.n_layers;
    size_t n_before = level + 1 < n_layers ? n_layers - 1 - level : 0;
    size_t n_nodes = smaller(n_slots, n_ablations);
    size_t n = smaller(hs__engine_multiply_sizes(n_nodes, n_before), n_ablations);
    bool last_is_larger = prefix->forest.n_scored > hs_forest_n_live(&prefix->forest);
    size_t n_last = last_is_larger ? n_nodes : smaller(n_nodes, n_ablations - n);
    return (struct hs_state_count){n, n_last};
}

float *hs__engine_level_rows(const struct hs_prefix *prefix, float *rows, size_t level, size_t layer, size_t place,
                             size_t width)
{
    const struct hs_forest *forest = &prefix->forest;
    const size_t n_live = hs_forest_n_live(forest);
    bool is_last = layer + 1 == prefix->engine->model->shape.n_layers;
    size_t first = is_last ? prefix->levels[level].room.n * n_live + place * forest->n_scored : place * n_live;
    return rows + first * width;
}

float *hs__engine_level_values(const struct hs_prefix *prefix, size_t level, size_t layer, size_t place)
{
    const hs_model_shape *shape = &prefix->engine->model->shape;
    bool is_last = layer + 1 == shape->n_layers;
    size_t state = is_last ? prefix->levels[level].room.n + place : place;
    return prefix->levels[level].values +
           state * hs_forest_n_live(&prefix->forest) * shape->n_kv_heads * shape->head_dim;
}
