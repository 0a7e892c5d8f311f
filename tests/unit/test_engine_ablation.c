/* Every intervention against the naive model with the same thing done by hand. */
#include "support/engine_models.h"
#include "support/naive_model.h"

static const double BOUND = 4e-6; /* of the largest logit */

enum { LENGTH = 70, MAX_VOCABULARY = 64, MAX_COLUMNS = 64, MAX_LAYERS = 4, N_POSITIONS = 20 };

static const int32_t DONOR[] = {3, 1, 4, 1, 5, 9, 2, 6};
enum { DONOR_LENGTH = 8 };

struct by_hand {
    const hs_model *model;
    hs_intervention intervention;
    bool folded;
    uint8_t heads[MAX_LAYERS][8];
    uint8_t rows[LENGTH]; /* 1: edited */
    const hs_reference_means *means;
    double donor_z[MAX_LAYERS][DONOR_LENGTH][MAX_COLUMNS];
};

static void edit_pattern(void *context, size_t layer, size_t head, size_t row, double *weights, size_t n_visible)
{
    const struct by_hand *hand = context;
    if (!hand->heads[layer][head] || !hand->rows[row])
        return;
    for (size_t i = 0; i < n_visible; i++) {
        if (hand->intervention.kind == HS_INTERVENTION_UNIFORM)
            weights[i] = 1.0 / (double)n_visible;
        if (hand->intervention.kind == HS_INTERVENTION_FIRST_TOKEN)
            weights[i] = i == 0;
    }
}

/* The value bias of the head's KV head. */
static double value_bias(const hs_model *model, size_t layer, size_t head, size_t d)
{
    size_t kv_head = head / (model->shape.n_heads / model->shape.n_kv_heads);
    return (double)model->layers[layer].value.bias[kv_head * model->shape.head_dim + d];
}

static void edit_z(void *context, size_t layer, size_t head, size_t row, double *z)
{
    const struct by_hand *hand = context;
    const hs_reference_means *means = hand->means;
    size_t dim = hand->model->shape.head_dim;
    if (!hand->heads[layer][head] || !hand->rows[row])
        return;
    size_t position = row < N_POSITIONS ? row : N_POSITIONS - 1;
    size_t donor_row = row < DONOR_LENGTH ? row : DONOR_LENGTH - 1;
    for (size_t d = 0; d < dim; d++) {
        size_t column = head * dim + d;
        double bias = hand->folded ? value_bias(hand->model, layer, head, d) : 0.0;
        switch (hand->intervention.kind) {
        case HS_INTERVENTION_ZERO:
            z[d] = bias;
            break;
        case HS_INTERVENTION_SCALE:
            z[d] = (double)hand->intervention.scale * (z[d] - bias) + bias;
            break;
        case HS_INTERVENTION_MEAN:
            z[d] = (double)means->mean[layer * means->n_columns + column];
            break;
        case HS_INTERVENTION_MEAN_POSITION:
            z[d] = (double)means->position_mean[(layer * N_POSITIONS + position) * means->n_columns + column];
            break;
        case HS_INTERVENTION_RESAMPLE:
            z[d] = hand->donor_z[layer][donor_row][column];
            break;
        default:
            break;
        }
    }
}

static void fill_donor_z(struct by_hand *hand)
{
    static double z[MAX_LAYERS * DONOR_LENGTH * MAX_COLUMNS];
    static double logits[DONOR_LENGTH * MAX_VOCABULARY];
    size_t columns = hand->model->shape.n_heads * hand->model->shape.head_dim;
    const struct naive_sites sites = {.z = z};
    naive_logits(logits, hand->model, DONOR, DONOR_LENGTH, NULL, &sites);
    for (size_t layer = 0; layer < hand->model->shape.n_layers; layer++)
        for (size_t row = 0; row < DONOR_LENGTH; row++)
            for (size_t column = 0; column < columns; column++)
                hand->donor_z[layer][row][column] = z[(layer * DONOR_LENGTH + row) * columns + column];
}

