/* model: what checkpoints that are as they should be become: shapes, layouts, description. */
#include "headsweep/model.h"

#include <math.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/assert_status.h"
#include "support/checkpoint_writer.h"
#include "support/loaded_model.h"
#include "support/model_options.h"

/* Element (i, o) of a linear map as model.h defines it. */
static float element(const hs_linear *linear, size_t i, size_t o)
{
    return linear->transposed ? linear->values[o * linear->stride + i] : linear->values[i * linear->stride + o];
}

/* `linear` against a torch Linear [n_out, n_in] in the file. */
static void assert_is_torch_linear(const hs_linear *linear, const struct test_checkpoint *file, const char *name,
                                   size_t n_in, size_t n_out, bool has_bias)
{
    char full_name[128];
    snprintf(full_name, sizeof full_name, "%s.weight", name);
    const float *weight = test_checkpoint_values(file, full_name);
    assert_int_equal(linear->n_in, n_in);
    assert_int_equal(linear->n_out, n_out);
    for (size_t o = 0; o < n_out; o++)
        for (size_t i = 0; i < n_in; i++)
            assert_true(element(linear, i, o) == weight[o * n_in + i]);
    snprintf(full_name, sizeof full_name, "%s.bias", name);
    if (has_bias)
        assert_memory_equal(linear->bias, test_checkpoint_values(file, full_name), n_out * sizeof(float));
    else
        assert_null(linear->bias);
}

/* `linear` against columns [first, first + n_out) of a Conv1D [n_in, n_columns] in the file. */
static void assert_is_conv1d(const hs_linear *linear, const struct test_checkpoint *file, const char *name, size_t n_in,
                             size_t n_columns, size_t first, size_t n_out)
{
    char full_name[128];
    snprintf(full_name, sizeof full_name, "%s.weight", name);
    const float *weight = test_checkpoint_values(file, full_name);
    assert_int_equal(linear->n_in, n_in);
    assert_int_equal(linear->n_out, n_out);
    for (size_t i = 0; i < n_in; i++)
        for (size_t o = 0; o < n_out; o++)
            assert_true(element(linear, i, o) == weight[i * n_columns + first + o]);
    snprintf(full_name, sizeof full_name, "%s.bias", name);
    assert_memory_equal(linear->bias, test_checkpoint_values(file, full_name) + first, n_out * sizeof(float));
}

static void assert_is_tensor(const float *values, const struct test_checkpoint *file, const char *name)
{
    const struct test_tensor *tensor = test_checkpoint_find(file, name);
    size_t n = tensor->shape[0] * (tensor->n_dimensions > 1 ? tensor->shape[1] : 1);
    assert_non_null(values);
    assert_memory_equal(values, tensor->values, n * sizeof *values);
}

