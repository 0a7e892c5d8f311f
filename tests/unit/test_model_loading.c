/*
 * model: tensors that are not as transformers writes them today - more of them, fewer, other names - and what
 * transformers computes with then (reference/loading_golden.json).
 */
#include "headsweep/model.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/assert_status.h"
#include "support/golden_checkpoint.h"

static const char *operand(const hs_json_value *edit, size_t index)
{
    const char *text = hs_json_string(hs_json_at(edit, index));
    assert_non_null(text);
    return text;
}

static void add(struct golden_checkpoint *golden, const char *name, const hs_json_value *shape)
{
    test_checkpoint_add(&golden->tensors, (size_t)hs_json_integer(hs_json_at(shape, 0)),
                        (size_t)hs_json_integer(hs_json_at(shape, 1)), "%s", name);
}

static size_t n_elements(const struct test_tensor *tensor)
{
    return tensor->shape[0] * (tensor->n_dimensions > 1 ? tensor->shape[1] : 1);
}

static void change(struct golden_checkpoint *golden, const char *name)
{
    float *values = test_checkpoint_values(&golden->tensors, name);
    for (size_t i = 0; i < n_elements(test_checkpoint_find(&golden->tensors, name)); i++)
        values[i] += 1.0f;
}

static void copy(struct golden_checkpoint *golden, const char *from, const char *to)
{
    struct test_tensor tensor = *test_checkpoint_find(&golden->tensors, from);
    float *values =
        test_checkpoint_add(&golden->tensors, tensor.shape[0], tensor.n_dimensions > 1 ? tensor.shape[1] : 0, "%s", to);
    memcpy(values, tensor.values, n_elements(&tensor) * sizeof *values);
}

/* All names get `added` before them and lose `dropped` there. */
static void change_prefix(struct golden_checkpoint *golden, const char *added, const char *dropped)
{
    for (size_t i = 0; i < golden->tensors.n_tensors; i++) {
        char name[256], **owned = (char **)&golden->tensors.tensors[i].name;
        bool has = dropped[0] != '\0' && strncmp(*owned, dropped, strlen(dropped)) == 0;
        snprintf(name, sizeof name, "%s%s", added, *owned + (has ? strlen(dropped) : 0));
        free(*owned);
        *owned = strdup(name);
    }
}

static void apply(struct golden_checkpoint *golden, const hs_json_value *edit)
{
    const char *operation = operand(edit, 0), *name = operand(edit, 1);
    if (strcmp(operation, "add") == 0)
        add(golden, name, hs_json_at(edit, 2));
    else if (strcmp(operation, "change") == 0)
        change(golden, name);
    else if (strcmp(operation, "copy") == 0)
        copy(golden, name, operand(edit, 2));
    else if (strcmp(operation, "rename") == 0)
        golden_rename(golden, name, operand(edit, 2));
    else if (strcmp(operation, "remove") == 0)
        test_checkpoint_remove(&golden->tensors, name);
    else if (strcmp(operation, "prefix") == 0)
        change_prefix(golden, name, "");
    else if (strcmp(operation, "strip") == 0)
        change_prefix(golden, "", name);
    else
        fail_msg("no edit is called \"%s\"", operation);
}

/* Members that the cases set are flags, null or a list of one name. */
static void set_member(struct golden_checkpoint *golden, const char *key, const hs_json_value *value)
{
    char text[128];
    if (hs_json_kind_of(value) == HS_JSON_ARRAY)
        snprintf(text, sizeof text, "[\"%s\"]", hs_json_string(hs_json_at(value, 0)));
    else
        snprintf(text, sizeof text, "%s", hs_json_kind_of(value) == HS_JSON_NULL ? "null" : "false");
    golden_set(golden, key, text);
}

static void write_case(const char *folder, const hs_json_value *row, const char *edits_key, const char *members_key)
{
    struct golden_checkpoint golden = golden_case(hs_json_string(hs_json_get(row, "case")));
    const hs_json_value *edits = hs_json_get(row, edits_key), *value = NULL;
    const char *key = NULL;
    size_t length = 0;
    hs_json_iterator *iterator = NULL;
    for (size_t i = 0; i < hs_json_size(edits); i++)
        apply(&golden, hs_json_at(edits, i));
    while ((iterator = hs_json_next(hs_json_get(row, members_key), iterator, &key, &length, &value)) != NULL)
        set_member(&golden, key, value);
    golden_write(&golden, folder, TEST_F32);
    golden_clear(&golden);
}