/* Any numbers will do for means: what is tested is where they go. */
static hs_reference_means random_means(const hs_model_shape *shape)
{
    hs_mean_sums sums;
    hs_reference_means means;
    ASSERT_OK(hs_engine_mean_sums_init(&sums, shape, N_POSITIONS + 3, &error));
    for (size_t i = 0; i < hs_engine_mean_sums_n_values(&sums); i++)
        sums.sums[i] = hs_random_uniform(3, 3, i) - 0.5;
    for (size_t t = 0; t < N_POSITIONS; t++)
        sums.counts[t] = 1;
    ASSERT_OK(hs_engine_reference_means_from_sums(&sums, &means, &error));
    assert_int_equal(means.n_positions, N_POSITIONS);
    hs_engine_mean_sums_clear(&sums);
    return means;
}

struct comparison {
    hs_model *model;
    hs_engine_options options;
    struct work work; /* a sequence in front, which must not matter, then the one that is compared */
};

/* Rows that are read: the first of a classifier; else all where every row is edited, or two. */
static bool is_read(const struct comparison *comparison, size_t row)
{
    if (comparison->model->shape.head == HS_HEAD_CLASSIFIER)
        return row == 0;
    return comparison->options.positions == HS_POSITIONS_ALL || row == 13 || row == LENGTH - 1;
}

static void set_up(struct comparison *comparison, loaded *model, const hs_reference_means *means)
{
    static const uint32_t donor_of[] = {0, 1};
    static const size_t donor_offsets[] = {0, 2, 2 + DONOR_LENGTH};
    static int32_t donor_tokens[2 + DONOR_LENGTH] = {7, 8};
    memcpy(donor_tokens + 2, DONOR, sizeof DONOR);
    comparison->model = model->model;
    comparison->options.means = means;
    int32_t tokens[LENGTH];
    fill_tokens(tokens, LENGTH, model->model->shape.vocabulary, 77);
    add_sequence(&comparison->work, (const int32_t[]){1, 2, 3}, 3);
    add_sequence(&comparison->work, tokens, LENGTH);
    for (size_t row = 0; row < LENGTH; row++)
        for (size_t token = 0; is_read(comparison, row) && token < model->model->shape.n_outputs; token++)
            add_query(&comparison->work, 1, row, HS_QUERY_LOGIT, (int32_t)token);
    comparison->work.workload.donor_sequences =
        (hs_sequences){.n = 2, .offsets = donor_offsets, .tokens = donor_tokens};
    comparison->work.workload.donors = donor_of;
}

/* Compares the logits of the rows that are read, and sees that the intervention does something. */
static void compare(const struct comparison *comparison, const hs_ablation *ablation, const char *name)
{
    static struct by_hand hand;
    static double expected[LENGTH * MAX_VOCABULARY];
    const hs_model_shape *shape = &comparison->model->shape;
    hand = (struct by_hand){
        .model = comparison->model,
        .intervention = ablation->intervention,
        .folded = comparison->options.value_bias == HS_VALUE_BIAS_FOLDED,
        .means = comparison->options.means,
    };
    for (size_t i = 0; i < ablation->n_components; i++)
        hand.heads[ablation->components[i].layer][ablation->components[i].index] = 1;
    for (size_t row = 0; row < LENGTH; row++)
        hand.rows[row] = comparison->options.positions == HS_POSITIONS_ALL || is_read(comparison, row);
    fill_donor_z(&hand);
    const struct naive_edit edit = {&hand, edit_pattern, edit_z};
    naive_logits(expected, comparison->model, comparison->work.tokens + 3, LENGTH, &edit, NULL);
    hs_engine *engine = new_engine(comparison->model, comparison->options);
    const hs_ablation both[] = {*ablation, {0}};
    double *answers = evaluate(engine, &comparison->work.workload, both, 2);
    size_t n_queries = comparison->work.workload.n_queries;
    double difference = 0;
    double effect = 0;
    double largest = 0;
    for (size_t i = 0; i < n_queries; i++) {
        const hs_query *query = &comparison->work.queries[i];
        double value = expected[query->row * shape->n_outputs + (size_t)query->token];
        difference = fmax(difference, fabs(answers[i] - value));
        effect = fmax(effect, fabs(answers[i] - answers[n_queries + i]));
        largest = fmax(largest, fabs(value));
    }
    if (!(difference <= BOUND * largest) || !(effect >= 1e-2 * largest))
        fail_msg("%s: difference %.2e, effect %.2e of the largest logit", name, difference / largest, effect / largest);
    hs_free(answers);
    hs_engine_free(engine);
}