static void test_gpt2_is_bound_in_place(void **state)
{
    struct test_checkpoint file = {0};
    test_gpt2_layout(&file, &gpt2_options);
    test_checkpoint_randomise(&file, 1, 1.0);
    test_gpt2_write(*state, &file, &gpt2_options);
    loaded m = load_model(*state);
    const hs_model *model = m.model;

    assert_string_equal(model->family, "gpt2");
    assert_string_equal(model->architecture, "GPT2LMHeadModel");
    assert_string_equal(model->weight_type, "F32");
    assert_int_equal(hs_model_arena_bytes(model), 0);
    assert_is_tensor(model->token_embedding, &file, "transformer.wte.weight");
    assert_is_tensor(model->position_embedding, &file, "transformer.wpe.weight");
    assert_null(model->rotary_frequencies);
    const hs_model_layer *layer = &model->layers[1];
    assert_is_tensor(layer->attention_norm.weight, &file, "transformer.h.1.ln_1.weight");
    assert_is_tensor(layer->attention_norm.bias, &file, "transformer.h.1.ln_1.bias");
    assert_is_conv1d(&layer->query, &file, "transformer.h.1.attn.c_attn", 12, 36, 0, 12);
    assert_is_conv1d(&layer->key, &file, "transformer.h.1.attn.c_attn", 12, 36, 12, 12);
    assert_is_conv1d(&layer->value, &file, "transformer.h.1.attn.c_attn", 12, 36, 24, 12);
    assert_is_conv1d(&layer->output, &file, "transformer.h.1.attn.c_proj", 12, 12, 0, 12);
    assert_is_tensor(layer->mlp_norm.weight, &file, "transformer.h.1.ln_2.weight");
    assert_is_tensor(layer->mlp_norm.bias, &file, "transformer.h.1.ln_2.bias");
    assert_null(layer->mlp_gate.values);
    assert_is_conv1d(&layer->mlp_up, &file, "transformer.h.1.mlp.c_fc", 12, 20, 0, 20);
    assert_is_conv1d(&layer->mlp_down, &file, "transformer.h.1.mlp.c_proj", 20, 12, 0, 12);
    assert_is_conv1d(&model->layers[0].value, &file, "transformer.h.0.attn.c_attn", 12, 36, 24, 12);
    assert_is_tensor(model->final_norm.weight, &file, "transformer.ln_f.weight");
    assert_is_tensor(model->final_norm.bias, &file, "transformer.ln_f.bias");
    assert_ptr_equal(model->unembedding.values, model->token_embedding);
    assert_int_equal(model->unembedding.n_out, 7);
    assert_true(element(&model->unembedding, 3, 5) == model->token_embedding[5 * 12 + 3]);
    unload(&m);
    test_checkpoint_clear(&file);
}

static void test_llama_is_bound_in_place(void **state)
{
    struct test_checkpoint file = {0};
    test_llama_layout(&file, &llama_options);
    test_checkpoint_randomise(&file, 2, 1.0);
    test_llama_write(*state, &file, &llama_options);
    loaded m = load_model(*state);
    const hs_model *model = m.model;
    const hs_model_layer *layer = &model->layers[1];

    assert_string_equal(model->family, "llama");
    assert_is_tensor(model->token_embedding, &file, "model.embed_tokens.weight");
    assert_null(model->position_embedding);
    assert_is_tensor(layer->attention_norm.weight, &file, "model.layers.1.input_layernorm.weight");
    assert_null(layer->attention_norm.bias);
    assert_is_torch_linear(&layer->query, &file, "model.layers.1.self_attn.q_proj", 10, 24, true);
    assert_is_torch_linear(&layer->key, &file, "model.layers.1.self_attn.k_proj", 10, 12, true);
    assert_is_torch_linear(&layer->value, &file, "model.layers.1.self_attn.v_proj", 10, 12, true);
    assert_is_torch_linear(&layer->output, &file, "model.layers.1.self_attn.o_proj", 24, 10, true);
    assert_is_tensor(layer->mlp_norm.weight, &file, "model.layers.1.post_attention_layernorm.weight");
    assert_is_torch_linear(&layer->mlp_gate, &file, "model.layers.1.mlp.gate_proj", 10, 14, true);
    assert_is_torch_linear(&layer->mlp_up, &file, "model.layers.1.mlp.up_proj", 10, 14, true);
    assert_is_torch_linear(&layer->mlp_down, &file, "model.layers.1.mlp.down_proj", 14, 10, true);
    assert_is_tensor(model->final_norm.weight, &file, "model.norm.weight");
    assert_is_torch_linear(&model->unembedding, &file, "lm_head", 10, 9, false);
    assert_int_equal(model->shape.rotary_dim, 6);
    assert_true(model->rotary_frequencies[0] == 1.0f);
    assert_true(fabs((double)model->rotary_frequencies[1] - pow(10000.0, -1.0 / 3.0)) < 1e-8);
    unload(&m);
    test_checkpoint_clear(&file);
}

