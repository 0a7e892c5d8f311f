/*
 * generate_decode: one row for each sample and step, all ablations and prompts of a block stacked,
 * until every sample has ended.
 */
#include "engine/generate_prefix.h"
#include "engine/kernels.h"
#include "engine/output_head.h"
#include "engine/state.h"
#include "engine/workload.h"

#include <string.h>

enum {
    NEW_ROWS = 1024,          /* that a step aims at: enough for the large matrix products */
    NEW_KEYS_BYTES = 1 << 30, /* of a block's keys and values, unless a single pair of prompt and ablation has more */
    LOGITS_BYTES = 1 << 28,
    MAX_BUFFERS = 16,
};

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t kv_floats(const hs_model_shape *shape)
{
    return 2 * shape->n_kv_heads * shape->head_dim;
}

/* The largest part where n is cut into the fewest parts of at most `limit`, all about the same. */
static size_t part_of(size_t n, size_t limit)
{
    size_t n_parts = (n + limit - 1) / limit;
    return n_parts == 0 ? 1 : (n + n_parts - 1) / n_parts;
}

/* Ablations first: those of one prompt share more of their prefill than prompts of one ablation do. */
struct hs__engine_decode_plan hs__engine_decode_plan(const hs_model_shape *shape,
                                                     const struct hs_generate_call *generation)
{
    struct hs__engine_decode_plan plan = {.n_samples = hs_sampling_distinct(generation->sampling)};
    const hs_sequences *sequences = &generation->prompts->sequences;
    size_t n_steps = generation->sampling->max_new_tokens - 1;
    size_t longest = hs__engine_sequences_longest(sequences);
    size_t n_rows = longest + hs__engine_multiply_sizes(plan.n_samples, n_steps);
    size_t n_bytes = hs__engine_multiply_sizes(shape->n_layers * kv_floats(shape) * sizeof(float), n_rows);
    size_t n_pairs = larger(1, smaller(NEW_ROWS / plan.n_samples, NEW_KEYS_BYTES / larger(n_bytes, 1)));
    plan.max_ablations = part_of(generation->n_ablations, n_pairs);
    plan.max_prompts = part_of(sequences->n, n_pairs / plan.max_ablations);
    n_pairs = plan.max_ablations * plan.max_prompts;
    plan.max_rows = hs__engine_multiply_sizes(n_pairs, plan.n_samples);
    plan.n_rows = hs__engine_multiply_sizes(plan.max_rows, n_steps) + n_pairs;
    plan.logits_rows = larger(1, smaller(plan.max_rows, LOGITS_BYTES / sizeof(float) / shape->n_outputs));
    plan.longest = longest + n_steps;
    return plan;
}

size_t hs__engine_decode_pattern_floats(const hs_model_shape *shape, const struct hs__engine_decode_plan *plan)
{
    return shape->n_heads * HS_NEW_ATTENTION_ROWS * hs__engine_pattern_stride(plan->longest);
}

/* Everything that decoding holds, for the promise of memory and for the allocation alike. */
static size_t list_buffers(struct hs_buffer *list, struct hs_decoder *decoder, const struct hs_engine *engine)
{
    const hs_model_shape *shape = &engine->model->shape;
    size_t n_threads = hs_threads_count(engine->device->threads);
    const struct hs__engine_decode_plan *plan = &decoder->plan;
    size_t n = 0;
    list[n++] = HS_HOST_BUFFER(decoder->rows, plan->n_rows, 1);
    list[n++] = HS_HOST_BUFFER(decoder->samples, plan->max_rows, 1);
    list[n++] = HS_BUFFER(decoder->keys, plan->n_rows, shape->n_layers * kv_floats(shape));
    list[n++] = HS_BUFFER(decoder->logits, plan->logits_rows, shape->n_outputs);
    list[n++] = HS_BUFFER(decoder->pattern, n_threads, hs__engine_decode_pattern_floats(shape, plan));
    list[n++] = HS_HOST_BUFFER(decoder->chains, plan->max_rows, decoder->generation->sampling->max_new_tokens);
    list[n++] = HS_BUFFER(decoder->angles.cosines, hs_angle_rows(shape, plan->longest), shape->rotary_dim / 2);
    list[n++] = HS_BUFFER(decoder->angles.sines, hs_angle_rows(shape, plan->longest), shape->rotary_dim / 2);
    list[n++] = HS_HOST_BUFFER(decoder->edits, plan->max_ablations, 1);
    list[n++] = HS_HOST_BUFFER(decoder->abandoned, plan->max_ablations, plan->max_prompts);
    return n;
}

