/* Random models, token trees and sets of components, on which engines are compared. A stream's number decides all. */
#ifndef HEADSWEEP_TESTS_ENGINE_RANDOM_H
#define HEADSWEEP_TESTS_ENGINE_RANDOM_H

#include <stdlib.h>

#include "support/engine_models.h"

enum { MAX_LENGTH = 100, SEED = 2024 };

/* Random numbers of one round, drawn one after the other. */
struct draw {
    uint64_t stream;
    uint64_t index;
};

static inline size_t below(struct draw *draw, size_t bound)
{
    return (size_t)hs_random_below(SEED, draw->stream, draw->index++, bound);
}

static inline loaded load_random_gpt2(struct draw *draw)
{
    size_t n_heads = 1 + below(draw, 5);
    const struct test_options options = {
        .n_layers = 1 + below(draw, 5),
        .n_heads = n_heads,
        .width = n_heads * (1 + below(draw, 12)),
        .mlp_width = 1 + below(draw, 50),
        .vocabulary = 5 + below(draw, 60),
        .n_positions = MAX_LENGTH + 2,
        .extra_config = below(draw, 2) == 0 ? "\"scale_attn_by_inverse_layer_idx\": true" : NULL,
    };
    char *folder = test_temporary_folder();
    test_random_gpt2_with(folder, &options, draw->stream);
    loaded model = load_model(folder);
    test_folder_remove(folder);
    free(folder);
    return model;
}

static inline loaded load_random_llama(struct draw *draw)
{
    size_t n_kv_heads = 1 + below(draw, 3);
    const struct test_options options = {
        .n_layers = 1 + below(draw, 5),
        .n_heads = n_kv_heads * (1 + below(draw, 3)),
        .n_kv_heads = n_kv_heads,
        .head_dim = 2 * (1 + below(draw, 8)),
        .width = 4 + below(draw, 40),
        .mlp_width = 1 + below(draw, 50),
        .vocabulary = 5 + below(draw, 60),
        .n_positions = MAX_LENGTH,
        .untied = true,
        .attention_bias = below(draw, 2) == 0,
        .mlp_bias = below(draw, 2) == 0,
    };
    char *folder = test_temporary_folder();
    test_random_llama_with(folder, &options, draw->stream);
    loaded model = load_model(folder);
    test_folder_remove(folder);
    free(folder);
    return model;
}

/* Windows of some layers, often shorter than a sequence; a stream of their own, so that nothing else is drawn anew. */
static inline void draw_windows(hs_model *model, uint64_t stream)
{
    struct draw draw = {stream + 900000, 0};
    bool has_some = below(&draw, 2) == 0;
    for (size_t i = 0; has_some && i < model->shape.n_layers; i++)
        model->layers[i].window = below(&draw, 3) == 0 ? 0 : 1 + below(&draw, MAX_LENGTH / 2);
    if (model->shape.position == HS_POSITION_ROTARY && below(&draw, 2) == 0)
        rotate_windows_apart(model);
}

/* Of the residual and of logits; an activation that no loaded model has. */
static inline void draw_scales(hs_model *model, uint64_t stream)
{
    struct draw draw = {stream + 910000, 0};
    float residual_scale = below(&draw, 3) == 0 ? 0.375f : 1.0f;
    for (size_t i = 0; i < model->shape.n_layers; i++)
        model->layers[i].output.scale = model->layers[i].mlp_down.scale = residual_scale;
    model->unembedding.scale = below(&draw, 3) == 0 ? 1.5f : 1.0f;
    if (below(&draw, 4) == 0)
        model->shape.activation = HS_ACTIVATION_RELU_SQUARED;
}

/* Experts in some layers. The MLPs of those go last: mixtures of other layers are made of them too. */
static inline void draw_experts(hs_model *model, uint64_t stream)
{
    struct draw draw = {stream + 1900000, 0};
    bool has_some = below(&draw, 3) == 0 && !model->shape.post_norm;
    size_t n_experts = has_some ? 1 + below(&draw, MOST_EXPERTS) : 0;
    size_t n_chosen = n_experts == 0 ? 0 : 1 + below(&draw, n_experts);
    model->shape.normalises_shares = below(&draw, 2) == 0;
    for (size_t i = 0; n_experts > 0 && i < model->shape.n_layers; i++)
        if (below(&draw, 4) > 0)
            mix_experts(model, i, n_experts, n_chosen);
    for (size_t i = 0; i < model->shape.n_layers; i++)
        if (model->layers[i].mixture.n_experts > 0)
            model->layers[i].mlp_gate = model->layers[i].mlp_up = model->layers[i].mlp_down = (hs_linear){0};
}

