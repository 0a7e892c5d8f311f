/* model: what stands on the base model - heads, labels, token types - and the families that brought them. */
#include "headsweep/model.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/assert_status.h"
#include "support/golden_checkpoint.h"

static void test_shapes(void **state)
{
    static const struct {
        const char *name;
        const char *architecture;
        hs_head_kind head;
        size_t n_outputs, n_positions, first_position, n_token_types;
        hs_activation activation;
    } cases[] = {
        {"bert masked", "BertForMaskedLM", HS_HEAD_MASKED_LANGUAGE_MODEL, 11, 8, 0, 2, HS_ACTIVATION_GELU},
        {"bert pretraining", "BertForPreTraining", HS_HEAD_MASKED_LANGUAGE_MODEL, 11, 8, 0, 2, HS_ACTIVATION_GELU},
        {"bert classifier", "BertForSequenceClassification", HS_HEAD_CLASSIFIER, 3, 8, 0, 2, HS_ACTIVATION_TANH},
        {"bert tokens", "BertForTokenClassification", HS_HEAD_TOKEN_CLASSIFIER, 3, 8, 0, 2, HS_ACTIVATION_GELU},
        {"distilbert tokens", "DistilBertForTokenClassification", HS_HEAD_TOKEN_CLASSIFIER, 3, 8, 0, 0,
         HS_ACTIVATION_GELU},
        {"roberta tokens", "RobertaForTokenClassification", HS_HEAD_TOKEN_CLASSIFIER, 2, 6, 2, 2, HS_ACTIVATION_GELU},
        {"electra tokens", "ElectraForTokenClassification", HS_HEAD_TOKEN_CLASSIFIER, 2, 8, 0, 2, HS_ACTIVATION_GELU},
        {"albert tokens", "AlbertForTokenClassification", HS_HEAD_TOKEN_CLASSIFIER, 2, 8, 0, 2, HS_ACTIVATION_GELU},
        {"bert bare", "BertModel", HS_HEAD_MASKED_LANGUAGE_MODEL, 0, 8, 0, 2, HS_ACTIVATION_GELU},
        {"distilbert masked", "DistilBertForMaskedLM", HS_HEAD_MASKED_LANGUAGE_MODEL, 11, 8, 0, 0, HS_ACTIVATION_GELU},
        {"distilbert classifier", "DistilBertForSequenceClassification", HS_HEAD_CLASSIFIER, 3, 8, 0, 0,
         HS_ACTIVATION_RELU},
        {"roberta masked", "RobertaForMaskedLM", HS_HEAD_MASKED_LANGUAGE_MODEL, 11, 6, 2, 2, HS_ACTIVATION_GELU},
        {"roberta classifier", "RobertaForSequenceClassification", HS_HEAD_CLASSIFIER, 3, 6, 2, 2, HS_ACTIVATION_TANH},
        {"xlm-roberta classifier", "XLMRobertaForSequenceClassification", HS_HEAD_CLASSIFIER, 2, 6, 2, 2,
         HS_ACTIVATION_TANH},
        {"camembert masked", "CamembertForMaskedLM", HS_HEAD_MASKED_LANGUAGE_MODEL, 11, 6, 2, 2, HS_ACTIVATION_GELU},
        {"electra masked", "ElectraForMaskedLM", HS_HEAD_MASKED_LANGUAGE_MODEL, 11, 8, 0, 2, HS_ACTIVATION_GELU},
        {"electra classifier", "ElectraForSequenceClassification", HS_HEAD_CLASSIFIER, 3, 8, 0, 2, HS_ACTIVATION_GELU},
        {"electra bare", "ElectraModel", HS_HEAD_MASKED_LANGUAGE_MODEL, 0, 8, 0, 2, HS_ACTIVATION_GELU},
        {"albert masked", "AlbertForMaskedLM", HS_HEAD_MASKED_LANGUAGE_MODEL, 11, 8, 0, 2, HS_ACTIVATION_GELU_TANH},
        {"albert pretraining", "AlbertForPreTraining", HS_HEAD_MASKED_LANGUAGE_MODEL, 11, 8, 0, 2,
         HS_ACTIVATION_GELU_TANH},
        {"albert classifier", "AlbertForSequenceClassification", HS_HEAD_CLASSIFIER, 3, 8, 0, 2, HS_ACTIVATION_TANH},
        {"albert bare", "AlbertModel", HS_HEAD_MASKED_LANGUAGE_MODEL, 0, 8, 0, 2, HS_ACTIVATION_GELU},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct golden_checkpoint golden = golden_case(cases[i].name);
        hs_model *model = golden_open(&golden, *state);
        const hs_model_shape *shape = &model->shape;
        assert_string_equal(model->architecture, cases[i].architecture);
        assert_true(shape->bidirectional && shape->post_norm && !shape->parallel_residual);
        assert_int_equal(shape->head, cases[i].head);
        assert_int_equal(shape->n_outputs, cases[i].n_outputs);
        assert_int_equal(shape->vocabulary, 11);
        assert_int_equal(shape->n_positions, cases[i].n_positions);
        assert_int_equal(shape->first_position, cases[i].first_position);
        assert_int_equal(shape->n_token_types, cases[i].n_token_types);
        if (shape->n_outputs > 0 && shape->head != HS_HEAD_TOKEN_CLASSIFIER)
            assert_int_equal(shape->head_activation, cases[i].activation);
        assert_int_equal(shape->tied_unembedding, shape->n_outputs == 11);
        hs_model_free(model);
    }
}