hs_status hs__engine_decoder_init(struct hs_decoder *decoder, hs_engine *engine,
                                  const struct hs_generate_call *generation, hs_error *error)
{
    struct hs_buffer list[MAX_BUFFERS];
    const hs_model_shape *shape = &engine->model->shape;
    *decoder = (struct hs_decoder){
        .engine = engine, .generation = generation, .plan = hs__engine_decode_plan(shape, generation)};
    size_t n = list_buffers(list, decoder, engine);
    HS_TRY(hs__engine_buffers_allocate(&decoder->memory, engine->device, list, n, "the keys and values of new tokens",
                                       error));
    hs__engine_fill_angles(&decoder->angles, engine->model, decoder->plan.longest);
    return hs__engine_sampler_init(&decoder->sampler, engine->device, generation->sampling, shape->n_outputs, error);
}

void hs__engine_decoder_clear(struct hs_decoder *decoder)
{
    hs__engine_buffers_release(&decoder->memory);
    hs__engine_sampler_clear(&decoder->sampler);
}

size_t hs__engine_decoder_bytes(const hs_engine *engine, const struct hs_generate_call *generation)
{
    const hs_model_shape *shape = &engine->model->shape;
    struct hs_buffer list[MAX_BUFFERS];
    struct hs_decoder decoder = {.generation = generation, .plan = hs__engine_decode_plan(shape, generation)};
    return hs__engine_buffers_bytes(list, list_buffers(list, &decoder, engine)) +
           hs__engine_sampler_bytes(shape->n_outputs);
}

/* The first of equal ablations stands for all of them. */
static bool is_first(const struct hs_decoder *decoder, size_t ablation)
{
    const struct hs_ablation_tree *tree = &decoder->prefix->tree;
    return tree->nodes[tree->ablation_node[ablation]].ablation == ablation;
}

/* All samples of the prompts that end in a slot. */
static size_t add_samples(struct hs_decoder *decoder, size_t slot, size_t n)
{
    const struct hs_forest *forest = &decoder->prefix->forest;
    for (uint32_t i = forest->slot_first[slot]; i < forest->slot_first[slot + 1]; i++)
        for (size_t sample = 0; sample < decoder->plan.n_samples; sample++)
            decoder->samples[n++] =
                (struct hs_new_sample){.prompt = forest->slot_queries[i], .sample = (uint32_t)sample};
    return n;
}

/* One row for each prompt and ablation, into whose residual goes what prefill has left. */
static void start_rows(struct hs_decoder *decoder)
{
    const struct hs_kernels *kernels = decoder->engine->device->kernels;
    const struct hs_prefix *prefix = decoder->prefix;
    size_t width = decoder->engine->model->shape.width;
    size_t n_scored = prefix->forest.n_scored;
    size_t n_samples = 0;
    decoder->first_row = 0;
    decoder->end_row = 0;
    for (size_t i = 0; i < decoder->n_ablations * n_scored; i++) {
        if (!is_first(decoder, i / n_scored))
            continue;
        size_t row = decoder->end_row++;
        size_t first_sample = n_samples;
        n_samples = add_samples(decoder, i % n_scored, n_samples);
        decoder->rows[row] = (struct hs_new_row){
            .parent = HS_NO_PARENT,
            .ablation = (uint32_t)(i / n_scored),
            .slot = (uint32_t)(i % n_scored),
            .first_sample = (uint32_t)first_sample,
            .n_samples = (uint32_t)(n_samples - first_sample),
        };
        hs_copy_floats(kernels, prefix->buffers.residual + row * width, prefix->cache->residual + i * width, width);
        if (hs_keeps_before(&decoder->engine->model->shape))
            hs_copy_floats(kernels, prefix->buffers.before + row * width, prefix->cache->before + i * width, width);
    }
}

