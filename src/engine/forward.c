#include "engine/forward.h"
#include "engine/attention.h"
#include "engine/blas.h"
#include "engine/kernels.h"
#include "engine/state.h"
#include "engine/workload.h"

#include <math.h>
#include <string.h>

/* ---- sites ----------------------------------------------------------------------------------------------------- */

bool hs_is_observed(const struct hs_pass *pass, hs_site site)
{
    return pass->observer != NULL && (pass->observer->sites & (1u << site)) != 0;
}

hs_status hs_show(const struct hs_pass *pass, hs_site site, size_t layer, const float *values, size_t n_rows,
                  size_t n_columns, hs_error *error)
{
    if (!hs_is_observed(pass, site))
        return HS_OK;
    hs_observation observation = {
        .site = site,
        .layer = layer,
        .values = values,
        .n_rows = n_rows,
        .n_columns = n_columns,
        .sequences = pass->sequences,
    };
    return pass->observer->observe(pass->observer->context, &observation, error);
}

static void poll(const struct hs_pass *pass)
{
    const hs_engine_options *options = &pass->engine->options;
    if (options->poll != NULL)
        (void)options->poll(options->poll_context);
}

/* ---- embedding and rotation ------------------------------------------------------------------------------------ */

void hs_embed(float *out, float *work, const hs_model *model, int32_t token, size_t position)
{
    const hs_model_shape *shape = &model->shape;
    size_t width = shape->width;
    float *sum = model->embedding_norm.weight != NULL ? work : out;
    memcpy(sum, model->token_embedding + (size_t)token * width, width * sizeof *sum);
    if (shape->position == HS_POSITION_LEARNED)
        hs_add(sum, model->position_embedding + (shape->first_position + position) * width, width);
    if (model->token_type_embedding != NULL)
        hs_add(sum, model->token_type_embedding, width);
    if (model->embedding_norm.weight != NULL)
        hs_apply_norm(out, sum, &model->embedding_norm, 1, shape);
}

static void embed(const struct hs_pass *pass)
{
    const hs_model *model = pass->engine->model;
    float *residual = pass->scratch->residual;
    for (size_t sequence = 0; sequence < pass->sequences->n; sequence++) {
        const int32_t *tokens = pass->sequences->tokens + pass->sequences->offsets[sequence];
        for (size_t t = 0; t < hs_sequence_length(pass->sequences, sequence); t++, residual += model->shape.width)
            hs_embed(residual, pass->scratch->normed, model, tokens[t], t);
    }
}

void hs_fill_angles(float *cosines, float *sines, const hs_model *model, size_t longest)
{
    size_t n_angles = model->shape.rotary_dim / 2;
    for (size_t t = 0; model->shape.position == HS_POSITION_ROTARY && t < longest; t++) {
        for (size_t i = 0; i < n_angles; i++) {
            double angle = (double)t * (double)model->rotary_frequencies[i];
            cosines[t * n_angles + i] = (float)cos(angle);
            sines[t * n_angles + i] = (float)sin(angle);
        }
    }
}

/* Queries and keys lie side by side, so they rotate as one run of heads. */
static void rotate_heads(const struct hs_pass *pass)
{
    const hs_model_shape *shape = &pass->engine->model->shape;
    size_t n_angles = shape->rotary_dim / 2;
    size_t stride = (shape->n_heads + 2 * shape->n_kv_heads) * shape->head_dim;
    float *heads = pass->scratch->heads;
    for (size_t sequence = 0; sequence < pass->sequences->n; sequence++) {
        for (size_t t = 0; t < hs_sequence_length(pass->sequences, sequence); t++, heads += stride)
            hs_rotate(heads, pass->scratch->cosines + t * n_angles, pass->scratch->sines + t * n_angles,
                      shape->n_heads + shape->n_kv_heads, shape->head_dim, shape->rotary_dim);
    }
}

/* ---- the parts of a layer -------------------------------------------------------------------------------------- */

void hs_apply_norm(float *out, const float *in, const hs_norm *norm, size_t n_rows, const hs_model_shape *shape)
{
    if (shape->norm == HS_NORM_RMS)
        hs_rms_norm(out, in, norm->weight, norm->bias, n_rows, shape->width, shape->norm_epsilon);
    else
        hs_layer_norm(out, in, norm->weight, norm->bias, n_rows, shape->width, shape->norm_epsilon);
}

