#include "support/naive_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double *naive_doubles(size_t n)
{
    double *values = calloc(n + 1, sizeof *values);
    if (values == NULL)
        abort();
    return values;
}

void naive_linear(double *y, const double *x, const hs_linear *linear)
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

void naive_norm(double *y, const double *x, const hs_norm *norm, size_t n, const hs_model_shape *shape)
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

void naive_norm_in_place(double *row, const hs_norm *norm, const hs_model_shape *shape)
{
    double *normed = naive_doubles(shape->width);
    naive_norm(normed, row, norm, shape->width, shape);
    memcpy(row, normed, shape->width * sizeof *row);
    free(normed);
}

double naive_activation(double x, hs_activation activation)
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

void naive_mlp(double *down, double *hidden, const double *normed, const hs_expert *mlp, const hs_model_shape *shape)
{
    double *gate = naive_doubles(mlp->up.n_out);
    naive_linear(hidden, normed, &mlp->up);
    if (shape->gated_mlp)
        naive_linear(gate, normed, &mlp->gate);
    for (size_t i = 0; i < mlp->up.n_out; i++)
        hidden[i] = shape->gated_mlp ? naive_activation(gate[i], shape->activation) * hidden[i]
                                     : naive_activation(hidden[i], shape->activation);
    naive_linear(down, hidden, &mlp->down);
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

void naive_mixture(double *down, const double *normed, const hs_mixture *mixture, const hs_model_shape *shape)
{
    double *scores = naive_doubles(mixture->n_experts);
    double *hidden = naive_doubles(shape->expert_width);
    double *output = naive_doubles(shape->width);
    double all = 0, chosen = 0;
    naive_linear(scores, normed, &mixture->router);
    for (size_t i = 0; i < mixture->n_experts; i++) {
        all += exp(scores[i]);
        chosen += rank_of(scores, i, mixture->n_experts) < mixture->n_chosen ? exp(scores[i]) : 0;
    }
    for (size_t i = 0; i < mixture->n_experts; i++) {
        if (rank_of(scores, i, mixture->n_experts) >= mixture->n_chosen)
            continue;
        naive_mlp(output, hidden, normed, &mixture->experts[i], shape);
        for (size_t k = 0; k < shape->width; k++)
            down[k] += exp(scores[i]) / (shape->normalises_shares ? chosen : all) * output[k];
    }
    free(scores);
    free(hidden);
    free(output);
}
