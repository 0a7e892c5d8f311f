/* Everything the engine refuses. */
#include "support/engine_models.h"

struct refusal {
    loaded model;
    hs_engine *engine;
    hs_workload workload; /* good: two sequences, a list, one query of each kind, a donor */
    size_t offsets[3];
    int32_t tokens[6];
    hs_query queries[4];
    size_t list_offsets[2];
    int32_t list_tokens[2];
    size_t donor_offsets[2];
    int32_t donor_tokens[2];
    uint32_t donors[2];
};

static void set_up(struct refusal *refusal, void **state)
{
    *refusal = (struct refusal){
        .model = load_small_gpt2(),
        .offsets = {0, 4, 6},
        .tokens = {1, 2, 3, 4, 5, 30},
        .queries = {{0, 3, HS_QUERY_LOG_PROBABILITY, 30},
                    {1, 1, HS_QUERY_LOGIT, 0},
                    {1, 0, HS_QUERY_IS_GREEDY, 3},
                    {0, 0, HS_QUERY_LIST_PROBABILITY, 0}},
        .list_offsets = {0, 2},
        .list_tokens = {0, 30},
        .donor_offsets = {0, 2},
        .donor_tokens = {7, 8},
    };
    refusal->workload = (hs_workload){
        .sequences = {2, refusal->offsets, refusal->tokens, NULL},
        .queries = refusal->queries,
        .n_queries = 4,
        .list_offsets = refusal->list_offsets,
        .list_tokens = refusal->list_tokens,
        .n_lists = 1,
        .donor_sequences = {1, refusal->donor_offsets, refusal->donor_tokens, NULL},
        .donors = refusal->donors,
    };
    refusal->engine = new_engine(refusal->model.model, (hs_engine_options){.kind = *(const hs_engine_kind *)*state});
}

static void tear_down(struct refusal *refusal)
{
    hs_engine_free(refusal->engine);
    unload(&refusal->model);
}

/* Spoils one place, sees the message, and mends it. */
#define ASSERT_REFUSED(refusal, place, value, text)                                                               \
    do {                                                                                                          \
        __typeof__(place) good = (place);                                                                         \
        hs_prepared *prepared = NULL;                                                                             \
        (place) = (value);                                                                                        \
        ASSERT_FAILS(hs_engine_prepare((refusal).engine, &(refusal).workload, &prepared, &error), HS_ERROR_INPUT, \
                     text);                                                                                       \
        assert_null(prepared);                                                                                    \
        (place) = good;                                                                                           \
    } while (0)

static void test_bad_workloads(void **state)
{
    struct refusal r;
    set_up(&r, state);
    ASSERT_REFUSED(r, r.tokens[5], 31, "sequence 1: token 31 is outside the vocabulary of 31");
    ASSERT_REFUSED(r, r.tokens[0], -1, "sequence 0: token -1");
    ASSERT_REFUSED(r, r.offsets[1], 7, "sequence 1: its offset");
    ASSERT_REFUSED(r, r.model.model->shape.n_positions, 3, "sequence 0: 4 tokens are more than the model's 3");
    ASSERT_REFUSED(r, r.queries[1].sequence, 2, "query 1: there is no sequence 2");
    ASSERT_REFUSED(r, r.queries[1].row, 2, "query 1: sequence 1 has 2 tokens, so no row 2");
    ASSERT_REFUSED(r, r.queries[0].token, 31, "query 0: token 31");
    ASSERT_REFUSED(r, r.queries[2].token, -5, "query 2: token -5");
    ASSERT_REFUSED(r, r.queries[3].token, 1, "query 3: there is no token list 1");
    ASSERT_REFUSED(r, r.queries[3].token, -1, "query 3: there is no token list -1");
    ASSERT_REFUSED(r, r.queries[3].kind, 9, "query 3: kind 9");
    ASSERT_REFUSED(r, r.list_tokens[1], 99, "token list 0: token 99");
    ASSERT_REFUSED(r, r.list_offsets[0], 3, "token list 0: its offset");
    ASSERT_REFUSED(r, r.donor_tokens[0], 77, "donor sequence 0: token 77");
    ASSERT_REFUSED(r, r.donors[1], 1, "sequence 1: there is no donor sequence 1");
    ASSERT_REFUSED(r, r.donor_offsets[1], 0, "its donor sequence 0 is empty");
    hs_prepared *prepared = NULL;
    ASSERT_OK(hs_engine_prepare(r.engine, &r.workload, &prepared, &error));
    hs_engine_prepared_free(prepared);
    hs_engine_prepared_free(NULL);
    hs_engine_free(NULL);
    tear_down(&r);
}