static void check_interventions(loaded *model, hs_engine_kind kind, hs_value_bias value_bias, hs_positions positions)
{
    static const char *const names[] = {"zero", "mean",    "mean_position", "resample",
                                        "flip", "uniform", "first_token",   "scale=0.25"};
    const hs_component components[] = {{HS_COMPONENT_HEAD, 0, 1}, {HS_COMPONENT_HEAD, 0, 3}, {HS_COMPONENT_HEAD, 1, 2}};
    hs_reference_means means = random_means(&model->model->shape);
    struct comparison comparison = {.options = {.kind = kind, .value_bias = value_bias, .positions = positions}};
    set_up(&comparison, model, &means);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        hs_ablation ablation = {components, 3, {0}};
        ASSERT_OK(hs_sets_intervention_parse(names[i], &ablation.intervention, &error));
        compare(&comparison, &ablation, names[i]);
    }
    clear_work(&comparison.work);
    hs_engine_reference_means_clear(&means);
}

static void check_model(loaded model)
{
    static const hs_engine_kind kinds[] = {HS_ENGINE_REFERENCE, HS_ENGINE_PREFIX};
    for (size_t i = 0; i < 2; i++) {
        check_interventions(&model, kinds[i], HS_VALUE_BIAS_RAW, HS_POSITIONS_ALL);
        check_interventions(&model, kinds[i], HS_VALUE_BIAS_RAW, HS_POSITIONS_SCORED);
        check_interventions(&model, kinds[i], HS_VALUE_BIAS_FOLDED, HS_POSITIONS_ALL);
        check_interventions(&model, kinds[i], HS_VALUE_BIAS_FOLDED, HS_POSITIONS_SCORED);
    }
    unload(&model);
}

static void test_gpt2_interventions(void **state)
{
    (void)state;
    check_model(load_small_gpt2());
}

static void test_llama_interventions(void **state)
{
    (void)state;
    check_model(load_small_llama());
}

/* Shorter than a block of query rows, longer, and of a single row. */
static void test_interventions_in_windows(void **state)
{
    static const size_t windows[][2] = {{9, 0}, {66, 5}, {1, 30}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        loaded model = i == 1 ? load_small_gpt2() : load_small_llama();
        for (size_t layer = 0; layer < model.model->shape.n_layers; layer++)
            model.model->layers[layer].window = windows[i][layer % 2];
        check_model(model);
    }
}

static void test_encoder_interventions(void **state)
{
    (void)state;
    check_model(load_small_encoder(load_small_gpt2(), HS_HEAD_MASKED_LANGUAGE_MODEL));
    check_model(load_small_encoder(load_small_llama(), HS_HEAD_MASKED_LANGUAGE_MODEL));
    check_model(load_small_encoder(load_small_gpt2(), HS_HEAD_CLASSIFIER));
    check_model(load_small_encoder(load_small_llama(), HS_HEAD_CLASSIFIER));
}

/* Logits of a few tokens under an ablation. */
static float *logits_of(const hs_model *model, hs_engine_options options, const hs_ablation *ablation)
{
    enum { N = 12 };
    float *logits = NULL;
    int32_t tokens[N];
    fill_tokens(tokens, N, model->shape.vocabulary, 5);
    hs_engine *engine = new_engine(model, options);
    ASSERT_OK(hs_allocate(&logits, N * model->shape.vocabulary, sizeof *logits, "test", &error));
    ASSERT_OK(hs_engine_logits(engine, tokens, N, ablation, logits, &error));
    hs_engine_free(engine);
    return logits;
}

static void assert_same_bits(const hs_model *model, const hs_ablation *left, const hs_ablation *right)
{
    float *a = logits_of(model, (hs_engine_options){0}, left);
    float *b = logits_of(model, (hs_engine_options){0}, right);
    assert_memory_equal(a, b, 12 * model->shape.vocabulary * sizeof *a);
    hs_free(a);
    hs_free(b);
}

