#include "support/naive_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double *new_doubles(size_t n)
{
    double *values = calloc(n + 1, sizeof *values);
    if (values == NULL)
        abort();
    return values;
}

static void apply_linear(double *y, const double *x, const hs_linear *linear)
{
    for (size_t out = 0; out < linear->n_out; out++) {
        y[out] = linear->bias == NULL ? 0.0 : (double)linear->bias[out];
        for (size_t in = 0; in < linear->n_in; in++) {
            size_t index = linear->transposed ? out * linear->stride + in : in * linear->stride + out;
            y[out] += x[in] * (double)linear->values[index];
        }
        y[out] *= (double)linear->scale;
    }
}

static void apply_norm_of(double *y, const double *x, const hs_norm *norm, size_t n, const hs_model_shape *shape)
{
    double mean = 0;
    double square = 0;
    for (size_t i = 0; i < n && shape->norm == HS_NORM_LAYER; i++)
        mean += x[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        square += (x[i] - mean) * (x[i] - mean) / (double)n;
    for (size_t i = 0; i < n; i++) {
        y[i] = (x[i] - mean) / sqrt(square + shape->norm_epsilon) * (double)norm->weight[i];
        y[i] += norm->bias == NULL ? 0.0 : (double)norm->bias[i];
    }
}

static void apply_norm(double *y, const double *x, const hs_norm *norm, const hs_model_shape *shape)
{
    apply_norm_of(y, x, norm, shape->width, shape);
}

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
        apply_norm(y, x, norm, shape);
}