/* Labels are what a classifier is asked about, at row 0; a bare model is asked nothing. */
static void test_queries_of_other_heads(void **state)
{
    struct refusal r;
    set_up(&r, state);
    hs_model_shape *shape = &r.model.model->shape;
    shape->head = HS_HEAD_CLASSIFIER;
    shape->bidirectional = true;
    shape->n_outputs = 3;
    for (size_t i = 0; i < r.workload.n_queries; i++) {
        r.queries[i].row = 0;
        r.queries[i].token = 0;
    }
    r.list_tokens[0] = r.list_tokens[1] = 0;
    ASSERT_REFUSED(r, r.queries[1].row, 1, "query 1: row 1: an encoder that classifies answers at row 0 only");
    ASSERT_REFUSED(r, r.queries[0].token, 3, "query 0: label 3 is outside the model's 3 labels");
    ASSERT_REFUSED(r, r.queries[0].token, -1, "query 0: label -1 is outside");
    ASSERT_REFUSED(r, r.list_tokens[1], 7, "token list 0: label 7");
    ASSERT_REFUSED(r, shape->n_outputs, 0, "token list 0: label");
    r.workload.n_lists = 0;
    ASSERT_REFUSED(r, shape->n_outputs, 0, "query 0: the checkpoint is a bare base model");
    tear_down(&r);
}

