/*
 * tasks: texts scored by a decoder that classifies, whose label is at the last token that is not padding, against what
 * the engine says there; and a text of no token.
 */
#include "support/engine_models.h"
#include "support/task_fixture.h"

#include <math.h>
#include <string.h>

enum { N_LAYERS = 2, PADDING = 'c', LABEL = 1 };

/* A GPT-2 with the fixture's vocabulary. */
static loaded load_classifier(int32_t padding)
{
    const struct test_options options = {
        .n_layers = N_LAYERS,
        .n_heads = 2,
        .width = 12,
        .mlp_width = 20,
        .vocabulary = FIXTURE_VOCABULARY,
        .n_positions = FIXTURE_POSITIONS,
    };
    char *folder = test_temporary_folder();
    test_random_gpt2_with(folder, &options, 21);
    loaded model = load_model(folder);
    test_folder_remove(folder);
    free(folder);
    make_decoder_classifier(model.model, padding);
    model.model->bos_token = FIXTURE_BOS;
    return model;
}

static double probability(const hs_model *model, const int32_t *tokens, size_t n, size_t row)
{
    struct work work = {0};
    add_sequence(&work, tokens, n);
    add_query(&work, 0, (uint32_t)row, HS_QUERY_LOG_PROBABILITY, LABEL);
    hs_engine *engine = new_engine(model, (hs_engine_options){.kind = HS_ENGINE_REFERENCE});
    double *answers = evaluate(engine, &work.workload, &(hs_ablation){0}, 1);
    double result = exp(answers[0]);
    hs_free(answers);
    hs_engine_free(engine);
    clear_work(&work);
    return result;
}

static void test_scores_are_of_the_last_token(void **state)
{
    static const char *const texts[] = {"x cats", "abcc", "", "c", "x"};
    static const struct {
        int32_t tokens[8];
        size_t n, row;
    } expected[] = {
        {{'x', 258, 's'}, 3, 2}, {{'a', 'b', 'c', 'c'}, 4, 1}, {{FIXTURE_BOS}, 1, 0}, {{'c'}, 1, 0}, {{'x'}, 1, 0},
    };
    enum { N = sizeof texts / sizeof *texts };
    struct task_fixture *fixture = *state;
    loaded model = load_classifier(PADDING);
    const hs_classifier classifier = {.model = model.model, .tokenizer = fixture->tokenizer, .label = "1"};
    hs_scorer *scorer = NULL;
    hs_text_list list = {0};
    double scores[N];
    ASSERT_OK(hs_tasks_scorer_open_classifier(&classifier, &scorer, &error));
    for (size_t i = 0; i < N; i++)
        ASSERT_OK(hs_tasks_text_list_add(&list, texts[i], strlen(texts[i]), &error));
    ASSERT_OK(hs_tasks_scorer_score(scorer, &list, scores, &error));
    for (size_t i = 0; i < N; i++)
        assert_true(fabs(scores[i] - probability(model.model, expected[i].tokens, expected[i].n, expected[i].row)) <
                    1e-6);
    hs_tasks_text_list_clear(&list);
    hs_tasks_scorer_free(scorer);
    unload(&model);
}

/* Nothing that could stand for an empty text is in the model's vocabulary. */
static void test_an_empty_text_needs_a_token(void **state)
{
    struct task_fixture *fixture = *state;
    loaded model = load_classifier(-1);
    hs_classifier classifier = {.model = model.model, .tokenizer = fixture->tokenizer, .label = "1"};
    hs_scorer *scorer = NULL;
    hs_error refusal = {0};
    model.model->shape.vocabulary = FIXTURE_BOS;
    assert_int_equal(hs_tasks_scorer_open_classifier(&classifier, &scorer, &refusal), HS_ERROR_INPUT);
    assert_null(scorer);
    assert_non_null(strstr(refusal.message, "an empty text would have no score"));
    unload(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_scores_are_of_the_last_token, task_fixture_set_up, task_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_an_empty_text_needs_a_token, task_fixture_set_up, task_fixture_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
