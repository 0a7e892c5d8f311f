/*
 * attention: scores, softmax and weighted sum of values, head by head, over runs of keys that lie
 * where their owners keep them: a run of the clean model, of a node, of a prompt, and the new rows
 * of a sample.
 */
#include "engine/attention.h"

size_t hs__engine_pattern_stride(size_t n_visible)
{
    return (n_visible + HS_LANES - 1) / HS_LANES * HS_LANES;
}

static size_t stride_of(const struct hs_attention *attention)
{
    return hs__engine_pattern_stride(attention->n_visible[attention->n_rows - 1]);
}

/* Rows of a head's pattern follow each other, head after head. */
static float *pattern_of(const struct hs_attention *attention, size_t head)
{
    return attention->pattern + (head - attention->first_head) * attention->n_rows * stride_of(attention);
}

static float scale_of(const struct hs_attention *attention)
{
    const hs_model_shape *shape = attention->shape;
    double divisor = shape->scale_by_inverse_layer ? (double)(attention->layer + 1) : 1.0;
    return (float)(shape->attention_scale / divisor);
}

static size_t heads_per_group(const hs_model_shape *shape)
{
    return shape->n_heads / shape->n_kv_heads;
}

/* Where the keys of the head's group begin in a run; its values lie hs_kv_width further. */
static const float *keys_of(const struct hs_attention *attention, const struct hs_key_run *run, size_t head)
{
    return run->keys + head / heads_per_group(attention->shape) * attention->shape->head_dim;
}

/* The first column that any row sees: rows see more and more, and no less far back than the one before. */
static size_t first_column(const struct hs_attention *attention)
{
    return hs_first_visible(attention->n_visible[0], attention->window);
}

/* What is left of a run without the keys that no row sees; n_rows is 0 where nothing is. */
static struct hs_key_run seen_part(const struct hs_attention *attention, const struct hs_key_run *run)
{
    struct hs_key_run seen = *run;
    size_t first = first_column(attention);
    size_t n_before = first > run->column ? first - run->column : 0;
    n_before = n_before < run->n_rows ? n_before : run->n_rows;
    seen.keys += n_before * run->stride;
    seen.n_rows -= n_before;
    seen.column += n_before;
    return seen;
}

/*
 * Through BLAS even for the shortest runs: with heads of 16 dimensions and sequences of 8 to 64 tokens plain vectorised
 * loops took as long, and longer beyond.
 */
static void score_runs(const struct hs_attention *attention, size_t head, float scale)
{
    size_t head_dim = attention->shape->head_dim;
    hs_blas_matrix queries = {attention->queries + head * head_dim, attention->query_stride, false};
    for (size_t i = 0; i < attention->n_runs; i++) {
        const struct hs_key_run run = seen_part(attention, &attention->runs[i]);
        hs_blas_matrix keys = {keys_of(attention, &run, head), run.stride, true};
        if (run.n_rows > 0)
            attention->device->product(pattern_of(attention, head) + run.column, stride_of(attention), queries, keys,
                                       (hs_blas_shape){attention->n_rows, run.n_rows, head_dim}, scale, false);
    }
}

/* Rows whose window holds own keys alone begin with zeros. */
static void mix_runs(const struct hs_attention *attention, size_t head)
{
    const hs_model_shape *shape = attention->shape;
    float *z = attention->z + head * shape->head_dim;
    size_t n_mixed = 0;
    for (size_t i = 0; i < attention->n_runs; i++) {
        const struct hs_key_run run = seen_part(attention, &attention->runs[i]);
        hs_blas_matrix weights = {pattern_of(attention, head) + run.column, stride_of(attention), false};
        hs_blas_matrix values = {keys_of(attention, &run, head) + hs_kv_width(shape), run.stride, false};
        if (run.n_rows > 0)
            attention->device->product(z, hs_z_width(shape), weights, values,
                                       (hs_blas_shape){attention->n_rows, shape->head_dim, run.n_rows}, 1.0f,
                                       n_mixed++ > 0);
    }
    for (size_t row = 0; n_mixed == 0 && row < attention->n_rows; row++)
        attention->device->kernels->scale_and_shift(z + row * hs_z_width(shape), 0, NULL, 0, shape->head_dim);
}

static struct hs_head_row heads_of(const struct hs_attention *attention)
{
    const hs_model_shape *shape = attention->shape;
    return (struct hs_head_row){attention->n_heads, heads_per_group(shape), shape->head_dim};
}

