/*
 * generate_attention: attention of new rows, in groups that continue one prompt under one ablation
 * and so see the same keys of the prompt, each row besides them its own new ones.
 */
#include "engine/attention.h"
#include "engine/generate_prefix.h"
#include "engine/state.h"

#include <string.h>

/* Rows of one step that continue the same prompt under the same ablation. */
struct group {
    struct hs_decoder *decoder;
    const struct hs_prompt_view *view;
    const struct hs_edit *edit; /* of nothing where the model is clean */
    const float *prompt_keys;   /* of live rows */
    size_t layer;
    size_t first; /* of the step's rows */
    size_t n;
    size_t part; /* whose keys and pattern are used */
};

static const hs_model_shape *shape_of(const struct group *group)
{
    return &group->decoder->engine->model->shape;
}

/* A run of the prompt's rows. */
static struct hs_key_run key_run(const struct group *group, const struct hs_run *run)
{
    const struct hs_prefix *prefix = group->decoder->prefix;
    size_t stride = 2 * hs_kv_width(shape_of(group));
    size_t n_frozen = prefix->forest.n_frozen;
    const float *keys = run->first_row < n_frozen ? prefix->frozen + (group->layer * n_frozen + run->first_row) * stride
                                                  : group->prompt_keys + (run->first_row - n_frozen) * stride;
    return (struct hs_key_run){keys, stride, run->n_rows, run->position};
}

/* The new rows that each row sees, at its prompt's end. */
static struct hs_own_keys new_keys(const struct group *group)
{
    const struct hs_decoder *decoder = group->decoder;
    size_t stride = 2 * hs_kv_width(shape_of(group));
    size_t max_new_tokens = decoder->generation->sampling->max_new_tokens;
    return (struct hs_own_keys){
        .keys = decoder->keys + group->layer * decoder->plan.n_rows * stride,
        .stride = stride,
        .rows = decoder->chains + group->first * max_new_tokens,
        .rows_stride = max_new_tokens,
        .n = decoder->step,
        .column = group->view->length,
    };
}

static const struct hs_edge *find_edge(const struct group *group, hs_site site)
{
    return hs__engine_find_edge(&group->edit->list, group->layer, site);
}

static void edit_pattern(const struct hs_attention *attention, size_t head, float *pattern, size_t stride,
                         const struct hs_range *visible)
{
    const struct group *group = attention->context;
    hs__engine_edit_pattern(group->edit, attention->layer, head, pattern, stride, attention->n_rows, visible, 0);
}

static void edit_z(const struct group *group, const struct hs_edge *edge, float *z)
{
    size_t position = group->view->length + group->decoder->step - 1;
    for (size_t row = 0; row < group->n; row++, z += hs_z_width(shape_of(group)))
        hs__engine_edit_z_row(group->edit, edge, z, group->view->sequence, position);
}

/*
 * Pattern edits hang at the callback and z edits follow, where the set has an edge in this layer;
 * all else is the attention that every pass has.
 */
static void attend(const struct group *group)
{
    struct hs_decoder *decoder = group->decoder;
    const hs_model_shape *shape = shape_of(group);
    const struct hs_prefix_buffers *buffers = &decoder->prefix->buffers;
    struct hs_key_run *keys = buffers->keys + group->part * decoder->prefix->forest.deepest;
    uint32_t n_visible[HS_NEW_ATTENTION_ROWS];
    const struct hs_edge *of_z = find_edge(group, HS_SITE_Z);
    for (size_t row = 0; row < group->n; row++)
        n_visible[row] = (uint32_t)(group->view->length + decoder->step);
    for (size_t i = 0; i < group->view->n_runs; i++)
        keys[i] = key_run(group, &group->view->runs[i]);
    struct hs_attention attention = {
        .device = decoder->engine->device,
        .shape = shape,
        .layer = group->layer,
        .n_heads = shape->n_heads,
        .queries = buffers->heads + group->first * hs_heads_width(shape),
        .query_stride = hs_heads_width(shape),
        .z = buffers->z + group->first * hs_z_width(shape),
        .n_rows = group->n,
        .n_visible = n_visible,
        .window = decoder->engine->model->layers[group->layer].window,
        .slopes = decoder->engine->model->alibi_slopes,
        .runs = keys,
        .n_runs = group->view->n_runs,
        .own = new_keys(group),
        .pattern = decoder->pattern + group->part * hs__engine_decode_pattern_floats(shape, &decoder->plan),
        .see = find_edge(group, HS_SITE_PATTERN) != NULL ? edit_pattern : NULL,
        .context = group,
    };
    hs__engine_attend(&attention);
    if (of_z != NULL)
        edit_z(group, of_z, attention.z);
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

struct layer_loop {
    struct hs_decoder *decoder;
    size_t layer;
};

static size_t count_groups(const struct hs_decoder *decoder)
{
    size_t n = 0;
    for (size_t first = 0; first < decoder->end_row - decoder->first_row; first += group_length(decoder, first))
        n++;
    return n;
}

/* Groups are found by walking the rows; each part attends for its own. */
static void attend_groups(void *context, hs_share groups, size_t part)
{
    const struct layer_loop *loop = context;
    struct hs_decoder *decoder = loop->decoder;
    struct group group = {.decoder = decoder, .layer = loop->layer, .part = part};
    for (size_t i = 0; i < groups.end; i++, group.first += group.n) {
        const struct hs_new_row *row = &decoder->rows[decoder->first_row + group.first];
        group.n = group_length(decoder, group.first);
        if (i < groups.first)
            continue;
        group.view = &decoder->views[row->slot];
        group.edit = &decoder->edits[row->ablation];
        group.prompt_keys = hs__engine_prompt_cache_find(decoder->prefix, row->ablation, loop->layer);
        attend(&group);
    }
}

hs_status hs__engine_decode_attention(struct hs_decoder *decoder, size_t layer, hs_error *error)
{
    struct layer_loop loop = {decoder, layer};
    size_t n_rows = decoder->end_row - decoder->first_row;
    double flops = (double)(n_rows * decoder->plan.longest) * hs__engine_attend_flops(&decoder->engine->model->shape);
    hs__engine_share(decoder->engine->device, count_groups(decoder), 1, flops / HS_FLOPS_A_FLOAT, attend_groups, &loop);
    return hs__engine_poll(&decoder->engine->options, error);
}
