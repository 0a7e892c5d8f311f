/*
 * Generation by the prefix engine against the reference engine, which runs a full pass for every token: random models,
 * prompts that share their beginnings, sets, interventions and samplings.
 */
#include "support/engine_random.h"
#include "support/valgrind.h"

enum { N_ROUNDS = 14, MAX_PROMPTS = 6, MAX_PROMPT_LENGTH = 24, MAX_NEW_TOKENS = 9, MAX_SAMPLES = 6, N_DONORS = 3 };

/* A call of hs_engine_generate, and the options of the engines that answer it. */
struct call {
    loaded model;
    struct work prompts;
    struct work donors;
    uint32_t donor_of[MAX_PROMPTS];
    uint64_t keys[MAX_PROMPTS];
    struct sets sets;
    hs_sampling sampling;
    hs_engine_options options;
    hs_reference_means means;
};

/* New, equal to an earlier one, or with a beginning in common. */
static void add_prompt(struct call *call, struct draw *draw, size_t vocabulary)
{
    int32_t tokens[MAX_PROMPT_LENGTH];
    size_t n = call->prompts.workload.sequences.n;
    size_t length = 1 + below(draw, MAX_PROMPT_LENGTH);
    size_t shared = 0;
    if (n > 0 && below(draw, 3) > 0) {
        size_t other = below(draw, n);
        size_t other_length = call->prompts.offsets[other + 1] - call->prompts.offsets[other];
        shared = 1 + below(draw, other_length);
        length = shared + (below(draw, 2) == 0 ? 0 : below(draw, MAX_PROMPT_LENGTH - shared + 1));
        memcpy(tokens, call->prompts.tokens + call->prompts.offsets[other], shared * sizeof *tokens);
    }
    for (size_t i = shared; i < length; i++)
        tokens[i] = (int32_t)below(draw, vocabulary);
    add_sequence(&call->prompts, tokens, length);
}

static void add_donors(struct call *call, struct draw *draw, size_t vocabulary)
{
    bool one_for_all = below(draw, 2) == 0;
    for (size_t i = 0; i < N_DONORS; i++) {
        int32_t tokens[MAX_PROMPT_LENGTH];
        size_t length = 1 + below(draw, MAX_PROMPT_LENGTH);
        fill_tokens(tokens, length, vocabulary, draw->stream * N_DONORS + i);
        add_sequence(&call->donors, tokens, length);
    }
    for (size_t i = 0; i < MAX_PROMPTS; i++)
        call->donor_of[i] = one_for_all ? 1 : (uint32_t)below(draw, N_DONORS);
    call->prompts.workload.donor_sequences = call->donors.workload.sequences;
    call->prompts.workload.donors = call->donor_of;
}

/* Ends a sample after a token that three divides: what a stop string would do. */
static bool stops_at_multiple_of_three(void *context, const int32_t *tokens, size_t n)
{
    (void)context;
    return n > 2 && tokens[n - 1] % 3 == 0;
}

static hs_sampling random_sampling(struct draw *draw, size_t vocabulary)
{
    static int32_t end_tokens[2];
    static const double temperatures[] = {0, 0.7, 1, 1.5};
    static const double shares[] = {1, 0.9, 0.5};
    for (size_t i = 0; i < 2; i++)
        end_tokens[i] = (int32_t)below(draw, vocabulary);
    return (hs_sampling){
        .n_samples = 1 + below(draw, MAX_SAMPLES),
        .max_new_tokens = 1 + below(draw, MAX_NEW_TOKENS),
        .temperature = temperatures[below(draw, 4)],
        .top_k = below(draw, 2) == 0 ? 0 : 1 + below(draw, 2 * vocabulary),
        .top_p = shares[below(draw, 3)],
        .seed = draw->stream,
        .end_tokens = end_tokens,
        .n_end_tokens = below(draw, 3),
        .stops = below(draw, 3) == 0 ? stops_at_multiple_of_three : NULL,
    };
}

/* Every other round, since no decoder of today has it. */
static void enrich_embeddings_of(hs_model *model, uint64_t round)
{
    static float type[WIDEST];
    for (size_t i = 0; i < WIDEST; i++)
        type[i] = (float)hs_random_uniform(5, 6, i) - 0.5f;
    assert_true(model->shape.width <= WIDEST);
    if (round % 2 == 1)
        enrich_embedding(model, type);
}

