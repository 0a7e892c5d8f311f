/* model: the family rows and the rotary frequencies against what Hugging Face transformers wrote (tests/reference). */
#include "headsweep/model.h"

#include <math.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/golden_checkpoint.h"

/* transformers computes in single precision: its exponent alone is off by up to 2^-24 ln(theta) relative. */
static void assert_frequencies(const char *folder, const hs_json_value *golden)
{
    const double tolerance = 2e-6;
    struct test_options options = {.n_layers = 1, .n_heads = 2, .width = 8, .vocabulary = 3, .untied = true};
    options.head_dim = (size_t)hs_json_integer(hs_json_get(golden, "head_dim"));
    options.n_positions = (size_t)hs_json_integer(hs_json_get(golden, "n_positions"));
    options.extra_config = hs_json_string(hs_json_get(golden, "members"));
    test_random_llama_with(folder, &options, 1);
    hs_model *model = open_model(folder);
    const hs_json_value *expected = hs_json_get(golden, "frequencies");
    assert_int_equal(hs_json_size(expected), options.head_dim / 2);
    for (size_t i = 0; i < options.head_dim / 2; i++) {
        double wanted = hs_json_number(hs_json_at(expected, i)), got = (double)model->rotary_frequencies[i];
        if (!(fabs(got - wanted) <= tolerance * wanted))
            fail_msg("%s: frequency %zu is %.9g, not %.9g", hs_json_string(hs_json_get(golden, "name")), i, got,
                     wanted);
    }
    assert_true(fabs(model->rotary_scale - hs_json_number(hs_json_get(golden, "attention_factor"))) <= 1e-12);
    assert_int_equal(model->shape.n_positions, hs_json_integer(hs_json_get(golden, "n_positions_out")));
    hs_model_free(model);
}

static void test_rotary_frequencies(void **state)
{
    const hs_json_value *cases = NULL;
    hs_json *json = read_golden("rope_golden.json", &cases);
    for (size_t c = 0; c < hs_json_size(cases); c++)
        assert_frequencies(*state, hs_json_at(cases, c));
    hs_json_free(json);
}

/* One MLP or all experts. */
static void assert_mlp_is_bound(const hs_model_layer *layer, const hs_model_shape *shape)
{
    const hs_mixture *mixture = &layer->mixture;
    assert_int_equal(layer->mlp_up.values != NULL, mixture->n_experts == 0);
    assert_int_equal(layer->mlp_down.values != NULL, mixture->n_experts == 0);
    assert_int_equal(layer->mlp_gate.values != NULL, mixture->n_experts == 0 && shape->gated_mlp);
    assert_int_equal(mixture->router.values != NULL, mixture->n_experts > 0);
    for (size_t i = 0; i < mixture->n_experts; i++) {
        assert_int_equal(mixture->experts[i].up.n_out, shape->expert_width);
        assert_non_null(mixture->experts[i].up.values);
        assert_non_null(mixture->experts[i].down.values);
        assert_int_equal(mixture->experts[i].gate.values != NULL, shape->gated_mlp);
    }
}

static void assert_all_bound(const hs_model *model)
{
    assert_non_null(model->token_embedding);
    assert_true(model->final_norm.weight == NULL || !model->shape.post_norm);
    assert_true(model->embedding_norm.weight != NULL || !model->shape.bidirectional);
    assert_int_equal(model->unembedding.values != NULL, model->shape.n_outputs > 0);
    bool has_dense =
        model->shape.bidirectional && model->shape.n_outputs > 0 && model->shape.head != HS_HEAD_TOKEN_CLASSIFIER;
    assert_int_equal(model->head_dense.values != NULL, has_dense || model->shape.positions_after_projection);
    assert_int_equal(model->token_type_embedding != NULL, model->shape.n_token_types > 0);
    assert_int_equal(model->labels != NULL, hs_has_labels(&model->shape));
    for (size_t l = 0; l < model->shape.n_layers; l++) {
        const hs_model_layer *layer = &model->layers[l];
        const hs_linear *const linears[] = {&layer->query, &layer->key, &layer->value, &layer->output};
        for (size_t i = 0; i < sizeof linears / sizeof linears[0]; i++)
            assert_non_null(linears[i]->values);
        assert_true(layer->attention_norm.weight != NULL || model->shape.norms_outputs);
        assert_true(layer->mlp_norm.weight != NULL || model->shape.norms_outputs);
        assert_int_equal(layer->attention_output_norm.weight != NULL, model->shape.norms_outputs);
        assert_int_equal(layer->mlp_output_norm.weight != NULL, model->shape.norms_outputs);
        assert_int_equal(layer->query_norm.weight != NULL, model->shape.query_key_norm != HS_QUERY_KEY_NORM_NONE);
        assert_int_equal(layer->key_norm.weight != NULL, model->shape.query_key_norm != HS_QUERY_KEY_NORM_NONE);
        assert_mlp_is_bound(layer, &model->shape);
    }
}

/* What transformers saves is opened with no tensor missing or left over, and has as many parameters. */
static void test_families_as_transformers_saves_them(void **state)
{
    const hs_json_value *cases = NULL;
    hs_json *json = read_golden("family_golden.json", &cases);
    for (size_t c = 0; c < hs_json_size(cases); c++) {
        const hs_json_value *golden = hs_json_at(cases, c);
        struct test_checkpoint file = {0};
        add_golden_tensors(&file, hs_json_get(golden, "tensors"));
        test_checkpoint_write(*state, hs_json_string(hs_json_get(golden, "config")), file.tensors, file.n_tensors,
                              TEST_F32, 1);
        loaded m = load_model(*state);
        assert_int_equal(m.model->n_parameters, hs_json_integer(hs_json_get(golden, "n_parameters")));
        assert_all_bound(m.model);
        unload(&m);
        test_checkpoint_clear(&file);
    }
    hs_json_free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rotary_frequencies),
        cmocka_unit_test(test_families_as_transformers_saves_them),
    };
    return cmocka_run_group_tests(tests, test_make_folder, test_remove_folder);
}