const float *hs_read_residual(float *normed, const float *residual, const hs_norm *norm, size_t n_rows,
                              const hs_model_shape *shape)
{
    if (shape->post_norm)
        return residual;
    hs_apply_norm(normed, residual, norm, n_rows, shape);
    return normed;
}

static bool follows(const hs_linear *next, const hs_linear *first)
{
    const float *end = first->values + first->n_out * (first->transposed ? first->stride : 1);
    bool bias_follows = first->bias == NULL ? next->bias == NULL : next->bias == first->bias + first->n_out;
    return next->values == end && bias_follows && next->stride == first->stride &&
           next->transposed == first->transposed;
}

size_t hs_list_head_products(hs_linear products[3], const hs_model_layer *layer, size_t first)
{
    const hs_linear *all[] = {&layer->query, &layer->key, &layer->value};
    size_t n = 0;
    for (size_t i = first; i < 3; i++) {
        if (i > first && follows(all[i], all[i - 1]))
            products[n - 1].n_out += all[i]->n_out;
        else
            products[n++] = *all[i];
    }
    return n;
}

static void project_heads(const struct hs_pass *pass, size_t index, size_t first_row, size_t n_rows)
{
    const hs_model *model = pass->engine->model;
    const hs_model_layer *layer = &model->layers[index];
    struct hs_scratch *scratch = pass->scratch;
    size_t stride = layer->query.n_out + layer->key.n_out + layer->value.n_out;
    const float *in = hs_read_residual(scratch->normed, scratch->residual + first_row * model->shape.width,
                                       &layer->attention_norm, n_rows, &model->shape);
    hs_linear products[3];
    size_t n_products = hs_list_head_products(products, layer, 0);
    float *out = scratch->heads + first_row * stride;
    for (size_t i = 0; i < n_products; i++) {
        hs_linear_apply(out, stride, in, n_rows, &products[i]);
        out += products[i].n_out;
    }
}

/*
 * The attention's share reaches the residual before the MLP's norm reads it, or after where both read the same
 * residual.
 */
static void add_attention(const struct hs_pass *pass, size_t first_row, size_t n_rows)
{
    size_t width = pass->engine->model->shape.width;
    hs_add(pass->scratch->residual + first_row * width, pass->scratch->attention_output + first_row * width,
           n_rows * width);
}

/* The residual becomes the norm of itself plus the attention's share. */
static void norm_after_attention(const struct hs_pass *pass, size_t index, size_t first_row, size_t n_rows)
{
    const hs_model_shape *shape = &pass->engine->model->shape;
    float *residual = pass->scratch->residual + first_row * shape->width;
    float *sum = pass->scratch->attention_output + first_row * shape->width;
    hs_add(sum, residual, n_rows * shape->width);
    hs_apply_norm(residual, sum, &pass->engine->model->layers[index].attention_norm, n_rows, shape);
}

static void apply_mlp(const struct hs_pass *pass, size_t index, size_t first_row, size_t n_rows)
{
    const hs_model_shape *shape = &pass->engine->model->shape;
    const hs_model_layer *layer = &pass->engine->model->layers[index];
    struct hs_scratch *scratch = pass->scratch;
    float *residual = scratch->residual + first_row * shape->width;
    const float *in = hs_read_residual(scratch->normed, residual, &layer->mlp_norm, n_rows, shape);
    hs_linear_apply(scratch->hidden, shape->mlp_width, in, n_rows, &layer->mlp_up);
    if (shape->gated_mlp) {
        hs_linear_apply(scratch->gate, shape->mlp_width, in, n_rows, &layer->mlp_gate);
        hs_activate(scratch->gate, n_rows * shape->mlp_width, shape->activation);
        hs_multiply(scratch->hidden, scratch->gate, n_rows * shape->mlp_width);
    } else {
        hs_activate(scratch->hidden, n_rows * shape->mlp_width, shape->activation);
    }
    if (shape->parallel_residual)
        add_attention(pass, first_row, n_rows);
    if (shape->post_norm) {
        hs_linear_apply(scratch->normed, shape->width, scratch->hidden, n_rows, &layer->mlp_down);
        hs_add(scratch->normed, residual, n_rows * shape->width);
        hs_apply_norm(residual, scratch->normed, &layer->mlp_norm, n_rows, shape);
    } else {
        hs_linear_accumulate(residual, scratch->hidden, n_rows, &layer->mlp_down);
    }
}

