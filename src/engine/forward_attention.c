/*
 * forward_attention: the reference pass's attention, with whole patterns, which edits and
 * observers work on.
 */
#include "engine/forward_attention.h"
#include "engine/attention.h"
#include "engine/state.h"
#include "engine/workload.h"

#include <string.h>

/* Query rows first_row .. + attention.n_rows of one sequence. */
struct block {
    const struct hs_pass *pass;
    size_t sequence;
    size_t first_row;
    size_t length;
};

/*
 * Called between softmax and the weighted sum. What is shown is dense, with zeros for what a row
 * does not see, whatever the kernels' stride is.
 */
static void see_pattern(const struct hs_attention *attention, size_t head, float *pattern, size_t stride,
                        const struct hs_range *visible)
{
    const struct block *block = attention->context;
    const struct hs_pass *pass = block->pass;
    if (pass->edit != NULL)
        hs__engine_edit_pattern(pass->edit, attention->layer, head, pattern, stride, attention->n_rows, visible,
                                hs_sequence_first_row(pass->sequences, block->sequence) + block->first_row);
    if (!hs__engine_is_observed(pass, HS_SITE_PATTERN))
        return;
    size_t n_keys = attention->n_visible[attention->n_rows - 1];
    for (size_t row = 0; row < attention->n_rows; row++) {
        float *out = pass->observed_pattern + (block->first_row + row) * block->length;
        memcpy(out, pattern + row * stride, n_keys * sizeof *out);
        memset(out + n_keys, 0, (block->length - n_keys) * sizeof *out);
    }
}

/* A row sees what is before it and itself, or the whole sequence. */
static void attend_block(struct block block, size_t layer, size_t head)
{
    const struct hs_pass *pass = block.pass;
    const struct hs_scratch *scratch = pass->scratch;
    const hs_model_shape *shape = &pass->engine->model->shape;
    size_t first_row = hs_sequence_first_row(pass->sequences, block.sequence);
    size_t left = block.length - block.first_row;
    uint32_t n_visible[HS_ATTENTION_ROWS];
    size_t n_rows = left < HS_ATTENTION_ROWS ? left : HS_ATTENTION_ROWS;
    for (size_t row = 0; row < n_rows; row++)
        n_visible[row] = (uint32_t)(shape->bidirectional ? block.length : block.first_row + row + 1);
    struct hs_key_run run = {
        .keys = scratch->heads + first_row * hs_heads_width(shape) + hs_z_width(shape),
        .stride = hs_heads_width(shape),
        .n_rows = n_visible[n_rows - 1],
    };
    struct hs_attention attention = {
        .device = pass->engine->device,
        .shape = shape,
        .layer = layer,
        .first_head = head,
        .n_heads = 1,
        .queries = scratch->heads + (first_row + block.first_row) * hs_heads_width(shape),
        .query_stride = hs_heads_width(shape),
        .z = scratch->z + (first_row + block.first_row) * hs_z_width(shape),
        .n_rows = n_rows,
        .n_visible = n_visible,
        .window = pass->engine->model->layers[layer].window,
        .slopes = pass->engine->model->alibi_slopes,
        .runs = &run,
        .n_runs = 1,
        .pattern = scratch->pattern,
        .see = see_pattern,
        .context = &block,
    };
    hs__engine_attend(&attention);
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

static hs_status attend_sequence(const struct hs_pass *pass, size_t layer, size_t sequence, size_t head,
                                 hs_error *error)
{
    struct block block = {.pass = pass, .sequence = sequence, .length = hs_sequence_length(pass->sequences, sequence)};
    for (; block.first_row < block.length; block.first_row += HS_ATTENTION_ROWS)
        attend_block(block, layer, head);
    bool shown = hs__engine_is_observed(pass, HS_SITE_PATTERN) && block.length > 0;
    return shown ? show_pattern(pass, layer, sequence, head, error) : HS_OK;
}

hs_status hs__engine_forward_attention(const struct hs_pass *pass, size_t layer, hs_error *error)
{
    for (size_t sequence = 0; sequence < pass->sequences->n; sequence++) {
        for (size_t head = 0; head < pass->engine->model->shape.n_heads; head++)
            HS_TRY(attend_sequence(pass, layer, sequence, head, error));
        HS_TRY(hs__engine_poll(pass->scratch->work.options, error));
    }
    return HS_OK;
}
