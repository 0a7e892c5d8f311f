/* Checkpoints of which transformers 4 has removed heads: what is read of them, and what is refused. */
#include "headsweep/model.h"
#include "headsweep/sets.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/assert_status.h"
#include "support/checkpoint_writer.h"

enum { N_HEADS = 4, HEAD_DIM = 2, WIDTH = 8 };

static const struct test_options options = {
    .n_layers = 2, .n_heads = N_HEADS, .width = WIDTH, .vocabulary = 11, .n_positions = 7};

/* The attention of the layer as if it had so many heads. */
static void cut_layer(struct test_checkpoint *file, size_t layer, size_t n_heads)
{
    char name[64];

    snprintf(name, sizeof name, "transformer.h.%zu.attn.c_attn.weight", layer);
    test_checkpoint_find(file, name)->shape[1] = 3 * n_heads * HEAD_DIM;
    snprintf(name, sizeof name, "transformer.h.%zu.attn.c_attn.bias", layer);
    test_checkpoint_find(file, name)->shape[0] = 3 * n_heads * HEAD_DIM;
    snprintf(name, sizeof name, "transformer.h.%zu.attn.c_proj.weight", layer);
    test_checkpoint_find(file, name)->shape[0] = n_heads * HEAD_DIM;
}

/* Layer 0 with 3 heads, layer 1 with none, and what config.json says of it. */
static void write_pruned(const char *folder, const char *config_member)
{
    struct test_checkpoint file = {0};
    struct test_options cut = options;

    cut.extra_config = config_member;
    test_gpt2_layout(&file, &options);
    test_checkpoint_randomise(&file, 1, 1.0);
    cut_layer(&file, 0, 3);
    cut_layer(&file, 1, 0);
    test_gpt2_write(folder, &file, &cut);
    test_checkpoint_clear(&file);
}

static hs_model *opened(const char *folder)
{
    hs_model *model = NULL;

    ASSERT_OK(hs_model_open(folder, &model, &error));
    return model;
}

static float element(const hs_linear *linear, size_t in, size_t out)
{
    return linear->values[linear->transposed ? out * linear->stride + in : in * linear->stride + out];
}

/* Value of column `out` of query and of row `in` of the output, of a head and a dimension of it. */
static void assert_gone(const hs_model_layer *layer, size_t head, bool is_gone)
{
    for (size_t i = head * HEAD_DIM; i < (head + 1) * HEAD_DIM; i++)
        for (size_t other = 0; other < WIDTH; other++) {
            assert_true((element(&layer->query, other, i) == 0) == is_gone);
            assert_true((element(&layer->key, other, i) == 0) == is_gone);
            assert_true((element(&layer->value, other, i) == 0) == is_gone);
            assert_true((element(&layer->output, i, other) == 0) == is_gone);
            assert_true((layer->value.bias[i] == 0) == is_gone);
        }
}

/* In parts, as the processes of a host load it, into memory that holds anything. */
static void test_heads_keep_their_numbers(void **state)
{
    hs_text text = {0};
    void *arena = NULL;

    write_pruned(*state, "\"pruned_heads\": {\"0\": [2], \"1\": [0, 1, 2, 3, 3]}");
    hs_model *model = opened(*state);
    assert_true(posix_memalign(&arena, 64, hs_model_arena_bytes(model)) == 0);
    memset(arena, 0x55, hs_model_arena_bytes(model));
    for (size_t part = 0; part < 3; part++)
        ASSERT_OK(hs_model_load(model, arena, part, 3, &error));
    for (size_t head = 0; head < N_HEADS; head++) {
        assert_gone(&model->layers[0], head, head == 2);
        assert_gone(&model->layers[1], head, true);
        assert_int_equal(hs_sets_component_is_gone((hs_component){0, 0, (int32_t)head}, &model->shape), head == 2);
        assert_true(hs_sets_component_is_gone((hs_component){HS_COMPONENT_KV_GROUP, 1, (int32_t)head}, &model->shape));
    }
    ASSERT_OK(hs_model_describe(model, &text, &error));
    assert_non_null(strstr(text.text, "heads = 4\n"));
    assert_non_null(strstr(text.text, "pruned_heads = 0.2, 1.0, 1.1, 1.2, 1.3\n"));
    hs_text_clear(&text);
    hs_model_free(model);
    free(arena);
}

