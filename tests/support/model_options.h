/* Small checkpoints on which reading a model is tested; their widths all differ, so that none can stand for another. */
#ifndef HEADSWEEP_TESTS_MODEL_OPTIONS_H
#define HEADSWEEP_TESTS_MODEL_OPTIONS_H

#include "support/checkpoint_writer.h"

static const struct test_options gpt2_options = {
    .n_layers = 2, .n_heads = 3, .width = 12, .mlp_width = 20, .vocabulary = 7, .n_positions = 5};

static const struct test_options llama_options = {.n_layers = 2,
                                                  .n_heads = 4,
                                                  .n_kv_heads = 2,
                                                  .head_dim = 6,
                                                  .width = 10,
                                                  .mlp_width = 14,
                                                  .vocabulary = 9,
                                                  .n_positions = 32,
                                                  .untied = true,
                                                  .attention_bias = true,
                                                  .mlp_bias = true};

#endif
