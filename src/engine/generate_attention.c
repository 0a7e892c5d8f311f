#include "engine/blas.h"
#include "engine/generate_kernels.h"
#include "engine/generate_prefix.h"
#include "engine/kernels.h"
#include "engine/state.h"

#include <string.h>

/* Rows of one step that continue the same prompt under the same ablation. */
struct group {
    struct hs_decoder *decoder;
    const struct hs_prompt_view *view;
    const struct hs_edit *edit; /* of no head where the model is clean */
    const float *prompt_keys;   /* of live rows */
    size_t layer;
    size_t first; /* of the step's rows */
    size_t n;
    size_t stride; /* of the pattern's rows */
    float scale;
};

static const hs_model_shape *shape_of(const struct group *group)
{
    return &group->decoder->engine->model->shape;
}

static size_t z_width(const struct group *group)
{
    return shape_of(group)->n_heads * shape_of(group)->head_dim;
}

static size_t kv_width(const struct group *group)
{
    return shape_of(group)->n_kv_heads * shape_of(group)->head_dim;
}

static const float *query_row(const struct group *group, size_t row)
{
    size_t stride = z_width(group) + 2 * kv_width(group);
    return group->decoder->prefix->buffers.heads + (group->first + row) * stride;
}

static float *z_row(const struct group *group, size_t row)
{
    return group->decoder->prefix->buffers.z + (group->first + row) * z_width(group);
}

/* Rows of a head's pattern follow each other, head after head. */
static float *pattern_row(const struct group *group, size_t head, size_t row)
{
    return group->decoder->pattern + (head * group->n + row) * group->stride;
}

static struct hs_head_row head_row(const struct group *group)
{
    const hs_model_shape *shape = shape_of(group);
    return (struct hs_head_row){shape->n_heads, shape->n_heads / shape->n_kv_heads, shape->head_dim};
}

/* ---- the prompt's rows ----------------------------------------------------------------------------------------- */

/* Keys of one head in a run of the prompt's rows; values lie `kv_width` behind. */
static struct hs_matrix run_keys(const struct group *group, const struct hs_run *run, size_t head)
{
    const struct hs_prefix *prefix = group->decoder->prefix;
    size_t stride = 2 * kv_width(group);
    size_t n_frozen = prefix->forest.n_frozen;
    struct hs_head_row shape = head_row(group);
    const float *rows = run->first_row < n_frozen ? prefix->frozen + (group->layer * n_frozen + run->first_row) * stride
                                                  : group->prompt_keys + (run->first_row - n_frozen) * stride;
    return (struct hs_matrix){rows + head / shape.heads_per_group * shape.head_dim, stride};
}

static void score_prompt(const struct group *group, size_t head)
{
    size_t head_dim = shape_of(group)->head_dim;
    struct hs_matrix queries = {query_row(group, 0) + head * head_dim, z_width(group) + 2 * kv_width(group)};
    for (size_t i = 0; i < group->view->n_runs; i++) {
        const struct hs_run *run = &group->view->runs[i];
        hs_matrix_product_transposed(pattern_row(group, head, 0) + run->position, group->stride, queries,
                                     run_keys(group, run, head), group->n, run->n_rows, head_dim, group->scale);
    }
}

static void mix_prompt(const struct group *group, size_t head)
{
    size_t head_dim = shape_of(group)->head_dim;
    float *z = z_row(group, 0) + head * head_dim;
    for (size_t i = 0; i < group->view->n_runs; i++) {
        const struct hs_run *run = &group->view->runs[i];
        struct hs_matrix weights = {pattern_row(group, head, 0) + run->position, group->stride};
        struct hs_matrix values = run_keys(group, run, head);
        values.values += kv_width(group);
        if (i == 0)
            hs_matrix_product(z, z_width(group), weights, values, group->n, head_dim, run->n_rows, 1.0f);
        else
            hs_matrix_accumulate(z, z_width(group), weights, values, group->n, head_dim, run->n_rows);
    }
}

/* ---- new rows -------------------------------------------------------------------------------------------------- */