static void make_call(struct call *call, uint64_t round, hs_positions positions, hs_value_bias value_bias)
{
    struct draw draw = {round, 0};
    *call = (struct call){.model = load_random_decoder(&draw)};
    enrich_embeddings_of(call->model.model, round);
    const hs_model_shape *shape = &call->model.model->shape;
    size_t n = 1 + below(&draw, MAX_PROMPTS);
    for (size_t i = 0; i < n; i++) {
        add_prompt(call, &draw, shape->vocabulary);
        call->keys[i] = 1000 * round + i;
    }
    add_donors(call, &draw, shape->vocabulary);
    make_sets(&call->sets, &draw, shape);
    call->sampling = random_sampling(&draw, shape->vocabulary);
    call->options = (hs_engine_options){.positions = positions, .value_bias = value_bias};
    hs_engine *engine = new_engine(call->model.model, call->options);
    call->means = reference_means(engine, shape, &call->prompts.workload.sequences);
    hs_engine_free(engine);
}

static void clear_call(struct call *call)
{
    hs_engine_reference_means_clear(&call->means);
    clear_work(&call->prompts);
    clear_work(&call->donors);
    unload(&call->model);
}

/* tokens [ablations, prompts, n_samples, max_new_tokens]; hs_free() them. */
static int32_t *generate(const struct call *call, hs_engine_kind kind)
{
    hs_engine_options options = call->options;
    options.kind = kind;
    options.means = &call->means;
    size_t n = call->sets.n * call->prompts.workload.sequences.n * call->sampling.n_samples;
    int32_t *tokens = NULL;
    hs_engine *engine = new_engine(call->model.model, options);
    ASSERT_OK(hs_allocate(&tokens, n, call->sampling.max_new_tokens * sizeof *tokens, "test", &error));
    ASSERT_OK(hs_engine_generate(engine, &call->prompts.workload, call->keys, &call->sampling, call->sets.ablations,
                                 call->sets.n, tokens, &error));
    hs_engine_free(engine);
    return tokens;
}

/* What two engines may differ in, rounding being all that separates them. */
static const double NEAR = 1e-3;

/* A sample that is not the same: up to `step` its tokens are. */
struct parting {
    const hs_ablation *ablation;
    size_t prompt;
    size_t sample;
    size_t step;
    const int32_t *tokens;
};

/* Logits [vocabulary] before the token at which the sample parts, divided by the temperature; hs_free() them. */
static double *scores_at(const struct call *call, const struct parting *parting)
{
    int32_t grown[MAX_PROMPT_LENGTH + MAX_NEW_TOKENS];
    size_t first = call->prompts.offsets[parting->prompt];
    size_t length = call->prompts.offsets[parting->prompt + 1] - first;
    size_t vocabulary = call->model.model->shape.vocabulary;
    struct work work = {0};
    memcpy(grown, call->prompts.tokens + first, length * sizeof *grown);
    memcpy(grown + length, parting->tokens, parting->step * sizeof *grown);
    add_sequence(&work, grown, length + parting->step);
    for (size_t token = 0; token < vocabulary; token++)
        add_query(&work, 0, length + parting->step - 1, HS_QUERY_LOGIT, (int32_t)token);
    for (size_t row = length - 1; row < length + parting->step; row++)
        add_query(&work, 0, row, HS_QUERY_LOGIT, 0);
    work.workload.donor_sequences = call->prompts.workload.donor_sequences;
    work.workload.donors = call->donor_of + parting->prompt;
    hs_engine_options options = call->options;
    options.means = &call->means;
    hs_engine *engine = new_engine(call->model.model, options);
    double *scores = evaluate(engine, &work.workload, parting->ablation, 1);
    for (size_t i = 0; i < vocabulary && call->sampling.temperature > 0; i++)
        scores[i] /= call->sampling.temperature;
    hs_engine_free(engine);
    clear_work(&work);
    return scores;
}

/* The noise as sampler.h states it. */
static double gumbel(const struct call *call, const struct parting *parting, int32_t token)
{
    uint64_t key = hs_hash_u64(hs_hash_u64(0, call->sampling.seed), call->keys[parting->prompt]);
    uint32_t words[4];
    hs_random_philox(key, (uint32_t[]){(uint32_t)token / 4, (uint32_t)parting->step, (uint32_t)parting->sample, 0},
                     words);
    return -log(-log(((double)words[token % 4] + 0.5) / 4294967296.0));
}

static size_t count_above(const double *scores, size_t n, double score)
{
    size_t n_above = 0;
    for (size_t i = 0; i < n; i++)
        n_above += scores[i] > score;
    return n_above;
}