static void test_qwen2_has_biases_of_query_key_and_value_alone(void **state)
{
    struct test_options options = llama_options;
    options.model_type = "qwen2";
    options.attention_bias = options.mlp_bias = false;
    test_random_llama_with(*state, &options, 3);
    loaded m = load_model(*state);
    assert_string_equal(m.model->family, "qwen2");
    assert_non_null(m.model->layers[0].query.bias);
    assert_non_null(m.model->layers[0].value.bias);
    assert_null(m.model->layers[0].output.bias);
    assert_null(m.model->layers[0].mlp_up.bias);
    unload(&m);
}

static void test_gpt2_options(void **state)
{
    struct test_options options = gpt2_options;
    test_random_gpt2_with(*state, &options, 4);
    hs_model *model = open_model(*state);
    const hs_model_shape *shape = &model->shape;
    assert_int_equal(shape->n_layers, 2);
    assert_int_equal(shape->n_heads, 3);
    assert_int_equal(shape->n_kv_heads, 3);
    assert_int_equal(shape->head_dim, 4);
    assert_int_equal(shape->width, 12);
    assert_int_equal(shape->mlp_width, 20);
    assert_int_equal(shape->vocabulary, 7);
    assert_int_equal(shape->n_positions, 5);
    assert_int_equal(shape->norm, HS_NORM_LAYER);
    assert_int_equal(shape->position, HS_POSITION_LEARNED);
    assert_int_equal(shape->activation, HS_ACTIVATION_GELU_TANH);
    assert_true(shape->norm_epsilon == 1e-5 && shape->attention_scale == 0.5);
    assert_true(shape->tied_unembedding && !shape->gated_mlp && !shape->scale_by_inverse_layer);
    /* Per layer 4 norms of 12, 12x36+36, 12x12+12, 12x20+20, 20x12+12; 7x12, 5x12 and 2x12 besides. */
    assert_int_equal(model->n_parameters, 2 * (48 + 468 + 156 + 260 + 252) + 84 + 60 + 24);
    hs_model_free(model);

    options.extra_config = "\"scale_attn_weights\": false, \"scale_attn_by_inverse_layer_idx\": true, "
                           "\"activation_function\": \"gelu\", \"layer_norm_epsilon\": 0.25";
    test_random_gpt2_with(*state, &options, 4);
    model = open_model(*state);
    assert_true(model->shape.attention_scale == 1.0 && model->shape.scale_by_inverse_layer);
    assert_true(model->shape.norm_epsilon == 0.25);
    assert_int_equal(model->shape.activation, HS_ACTIVATION_GELU);
    hs_model_free(model);
}

static void test_llama_options(void **state)
{
    test_random_llama_with(*state, &llama_options, 4);
    hs_model *model = open_model(*state);
    const hs_model_shape *shape = &model->shape;
    assert_int_equal(shape->n_kv_heads, 2);
    assert_int_equal(shape->head_dim, 6);
    assert_int_equal(shape->width, 10);
    assert_int_equal(shape->n_positions, 32);
    assert_int_equal(shape->norm, HS_NORM_RMS);
    assert_int_equal(shape->position, HS_POSITION_ROTARY);
    assert_int_equal(shape->activation, HS_ACTIVATION_SILU);
    assert_true(shape->gated_mlp && !shape->tied_unembedding && !shape->parallel_residual);
    assert_true(fabs(shape->attention_scale - 1.0 / sqrt(6.0)) < 1e-15);
    hs_model_free(model);
}

/* Without model_type the architecture says what it is; without head_dim and KV heads they follow from the rest. */
static void test_a_bare_llama_config(void **state)
{
    const char config[] = "{\"architectures\": [\"LlamaForCausalLM\"], \"num_hidden_layers\": 1, "
                          "\"num_attention_heads\": 2, \"hidden_size\": 8, \"intermediate_size\": 6, "
                          "\"max_position_embeddings\": 16, \"vocab_size\": 5, \"head_dim\": null}";
    const struct test_options options = {
        .n_layers = 1, .n_heads = 2, .width = 8, .mlp_width = 6, .vocabulary = 5, .n_positions = 16, .untied = true};
    struct test_checkpoint file = {0};
    test_llama_layout(&file, &options);
    test_checkpoint_write(*state, config, file.tensors, file.n_tensors, TEST_F32, 1);
    test_checkpoint_clear(&file);
    hs_model *model = open_model(*state);
    assert_string_equal(model->family, "llama");
    assert_int_equal(model->shape.head_dim, 4);
    assert_int_equal(model->shape.n_kv_heads, 2);
    assert_true(model->shape.norm_epsilon == 1e-6);
    hs_model_free(model);
}

