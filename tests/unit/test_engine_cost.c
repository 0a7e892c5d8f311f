/* What the prefix engine executes against what a naive sweep would, counted on a GPT-2-small shape without weights. */
#include "support/engine_fixture.h"

enum { N_LAYERS = 12, N_HEADS = 12, WIDTH = 768, VOCABULARY = 50257, SETS_PER_GROUP = 128 };

struct shape_only {
    hs_model_layer layers[N_LAYERS];
    hs_model model;
};

static hs_linear linear(size_t n_in, size_t n_out)
{
    return (hs_linear){.n_in = n_in, .n_out = n_out, .stride = n_out};
}

static void make_gpt2_small(struct shape_only *small)
{
    *small = (struct shape_only){0};
    small->model = (hs_model){
        .shape =
            {
                .n_layers = N_LAYERS,
                .n_heads = N_HEADS,
                .n_kv_heads = N_HEADS,
                .head_dim = WIDTH / N_HEADS,
                .width = WIDTH,
                .mlp_width = 4 * WIDTH,
                .vocabulary = VOCABULARY,
                .n_outputs = VOCABULARY,
                .n_positions = 1024,
            },
        .layers = small->layers,
        .unembedding = linear(WIDTH, VOCABULARY),
    };
    for (size_t i = 0; i < N_LAYERS; i++) {
        hs_model_layer *layer = &small->layers[i];
        layer->query = layer->key = layer->value = layer->output = linear(WIDTH, WIDTH);
        layer->mlp_up = linear(WIDTH, 4 * WIDTH);
        layer->mlp_down = linear(4 * WIDTH, WIDTH);
    }
}

/* All single heads, or all pairs in lexicographic order. Returns their number. */
static size_t list_sets(hs_component (*components)[2], hs_ablation *ablations, size_t order)
{
    size_t n = 0;
    for (size_t i = 0; i < N_LAYERS * N_HEADS; i++) {
        for (size_t j = order == 1 ? i : i + 1; j < (order == 1 ? i + 1 : N_LAYERS * N_HEADS); j++) {
            components[n][0] = (hs_component){HS_COMPONENT_HEAD, (int32_t)(i / N_HEADS), (int32_t)(i % N_HEADS)};
            components[n][1] = (hs_component){HS_COMPONENT_HEAD, (int32_t)(j / N_HEADS), (int32_t)(j % N_HEADS)};
            ablations[n] = (hs_ablation){components[n], order, {HS_INTERVENTION_ZERO, 0.0f}};
            n++;
        }
    }
    return n;
}

/* Naive over executed, of the whole sweep in groups as a plan cuts them; the clean pass counts once. */
static double flops_ratio(const struct work *work, hs_positions positions, size_t order)
{
    struct shape_only small;
    hs_component(*components)[2] = NULL;
    hs_ablation *ablations = NULL;
    size_t n_sets = order == 1 ? 144 : 10296;
    double naive = 0;
    double executed = 0;
    make_gpt2_small(&small);
    ASSERT_OK(hs_allocate(&components, n_sets, sizeof *components, "test", &error));
    ASSERT_OK(hs_allocate(&ablations, n_sets, sizeof *ablations, "test", &error));
    assert_int_equal(list_sets(components, ablations, order), n_sets);
    hs_engine *engine = new_engine(&small.model, (hs_engine_options){.kind = HS_ENGINE_PREFIX, .positions = positions});
    for (size_t first = 0; first < n_sets; first += SETS_PER_GROUP) {
        hs_engine_cost cost;
        size_t n = n_sets - first < SETS_PER_GROUP ? n_sets - first : SETS_PER_GROUP;
        ASSERT_OK(hs_engine_count_cost(engine, &work->workload, ablations + first, n, &cost, &error));
        naive += cost.flops_naive;
        executed += cost.flops_of_group + (first == 0 ? cost.flops_of_workload : 0.0);
    }
    hs_engine_free(engine);
    hs_free(ablations);
    hs_free(components);
    print_message("naive over executed: %.2f\n", naive / executed);
    return naive / executed;
}

/* Prompts of 64 tokens whose last position is scored. */
static void add_prompts(struct work *work, size_t n)
{
    int32_t tokens[64];
    for (size_t i = 0; i < n; i++) {
        fill_tokens(tokens, 64, VOCABULARY, i + 1);
        add_query(work, add_sequence(work, tokens, 64), 63, HS_QUERY_LOG_PROBABILITY, 5);
    }
}

/* Questions with four choices of 10 tokens after n_context tokens, of which the first n_shots are the same for all. */
static void add_questions(struct work *work, size_t n, size_t n_shots, size_t n_context)
{
    int32_t tokens[1024];
    fill_tokens(tokens, n_shots, VOCABULARY, 1);
    for (size_t i = 0; i < 4 * n; i++) {
        fill_tokens(tokens + n_shots, n_context - n_shots, VOCABULARY, 100 + i / 4);
        fill_tokens(tokens + n_context, 10, VOCABULARY, 1000 + i);
        uint32_t sequence = add_sequence(work, tokens, n_context + 10);
        for (size_t t = n_context; t < n_context + 10; t++)
            add_query(work, sequence, t - 1, HS_QUERY_LOG_PROBABILITY, tokens[t]);
    }
}