static void test_which_head_is_part_of_the_hash(void **state)
{
    static const char *const members[] = {"\"pruned_heads\": {\"0\": [2], \"1\": [0, 1, 2, 3]}",
                                          "\"pruned_heads\": {\"0\": [1], \"1\": [0, 1, 2, 3]}"};
    uint64_t hashes[2];

    for (size_t i = 0; i < 2; i++) {
        write_pruned(*state, members[i]);
        hs_model *model = opened(*state);
        hashes[i] = hs_model_hash(model);
        hs_model_free(model);
    }
    assert_true(hashes[0] != hashes[1]);
}

static void test_no_head_is_gone(void **state)
{
    static const char *const members[] = {"\"pruned_heads\": {}", "\"pruned_heads\": {\"0\": []}",
                                          "\"pruned_heads\": null"};
    struct test_options whole = options;

    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        hs_text text = {0};
        whole.extra_config = members[i];
        test_random_gpt2_with(*state, &whole, 1);
        hs_model *model = opened(*state);
        assert_null(model->shape.gone_heads);
        ASSERT_OK(hs_model_describe(model, &text, &error));
        assert_non_null(strstr(text.text, "pruned_heads = none\n"));
        hs_text_clear(&text);
        hs_model_free(model);
    }
}

static void test_refused(void **state)
{
    static const struct {
        const char *member, *reason;
    } cases[] = {
        {"\"pruned_heads\": {}", "attn.c_attn.weight has shape [8, 18], expected [8, 24]"},
        {"\"pruned_heads\": {\"0\": [2]}", "h.1.attn.c_attn.weight has shape [8, 0], expected [8, 24]"},
        {"\"pruned_heads\": {\"0\": [2, 3]}", "h.0.attn.c_attn.weight has shape [8, 18], expected [8, 12]"},
        {"\"pruned_heads\": {\"0\": [4]}", "\"pruned_heads\": \"0\" names a head that the layer does not have"},
        {"\"pruned_heads\": {\"0\": [-1]}", "\"pruned_heads\": \"0\" names a head that the layer does not have"},
        {"\"pruned_heads\": {\"0\": [1.0]}", "\"pruned_heads\": \"0\" names a head that the layer does not have"},
        {"\"pruned_heads\": {\"0\": 1}", "\"pruned_heads\": \"0\" is not a list of heads"},
        {"\"pruned_heads\": {\"2\": [1]}", "\"pruned_heads\": \"2\" is not one of the layers"},
        {"\"pruned_heads\": {\"-1\": [1]}", "\"pruned_heads\": \"-1\" is not one of the layers"},
        {"\"pruned_heads\": [1]", "\"pruned_heads\" is not an object of lists of heads by layer"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hs_model *model = NULL;
        write_pruned(*state, cases[i].member);
        ASSERT_FAILS(hs_model_open(*state, &model, &error), HS_ERROR_INPUT, cases[i].reason);
    }
}

static void test_families_that_never_lack_heads(void **state)
{
    struct test_options llama = options;
    hs_model *model = NULL;

    llama.n_kv_heads = 2;
    llama.mlp_width = 8;
    llama.extra_config = "\"pruned_heads\": {\"0\": [1]}";
    test_random_llama_with(*state, &llama, 1);
    ASSERT_FAILS(hs_model_open(*state, &model, &error), HS_ERROR_INPUT,
                 "\"pruned_heads\" cannot have this value: a model of family llama with heads removed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heads_keep_their_numbers),
        cmocka_unit_test(test_which_head_is_part_of_the_hash),
        cmocka_unit_test(test_no_head_is_gone),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_families_that_never_lack_heads),
    };
    return cmocka_run_group_tests_name("pruned checkpoints", tests, test_make_folder, test_remove_folder);
}
