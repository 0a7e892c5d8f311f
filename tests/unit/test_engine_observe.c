/* Sites, means and the self-test. */
#include "support/engine_models.h"
#include "support/naive_model.h"

static const double BOUND = 4e-6; /* of the site's largest value */

enum { FIRST_LENGTH = 7, LENGTH = 66, MAX_HIDDEN = 96, MAX_VALUES = 3 * 6 * LENGTH * LENGTH };

/* Every site shows what it says. */

/* The second of two sequences as the naive model has it. */
struct expectation {
    const hs_model *model;
    double residual_before_attention[3 * LENGTH * 24];
    double pattern[MAX_VALUES];
    double z[3 * LENGTH * 60];
    double attention_output[3 * LENGTH * 24];
    double residual_before_mlp[3 * LENGTH * 24];
    double mlp_hidden[3 * LENGTH * MAX_HIDDEN];
    double mlp_output[3 * LENGTH * 24];
    double residual_after_mlp[3 * LENGTH * 24];
    double logits[LENGTH * 31];
    size_t n_seen[HS_SITE_COUNT];
};

static const double *expected_values(const struct expectation *expectation, const hs_observation *seen)
{
    size_t offset = seen->layer * LENGTH * seen->n_columns;
    switch (seen->site) {
    case HS_SITE_RESIDUAL_BEFORE_ATTENTION:
        return expectation->residual_before_attention + offset;
    case HS_SITE_PATTERN:
        return expectation->pattern + (seen->layer * expectation->model->shape.n_heads + seen->head) * LENGTH * LENGTH;
    case HS_SITE_Z:
        return expectation->z + offset;
    case HS_SITE_ATTENTION_OUTPUT:
        return expectation->attention_output + offset;
    case HS_SITE_RESIDUAL_BEFORE_MLP:
        return expectation->residual_before_mlp + offset;
    case HS_SITE_MLP_HIDDEN:
        return expectation->mlp_hidden + offset;
    case HS_SITE_MLP_OUTPUT:
        return expectation->mlp_output + offset;
    case HS_SITE_RESIDUAL_AFTER_MLP:
        return expectation->residual_after_mlp + offset;
    case HS_SITE_LOGITS:
    default:
        return expectation->logits;
    }
}

static size_t expected_columns(const hs_model_shape *shape, hs_site site)
{
    if (site == HS_SITE_PATTERN)
        return LENGTH;
    if (site == HS_SITE_LOGITS)
        return shape->n_outputs;
    if (site == HS_SITE_MLP_HIDDEN)
        return shape->mlp_width;
    return site == HS_SITE_Z ? shape->n_heads * shape->head_dim : shape->width;
}

static hs_status compare_site(void *context, const hs_observation *seen, hs_error *error)
{
    struct expectation *expectation = context;
    bool is_pattern = seen->site == HS_SITE_PATTERN;
    (void)error;
    expectation->n_seen[seen->site]++;
    if (is_pattern && seen->sequence == 0)
        return HS_OK;
    assert_int_equal(seen->n_columns, expected_columns(&expectation->model->shape, seen->site));
    assert_int_equal(seen->n_rows, is_pattern ? LENGTH : FIRST_LENGTH + LENGTH);
    assert_int_equal(seen->sequences->n, 2);
    const float *values = seen->values + (is_pattern ? 0 : FIRST_LENGTH * seen->n_columns);
    double difference = relative_difference(values, expected_values(expectation, seen), LENGTH * seen->n_columns);
    if (!(difference <= BOUND))
        fail_msg("site %d, layer %zu: difference %.2e", (int)seen->site, seen->layer, difference);
    return HS_OK;
}

static void zero_one_head(void *context, size_t layer, size_t head, size_t row, double *z)
{
    (void)row;
    for (size_t d = 0; d < *(size_t *)context && layer == 1 && head == 2; d++)
        z[d] = 0;
}

