/*
 * prefix_edit: a node's beginning: the edit's difference in z, projected and added to the parent's
 * state after attention, which equals attention with the edit in it.
 */
#include "engine/attention.h"
#include "engine/kernels.h"
#include "engine/linear.h"
#include "engine/prefix.h"
#include "engine/state.h"
#include "engine/workload.h"

#include <string.h>

/* One node's edit: rows of the layer, and the parent's state there. */
struct start {
    struct hs_prefix *prefix;
    const struct hs_ablation_node *node;
    const struct hs_ablation_node *parent;
    struct hs_edit edit;
    size_t n_rows;
    bool is_last_layer;
    size_t window; /* of the layer */
};

struct hs_edit hs__engine_prefix_edit(const struct hs_prefix *prefix, hs_intervention intervention)
{
    struct hs_edit edit = {
        .model = prefix->engine->model,
        .kernels = prefix->engine->device->kernels,
        .intervention = intervention,
        .value_bias = prefix->engine->options.value_bias,
        .means = prefix->engine->options.means,
    };
    if (prefix->donor_z != NULL)
        edit.donors =
            (struct hs_donor_values){prefix->donor_z, prefix->workload->donor_sequences, prefix->workload->donors};
    return edit;
}

hs_status hs__engine_prefix_edit_check(const struct hs_prefix *prefix, const hs_ablation *ablation, hs_error *error)
{
    struct hs_edit edit = hs__engine_prefix_edit(prefix, ablation->intervention);
    return ablation->n_components > 0 ? hs__engine_edit_check(&edit, error) : HS_OK;
}

/* Forest row of row i of the layer. */
static size_t forest_row(const struct start *start, size_t i)
{
    const struct hs_forest *forest = &start->prefix->forest;
    return start->is_last_layer ? forest->scored_rows[i] : forest->n_frozen + i;
}

static float *parent_rows(const struct start *start, float *values, size_t width)
{
    return hs__engine_level_rows(start->prefix, values, start->parent->level, start->node->edge.layer,
                                 start->node->place, width);
}

static const float *value_row(const struct start *start, size_t row, size_t group)
{
    const struct hs_prefix *prefix = start->prefix;
    const hs_model_shape *shape = &prefix->engine->model->shape;
    size_t kv_width = shape->n_kv_heads * shape->head_dim;
    size_t n_frozen = prefix->forest.n_frozen;
    const float *values = NULL;
    if (row < n_frozen)
        values = prefix->frozen + ((start->node->edge.layer * n_frozen + row) * 2 + 1) * kv_width;
    else
        values = hs__engine_level_values(prefix, start->parent->level, start->node->edge.layer, start->node->place) +
                 (row - n_frozen) * kv_width;
    return values + group * shape->head_dim;
}

/* sums [all rows, head_dim]: of the values of each row and its ancestors, or only of the first of them. */
static void sum_values(const struct start *start, size_t head)
{
    const hs_model_shape *shape = &start->prefix->engine->model->shape;
    const struct hs_forest *forest = &start->prefix->forest;
    size_t head_dim = shape->head_dim;
    bool first_only = start->edit.intervention.kind == HS_INTERVENTION_FIRST_TOKEN;
    double *sums = start->prefix->buffers.sums;
    for (size_t row = 0; row < forest->n_rows; row++) {
        uint32_t parent = forest->rows[row].parent;
        const float *values = value_row(start, row, head / (shape->n_heads / shape->n_kv_heads));
        for (size_t i = 0; i < head_dim; i++) {
            double before = parent == HS_NO_PARENT ? 0.0 : sums[parent * head_dim + i];
            sums[row * head_dim + i] = parent != HS_NO_PARENT && first_only ? before : before + (double)values[i];
        }
    }
}

/*
 * The row at `position` on the way to `row`. The path to the row asked about before is kept, and that to this one
 * mostly leads along it: rows are numbered depth first.
 */
static uint32_t row_on_path(const struct start *start, size_t row, size_t position)
{
    const struct hs_forest_row *rows = start->prefix->forest.rows;
    uint32_t *path = start->prefix->buffers.path;
    uint32_t at = (uint32_t)row;
    while (at != HS_NO_PARENT && path[rows[at].position] != at) {
        path[rows[at].position] = at;
        at = rows[at].parent;
    }
    return path[position];
}

/* A window's sum is what came after the row before it. */
static void subtract_windowed(const struct start *start, float *delta, const float *z, size_t row, size_t head)
{
    const struct hs_prefix *prefix = start->prefix;
    const hs_model_shape *shape = &prefix->engine->model->shape;
    size_t head_dim = shape->head_dim;
    size_t first = hs_first_visible(prefix->forest.visible[row], start->window);
    const double *before = prefix->buffers.sums + row_on_path(start, row, first - 1) * head_dim;
    const double *sums = prefix->buffers.sums + row * head_dim;
    const float *values = value_row(start, row_on_path(start, row, first), head / (shape->n_heads / shape->n_kv_heads));
    bool first_only = start->edit.intervention.kind == HS_INTERVENTION_FIRST_TOKEN;
    for (size_t i = 0; i < head_dim; i++) {
        double average = first_only ? (double)values[i] : (sums[i] - before[i]) / (double)start->window;
        delta[i] = (float)(average - (double)z[i]);
    }
}

