/* Small random models on which the engine is tested, written to a temporary folder, and loaded. */
#ifndef HEADSWEEP_TESTS_ENGINE_MODELS_H
#define HEADSWEEP_TESTS_ENGINE_MODELS_H

#include <stdlib.h>

#include "support/checkpoint_writer.h"
#include "support/engine_fixture.h"

/* GPT-2: layer norms, learned positions, biases everywhere; c_attn gives query, key and value as one product. */
static inline loaded load_small_gpt2(void)
{
    char *folder = test_temporary_folder();
    test_random_gpt2(folder, 3, 4, 24, 31, 160, 11);
    loaded model = load_model(folder);
    test_folder_remove(folder);
    free(folder);
    return model;
}

/* Llama: RMS norms, rotary positions, three query heads on each of two KV heads, biases, head_dim not width / heads. */
static inline loaded load_small_llama(void)
{
    const struct test_options options = {
        .n_layers = 2,
        .n_heads = 6,
        .n_kv_heads = 2,
        .head_dim = 10,
        .width = 20,
        .mlp_width = 36,
        .vocabulary = 29,
        .n_positions = 160,
        .untied = true,
        .attention_bias = true,
        .mlp_bias = true,
    };
    char *folder = test_temporary_folder();
    test_random_llama_with(folder, &options, 12);
    loaded model = load_model(folder);
    test_folder_remove(folder);
    free(folder);
    return model;
}

enum { WIDEST = 64 };

/* What is added to a token's embedding in some families: positions from 2 on, a token type, a norm of the sum. */
static inline void enrich_embedding(hs_model *model, const float *type)
{
    hs_model_shape *shape = &model->shape;
    shape->n_token_types = 1;
    model->token_type_embedding = type;
    model->embedding_norm = model->final_norm;
    if (shape->position == HS_POSITION_LEARNED) {
        shape->first_position = 2;
        shape->n_positions -= 2;
    }
}

/* n weights of a norm, not all alike; the same at every call. */
static inline const float *norm_weights(size_t n)
{
    enum { MOST = 512 };
    static float weights[MOST];
    assert_true(n <= MOST);
    for (size_t i = 0; i < MOST; i++)
        weights[i] = (float)(0.5 + hs_random_uniform(6, 6, i));
    return weights;
}

static inline void norm_queries_and_keys(hs_model *model, hs_query_key_norm kind)
{
    const hs_model_shape *shape = &model->shape;
    const float *weights = norm_weights((shape->n_heads + shape->n_kv_heads) * shape->head_dim);
    model->shape.query_key_norm = kind;
    for (size_t layer = 0; layer < shape->n_layers; layer++) {
        model->layers[layer].query_norm.weight = weights;
        model->layers[layer].key_norm.weight = weights + shape->n_heads * shape->head_dim;
    }
}

/* Layers with a window rotate otherwise than the others. */
static inline void rotate_windows_apart(hs_model *model)
{
    model->shape.rotates_windows_apart = true;
    model->window_frequencies = norm_weights(model->shape.rotary_dim / 2);
}

/* Positions in scores, with a slope for each head, instead of those that the model has. */
static inline void put_positions_into_scores(hs_model *model, hs_position_kind kind)
{
    enum { MOST = 64 };
    static float slopes[MOST];
    assert_true(model->shape.n_heads <= MOST);
    for (size_t head = 0; head < MOST; head++)
        slopes[head] = ldexpf(1.0f, -(int)(head % 7)) * (head % 2 == 0 ? 1.0f : 0.6875f);
    model->shape.position = kind;
    model->alibi_slopes = slopes;
}

/*
 * Norms of what attention and MLP give, before it is added, none of the sum; `only` takes those of what they read away.
 */
static inline void norm_outputs(hs_model *model, bool only)
{
    size_t width = model->shape.width;
    model->shape.norms_outputs = true;
    model->shape.post_norm = false;
    for (size_t layer = 0; layer < model->shape.n_layers; layer++) {
        hs_model_layer *weights = &model->layers[layer];
        weights->attention_output_norm.weight = norm_weights(width);
        weights->mlp_output_norm.weight = norm_weights(width + 1) + 1;
        if (only)
            weights->attention_norm = weights->mlp_norm = (hs_norm){0};
    }
}

enum { MOST_EXPERTS = 6, MOST_LAYERS = 5 };

static inline hs_linear random_router(size_t layer, size_t n_experts, size_t width)
{
    static float values[MOST_LAYERS][MOST_EXPERTS * WIDEST];
    assert_true(layer < MOST_LAYERS && n_experts <= MOST_EXPERTS && width <= WIDEST);
    for (size_t i = 0; i < n_experts * width; i++)
        values[layer][i] = 2 * (float)hs_random_uniform(7, layer, i) - 1;
    return (hs_linear){values[layer], NULL, width, n_experts, width, true, 1};
}