/* Whether a little more or less of a score decides if top_k or top_p keeps the token. */
static bool is_at_border(const struct call *call, const double *scores, int32_t token)
{
    size_t vocabulary = call->model.model->shape.vocabulary;
    size_t top_k = call->sampling.top_k > 0 ? call->sampling.top_k : vocabulary;
    double top_p = call->sampling.top_p;
    double surely_above = 0;
    double perhaps_above = 0;
    double all = 0;
    for (size_t i = 0; i < vocabulary; i++) {
        if (count_above(scores, vocabulary, scores[i]) >= top_k)
            continue;
        surely_above += scores[i] > scores[token] + NEAR ? exp(scores[i]) : 0;
        perhaps_above += i != (size_t)token && scores[i] > scores[token] - NEAR ? exp(scores[i]) : 0;
        all += exp(scores[i]);
    }
    bool borders_on_number = count_above(scores, vocabulary, scores[token] + NEAR) < top_k &&
                             count_above(scores, vocabulary, scores[token] - NEAR) > top_k;
    return borders_on_number || (surely_above / all < top_p + NEAR && perhaps_above / all > top_p - NEAR);
}

static bool is_near_tie(const struct call *call, const struct parting *parting, int32_t a, int32_t b)
{
    double *scores = scores_at(call, parting);
    double gap = scores[a] - scores[b];
    bool near = false;
    if (call->sampling.temperature > 0) {
        gap += gumbel(call, parting, a) - gumbel(call, parting, b);
        near = is_at_border(call, scores, a) || is_at_border(call, scores, b);
    }
    hs_free(scores);
    return near || fabs(gap) < NEAR;
}

struct tally {
    size_t n_samples;
    size_t n_parted;
};

static void compare_sample(const struct call *call, struct parting *parting, const int32_t *expected, uint64_t round,
                           struct tally *tally)
{
    size_t n = call->sampling.max_new_tokens;
    tally->n_samples++;
    parting->step = 0;
    while (parting->step < n && parting->tokens[parting->step] == expected[parting->step])
        parting->step++;
    if (parting->step == n)
        return;
    tally->n_parted++;
    int32_t actual_token = parting->tokens[parting->step];
    int32_t expected_token = expected[parting->step];
    if (actual_token < 0 || expected_token < 0 || !is_near_tie(call, parting, actual_token, expected_token))
        fail_msg("round %d, ablation %zu, prompt %zu, sample %zu, step %zu: token %d, the reference has %d", (int)round,
                 (size_t)(parting->ablation - call->sets.ablations), parting->prompt, parting->sample, parting->step,
                 (int)actual_token, (int)expected_token);
}

static void compare_engines(const struct call *call, uint64_t round, struct tally *tally)
{
    int32_t *expected = generate(call, HS_ENGINE_REFERENCE);
    int32_t *actual = generate(call, HS_ENGINE_PREFIX);
    size_t n_prompts = call->prompts.workload.sequences.n;
    for (size_t i = 0; i < call->sets.n * n_prompts * call->sampling.n_samples; i++) {
        struct parting parting = {
            .ablation = &call->sets.ablations[i / call->sampling.n_samples / n_prompts],
            .prompt = i / call->sampling.n_samples % n_prompts,
            .sample = i % call->sampling.n_samples,
            .tokens = actual + i * call->sampling.max_new_tokens,
        };
        compare_sample(call, &parting, expected + i * call->sampling.max_new_tokens, round, tally);
    }
    hs_free(expected);
    hs_free(actual);
}

static void run_rounds(hs_positions positions, hs_value_bias value_bias, uint64_t first_stream)
{
    struct tally tally = {0};
    for (uint64_t round = first_stream; round < first_stream + rounds_to_run(N_ROUNDS); round++) {
        struct call call;
        make_call(&call, round, positions, value_bias);
        compare_engines(&call, round, &tally);
        clear_call(&call);
    }
    print_message("%zu of %zu samples parted at a near-tie\n", tally.n_parted, tally.n_samples);
    assert_true(tally.n_parted * 200 <= tally.n_samples);
}

static void test_all_positions_raw(void **state)
{
    (void)state;
    run_rounds(HS_POSITIONS_ALL, HS_VALUE_BIAS_RAW, 1100);
}

static void test_all_positions_folded(void **state)
{
    (void)state;
    run_rounds(HS_POSITIONS_ALL, HS_VALUE_BIAS_FOLDED, 1200);
}

static void test_scored_positions_raw(void **state)
{
    (void)state;
    run_rounds(HS_POSITIONS_SCORED, HS_VALUE_BIAS_RAW, 1300);
}

static void test_scored_positions_folded(void **state)
{
    (void)state;
    run_rounds(HS_POSITIONS_SCORED, HS_VALUE_BIAS_FOLDED, 1400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_positions_raw),
        cmocka_unit_test(test_all_positions_folded),
        cmocka_unit_test(test_scored_positions_raw),
        cmocka_unit_test(test_scored_positions_folded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