/* Calls a part for all rows, block by block. */
static void for_each_block(const struct hs_pass *pass, size_t layer, size_t n_rows,
                           void (*part)(const struct hs_pass *pass, size_t layer, size_t first_row, size_t n_rows))
{
    size_t block_rows = pass->scratch->block_rows;
    for (size_t first = 0; first < n_rows; first += block_rows) {
        part(pass, layer, first, n_rows - first < block_rows ? n_rows - first : block_rows);
        poll(pass);
    }
}

/* ---- the pass -------------------------------------------------------------------------------------------------- */

static hs_status run_attention(const struct hs_pass *pass, size_t index, size_t n_rows, hs_error *error)
{
    const hs_model_shape *shape = &pass->engine->model->shape;
    const hs_model_layer *layer = &pass->engine->model->layers[index];
    struct hs_scratch *scratch = pass->scratch;
    HS_TRY(hs_show(pass, HS_SITE_RESIDUAL_BEFORE_ATTENTION, index, scratch->residual, n_rows, shape->width, error));
    for_each_block(pass, index, n_rows, project_heads);
    if (shape->position == HS_POSITION_ROTARY)
        rotate_heads(pass);
    HS_TRY(hs_attention(pass, index, error));
    if (pass->edit != NULL)
        hs_edit_z(pass->edit, index, scratch->z, pass->sequences);
    HS_TRY(hs_show(pass, HS_SITE_Z, index, scratch->z, n_rows, layer->output.n_in, error));
    hs_linear_apply(scratch->attention_output, shape->width, scratch->z, n_rows, &layer->output);
    return hs_show(pass, HS_SITE_ATTENTION_OUTPUT, index, scratch->attention_output, n_rows, shape->width, error);
}

static hs_status run_layer(const struct hs_pass *pass, size_t index, size_t n_rows, hs_error *error)
{
    const hs_model_shape *shape = &pass->engine->model->shape;
    const float *residual = pass->scratch->residual;
    HS_TRY(run_attention(pass, index, n_rows, error));
    if (shape->post_norm)
        norm_after_attention(pass, index, 0, n_rows);
    else if (!shape->parallel_residual)
        add_attention(pass, 0, n_rows);
    HS_TRY(hs_show(pass, HS_SITE_RESIDUAL_BEFORE_MLP, index, residual, n_rows, shape->width, error));
    for_each_block(pass, index, n_rows, apply_mlp);
    return hs_show(pass, HS_SITE_RESIDUAL_AFTER_MLP, index, residual, n_rows, shape->width, error);
}

hs_status hs_forward(const struct hs_pass *pass, hs_error *error)
{
    size_t n_rows = hs_sequences_n_rows(pass->sequences);
    embed(pass);
    for (size_t layer = 0; layer < pass->engine->model->shape.n_layers; layer++)
        HS_TRY(run_layer(pass, layer, n_rows, error));
    return HS_OK;
}

static void swap(float **a, float **b)
{
    float *kept = *a;
    *a = *b;
    *b = kept;
}

const float *hs_apply_head(float *rows, float *work, size_t n_rows, const hs_model *model)
{
    const hs_model_shape *shape = &model->shape;
    if (model->final_norm.weight != NULL) {
        hs_apply_norm(work, rows, &model->final_norm, n_rows, shape);
        swap(&rows, &work);
    }
    if (model->head_dense.values != NULL) {
        hs_linear_apply(work, shape->width, rows, n_rows, &model->head_dense);
        hs_activate(work, n_rows * shape->width, shape->head_activation);
        swap(&rows, &work);
    }
    if (model->head_norm.weight != NULL) {
        hs_apply_norm(work, rows, &model->head_norm, n_rows, shape);
        swap(&rows, &work);
    }
    return rows;
}

void hs_unembed(const struct hs_pass *pass, float *logits, const uint32_t *rows, size_t n_rows)
{
    const hs_model *model = pass->engine->model;
    const hs_model_shape *shape = &model->shape;
    float *gathered = pass->scratch->normed;
    for (size_t first = 0; first < n_rows; first += HS_UNEMBED_ROWS) {
        size_t n = n_rows - first < HS_UNEMBED_ROWS ? n_rows - first : HS_UNEMBED_ROWS;
        for (size_t i = 0; i < n; i++)
            memcpy(gathered + i * shape->width, pass->scratch->residual + rows[first + i] * shape->width,
                   shape->width * sizeof *gathered);
        /* Nobody needs the last layer's attention output any more, and it has as many rows as there are. */
        const float *in = hs_apply_head(gathered, pass->scratch->attention_output, n, model);
        hs_linear_apply(logits + first * shape->n_outputs, shape->n_outputs, in, n, &model->unembedding);
    }
}