/* The loaded weights serve as those of models of other families, with more combinations than there are on disk. */
static inline loaded load_plain_decoder(struct draw *draw)
{
    loaded model = below(draw, 2) == 0 ? load_random_gpt2(draw) : load_random_llama(draw);
    hs_model_shape *shape = &model.model->shape;
    shape->parallel_residual = below(draw, 3) == 0;
    if (shape->rotary_dim >= 4 && below(draw, 3) == 0)
        shape->rotary_dim -= 2;
    if (shape->position == HS_POSITION_ROTARY && hs_random_below(SEED + 2, draw->stream, 0, 3) == 0)
        model.model->rotary_scale = 1.25;
    shape->embedding_scale = hs_random_below(SEED + 1, draw->stream, 1, 2) == 0 ? 1.0 : 3.25;
    shape->head_limit = hs_random_below(SEED + 1, draw->stream, 4, 2) == 0 ? 0 : 0.5;
    shape->score_cap = hs_random_below(SEED + 1, draw->stream, 5, 2) == 0 ? 0 : 0.8;
    shape->logit_cap = hs_random_below(SEED + 1, draw->stream, 6, 2) == 0 ? 0 : 2.5;
    norm_queries_and_keys(model.model, (hs_query_key_norm)hs_random_below(SEED + 1, draw->stream, 0, 4));
    draw_scales(model.model, draw->stream);
    shape->post_norm = hs_random_below(SEED + 2, draw->stream, 0, 4) == 0;
    shape->parallel_residual = shape->parallel_residual && !shape->post_norm;
    size_t position = (size_t)hs_random_below(SEED + 2, draw->stream, 1, 6);
    if (position < 2)
        put_positions_into_scores(model.model, position == 0 ? HS_POSITION_ALIBI : HS_POSITION_ALIBI_ROUNDED);
    draw_windows(model.model, draw->stream);
    return model;
}

/* Narrower or wider than the residual; a stream of their own, too. */
static inline void draw_factored_embeddings(hs_model *model, uint64_t stream)
{
    struct draw draw = {stream + 910000, 0};
    if (below(&draw, 2) == 0)
        factor_embeddings(model, 1 + below(&draw, WIDEST));
}

static inline loaded load_random_decoder(struct draw *draw)
{
    loaded model = load_plain_decoder(draw);
    draw_experts(model.model, draw->stream);
    return model;
}

static inline loaded load_random_model(struct draw *draw)
{
    loaded model = load_plain_decoder(draw);
    size_t kind = below(draw, 4);
    if (kind < 2)
        make_encoder(model.model, kind == 0 ? HS_HEAD_MASKED_LANGUAGE_MODEL : HS_HEAD_CLASSIFIER);
    if (kind < 2)
        draw_factored_embeddings(model.model, draw->stream);
    if (kind >= 2 && hs_random_below(SEED + 1, draw->stream, 2, 2) == 0)
        norm_outputs(model.model, hs_random_below(SEED + 1, draw->stream, 3, 2) == 0);
    else if (kind >= 2)
        draw_experts(model.model, draw->stream);
    if (kind >= 2 && hs_random_below(SEED + 2, draw->stream, 2, 4) == 0)
        project_embeddings(model.model, 1 + hs_random_below(SEED + 2, draw->stream, 3, model.model->shape.width));
    if (kind >= 2 && hs_random_below(SEED + 2, draw->stream, 0, 3) == 0)
        make_decoder_classifier(model.model, (int32_t)hs_random_below(SEED + 2, draw->stream, 1, 4) - 1);
    return model;
}

/* A sequence that shares a beginning with an earlier one, goes on after all of it, repeats it, or is new. */
static inline void add_random_sequence(struct work *work, struct draw *draw, size_t vocabulary)
{
    int32_t tokens[MAX_LENGTH];
    size_t n = work->workload.sequences.n;
    size_t length = 1 + below(draw, MAX_LENGTH);
    size_t shared = 0;
    if (n > 0 && below(draw, 4) > 0) {
        size_t other = below(draw, n);
        size_t other_length = work->offsets[other + 1] - work->offsets[other];
        shared = below(draw, other_length + 1);
        length = below(draw, 3) == 0 ? shared : shared + below(draw, MAX_LENGTH - shared + 1);
        for (size_t i = 0; i < shared; i++)
            tokens[i] = work->tokens[work->offsets[other] + i];
    }
    for (size_t i = shared; i < length; i++)
        tokens[i] = (int32_t)below(draw, vocabulary);
    add_sequence(work, tokens, length);
}

static inline void add_random_queries(struct work *work, struct draw *draw, const hs_model_shape *shape, size_t n_lists)
{
    for (uint32_t sequence = 0; sequence < work->workload.sequences.n; sequence++) {
        size_t length = work->offsets[sequence + 1] - work->offsets[sequence];
        size_t n = length == 0 ? 0 : below(draw, 6);
        for (size_t i = 0; i < n; i++) {
            hs_query_kind kind = (hs_query_kind)below(draw, 4);
            size_t row = below(draw, 2) == 0 ? length - 1 : below(draw, length);
            size_t bound = kind == HS_QUERY_LIST_PROBABILITY ? n_lists : shape->n_outputs;
            if (shape->head == HS_HEAD_CLASSIFIER)
                row = hs_engine_label_row(shape, work->tokens + work->offsets[sequence], length);
            add_query(work, sequence, row, kind, (int32_t)below(draw, bound));
        }
    }
}

enum { N_LISTS = 2, LIST_LENGTH = 3 };

