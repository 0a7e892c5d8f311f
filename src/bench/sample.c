/* A part of the experiment on random inputs: as overrides of its keys, and in words. */
#include <stdio.h>

#include "bench/sections.h"

static size_t heads_a_layer(const bench_sample *sample, const hs_bench_shape *shape)
{
    return sample->heads_a_layer == 0 || sample->heads_a_layer > shape->n_heads ? shape->n_heads
                                                                                : sample->heads_a_layer;
}

bench_overrides hs__bench_sample_overrides(const bench_sample *sample, const hs_bench_shape *shape)
{
    bench_overrides overrides;

    snprintf(overrides.text[0], BENCH_OVERRIDE_LENGTH, "sweep.orders=[%zu]", sample->order);
    snprintf(overrides.text[1], BENCH_OVERRIDE_LENGTH, "sweep.heads=[\"0-%zu.0-%zu\"]", shape->n_layers - 1,
             heads_a_layer(sample, shape) - 1);
    snprintf(overrides.text[2], BENCH_OVERRIDE_LENGTH, "tasks.prompts.limit=%zu", sample->n_prompts);
    snprintf(overrides.text[3], BENCH_OVERRIDE_LENGTH, "run.batch_rows=%zu", sample->prompts_a_shard * shape->n_tokens);
    snprintf(overrides.text[4], BENCH_OVERRIDE_LENGTH, "run.sets_per_group=%zu", sample->sets_per_group);
    return overrides;
}

const char *hs__bench_sample_describe(const bench_sample *sample, const hs_bench_shape *shape, char *buffer,
                                      size_t capacity)
{
    snprintf(buffer, capacity, "%s of %zu heads per layer, %zu prompts", sample->order == 1 ? "singles" : "pairs",
             heads_a_layer(sample, shape), sample->n_prompts);
    return buffer;
}
