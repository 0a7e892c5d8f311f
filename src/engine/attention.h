/*
 * attention: softmax(scale q k^T) v of rows over runs of visible keys, written once; see layer.h.
 *
 * Keys and values lie in rows: of KV head g the key is at columns g * head_dim .., its value n_kv_heads * head_dim
 * columns further, as a product of them leaves them.
 */
#ifndef HEADSWEEP_ENGINE_ATTENTION_H
#define HEADSWEEP_ENGINE_ATTENTION_H

#include "engine/kernels.h"
#include "engine/layer.h"

/* Query rows at a time, whose pattern stays in the cache. */
enum { HS_ATTENTION_ROWS = 64 };

/* Keys that follow each other and that all query rows read. */
struct hs_key_run {
    const float *keys; /* of the first */
    size_t stride;     /* between two rows */
    size_t n_rows;
    size_t column; /* of the pattern: where the first goes */
};

/* Keys that every query row has of its own, at columns `column` .. of its pattern. */
struct hs_own_keys {
    const float *keys; /* row i is keys[i * stride] */
    size_t stride;
    const uint32_t *rows; /* [query rows, rows_stride]: the first n are read */
    size_t rows_stride;
    size_t n;
    size_t column;
};

/* Heads first_head .. first_head + n_heads of n_rows query rows, at most HS_ATTENTION_ROWS, of one layer. */
struct hs_attention {
    const struct hs_device *device;
    const hs_model_shape *shape;
    size_t layer;
    size_t first_head;
    size_t n_heads;
    const float *queries; /* [n_rows, n_heads of the model * head_dim], rows query_stride apart */
    size_t query_stride;
    float *z; /* [n_rows, n_heads of the model * head_dim], dense */
    size_t n_rows;
    const uint32_t *n_visible; /* [n_rows]: seen are the columns before this one; ascending */
    size_t window;             /* and of these the last so many; 0: all */
    const float *slopes;       /* [n_heads of the model] of ALiBi, with which columns are positions; NULL: none */
    const struct hs_key_run *runs;
    size_t n_runs;
    struct hs_own_keys own;
    float *pattern; /* [n_heads, n_rows, hs__engine_pattern_stride] */
    /*
     * Site `pattern`: reads or replaces the pattern [n_rows, stride] of a head, of row r the columns visible[r]. NULL:
     * nobody.
     */
    void (*see)(const struct hs_attention *attention, size_t head, float *pattern, size_t stride,
                const struct hs_range *visible);
    const void *context; /* of see */
};

/* Of the n_visible rows up to itself, or of its sequence, a row sees the last `window`; 0: all. */
static inline size_t hs_first_visible(size_t n_visible, size_t window)
{
    return window > 0 && n_visible > window ? n_visible - window : 0;
}

static inline size_t hs_n_seen(size_t n_visible, size_t window)
{
    return n_visible - hs_first_visible(n_visible, window);
}

/* Columns of a pattern whose rows see up to n_visible keys: whole registers. */
size_t hs__engine_pattern_stride(size_t n_visible);
/* Fills z of these heads. Where there are runs they must not be empty. */
void hs__engine_attend(const struct hs_attention *attention);

/* Floating-point operations of one row that sees another: its score and its share of z, over all heads of a layer. */
double hs__engine_attend_flops(const hs_model_shape *shape);

#endif