static void subtract_pattern(const struct start *start, float *delta, const float *z, size_t row, size_t head)
{
    size_t head_dim = start->prefix->engine->model->shape.head_dim;
    const double *sums = start->prefix->buffers.sums + hs_forest_last_visible(&start->prefix->forest, row) * head_dim;
    bool first_only = start->edit.intervention.kind == HS_INTERVENTION_FIRST_TOKEN;
    double share = first_only ? 1.0 : 1.0 / (double)start->prefix->forest.visible[row];
    if (hs_first_visible(start->prefix->forest.visible[row], start->window) > 0) {
        subtract_windowed(start, delta, z, row, head);
        return;
    }
    for (size_t i = 0; i < head_dim; i++)
        delta[i] = (float)(sums[i] * share - (double)z[i]);
}

/* delta <- scale * z + shift_scale * shift - z. */
static void subtract_replacement(const struct start *start, float *delta, const float *z, size_t row, size_t head)
{
    const struct hs_forest_row *here = &start->prefix->forest.rows[row];
    size_t head_dim = start->prefix->engine->model->shape.head_dim;
    struct hs_replacement replacement =
        hs__engine_edit_replacement(&start->edit, start->node->edge.layer, head, here->sequence, here->position);
    hs_copy_floats(start->edit.kernels, delta, z, head_dim);
    start->edit.kernels->scale_and_shift(delta, replacement.scale - 1.0f, replacement.shift, replacement.shift_scale,
                                         head_dim);
}

/*
 * Rows that are not edited have a difference of 0: they stay in the product, whose shape must not
 * depend on which rows those are.
 */
static void fill_delta(const struct start *start, size_t head)
{
    struct hs_prefix *prefix = start->prefix;
    const hs_model_shape *shape = &prefix->engine->model->shape;
    size_t z_width = shape->n_heads * shape->head_dim;
    const float *z = parent_rows(start, prefix->levels[start->parent->level].z, z_width) + head * shape->head_dim;
    bool edits_pattern = start->node->edge.site == HS_SITE_PATTERN;
    if (edits_pattern) {
        sum_values(start, head);
        memset(prefix->buffers.path, 0xff, prefix->forest.longest * sizeof *prefix->buffers.path);
    }
    for (size_t i = 0; i < start->n_rows; i++) {
        size_t row = forest_row(start, i);
        float *delta = prefix->buffers.delta + i * shape->head_dim;
        if (!prefix->forest.rows[row].is_edited)
            start->edit.kernels->scale_and_shift(delta, 0, NULL, 0, shape->head_dim);
        else if (edits_pattern)
            subtract_pattern(start, delta, z + i * z_width, row, head);
        else
            subtract_replacement(start, delta, z + i * z_width, row, head);
    }
}

static void add_projection(const struct start *start, size_t head, float *after)
{
    const hs_model_shape *shape = &start->prefix->engine->model->shape;
    hs_linear output = start->prefix->engine->model->layers[start->node->edge.layer].output;
    size_t first = head * shape->head_dim;
    output.values += output.transposed ? first : first * output.stride;
    output.n_in = shape->head_dim;
    output.bias = NULL;
    hs__engine_linear_accumulate(start->prefix->engine->device, after, start->prefix->buffers.delta, start->n_rows,
                                 &output);
}

/*
 * One small product a head: what changed is a few of its columns. The last layer has scored rows
 * only.
 */
hs_status hs__engine_prefix_start(struct hs_prefix *prefix, const struct hs_ablation_node *node, float *after,
                                  float *before, hs_error *error)
{
    const hs_model_shape *shape = &prefix->engine->model->shape;
    bool is_last_layer = node->edge.layer + 1 == shape->n_layers;
    struct start start = {
        .prefix = prefix,
        .node = node,
        .parent = &prefix->tree.nodes[node->parent],
        .edit = hs__engine_prefix_edit(prefix, node->intervention),
        .n_rows = is_last_layer ? prefix->forest.n_scored : hs_forest_n_live(&prefix->forest),
        .is_last_layer = is_last_layer,
        .window = prefix->engine->model->layers[node->edge.layer].window,
    };
    const struct hs_level *level = &prefix->levels[start.parent->level];
    size_t n = start.n_rows * shape->width;
    hs__engine_copy(prefix->engine->device, after, parent_rows(&start, level->after, shape->width), n);
    if (hs_keeps_before(shape))
        hs__engine_copy(prefix->engine->device, before, parent_rows(&start, level->before, shape->width), n);
    for (size_t i = 0; i < node->edge.n_runs; i++) {
        for (size_t head = node->edge.runs[i].first; head < node->edge.runs[i].end; head++) {
            fill_delta(&start, head);
            add_projection(&start, head, after);
        }
    }
    return hs__engine_poll(&prefix->engine->options, error);
}

double hs__engine_prefix_start_flops(const struct hs_prefix *prefix, const struct hs_ablation_node *node)
{
    const hs_model_shape *shape = &prefix->engine->model->shape;
    bool is_last_layer = node->edge.layer + 1 == shape->n_layers;
    size_t n_rows = is_last_layer ? prefix->forest.n_scored : hs_forest_n_live(&prefix->forest);
    double n_columns = (double)(hs__engine_edge_n_parts(&node->edge) * shape->head_dim);
    return 2.0 * (double)n_rows * n_columns * (double)shape->width;
}