static void assert_same_sizes(const hs_linear *outline, const hs_linear *whole)
{
    assert_int_equal(outline->n_in, whole->n_in);
    assert_int_equal(outline->n_out, whole->n_out);
    assert_int_equal(outline->stride, whole->stride);
    assert_int_equal(outline->transposed, whole->transposed);
    assert_null(outline->values);
    assert_null(outline->bias);
}

/* An outline has everything but values. */
static void assert_outline_agrees(const char *folder, const hs_model *whole)
{
    hs_model *outline = NULL;
    hs_error error = {0};
    assert_ok(hs_model_outline(folder, &outline, &error), &error);
    assert_int_equal(outline->n_parameters, whole->n_parameters);
    assert_int_equal(outline->n_notes, whole->n_notes);
    assert_int_equal(hs_model_arena_bytes(outline), hs_model_arena_bytes(whole));
    assert_int_equal(outline->shape.tied_unembedding, whole->shape.tied_unembedding);
    assert_int_equal(outline->shape.n_layers, whole->shape.n_layers);
    for (size_t i = 0; i < whole->shape.n_layers; i++) {
        const hs_model_layer *a = &outline->layers[i], *b = &whole->layers[i];
        const hs_linear *of_outline[] = {&a->query,    &a->key,    &a->value,   &a->output,
                                         &a->mlp_gate, &a->mlp_up, &a->mlp_down};
        const hs_linear *of_whole[] = {&b->query,    &b->key,    &b->value,   &b->output,
                                       &b->mlp_gate, &b->mlp_up, &b->mlp_down};
        for (size_t m = 0; m < sizeof of_whole / sizeof *of_whole; m++)
            assert_same_sizes(of_outline[m], of_whole[m]);
    }
    assert_same_sizes(&outline->unembedding, &whole->unembedding);
    assert_same_sizes(&outline->head_dense, &whole->head_dense);
    hs_model_free(outline);
}

static uint64_t hash_of_case(const char *folder, const hs_json_value *row, const char *edits_key,
                             const char *members_key)
{
    hs_error error = {0};
    hs_model *model = NULL;
    write_case(folder, row, edits_key, members_key);
    if (hs_model_open(folder, &model, &error) != HS_OK)
        fail_msg("%s: %s", hs_json_string(hs_json_get(row, "name")), error.message);
    hs_model_free(model);
    loaded m = load_model(folder);
    uint64_t hash = hs_model_hash(m.model);
    assert_outline_agrees(folder, m.model);
    unload(&m);
    return hash;
}

static void assert_refused(const char *folder, const hs_json_value *row)
{
    const char *reason = hs_json_string(hs_json_get(row, "refused"));
    hs_model *model = NULL;
    hs_error error = {0}, of_outline = {0};
    write_case(folder, row, "edits", "config");
    if (hs_model_open(folder, &model, &error) == HS_OK)
        fail_msg("%s: opened, but \"%s\" was expected", hs_json_string(hs_json_get(row, "name")), reason);
    assert_int_equal(error.status, HS_ERROR_INPUT);
    if (strstr(error.message, reason) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.message, reason);
    assert_int_equal(hs_model_outline(folder, &model, &of_outline), HS_ERROR_INPUT);
    assert_string_equal(of_outline.message, error.message);
}

static void test_as_transformers_loads(void **state)
{
    const hs_json_value *cases = NULL;
    hs_json *json = read_golden("loading_golden.json", &cases);
    for (size_t c = 0; c < hs_json_size(cases); c++) {
        const hs_json_value *row = hs_json_at(cases, c);
        if (hs_json_get(row, "refused") != NULL)
            assert_refused(*state, row);
        else if (hash_of_case(*state, row, "edits", "config") != hash_of_case(*state, row, "equal", "equal_config"))
            fail_msg("%s: not the model that transformers loads", hs_json_string(hs_json_get(row, "name")));
    }
    hs_json_free(json);
}

static const struct test_options two_shards = {
    .n_layers = 1, .n_heads = 2, .width = 8, .vocabulary = 7, .n_positions = 5, .n_shards = 2};

static void write_index(const char *folder, const char *members)
{
    char text[1024];
    snprintf(text, sizeof text, "{\"metadata\": {\"total_size\": \"odd\"}, \"weight_map\": {%s}}", members);
    test_file_write(folder, "model.safetensors.index.json", text, strlen(text));
}

static uint64_t hash_of(const char *folder, size_t n_notes)
{
    hs_model *model = open_model(folder);
    uint64_t hash = hs_model_hash(model);
    assert_int_equal(model->n_notes, n_notes);
    hs_model_free(model);
    return hash;
}

#define SHARD(number) "model-0000" #number "-of-00002.safetensors"

