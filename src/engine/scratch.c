/* scratch: the reference pass's buffers, from one list that both counts and allocates. */
#include "engine/scratch.h"
#include "engine/attention.h"
#include "engine/experts.h"

enum {
    ALIGNMENT = 64,
    BLOCK_ROWS = 256,
    MAX_LOGITS_BYTES = 64 << 20,
};

enum { MAX_BUFFERS = 24 + HS_EXPERT_BUFFERS };

struct buffer_list {
    struct hs_buffer buffers[MAX_BUFFERS];
    size_t n;
};

static size_t at_most(size_t value, size_t limit)
{
    return value < limit ? value : limit;
}

static size_t logits_rows(const struct hs_scratch_size *size)
{
    if (size->keeps_logits)
        return size->n_scored_rows;
    size_t row_bytes = hs__engine_multiply_sizes(size->shape->n_outputs, sizeof(float));
    size_t fitting = row_bytes == 0 ? HS_UNEMBED_ROWS : MAX_LOGITS_BYTES / row_bytes;
    size_t rows = at_most(fitting > 0 ? fitting : 1, HS_UNEMBED_ROWS);
    return at_most(rows, size->n_scored_rows);
}

/* Whole registers of keys. */
static size_t key_stride(const struct hs_scratch_size *size)
{
    size_t floats = ALIGNMENT / sizeof(float);
    return (size->longest + floats - 1) / floats * floats;
}

#define LIST_BUFFER(list, name, n_rows, n_columns) \
    ((list)->buffers[(list)->n++] = HS_BUFFER(scratch->name, n_rows, n_columns))
#define LIST_HOST_BUFFER(list, name, n_rows, n_columns) \
    ((list)->buffers[(list)->n++] = HS_HOST_BUFFER(scratch->name, n_rows, n_columns))

/* Sets the sizes in `scratch` as well. */
static void list_buffers(struct buffer_list *list, struct hs_scratch *scratch, const struct hs_scratch_size *size)
{
    const hs_model_shape *shape = size->shape;
    size_t z_width = shape->n_heads * shape->head_dim;
    scratch->work.block_rows = at_most(size->n_rows, BLOCK_ROWS);
    size_t norm_rows = scratch->work.block_rows > HS_UNEMBED_ROWS ? scratch->work.block_rows : HS_UNEMBED_ROWS;
    scratch->logits_rows = logits_rows(size);
    list->n = 0;
    LIST_BUFFER(list, residual, size->n_rows, hs_widest_row(shape));
    LIST_BUFFER(list, attention_output, size->n_rows, hs_widest_row(shape)); /* the two change places */
    LIST_BUFFER(list, heads, size->n_rows, z_width + 2 * shape->n_kv_heads * shape->head_dim);
    LIST_BUFFER(list, z, size->n_rows, z_width);
    LIST_BUFFER(list, work.normed, norm_rows, hs_widest_row(shape));
    LIST_BUFFER(list, work.hidden, scratch->work.block_rows, hs_hidden_width(shape));
    LIST_BUFFER(list, work.gate, shape->gated_mlp ? scratch->work.block_rows : 0, hs_hidden_width(shape));
    list->n += hs__engine_list_expert_buffers(list->buffers + list->n, &scratch->work, shape, scratch->work.block_rows);
    LIST_BUFFER(list, pattern, HS_ATTENTION_ROWS, key_stride(size));
    LIST_BUFFER(list, angles.cosines, hs_angle_rows(shape, size->longest), shape->rotary_dim / 2);
    LIST_BUFFER(list, angles.sines, hs_angle_rows(shape, size->longest), shape->rotary_dim / 2);
    LIST_BUFFER(list, logits, scratch->logits_rows, shape->n_outputs);
    LIST_HOST_BUFFER(list, log_sums, scratch->logits_rows, 1);
    LIST_HOST_BUFFER(list, greedy, scratch->logits_rows, 1);
    LIST_HOST_BUFFER(list, row_slots, size->n_rows, 1);
    LIST_HOST_BUFFER(list, scored_rows, size->n_scored_rows, 1);
    LIST_HOST_BUFFER(list, statistics, size->n_scored_rows, 1);
    LIST_HOST_BUFFER(list, edges, hs__engine_most_edges(shape, SIZE_MAX), 1);
    LIST_HOST_BUFFER(list, runs, hs__engine_most_runs(shape, SIZE_MAX), 1);
    LIST_BUFFER(list, donor_z, shape->n_layers, hs__engine_multiply_sizes(size->n_donor_rows, z_width));
}

size_t hs__engine_scratch_bytes(const struct hs_scratch_size *size)
{
    struct hs_scratch scratch = {0};
    struct buffer_list list;
    list_buffers(&list, &scratch, size);
    return hs__engine_buffers_bytes(list.buffers, list.n);
}

hs_status hs__engine_scratch_init(struct hs_scratch *scratch, const struct hs_scratch_size *size,
                                  const struct hs_device *device, const hs_model *model,
                                  const hs_engine_options *options, hs_error *error)
{
    *scratch = (struct hs_scratch){0};
    struct buffer_list list;
    list_buffers(&list, scratch, size);
    HS_TRY(hs__engine_buffers_allocate(&scratch->memory, device, list.buffers, list.n, "the buffers of a forward pass",
                                       error));
    scratch->work.device = device;
    scratch->work.options = options;
    hs__engine_fill_angles(&scratch->angles, model, size->longest);
    return HS_OK;
}

void hs__engine_scratch_clear(struct hs_scratch *scratch)
{
    hs__engine_buffers_release(&scratch->memory);
    *scratch = (struct hs_scratch){0};
}