static void check_sites(loaded model)
{
    static struct expectation expectation;
    const hs_model_shape *shape = &model.model->shape;
    assert_true(shape->mlp_width <= MAX_HIDDEN);
    expectation = (struct expectation){.model = model.model};
    const struct naive_sites sites = {
        expectation.residual_before_attention,
        expectation.pattern,
        expectation.z,
        expectation.attention_output,
        expectation.residual_before_mlp,
        expectation.mlp_hidden,
        expectation.mlp_output,
        expectation.residual_after_mlp,
    };
    struct work work = {0};
    int32_t tokens[LENGTH];
    fill_tokens(tokens, LENGTH, shape->vocabulary, 9);
    add_sequence(&work, tokens + 3, FIRST_LENGTH);
    add_sequence(&work, tokens, LENGTH);
    size_t head_dim = shape->head_dim;
    const struct naive_edit edit = {.context = &head_dim, .z = zero_one_head};
    naive_logits(expectation.logits, model.model, tokens, LENGTH, &edit, &sites);
    const hs_component head = {HS_COMPONENT_HEAD, 1, 2};
    const hs_ablation ablation = {&head, 1, {HS_INTERVENTION_ZERO, 0.0f}};
    hs_engine *engine = new_engine(model.model, (hs_engine_options){.positions = HS_POSITIONS_SCORED});
    hs_observer observer = {(1u << (HS_SITE_LOGITS + 1)) - 1, &expectation, compare_site};
    if (shape->n_experts > 0) {
        hs_error refusal = {0};
        assert_int_equal(hs_engine_observe(engine, &work.workload.sequences, &ablation, &observer, &refusal),
                         HS_ERROR_INPUT);
        assert_non_null(strstr(refusal.message, "mixtures of experts"));
        observer.sites &= ~(1u << HS_SITE_MLP_HIDDEN);
    }
    ASSERT_OK(hs_engine_observe(engine, &work.workload.sequences, &ablation, &observer, &error));
    for (int site = 0; site <= HS_SITE_LOGITS; site++) {
        size_t expected = site == HS_SITE_LOGITS ? 1 : shape->n_layers;
        if ((observer.sites & (1u << site)) == 0)
            expected = 0;
        assert_int_equal(expectation.n_seen[site], site == HS_SITE_PATTERN ? expected * 2 * shape->n_heads : expected);
    }
    clear_work(&work);
    hs_engine_free(engine);
    unload(&model);
}

static void test_sites(void **state)
{
    (void)state;
    check_sites(load_small_gpt2());
    check_sites(load_small_llama());
    check_sites(load_small_encoder(load_small_gpt2(), HS_HEAD_MASKED_LANGUAGE_MODEL));
    check_sites(load_small_encoder(load_small_llama(), HS_HEAD_CLASSIFIER));
    loaded parallel = load_small_gpt2();
    parallel.model->shape.parallel_residual = true;
    check_sites(parallel);
    for (int only = 0; only < 2; only++) {
        loaded normed = load_small_llama();
        norm_outputs(normed.model, only);
        norm_queries_and_keys(normed.model, HS_QUERY_KEY_NORM_EACH);
        check_sites(normed);
    }
    loaded experts = load_small_llama();
    mix_experts(experts.model, 1, 4, 2);
    check_sites(experts);
}

static hs_status count_pattern(void *context, const hs_observation *seen, hs_error *error)
{
    (void)error;
    assert_int_equal(seen->site, HS_SITE_PATTERN);
    for (size_t row = 0; row < seen->n_rows && seen->layer == 0 && seen->head == 1; row++) {
        for (size_t i = 0; i < seen->n_columns; i++) {
            float expected = i <= row ? 1.0f / (float)(row + 1) : 0.0f;
            assert_float_equal(seen->values[row * seen->n_columns + i], expected, 1e-7);
        }
    }
    ++*(size_t *)context;
    return HS_OK;
}

