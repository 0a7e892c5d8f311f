/*
 * Answers are told of as they are complete; what nobody wants is left out without a change of bits; and whoever is
 * polled is out of a pass at the next product, whatever the engine was doing.
 */
#include "support/engine_random.h"

struct listener {
    const struct sets *sets;
    const double *expected; /* of a plain evaluation */
    const double *answers;
    size_t n_queries;
    size_t n_told[MAX_SETS];
    size_t n_calls;
    bool expects_nothing_after; /* the pass was given up */
};

static hs_status listen(void *context, size_t first, size_t n, hs_error *ignored)
{
    struct listener *l = context;
    (void)ignored;
    assert_true(n > 0);
    assert_true(first + n <= l->sets->n);
    assert_false(l->expects_nothing_after);
    l->n_calls++;
    for (size_t i = first; i < first + n; i++) {
        l->n_told[i]++;
        assert_memory_equal(l->answers + i * l->n_queries, l->expected + i * l->n_queries,
                            l->n_queries * sizeof *l->answers);
    }
    return HS_OK;
}

struct round {
    struct draw draw;
    loaded model;
    struct work work;
    struct extras extras;
    struct sets sets;
    hs_reference_means means;
    hs_engine *engine;
    hs_prepared *prepared;
    double *expected;
    double *answers;
    size_t n_polls;
    size_t most_polls; /* after so many the evaluation is given up */
    struct listener *listener;
};

static bool count_poll(void *context)
{
    struct round *r = context;
    assert_true(r->n_polls < r->most_polls); /* nobody is asked again who has said no */
    if (++r->n_polls < r->most_polls)
        return true;
    if (r->listener != NULL)
        r->listener->expects_nothing_after = true;
    return false;
}

/* Stacks of few rows, so that there are many batches and the tail is full now and then. */
static void begin(struct round *r, hs_engine_kind kind, uint64_t stream)
{
    *r = (struct round){.draw = {stream, 0}, .most_polls = SIZE_MAX};
    r->model = load_random_model(&r->draw);
    const hs_model_shape *shape = &r->model.model->shape;
    make_workload(&r->work, &r->extras, &r->draw, shape, true);
    make_sets(&r->sets, &r->draw, shape);
    hs_engine_options options = {
        .kind = kind, .stacked_rows = 1 + below(&r->draw, 300), .poll = count_poll, .poll_context = r};
    r->engine = new_engine(r->model.model, options);
    r->means = reference_means(r->engine, shape, &r->work.workload.sequences);
    hs_engine_set_means(r->engine, &r->means);
    ASSERT_OK(hs_engine_prepare(r->engine, &r->work.workload, &r->prepared, &error));
    r->expected = evaluate(r->engine, &r->work.workload, r->sets.ablations, r->sets.n);
    ASSERT_OK(hs_allocate(&r->answers, r->sets.n * r->work.workload.n_queries, sizeof(double), "test", &error));
}

static struct listener listener_of(const struct round *r)
{
    return (struct listener){
        .sets = &r->sets, .expected = r->expected, .answers = r->answers, .n_queries = r->work.workload.n_queries};
}

static void end(struct round *r)
{
    hs_free(r->answers);
    hs_free(r->expected);
    hs_engine_prepared_free(r->prepared);
    hs_engine_free(r->engine);
    hs_engine_reference_means_clear(&r->means);
    clear_work(&r->extras.donor_work);
    clear_work(&r->work);
    unload(&r->model);
}

struct call {
    size_t first, n;
};

struct calls {
    struct call made[8];
    size_t n;
};

static hs_status note_call(void *context, size_t first, size_t n, hs_error *ignored)
{
    struct calls *calls = context;
    (void)ignored;
    assert_true(calls->n < 8);
    calls->made[calls->n++] = (struct call){first, n};
    return HS_OK;
}

