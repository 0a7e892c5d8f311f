/*
 * generate_reference: generation as it is defined: after each token a pass over the whole text so
 * far.
 */
#include "engine/cost.h"
#include "engine/generate.h"
#include "engine/linear.h"
#include "engine/reference.h"
#include "engine/state.h"
#include "engine/workload.h"

#include <string.h>

/* One prompt under one ablation. The grown sequence is the workload's only one. */
struct continuation {
    const hs_engine *engine;
    const struct hs_generate_call *generation;
    struct hs_sampler sampler;
    struct hs_prepared prepared;
    hs_workload workload;
    int32_t *grown;    /* [longest prompt + max_new_tokens] */
    size_t offsets[2]; /* of the grown sequence */
};

static struct hs_scratch_size measure(const hs_engine *engine, const struct hs_generate_call *generation)
{
    struct hs_scratch_size size = hs__engine_reference_size(engine, generation->prompts, 1);
    size_t grown = hs__engine_sequences_longest(&generation->prompts->sequences) + generation->sampling->max_new_tokens;
    size.longest = size.longest > grown ? size.longest : grown;
    size.n_rows = size.n_donor_rows > grown ? size.n_donor_rows : grown;
    return size;
}

static hs_status init(struct continuation *continuation, hs_error *error)
{
    const struct hs_generate_call *generation = continuation->generation;
    const hs_engine *engine = continuation->engine;
    struct hs_scratch_size size = measure(engine, generation);
    HS_TRY(hs__engine_sampler_init(&continuation->sampler, engine->device, generation->sampling,
                                   engine->model->shape.n_outputs, error));
    HS_TRY(hs_allocate(&continuation->grown, size.longest, sizeof *continuation->grown, "a grown sequence", error));
    HS_TRY(hs__engine_scratch_init(&continuation->prepared.scratch, &size, engine->device, engine->model,
                                   &engine->options, error));
    continuation->prepared.workload = generation->prompts;
    return hs__engine_reference_donors(engine, &continuation->prepared, error);
}

static void clear(struct continuation *continuation)
{
    hs__engine_sampler_clear(&continuation->sampler);
    hs_free(continuation->grown);
    hs__engine_scratch_clear(&continuation->prepared.scratch);
}

/* The prompt as the grown sequence; at scored positions its last row and what comes after are edited. */
static void start_prompt(struct continuation *continuation, size_t prompt)
{
    const hs_workload *prompts = continuation->generation->prompts;
    size_t length = hs_sequence_length(&prompts->sequences, prompt);
    size_t n_rows = length + continuation->generation->sampling->max_new_tokens;
    memcpy(continuation->grown, prompts->sequences.tokens + prompts->sequences.offsets[prompt],
           length * sizeof *continuation->grown);
    for (size_t row = 0; row < n_rows; row++)
        continuation->prepared.scratch.row_slots[row] = row + 1 < length ? HS_NOT_SCORED : 0;
    continuation->workload = (hs_workload){
        .sequences = {.n = 1, .offsets = continuation->offsets, .tokens = continuation->grown},
        .donor_sequences = prompts->donor_sequences,
        .donors = prompts->donor_sequences.n == 0 ? NULL : prompts->donors + prompt,
    };
    continuation->prepared.workload = &continuation->workload;
}

/*
 * Logits after `length` tokens of the grown sequence, by a pass over all of it; only the clean model's must be finite.
 */
static hs_status run_pass(struct continuation *continuation, const hs_ablation *ablation, size_t length,
                          bool *finite_out, hs_error *error)
{
    struct hs_prepared *prepared = &continuation->prepared;
    struct hs_edit edit;
    continuation->offsets[1] = length;
    if (ablation->n_components > 0)
        HS_TRY(hs__engine_reference_edit(&edit, continuation->engine, prepared, ablation, error));
    struct hs_pass pass = {
        .engine = continuation->engine,
        .sequences = &continuation->workload.sequences,
        .scratch = &prepared->scratch,
        .edit = ablation->n_components > 0 ? &edit : NULL,
    };
    HS_TRY(hs__engine_forward(&pass, error));
    uint32_t last_row = (uint32_t)length - 1;
    HS_TRY(hs__engine_unembed_rows(&pass, prepared->scratch.logits, &last_row, 1, error));
    *finite_out = hs__engine_sampler_load(&continuation->sampler, prepared->scratch.logits);
    if (*finite_out || ablation->n_components > 0)
        return HS_OK;
    hs_fail(error, HS_ERROR_NUMERIC, "after %zu tokens: a logit is not finite", length);
    return hs__engine_reference_explain(&pass, ablation, error);
}