/* The tree that prefill has walked keeps what each ablation edits. */
static void start_edits(struct hs_decoder *decoder)
{
    for (size_t i = 0; i < decoder->n_ablations; i++) {
        const hs_ablation *ablation = &decoder->generation->ablations[decoder->first_ablation + i];
        decoder->edits[i] = hs__engine_prefix_edit(decoder->prefix, ablation->intervention);
        decoder->edits[i].list = decoder->prefix->tree.lists[i];
    }
    memset(decoder->abandoned, 0, decoder->plan.max_ablations * decoder->plan.max_prompts);
}

static size_t position_of(const struct hs_decoder *decoder, const struct hs_new_row *row)
{
    return decoder->views[row->slot].length + decoder->step - 1;
}

static void embed(const struct hs_decoder *decoder)
{
    const hs_model *model = decoder->engine->model;
    size_t width = model->shape.width;
    float *residual = decoder->prefix->buffers.residual;
    for (size_t i = decoder->first_row; i < decoder->end_row; i++, residual += width) {
        const struct hs_new_row *row = &decoder->rows[i];
        size_t n_counted = position_of(decoder, row);
        hs__engine_embed(residual, model, row->token, 0, hs__engine_position_row(&model->shape, row->token, &n_counted),
                         &decoder->prefix->buffers.work);
    }
}

static void list_chains(const struct hs_decoder *decoder)
{
    uint32_t *chain = decoder->chains;
    for (size_t i = decoder->first_row; i < decoder->end_row; i++) {
        uint32_t row = (uint32_t)i;
        for (size_t t = decoder->step; t-- > 0; row = decoder->rows[row].parent)
            chain[t] = row;
        chain += decoder->generation->sampling->max_new_tokens;
    }
}

/* Rotates queries and keys, which lie side by side, and keeps keys and values. */
static void keep_keys(const struct hs_decoder *decoder, size_t layer)
{
    const hs_model_shape *shape = &decoder->engine->model->shape;
    float *heads = decoder->prefix->buffers.heads;
    float *keys = decoder->keys + (layer * decoder->plan.n_rows + decoder->first_row) * kv_floats(shape);
    for (size_t i = decoder->first_row; i < decoder->end_row; i++) {
        hs__engine_rotate(decoder->engine->device, heads, shape->n_heads + shape->n_kv_heads, decoder->engine->model,
                          layer, &decoder->angles, position_of(decoder, &decoder->rows[i]));
        hs_copy_floats(decoder->engine->device->kernels, keys, heads + hs_z_width(shape), kv_floats(shape));
        keys += kv_floats(shape);
        heads += hs_heads_width(shape);
    }
}

static hs_status run_mlp(struct hs_decoder *decoder, size_t layer, hs_error *error)
{
    struct hs_prefix_buffers *buffers = &decoder->prefix->buffers;
    return hs__engine_finish_layer(buffers->residual, buffers->before, decoder->end_row - decoder->first_row,
                                   decoder->engine->model, layer, &buffers->work, error);
}

/*
 * The operations of layer.h in the order of the other passes; only where keys are kept and which
 * ones a row sees is decoding's own.
 */
