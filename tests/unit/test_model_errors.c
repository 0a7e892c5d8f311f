/* model: checkpoints that are refused, and whether the message says what is wrong with them. */
#include "headsweep/model.h"

#include <math.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/assert_status.h"
#include "support/checkpoint_writer.h"

static const struct test_options gpt2_options = {
    .n_layers = 2, .n_heads = 2, .width = 8, .vocabulary = 7, .n_positions = 5};

static const struct test_options llama_options = {
    .n_layers = 2, .n_heads = 4, .n_kv_heads = 2, .width = 16, .vocabulary = 9, .n_positions = 32, .untied = true};

static void assert_open_fails(const char *folder, const char *reason)
{
    hs_model *model = NULL;
    hs_error error = {0};
    if (hs_model_open(folder, &model, &error) == HS_OK)
        fail_msg("opened, but \"%s\" was expected", reason);
    assert_null(model);
    assert_int_equal(error.status, HS_ERROR_INPUT);
    if (strstr(error.message, reason) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.message, reason);
}

/* Each members string is appended to a config that is good without it, or stands alone where it starts with '{'. */
static void test_configurations(void **state)
{
    const struct {
        bool is_llama;
        const char *members;
        const char *reason;
    } cases[] = {
        {false, "\"add_cross_attention\": true", "\"add_cross_attention\" cannot have this value: cross-attention"},
        {false, "\"add_cross_attention\": 1", "\"add_cross_attention\" is of kind integer; true or false is expected"},
        {false, "\"activation_function\": \"mish\"", "\"activation_function\" is \"mish\""},
        {false, "\"activation_function\": \"\\u001b[2J\"", "not printable"},
        {false, "\"activation_function\": \"gelu\\u0000x\"", "not printable"},
        {false, "\"layer_norm_epsilon\": -1", "\"layer_norm_epsilon\" is -1; 0 to 1 is accepted"},
        {false, "\"layer_norm_epsilon\": \"1e-5\"", "is of kind string; a number is expected"},
        {false, "\"quantization_config\": {\"bits\": 4}",
         "by a method that it does not name: quantised weights are not"},
        {false, "\"quantization_config\": {\"load_in_8bit\": true}", "by bitsandbytes: quantised weights are not read"},
        {false, "\"quantization_config\": {\"quant_method\": \"bitsandbytes\"}", ".dequantize().save_pretrained("},
        {false, "\"quantization_config\": {\"quant_method\": \"fp8\"}", "FineGrainedFP8Config(dequantize=True)"},
        {false, "\"quantization_config\": {\"quant_method\": \"gptq\", \"bits\": 4}",
         "quantised by gptq: quantised weights are not read. To get a checkpoint that is: take the checkpoint that it"},
        {true, "\"quantization_config\": {\"quant_method\": \"awq\"}", "quantised by awq"},
        {true, "\"quantization_config\": {\"quant_method\": 4}", "\"quantization_config.quant_method\" is of kind"},
        {true, "\"quantization_config\": 4", "\"quantization_config\" is of kind integer"},
        {false, "\"auto_map\": {\"AutoModel\": \"modeling_x.X\"}",
         "\"auto_map\" cannot have this value: it names code"},
        {true, "\"pruned_heads\": {\"0\": [1]}", "\"pruned_heads\" cannot have this value: a model of family llama"},
        {false, "\"per_layer_config\": {\"0\": {\"n_inner\": 4}}", "\"per_layer_config\" cannot have this value"},
        {false, "\"transformers_weights\": \"other.safetensors\"", "\"transformers_weights\" cannot have this value"},
        {false, "\"configuration_files\": [\"config.4.0.0.json\"]", "\"configuration_files\" cannot have this value"},
        {false, "\"is_causal\": false", "\"is_causal\" cannot have this value: transformers would attend both ways"},
        {true, "\"is_causal\": false", "\"is_causal\" cannot have this value"},
        {true, "\"is_causal\": null", "\"is_causal\" cannot have this value"},
        {true, "\"is_causal\": 0", "\"is_causal\" cannot have this value"},
        {true, "\"attention_chunk_size\": 8", "\"attention_chunk_size\" cannot have this value"},
        {true, "\"partial_rotary_factor\": 0.5", "\"partial_rotary_factor\" cannot have this value"},
        {true, "\"rope_theta\": 0", "\"rope_theta\" is 0; 1 to 1e+12 is accepted"},
        {true, "\"rope_parameters\": {\"full_attention\": {\"rope_theta\": 50}}",
         "\"rope_parameters\" has parameters for each kind of layer"},
        {true, "\"rope_scaling\": 2", "\"rope_scaling\" is of kind integer; an object is expected"},
        {true, "\"rope_scaling\": {\"type\": \"proportional\"}", "\"rope_scaling.rope_type\" is \"proportional\""},
        {true, "\"rope_scaling\": {\"type\": \"yarn\"}", "no \"rope_scaling.factor\""},
        {true, "\"rope_scaling\": {\"type\": \"longrope\", \"short_factor\": [1]}",
         "\"rope_scaling.short_factor\" must be a list of 2 numbers"},
        {true, "\"rope_scaling\": {\"type\": \"longrope\", \"short_factor\": [1, 2], \"long_factor\": [1, 0]}",
         "\"rope_scaling.long_factor\" has an entry that is not a number from"},
        {true, "\"rope_scaling\": {\"rope_type\": \"linear\"}", "no \"rope_scaling.factor\""},
        {true, "\"rope_scaling\": {\"rope_type\": \"linear\", \"factor\": 0.5}", "\"rope_scaling.factor\" is 0.5"},
        {true, "\"rope_parameters\": {\"partial_rotary_factor\": 0.5}", "\"rope_parameters.partial_rotary_factor\" is"},
        {true, "\"rope_scaling\": {\"rope_type\": \"llama3\", \"factor\": 2, \"low_freq_factor\": 1}",
         "no \"rope_scaling.high_freq_factor\""},
        {true,
         "\"rope_scaling\": {\"rope_type\": \"llama3\", \"factor\": 2, \"low_freq_factor\": 4, \"high_freq_factor\": "
         "4}",
         "\"rope_scaling.high_freq_factor\" (4) must be above"},
        {false, "{", "invalid JSON"},
        {false, "[]", "not a JSON object"},
        {false, "{}", "neither \"model_type\" nor \"architectures\""},
        {false, "{\"model_type\": \"t5\"}", "\"t5\", which is not supported; supported are the families gpt2, llama, "},
        {false, "{\"model_type\": \"gpt2\", \"architectures\": [\"GPT2ForTokenClassification\"]}",
         "\"GPT2ForTokenClassification\", which is not supported"},
        {false, "{\"model_type\": \"gpt2\", \"architectures\": \"GPT2LMHeadModel\"}", "not a list of one name"},
        {false, "{\"architectures\": [\"X\", \"Y\"]}", "not a list of one name"},
        {false, "{\"model_type\": 5}", "\"model_type\" is of kind integer; a string is expected"},
        {false, "{\"model_type\": \"gpt2\"}", "no \"n_layer\": needed by family gpt2"},
        {false, "{\"model_type\": \"gpt2\", \"n_layer\": null}", "no \"n_layer\""},
        {false, "{\"model_type\": \"gpt2\", \"n_layer\": 0}", "\"n_layer\" is 0; 1 to 4096 is accepted"},
        {false, "{\"model_type\": \"gpt2\", \"n_layer\": 4097}", "\"n_layer\" is 4097; 1 to 4096"},
        {false, "{\"model_type\": \"gpt2\", \"n_layer\": -9223372036854775808}", "\"n_layer\" is -9223372036854775808"},
        {false, "{\"model_type\": \"gpt2\", \"n_layer\": 2.0}", "is of kind real; an integer is expected"},
        {false, "{\"model_type\": \"gpt2\", \"model_type\": \"gpt2\"}", "invalid JSON"},
        {false,
         "{\"model_type\": \"gpt2\", \"n_layer\": 1, \"n_head\": 3, \"n_embd\": 8, \"n_positions\": 4, \"vocab_size\": "
         "4}",
         "3 heads do not divide the width 8"},
        {true,
         "{\"model_type\": \"llama\", \"num_hidden_layers\": 1, \"num_attention_heads\": 4, \"num_key_value_heads\": "
         "3, "
         "\"hidden_size\": 8, \"intermediate_size\": 8, \"max_position_embeddings\": 4, \"vocab_size\": 4}",
         "3 KV heads do not divide 4 query heads"},
        {true,
         "{\"model_type\": \"llama\", \"num_hidden_layers\": 1, \"num_attention_heads\": 4, \"head_dim\": 3, "
         "\"hidden_size\": 8, \"intermediate_size\": 8, \"max_position_embeddings\": 4, \"vocab_size\": 4}",
         "3 of 3 dimensions of a head would rotate; an even number must"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct test_options options = cases[i].is_llama ? llama_options : gpt2_options;
        bool is_whole = cases[i].members[0] == '{' || cases[i].members[0] == '[';
        if (!is_whole)
            options.extra_config = cases[i].members;
        if (cases[i].is_llama)
            test_random_llama_with(*state, &options, i);
        else
            test_random_gpt2_with(*state, &options, i);
        if (is_whole)
            test_file_write(*state, "config.json", cases[i].members, strlen(cases[i].members));
        assert_open_fails(*state, cases[i].reason);
        assert_open_fails(*state, "config.json");
    }
}

static void test_missing_and_unexpected_tensors(void **state)
{
    struct test_checkpoint file = {0};
    test_gpt2_layout(&file, &gpt2_options);
    test_checkpoint_add(&file, 3, 0, "transformer.h.2.ln_1.weight");
    test_gpt2_write(*state, &file, &gpt2_options);
    assert_open_fails(*state,
                      "unexpected tensor transformer.h.2.ln_1.weight: family gpt2 (GPT2LMHeadModel) with 2 layers");
    test_checkpoint_remove(&file, "transformer.h.2.ln_1.weight");
    test_checkpoint_remove(&file, "transformer.h.1.mlp.c_fc.bias");
    test_gpt2_write(*state, &file, &gpt2_options);
    assert_open_fails(*state, "missing tensor transformer.h.1.mlp.c_fc.bias: needed by family gpt2");
    test_checkpoint_clear(&file);

    struct test_options options = llama_options;
    test_llama_layout(&file, &options);
    test_checkpoint_add(&file, 16, 0, "model.layers.0.self_attn.q_proj.bias");
    test_llama_write(*state, &file, &options);
    assert_open_fails(*state, "unexpected tensor model.layers.0.self_attn.q_proj.bias");
    options.attention_bias = true;
    test_llama_write(*state, &file, &options);
    assert_open_fails(*state, "missing tensor model.layers.1.self_attn.q_proj.bias: needed by family llama");
    test_checkpoint_clear(&file);
    test_random_gpt2_with(*state, &gpt2_options, 1);
    char *config = test_llama_config(&llama_options);
    test_file_write(*state, "config.json", config, strlen(config));
    free(config);
    assert_open_fails(*state, "missing tensor model.embed_tokens.weight: needed by family llama");
}

static void test_wrong_shapes(void **state)
{
    struct test_checkpoint file = {0};
    test_llama_layout(&file, &llama_options);
    test_checkpoint_find(&file, "model.layers.1.self_attn.k_proj.weight")->shape[0] = 7;
    test_llama_write(*state, &file, &llama_options);
    assert_open_fails(*state, "tensor model.layers.1.self_attn.k_proj.weight has shape [7, 16], expected [8, 16] "
                              "(KV heads x head_dim, width)");
    test_checkpoint_find(&file, "model.layers.1.self_attn.k_proj.weight")->shape[0] = 8;
    struct test_tensor *norm = test_checkpoint_find(&file, "model.norm.weight");
    norm->n_dimensions = 2;
    norm->shape[1] = 1;
    test_llama_write(*state, &file, &llama_options);
    assert_open_fails(*state, "tensor model.norm.weight has shape [16, 1], expected [16] (width)");
    test_checkpoint_clear(&file);
}

/* The header of a written file, with `from` in it replaced by the equally long `to`. */
static void replace_in_file(const char *folder, const char *name, const char *from, const char *to)
{
    char *path = NULL, *bytes = NULL;
    size_t n_bytes = 0, length = strlen(from);
    hs_error error = {0};
    path = hs_path_join(folder, name, &error);
    assert_ok(hs_file_read(path, 1 << 20, &bytes, &n_bytes, &error), &error);
    assert_int_equal(strlen(to), length);
    size_t i = 0;
    while (i + length <= n_bytes && memcmp(bytes + i, from, length) != 0)
        i++;
    assert_true(i + length <= n_bytes);
    memcpy(bytes + i, to, length);
    test_file_write(folder, name, bytes, n_bytes);
    hs_free(bytes);
    hs_free(path);
}

static void test_wrong_types(void **state)
{
    test_random_gpt2_with(*state, &gpt2_options, 1);
    replace_in_file(*state, "model.safetensors", "wte.weight\":{\"dtype\":\"F32\"", "wte.weight\":{\"dtype\":\"I32\"");
    assert_open_fails(
        *state,
        "tensor transformer.wte.weight is of type I32; F32, F64, F16 and BF16 are read: quantised weights are not");
}

static void test_weights_that_are_not_finite(void **state)
{
    const struct {
        const char *name;
        size_t index;
        float value;
        enum test_weight_type type;
        const char *reason;
    } cases[] = {
        {"transformer.h.1.attn.c_attn.weight", 2 * 24 + 5, NAN, TEST_F32, "c_attn.weight: element [2, 5] is nan"},
        {"transformer.h.0.ln_2.bias", 7, -INFINITY, TEST_F32, "ln_2.bias: element [7] is -inf"},
        {"transformer.wte.weight", 0, INFINITY, TEST_F16, "wte.weight: element [0, 0] is inf"},
        {"transformer.h.1.mlp.c_proj.weight", 32 * 8 - 1, NAN, TEST_BF16, "c_proj.weight: element [31, 7] is nan"},
        {"transformer.wpe.weight", 3, INFINITY, TEST_F64, "[0, 3] is inf, which is not finite in single precision"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct test_options options = gpt2_options;
        struct test_checkpoint file = {0};
        options.weight_type = cases[i].type;
        test_gpt2_layout(&file, &options);
        test_checkpoint_randomise(&file, i, 1.0);
        test_checkpoint_values(&file, cases[i].name)[cases[i].index] = cases[i].value;
        test_gpt2_write(*state, &file, &options);
        test_checkpoint_clear(&file);
        hs_model *model = NULL;
        float *arena = NULL;
        hs_error error = {0};
        assert_ok(hs_model_open(*state, &model, &error), &error);
        assert_ok(hs_allocate(&arena, hs_model_arena_bytes(model), 1, "arena", &error), &error);
        assert_int_equal(hs_model_load(model, arena, 0, 1, &error), HS_ERROR_INPUT);
        if (strstr(error.message, cases[i].reason) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", error.message, cases[i].reason);
        hs_free(arena);
        hs_model_free(model);
    }
}

static void write_index(const char *folder, const char *text)
{
    test_file_write(folder, "model.safetensors.index.json", text, strlen(text));
}

static void test_hostile_indices(void **state)
{
    (void)state;
    struct test_options options = gpt2_options;
    options.n_shards = 2;
    char *folder = test_temporary_folder();
    const struct {
        const char *index;
        const char *reason;
    } cases[] = {
        {"{", "invalid JSON"},
        {"[]", "no object \"weight_map\""},
        {"{\"weight_map\": []}", "no object \"weight_map\""},
        {"{\"weight_map\": {\"a\": 3}}", "something that is not a file name"},
        {"{\"weight_map\": {\"a\": \"../model-00001-of-00002.safetensors\"}}", "must lie in the folder of their index"},
        {"{\"weight_map\": {\"a\": \"/etc/x.safetensors\"}}", "must lie in the folder of their index"},
        {"{\"weight_map\": {\"a\": \"sub/x.safetensors\"}}", "must lie in the folder of their index"},
        {"{\"weight_map\": {\"a\": \"..\"}}", "must lie in the folder of their index"},
        {"{\"weight_map\": {\"a\": \"pytorch_model.bin\"}}", "only *.safetensors files are read"},
        {"{\"weight_map\": {\"a\": \"\"}}", "only *.safetensors files are read"},
        {"{\"weight_map\": {\"a\": \"model\\u0000.safetensors\"}}", "not printable"},
        {"{\"weight_map\": {\"a\": \"absent.safetensors\"}}",
         "the shard absent.safetensors, which \"weight_map\" names"},
        {"{\"weight_map\": {\"transformer.wte.weight\": \"model-00001-of-00002.safetensors\"}}", "missing tensor"},
        {"{\"weight_map\": {}}", "missing tensor"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        test_random_gpt2_with(folder, &options, 1);
        write_index(folder, cases[i].index);
        assert_open_fails(folder, cases[i].reason);
    }
    test_folder_remove(folder);
    free(folder);
}

static void test_a_tensor_in_two_shards(void **state)
{
    (void)state;
    struct test_options options = gpt2_options;
    options.n_shards = 2;
    char *folder = test_temporary_folder();
    test_random_gpt2_with(folder, &options, 1);
    replace_in_file(folder, "model-00002-of-00002.safetensors", "transformer.wpe", "transformer.wte");
    assert_open_fails(folder, "tensor transformer.wte.weight is in two files and differs: ");
    assert_open_fails(folder, "model-00002-of-00002.safetensors");
    test_folder_remove(folder);
    free(folder);
}

static void test_folders_without_weights(void **state)
{
    (void)state;
    char *folder = test_temporary_folder();
    assert_open_fails(folder, "no config.json there");
    char *config = test_gpt2_config(&gpt2_options);
    test_file_write(folder, "config.json", config, strlen(config));
    assert_open_fails(folder, "neither model.safetensors nor model.safetensors.index.json is there");
    test_file_write(folder, "pytorch_model.bin", "", 0);
    assert_open_fails(folder, "pytorch_model.bin looks like a pickle");
    assert_open_fails(folder, "save_pretrained");
    test_file_write(folder, "model.safetensors", "", 0);
    assert_open_fails(folder, "model.safetensors: 0 bytes are not a safetensors file");
    assert_open_fails("/nowhere/at/all", "/nowhere/at/all: there is no such folder");
    free(config);
    test_folder_remove(folder);
    free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_configurations),
        cmocka_unit_test(test_missing_and_unexpected_tensors),
        cmocka_unit_test(test_wrong_shapes),
        cmocka_unit_test(test_wrong_types),
        cmocka_unit_test(test_weights_that_are_not_finite),
        cmocka_unit_test(test_hostile_indices),
        cmocka_unit_test(test_a_tensor_in_two_shards),
        cmocka_unit_test(test_folders_without_weights),
    };
    return cmocka_run_group_tests(tests, test_make_folder, test_remove_folder);
}
