/*
 * model and engine: attention windows of config.json are read by layer; where only a cache obeys them, longer texts
 * are refused.
 */
#include "support/checkpoint_writer.h"
#include "support/engine_fixture.h"

#include <stdlib.h>

enum { N_LAYERS = 2, WINDOW = 8 };

static const struct test_options llama_options = {.n_layers = N_LAYERS,
                                                  .n_heads = 4,
                                                  .n_kv_heads = 2,
                                                  .width = 16,
                                                  .vocabulary = 9,
                                                  .n_positions = 32,
                                                  .untied = true};

static void write_model(const char *folder, const char *model_type, const char *members, size_t n_positions)
{
    struct test_options options = llama_options;
    options.model_type = model_type;
    options.extra_config = members;
    options.n_positions = n_positions;
    test_random_llama_with(folder, &options, 1);
}

static void test_windows_that_are_read(void **state)
{
    static const char switched[] = "\"use_sliding_window\": true, \"sliding_window\": 16";
    static const struct {
        const char *model_type;
        const char *members;
        size_t n_positions;
        size_t refused;
        size_t windows[N_LAYERS];
    } cases[] = {
        {"mistral", "\"sliding_window\": null", 5000, 0, {0, 0}},
        {"mistral", "\"sliding_window\": 32", 32, 0, {0, 0}}, /* no sequence is longer */
        {"mistral", "\"sliding_window\": 31", 32, 0, {31, 31}},
        {"mistral", NULL, 4096, 0, {0, 0}},
        {"mistral", NULL, 4097, 0, {4096, 4096}}, /* what transformers takes by default */
        {"llama", NULL, 5000, 0, {0, 0}},
        {"llama", "\"sliding_window\": 16", 32, 16, {0, 0}}, /* of transformers' cache, and so of what it generates */
        {"qwen2", "\"sliding_window\": 16", 32, 0, {0, 0}},
        {"qwen2", "\"sliding_window\": 16, \"use_sliding_window\": false", 32, 0, {0, 0}},
        {"qwen2", switched, 32, 0, {0, 0}}, /* from layer 28 on */
        {"qwen2", "\"use_sliding_window\": true, \"sliding_window\": 16, \"max_window_layers\": 2", 32, 0, {0, 0}},
        {"qwen2", "\"use_sliding_window\": true, \"sliding_window\": 16, \"max_window_layers\": 1", 32, 0, {0, 16}},
        {"qwen2", "\"use_sliding_window\": true, \"max_window_layers\": 0", 5000, 0, {4096, 4096}},
        {"qwen2", "\"use_sliding_window\": true, \"sliding_window\": null, \"max_window_layers\": 0", 32, 0, {0, 0}},
        {"qwen2", "\"layer_types\": [\"full_attention\", \"full_attention\"]", 32, 0, {0, 0}},
        {"qwen2",
         "\"use_sliding_window\": true, \"sliding_window\": 16, \"layer_types\": [\"attention\", "
         "\"sliding_attention\"]",
         32,
         0,
         {0, 16}},
        {"qwen2",
         "\"use_sliding_window\": true, \"sliding_window\": 16, \"max_window_layers\": 0, "
         "\"layer_types\": [\"full_attention\", \"full_attention\"]",
         32,
         0,
         {0, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_model(*state, cases[i].model_type, cases[i].members, cases[i].n_positions);
        hs_model *model = open_model(*state);
        const size_t windows[N_LAYERS] = {model->layers[0].window, model->layers[1].window};
        if (model->shape.window != cases[i].refused || memcmp(windows, cases[i].windows, sizeof windows) != 0)
            fail_msg("%s {%s}: windows %zu and %zu, refused beyond %zu", cases[i].model_type,
                     cases[i].members != NULL ? cases[i].members : "", windows[0], windows[1], model->shape.window);
        hs_model_free(model);
    }
}

static void test_layers_that_are_refused(void **state)
{
    static const struct {
        const char *model_type;
        const char *members;
        const char *reason;
    } cases[] = {
        {"qwen2", "\"layer_types\": [\"full_attention\", \"sliding_attention\"]", "no \"sliding_window\" is in use"},
        {"qwen2", "\"layer_types\": 4", "\"layer_types\" is not a list"},
        {"qwen2", "\"layer_types\": [\"full_attention\"]", "\"layer_types\" has 1 layers, the model 2"},
        {"llama", "\"layer_types\": [\"full_attention\", \"chunked_attention\"]", "neither \"full_attention\" nor"},
        {"mistral", "\"sliding_window\": 0", "\"sliding_window\" is 0; 1 to"},
        {"mistral", "\"sliding_window\": true", "\"sliding_window\" is of kind boolean"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hs_model *model = NULL;
        write_model(*state, cases[i].model_type, cases[i].members, 32);
        ASSERT_FAILS(hs_model_open(*state, &model, &error), HS_ERROR_INPUT, cases[i].reason);
    }
}

static void test_sequences_longer_than_the_window(void **state)
{
    write_model(*state, "llama", "\"sliding_window\": 8", 32);
    loaded m = load_model(*state);
    int32_t tokens[WINDOW + 1];
    float logits[(WINDOW + 1) * 9];
    fill_tokens(tokens, WINDOW + 1, 9, 1);
    for (size_t kind = 0; kind < 2; kind++) {
        hs_engine *engine = new_engine(m.model, (hs_engine_options){.kind = (hs_engine_kind)kind});
        ASSERT_OK(hs_engine_logits(engine, tokens, WINDOW, &(hs_ablation){0}, logits, &error));
        ASSERT_FAILS(hs_engine_logits(engine, tokens, WINDOW + 1, &(hs_ablation){0}, logits, &error), HS_ERROR_INPUT,
                     "sequence 0: 9 tokens are more than the attention window of 8");
        hs_engine_free(engine);
    }
    unload(&m);
}

/* The last new token is never attended from: five tokens and four new ones are eight rows. */
static void test_prompts_that_grow_out_of_the_window(void **state)
{
    write_model(*state, "llama", "\"sliding_window\": 8", 32);
    loaded m = load_model(*state);
    hs_engine *engine = new_engine(m.model, (hs_engine_options){.kind = HS_ENGINE_PREFIX});
    struct work work = {0};
    int32_t tokens[WINDOW], out[WINDOW];
    const uint64_t key = 1;
    hs_sampling sampling = {.n_samples = 1, .max_new_tokens = 4, .top_p = 1.0};
    fill_tokens(tokens, 5, 9, 1);
    add_sequence(&work, tokens, 5);
    ASSERT_OK(hs_engine_generate(engine, &work.workload, &key, &sampling, &(hs_ablation){0}, 1, out, &error));
    sampling.max_new_tokens = 5;
    ASSERT_FAILS(hs_engine_generate(engine, &work.workload, &key, &sampling, &(hs_ablation){0}, 1, out, &error),
                 HS_ERROR_INPUT, "prompt 0: 5 tokens and 5 new ones are more than the attention window of 8");
    clear_work(&work);
    hs_engine_free(engine);
    unload(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_windows_that_are_read),
        cmocka_unit_test(test_layers_that_are_refused),
        cmocka_unit_test(test_sequences_longer_than_the_window),
        cmocka_unit_test(test_prompts_that_grow_out_of_the_window),
    };
    return cmocka_run_group_tests(tests, test_make_folder, test_remove_folder);
}