/*
 * The drawn token becomes part of the sequence before the stop is asked for, as the prefix engine
 * does it.
 */
static hs_status run_sample(struct continuation *continuation, size_t ablation, size_t prompt, size_t sample,
                            hs_error *error)
{
    const struct hs_generate_call *generation = continuation->generation;
    const hs_sampling *sampling = generation->sampling;
    size_t length = hs_sequence_length(&generation->prompts->sequences, prompt);
    int32_t *tokens = hs_generation_tokens(generation, ablation, prompt, sample);
    for (size_t step = 0; step < sampling->max_new_tokens; step++) {
        bool finite;
        HS_TRY(run_pass(continuation, &generation->ablations[ablation], length + step, &finite, error));
        if (!finite) {
            tokens[step] = HS_TOKEN_NOT_FINITE;
            break;
        }
        tokens[step] = hs__engine_sampler_draw(&continuation->sampler, generation->keys[prompt], sample, step);
        continuation->grown[length + step] = tokens[step];
        if (hs__engine_sampling_ends(sampling, tokens, step + 1))
            break;
    }
    return HS_OK;
}

static hs_status run_prompt(struct continuation *continuation, size_t prompt, hs_error *error)
{
    const struct hs_generate_call *generation = continuation->generation;
    start_prompt(continuation, prompt);
    for (size_t ablation = 0; ablation < generation->n_ablations; ablation++)
        for (size_t sample = 0; sample < hs_sampling_distinct(generation->sampling); sample++)
            HS_TRY(run_sample(continuation, ablation, prompt, sample, error));
    return HS_OK;
}

hs_status hs__engine_reference_generate(hs_engine *engine, const struct hs_generate_call *generation, hs_error *error)
{
    struct continuation continuation = {.engine = engine, .generation = generation};
    hs_status status = init(&continuation, error);
    for (size_t prompt = 0; status == HS_OK && prompt < generation->prompts->sequences.n; prompt++) {
        status = run_prompt(&continuation, prompt, error);
        if (status != HS_OK)
            hs_error_prefix(error, "prompt %zu", prompt);
    }
    clear(&continuation);
    return status;
}

/* Row by row and step by step, as the passes are run: no sharing, so no shortcut. */
hs_status hs__engine_reference_count_generation(const hs_engine *engine, const struct hs_generate_call *generation,
                                                hs_engine_cost *cost, hs_error *error)
{
    (void)error;
    const hs_model *model = engine->model;
    const hs_sampling *sampling = generation->sampling;
    struct hs_scratch_size size = measure(engine, generation);
    double flops = 0;
    for (size_t prompt = 0; prompt < generation->prompts->sequences.n; prompt++) {
        size_t length = hs_sequence_length(&generation->prompts->sequences, prompt);
        for (size_t step = 0; step < sampling->max_new_tokens; step++) {
            for (size_t row = 0; row < length + step; row++)
                flops += hs__engine_generation_row_flops(model, row + 1);
            flops += hs__engine_linear_flops(&model->unembedding);
        }
    }
    cost->flops_of_group = flops * (double)(generation->n_ablations * hs_sampling_distinct(sampling));
    cost->flops_to_answers = cost->flops_of_group;
    cost->flops_of_product = (double)size.n_rows * hs__engine_product_flops(model);
    cost->memory_bytes = hs__engine_scratch_bytes(&size) + hs__engine_sampler_bytes(model->shape.n_outputs) +
                         size.longest * sizeof(int32_t);
    return HS_OK;
}
