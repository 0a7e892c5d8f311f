/* model: how families name and store their tensors - old names, interleaved heads, norms - and what is made of them. */
#include "headsweep/model.h"

#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#include "support/assert_status.h"
#include "support/golden_checkpoint.h"

/* A norm as TensorFlow named it, the head's bias under its second name, and what training left behind. */
static void test_old_names(void **state)
{
    struct golden_checkpoint golden = golden_case("bert masked");
    golden_rename(&golden, "bert.embeddings.LayerNorm.weight", "bert.embeddings.LayerNorm.gamma");
    golden_rename(&golden, "bert.encoder.layer.1.output.LayerNorm.bias", "bert.encoder.layer.1.output.LayerNorm.beta");
    golden_rename(&golden, "cls.predictions.transform.LayerNorm.weight", "cls.predictions.transform.LayerNorm.gamma");
    golden_rename(&golden, "cls.predictions.bias", "cls.predictions.decoder.bias");
    test_checkpoint_add(&golden.tensors, 1, 8, "bert.embeddings.position_ids");
    test_checkpoint_add(&golden.tensors, 16, 16, "bert.pooler.dense.weight");
    test_checkpoint_add(&golden.tensors, 2, 16, "cls.seq_relationship.weight");
    float expected = test_checkpoint_values(&golden.tensors, "bert.embeddings.LayerNorm.gamma")[3];
    float expected_bias = test_checkpoint_values(&golden.tensors, "cls.predictions.decoder.bias")[3];
    golden_write(&golden, *state, TEST_F32);
    golden_clear(&golden);
    loaded m = load_model(*state);
    assert_true(m.model->embedding_norm.weight[3] == expected);
    assert_true(m.model->unembedding.bias[3] == expected_bias);
    unload(&m);
}

/* The hash is that of the names which transformers writes today. */
static void test_names_do_not_change_the_hash(void **state)
{
    uint64_t hashes[2];
    for (size_t i = 0; i < 2; i++) {
        struct golden_checkpoint golden = golden_case("bert masked");
        if (i == 1)
            golden_rename(&golden, "bert.embeddings.LayerNorm.weight", "bert.embeddings.LayerNorm.gamma");
        hs_model *model = golden_open(&golden, *state);
        hashes[i] = hs_model_hash(model);
        hs_model_free(model);
    }
    assert_true(hashes[0] == hashes[1]);
}

static void test_both_names_must_agree(void **state)
{
    for (size_t i = 0; i < 2; i++) {
        struct golden_checkpoint golden = golden_case("bert masked");
        float *copy = test_checkpoint_add(&golden.tensors, 16, 0, "bert.embeddings.LayerNorm.gamma");
        memcpy(copy, test_checkpoint_values(&golden.tensors, "bert.embeddings.LayerNorm.weight"), 16 * sizeof *copy);
        copy[4] += i == 0 ? 0.0f : 1.0f;
        golden_write(&golden, *state, TEST_F32);
        golden_clear(&golden);
        hs_error error = {0};
        hs_model *model = NULL;
        assert_int_equal(hs_model_open(*state, &model, &error), i == 0 ? HS_OK : HS_ERROR_INPUT);
        if (i == 1)
            assert_non_null(strstr(error.message, "tensor bert.embeddings.LayerNorm.gamma differs from bert.embeddings."
                                                  "LayerNorm.weight, but the two are names of one tensor"));
        hs_model_free(model);
    }
}

static float rounded(float value, enum test_weight_type type)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (type == TEST_BF16)
        bits = (bits + 0x7fff + ((bits >> 16) & 1)) & 0xffff0000u;
    memcpy(&value, &bits, sizeof bits);
    return value;
}

/* Row (head, part, d) of the file is row (head, d) of query, key or value. */
static void assert_sorted(const hs_model *model, const float *weights, const float *bias, enum test_weight_type type)
{
    const hs_model_shape *shape = &model->shape;
    const hs_model_layer *layer = &model->layers[1];
    const hs_linear *parts[] = {&layer->query, &layer->key, &layer->value};
    for (size_t row = 0; row < 3 * shape->width; row++) {
        size_t head = row / (3 * shape->head_dim), part = row / shape->head_dim % 3;
        size_t out = head * shape->head_dim + row % shape->head_dim;
        const hs_linear *linear = parts[part];
        assert_true(linear->transposed && linear->n_in == shape->width && linear->n_out == shape->width);
        assert_true(linear->bias[out] == rounded(bias[row], type));
        for (size_t in = 0; in < shape->width; in++)
            assert_true(linear->values[out * linear->stride + in] == rounded(weights[row * shape->width + in], type));
    }
}