static void assert_ablation_refused(struct refusal *refusal, hs_component component, hs_intervention_kind kind,
                                    const char *text)
{
    hs_prepared *prepared = NULL;
    double answers[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    const hs_ablation ablations[] = {{0}, {&component, 1, {kind, 0.0f}}};
    ASSERT_OK(hs_engine_prepare(refusal->engine, &refusal->workload, &prepared, &error));
    ASSERT_FAILS(hs_engine_evaluate(refusal->engine, prepared, ablations, 2, answers, &error), HS_ERROR_INPUT, text);
    for (size_t i = 0; i < 8; i++)
        assert_true(answers[i] == 0.0);
    hs_engine_prepared_free(prepared);
}

static void test_bad_ablations(void **state)
{
    struct refusal r;
    set_up(&r, state);
    const hs_component head = {HS_COMPONENT_HEAD, 0, 0};
    assert_ablation_refused(&r, (hs_component){HS_COMPONENT_HEAD, 3, 0}, HS_INTERVENTION_ZERO,
                            "head 3.0 does not exist: the model has 3 layers with 4 each");
    assert_ablation_refused(&r, (hs_component){HS_COMPONENT_HEAD, 0, 4}, HS_INTERVENTION_ZERO, "head 0.4");
    assert_ablation_refused(&r, (hs_component){HS_COMPONENT_HEAD, -1, 0}, HS_INTERVENTION_ZERO, "head -1.0");
    assert_ablation_refused(&r, (hs_component){HS_COMPONENT_KV_GROUP, 0, 4}, HS_INTERVENTION_ZERO, "KV group 0.4");
    assert_ablation_refused(&r, (hs_component){7, 0, 0}, HS_INTERVENTION_ZERO, "component kind 7");
    assert_ablation_refused(&r, head, HS_INTERVENTION_MEAN, "needs reference means");
    assert_ablation_refused(&r, head, HS_INTERVENTION_MEAN_POSITION, "needs reference means");
    r.workload.donor_sequences = (hs_sequences){0};
    assert_ablation_refused(&r, head, HS_INTERVENTION_RESAMPLE, "needs donor sequences");
    tear_down(&r);
}

static void test_means_of_another_model(void **state)
{
    struct refusal r;
    set_up(&r, state);
    loaded llama = load_small_llama();
    hs_mean_sums sums;
    hs_reference_means means;
    ASSERT_OK(hs_engine_mean_sums_init(&sums, &llama.model->shape, 4, &error));
    ASSERT_FAILS(hs_engine_reference_means_from_sums(&sums, &means, &error), HS_ERROR_INPUT, "has no tokens");
    ASSERT_FAILS(hs_engine_sum_z(r.engine, &r.workload.sequences, &(hs_mean_sums){.n_positions = 3}, &error),
                 HS_ERROR_INPUT, "has 4 tokens, but the sums have 3 positions");
    sums.counts[0] = 1;
    ASSERT_OK(hs_engine_reference_means_from_sums(&sums, &means, &error));
    hs_engine_set_means(r.engine, &means);
    assert_ablation_refused(&r, (hs_component){HS_COMPONENT_HEAD, 0, 0}, HS_INTERVENTION_MEAN, "of another model");
    hs_engine_mean_sums_clear(&sums);
    hs_engine_reference_means_clear(&means);
    unload(&llama);
    tear_down(&r);
}

/* A bias of infinity in the MLP of layer 1 spoils every logit. */
static void test_logits_that_are_not_finite(void **state)
{
    struct refusal r;
    set_up(&r, state);
    float bias[24] = {0};
    bias[5] = INFINITY;
    r.model.model->layers[1].mlp_down.bias = bias;
    hs_prepared *prepared = NULL;
    double answers[4];
    const hs_component components[] = {{HS_COMPONENT_HEAD, 0, 1}, {HS_COMPONENT_HEAD, 2, 0}};
    const hs_ablation ablation = {components, 2, {HS_INTERVENTION_ZERO, 0.0f}};
    const hs_ablation clean = {0};
    ASSERT_OK(hs_engine_prepare(r.engine, &r.workload, &prepared, &error));
    ASSERT_OK(hs_engine_evaluate(r.engine, prepared, &ablation, 1, answers, &error));
    for (size_t i = 0; i < 4; i++)
        assert_true(isnan(answers[i]));
    ASSERT_FAILS(hs_engine_evaluate(r.engine, prepared, &clean, 1, answers, &error), HS_ERROR_NUMERIC,
                 "clean model: not finite from layer 1 on: sequence 0, row 3: a logit is not finite");
    hs_engine_prepared_free(prepared);
    tear_down(&r);
}

/* Head 1.2 writes strongly: the clean model bears it, times 3e38 it does not. The other ablations do not notice. */
static void test_one_ablation_overflows(void **state)
{
    struct refusal r;
    set_up(&r, state);
    float weights[24 * 24];
    hs_linear *output = &r.model.model->layers[1].output;
    for (size_t in = 0; in < 24; in++)
        for (size_t out = 0; out < 24; out++)
            weights[in * 24 + out] = output->values[in * output->stride + out] * (in / 6 == 2 ? 1e4f : 1);
    assert_false(output->transposed);
    output->values = weights;
    output->stride = 24;
    const hs_component heads[] = {{HS_COMPONENT_HEAD, 0, 1}, {HS_COMPONENT_HEAD, 1, 2}, {HS_COMPONENT_HEAD, 2, 0}};
    const hs_ablation ablations[] = {{0},
                                     {&heads[0], 1, {HS_INTERVENTION_ZERO, 0}},
                                     {&heads[1], 1, {HS_INTERVENTION_SCALE, 3e38f}},
                                     {&heads[2], 1, {HS_INTERVENTION_ZERO, 0}}};
    double *answers = evaluate(r.engine, &r.workload, ablations, 4);
    for (size_t a = 0; a < 4; a++) {
        for (size_t q = 0; q < 4 && a == 2; q++)
            assert_true(isnan(answers[a * 4 + q]));
        double *alone = a == 2 ? NULL : evaluate(r.engine, &r.workload, &ablations[a], 1);
        for (size_t q = 0; q < 4 && a != 2; q++)
            assert_true(fabs(answers[a * 4 + q] - alone[q]) < 1e-4);
        hs_free(alone);
    }
    for (uint32_t sequence = 0; sequence < 2; sequence++) {
        size_t layer = 0;
        ASSERT_OK(hs_engine_find_not_finite(r.engine, &r.workload, &ablations[2], sequence, &layer, &error));
        assert_int_equal(layer, 1);
        ASSERT_OK(hs_engine_find_not_finite(r.engine, &r.workload, &ablations[1], sequence, &layer, &error));
        assert_int_equal(layer, 3);
    }
    hs_free(answers);
    tear_down(&r);
}

int main(void)
{
    /* What is refused is refused by both engines, in the same words. */
    static hs_engine_kind kinds[] = {HS_ENGINE_REFERENCE, HS_ENGINE_PREFIX};
    const struct CMUnitTest tests[] = {

        cmocka_unit_test_prestate(test_bad_workloads, &kinds[0]),
        cmocka_unit_test_prestate(test_queries_of_other_heads, &kinds[0]),
        cmocka_unit_test_prestate(test_bad_ablations, &kinds[0]),
        cmocka_unit_test_prestate(test_means_of_another_model, &kinds[0]),
        cmocka_unit_test_prestate(test_logits_that_are_not_finite, &kinds[0]),
        cmocka_unit_test_prestate(test_one_ablation_overflows, &kinds[0]),
        cmocka_unit_test_prestate(test_bad_workloads, &kinds[1]),
        cmocka_unit_test_prestate(test_queries_of_other_heads, &kinds[1]),
        cmocka_unit_test_prestate(test_bad_ablations, &kinds[1]),
        cmocka_unit_test_prestate(test_means_of_another_model, &kinds[1]),
        cmocka_unit_test_prestate(test_logits_that_are_not_finite, &kinds[1]),
        cmocka_unit_test_prestate(test_one_ablation_overflows, &kinds[1]),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
