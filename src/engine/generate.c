/*
 * generate: what is checked of a call and what both engines have in common; each engine then
 * continues the prompts in its own way.
 */
#include "engine/generate.h"
#include "engine/attention.h"
#include "engine/layer.h"
#include "engine/linear.h"
#include "engine/state.h"
#include "engine/workload.h"

#include <string.h>

/* The last new token is drawn but never read, so it needs a position and no row of the window. */
static hs_status check_prompts(const hs_workload *prompts, size_t max_new_tokens, const hs_model_shape *shape,
                               hs_error *error)
{
    for (size_t i = 0; i < prompts->sequences.n; i++) {
        size_t length = hs_sequence_length(&prompts->sequences, i);
        if (length == 0)
            return hs_fail(error, HS_ERROR_INPUT, "prompt %zu: it is empty, and nothing can follow it", i);
        if (max_new_tokens > shape->n_positions - length)
            return hs_fail(error, HS_ERROR_INPUT,
                           "prompt %zu: %zu tokens and %zu new ones are more than the model's %zu positions", i, length,
                           max_new_tokens, shape->n_positions);
        /* The last new token is a row of nothing. */
        if (shape->window > 0 && length + max_new_tokens - 1 > shape->window)
            return hs_fail(error, HS_ERROR_INPUT,
                           "prompt %zu: %zu tokens and %zu new ones are more than the attention window of %zu, which "
                           "transformers gives this family's cache but not its attention",
                           i, length, max_new_tokens, shape->window);
    }
    return HS_OK;
}

/* The prompts without their queries, which neither engine reads. */
static hs_status check(const hs_engine *engine, const hs_workload *prompts, const hs_sampling *sampling,
                       hs_workload *checked_out, hs_error *error)
{
    const hs_model_shape *shape = &engine->model->shape;
    *checked_out = (hs_workload){
        .sequences = prompts->sequences,
        .donor_sequences = prompts->donor_sequences,
        .donors = prompts->donors,
    };
    if (shape->bidirectional)
        return hs_fail(error, HS_ERROR_INPUT, "a %s model sees both sides and continues no prompt",
                       engine->model->family);
    HS_TRY(hs__engine_check_workload(checked_out, shape, error));
    HS_TRY(hs__engine_sampling_check(sampling, shape->n_outputs, error));
    return check_prompts(checked_out, sampling->max_new_tokens, shape, error);
}

/* Greedy samples of a prompt are all like the first. */
static void copy_greedy(const struct hs_generate_call *generation)
{
    size_t n_bytes = generation->sampling->max_new_tokens * sizeof(int32_t);
    for (size_t ablation = 0; ablation < generation->n_ablations; ablation++)
        for (size_t prompt = 0; prompt < generation->prompts->sequences.n; prompt++)
            for (size_t sample = 1; sample < generation->sampling->n_samples; sample++)
                memcpy(hs_generation_tokens(generation, ablation, prompt, sample),
                       hs_generation_tokens(generation, ablation, prompt, 0), n_bytes);
}

/* On failure every token is -1: half of a sample must not be taken for a short one. */
hs_status hs_engine_generate(hs_engine *engine, const hs_workload *prompts, const uint64_t *keys,
                             const hs_sampling *sampling, const hs_ablation *ablations, size_t n_ablations,
                             int32_t *tokens_out, hs_error *error)
{
    hs_workload checked;
    size_t n_bytes =
        n_ablations * prompts->sequences.n * sampling->n_samples * sampling->max_new_tokens * sizeof *tokens_out;
    memset(tokens_out, -1, n_bytes);
    HS_TRY(check(engine, prompts, sampling, &checked, error));
    struct hs_generate_call generation = {&checked, keys, sampling, ablations, n_ablations, tokens_out};
    hs_status status = hs__engine_methods_of(engine)->generate(engine, &generation, error);
    if (status != HS_OK)
        memset(tokens_out, -1, n_bytes);
    else if (sampling->temperature == 0)
        copy_greedy(&generation);
    return status;
}

double hs__engine_generation_row_flops(const hs_model *model, size_t n_visible)
{
    double n_pairs = 0, flops = 0;
    for (size_t layer = 0; layer < model->shape.n_layers; layer++) {
        n_pairs += (double)hs_n_seen(n_visible, model->layers[layer].window);
        flops += hs__engine_layer_flops(&model->layers[layer]);
    }
    return flops + hs__engine_embed_flops(model) + n_pairs * hs__engine_attend_flops(&model->shape);
}

static double naive_flops(const hs_model *model, const struct hs_generate_call *generation)
{
    const hs_sequences *sequences = &generation->prompts->sequences;
    size_t n_new = generation->sampling->max_new_tokens;
    double flops = 0;
    for (size_t prompt = 0; prompt < sequences->n; prompt++) {
        /* The last new token is not fed back. */
        size_t n_rows = hs_sequence_length(sequences, prompt) + n_new - 1;
        for (size_t row = 0; row < n_rows; row++)
            flops += hs__engine_generation_row_flops(model, row + 1);
        flops += (double)n_new * hs__engine_linear_flops(&model->unembedding);
    }
    return flops * (double)(generation->n_ablations * hs_sampling_distinct(generation->sampling));
}

hs_status hs_engine_count_generation(const hs_engine *engine, const hs_workload *prompts, const hs_sampling *sampling,
                                     const hs_ablation *ablations, size_t n_ablations, hs_engine_cost *cost_out,
                                     hs_error *error)
{
    hs_workload checked;
    *cost_out = (hs_engine_cost){0};
    HS_TRY(check(engine, prompts, sampling, &checked, error));
    struct hs_generate_call generation = {&checked, NULL, sampling, ablations, n_ablations, NULL};
    cost_out->flops_naive = naive_flops(engine->model, &generation);
    return hs__engine_methods_of(engine)->count_generation(engine, &generation, cost_out, error);
}