static hs_status run_layers(struct hs_decoder *decoder, hs_error *error)
{
    const hs_model *model = decoder->engine->model;
    const hs_model_shape *shape = &model->shape;
    struct hs_prefix_buffers *buffers = &decoder->prefix->buffers;
    size_t n_rows = decoder->end_row - decoder->first_row;
    embed(decoder);
    list_chains(decoder);
    for (size_t layer = 0; layer < shape->n_layers; layer++) {
        HS_TRY(hs__engine_project_heads(buffers->heads, hs_heads_width(shape), buffers->residual, n_rows, model, layer,
                                        HS_QUERY_KEY_VALUE, &buffers->work, error));
        keep_keys(decoder, layer);
        HS_TRY(hs__engine_decode_attention(decoder, layer, error));
        if (hs_keeps_before(shape))
            hs_copy_floats(decoder->engine->device->kernels, buffers->before, buffers->residual, n_rows * shape->width);
        HS_TRY(hs__engine_add_attention(buffers->residual, buffers->z, n_rows, model, layer, &buffers->work, error));
        HS_TRY(run_mlp(decoder, layer, error));
    }
    return HS_OK;
}

/*
 * A prompt with a logit that is not finite is left to the reference engine, as in an evaluation: where it has finite
 * ones these count, and what it says of the clean model names prompt and layer.
 */
static hs_status abandon(struct hs_decoder *decoder, size_t ablation, size_t prompt, hs_error *error)
{
    const struct hs_generate_call *generation = decoder->generation;
    const hs_workload *prompts = generation->prompts;
    size_t whole_ablation = decoder->first_ablation + ablation;
    size_t whole_prompt = decoder->first_prompt + prompt;
    hs_workload one = *prompts;
    one.sequences = (hs_sequences){
        .n = 1, .offsets = prompts->sequences.offsets + whole_prompt, .tokens = prompts->sequences.tokens};
    one.donors = prompts->donors == NULL ? NULL : prompts->donors + whole_prompt;
    struct hs_generate_call again = *generation;
    again.prompts = &one;
    again.keys = generation->keys + whole_prompt;
    again.ablations = generation->ablations + whole_ablation;
    again.n_ablations = 1;
    again.tokens_out = hs_generation_tokens(generation, whole_ablation, whole_prompt, 0);
    decoder->abandoned[ablation * decoder->plan.max_prompts + prompt] = 1;
    memset(again.tokens_out, -1,
           generation->sampling->n_samples * generation->sampling->max_new_tokens * sizeof *again.tokens_out);
    return HS__ENGINE_REFERENCE_METHODS.generate(decoder->engine, &again, error);
}

static hs_status abandon_samples(struct hs_decoder *decoder, const struct hs_new_row *row, hs_error *error)
{
    for (size_t i = 0; i < row->n_samples; i++) {
        size_t prompt = decoder->samples[row->first_sample + i].prompt;
        if (!decoder->abandoned[row->ablation * decoder->plan.max_prompts + prompt])
            HS_TRY(abandon(decoder, row->ablation, prompt, error));
    }
    return HS_OK;
}

/* Draws for the samples of a row. Those that go on, sorted by token, into samples [first ..]; returns their number. */
static size_t draw_tokens(struct hs_decoder *decoder, const struct hs_new_row *row, size_t first)
{
    const struct hs_generate_call *generation = decoder->generation;
    struct hs_new_sample *samples = decoder->samples;
    size_t n = 0;
    for (size_t i = 0; i < row->n_samples; i++) {
        struct hs_new_sample sample = samples[row->first_sample + i];
        if (decoder->abandoned[row->ablation * decoder->plan.max_prompts + sample.prompt])
            continue;
        size_t prompt = decoder->first_prompt + sample.prompt;
        int32_t *tokens =
            hs_generation_tokens(generation, decoder->first_ablation + row->ablation, prompt, sample.sample);
        sample.token =
            hs__engine_sampler_draw(&decoder->sampler, generation->keys[prompt], sample.sample, decoder->step);
        tokens[decoder->step] = sample.token;
        if (hs__engine_sampling_ends(generation->sampling, tokens, decoder->step + 1))
            continue;
        size_t place = n++;
        for (; place > 0 && samples[first + place - 1].token > sample.token; place--)
            samples[first + place] = samples[first + place - 1];
        samples[first + place] = sample;
    }
    return n;
}