static void test_the_description_names_what_counts(void **state)
{
    struct test_options options = llama_options;
    options.extra_config = "\"rope_scaling\": {\"rope_type\": \"linear\", \"factor\": 4}";
    options.n_shards = 2;
    char *folder = test_temporary_folder();
    test_random_llama_with(folder, &options, 12);
    hs_model *model = open_model(folder);
    hs_text text = {0};
    hs_error error = {0};
    assert_ok(hs_model_describe(model, &text, &error), &error);
    const char *const lines[] = {"family = llama\n",
                                 "architecture = LlamaForCausalLM\n",
                                 " in 2 files\n",
                                 "layers = 2\n",
                                 "heads = 4\n",
                                 "kv_heads = 2\n",
                                 "head_dim = 6\n",
                                 "width = 10\n",
                                 "position = rotary, 6 of 6 dimensions, theta 10000, linear scaling by 4\n",
                                 "norm = rms, epsilon 1e-05\n",
                                 "mlp = silu, gated\n",
                                 "unembedding = its own\n"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (strstr(text.text, lines[i]) == NULL)
            fail_msg("no line \"%s\" in\n%s", lines[i], text.text);
    assert_true(text.text[text.length - 1] == '\n');
    hs_text_clear(&text);
    hs_model_free(model);
    test_folder_remove(folder);
    free(folder);
    (void)state;
}

static void test_published_checkpoints(void **state)
{
    (void)state;
    const struct {
        const char *name;
        const char *family;
        size_t n_layers, n_heads, n_kv_heads, head_dim, vocabulary, n_parameters;
    } cases[] = {
        {"stories260K", "llama", 5, 8, 4, 8, 512, 260032},
        {"mingpt-adder", "gpt2", 3, 3, 3, 16, 10, 86160},
        {"capp-gpt", "gpt2", 4, 4, 4, 16, 53, 236224},
    };
    const char *shared = getenv("HEADSWEEP_SHARED_DATA");
    char folder[1024];
    snprintf(folder, sizeof folder, "%s/models/stories260K", shared != NULL ? shared : "");
    if (shared == NULL || !hs_path_exists(folder)) {
        print_message("skipped: HEADSWEEP_SHARED_DATA holds no models\n");
        skip();
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(folder, sizeof folder, "%s/models/%s", shared, cases[i].name);
        loaded m = load_model(folder);
        assert_string_equal(m.model->family, cases[i].family);
        assert_int_equal(m.model->shape.n_layers, cases[i].n_layers);
        assert_int_equal(m.model->shape.n_heads, cases[i].n_heads);
        assert_int_equal(m.model->shape.n_kv_heads, cases[i].n_kv_heads);
        assert_int_equal(m.model->shape.head_dim, cases[i].head_dim);
        assert_int_equal(m.model->shape.vocabulary, cases[i].vocabulary);
        assert_int_equal(m.model->n_parameters, cases[i].n_parameters);
        assert_int_equal(hs_model_arena_bytes(m.model), 0);
        unload(&m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gpt2_is_bound_in_place),
        cmocka_unit_test(test_llama_is_bound_in_place),
        cmocka_unit_test(test_qwen2_has_biases_of_query_key_and_value_alone),
        cmocka_unit_test(test_gpt2_options),
        cmocka_unit_test(test_llama_options),
        cmocka_unit_test(test_a_bare_llama_config),
        cmocka_unit_test(test_the_description_names_what_counts),
        cmocka_unit_test(test_published_checkpoints),
    };
    return cmocka_run_group_tests(tests, test_make_folder, test_remove_folder);
}