/* Makes the MLP of a layer a mixture, whose experts are the MLPs of all layers in turn. */
static inline void mix_experts(hs_model *model, size_t layer, size_t n_experts, size_t n_chosen)
{
    static hs_expert experts[MOST_LAYERS][MOST_EXPERTS];
    hs_model_shape *shape = &model->shape;
    hs_model_layer *mixed = &model->layers[layer];
    shape->n_experts = n_experts;
    shape->n_chosen_experts = n_chosen;
    shape->expert_width = shape->mlp_width;
    mixed->mixture = (hs_mixture){random_router(layer, n_experts, shape->width), experts[layer], n_experts, n_chosen};
    for (size_t i = 0; i < n_experts; i++) {
        const hs_model_layer *other = &model->layers[(layer + i) % shape->n_layers];
        experts[layer][i] = (hs_expert){other->mlp_gate, other->mlp_up, other->mlp_down};
    }
}

/*
 * Turns a loaded decoder into an encoder with the same weights: attention to both sides, norms after the residual, an
 * embedding norm, a token type, positions from 2 on, and a head for masked tokens or for three labels. What no family
 * has together is tested together.
 */
static inline void make_encoder(hs_model *model, hs_head_kind head)
{
    enum { N_LABELS = 3 };
    static float dense[WIDEST * (WIDEST + 1)];
    hs_model_shape *shape = &model->shape;
    for (size_t i = 0; i < sizeof dense / sizeof dense[0]; i++)
        dense[i] = (float)hs_random_uniform(5, 5, i) - 0.5f;
    assert_true(shape->width <= WIDEST);
    model->alibi_slopes = NULL;
    shape->bidirectional = shape->post_norm = true;
    shape->parallel_residual = false;
    for (size_t i = 0; i < shape->n_layers; i++)
        model->layers[i].window = 0;
    shape->head = head;
    enrich_embedding(model, dense);
    model->final_norm = (hs_norm){0};
    model->head_dense = (hs_linear){dense, dense + WIDEST * WIDEST, shape->width, shape->width, WIDEST, true, 1};
    shape->head_activation = head == HS_HEAD_CLASSIFIER ? HS_ACTIVATION_TANH : HS_ACTIVATION_GELU;
    if (head == HS_HEAD_CLASSIFIER) {
        shape->n_outputs = model->unembedding.n_out = N_LABELS;
        shape->tied_unembedding = false;
    } else {
        model->head_norm = model->layers[0].mlp_norm;
    }
}

/*
 * Embeddings of an encoder that are `columns` wide and projected to the residual, and a head that goes back to them,
 * which a masked language model unembeds: ALBERT's and ELECTRA's.
 */
static inline void factor_embeddings(hs_model *model, size_t columns)
{
    enum { ROWS = 256 };
    static float values[ROWS * WIDEST];
    hs_model_shape *shape = &model->shape;
    assert_true(columns <= WIDEST && shape->width <= WIDEST && shape->vocabulary <= ROWS &&
                shape->first_position + shape->n_positions <= ROWS);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        values[i] = (float)hs_random_uniform(8, 8, i) - 0.5f;
    shape->embedding_width = columns;
    model->token_embedding = values;
    model->position_embedding = shape->position == HS_POSITION_LEARNED ? values + 3 : NULL;
    model->token_type_embedding = values + 5;
    model->embedding_norm = (hs_norm){norm_weights(columns), values + 7};
    model->embedding_projection = (hs_linear){values + 11, values + 13, columns, shape->width, WIDEST, true, 1};
    if (shape->head == HS_HEAD_CLASSIFIER)
        return;
    shape->tied_unembedding = false;
    model->head_dense.n_out = columns;
    model->head_norm = (hs_norm){norm_weights(columns), values + 17};
    model->unembedding = (hs_linear){values, NULL, columns, shape->n_outputs, columns, true, 1};
}

/* Embeddings of a decoder that are narrower than the residual: projected to it and, before the unembedding, back. */
static inline void project_embeddings(hs_model *model, size_t columns)
{
    enum { ROWS = 256 };
    static float values[ROWS * WIDEST];
    hs_model_shape *shape = &model->shape;
    assert_true(columns <= shape->width && shape->width <= WIDEST && shape->vocabulary <= ROWS);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        values[i] = (float)hs_random_uniform(9, 9, i) - 0.5f;
    shape->embedding_width = columns;
    shape->positions_after_projection = true;
    shape->tied_unembedding = false;
    shape->head_activation = HS_ACTIVATION_NONE;
    model->token_embedding = values;
    model->embedding_projection = (hs_linear){values + 11, NULL, columns, shape->width, WIDEST, true, 1.0f};
    model->head_dense = (hs_linear){values + 13, NULL, shape->width, columns, WIDEST, true, 1.0f};
    model->unembedding = (hs_linear){values, NULL, columns, shape->n_outputs, columns, true, model->unembedding.scale};
}

/* A decoder's labels, of the last row that is not `padding`. */
static inline void make_decoder_classifier(hs_model *model, int32_t padding)
{
    enum { N_LABELS = 3 };
    model->shape.head = HS_HEAD_CLASSIFIER;
    model->shape.n_outputs = model->unembedding.n_out = N_LABELS;
    model->shape.tied_unembedding = false;
    model->shape.padding_token = padding;
}

static inline loaded load_small_encoder(loaded decoder, hs_head_kind head)
{
    make_encoder(decoder.model, head);
    return decoder;
}

#endif
