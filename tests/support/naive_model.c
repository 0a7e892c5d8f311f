#include "support/naive_model.h"
#include "support/naive_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* In place, over n values. */
static void apply_rms(double *x, const float *weight, size_t n, double epsilon)
{
    double square = 0;
    for (size_t i = 0; i < n; i++)
        square += x[i] * x[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        x[i] = x[i] / sqrt(square + epsilon) * (double)weight[i];
}

static void clip(double *heads, size_t n_heads, const hs_model_shape *shape)
{
    for (size_t i = 0; i < n_heads * shape->head_dim && shape->head_limit > 0; i++)
        heads[i] = fmax(-shape->head_limit, fmin(shape->head_limit, heads[i]));
}

static void subtract_mean(double *x, size_t n)
{
    double mean = 0;
    for (size_t i = 0; i < n; i++)
        mean += x[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        x[i] -= mean;
}

static void norm_heads(double *heads, size_t n_heads, const hs_norm *norm, const hs_model_shape *shape)
{
    if (shape->query_key_norm == HS_QUERY_KEY_NORM_ALL)
        apply_rms(heads, norm->weight, n_heads * shape->head_dim, shape->norm_epsilon);
    for (size_t head = 0; head < n_heads && shape->query_key_norm == HS_QUERY_KEY_NORM_EACH; head++)
        apply_rms(heads + head * shape->head_dim, norm->weight, shape->head_dim, shape->norm_epsilon);
    for (size_t head = 0; head < n_heads && shape->query_key_norm == HS_QUERY_KEY_NORM_LAYER; head++) {
        subtract_mean(heads + head * shape->head_dim, shape->head_dim);
        apply_rms(heads + head * shape->head_dim, norm->weight + head * shape->head_dim, shape->head_dim,
                  shape->norm_epsilon);
    }
}

/* What a part of a layer reads: the norm, unless that comes after. */
static void read_residual(double *y, const double *x, const hs_norm *norm, const hs_model_shape *shape)
{
    if (shape->post_norm || norm->weight == NULL)
        memcpy(y, x, shape->width * sizeof *y);
    else
        naive_norm(y, x, norm, shape->width, shape);
}

static void rotate(double *head, size_t row, const hs_model *model, size_t layer)
{
    bool is_apart = model->shape.rotates_windows_apart && model->layers[layer].window > 0;
    const float *frequencies = is_apart ? model->window_frequencies : model->rotary_frequencies;
    double scale = is_apart ? 1 : model->rotary_scale;
    size_t half = model->shape.rotary_dim / 2;
    for (size_t i = 0; i < half; i++) {
        double angle = (double)row * (double)frequencies[i];
        double x = head[i];
        double y = head[i + half];
        head[i] = scale * (x * cos(angle) - y * sin(angle));
        head[i + half] = scale * (y * cos(angle) + x * sin(angle));
    }
}

struct pass {
    const hs_model *model;
    const struct naive_edit *edit;
    const struct naive_sites *sites;
    size_t length;
    double *residual; /* [length, width] */
    double *queries;  /* [length, n_heads * head_dim] */
    double *keys;     /* [length, n_kv_heads * head_dim] */
    double *values;   /* the same */
    double *z;        /* [length, n_heads * head_dim] */
};

static void fill_heads(struct pass *pass, size_t layer)
{
    const hs_model_shape *shape = &pass->model->shape;
    const hs_model_layer *weights = &pass->model->layers[layer];
    size_t dim = shape->head_dim;
    double *normed = naive_doubles(shape->width);
    for (size_t row = 0; row < pass->length; row++) {
        read_residual(normed, pass->residual + row * shape->width, &weights->attention_norm, shape);
        double *query = pass->queries + row * shape->n_heads * dim;
        double *key = pass->keys + row * shape->n_kv_heads * dim;
        naive_linear(query, normed, &weights->query);
        naive_linear(key, normed, &weights->key);
        naive_linear(pass->values + row * shape->n_kv_heads * dim, normed, &weights->value);
        clip(query, shape->n_heads, shape);
        clip(key, shape->n_kv_heads, shape);
        clip(pass->values + row * shape->n_kv_heads * dim, shape->n_kv_heads, shape);
        norm_heads(query, shape->n_heads, &weights->query_norm, shape);
        norm_heads(key, shape->n_kv_heads, &weights->key_norm, shape);
        for (size_t head = 0; head < shape->n_heads && shape->position == HS_POSITION_ROTARY; head++)
            rotate(query + head * dim, row, pass->model, layer);
        for (size_t head = 0; head < shape->n_kv_heads && shape->position == HS_POSITION_ROTARY; head++)
            rotate(key + head * dim, row, pass->model, layer);
    }
    free(normed);
}

static size_t first_visible(const struct pass *pass, size_t layer, size_t row)
{
    size_t window = pass->model->layers[layer].window;
    return window > 0 && row >= window ? row + 1 - window : 0;
}

static double soft_cap(double x, double cap)
{
    return cap > 0 ? cap * tanh(x / cap) : x;
}

static size_t n_visible(const struct pass *pass, size_t row)
{
    return pass->model->shape.bidirectional ? pass->length : row + 1;
}

static double bfloat16(double value)
{
    float nearest = (float)value;
    int exponent = 0;
    (void)frexp((double)nearest, &exponent);
    return ldexp(nearbyint(ldexp((double)nearest, 8 - exponent)), exponent - 8);
}

/* What ALiBi adds to the score of a row and a key. */
static double position_score(const hs_model *model, size_t head, size_t row, size_t key)
{
    if (model->alibi_slopes == NULL)
        return 0;
    double slope = (double)model->alibi_slopes[head];
    if (model->shape.position == HS_POSITION_ALIBI_ROUNDED)
        return model->shape.attention_scale * bfloat16(slope * (double)key);
    return slope * ((double)key - (double)row);
}

static void fill_pattern(double *weights, const struct pass *pass, size_t layer, size_t head, size_t row)
{
    const hs_model_shape *shape = &pass->model->shape;
    size_t dim = shape->head_dim;
    size_t kv_head = head / (shape->n_heads / shape->n_kv_heads);
    const double *query = pass->queries + (row * shape->n_heads + head) * dim;
    double scale = shape->attention_scale / (shape->scale_by_inverse_layer ? (double)(layer + 1) : 1);
    size_t first = first_visible(pass, layer, row);
    memset(weights, 0, first * sizeof *weights);
    for (size_t i = first; i < n_visible(pass, row); i++) {
        weights[i] = 0;
        for (size_t d = 0; d < dim; d++)
            weights[i] += scale * query[d] * pass->keys[(i * shape->n_kv_heads + kv_head) * dim + d];
        weights[i] = soft_cap(weights[i], shape->score_cap) + position_score(pass->model, head, row, i);
    }
    double log_sum = naive_log_sum(weights + first, n_visible(pass, row) - first);
    for (size_t i = first; i < n_visible(pass, row); i++)
        weights[i] = exp(weights[i] - log_sum);
}

static void attend(struct pass *pass, size_t layer, size_t head, size_t row, double *weights)
{
    const hs_model_shape *shape = &pass->model->shape;
    size_t dim = shape->head_dim;
    size_t kv_head = head / (shape->n_heads / shape->n_kv_heads);
    fill_pattern(weights, pass, layer, head, row);
    if (pass->edit != NULL && pass->edit->pattern != NULL)
        pass->edit->pattern(pass->edit->context, layer, head, row, weights + first_visible(pass, layer, row),
                            n_visible(pass, row) - first_visible(pass, layer, row));
    double *z = pass->z + (row * shape->n_heads + head) * dim;
    for (size_t d = 0; d < dim; d++) {
        z[d] = 0;
        for (size_t i = 0; i < n_visible(pass, row); i++)
            z[d] += weights[i] * pass->values[(i * shape->n_kv_heads + kv_head) * dim + d];
    }
    if (pass->edit != NULL && pass->edit->z != NULL)
        pass->edit->z(pass->edit->context, layer, head, row, z);
    if (pass->sites != NULL && pass->sites->pattern != NULL)
        memcpy(pass->sites->pattern + ((layer * shape->n_heads + head) * pass->length + row) * pass->length, weights,
               n_visible(pass, row) * sizeof *weights);
}

static void keep(double *site, size_t layer, size_t row, size_t length, const double *values, size_t n)
{
    if (site != NULL)
        memcpy(site + (layer * length + row) * n, values, n * sizeof *values);
}

static void add_mlp(const struct pass *pass, const struct naive_sites *sites, double *out, const double *in,
                    size_t layer, size_t row)
{
    const hs_model_shape *shape = &pass->model->shape;
    const hs_model_layer *weights = &pass->model->layers[layer];
    const hs_expert mlp = {weights->mlp_gate, weights->mlp_up, weights->mlp_down};
    double *normed = naive_doubles(shape->width);
    double *hidden = naive_doubles(shape->mlp_width);
    double *down = naive_doubles(shape->width);
    read_residual(normed, in, &weights->mlp_norm, shape);
    if (weights->mixture.n_experts > 0)
        naive_mixture(down, normed, &weights->mixture, shape);
    else
        naive_mlp(down, hidden, normed, &mlp, shape);
    keep(sites->mlp_hidden, layer, row, pass->length, hidden, shape->mlp_width);
    keep(sites->mlp_output, layer, row, pass->length, down, shape->width);
    if (shape->norms_outputs)
        naive_norm_in_place(down, &weights->mlp_output_norm, shape);
    for (size_t i = 0; i < shape->width; i++)
        out[i] += down[i];
    free(normed);
    free(hidden);
    free(down);
}

static void finish_row(struct pass *pass, size_t layer, size_t row)
{
    const hs_model_shape *shape = &pass->model->shape;
    static const struct naive_sites none;
    const struct naive_sites *sites = pass->sites != NULL ? pass->sites : &none;
    double *residual = pass->residual + row * shape->width;
    double *output = naive_doubles(shape->width);
    double *before = naive_doubles(shape->width);
    const double *z = pass->z + row * shape->n_heads * shape->head_dim;
    keep(sites->residual_before_attention, layer, row, pass->length, residual, shape->width);
    keep(sites->z, layer, row, pass->length, z, shape->n_heads * shape->head_dim);
    memcpy(before, residual, shape->width * sizeof *before);
    naive_linear(output, z, &pass->model->layers[layer].output);
    keep(sites->attention_output, layer, row, pass->length, output, shape->width);
    if (shape->norms_outputs)
        naive_norm_in_place(output, &pass->model->layers[layer].attention_output_norm, shape);
    for (size_t i = 0; i < shape->width; i++)
        residual[i] += output[i];
    if (shape->post_norm)
        naive_norm_in_place(residual, &pass->model->layers[layer].attention_norm, shape);
    if (!shape->parallel_residual)
        memcpy(before, residual, shape->width * sizeof *before);
    keep(sites->residual_before_mlp, layer, row, pass->length, before, shape->width);
    add_mlp(pass, sites, residual, before, layer, row);
    if (shape->post_norm)
        naive_norm_in_place(residual, &pass->model->layers[layer].mlp_norm, shape);
    keep(sites->residual_after_mlp, layer, row, pass->length, residual, shape->width);
    free(output);
    free(before);
}

/* transformers' create_position_ids_from_input_ids where an encoder's positions begin after a padding token. */
static size_t position_row(const hs_model_shape *shape, const int32_t *tokens, size_t row)
{
    const int32_t padding = (int32_t)shape->first_position - 1;
    size_t n = 0;
    if (shape->first_position == 0 || !shape->bidirectional)
        return shape->first_position + row;
    for (size_t i = 0; i <= row; i++)
        n += tokens[i] != padding;
    return (size_t)padding + n * (tokens[row] != padding);
}

static double embedded(const hs_model *model, const int32_t *tokens, size_t row, size_t column)
{
    size_t width = hs_embedding_width(&model->shape);
    double value = model->shape.embedding_scale * (double)model->token_embedding[(size_t)tokens[row] * width + column];
    if (model->shape.position == HS_POSITION_LEARNED && !model->shape.positions_after_projection)
        value += (double)model->position_embedding[position_row(&model->shape, tokens, row) * width + column];
    if (model->token_type_embedding != NULL)
        value += (double)model->token_type_embedding[column];
    return value;
}

static void embed(struct pass *pass, const int32_t *tokens)
{
    const hs_model *model = pass->model;
    size_t width = hs_embedding_width(&model->shape);
    double *sum = naive_doubles(width);
    double *normed = naive_doubles(width);
    for (size_t row = 0; row < pass->length; row++) {
        double *residual = pass->residual + row * model->shape.width;
        for (size_t i = 0; i < width; i++)
            normed[i] = sum[i] = embedded(model, tokens, row, i);
        if (model->embedding_norm.weight != NULL)
            naive_norm(normed, sum, &model->embedding_norm, width, &model->shape);
        if (model->embedding_projection.values != NULL)
            naive_linear(residual, normed, &model->embedding_projection);
        else
            memcpy(residual, normed, width * sizeof *residual);
        size_t first = position_row(&model->shape, tokens, row) * model->shape.width;
        bool adds = model->shape.position == HS_POSITION_LEARNED && model->shape.positions_after_projection;
        for (size_t i = 0; i < model->shape.width && adds; i++)
            residual[i] += (double)model->position_embedding[first + i];
    }
    free(sum);
    free(normed);
}

/* Final norm, dense with its activation, norm: of which a model has some. What the unembedding reads, to be freed. */
static double *head_of(const hs_model *model, double *row)
{
    const hs_model_shape *shape = &model->shape;
    size_t width = model->head_dense.values != NULL ? model->head_dense.n_out : shape->width;
    double *dense = naive_doubles(width);
    double *normed = naive_doubles(width);
    if (model->final_norm.weight != NULL)
        naive_norm_in_place(row, &model->final_norm, shape);
    if (model->head_dense.values != NULL)
        naive_linear(dense, row, &model->head_dense);
    for (size_t i = 0; i < width; i++)
        normed[i] = dense[i] =
            model->head_dense.values != NULL ? naive_activation(dense[i], shape->head_activation) : row[i];
    if (model->head_norm.weight != NULL)
        naive_norm(normed, dense, &model->head_norm, width, shape);
    free(dense);
    return normed;
}

void naive_logits(double *logits, const hs_model *model, const int32_t *tokens, size_t length,
                  const struct naive_edit *edit, const struct naive_sites *sites)
{
    const hs_model_shape *shape = &model->shape;
    size_t columns = shape->n_heads * shape->head_dim;
    struct pass pass = {
        .model = model,
        .edit = edit,
        .sites = sites,
        .length = length,
        .residual = naive_doubles(length * shape->width),
        .queries = naive_doubles(length * columns),
        .keys = naive_doubles(length * columns),
        .values = naive_doubles(length * columns),
        .z = naive_doubles(length * columns),
    };
    double *weights = naive_doubles(length);
    embed(&pass, tokens);
    for (size_t layer = 0; layer < shape->n_layers; layer++) {
        fill_heads(&pass, layer);
        for (size_t i = 0; i < length * shape->n_heads; i++)
            attend(&pass, layer, i % shape->n_heads, i / shape->n_heads, weights);
        for (size_t row = 0; row < length; row++)
            finish_row(&pass, layer, row);
    }
    for (size_t row = 0; row < length; row++) {
        double *head = head_of(model, pass.residual + row * shape->width);
        naive_linear(logits + row * shape->n_outputs, head, &model->unembedding);
        free(head);
        for (size_t i = 0; i < shape->n_outputs; i++)
            logits[row * shape->n_outputs + i] = soft_cap(logits[row * shape->n_outputs + i], shape->logit_cap);
    }
    free(pass.residual);
    free(pass.queries);
    free(pass.keys);
    free(pass.values);
    free(pass.z);
    free(weights);
}

double naive_log_sum(const double *values, size_t n)
{
    double largest = values[0];
    double sum = 0;
    for (size_t i = 1; i < n; i++)
        largest = fmax(largest, values[i]);
    for (size_t i = 0; i < n; i++)
        sum += exp(values[i] - largest);
    return largest + log(sum);
}