static void test_a_group_is_its_heads(void **state)
{
    (void)state;
    loaded model = load_small_llama();
    const hs_component group[] = {{HS_COMPONENT_KV_GROUP, 1, 1}};
    const hs_component heads[] = {{HS_COMPONENT_HEAD, 1, 3}, {HS_COMPONENT_HEAD, 1, 4}, {HS_COMPONENT_HEAD, 1, 5}};
    const hs_component both[] = {{HS_COMPONENT_HEAD, 1, 3}, {HS_COMPONENT_KV_GROUP, 1, 1}};
    static const hs_intervention_kind kinds[] = {HS_INTERVENTION_ZERO, HS_INTERVENTION_UNIFORM,
                                                 HS_INTERVENTION_FIRST_TOKEN};
    for (size_t i = 0; i < 3; i++) {
        hs_ablation of_group = {group, 1, {kinds[i], 0.0f}};
        hs_ablation of_heads = {heads, 3, {kinds[i], 0.0f}};
        hs_ablation of_both = {both, 2, {kinds[i], 0.0f}};
        assert_same_bits(model.model, &of_group, &of_heads);
        assert_same_bits(model.model, &of_group, &of_both);
    }
    unload(&model);
}

static void test_scale_of_one_is_the_clean_model(void **state)
{
    (void)state;
    loaded model = load_small_gpt2();
    hs_component *heads = all_heads(&model.model->shape);
    hs_ablation scaled = {heads, 12, {HS_INTERVENTION_SCALE, 1.0f}};
    hs_ablation zeroed = {heads, 12, {HS_INTERVENTION_ZERO, 0.0f}};
    hs_ablation scaled_to_nothing = {heads, 12, {HS_INTERVENTION_SCALE, 0.0f}};
    hs_ablation clean = {0};
    assert_same_bits(model.model, &scaled, &clean);
    assert_same_bits(model.model, &zeroed, &scaled_to_nothing);
    hs_free(heads);
    unload(&model);
}

/* Folding b_V into b_O by hand: b_O + sum over heads of b_V,h W_O,h, and no b_V. The model computes the same. */
static void test_folded_is_raw_on_a_folded_model(void **state)
{
    (void)state;
    loaded model = load_small_gpt2();
    const hs_model_shape *shape = &model.model->shape;
    const hs_component heads[] = {{HS_COMPONENT_HEAD, 0, 2}, {HS_COMPONENT_HEAD, 2, 1}};
    hs_ablation zero = {heads, 2, {HS_INTERVENTION_ZERO, 0.0f}};
    float *folded = logits_of(model.model, (hs_engine_options){.value_bias = HS_VALUE_BIAS_FOLDED}, &zero);
    float *raw = logits_of(model.model, (hs_engine_options){0}, &zero);
    float biases[3][24];
    for (size_t layer = 0; layer < shape->n_layers; layer++) {
        hs_linear *output = &model.model->layers[layer].output;
        for (size_t out = 0; out < 24; out++) {
            double sum = (double)output->bias[out];
            for (size_t in = 0; in < 24; in++)
                sum +=
                    (double)model.model->layers[layer].value.bias[in] *
                    (double)output->values[output->transposed ? out * output->stride + in : in * output->stride + out];
            biases[layer][out] = (float)sum;
        }
        output->bias = biases[layer];
        model.model->layers[layer].value.bias = NULL;
    }
    float *by_hand = logits_of(model.model, (hs_engine_options){0}, &zero);
    double largest = 0;
    double difference = 0;
    double effect = 0;
    for (size_t i = 0; i < 12 * shape->vocabulary; i++) {
        largest = fmax(largest, fabs((double)by_hand[i]));
        difference = fmax(difference, fabs((double)folded[i] - (double)by_hand[i]));
        effect = fmax(effect, fabs((double)folded[i] - (double)raw[i]));
    }
    assert_true(difference <= BOUND * largest);
    assert_true(effect >= 1e-3 * largest);
    hs_free(folded);
    hs_free(raw);
    hs_free(by_hand);
    unload(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gpt2_interventions),
        cmocka_unit_test(test_llama_interventions),
        cmocka_unit_test(test_interventions_in_windows),
        cmocka_unit_test(test_encoder_interventions),
        cmocka_unit_test(test_a_group_is_its_heads),
        cmocka_unit_test(test_scale_of_one_is_the_clean_model),
        cmocka_unit_test(test_folded_is_raw_on_a_folded_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