/* The index says which files are read; what it says of tensors, or does not say, changes nothing. */
static void test_indices_name_files_only(void **state)
{
    static const char *const members[] = {
        "\"a\": \"" SHARD(1) "\", \"b\": \"" SHARD(2) "\"",
        "\"transformer.wte.weight\": \"" SHARD(1) "\", \"transformer.h.0.attn.inv_freq\": \"" SHARD(2) "\"",
        "\"transformer.wte.weight\": \"" SHARD(2) "\", \"transformer.wpe.weight\": \"" SHARD(1) "\"",
    };
    (void)state;
    char *folder = test_temporary_folder();
    struct test_options options = two_shards;
    test_random_gpt2_with(folder, &options, 1);
    uint64_t hash = hash_of(folder, 0);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        write_index(folder, members[i]);
        assert_true(hash_of(folder, 0) == hash);
    }
    options.n_shards = 1;
    write_index(folder, "\"a\": \"of-another-model.safetensors\"");
    test_random_gpt2_with(folder, &options, 1);
    assert_true(hash_of(folder, 1) == hash);
    test_folder_remove(folder);
    free(folder);
}

static void test_a_tensor_twice_in_shards(void **state)
{
    struct test_checkpoint file = {0};
    (void)state;
    char *folder = test_temporary_folder();
    test_gpt2_layout(&file, &two_shards);
    test_checkpoint_randomise(&file, 1, 1.0);
    test_gpt2_write(folder, &file, &two_shards);
    uint64_t hash = hash_of(folder, 0);
    if (file.n_tensors % 2 == 0) /* so that the copy is in the other shard than the first tensor */
        test_checkpoint_add(&file, 5, 5, "transformer.h.0.attn.bias");
    float *values = test_checkpoint_add(&file, 7, 8, "transformer.wte.weight");
    memcpy(values, test_checkpoint_values(&file, "transformer.wte.weight"), 7 * 8 * sizeof *values);
    test_gpt2_write(folder, &file, &two_shards);
    write_index(folder, "\"a\": \"" SHARD(1) "\", \"b\": \"" SHARD(2) "\"");
    assert_true(hash_of(folder, 0) == hash);
    test_checkpoint_clear(&file);
    test_folder_remove(folder);
    free(folder);
}

static void test_notes(void **state)
{
    static const struct {
        const char *name; /* of a case of the golden */
        const char *note; /* NULL: none */
    } cases[] = {
        {"value head",
         "2 tensors of the file are left out, as not part of GPT2LMHeadModel: v_head.summary.bias, v_head"},
        {"value head of a llama", "1 tensor of the file is left out, as not part of LlamaForCausalLM: v_head.summary."},
        {"old buffers", NULL},
        {"no prefix", NULL},
        {"copy of the embedding", NULL},
        {"a copy that differs", "lm_head.weight differs from transformer.wte.weight, so they are not tied"},
        {"two biases, equal", NULL},
        {"two biases that differ",
         "cls.predictions.decoder.bias and cls.predictions.bias differ; cls.predictions.decoder"},
        {"no architectures", "config.json names no architecture; the weights are read as LlamaForCausalLM"},
        {"base model named, masked head there",
         "the base model RobertaModel; the weights are read as RobertaForMaskedLM"},
        {"compiled and data parallel",
         "names begin with \"module._orig_mod.\", which is left out; transformers would not"},
    };
    const hs_json_value *rows = NULL;
    hs_json *json = read_golden("loading_golden.json", &rows);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t r = 0; r < hs_json_size(rows); r++) {
            const hs_json_value *row = hs_json_at(rows, r);
            if (strcmp(hs_json_string(hs_json_get(row, "name")), cases[i].name) != 0)
                continue;
            write_case(*state, row, "edits", "config");
            hs_model *model = open_model(*state);
            hs_text text = {0};
            hs_error error = {0};
            assert_int_equal(model->n_notes, cases[i].note != NULL);
            assert_ok(hs_model_describe(model, &text, &error), &error);
            if (cases[i].note != NULL &&
                (strstr(text.text, "\nnote = ") == NULL || strstr(model->notes[0], cases[i].note) == NULL))
                fail_msg("\"%s\" does not say \"%s\"", text.text, cases[i].note);
            hs_text_clear(&text);
            hs_model_free(model);
        }
    hs_json_free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_transformers_loads),
        cmocka_unit_test(test_indices_name_files_only),
        cmocka_unit_test(test_a_tensor_twice_in_shards),
        cmocka_unit_test(test_notes),
    };
    return cmocka_run_group_tests(tests, test_make_folder, test_remove_folder);
}