/* At least as many times fewer operations as the design promises. */
static void test_savings(void **state)
{
    static const struct {
        size_t n_prompts, n_questions;
        hs_positions positions;
        size_t order;
        double at_least;
    } cases[] = {{32, 0, HS_POSITIONS_ALL, 2, 4.5},
                 {32, 0, HS_POSITIONS_ALL, 1, 3.0},
                 {0, 4, HS_POSITIONS_ALL, 2, 10.0},
                 {32, 0, HS_POSITIONS_SCORED, 2, 100.0}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct work work = {0};
        add_prompts(&work, cases[i].n_prompts);
        add_questions(&work, cases[i].n_questions, 0, 100);
        double found = flops_ratio(&work, cases[i].positions, cases[i].order);
        if (!(found >= cases[i].at_least))
            fail_msg("case %zu: %.2f times fewer operations, expected %.1f", i, found, cases[i].at_least);
        clear_work(&work);
    }
}

/* 500 tokens in common are computed once a set: the more questions a shard has, the less each of them costs. */
static void test_pairs_of_questions_with_shots(void **state)
{
    (void)state;
    struct work few = {0};
    struct work many = {0};
    add_questions(&few, 1, 500, 600);
    add_questions(&many, 16, 500, 600);
    double ratio_of_few = flops_ratio(&few, HS_POSITIONS_ALL, 2);
    double ratio_of_many = flops_ratio(&many, HS_POSITIONS_ALL, 2);
    assert_true(ratio_of_many > 2.0 * ratio_of_few);
    clear_work(&few);
    clear_work(&many);
}

/*
 * One head of layer 10 in a sequence of 3 rows, the last one scored: the difference of z in 3 rows, the MLP of layer
 * 10, keys and values of layer 11, and one row of everything else. The clean pass once.
 */
static void test_one_set_by_hand(void **state)
{
    (void)state;
    const int32_t tokens[] = {1, 2, 3};
    const hs_component head = {HS_COMPONENT_HEAD, 10, 4};
    const hs_ablation ablation = {&head, 1, {HS_INTERVENTION_ZERO, 0.0f}};
    const double square = 2.0 * WIDTH * WIDTH;
    const double mlp = 8 * square;
    const double unembedding = 2.0 * WIDTH * VOCABULARY;
    const double pair = 4.0 * WIDTH;
    struct shape_only small;
    struct work work = {0};
    hs_engine_cost cost;
    make_gpt2_small(&small);
    add_query(&work, add_sequence(&work, tokens, 3), 2, HS_QUERY_LOGIT, 5);
    hs_engine *engine = new_engine(&small.model, (hs_engine_options){.kind = HS_ENGINE_PREFIX});
    ASSERT_OK(hs_engine_count_cost(engine, &work.workload, &ablation, 1, &cost, &error));
    double last = 3 * 2 * square + 2 * square + 3 * pair + mlp + unembedding;
    assert_true(fabs(cost.flops_of_group - (3 * square / N_HEADS + 3 * mlp + last)) < 1.0);
    assert_true(fabs(cost.flops_of_workload - (11 * (3 * (4 * square + mlp) + 6 * pair) + last)) < 1.0);
    assert_true(fabs(cost.flops_naive - (12 * (3 * (4 * square + mlp) + 6 * pair) + 3 * unembedding)) < 1.0);
    hs_engine_free(engine);
    clear_work(&work);
}

/*
 * The same for an encoder that answers at row 0, the head being a dense layer and two labels. Every row sees all three,
 * and the last layer has one query.
 */
static void test_one_set_of_a_classifier_by_hand(void **state)
{
    (void)state;
    const int32_t tokens[] = {1, 2, 3};
    const hs_component head = {HS_COMPONENT_HEAD, 10, 4};
    const hs_ablation ablation = {&head, 1, {HS_INTERVENTION_ZERO, 0.0f}};
    const double square = 2.0 * WIDTH * WIDTH;
    const double mlp = 8 * square;
    const double outputs = square + 2.0 * WIDTH * 2;
    const double pair = 4.0 * WIDTH;
    struct shape_only small;
    struct work work = {0};
    hs_engine_cost cost;
    make_gpt2_small(&small);
    small.model.shape.bidirectional = small.model.shape.post_norm = true;
    small.model.shape.head = HS_HEAD_CLASSIFIER;
    small.model.shape.n_outputs = 2;
    small.model.head_dense = linear(WIDTH, WIDTH);
    small.model.unembedding = linear(WIDTH, 2);
    add_query(&work, add_sequence(&work, tokens, 3), 0, HS_QUERY_LOGIT, 1);
    for (int positions = HS_POSITIONS_ALL; positions <= HS_POSITIONS_SCORED; positions++) {
        hs_engine *engine = new_engine(
            &small.model, (hs_engine_options){.kind = HS_ENGINE_PREFIX, .positions = (hs_positions)positions});
        ASSERT_OK(hs_engine_count_cost(engine, &work.workload, &ablation, 1, &cost, &error));
        double last = 3 * 2 * square + 2 * square + 3 * pair + mlp + outputs;
        assert_true(fabs(cost.flops_of_group - (3 * square / N_HEADS + 3 * mlp + last)) < 1.0);
        assert_true(fabs(cost.flops_of_workload - (11 * (3 * (4 * square + mlp) + 9 * pair) + last)) < 1.0);
        assert_true(fabs(cost.flops_naive - (12 * (3 * (4 * square + mlp) + 9 * pair) + outputs)) < 1.0);
        hs_engine_free(engine);
    }
    clear_work(&work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_set_by_hand),
        cmocka_unit_test(test_one_set_of_a_classifier_by_hand),
        cmocka_unit_test(test_savings),
        cmocka_unit_test(test_pairs_of_questions_with_shots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
