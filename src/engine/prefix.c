/*
 * prefix: the prefix engine's group from beginning to end: forest and tree, the walk over both,
 * answers, and the count of what that costs and holds.
 */
#include "engine/prefix.h"
#include "engine/buffers.h"
#include "engine/cost.h"
#include "engine/state.h"
#include "engine/workload.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare_tokens(const void *left, const void *right)
{
    int32_t a = *(const int32_t *)left;
    int32_t b = *(const int32_t *)right;
    return (a > b) - (a < b);
}

/* Tiles of the vocabulary find their part of an ascending list without reading all of it. */
static hs_status sort_lists(struct hs_prefix *prefix, hs_error *error)
{
    const hs_workload *workload = prefix->workload;
    if (workload->n_lists == 0)
        return HS_OK;
    const size_t *offsets = workload->list_offsets;
    size_t n = offsets[workload->n_lists] - offsets[0];
    HS_TRY(hs_allocate(&prefix->list_tokens, n, sizeof *prefix->list_tokens, "token lists", error));
    for (size_t i = 0; i < n; i++)
        prefix->list_tokens[i] = workload->list_tokens[offsets[0] + i];
    for (size_t i = 0; i < workload->n_lists; i++)
        qsort(prefix->list_tokens + (offsets[i] - offsets[0]), offsets[i + 1] - offsets[i], sizeof *prefix->list_tokens,
              compare_tokens);
    return HS_OK;
}

static hs_status keep_z(void *context, const hs_observation *observation, hs_error *error)
{
    (void)error;
    size_t n = observation->n_rows * observation->n_columns;
    memcpy((float *)context + observation->layer * n, observation->values, n * sizeof(float));
    return HS_OK;
}

static hs_status compute_donors(hs_engine *engine, struct hs_prefix *prefix, hs_error *error)
{
    const hs_model_shape *shape = &engine->model->shape;
    const hs_sequences *donors = &prefix->workload->donor_sequences;
    if (donors->n == 0)
        return HS_OK;
    HS_TRY(hs_allocate(&prefix->donor_z, shape->n_layers * hs_sequences_n_rows(donors),
                       shape->n_heads * shape->head_dim * sizeof(float), "z of the donors", error));
    hs_observer observer = {.sites = 1u << HS_SITE_Z, .context = prefix->donor_z, .observe = keep_z};
    return hs_engine_observe(engine, donors, NULL, &observer, error);
}

/*
 * All that are stacked, or as many as stay in the cache where that is enough: in models of a few hundred columns. Of
 * those an expert has a part only.
 */
static size_t block_rows(const hs_model_shape *shape, size_t stacked)
{
    size_t row_bytes = (shape->width + (shape->gated_mlp ? 2 : 1) * shape->mlp_width) * sizeof(float);
    size_t cached = HS_BLOCK_BYTES / row_bytes / HS_FEWEST_BLOCK_ROWS * HS_FEWEST_BLOCK_ROWS;
    bool is_enough = shape->n_experts == 0 && cached >= HS_FEWEST_CACHED_ROWS && cached < stacked;
    size_t rows = is_enough ? cached : stacked;
    return rows > HS_FEWEST_BLOCK_ROWS ? rows : HS_FEWEST_BLOCK_ROWS;
}

/* Of a row, in a layer or in a tile of the vocabulary. */
static double product_flops(const struct hs_prefix *prefix)
{
    const hs_model *model = prefix->engine->model;
    double of_tile = 2.0 * (double)model->shape.width * (double)prefix->tail.tile;
    return fmax(of_tile, hs__engine_product_flops(model));
}

static size_t at_most(size_t n, double limit)
{
    return (double)n <= limit ? n : limit > 1 ? (size_t)limit : 1;
}