/* The padding token of a decoder that classifies: pad_token_id, or none. */
static void test_decoders_that_classify(void **state)
{
    static const struct {
        const char *name, *value; /* of pad_token_id; NULL: as the file has it */
        int32_t padding;
    } cases[] = {{"gpt2 classifier", NULL, 3},      {"gpt2 classifier", "null", -1}, {"gpt2 classifier", "11", -1},
                 {"gpt2 classifier", "-1", -1},     {"llama classifier", NULL, -1},  {"llama classifier", "0", 0},
                 {"mistral classifier", NULL, -1},  {"qwen2 classifier", "10", 10},  {"qwen3 classifier", NULL, -1},
                 {"gpt_neox classifier", NULL, -1}, {"phi classifier", "\"x\"", -2}, {"phi classifier", "[1]", -2}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct golden_checkpoint golden = golden_case(cases[i].name);
        hs_error error = {0};
        hs_model *model = NULL;
        if (cases[i].value != NULL)
            golden_set(&golden, "pad_token_id", cases[i].value);
        golden_write(&golden, *state, TEST_F32);
        golden_clear(&golden);
        hs_status status = hs_model_open(*state, &model, &error);
        assert_int_equal(status, cases[i].padding == -2 ? HS_ERROR_INPUT : HS_OK);
        if (status == HS_OK) {
            assert_true(!model->shape.bidirectional && !model->shape.tied_unembedding && model->labels != NULL);
            assert_int_equal(model->shape.head, HS_HEAD_CLASSIFIER);
            assert_int_equal(model->shape.padding_token, cases[i].padding);
        }
        hs_model_free(model);
    }
}

/* The MLM head of BERT and DistilBERT follows the MLP's activation, RoBERTa's does not. */
static void test_activation_of_the_masked_head(void **state)
{
    static const struct {
        const char *name, *key;
        hs_activation expected;
    } cases[] = {{"bert masked", "hidden_act", HS_ACTIVATION_RELU},
                 {"distilbert masked", "activation", HS_ACTIVATION_RELU},
                 {"roberta masked", "hidden_act", HS_ACTIVATION_GELU},
                 {"electra masked", "hidden_act", HS_ACTIVATION_GELU},
                 {"albert masked", "hidden_act", HS_ACTIVATION_RELU}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct golden_checkpoint golden = golden_case(cases[i].name);
        golden_set(&golden, cases[i].key, "\"relu\"");
        hs_model *model = golden_open(&golden, *state);
        assert_int_equal(model->shape.activation, HS_ACTIVATION_RELU);
        assert_int_equal(model->shape.head_activation, cases[i].expected);
        hs_model_free(model);
    }
}

/* As transformers does where a config names no architecture, the family's usual one is taken. */
static void test_neox_options(void **state)
{
    struct golden_checkpoint golden = golden_case("gpt_neox");
    golden_set(&golden, "architectures", "null");
    golden_set(&golden, "use_parallel_residual", "false");
    hs_model *model = golden_open(&golden, *state);
    assert_string_equal(model->architecture, "GPTNeoXForCausalLM");
    assert_false(model->shape.parallel_residual);
    assert_int_equal(model->shape.rotary_dim, 2); /* half of 4 */
    hs_model_free(model);
}

/* transformers 4 has rotary_pct and rotary_emb_base beside each other, 5 has them in rope_parameters. */
static void test_neox_rotation_of_either_transformers(void **state)
{
    struct golden_checkpoint golden = golden_case("gpt_neox");
    golden_set(&golden, "rope_parameters", "null");
    golden_set(&golden, "rotary_pct", "1.0");
    golden_set(&golden, "rotary_emb_base", "10000");
    hs_model *model = golden_open(&golden, *state);
    assert_int_equal(model->shape.rotary_dim, 4);
    assert_float_equal(model->rotary_frequencies[1], 0.01, 1e-9);
    hs_model_free(model);
}

