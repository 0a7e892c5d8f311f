/* Small random models on which the engine is tested, written to a temporary folder, and loaded. */
#ifndef HEADSWEEP_TESTS_ENGINE_MODELS_H
#define HEADSWEEP_TESTS_ENGINE_MODELS_H

#include <stdlib.h>

#include "support/checkpoint_writer.h"
#include "support/engine_fixture.h"

/* GPT-2: layer norms, learned positions, biases everywhere; c_attn gives query, key and value as one product. */
static inline loaded load_small_gpt2(void)
{
    char *folder = test_temporary_folder();
    test_random_gpt2(folder, 3, 4, 24, 31, 160, 11);
    loaded model = load_model(folder);
    test_folder_remove(folder);
    free(folder);
    return model;
}

/* Llama: RMS norms, rotary positions, three query heads on each of two KV heads, biases, head_dim not width / heads. */
static inline loaded load_small_llama(void)
{
    const struct test_options options = {
        .n_layers = 2,
        .n_heads = 6,
        .n_kv_heads = 2,
        .head_dim = 10,
        .width = 20,
        .mlp_width = 36,
        .vocabulary = 29,
        .n_positions = 160,
        .untied = true,
        .attention_bias = true,
        .mlp_bias = true,
    };
    char *folder = test_temporary_folder();
    test_random_llama_with(folder, &options, 12);
    loaded model = load_model(folder);
    test_folder_remove(folder);
    free(folder);
    return model;
}

#endif