/* What a node costs from a layer on, attention's small products apart, says how many a batch may have. */
static hs_status plan_batches(struct hs_prefix *prefix, size_t most, hs_error *error)
{
    const hs_model *model = prefix->engine->model;
    double flops = 0;
    HS_TRY(hs_allocate(&prefix->max_nodes_at, model->shape.n_layers, sizeof *prefix->max_nodes_at, "batches", error));
    for (size_t layer = model->shape.n_layers; layer-- > 0;) {
        flops += (double)hs_forest_n_live(&prefix->forest) * hs__engine_layer_flops(&model->layers[layer]);
        prefix->max_nodes_at[layer] = at_most(most, HS_BATCH_FLOPS / flops);
    }
    prefix->max_nodes = prefix->max_nodes_at[model->shape.n_layers - 1];
    return HS_OK;
}

/*
 * All sizes follow from the workload and the options, none from the group: the composition of
 * batches must not depend on which sets come together.
 */
hs_status hs__engine_prefix_plan(struct hs_prefix *prefix, const hs_engine *engine, const hs_workload *workload,
                                 hs_error *error)
{
    prefix->engine = engine;
    prefix->workload = workload;
    HS_TRY(hs__engine_forest_init(&prefix->forest, workload, engine->options.positions,
                                  engine->model->shape.bidirectional, error));
    size_t n_live = hs_forest_n_live(&prefix->forest);
    size_t n_scored = prefix->forest.n_scored;
    size_t n_outputs = engine->model->shape.n_outputs;
    size_t stacked = engine->options.stacked_rows > 0 ? engine->options.stacked_rows : HS_STACKED_ROWS;
    size_t nodes = n_live == 0 ? 0 : (stacked + n_live / 2) / n_live;
    size_t entries = n_scored == 0 ? 0 : stacked / 2 / n_scored;
    prefix->tail.max_entries = entries > 0 ? entries : 1;
    prefix->tail.tile = n_outputs < HS_TILE_TOKENS ? n_outputs : HS_TILE_TOKENS;
    prefix->block_rows = at_most(block_rows(&engine->model->shape, stacked), HS_PRODUCT_FLOPS / product_flops(prefix));
    return plan_batches(prefix, nodes > 0 ? nodes : 1, error);
}

static hs_status prepare(hs_engine *engine, struct hs_prepared *prepared, hs_error *error)
{
    HS_TRY(hs_allocate(&prepared->prefix, 1, sizeof *prepared->prefix, "a prepared workload", error));
    HS_TRY(hs__engine_prefix_plan(prepared->prefix, engine, prepared->workload, error));
    HS_TRY(sort_lists(prepared->prefix, error));
    return compute_donors(engine, prepared->prefix, error);
}

void hs__engine_prefix_clear(struct hs_prefix *prefix)
{
    hs__engine_prefix_release(prefix);
    hs__engine_forest_clear(&prefix->forest);
    hs__engine_ablation_tree_clear(&prefix->tree);
    hs_free(prefix->max_nodes_at);
    hs_free(prefix->list_tokens);
    hs_free(prefix->donor_z);
}

static void clear(struct hs_prepared *prepared)
{
    if (prepared->prefix != NULL)
        hs__engine_prefix_clear(prepared->prefix);
    hs_free(prepared->prefix);
}

static bool reads_patterns(const hs_ablation *ablations, size_t n_ablations)
{
    for (size_t i = 0; i < n_ablations; i++)
        if (ablations[i].n_components > 0 && hs_sets_intervention_edits_pattern(ablations[i].intervention))
            return true;
    return false;
}

static size_t count_slots(const struct hs_prefix *prefix, size_t n_nodes)
{
    size_t n_slots = n_nodes < prefix->max_nodes ? n_nodes : prefix->max_nodes;
    return n_slots > 0 ? n_slots : 1;
}

static size_t count_levels(size_t n_levels)
{
    return n_levels > 0 ? n_levels : 1;
}