static void test_special_tokens(void **state)
{
    static const struct {
        const char *bos, *eos;
        int32_t expected_bos, expected_eos;
    } cases[] = {{"3", "7", 3, 7},     {"null", "[5, 6]", -1, 5}, {"0", "10", 0, 10},
                 {"-1", "11", -1, -1}, {"null", "[]", -1, -1},    {"[7, 8]", "9223372036854775807", 7, -1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct golden_checkpoint golden = golden_case("gpt2");
        golden_set(&golden, "bos_token_id", cases[i].bos);
        golden_set(&golden, "eos_token_id", cases[i].eos);
        hs_model *model = golden_open(&golden, *state);
        assert_int_equal(model->bos_token, cases[i].expected_bos);
        assert_int_equal(model->eos_token, cases[i].expected_eos);
        hs_model_free(model);
    }
}

static void write_generation_config(const char *folder, const char *text)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/generation_config.json", folder);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void remove_generation_config(const char *folder)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/generation_config.json", folder);
    (void)unlink(path);
}

/* generation_config.json, where there is one, says it alone: as transformers' generate. */
static void test_end_tokens(void **state)
{
    static const struct {
        const char *config, *generation; /* NULL: no such file */
        size_t n;
        int32_t expected[3];
    } cases[] = {{"7", NULL, 1, {7}},
                 {"[5, 6, 5]", NULL, 3, {5, 6, 5}},
                 {"[50256, 3]", NULL, 1, {3}},
                 {"null", NULL, 0, {0}},
                 {"7", "{\"eos_token_id\": [1, 2]}", 2, {1, 2}},
                 {"7", "{\"eos_token_id\": 4}", 1, {4}},
                 {"7", "{\"eos_token_id\": null}", 0, {0}},
                 {"7", "{}", 0, {0}}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct golden_checkpoint golden = golden_case("gpt2");
        golden_set(&golden, "eos_token_id", cases[i].config);
        if (cases[i].generation != NULL)
            write_generation_config(*state, cases[i].generation);
        hs_model *model = golden_open(&golden, *state);
        assert_int_equal(model->n_end_tokens, cases[i].n);
        assert_memory_equal(model->end_tokens, cases[i].expected, cases[i].n * sizeof(int32_t));
        assert_string_equal(model->end_tokens_file,
                            cases[i].generation != NULL ? "generation_config.json" : "config.json");
        hs_model_free(model);
        remove_generation_config(*state);
    }
}