static void test_an_observer_sees_edited_patterns_and_nothing_unasked(void **state)
{
    (void)state;
    loaded model = load_small_gpt2();
    hs_engine *engine = new_engine(model.model, (hs_engine_options){0});
    const size_t offsets[] = {0, 0, 5};
    const int32_t tokens[] = {1, 2, 3, 4, 5};
    const hs_sequences sequences = {.n = 2, .offsets = offsets, .tokens = tokens};
    const hs_component head = {HS_COMPONENT_HEAD, 0, 1};
    const hs_ablation ablation = {&head, 1, {HS_INTERVENTION_UNIFORM, 0.0f}};
    size_t n_calls = 0;
    const hs_observer observer = {1u << HS_SITE_PATTERN, &n_calls, count_pattern};
    ASSERT_OK(hs_engine_observe(engine, &sequences, &ablation, &observer, &error));
    assert_int_equal(n_calls, 12);
    hs_engine_free(engine);
    unload(&model);
}

static hs_status refuse(void *context, const hs_observation *seen, hs_error *error)
{
    ++*(size_t *)context;
    return hs_fail(error, HS_ERROR_INPUT, "enough at layer %zu", seen->layer);
}

static void test_an_observer_can_stop_the_pass(void **state)
{
    (void)state;
    loaded model = load_small_gpt2();
    hs_engine *engine = new_engine(model.model, (hs_engine_options){0});
    const size_t offsets[] = {0, 2};
    const int32_t tokens[] = {1, 2};
    const hs_sequences sequences = {.n = 1, .offsets = offsets, .tokens = tokens};
    for (unsigned site = 0; site <= HS_SITE_LOGITS; site++) {
        size_t n_calls = 0;
        const hs_observer observer = {1u << site, &n_calls, refuse};
        ASSERT_FAILS(hs_engine_observe(engine, &sequences, NULL, &observer, &error), HS_ERROR_INPUT, "enough at layer");
        assert_int_equal(n_calls, 1);
    }
    hs_engine_free(engine);
    unload(&model);
}

static void test_sums_of_z(void **state)
{
    (void)state;
    loaded model = load_small_llama();
    const hs_model_shape *shape = &model.model->shape;
    enum { COLUMNS = 60, LONG = 9, SHORT = 4 };
    static double z[2][2 * LONG * COLUMNS];
    static double logits[LONG * 29];
    struct work work = {0};
    int32_t tokens[LONG + SHORT];
    fill_tokens(tokens, LONG + SHORT, shape->vocabulary, 21);
    add_sequence(&work, tokens, LONG);
    add_sequence(&work, tokens + LONG, SHORT);
    naive_logits(logits, model.model, tokens, LONG, NULL, &(const struct naive_sites){.z = z[0]});
    naive_logits(logits, model.model, tokens + LONG, SHORT, NULL, &(const struct naive_sites){.z = z[1]});
    hs_engine *engine = new_engine(model.model, (hs_engine_options){0});
    hs_mean_sums sums;
    hs_reference_means means;
    ASSERT_OK(hs_engine_mean_sums_init(&sums, shape, LONG + 2, &error));
    assert_int_equal(hs_engine_mean_sums_n_values(&sums), 2 * (LONG + 2) * COLUMNS);
    /* Twice, as two shards would: sums double and means stay. */
    for (int i = 0; i < 2; i++)
        ASSERT_OK(hs_engine_sum_z(engine, &work.workload.sequences, &sums, &error));
    ASSERT_OK(hs_engine_reference_means_from_sums(&sums, &means, &error));
    assert_int_equal(means.n_positions, LONG);
    for (size_t t = 0; t < LONG + 2; t++)
        assert_true(sums.counts[t] == (t < SHORT ? 4.0 : t < LONG ? 2.0 : 0.0));
    for (size_t layer = 0; layer < 2; layer++) {
        for (size_t column = 0; column < COLUMNS; column++) {
            double total = 0;
            for (size_t t = 0; t < LONG; t++) {
                double sum = z[0][(layer * LONG + t) * COLUMNS + column];
                sum += t < SHORT ? z[1][(layer * SHORT + t) * COLUMNS + column] : 0.0;
                total += sum;
                assert_float_equal(means.position_mean[(layer * LONG + t) * COLUMNS + column],
                                   sum / (t < SHORT ? 2 : 1), 1e-5);
            }
            assert_float_equal(means.mean[layer * COLUMNS + column], total / (LONG + SHORT), 1e-5);
        }
    }
    hs_engine_mean_sums_clear(&sums);
    hs_engine_mean_sums_clear(&sums);
    hs_engine_reference_means_clear(&means);
    hs_engine_reference_means_clear(&means);
    clear_work(&work);
    hs_engine_free(engine);
    unload(&model);
}