static const float *own_key(const struct hs_attention *attention, size_t row, size_t t)
{
    const struct hs_own_keys *own = &attention->own;
    return own->keys + own->rows[row * own->rows_stride + t] * own->stride;
}

/* The first of a row's own keys that it sees. */
static size_t first_own(const struct hs_attention *attention)
{
    size_t first = first_column(attention);
    return first > attention->own.column ? first - attention->own.column : 0;
}

static void score_own(const struct hs_attention *attention, size_t row, float scale)
{
    size_t stride = stride_of(attention);
    for (size_t t = first_own(attention); t < attention->own.n; t++)
        attention->device->kernels->score_row(
            attention->pattern + row * stride + attention->own.column + t, attention->n_rows * stride,
            attention->queries + row * attention->query_stride, own_key(attention, row, t), heads_of(attention), scale);
}

static void mix_own(const struct hs_attention *attention, size_t row)
{
    size_t stride = stride_of(attention);
    for (size_t t = first_own(attention); t < attention->own.n; t++)
        attention->device->kernels->mix_row(
            attention->z + row * hs_z_width(attention->shape),
            attention->pattern + row * stride + attention->own.column + t, attention->n_rows * stride,
            own_key(attention, row, t) + hs_kv_width(attention->shape), heads_of(attention));
}

static void cap_scores(const struct hs_attention *attention, float *pattern, const struct hs_range *visible)
{
    float cap = (float)attention->shape->score_cap;
    for (size_t row = 0; cap > 0 && row < attention->n_rows; row++)
        attention->device->kernels->soft_cap(pattern + row * stride_of(attention) + visible[row].first, cap,
                                             visible[row].end - visible[row].first);
}

/*
 * ALiBi: what each visible key's column is away from the row's own, the last that it sees, times the head's slope. The
 * rounded kind goes by the column itself, since what rounding takes away depends on it.
 */
static void add_positions(const struct hs_attention *attention, size_t head, float *pattern,
                          const struct hs_range *visible)
{
    const struct hs_kernels *kernels = attention->device->kernels;
    const float slope = attention->slopes[head];
    for (size_t row = 0; row < attention->n_rows; row++) {
        float *scores = pattern + row * stride_of(attention) + visible[row].first;
        size_t n = visible[row].end - visible[row].first;
        if (attention->shape->position == HS_POSITION_ALIBI_ROUNDED)
            kernels->add_rounded_positions(scores, slope, scale_of(attention), (float)visible[row].first, n);
        else
            kernels->add_distances(scores, slope, 1.0f - (float)n, n);
    }
}

/* The softmax of the keys that each row sees. */
static void normalize(const struct hs_attention *attention)
{
    struct hs_range visible[HS_ATTENTION_ROWS];
    for (size_t row = 0; row < attention->n_rows; row++)
        visible[row] = (struct hs_range){
            (uint32_t)hs_first_visible(attention->n_visible[row], attention->window),
            attention->n_visible[row],
        };
    size_t end_head = attention->first_head + attention->n_heads;
    for (size_t head = attention->first_head; head < end_head; head++) {
        float *pattern = pattern_of(attention, head);
        cap_scores(attention, pattern, visible);
        if (attention->slopes != NULL)
            add_positions(attention, head, pattern, visible);
        attention->device->kernels->visible_softmax(pattern, stride_of(attention), attention->n_rows, visible);
        if (attention->see != NULL)
            attention->see(attention, head, pattern, stride_of(attention), visible);
    }
}

void hs__engine_attend(const struct hs_attention *attention)
{
    size_t end_head = attention->first_head + attention->n_heads;
    size_t n_own_rows = attention->own.n > 0 ? attention->n_rows : 0;
    float scale = scale_of(attention);
    for (size_t head = attention->first_head; head < end_head; head++)
        score_runs(attention, head, scale);
    for (size_t row = 0; row < n_own_rows; row++)
        score_own(attention, row, scale);
    normalize(attention);
    for (size_t head = attention->first_head; head < end_head; head++)
        mix_runs(attention, head);
    for (size_t row = 0; row < n_own_rows; row++)
        mix_own(attention, row);
}

double hs__engine_attend_flops(const hs_model_shape *shape)
{
    return 4.0 * (double)hs_z_width(shape);
}