/* Room for the batches of this group, and the clean pass if it was not run yet. */
static hs_status start(struct hs_prefix *prefix, bool keeps_values, hs_error *error)
{
    if (keeps_values && !prefix->keeps_values) {
        hs__engine_prefix_release(prefix);
        prefix->keeps_values = true;
    }
    HS_TRY(hs__engine_prefix_reserve(prefix, count_slots(prefix, prefix->tree.n_nodes - 1),
                                     count_levels(prefix->tree.n_levels), error));
    if (!prefix->has_root)
        HS_TRY(hs__engine_prefix_run_root(prefix, error));
    prefix->has_root = true;
    return HS_OK;
}

hs_status hs__engine_prefix_begin(struct hs_prefix *prefix, const hs_ablation *ablations, size_t n_ablations,
                                  hs_error *error)
{
    for (size_t i = 0; i < n_ablations; i++)
        HS_TRY(hs__engine_prefix_edit_check(prefix, &ablations[i], error));
    HS_TRY(hs__engine_ablation_tree_build(&prefix->tree, &prefix->engine->model->shape, ablations, n_ablations, error));
    if (prefix->workload->n_queries == 0 || n_ablations == 0)
        return HS_OK;
    return start(prefix, reads_patterns(ablations, n_ablations), error);
}

static hs_status run_clean(struct hs_prefix *prefix, double *answers, hs_error *error)
{
    const struct hs_level *root = &prefix->levels[0];
    size_t width = prefix->engine->model->shape.width;
    size_t last = prefix->engine->model->shape.n_layers - 1;
    HS_TRY(hs__engine_tail_add(prefix, 0, hs__engine_level_rows(prefix, root->after, 0, last, 0, width),
                               hs__engine_level_rows(prefix, root->before, 0, last, 0, width), answers, error));
    return hs__engine_tail_flush(prefix, error);
}

/* By themselves, so that the empty set has the same bits in every group; and first, as nothing counts without them. */
static hs_status answer_clean(struct hs_prefix *prefix, hs_error *error)
{
    double *answers = hs__engine_prefix_answers(prefix, &prefix->tree.nodes[0]);
    size_t n_bytes = prefix->workload->n_queries * sizeof *answers;
    if (answers == NULL)
        return HS_OK;
    if (prefix->has_clean_answers) {
        memcpy(answers, prefix->clean_answers, n_bytes);
        prefix->tree.nodes[0].is_answered = true;
        return hs__engine_prefix_tell(prefix, error);
    }
    HS_TRY(run_clean(prefix, answers, error));
    memcpy(prefix->clean_answers, answers, n_bytes);
    prefix->has_clean_answers = true;
    return HS_OK;
}

/* A batch that nobody needs is not run, but what would wait of it has its place in the tail. */
static hs_status pass_over(struct hs_prefix *prefix, const struct hs_batch *batch, hs_error *error)
{
    for (size_t i = 0; i < batch->n_nodes; i++)
        if (prefix->tree.nodes[batch->nodes[i]].ablation != HS_NO_ABLATION)
            HS_TRY(hs__engine_tail_add(prefix, batch->nodes[i], NULL, NULL, NULL, error));
    return HS_OK;
}

/* Before a batch, whether it is needed or not: entries are answered early where too much work would wait in them. */
static bool is_enough(const struct hs_tail *tail, double flops)
{
    return tail->n_entries > 0 && tail->flops + flops > HS_BATCH_FLOPS;
}

/* What waits after a batch in which the tail was flushed is of that batch. */
static void keep_flops(struct hs_tail *tail, double flops)
{
    if (tail->n_entries > 0 && tail->flops < flops)
        tail->flops = flops;
}

static hs_status visit(void *context, const struct hs_batch *batch, hs_error *error)
{
    struct hs_prefix *prefix = context;
    double flops = hs__engine_count_batch(prefix, batch);
    if (is_enough(&prefix->tail, flops))
        HS_TRY(hs__engine_tail_flush(prefix, error));
    prefix->tail.flops += flops;
    HS_TRY(batch->is_needed ? hs__engine_prefix_run_batch(prefix, batch, error) : pass_over(prefix, batch, error));
    keep_flops(&prefix->tail, flops);
    return HS_OK;
}