/* A scale that overflows: the reference engine answers too, and those before it need not wait. */
static void test_what_is_answered_again_is_told_of_alone(void **state)
{
    (void)state;
    static const struct call expected[] = {{0, 1}, {1, 1}, {2, 2}};
    loaded model = load_small_gpt2();
    const hs_component heads[] = {
        {HS_COMPONENT_HEAD, 0, 1}, {HS_COMPONENT_HEAD, 1, 2}, {HS_COMPONENT_HEAD, 2, 0}, {HS_COMPONENT_HEAD, 2, 1}};
    hs_ablation ablations[4];
    struct work work = {0};
    struct calls calls = {0};
    int32_t tokens[9];
    double answers[4 * 8];
    fill_tokens(tokens, 9, model.model->shape.vocabulary, 4);
    ask_next_tokens(&work, add_sequence(&work, tokens, 9));
    for (size_t i = 0; i < 4; i++)
        ablations[i] = (hs_ablation){&heads[i], 1, {HS_INTERVENTION_ZERO, 0}};
    ablations[1].intervention = (hs_intervention){HS_INTERVENTION_SCALE, INFINITY};
    hs_engine *engine = new_engine(model.model, (hs_engine_options){.kind = HS_ENGINE_PREFIX});
    hs_prepared *prepared = NULL;
    const hs_answering answering = {NULL, note_call, &calls};
    ASSERT_OK(hs_engine_prepare(engine, &work.workload, &prepared, &error));
    ASSERT_OK(hs_engine_answer(engine, prepared, ablations, 4, &answering, answers, &error));
    assert_int_equal(calls.n, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(calls.made[i].first, expected[i].first);
        assert_int_equal(calls.made[i].n, expected[i].n);
    }
    assert_true(isnan(answers[8]) && isfinite(answers[0]) && isfinite(answers[31]));
    hs_engine_prepared_free(prepared);
    hs_engine_free(engine);
    clear_work(&work);
    unload(&model);
}

static void test_what_is_skipped_changes_no_bits(void **state)
{
    (void)state;
    for (uint64_t stream = 4000; stream < 4060; stream++) {
        struct round r;
        bool skips[MAX_SETS];
        begin(&r, stream % 4 == 0 ? HS_ENGINE_REFERENCE : HS_ENGINE_PREFIX, stream);
        size_t one_in = 1 + below(&r.draw, 6);
        for (size_t i = 0; i < r.sets.n; i++)
            skips[i] = below(&r.draw, one_in) == 0;
        struct listener listener = listener_of(&r);
        const hs_answering answering = {skips, listen, &listener};
        ASSERT_OK(hs_engine_answer(r.engine, r.prepared, r.sets.ablations, r.sets.n, &answering, r.answers, &error));
        for (size_t i = 0; i < r.sets.n; i++)
            assert_int_equal(listener.n_told[i], skips[i] ? 0 : 1);
        end(&r);
    }
}

/* Singles of a model, of which only the last head is wanted: what its batch does not need is not computed. */
static void test_what_is_skipped_is_not_computed(void **state)
{
    (void)state;
    loaded model = load_small_gpt2();
    const hs_model_shape *shape = &model.model->shape;
    size_t n = shape->n_layers * shape->n_heads, n_all = 0;
    hs_component *heads = all_heads(shape);
    struct work work = {0};
    int32_t tokens[20];
    struct round r = {.most_polls = SIZE_MAX};
    hs_ablation ablations[MAX_SETS];
    bool skips[MAX_SETS];
    fill_tokens(tokens, 20, shape->vocabulary, 5);
    ask_next_tokens(&work, add_sequence(&work, tokens, 20));
    for (size_t i = 0; i < n; i++) {
        ablations[i] = (hs_ablation){&heads[i], 1, {HS_INTERVENTION_ZERO, 0.0f}};
        skips[i] = i + 1 < n;
    }
    hs_engine *engine = new_engine(
        model.model,
        (hs_engine_options){.kind = HS_ENGINE_PREFIX, .stacked_rows = 20, .poll = count_poll, .poll_context = &r});
    double *expected = evaluate(engine, &work.workload, ablations, n);
    n_all = r.n_polls;
    hs_prepared *prepared = NULL;
    double *answers = NULL;
    const hs_answering answering = {.skips = skips};
    ASSERT_OK(hs_allocate(&answers, n * work.workload.n_queries, sizeof *answers, "test", &error));
    ASSERT_OK(hs_engine_prepare(engine, &work.workload, &prepared, &error));
    r.n_polls = 0;
    ASSERT_OK(hs_engine_answer(engine, prepared, ablations, n, &answering, answers, &error));
    assert_memory_equal(answers + (n - 1) * work.workload.n_queries, expected + (n - 1) * work.workload.n_queries,
                        work.workload.n_queries * sizeof *answers);
    assert_true(3 * r.n_polls < n_all); /* the clean pass, and one batch of twelve */
    hs_engine_prepared_free(prepared);
    hs_engine_free(engine);
    hs_free(answers);
    hs_free(expected);
    hs_free(heads);
    clear_work(&work);
    unload(&model);
}

