/* model: stored types, the arena, shards, names, ties, and the hash. */
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

static uint64_t hash_of(const char *folder)
{
    hs_model *model = open_model(folder);
    uint64_t hash = hs_model_hash(model);
    hs_model_free(model);
    return hash;
}

static void assert_expanded(const char *folder, enum test_weight_type type, const char *type_name, const float *exact)
{
    struct test_options options = gpt2_options;
    struct test_checkpoint file = {0};
    options.weight_type = type;
    test_gpt2_layout(&file, &options);
    test_checkpoint_randomise(&file, 5, 1.0);
    memcpy(test_checkpoint_values(&file, "transformer.wpe.weight"), exact, 4 * sizeof *exact);
    test_gpt2_write(folder, &file, &options);
    loaded m = load_model(folder);
    assert_string_equal(m.model->weight_type, type_name);
    assert_memory_equal(m.model->position_embedding, exact, 4 * sizeof *exact);
    for (size_t i = 0; i < 12 * 36; i++) {
        float stored = test_checkpoint_values(&file, "transformer.h.1.attn.c_attn.weight")[i];
        float difference = fabsf(m.model->layers[1].query.values[i] - stored);
        assert_true(difference <= fabsf(stored) * (type == TEST_F16 ? 0x1p-11f : 0x1p-8f));
    }
    /* Two bytes became four; each of 28 tensors starts at a multiple of 64 bytes. */
    assert_true(hs_model_arena_bytes(m.model) >= 4 * m.model->n_parameters);
    assert_true(hs_model_arena_bytes(m.model) <= 4 * m.model->n_parameters + 28 * 60);
    assert_int_equal((uintptr_t)m.model->layers[0].mlp_norm.bias % 64, 0);
    assert_int_equal((uintptr_t)m.model->token_embedding % 64, 0);
    unload(&m);
    test_checkpoint_clear(&file);
}

static void test_half_precisions_are_expanded(void **state)
{
    const float halves[4] = {1.5f, -0x1p-24f, 65504.0f, 0x1p-14f};
    const float bfloats[4] = {1.5f, -0x1p-133f, 0x1.fep127f, 0x1p-14f};
    assert_expanded(*state, TEST_F16, "F16", halves);
    assert_expanded(*state, TEST_BF16, "BF16", bfloats);
}

static void test_without_fill_nothing_is_written_and_pointers_agree(void **state)
{
    struct test_options options = llama_options;
    options.weight_type = TEST_BF16;
    test_random_llama_with(*state, &options, 6);
    loaded first = load_model(*state);
    hs_model *second = open_model(*state);
    hs_error error = {0};
    size_t n_bytes = hs_model_arena_bytes(second);
    assert_int_equal(n_bytes, hs_model_arena_bytes(first.model));
    unsigned char *before = malloc(n_bytes);
    assert_non_null(before);
    memset(first.arena, 0x5a, n_bytes);
    memset(before, 0x5a, n_bytes);
    assert_ok(hs_model_load(second, first.arena, 0, 0, &error), &error);
    assert_memory_equal(first.arena, before, n_bytes);
    assert_ptr_equal(second->layers[1].mlp_down.values, first.model->layers[1].mlp_down.values);
    assert_ptr_equal(second->unembedding.values, first.model->unembedding.values);
    assert_ptr_equal(second->final_norm.weight, first.model->final_norm.weight);
    free(before);
    hs_model_free(second);
    unload(&first);
}

static void test_parts_make_the_whole(void **state)
{
    struct test_options options = llama_options;
    options.weight_type = TEST_BF16;
    test_random_llama_with(*state, &options, 6);
    loaded whole = load_model(*state);
    for (size_t n_parts = 2; n_parts <= 7; n_parts++) {
        loaded parts = load_model_in_parts(*state, n_parts);
        assert_memory_equal(parts.arena, whole.arena, hs_model_arena_bytes(parts.model));
        unload(&parts);
    }
    unload(&whole);
}

/* A header whose length is not a multiple of 4 puts F32 weights where a float may not lie. */
static void test_unaligned_f32_goes_through_the_arena(void **state)
{
    test_random_llama_with(*state, &llama_options, 7);
    loaded aligned = load_model(*state);
    char path[512];
    snprintf(path, sizeof path, "%s/model.safetensors", (const char *)*state);
    char *bytes = NULL;
    size_t n_bytes = 0;
    hs_error error = {0};
    assert_ok(hs_file_read(path, 1 << 20, &bytes, &n_bytes, &error), &error);
    uint64_t length;
    memcpy(&length, bytes, 8);
    char *shifted = malloc(n_bytes + 1);
    assert_non_null(shifted);
    memcpy(shifted, bytes, 8 + length);
    shifted[8 + length] = ' ';
    memcpy(shifted + 9 + length, bytes + 8 + length, n_bytes - 8 - length);
    length++;
    memcpy(shifted, &length, 8);

    char *folder = test_temporary_folder();
    char *config = test_llama_config(&llama_options);
    test_file_write(folder, "config.json", config, strlen(config));
    test_file_write(folder, "model.safetensors", shifted, n_bytes + 1);
    loaded m = load_model(folder);
    assert_true(hs_model_arena_bytes(m.model) >= 4 * m.model->n_parameters);
    assert_memory_equal(m.model->layers[1].key.values, aligned.model->layers[1].key.values, 120 * sizeof(float));
    assert_int_equal(hs_model_hash(m.model), hs_model_hash(aligned.model));
    unload(&m);
    unload(&aligned);
    test_folder_remove(folder);
    free(folder);
    free(config);
    free(shifted);
    hs_free(bytes);
}

