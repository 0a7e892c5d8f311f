/* The engine's logits without interventions, against the naive model: every field of a shape, short and long. */
#include "support/assert_status.h"
#include "support/engine_models.h"
#include "support/naive_model.h"

static const double BOUND = 4e-6; /* of the largest logit, against double loops */

enum { MAX_LENGTH = 160, MAX_VOCABULARY = 64 };

/* 1, short, and on both sides of where attention goes over to BLAS and to several blocks of rows. */
static const size_t LENGTHS[] = {1, 2, 17, 63, 64, 65, 130};

static void check_logits(const hs_model *model, size_t length)
{
    int32_t tokens[MAX_LENGTH];
    static float actual[MAX_LENGTH * MAX_VOCABULARY];
    static double expected[MAX_LENGTH * MAX_VOCABULARY];
    fill_tokens(tokens, length, model->shape.vocabulary, length);
    hs_engine *engine = new_engine(model, (hs_engine_options){0});
    ASSERT_OK(hs_engine_logits(engine, tokens, length, NULL, actual, &error));
    naive_logits(expected, model, tokens, length, NULL, NULL);
    double difference = relative_difference(actual, expected, length * model->shape.n_outputs);
    if (!(difference <= BOUND))
        fail_msg("length %zu: logits differ by %.2e of the largest", length, difference);
    hs_engine_free(engine);
}

static void check_lengths(const hs_model *model)
{
    for (size_t i = 0; i < sizeof LENGTHS / sizeof LENGTHS[0]; i++)
        check_logits(model, LENGTHS[i]);
}

static void test_gpt2_logits(void **state)
{
    (void)state;
    loaded model = load_small_gpt2();
    check_lengths(model.model);
    unload(&model);
}

static void test_llama_logits(void **state)
{
    (void)state;
    loaded model = load_small_llama();
    check_lengths(model.model);
    unload(&model);
}

static void test_encoder_logits(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        loaded model = load_small_encoder(i < 2 ? load_small_gpt2() : load_small_llama(),
                                          i % 2 == 0 ? HS_HEAD_MASKED_LANGUAGE_MODEL : HS_HEAD_CLASSIFIER);
        check_lengths(model.model);
        unload(&model);
    }
}

/* What Llama's relatives norm, each by itself and together with the others, in models of either kind of norm. */
static void test_norms_of_heads_and_outputs(void **state)
{
    (void)state;
    for (int round = 0; round < 12; round++) {
        loaded model = round % 2 == 0 ? load_small_gpt2() : load_small_llama();
        norm_queries_and_keys(model.model, (hs_query_key_norm)(round / 2 % 3));
        if (round >= 6)
            norm_outputs(model.model, round % 4 < 2);
        model.model->shape.head_limit = round % 3 == 0 ? 0.6 : 0;
        model.model->shape.score_cap = round % 2 == 0 ? 0.5 : 0;
        model.model->shape.logit_cap = round % 4 == 1 ? 1.5 : 0;
        model.model->shape.embedding_scale = round < 4 ? 1.0 : 5.5;
        check_lengths(model.model);
        unload(&model);
    }
}

/* Mixtures in both layers, in one, with one expert that all rows run, and shares of both kinds. */
static void test_expert_logits(void **state)
{
    (void)state;
    for (size_t n_chosen = 1; n_chosen <= 3; n_chosen++) {
        loaded model = load_small_llama();
        mix_experts(model.model, 0, n_chosen == 1 ? 1 : 4, n_chosen);
        if (n_chosen == 3)
            mix_experts(model.model, 1, 4, n_chosen);
        model.model->shape.normalises_shares = n_chosen == 2;
        check_lengths(model.model);
        unload(&model);
    }
}

/* Options that no family of today sets, or not together: the description alone decides what the engine does. */
static void test_every_field_of_the_shape(void **state)
{
    (void)state;
    loaded gpt2 = load_small_gpt2();
    loaded llama = load_small_llama();
    hs_model_shape *shape = &gpt2.model->shape;
    shape->parallel_residual = true;
    check_lengths(gpt2.model);
    shape->parallel_residual = false;
    shape->scale_by_inverse_layer = true;
    check_lengths(gpt2.model);
    shape->attention_scale = 1.0;
    shape->norm_epsilon = 0.3;
    check_lengths(gpt2.model);
    shape = &llama.model->shape;
    shape->rotary_dim = 4;
    shape->parallel_residual = true;
    check_lengths(llama.model);
    shape->rotary_dim = 0;
    check_lengths(llama.model);
    for (hs_activation i = HS_ACTIVATION_GELU; i <= HS_ACTIVATION_TANH; i++) {
        gpt2.model->shape.activation = i;
        shape->activation = i;
        check_logits(gpt2.model, 20);
        check_logits(llama.model, 20);
    }
    unload(&gpt2);
    unload(&llama);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gpt2_logits),    cmocka_unit_test(test_llama_logits),
        cmocka_unit_test(test_encoder_logits), cmocka_unit_test(test_norms_of_heads_and_outputs),
        cmocka_unit_test(test_expert_logits),  cmocka_unit_test(test_every_field_of_the_shape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