/* What asks nothing is answered. */
static hs_status tell_all(struct hs_prefix *prefix, hs_error *error)
{
    for (size_t i = 0; i < prefix->tree.n_nodes; i++)
        prefix->tree.nodes[i].is_answered = prefix->tree.nodes[i].is_wanted;
    return hs__engine_prefix_tell(prefix, error);
}

/*
 * The clean model is answered first and by itself, so that the empty set has the same bits in every group. What the
 * tail holds of an evaluation that was given up is dropped. Where there are experts nothing is left out: rows that
 * are not computed would choose none, or others, and the products of the rest would have other numbers of rows and
 * other bits.
 */
static hs_status answer(hs_engine *engine, struct hs_prepared *prepared, const hs_ablation *ablations,
                        size_t n_ablations, const hs_answering *answering, double *answers, hs_error *error)
{
    struct hs_prefix *prefix = prepared->prefix;
    const struct hs_batch_visitor visitor = {prefix, visit};
    prefix->evaluation = (struct hs_evaluation){engine, ablations, n_ablations, answering, answers};
    prefix->tail.n_entries = 0; /* those of an evaluation that was given up */
    prefix->tail.flops = 0;
    HS_TRY(hs__engine_prefix_begin(prefix, ablations, n_ablations, error));
    hs__engine_ablation_tree_skip(&prefix->tree, engine->model->shape.n_experts > 0 ? NULL : answering->skips,
                                  n_ablations);
    if (prefix->workload->n_queries == 0 || n_ablations == 0)
        return tell_all(prefix, error);
    HS_TRY(answer_clean(prefix, error));
    HS_TRY(hs__engine_ablation_tree_walk(&prefix->tree, engine->model->shape.n_layers, prefix->max_nodes_at, &visitor,
                                         error));
    return hs__engine_tail_flush(prefix, error);
}

struct count {
    struct hs_prefix *prefix;
    double flops;
    double longest;                /* between two times that answers are told of */
    struct hs_state_count *states; /* [levels]: the most that a batch of each keeps */
};

static void count_flush(struct count *count)
{
    struct hs_tail *tail = &count->prefix->tail;
    count->longest = fmax(count->longest, tail->flops);
    tail->n_entries = 0;
    tail->flops = 0;
}

/* Goes through the tail as visit does. */
static hs_status count_batch(void *context, const struct hs_batch *batch, hs_error *error)
{
    (void)error;
    struct count *count = context;
    struct hs_state_count *states = &count->states[batch->level];
    struct hs_tail *tail = &count->prefix->tail;
    double flops = hs__engine_count_batch(count->prefix, batch);
    count->flops += flops;
    if (is_enough(tail, flops))
        count_flush(count);
    tail->flops += flops;
    for (size_t i = 0; i < batch->n_nodes; i++) {
        tail->n_entries += count->prefix->tree.nodes[batch->nodes[i]].ablation != HS_NO_ABLATION;
        if (tail->n_entries == tail->max_entries)
            count_flush(count);
    }
    keep_flops(tail, flops);
    states->n = batch->n_states > states->n ? batch->n_states : states->n;
    states->n_last = batch->n_last > states->n_last ? batch->n_last : states->n_last;
    return HS_OK;
}

/* What the walk of the tree executes and keeps. */
static hs_status count_walk(struct hs_prefix *prefix, hs_engine_cost *cost, hs_error *error)
{
    struct count count = {.prefix = prefix};
    const struct hs_batch_visitor visitor = {&count, count_batch};
    size_t n_bytes = hs__engine_prefix_bytes(prefix, count_slots(prefix, prefix->tree.n_nodes - 1));
    HS_TRY(hs_allocate(&count.states, prefix->tree.n_levels + 1, sizeof *count.states, "cost", error));
    prefix->tail.n_entries = 0;
    prefix->tail.flops = 0;
    hs_status status = hs__engine_ablation_tree_walk(&prefix->tree, prefix->engine->model->shape.n_layers,
                                                     prefix->max_nodes_at, &visitor, error);
    count_flush(&count);
    cost->flops_of_group = count.flops;
    cost->flops_to_answers = count.longest;
    for (size_t level = 1; level <= prefix->tree.n_levels; level++)
        n_bytes = hs__engine_add_sizes(n_bytes, hs__engine_states_bytes(prefix, count.states[level]));
    cost->memory_bytes = n_bytes;
    hs_free(count.states);
    return status;
}