/* A row for each token that samples [first .. first + n] have. Returns the end of the rows. */
static size_t add_rows(struct hs_decoder *decoder, uint32_t parent, size_t first, size_t n, size_t end_row)
{
    for (size_t i = first; i < first + n; i++) {
        const struct hs_new_sample *sample = &decoder->samples[i];
        if (i > first && sample->token == sample[-1].token) {
            decoder->rows[end_row - 1].n_samples++;
            continue;
        }
        decoder->rows[end_row++] = (struct hs_new_row){
            .parent = parent,
            .ablation = decoder->rows[parent].ablation,
            .slot = decoder->rows[parent].slot,
            .token = sample->token,
            .first_sample = (uint32_t)i,
            .n_samples = 1,
        };
    }
    return end_row;
}

static void unembed(struct hs_decoder *decoder, size_t first, size_t n)
{
    const hs_model *model = decoder->engine->model;
    struct hs_prefix_buffers *buffers = &decoder->prefix->buffers;
    const float *in = hs__engine_apply_head(decoder->engine->device, buffers->residual + first * model->shape.width,
                                            buffers->work.normed, n, model);
    hs__engine_unembed(decoder->engine->device, decoder->logits, model->shape.n_outputs, in, n, model, 0,
                       model->shape.n_outputs);
}

/* The step's tokens, and the rows of the next step. Samples that go on move up in place of those that ended. */
static hs_status choose_tokens(struct hs_decoder *decoder, hs_error *error)
{
    size_t n_outputs = decoder->engine->model->shape.n_outputs;
    size_t block_rows = smaller(decoder->plan.logits_rows, decoder->prefix->buffers.work.block_rows);
    size_t end_sample = 0;
    size_t end_row = decoder->end_row;
    bool is_last = decoder->step + 1 == decoder->generation->sampling->max_new_tokens;
    for (size_t row = decoder->first_row; row < decoder->end_row; row++) {
        size_t place = (row - decoder->first_row) % block_rows;
        if (place == 0)
            unembed(decoder, row - decoder->first_row, smaller(decoder->end_row - row, block_rows));
        HS_TRY(hs__engine_poll(&decoder->engine->options, error));
        if (!hs__engine_sampler_load(&decoder->sampler, decoder->logits + place * n_outputs))
            HS_TRY(abandon_samples(decoder, &decoder->rows[row], error));
        size_t n = draw_tokens(decoder, &decoder->rows[row], end_sample);
        if (!is_last)
            end_row = add_rows(decoder, (uint32_t)row, end_sample, n, end_row);
        end_sample += n;
    }
    decoder->first_row = decoder->end_row;
    decoder->end_row = end_row;
    return HS_OK;
}

static void copy_equal_ablations(const struct hs_decoder *decoder)
{
    const struct hs_generate_call *generation = decoder->generation;
    const struct hs_ablation_tree *tree = &decoder->prefix->tree;
    const hs_sampling *sampling = generation->sampling;
    size_t n_bytes = decoder->prefix->workload->sequences.n * sampling->n_samples * sampling->max_new_tokens *
                     sizeof *generation->tokens_out;
    for (size_t i = 0; i < decoder->n_ablations; i++) {
        size_t first = tree->nodes[tree->ablation_node[i]].ablation;
        if (first != i)
            memcpy(hs_generation_tokens(generation, decoder->first_ablation + i, decoder->first_prompt, 0),
                   hs_generation_tokens(generation, decoder->first_ablation + first, decoder->first_prompt, 0),
                   n_bytes);
    }
}

hs_status hs__engine_decode_block(struct hs_decoder *decoder, hs_error *error)
{
    start_edits(decoder);
    start_rows(decoder);
    HS_TRY(run_mlp(decoder, decoder->engine->model->shape.n_layers - 1, error));
    for (decoder->step = 0; decoder->first_row < decoder->end_row; decoder->step++) {
        if (decoder->step > 0)
            HS_TRY(run_layers(decoder, error));
        HS_TRY(choose_tokens(decoder, error));
    }
    copy_equal_ablations(decoder);
    return HS_OK;
}
