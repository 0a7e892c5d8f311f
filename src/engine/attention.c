#include "engine/attention.h"
#include "engine/blas.h"
#include "engine/kernels.h"
#include "engine/state.h"
#include "engine/workload.h"

#include <string.h>

/* One query head of one sequence. Matrices lie in the pass's scratch. */
struct head_view {
    const float *queries; /* [length, head_dim], rows heads_stride apart; so are keys and values */
    const float *keys;
    const float *values;
    float *z; /* [length, head_dim], rows z_stride apart */
    size_t heads_stride;
    size_t z_stride;
    size_t length;
    size_t head_dim;
    float scale;
};

/* Rows first_row .. first_row + n_rows of the pattern. */
struct pattern_block {
    float *values; /* [n_rows, stride] */
    size_t stride;
    size_t first_row;
    size_t n_rows;
    size_t n_keys;                       /* that the last row sees; no other sees more */
    uint32_t visible[HS_ATTENTION_ROWS]; /* keys that each row sees */
};

static size_t pad_keys(size_t n_keys)
{
    return (n_keys + HS_LANES - 1) / HS_LANES * HS_LANES;
}

/* A row sees what is before it and itself, or the whole sequence. */
static struct pattern_block cut_block(const struct hs_pass *pass, size_t first, size_t n_rows, size_t length)
{
    bool bidirectional = pass->engine->model->shape.bidirectional;
    struct pattern_block block = {.values = pass->scratch->pattern, .first_row = first, .n_rows = n_rows};
    for (size_t row = 0; row < n_rows; row++)
        block.visible[row] = (uint32_t)(bidirectional ? length : first + row + 1);
    block.n_keys = block.visible[n_rows - 1];
    block.stride = pad_keys(block.n_keys);
    return block;
}

static struct head_view view_head(const struct hs_pass *pass, size_t layer, size_t sequence, size_t head)
{
    const hs_model_shape *shape = &pass->engine->model->shape;
    size_t group = head / (shape->n_heads / shape->n_kv_heads);
    size_t z_width = shape->n_heads * shape->head_dim;
    size_t kv_width = shape->n_kv_heads * shape->head_dim;
    size_t first_row = hs_sequence_first_row(pass->sequences, sequence);
    size_t stride = z_width + 2 * kv_width;
    const float *rows = pass->scratch->heads + first_row * stride;
    double scale = shape->attention_scale / (shape->scale_by_inverse_layer ? (double)(layer + 1) : 1.0);
    return (struct head_view){
        .queries = rows + head * shape->head_dim,
        .keys = rows + z_width + group * shape->head_dim,
        .values = rows + z_width + kv_width + group * shape->head_dim,
        .z = pass->scratch->z + first_row * z_width + head * shape->head_dim,
        .heads_stride = stride,
        .z_stride = z_width,
        .length = hs_sequence_length(pass->sequences, sequence),
        .head_dim = shape->head_dim,
        .scale = (float)scale,
    };
}

/*
 * Through BLAS even for the shortest sequences: with heads of 16 dimensions and sequences of 8 to 64 tokens plain
 * vectorised loops took as long, and longer beyond.
 */
static void fill_scores(const struct pattern_block *block, const struct head_view *view)
{
    struct hs_matrix queries = {view->queries + block->first_row * view->heads_stride, view->heads_stride};
    struct hs_matrix keys = {view->keys, view->heads_stride};
    hs_matrix_product_transposed(block->values, block->stride, queries, keys, block->n_rows, block->n_keys,
                                 view->head_dim, view->scale);
}

static void mix_values(const struct pattern_block *block, const struct head_view *view)
{
    struct hs_matrix weights = {block->values, block->stride};
    struct hs_matrix values = {view->values, view->heads_stride};
    hs_matrix_product(view->z + block->first_row * view->z_stride, view->z_stride, weights, values, block->n_rows,
                      view->head_dim, block->n_keys, 1.0f);
}

static void copy_pattern(float *pattern, const struct pattern_block *block, size_t length)
{
    for (size_t row = 0; row < block->n_rows; row++) {
        float *out = pattern + (block->first_row + row) * length;
        memcpy(out, block->values + row * block->stride, block->n_keys * sizeof *out);
        memset(out + block->n_keys, 0, (length - block->n_keys) * sizeof *out);
    }
}

static hs_status show_pattern(const struct hs_pass *pass, size_t layer, size_t sequence, size_t head, hs_error *error)
{
    size_t length = hs_sequence_length(pass->sequences, sequence);
    hs_observation observation = {
        .site = HS_SITE_PATTERN,
        .layer = layer,
        .values = pass->observed_pattern,
        .n_rows = length,
        .n_columns = length,
        .sequence = sequence,
        .head = head,
        .sequences = pass->sequences,
    };
    return pass->observer->observe(pass->observer->context, &observation, error);
}

static hs_status attend(const struct hs_pass *pass, size_t layer, size_t sequence, size_t head, hs_error *error)
{
    struct head_view view = view_head(pass, layer, sequence, head);
    bool observed = hs_is_observed(pass, HS_SITE_PATTERN);
    for (size_t first = 0; first < view.length; first += HS_ATTENTION_ROWS) {
        size_t n_rows = view.length - first < HS_ATTENTION_ROWS ? view.length - first : HS_ATTENTION_ROWS;
        struct pattern_block block = cut_block(pass, first, n_rows, view.length);
        fill_scores(&block, &view);
        hs_visible_softmax(block.values, block.stride, n_rows, block.visible);
        if (pass->edit != NULL)
            hs_edit_pattern(pass->edit, layer, head, block.values, block.stride, n_rows, block.visible,
                            hs_sequence_first_row(pass->sequences, sequence) + first);
        if (observed)
            copy_pattern(pass->observed_pattern, &block, view.length);
        mix_values(&block, &view);
    }
    return observed && view.length > 0 ? show_pattern(pass, layer, sequence, head, error) : HS_OK;
}

hs_status hs_attention(const struct hs_pass *pass, size_t layer, hs_error *error)
{
    for (size_t sequence = 0; sequence < pass->sequences->n; sequence++)
        for (size_t head = 0; head < pass->engine->model->shape.n_heads; head++)
            HS_TRY(attend(pass, layer, sequence, head, error));
    return HS_OK;
}