/*
 * The walk that answers, with a visitor that only adds up: batches and flushes are the same, so
 * that the count is theirs.
 */
hs_status hs__engine_prefix_count_tree(struct hs_prefix *prefix, const hs_ablation *ablations, size_t n_ablations,
                                       hs_engine_cost *cost, hs_error *error)
{
    const hs_model_shape *shape = &prefix->engine->model->shape;
    HS_TRY(hs__engine_ablation_tree_build(&prefix->tree, shape, ablations, n_ablations, error));
    prefix->keeps_values = reads_patterns(ablations, n_ablations);
    HS_TRY(count_walk(prefix, cost, error));
    cost->flops_of_product = (double)prefix->block_rows * product_flops(prefix);
    cost->flops_of_workload = hs__engine_count_root(prefix);
    return HS_OK;
}

static hs_status count_cost(const hs_engine *engine, const hs_workload *workload, const hs_ablation *ablations,
                            size_t n_ablations, hs_engine_cost *cost, hs_error *error)
{
    struct hs_prefix prefix = {0};
    hs_status status = hs__engine_prefix_plan(&prefix, engine, workload, error);
    if (status == HS_OK)
        status = hs__engine_prefix_count_tree(&prefix, ablations, n_ablations, cost, error);
    hs__engine_prefix_clear(&prefix);
    return status;
}

/* The donors' pass is over before there are buffers. */
static size_t donor_pass_bytes(const struct hs_prefix *prefix)
{
    const hs_sequences *donors = &prefix->workload->donor_sequences;
    size_t n_rows = hs_sequences_n_rows(donors);
    return n_rows == 0
               ? 0
               : hs_engine_observer_bytes(&prefix->engine->model->shape, n_rows, hs__engine_sequences_longest(donors));
}

/*
 * The largest group that the load describes; where donors are read, their pass comes before and is
 * over by then, so the larger of the two counts.
 */
static hs_status count_memory(const hs_engine *engine, const hs_workload *workload, const hs_engine_load *load,
                              size_t *n_bytes_out, hs_error *error)
{
    struct hs_prefix prefix = {0};
    hs_status status = hs__engine_prefix_plan(&prefix, engine, workload, error);
    if (status == HS_OK) {
        const hs_model_shape *shape = &engine->model->shape;
        size_t n_levels = hs__engine_most_levels(shape, load->max_components);
        size_t n_nodes = hs__engine_multiply_sizes(load->n_ablations, n_levels);
        prefix.keeps_values = load->edits_patterns;
        size_t n_slots = count_slots(&prefix, n_nodes);
        size_t n_bytes = hs__engine_prefix_bytes(&prefix, n_slots);
        for (size_t level = 1; level < n_levels; level++)
            n_bytes = hs__engine_add_sizes(
                n_bytes,
                hs__engine_states_bytes(&prefix, hs__engine_most_states(&prefix, level, n_slots, load->n_ablations)));
        size_t donors = donor_pass_bytes(&prefix);
        *n_bytes_out =
            hs__engine_add_sizes(n_bytes > donors ? n_bytes : donors,
                                 hs__engine_ablation_tree_bytes(shape, load->n_ablations, load->max_components));
    }
    hs__engine_prefix_clear(&prefix);
    return status;
}

const struct hs_engine_methods HS__ENGINE_PREFIX_METHODS = {
    prepare, clear, answer, count_cost, count_memory, hs__engine_prefix_generate, hs__engine_prefix_count_generation,
};