static hs_status run_self_test(const hs_model *model, hs_error *error)
{
    struct work work = {0};
    int32_t tokens[30];
    fill_tokens(tokens, 30, model->shape.vocabulary, 2);
    add_sequence(&work, tokens, 11);
    add_sequence(&work, tokens + 11, 19);
    for (uint32_t i = 0; i < 2; i++)
        for (size_t row = 0; row < (model->shape.head == HS_HEAD_CLASSIFIER ? 1 : 10); row++)
            add_query(&work, i, row, HS_QUERY_LOG_PROBABILITY, (int32_t)(i + row) % (int32_t)model->shape.n_outputs);
    hs_engine *engine = new_engine(model, (hs_engine_options){0});
    hs_status status = hs_engine_self_test(engine, &work.workload, error);
    hs_engine_free(engine);
    clear_work(&work);
    return status;
}

static void test_self_test_passes(void **state)
{
    (void)state;
    loaded models[] = {
        load_small_gpt2(),
        load_small_llama(),
        load_small_encoder(load_small_llama(), HS_HEAD_MASKED_LANGUAGE_MODEL),
        load_small_encoder(load_small_gpt2(), HS_HEAD_CLASSIFIER),
        load_small_llama(),
    };
    norm_outputs(models[4].model, false);
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        ASSERT_OK(run_self_test(models[i].model, &error));
        unload(&models[i]);
    }
}

/*
 * z is 0.7 throughout, and shares of 1e6 cancel to about 1: too much for single precision, as the self-test must say.
 */
static void test_self_test_finds_shares_that_do_not_add_up(void **state)
{
    (void)state;
    loaded model = load_small_gpt2();
    hs_model_layer *layer = &model.model->layers[1];
    float *weights = NULL;
    float *bias = NULL;
    float *zeros = NULL;
    ASSERT_OK(hs_allocate(&zeros, 24 * 24, sizeof *zeros, "test", &error));
    ASSERT_OK(hs_allocate(&weights, 24 * 24, sizeof *weights, "test", &error));
    ASSERT_OK(hs_allocate(&bias, 24, sizeof *bias, "test", &error));
    for (size_t i = 0; i < 24 * 24; i++)
        weights[i] = (float)(hs_random_uniform(1, 1, i) - 0.5) + (i / 24 % 2 == 0 ? 1e6f : -1e6f);
    for (size_t i = 0; i < 24; i++)
        bias[i] = 0.7f;
    layer->output = (hs_linear){weights, layer->output.bias, 24, 24, 24, false, 1};
    layer->value = (hs_linear){zeros, bias, 24, 24, 24, false, 1};
    ASSERT_FAILS(run_self_test(model.model, &error), HS_ERROR_NUMERIC, "self-test: in layer 1 the heads' shares");
    unload(&model);
    hs_free(weights);
    hs_free(bias);
    hs_free(zeros);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sites),
        cmocka_unit_test(test_an_observer_sees_edited_patterns_and_nothing_unasked),
        cmocka_unit_test(test_an_observer_can_stop_the_pass),
        cmocka_unit_test(test_sums_of_z),
        cmocka_unit_test(test_self_test_passes),
        cmocka_unit_test(test_self_test_finds_shares_that_do_not_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
