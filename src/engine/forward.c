/* forward: the plain pass of the reference engine. */
#include "engine/forward.h"
#include "engine/forward_attention.h"
#include "engine/kernels.h"
#include "engine/output_head.h"
#include "engine/state.h"
#include "engine/workload.h"

static void embed(const struct hs_pass *pass)
{
    const hs_model *model = pass->engine->model;
    float *residual = pass->scratch->residual;
    for (size_t sequence = 0; sequence < pass->sequences->n; sequence++) {
        const int32_t *tokens = pass->sequences->tokens + pass->sequences->offsets[sequence];
        size_t n_counted = 0;
        for (size_t t = 0; t < hs_sequence_length(pass->sequences, sequence); t++, residual += model->shape.width)
            hs__engine_embed(residual, model, tokens[t], hs_token_type(pass->sequences, sequence, t),
                             hs__engine_position_row(&model->shape, tokens[t], &n_counted), &pass->scratch->work);
    }
}

/* Queries and keys lie side by side, so they rotate as one run of heads. */
static void rotate_heads(const struct hs_pass *pass, size_t layer)
{
    const hs_model_shape *shape = &pass->engine->model->shape;
    float *heads = pass->scratch->heads;
    for (size_t sequence = 0; sequence < pass->sequences->n; sequence++)
        for (size_t t = 0; t < hs_sequence_length(pass->sequences, sequence); t++, heads += hs_heads_width(shape))
            hs__engine_rotate(pass->engine->device, heads, shape->n_heads + shape->n_kv_heads, pass->engine->model,
                              layer, &pass->scratch->angles, t);
}

/*
 * Edited between z and the output projection, which is where a head's share is still its own.
 * Observers see z as it is after the edit.
 */
static hs_status run_attention(const struct hs_pass *pass, size_t layer, size_t n_rows, hs_error *error)
{
    const hs_model *model = pass->engine->model;
    struct hs_scratch *scratch = pass->scratch;
    size_t width = model->shape.width;
    HS_TRY(hs__engine_show(pass, HS_SITE_RESIDUAL_BEFORE_ATTENTION, layer, scratch->residual, n_rows, width, error));
    HS_TRY(hs__engine_project_heads(scratch->heads, hs_heads_width(&model->shape), scratch->residual, n_rows, model,
                                    layer, HS_QUERY_KEY_VALUE, &scratch->work, error));
    rotate_heads(pass, layer);
    HS_TRY(hs__engine_forward_attention(pass, layer, error));
    if (pass->edit != NULL)
        hs__engine_edit_z(pass->edit, layer, scratch->z, pass->sequences);
    HS_TRY(hs__engine_show(pass, HS_SITE_Z, layer, scratch->z, n_rows, hs_z_width(&model->shape), error));
    HS_TRY(
        hs__engine_project_output(scratch->attention_output, scratch->z, n_rows, model, layer, &scratch->work, error));
    return hs__engine_show(pass, HS_SITE_ATTENTION_OUTPUT, layer, scratch->attention_output, n_rows, width, error);
}

/* What the MLP reads is nowhere as a whole; it is made for whoever looks, in the buffer of the residual before. */
static hs_status show_before_mlp(const struct hs_pass *pass, size_t layer, const float *after, size_t n_rows,
                                 hs_error *error)
{
    const hs_model *model = pass->engine->model;
    const float *values = model->shape.parallel_residual ? pass->scratch->residual : after;
    if (model->shape.post_norm && hs__engine_is_observed(pass, HS_SITE_RESIDUAL_BEFORE_MLP)) {
        hs__engine_norm(pass->engine->device, pass->scratch->residual, after, &model->layers[layer].attention_norm,
                        n_rows, &model->shape);
        values = pass->scratch->residual;
    }
    return hs__engine_show(pass, HS_SITE_RESIDUAL_BEFORE_MLP, layer, values, n_rows, model->shape.width, error);
}

/* The residual goes on where attention's output was: with parallel residuals the MLP still reads the one before. */
static hs_status run_layer(const struct hs_pass *pass, size_t layer, size_t n_rows, hs_error *error)
{
    const hs_model *model = pass->engine->model;
    struct hs_scratch *scratch = pass->scratch;
    HS_TRY(run_attention(pass, layer, n_rows, error));
    float *before = scratch->residual;
    float *after = scratch->attention_output;
    hs__engine_add_residual(after, before, n_rows, model, layer, pass->engine->device);
    HS_TRY(show_before_mlp(pass, layer, after, n_rows, error));
    HS_TRY(hs__engine_mlp(after, model->shape.parallel_residual ? before : after, n_rows, model, layer, &scratch->work,
                          error));
    scratch->residual = after;
    scratch->attention_output = before;
    HS_TRY(hs__engine_show(pass, HS_SITE_MLP_HIDDEN, layer, scratch->work.seen_hidden, n_rows, model->shape.mlp_width,
                           error));
    HS_TRY(
        hs__engine_show(pass, HS_SITE_MLP_OUTPUT, layer, scratch->work.seen_output, n_rows, model->shape.width, error));
    return hs__engine_show(pass, HS_SITE_RESIDUAL_AFTER_MLP, layer, after, n_rows, model->shape.width, error);
}

hs_status hs__engine_forward(const struct hs_pass *pass, hs_error *error)
{
    size_t n_rows = hs_sequences_n_rows(pass->sequences);
    embed(pass);
    for (size_t layer = 0; layer < pass->engine->model->shape.n_layers; layer++)
        HS_TRY(run_layer(pass, layer, n_rows, error));
    return HS_OK;
}

/* In blocks of HS_UNEMBED_ROWS, because rows of logits are as wide as the vocabulary. */
hs_status hs__engine_unembed_rows(const struct hs_pass *pass, float *logits, const uint32_t *rows, size_t n_rows,
                                  hs_error *error)
{
    const hs_model *model = pass->engine->model;
    const hs_model_shape *shape = &model->shape;
    float *gathered = pass->scratch->work.normed;
    for (size_t first = 0; first < n_rows; first += HS_UNEMBED_ROWS) {
        size_t n = n_rows - first < HS_UNEMBED_ROWS ? n_rows - first : HS_UNEMBED_ROWS;
        for (size_t i = 0; i < n; i++)
            hs_copy_floats(pass->engine->device->kernels, gathered + i * shape->width,
                           pass->scratch->residual + rows[first + i] * shape->width, shape->width);
        /* Nobody needs the last layer's attention output any more, and it has as many rows as there are. */
        const float *in =
            hs__engine_apply_head(pass->engine->device, gathered, pass->scratch->attention_output, n, model);
        hs__engine_unembed(pass->engine->device, logits + first * shape->n_outputs, shape->n_outputs, in, n, model, 0,
                           shape->n_outputs);
        HS_TRY(hs__engine_poll(pass->scratch->work.options, error));
    }
    return HS_OK;
}
