/*
 * How far it is to the next answers and to the next look whether to stop, counted from shapes alone, for models from
 * 0.1 to 70 billion parameters. On one core of 50 GFLOP/s a model makes progress within ten minutes and stops within
 * twenty seconds.
 */
#include "support/engine_fixture.h"

#define RATE 50e9
#define MOST_TO_ANSWERS (600 * RATE)
#define MOST_TO_STOP (20 * RATE)
#define BATCH_FLOPS 3e12 /* HS_BATCH_FLOPS */

enum { MOST_LAYERS = 80, MOST_HEADS = 64 };

struct model_row {
    const char *name;
    size_t n_layers, n_heads, n_kv_heads, head_dim, width, mlp_width, vocabulary;
    bool gated_mlp;
    size_t n_prompts; /* of 64 tokens in a shard: the study gives one a set of which is no more than a group */
};

static const struct model_row MODELS[] = {
    {"GPT-2 small", 12, 12, 12, 64, 768, 3072, 50257, false, 32},
    {"GPT-2 large", 36, 20, 20, 64, 1280, 5120, 50257, false, 8},
    {"GPT-2 XL", 48, 25, 25, 64, 1600, 6400, 50257, false, 2},
    {"Llama-3-8B", 32, 32, 8, 128, 4096, 14336, 128256, true, 2},
    {"Llama-3-70B", 80, 64, 8, 128, 8192, 28672, 128256, true, 1},
};
enum { N_MODELS = sizeof MODELS / sizeof MODELS[0] };

static hs_linear linear(size_t n_in, size_t n_out)
{
    return (hs_linear){.n_in = n_in, .n_out = n_out, .stride = n_out};
}

/* No weights: counting looks at shapes. */
static void make_model(hs_model *model, hs_model_layer *layers, const struct model_row *row)
{
    const size_t z_width = row->n_heads * row->head_dim, kv_width = row->n_kv_heads * row->head_dim;
    *model = (hs_model){
        .shape = {.n_layers = row->n_layers,
                  .n_heads = row->n_heads,
                  .n_kv_heads = row->n_kv_heads,
                  .head_dim = row->head_dim,
                  .width = row->width,
                  .mlp_width = row->mlp_width,
                  .vocabulary = row->vocabulary,
                  .n_outputs = row->vocabulary,
                  .n_positions = 2048,
                  .position = HS_POSITION_LEARNED,
                  .gated_mlp = row->gated_mlp},
        .layers = layers,
        .unembedding = linear(row->width, row->vocabulary),
    };
    for (size_t i = 0; i < row->n_layers; i++)
        layers[i] = (hs_model_layer){
            .query = linear(row->width, z_width),
            .key = linear(row->width, kv_width),
            .value = linear(row->width, kv_width),
            .output = linear(z_width, row->width),
            .mlp_gate = row->gated_mlp ? linear(row->width, row->mlp_width) : (hs_linear){0},
            .mlp_up = linear(row->width, row->mlp_width),
            .mlp_down = linear(row->mlp_width, row->width),
        };
}

/* Sequences that share nothing, each asked about its last row. */
static void add_sequences(struct work *work, size_t n, size_t length)
{
    int32_t tokens[2048];
    for (size_t i = 0; i < n; i++) {
        for (size_t t = 0; t < length; t++)
            tokens[t] = (int32_t)(7 * t + i + 1) % 50000;
        add_query(work, add_sequence(work, tokens, length), length - 1, HS_QUERY_LOG_PROBABILITY, 1);
    }
}

/* All heads of all layers are a group, as if run.sets_per_group asked for that. */
static hs_engine_cost count(const struct model_row *row, size_t n_sequences, size_t length)
{
    static hs_model_layer layers[MOST_LAYERS];
    static hs_ablation ablations[MOST_LAYERS * MOST_HEADS];
    hs_model model;
    make_model(&model, layers, row);
    hs_component *heads = all_heads(&model.shape);
    struct work work = {0};
    hs_engine_cost cost;
    for (size_t i = 0; i < row->n_layers * row->n_heads; i++)
        ablations[i] = (hs_ablation){&heads[i], 1, {HS_INTERVENTION_ZERO, 0.0f}};
    add_sequences(&work, n_sequences, length);
    hs_engine *engine = new_engine(&model, (hs_engine_options){.kind = HS_ENGINE_PREFIX});
    ASSERT_OK(hs_engine_count_cost(engine, &work.workload, ablations, row->n_layers * row->n_heads, &cost, &error));
    hs_engine_free(engine);
    hs_free(heads);
    clear_work(&work);
    return cost;
}

static void test_prompts(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_MODELS; i++) {
        hs_engine_cost cost = count(&MODELS[i], MODELS[i].n_prompts, 64);
        print_message("%-12s %2zu prompts: %6.2f TFLOP clean, %6.2f to answers, %6.3f a product\n", MODELS[i].name,
                      MODELS[i].n_prompts, cost.flops_of_workload / 1e12, cost.flops_to_answers / 1e12,
                      cost.flops_of_product / 1e12);
        assert_true(cost.flops_to_answers <= fmax(BATCH_FLOPS, 1.1 * cost.flops_of_workload)); /* or one set */
        assert_true(cost.flops_of_workload + cost.flops_to_answers <= MOST_TO_ANSWERS);
        assert_true(cost.flops_of_product <= MOST_TO_STOP);
    }
}

/* Texts of 2,048 tokens: one set may be more than a batch, a product is bounded all the same. */
static void test_long_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_MODELS; i++) {
        hs_engine_cost cost = count(&MODELS[i], 1, 2048);
        assert_true(cost.flops_to_answers <= fmax(BATCH_FLOPS, 1.1 * cost.flops_of_workload));
        assert_true(cost.flops_of_product <= MOST_TO_STOP);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prompts),
        cmocka_unit_test(test_long_texts),
    };
    return cmocka_run_group_tests_name("engine_stretches", tests, NULL, NULL);
}