static void test_shards_and_names_without_prefix_are_the_same_model(void **state)
{
    struct test_options options = gpt2_options;
    struct test_checkpoint file = {0};
    test_gpt2_layout(&file, &options);
    test_checkpoint_randomise(&file, 8, 1.0);
    test_gpt2_write(*state, &file, &options);
    loaded whole = load_model(*state);

    char *folder = test_temporary_folder();
    options.n_shards = 3;
    test_gpt2_write(folder, &file, &options);
    loaded sharded = load_model(folder);
    assert_int_equal(hs_model_hash(sharded.model), hs_model_hash(whole.model));
    for (size_t i = 0; i < 12 * 36; i++)
        assert_true(sharded.model->layers[1].query.values[i] == whole.model->layers[1].query.values[i]);
    unload(&sharded);
    test_folder_remove(folder);
    free(folder);

    /* As the first GPT-2 checkpoints are: no prefix, and with the causal mask as a buffer. */
    for (size_t t = 0; t < file.n_tensors; t++)
        memmove((char *)file.tensors[t].name, file.tensors[t].name + 12, strlen(file.tensors[t].name) - 11);
    test_checkpoint_add(&file, 5, 5, "h.0.attn.bias");
    test_checkpoint_add(&file, 1, 0, "h.1.attn.masked_bias");
    folder = test_temporary_folder();
    test_gpt2_write(folder, &file, &gpt2_options);
    loaded bare = load_model(folder);
    assert_int_equal(hs_model_hash(bare.model), hs_model_hash(whole.model));
    assert_int_equal(bare.model->n_parameters, whole.model->n_parameters);
    unload(&bare);
    unload(&whole);
    test_folder_remove(folder);
    free(folder);
    test_checkpoint_clear(&file);
}

static void test_the_hash_sees_weights_types_and_options(void **state)
{
    struct test_options options = llama_options;
    test_random_llama_with(*state, &options, 9);
    uint64_t hash = hash_of(*state);
    test_random_llama_with(*state, &options, 9);
    assert_int_equal(hash_of(*state), hash);
    test_random_llama_with(*state, &options, 10);
    assert_int_not_equal(hash_of(*state), hash);
    options.extra_config = "\"rope_theta\": 10000.0, \"rope_scaling\": {\"type\": \"default\"}";
    test_random_llama_with(*state, &options, 9);
    assert_int_equal(hash_of(*state), hash);
    options.extra_config = "\"rope_theta\": 20000.0";
    test_random_llama_with(*state, &options, 9);
    assert_int_not_equal(hash_of(*state), hash);
    options.extra_config = NULL;
    options.weight_type = TEST_BF16;
    test_random_llama_with(*state, &options, 9);
    assert_int_not_equal(hash_of(*state), hash);
}

static void test_a_copy_of_the_embedding_counts_where_it_differs(void **state)
{
    struct test_options options = gpt2_options;
    struct test_checkpoint file = {0};
    test_gpt2_layout(&file, &options);
    test_checkpoint_randomise(&file, 11, 1.0);
    float *copy = test_checkpoint_add(&file, 7, 12, "lm_head.weight");
    memcpy(copy, test_checkpoint_values(&file, "transformer.wte.weight"), 7 * 12 * sizeof *copy);
    test_gpt2_write(*state, &file, &options);
    loaded tied = load_model(*state);
    assert_ptr_equal(tied.model->unembedding.values, tied.model->token_embedding);
    unload(&tied);

    copy[40] += 1.0f;
    test_gpt2_write(*state, &file, &options);
    for (size_t i = 0; i < 2; i++) {
        options.untied = i == 1;
        test_gpt2_write(*state, &file, &options);
        loaded untied = load_model(*state);
        assert_false(untied.model->shape.tied_unembedding);
        assert_true(untied.model->unembedding.values[40] == copy[40]);
        assert_ptr_not_equal(untied.model->unembedding.values, untied.model->token_embedding);
        unload(&untied);
    }
    test_checkpoint_clear(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_half_precisions_are_expanded),
        cmocka_unit_test(test_without_fill_nothing_is_written_and_pointers_agree),
        cmocka_unit_test(test_parts_make_the_whole),
        cmocka_unit_test(test_unaligned_f32_goes_through_the_arena),
        cmocka_unit_test(test_shards_and_names_without_prefix_are_the_same_model),
        cmocka_unit_test(test_the_hash_sees_weights_types_and_options),
        cmocka_unit_test(test_a_copy_of_the_embedding_counts_where_it_differs),
    };
    return cmocka_run_group_tests(tests, test_make_folder, test_remove_folder);
}