/* What was told of before the end is whole, nobody is polled or told after it, and the next evaluation is right. */
static void test_a_pass_is_left_at_any_product(void **state)
{
    (void)state;
    for (uint64_t stream = 4100; stream < 4120; stream++) {
        struct round r;
        begin(&r, stream % 4 == 0 ? HS_ENGINE_REFERENCE : HS_ENGINE_PREFIX, stream);
        const hs_answering unheard = {0};
        size_t n_all = 0;
        for (size_t i = 0; i < 2; i++) { /* the second finds the clean model there */
            r.n_polls = 0;
            ASSERT_OK(hs_engine_answer(r.engine, r.prepared, r.sets.ablations, r.sets.n, &unheard, r.answers, &error));
            n_all = r.n_polls;
        }
        for (size_t i = 0; i < 25 && n_all > 0; i++) {
            struct listener listener = listener_of(&r);
            const hs_answering answering = {NULL, listen, &listener};
            hs_error told = {0};
            r.n_polls = 0;
            r.most_polls = 1 + below(&r.draw, n_all);
            r.listener = &listener;
            hs_status status =
                hs_engine_answer(r.engine, r.prepared, r.sets.ablations, r.sets.n, &answering, r.answers, &told);
            assert_int_equal(status, HS_UNFINISHED);
            assert_string_equal(told.message, "the evaluation was given up");
            r.listener = NULL;
            r.most_polls = SIZE_MAX;
        }
        struct listener listener = listener_of(&r);
        const hs_answering answering = {NULL, listen, &listener};
        ASSERT_OK(hs_engine_answer(r.engine, r.prepared, r.sets.ablations, r.sets.n, &answering, r.answers, &error));
        end(&r);
    }
}

static void test_other_passes_are_left_too(void **state)
{
    (void)state;
    for (uint64_t stream = 4200; stream < 4206; stream++) {
        struct round r;
        begin(&r, HS_ENGINE_PREFIX, stream);
        hs_mean_sums sums = {0};
        hs_error told = {0};
        ASSERT_OK(hs_engine_mean_sums_init(&sums, &r.model.model->shape, MAX_LENGTH, &error));
        r.n_polls = 0;
        r.most_polls = 2;
        assert_int_equal(hs_engine_sum_z(r.engine, &r.extras.donor_work.workload.sequences, &sums, &told),
                         HS_UNFINISHED);
        told = (hs_error){0};
        r.n_polls = 0;
        r.most_polls = 1;
        assert_int_equal(hs_engine_self_test(r.engine, &r.work.workload, &told), HS_UNFINISHED);
        hs_engine_mean_sums_clear(&sums);
        end(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_answered_again_is_told_of_alone),
        cmocka_unit_test(test_what_is_skipped_changes_no_bits),
        cmocka_unit_test(test_what_is_skipped_is_not_computed),
        cmocka_unit_test(test_a_pass_is_left_at_any_product),
        cmocka_unit_test(test_other_passes_are_left_too),
    };
    return cmocka_run_group_tests_name("engine_answers", tests, NULL, NULL);
}