/* The key of the t-th new row that a row sees, its value behind it. */
static const float *new_key(const struct group *group, size_t row, size_t t)
{
    const struct hs_decoder *decoder = group->decoder;
    uint32_t seen = decoder->chains[(group->first + row) * decoder->generation->sampling->max_new_tokens + t];
    return decoder->keys + (group->layer * decoder->plan.n_rows + seen) * 2 * kv_width(group);
}

static void score_new(const struct group *group, size_t row)
{
    for (size_t t = 0; t < group->decoder->step; t++)
        hs_score_row(pattern_row(group, 0, row) + group->view->length + t, group->n * group->stride,
                     query_row(group, row), new_key(group, row, t), head_row(group), group->scale);
}

static void mix_new(const struct group *group, size_t row)
{
    for (size_t t = 0; t < group->decoder->step; t++)
        hs_mix_row(z_row(group, row), pattern_row(group, 0, row) + group->view->length + t, group->n * group->stride,
                   new_key(group, row, t) + kv_width(group), head_row(group));
}

/* ---- a group --------------------------------------------------------------------------------------------------- */

static bool edits_layer(const struct group *group)
{
    size_t n_heads = shape_of(group)->n_heads;
    return memchr(group->edit->heads + group->layer * n_heads, 1, n_heads) != NULL;
}

static void edit_patterns(const struct group *group)
{
    for (size_t head = 0; head < shape_of(group)->n_heads; head++)
        hs_edit_pattern(group->edit, group->layer, head, pattern_row(group, head, 0), group->stride, group->n,
                        group->decoder->visible, 0);
}

static void attend(const struct group *group)
{
    struct hs_decoder *decoder = group->decoder;
    size_t n_heads = shape_of(group)->n_heads;
    size_t n_visible = group->view->length + decoder->step;
    for (size_t head = 0; head < n_heads; head++)
        score_prompt(group, head);
    for (size_t row = 0; row < group->n; row++)
        score_new(group, row);
    for (size_t i = 0; i < n_heads * group->n; i++)
        decoder->visible[i] = (uint32_t)n_visible;
    hs_visible_softmax(decoder->pattern, group->stride, n_heads * group->n, decoder->visible);
    if (edits_layer(group) && hs_edit_reads_pattern(group->edit))
        edit_patterns(group);
    for (size_t head = 0; head < n_heads; head++)
        mix_prompt(group, head);
    for (size_t row = 0; row < group->n; row++)
        mix_new(group, row);
    for (size_t row = 0; edits_layer(group) && !hs_edit_reads_pattern(group->edit) && row < group->n; row++)
        hs_edit_z_row(group->edit, group->layer, z_row(group, row), group->view->sequence, n_visible - 1);
}

/* Rows from `first` on that belong together, no more than there is room for. */
static size_t group_length(const struct hs_decoder *decoder, size_t first)
{
    const struct hs_new_row *rows = decoder->rows + decoder->first_row;
    size_t n_rows = decoder->end_row - decoder->first_row;
    size_t n = 1;
    while (first + n < n_rows && n < HS_NEW_ATTENTION_ROWS && rows[first + n].ablation == rows[first].ablation &&
           rows[first + n].slot == rows[first].slot)
        n++;
    return n;
}

void hs_decode_attention(struct hs_decoder *decoder, size_t layer)
{
    const hs_model_shape *shape = &decoder->engine->model->shape;
    size_t n_rows = decoder->end_row - decoder->first_row;
    double scale = shape->attention_scale / (shape->scale_by_inverse_layer ? (double)(layer + 1) : 1.0);
    struct group group = {.decoder = decoder, .layer = layer, .scale = (float)scale};
    for (; group.first < n_rows; group.first += group.n) {
        const struct hs_new_row *row = &decoder->rows[decoder->first_row + group.first];
        group.n = group_length(decoder, group.first);
        group.view = &decoder->views[row->slot];
        group.stride = (group.view->length + decoder->step + HS_LANES - 1) / HS_LANES * HS_LANES;
        group.edit = &decoder->edits[row->ablation];
        group.prompt_keys = hs_prompt_cache_find(decoder->prefix, row->ablation, layer);
        attend(&group);
        hs__engine_poll(&decoder->engine->options);
    }
}