static double activate(double x, hs_activation activation)
{
    const double pi = 3.14159265358979323846;
    switch (activation) {
    case HS_ACTIVATION_GELU:
        return x / 2 * (1 + erf(x / sqrt(2)));
    case HS_ACTIVATION_GELU_TANH:
        return x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x * x * x)));
    case HS_ACTIVATION_RELU:
        return x > 0 ? x : 0;
    case HS_ACTIVATION_RELU_SQUARED:
        return x > 0 ? x * x : 0;
    case HS_ACTIVATION_NONE:
        return x;
    case HS_ACTIVATION_TANH:
        return tanh(x);
    case HS_ACTIVATION_SILU:
    default:
        return x / (1 + exp(-x));
    }
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
    double *normed = new_doubles(shape->width);
    for (size_t row = 0; row < pass->length; row++) {
        read_residual(normed, pass->residual + row * shape->width, &weights->attention_norm, shape);
        double *query = pass->queries + row * shape->n_heads * dim;
        double *key = pass->keys + row * shape->n_kv_heads * dim;
        apply_linear(query, normed, &weights->query);
        apply_linear(key, normed, &weights->key);
        apply_linear(pass->values + row * shape->n_kv_heads * dim, normed, &weights->value);
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

static void norm_in_place(double *row, const hs_norm *norm, const hs_model_shape *shape)
{
    double *normed = new_doubles(shape->width);
    apply_norm(normed, row, norm, shape);
    memcpy(row, normed, shape->width * sizeof *row);
    free(normed);
}

/* down [width] of the normed row; `hidden` has room for what is between. */
static void run_mlp(double *down, double *hidden, const double *normed, const hs_expert *mlp,
                    const hs_model_shape *shape)
{
    double *gate = new_doubles(mlp->up.n_out);
    apply_linear(hidden, normed, &mlp->up);
    if (shape->gated_mlp)
        apply_linear(gate, normed, &mlp->gate);
    for (size_t i = 0; i < mlp->up.n_out; i++)
        hidden[i] = shape->gated_mlp ? activate(gate[i], shape->activation) * hidden[i]
                                     : activate(hidden[i], shape->activation);
    apply_linear(down, hidden, &mlp->down);
    free(gate);
}

/* How many experts have a higher score, or the same and a lower number. */
static size_t rank_of(const double *scores, size_t expert, size_t n_experts)
{
    size_t rank = 0;
    for (size_t i = 0; i < n_experts; i++)
        rank += scores[i] > scores[expert] || (scores[i] == scores[expert] && i < expert);
    return rank;
}

static void run_experts(double *down, const double *normed, const hs_mixture *mixture, const hs_model_shape *shape)
{
    double *scores = new_doubles(mixture->n_experts);
    double *hidden = new_doubles(shape->expert_width);
    double *output = new_doubles(shape->width);
    double all = 0, chosen = 0;
    apply_linear(scores, normed, &mixture->router);
    for (size_t i = 0; i < mixture->n_experts; i++) {
        all += exp(scores[i]);
        chosen += rank_of(scores, i, mixture->n_experts) < mixture->n_chosen ? exp(scores[i]) : 0;
    }
    for (size_t i = 0; i < mixture->n_experts; i++) {
        if (rank_of(scores, i, mixture->n_experts) >= mixture->n_chosen)
            continue;
        run_mlp(output, hidden, normed, &mixture->experts[i], shape);
        for (size_t k = 0; k < shape->width; k++)
            down[k] += exp(scores[i]) / (shape->normalises_shares ? chosen : all) * output[k];
    }
    free(scores);
    free(hidden);
    free(output);
}

static void add_mlp(const struct pass *pass, const struct naive_sites *sites, double *out, const double *in,
                    size_t layer, size_t row)
{
    const hs_model_shape *shape = &pass->model->shape;
    const hs_model_layer *weights = &pass->model->layers[layer];
    const hs_expert mlp = {weights->mlp_gate, weights->mlp_up, weights->mlp_down};
    double *normed = new_doubles(shape->width);
    double *hidden = new_doubles(shape->mlp_width);
    double *down = new_doubles(shape->width);
    read_residual(normed, in, &weights->mlp_norm, shape);
    if (weights->mixture.n_experts > 0)
        run_experts(down, normed, &weights->mixture, shape);
    else
        run_mlp(down, hidden, normed, &mlp, shape);
    keep(sites->mlp_hidden, layer, row, pass->length, hidden, shape->mlp_width);
    keep(sites->mlp_output, layer, row, pass->length, down, shape->width);
    if (shape->norms_outputs)
        norm_in_place(down, &weights->mlp_output_norm, shape);
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
    double *output = new_doubles(shape->width);
    double *before = new_doubles(shape->width);
    const double *z = pass->z + row * shape->n_heads * shape->head_dim;
    keep(sites->residual_before_attention, layer, row, pass->length, residual, shape->width);
    keep(sites->z, layer, row, pass->length, z, shape->n_heads * shape->head_dim);
    memcpy(before, residual, shape->width * sizeof *before);
    apply_linear(output, z, &pass->model->layers[layer].output);
    keep(sites->attention_output, layer, row, pass->length, output, shape->width);
    if (shape->norms_outputs)
        norm_in_place(output, &pass->model->layers[layer].attention_output_norm, shape);
    for (size_t i = 0; i < shape->width; i++)
        residual[i] += output[i];
    if (shape->post_norm)
        norm_in_place(residual, &pass->model->layers[layer].attention_norm, shape);
    if (!shape->parallel_residual)
        memcpy(before, residual, shape->width * sizeof *before);
    keep(sites->residual_before_mlp, layer, row, pass->length, before, shape->width);
    add_mlp(pass, sites, residual, before, layer, row);
    if (shape->post_norm)
        norm_in_place(residual, &pass->model->layers[layer].mlp_norm, shape);
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
    double *sum = new_doubles(width);
    double *normed = new_doubles(width);
    for (size_t row = 0; row < pass->length; row++) {
        double *residual = pass->residual + row * model->shape.width;
        for (size_t i = 0; i < width; i++)
            normed[i] = sum[i] = embedded(model, tokens, row, i);
        if (model->embedding_norm.weight != NULL)
            apply_norm_of(normed, sum, &model->embedding_norm, width, &model->shape);
        if (model->embedding_projection.values != NULL)
            apply_linear(residual, normed, &model->embedding_projection);
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
    double *dense = new_doubles(width);
    double *normed = new_doubles(width);
    if (model->final_norm.weight != NULL)
        norm_in_place(row, &model->final_norm, shape);
    if (model->head_dense.values != NULL)
        apply_linear(dense, row, &model->head_dense);
    for (size_t i = 0; i < width; i++)
        normed[i] = dense[i] = model->head_dense.values != NULL ? activate(dense[i], shape->head_activation) : row[i];
    if (model->head_norm.weight != NULL)
        apply_norm_of(normed, dense, &model->head_norm, width, shape);
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
        .residual = new_doubles(length * shape->width),
        .queries = new_doubles(length * columns),
        .keys = new_doubles(length * columns),
        .values = new_doubles(length * columns),
        .z = new_doubles(length * columns),
    };
    double *weights = new_doubles(length);
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
        apply_linear(logits + row * shape->n_outputs, head, &model->unembedding);
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