static void test_interleaved_heads(void **state)
{
    static const enum test_weight_type types[] = {TEST_F32, TEST_BF16};
    for (size_t i = 0; i < 2; i++) {
        struct golden_checkpoint golden = golden_case("gpt_neox");
        const char *name = "gpt_neox.layers.1.attention.query_key_value";
        char weight[128], bias[128];
        snprintf(weight, sizeof weight, "%s.weight", name);
        snprintf(bias, sizeof bias, "%s.bias", name);
        golden_write(&golden, *state, types[i]);
        loaded m = load_model_in_parts(*state, 1 + 4 * i);
        assert_sorted(m.model, test_checkpoint_values(&golden.tensors, weight),
                      test_checkpoint_values(&golden.tensors, bias), types[i]);
        unload(&m);
        golden_clear(&golden);
    }
}

/* The one norm of Phi's layers is in two places, but it is one tensor: converted, hashed and counted once. */
static void test_one_norm_in_two_places(void **state)
{
    static const enum test_weight_type types[] = {TEST_F32, TEST_BF16};
    for (size_t i = 0; i < 2; i++) {
        struct golden_checkpoint golden = golden_case("phi");
        golden_write(&golden, *state, types[i]);
        golden_clear(&golden);
        loaded m = load_model(*state);
        for (size_t l = 0; l < m.model->shape.n_layers; l++) {
            const hs_model_layer *layer = &m.model->layers[l];
            assert_non_null(layer->attention_norm.weight);
            assert_ptr_equal(layer->attention_norm.weight, layer->mlp_norm.weight);
            assert_ptr_equal(layer->attention_norm.bias, layer->mlp_norm.bias);
            assert_ptr_not_equal(layer->mlp_norm.weight, layer->mlp_norm.bias);
        }
        unload(&m);
    }
}

/* Stored less one, so that they are converted whatever their type; the factor of the embeddings is of that type. */
static void test_norms_of_gemma(void **state)
{
    static const enum test_weight_type types[] = {TEST_F32, TEST_BF16};
    for (size_t i = 0; i < 2; i++) {
        struct golden_checkpoint golden = golden_case("gemma");
        golden_write(&golden, *state, types[i]);
        loaded m = load_model(*state);
        struct test_tensor *stored = test_checkpoint_find(&golden.tensors, "model.layers.1.input_layernorm.weight");
        for (size_t j = 0; j < m.model->shape.width; j++)
            assert_float_equal(m.model->layers[1].attention_norm.weight[j], 1.0f + stored->values[j], 0.02);
        assert_true(m.model->shape.embedding_scale == 4.0);
        unload(&m);
        golden_clear(&golden);
    }
}

/* What is normed without weights has ones. */
static void test_norms_of_olmo(void **state)
{
    struct golden_checkpoint golden = golden_case("olmo");
    golden_write(&golden, *state, TEST_F32);
    golden_clear(&golden);
    loaded m = load_model(*state);
    for (size_t j = 0; j < m.model->shape.width; j++) {
        assert_true(m.model->final_norm.weight[j] == 1.0f && m.model->layers[1].mlp_norm.weight[j] == 1.0f);
        assert_ptr_equal(m.model->layers[0].attention_norm.weight, m.model->final_norm.weight);
    }
    unload(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_old_names),
        cmocka_unit_test(test_names_do_not_change_the_hash),
        cmocka_unit_test(test_both_names_must_agree),
        cmocka_unit_test(test_interleaved_heads),
        cmocka_unit_test(test_one_norm_in_two_places),
        cmocka_unit_test(test_norms_of_gemma),
        cmocka_unit_test(test_norms_of_olmo),
    };
    return cmocka_run_group_tests(tests, test_make_folder, test_remove_folder);
}
