/* What an ablation does to z and to the attention pattern. */
#include "engine/edit.h"
#include "engine/kernels.h"
#include "engine/workload.h"

hs_status hs__engine_edit_check(const struct hs_edit *edit, hs_error *error)
{
    const hs_model_shape *shape = &edit->model->shape;
    const hs_reference_means *means = edit->means;
    if (hs_sets_intervention_needs_means(edit->intervention)) {
        if (means == NULL || means->n_positions == 0)
            return hs_fail(error, HS_ERROR_INPUT, "mean ablation needs reference means, and the engine was given none");
        if (means->n_layers != shape->n_layers || means->n_columns != shape->n_heads * shape->head_dim)
            return hs_fail(error, HS_ERROR_INPUT, "the reference means are of another model: %zu layers of %zu columns",
                           means->n_layers, means->n_columns);
    }
    if (hs_sets_intervention_needs_donors(edit->intervention) && edit->donors.values == NULL)
        return hs_fail(error, HS_ERROR_INPUT, "resample ablation needs donor sequences, and the workload has none");
    return HS_OK;
}

static bool is_row_edited(const struct hs_edit *edit, size_t packed_row)
{
    return edit->row_slots == NULL || edit->row_slots[packed_row] != HS_NOT_SCORED;
}

/*
 * Only weights of keys that the row sees are written; those behind are 0 already and must stay so.
 */
void hs__engine_edit_pattern(const struct hs_edit *edit, size_t layer, size_t head, float *pattern, size_t stride,
                             size_t n_rows, const struct hs_range *visible, size_t packed_row)
{
    const struct hs_edge *edge = hs__engine_find_edge(&edit->list, layer, HS_SITE_PATTERN);
    if (edge == NULL || !hs__engine_edge_has(edge, head))
        return;
    for (size_t row = 0; row < n_rows; row++) {
        if (!is_row_edited(edit, packed_row + row))
            continue;
        float *weights = pattern + row * stride;
        bool uniform = edit->intervention.kind == HS_INTERVENTION_UNIFORM;
        float equal = (float)(1.0 / (double)(visible[row].end - visible[row].first));
        for (size_t i = visible[row].first; i < visible[row].end; i++)
            weights[i] = uniform ? equal : (i == visible[row].first ? 1.0f : 0.0f);
    }
}

static const float *value_bias(const hs_model *model, size_t layer, size_t head)
{
    const float *bias = model->layers[layer].value.bias;
    size_t heads_per_group = model->shape.n_heads / model->shape.n_kv_heads;
    return bias == NULL ? NULL : bias + head / heads_per_group * model->shape.head_dim;
}

static size_t at_most(size_t value, size_t limit)
{
    return value < limit ? value : limit;
}

static const float *donor_row(const struct hs_edit *edit, size_t layer, size_t sequence, size_t position)
{
    const hs_sequences *sequences = &edit->donors.sequences;
    size_t n_columns = edit->model->shape.n_heads * edit->model->shape.head_dim;
    size_t donor = edit->donors.donors[sequence];
    size_t row = hs_sequence_first_row(sequences, donor) + at_most(position, hs_sequence_length(sequences, donor) - 1);
    return edit->donors.values + (layer * hs_sequences_n_rows(sequences) + row) * n_columns;
}

/*
 * One form for all interventions of z, scale * z + shift_scale * shift, so that whoever applies it
 * need not know which one it is. A position beyond the reference set's longest sequence takes the
 * last mean there is.
 */
struct hs_replacement hs__engine_edit_replacement(const struct hs_edit *edit, size_t layer, size_t head,
                                                  size_t sequence, size_t position)
{
    size_t column = head * edit->model->shape.head_dim;
    const hs_reference_means *means = edit->means;
    switch (edit->intervention.kind) {
    case HS_INTERVENTION_MEAN:
        return (struct hs_replacement){0.0f, means->mean + layer * means->n_columns + column, 1.0f};
    case HS_INTERVENTION_MEAN_POSITION: {
        size_t row = layer * means->n_positions + at_most(position, means->n_positions - 1);
        return (struct hs_replacement){0.0f, means->position_mean + row * means->n_columns + column, 1.0f};
    }
    case HS_INTERVENTION_RESAMPLE:
        return (struct hs_replacement){0.0f, donor_row(edit, layer, sequence, position) + column, 1.0f};
    case HS_INTERVENTION_ZERO:
    case HS_INTERVENTION_SCALE:
    default: {
        float scale = edit->intervention.kind == HS_INTERVENTION_SCALE ? edit->intervention.scale : 0.0f;
        const float *bias = edit->value_bias == HS_VALUE_BIAS_FOLDED ? value_bias(edit->model, layer, head) : NULL;
        return (struct hs_replacement){scale, bias, 1.0f - scale};
    }
    }
}

void hs__engine_edit_z_row(const struct hs_edit *edit, const struct hs_edge *edge, float *z, size_t sequence,
                           size_t position)
{
    size_t head_dim = edit->model->shape.head_dim;
    for (size_t i = 0; i < edge->n_runs; i++) {
        for (size_t head = edge->runs[i].first; head < edge->runs[i].end; head++) {
            struct hs_replacement replacement =
                hs__engine_edit_replacement(edit, edge->layer, head, sequence, position);
            edit->kernels->scale_and_shift(z + head * head_dim, replacement.scale, replacement.shift,
                                           replacement.shift_scale, head_dim);
        }
    }
}

void hs__engine_edit_z(const struct hs_edit *edit, size_t layer, float *z, const hs_sequences *sequences)
{
    const struct hs_edge *edge = hs__engine_find_edge(&edit->list, layer, HS_SITE_Z);
    size_t z_width = edit->model->shape.n_heads * edit->model->shape.head_dim;
    if (edge == NULL)
        return;
    for (size_t sequence = 0; sequence < sequences->n; sequence++) {
        size_t first = hs_sequence_first_row(sequences, sequence);
        size_t length = hs_sequence_length(sequences, sequence);
        for (size_t position = 0; position < length; position++) {
            if (is_row_edited(edit, first + position))
                hs__engine_edit_z_row(edit, edge, z + (first + position) * z_width, sequence, position);
        }
    }
}