static void test_end_tokens_that_are_none(void **state)
{
    static const struct {
        const char *config, *generation, *message;
    } cases[] = {
        {"\"a\"", NULL, "/config.json: \"eos_token_id\" must be a token id or a list of them, but holds string"},
        {"[1, 2.5]", NULL, "/config.json: \"eos_token_id\" must be"},
        {"true", NULL, "/config.json: \"eos_token_id\" must be"},
        {"1", "{\"eos_token_id\": {}}", "/generation_config.json: \"eos_token_id\" must be"},
        {"1", "{\"eos_token_id\": [[1]]}", "/generation_config.json: \"eos_token_id\" must be"},
        {"1", "[]", "/generation_config.json: not a JSON object"},
        {"1", "{", "/generation_config.json"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct golden_checkpoint golden = golden_case("gpt2");
        hs_model *model = NULL;
        hs_error error = {0};
        golden_set(&golden, "eos_token_id", cases[i].config);
        if (cases[i].generation != NULL)
            write_generation_config(*state, cases[i].generation);
        golden_write(&golden, *state, TEST_F32);
        golden_clear(&golden);
        assert_int_equal(hs_model_open(*state, &model, &error), HS_ERROR_INPUT);
        if (strstr(error.message, cases[i].message) == NULL)
            fail_msg("%s", error.message);
        remove_generation_config(*state);
    }
}

static void test_configurations_that_are_refused(void **state)
{
    static const struct {
        const char *name, *key, *value, *reason;
    } cases[] = {
        {"bert masked", "is_decoder", "true", "\"is_decoder\" cannot have this value: a decoder of this family"},
        {"bert masked", "add_cross_attention", "true", "\"add_cross_attention\" cannot have this value"},
        {"bert masked", "position_embedding_type", "\"relative_key\"",
         "\"position_embedding_type\" cannot have this value: relative positions are not supported"},
        {"bert masked", "is_causal", "true",
         "\"is_causal\" cannot have this value: transformers would attend to what is"},
        {"roberta masked", "pad_token_id", "null", "\"pad_token_id\" is null, but positions begin after"},
        {"bert masked", "position_embedding_type", "3", "\"position_embedding_type\" is of kind integer"},
        {"bert masked", "hidden_act", "\"mish\"", "\"hidden_act\" is \"mish\""},
        {"bert masked", "architectures", "[\"BertForQuestionAnswering\"]",
         "\"BertForQuestionAnswering\", which is not supported; supported are BertForMaskedLM, "},
        {"bert masked", "architectures", "[\"BertForSequenceClassification\"]",
         "missing tensor bert.pooler.dense.weight: needed by family bert (BertForSequenceClassification)"},
        {"bert classifier", "architectures", "[\"BertForMaskedLM\"]", "missing tensor cls.predictions.transform"},
        {"bert bare", "architectures", "[\"RobertaModel\"]", "\"RobertaModel\", which is not supported"},
        {"bert classifier", "type_vocab_size", "4", "expected [4, 16] (token types, width)"},
        {"bert classifier", "type_vocab_size", "0", "\"type_vocab_size\" is 0; 1 to 65536 is accepted"},
        {"bert classifier", "problem_type", "\"regression\"", "\"problem_type\" is \"regression\"; single_label"},
        {"bert classifier", "problem_type", "1", "\"problem_type\" is of kind integer"},
        {"xlm-roberta classifier", "num_labels", "3", "classifier.out_proj.weight has shape"},
        {"xlm-roberta classifier", "num_labels", "0", "\"num_labels\" is 0"},
        {"xlm-roberta classifier", "num_labels", "1000001", "\"num_labels\" is 1000001; 1 to 1000000"},
        {"xlm-roberta classifier", "id2label", "[\"a\"]", "\"id2label\" is of kind array"},
        {"xlm-roberta classifier", "id2label", "{\"0\": \"a\", \"2\": \"b\"}",
         "\"id2label.2\" is not the number of one of the labels; the 2 labels are the rows of the head, numbered 0 to "
         "1"},
        {"xlm-roberta classifier", "id2label", "{\"0\": \"a\", \"00\": \"b\"}", "\"id2label.00\" is not the number"},
        {"xlm-roberta classifier", "id2label", "{\"0\": \"a\", \"one\": \"b\"}", "\"id2label.one\" is not the number"},
        {"xlm-roberta classifier", "id2label", "{\"0\": \"a\", \"-1\": \"b\"}", "\"id2label.-1\" is not the number"},
        {"xlm-roberta classifier", "id2label", "{\"0\": \"a\", \"1\": \"\\u001b\"}",
         "\"id2label.1\" is not a name; the 2 labels"},
        {"xlm-roberta classifier", "id2label", "{\"0\": \"a\", \"\\u001b\": \"b\"}", "is not the number"},
        {"bert classifier", "id2label", "{\"0\": null, \"1\": \"b\", \"2\": \"c\"}", "\"id2label.0\" is not a name"},
        {"bert classifier", "id2label", "{\"0\": [\"a\"], \"1\": \"b\", \"2\": \"c\"}", "\"id2label.0\" is not a name"},
        {"bert classifier", "id2label", "{\"1\": \"a\", \"2\": \"b\", \"3\": \"c\"}",
         "\"id2label.3\" is not the number of one of the labels; the 3 labels are the rows of the head"},
        {"bert classifier", "id2label", "{\"0\": \"a\", \"1\": \"b\"}",
         "classifier.weight has shape [3, 16], expected [2, 16] (labels, width): config.json must say how many labels"},
        {"bert classifier", "num_labels", "2", "expected [2, 16] (labels, width)"},
        {"roberta masked", "pad_token_id", "7", "of 8 position embeddings the first 8 are of no position"},
        {"roberta masked", "pad_token_id", "-1", "\"pad_token_id\" is -1; 0 to"},
        {"roberta masked", "pad_token_id", "1.5", "\"pad_token_id\" is 1.5, which is not a token id"},
        {"roberta masked", "pad_token_id", "\"a\"", "\"pad_token_id\" is of kind string"},
        {"distilbert masked", "dim", "null", "no \"dim\": needed by family distilbert"},
        {"gpt_neox", "num_attention_heads", "3", "3 heads do not divide the width 16"},
        {"gpt_neox", "attention_bias", "false", "unexpected tensor gpt_neox.layers.0.attention.dense.bias"},
        {"gpt_neox", "vocab_size", "12", "embed_in.weight has shape [11, 16], expected [12, 16]"},
        {"gemma", "use_bidirectional_attention", "true", "cannot have this value: a row attends to what is before it"},
        {"gemma2", "attn_logit_softcapping", "0", "\"attn_logit_softcapping\" is 0; "},
        {"gemma3", "model_type", "\"gemma3\"",
         "a model of texts and images, which is not supported; its text model is"},
        {"gemma3", "attn_logit_softcapping", "50.0", "transformers passes it over in this family"},
        {"gemma3", "rope_parameters", "{\"rope_theta\": 5.0}",
         "\"rope_parameters\" has \"rope_theta\"; this family has"},
        {"gemma3", "rope_parameters", "{\"sliding_attention\": {\"rope_type\": \"yarn\", \"factor\": 2.0}}",
         "\"rope_parameters.sliding_attention.rope_type\" is \"yarn\"; of layers with a window default and linear are"},
        {"gemma3", "rope_scaling", "{\"rope_type\": \"linear\", \"factor\": 2.0}",
         "there are both \"rope_scaling\" and"},
        {"olmo3", "rope_theta", "1000.0", "transformers 4 takes it for all layers, transformers 5 for those without a"},
        {"gemma3", "rope_local_base_freq", "null", "cannot have this value: layers with a window rotate by it"},
        {"olmo3", "rope_parameters", "{\"full_attention\": {\"type\": \"linear\", \"factor\": 2.0}}",
         "\"rope_parameters.full_attention.type\" scales in transformers 4 and does not in transformers 5"},
        {"gemma2", "query_pre_attn_scalar", "null", "cannot have this value: scores are divided by its root"},
        {"gemma2", "query_pre_attn_scalar", "0", "\"query_pre_attn_scalar\" is 0; "},
        {"olmo", "clip_qkv", "0", "\"clip_qkv\" is 0; "},
        {"opt", "word_embed_proj_dim", "17", "\"word_embed_proj_dim\" is 17; more than \"hidden_size\" (16) is not"},
        {"bloom", "apply_residual_connection_post_layernorm", "true", "residuals that are what the norms before"},
        {"bloom", "hidden_size", "null", "no \"hidden_size\": needed by family bloom"},
        {"mpt", "attn_config", "{\"alibi\": false}", "\"attn_config.alibi\" cannot have this value: other positions"},
        {"mpt", "attn_config", "{\"softmax_scale\": \"x\"}", "\"attn_config.softmax_scale\" is of kind string"},
        {"mpt", "attn_config", "3", "\"attn_config\" is of kind integer; an object is expected"},
        {"mpt", "no_bias", "false", "\"no_bias\" cannot have this value: transformers has no biases"},
        {"falcon", "multi_query", "null", "no \"multi_query\": needed by family falcon"},
        {"falcon", "num_ln_in_parallel_attn", "2", "is 2, which only layers of \"new_decoder_architecture\" can have"},
        {"falcon new", "parallel_attn", "false", "\"parallel_attn\" is false, but the layers of"},
        {"falcon sequential with alibi", "attn_implementation", "\"eager\"", "adds ALiBi's positions twice; remove it"},
        {"falcon sequential with alibi", "num_kv_heads", "2",
         "\"num_kv_heads\" is 2, but without \"multi_query\" each of 4"},
        {"phi", "qk_layernorm", "true", "\"qk_layernorm\" cannot have this value: norms of queries and keys are not"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct golden_checkpoint golden = golden_case(cases[i].name);
        golden_set(&golden, cases[i].key, cases[i].value);
        golden_write(&golden, *state, TEST_F32);
        golden_clear(&golden);
        hs_model *model = NULL;
        hs_error error = {0};
        if (hs_model_open(*state, &model, &error) == HS_OK)
            fail_msg("opened, but \"%s\" was expected", cases[i].reason);
        assert_null(model);
        assert_int_equal(error.status, HS_ERROR_INPUT);
        if (strstr(error.message, cases[i].reason) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", error.message, cases[i].reason);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_decoders_that_classify),
        cmocka_unit_test(test_activation_of_the_masked_head),
        cmocka_unit_test(test_neox_options),
        cmocka_unit_test(test_neox_rotation_of_either_transformers),
        cmocka_unit_test(test_special_tokens),
        cmocka_unit_test(test_end_tokens),
        cmocka_unit_test(test_end_tokens_that_are_none),
        cmocka_unit_test(test_configurations_that_are_refused),
    };
    return cmocka_run_group_tests(tests, test_make_folder, test_remove_folder);
}
