/*
 * layer: the arithmetic of the transformer, written once. The reference pass, the prefix pass, prefill and
 * decoding are ways of walking these operations and have none of their own; attention.h and output_head.h are
 * the other two parts, hidden.h and experts.h what the MLP is made of.
 *
 * Every operation works on rows [n_rows, columns] that lie one after the other: it does not ask which sequence,
 * node of the ablation tree or sample a row belongs to. Outputs come first, then inputs, then sizes. Larger
 * intermediate results exist for one block of rows at a time, in a struct hs_work that the caller owns.
 */
#ifndef HEADSWEEP_ENGINE_LAYER_H
#define HEADSWEEP_ENGINE_LAYER_H

#include "engine/work.h"

/*
 * Row of position_embedding for the next token of a sequence, of whose tokens *n_counted_inout had a position so far.
 * Where an encoder's positions begin after a padding token, padding has the row before theirs and is not counted.
 */
size_t hs__engine_position_row(const hs_model_shape *shape, int32_t token, size_t *n_counted_inout);
/*
 * out [width] <- projection(norm(scale * token + position + type)), as far as the model has each of them.
 */
void hs__engine_embed(float *out, const hs_model *model, int32_t token, int32_t type, size_t position_row,
                      const struct hs_work *work);

/*
 * Cosines and sines [n_positions, rotary_dim / 2] of the angles by which position t turns; NULL: the model has none.
 * Where layers with a window rotate otherwise, theirs follow.
 */
struct hs_angles {
    float *cosines;
    float *sines;
    size_t n_positions;
};

/* Rows of the two buffers for n_positions. */
static inline size_t hs_angle_rows(const hs_model_shape *shape, size_t n_positions)
{
    return shape->position != HS_POSITION_ROTARY ? 0 : shape->rotates_windows_apart ? 2 * n_positions : n_positions;
}

void hs__engine_fill_angles(struct hs_angles *angles, const hs_model *model, size_t n_positions);
/* Turns n_heads heads of one row [n_heads, head_dim] of a layer by their position; nothing without rotation. */
void hs__engine_rotate(const struct hs_device *device, float *heads, size_t n_heads, const hs_model *model,
                       size_t layer, const struct hs_angles *angles, size_t position);

/* Operations of one row of it. */
double hs__engine_embed_flops(const hs_model *model);

/* out, in [n_rows, width]: layer norm or RMS norm, as the model has it. */
void hs__engine_norm(const struct hs_device *device, float *out, const float *in, const hs_norm *norm, size_t n_rows,
                     const hs_model_shape *shape);
/* The same in place, of rows [n_rows, n_columns] that need not be as wide as the residual. */
void hs__engine_norm_in_place(const struct hs_device *device, float *rows, const hs_norm *norm, size_t n_rows,
                              size_t n_columns, const hs_model_shape *shape);

/* Query, key and value of a row lie side by side in this order. */
enum hs_head_parts { HS_QUERY_KEY_VALUE, HS_KEY_VALUE, HS_QUERY };

/*
 * heads <- read(residual) W + b for the parts of n_rows rows; read is the norm before attention, or nothing where norms
 * come after. Queries and keys are normed where the model does that, and not rotated yet. Rows of heads lie `stride`
 * apart, and `heads` is where the first part of the first row goes.
 */
hs_status hs__engine_project_heads(float *heads, size_t stride, const float *residual, size_t n_rows,
                                   const hs_model *model, size_t layer, enum hs_head_parts parts,
                                   const struct hs_work *work, hs_error *error);
/* out [n_rows, width] <- z [n_rows, n_heads * head_dim] W_O + b_O: what attention adds to the residual. */
hs_status hs__engine_project_output(float *out, const float *z, size_t n_rows, const hs_model *model, size_t layer,
                                    const struct hs_work *work, hs_error *error);
/*
 * residual [n_rows, width] += z [n_rows, n_heads * head_dim] W_O + b_O. Where a norm comes between, the sum has to wait
 * until all that edits z has been added: residual becomes the product alone.
 */
hs_status hs__engine_add_attention(float *residual, const float *z, size_t n_rows, const hs_model *model, size_t layer,
                                   const struct hs_work *work, hs_error *error);
/* output [n_rows, width] <- before + norm(output), the norm where attention's output has one. */
void hs__engine_add_residual(float *output, const float *before, size_t n_rows, const hs_model *model, size_t layer,
                             const struct hs_device *device);
/*
 * From the residual after attention to the one after the layer, in place, [n_rows, width]:
 *     residual += down(hidden(norm(in)))                                            norms before, if any
 *     residual += norm_2(down(hidden(norm(in))))                                    and of outputs
 *     after = norm_1(residual);  residual = norm_2(after + down(hidden(after)))     norms after
 * with hidden(x) = activation(up(x)), or activation(gate(x)) * up(x), or what a mixture of experts adds (experts.h).
 * `in` is the residual itself, or with parallel residuals the one before attention.
 */
hs_status hs__engine_mlp(float *residual, const float *in, size_t n_rows, const hs_model *model, size_t layer,
                         const struct hs_work *work, hs_error *error);
/*
 * All of a layer that follows hs__engine_add_attention, in place. `before` [n_rows, width] is the residual before
 * attention, read where hs_keeps_before.
 */
hs_status hs__engine_finish_layer(float *residual, const float *before, size_t n_rows, const hs_model *model,
                                  size_t layer, const struct hs_work *work, hs_error *error);

/* Floating-point operations of one row in the operation's matrix products; see cost.h. */
double hs__engine_project_heads_flops(const hs_model_layer *layer, enum hs_head_parts parts);
double hs__engine_add_attention_flops(const hs_model_layer *layer);
double hs__engine_mlp_flops(const hs_model_layer *layer);
/* Of all of them. */
double hs__engine_layer_flops(const hs_model_layer *layer);

#endif