/* Lists and donors of a workload: the arrays that struct work does not own. */
struct extras {
    int32_t list_tokens[N_LISTS * LIST_LENGTH];
    size_t list_offsets[N_LISTS + 1];
    uint32_t donors[64];
    struct work donor_work;
};

static inline void make_workload(struct work *work, struct extras *extras, struct draw *draw,
                                 const hs_model_shape *shape, bool with_donors)
{
    size_t n = 1 + below(draw, 12);
    for (size_t i = 0; i < n; i++)
        add_random_sequence(work, draw, shape->vocabulary);
    for (size_t i = 0; i < N_LISTS * LIST_LENGTH; i++)
        extras->list_tokens[i] = (int32_t)below(draw, shape->n_outputs);
    for (size_t i = 0; i <= N_LISTS; i++)
        extras->list_offsets[i] = i * LIST_LENGTH;
    work->workload.list_tokens = extras->list_tokens;
    work->workload.list_offsets = extras->list_offsets;
    work->workload.n_lists = N_LISTS;
    add_random_queries(work, draw, shape, N_LISTS);
    bool is_label = shape->head == HS_HEAD_CLASSIFIER;
    add_query(work, 0, is_label ? hs_engine_label_row(shape, work->tokens, work->offsets[1]) : 0,
              HS_QUERY_LOG_PROBABILITY, 0);
    if (work->offsets[1] == 0)
        work->workload.n_queries--;
    if (!with_donors)
        return;
    for (size_t i = 0; i < 3; i++) {
        int32_t tokens[MAX_LENGTH];
        size_t length = 1 + below(draw, MAX_LENGTH);
        fill_tokens(tokens, length, shape->vocabulary, draw->stream * 3 + i);
        add_sequence(&extras->donor_work, tokens, length);
    }
    for (size_t i = 0; i < n; i++)
        extras->donors[i] = (uint32_t)below(draw, 3);
    work->workload.donor_sequences = extras->donor_work.workload.sequences;
    work->workload.donors = extras->donors;
}

enum { MAX_SETS = 40, MAX_ORDER = 3 };

struct sets {
    hs_component components[MAX_SETS][MAX_ORDER];
    hs_ablation ablations[MAX_SETS];
    size_t n;
};

static inline bool precedes(hs_component a, hs_component b)
{
    if (a.layer != b.layer)
        return a.layer < b.layer;
    return a.kind != b.kind ? a.kind < b.kind : a.index < b.index;
}

/* Keeps the components sorted and distinct. */
static inline void insert_component(hs_component *components, size_t *n, hs_component added)
{
    for (size_t i = 0; i < *n; i++)
        if (memcmp(&components[i], &added, sizeof added) == 0)
            return;
    size_t place = (*n)++;
    for (; place > 0 && precedes(added, components[place - 1]); place--)
        components[place] = components[place - 1];
    components[place] = added;
}

static const char *const INTERVENTIONS[] = {"zero", "mean",    "mean_position", "resample",
                                            "flip", "uniform", "first_token",   "scale=0.5"};
enum { N_INTERVENTIONS = sizeof INTERVENTIONS / sizeof INTERVENTIONS[0] };

static inline hs_intervention intervention_at(size_t i)
{
    hs_intervention intervention = {0};
    ASSERT_OK(hs_sets_intervention_parse(INTERVENTIONS[i], &intervention, &error));
    return intervention;
}

/* A few interventions a group; empty and repeated sets among the rest. */
static inline void make_sets(struct sets *sets, struct draw *draw, const hs_model_shape *shape)
{
    sets->n = 1 + below(draw, MAX_SETS);
    size_t first_intervention = below(draw, N_INTERVENTIONS);
    for (size_t i = 0; i < sets->n; i++) {
        size_t n = 0;
        size_t order = below(draw, MAX_ORDER + 1);
        for (size_t k = 0; k < order; k++) {
            bool group = below(draw, 4) == 0;
            insert_component(sets->components[i], &n,
                             (hs_component){
                                 .kind = group ? HS_COMPONENT_KV_GROUP : HS_COMPONENT_HEAD,
                                 .layer = (int32_t)below(draw, shape->n_layers),
                                 .index = (int32_t)below(draw, group ? shape->n_kv_heads : shape->n_heads),
                             });
        }
        size_t intervention = (first_intervention + below(draw, 3)) % N_INTERVENTIONS;
        sets->ablations[i] = (hs_ablation){sets->components[i], n, intervention_at(intervention)};
    }
}

static inline hs_reference_means reference_means(hs_engine *engine, const hs_model_shape *shape,
                                                 const hs_sequences *sequences)
{
    hs_mean_sums sums = {0};
    hs_reference_means means = {0};
    ASSERT_OK(hs_engine_mean_sums_init(&sums, shape, MAX_LENGTH, &error));
    ASSERT_OK(hs_engine_sum_z(engine, sequences, &sums, &error));
    ASSERT_OK(hs_engine_reference_means_from_sums(&sums, &means, &error));
    hs_engine_mean_sums_clear(&sums);
    return means;
}

#endif
