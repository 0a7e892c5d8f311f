/*
 * generate_prefix: prompts and ablations in blocks that fit the decoder's buffers: prefill of a
 * block by the prefix engine, then decoding.
 */
#include "engine/generate_prefix.h"
#include "engine/linear.h"
#include "engine/state.h"
#include "engine/workload.h"

#include <string.h>

/* Prompts of a call as a workload of their own, whose last rows are asked about. */
struct part {
    hs_workload workload;
    hs_query *queries;
    size_t *donor_offsets;
    int32_t *donor_tokens;
    uint32_t *donors;
};

static void part_clear(struct part *part)
{
    hs_free(part->queries);
    hs_free(part->donor_offsets);
    hs_free(part->donor_tokens);
    hs_free(part->donors);
    *part = (struct part){0};
}

/* Only the donors of these prompts, one each: the z of all of them is kept. */
static hs_status copy_donors(struct part *part, const hs_workload *prompts, size_t first, hs_error *error)
{
    const char *what = "donors of prompts";
    size_t n = part->workload.sequences.n;
    HS_TRY(hs_allocate(&part->donor_offsets, n + 1, sizeof *part->donor_offsets, what, error));
    HS_TRY(hs_allocate(&part->donors, n, sizeof *part->donors, what, error));
    for (size_t i = 0; i < n; i++)
        part->donor_offsets[i + 1] =
            part->donor_offsets[i] + hs_sequence_length(&prompts->donor_sequences, prompts->donors[first + i]);
    HS_TRY(hs_allocate(&part->donor_tokens, part->donor_offsets[n], sizeof *part->donor_tokens, what, error));
    for (size_t i = 0; i < n; i++) {
        const int32_t *tokens =
            prompts->donor_sequences.tokens + prompts->donor_sequences.offsets[prompts->donors[first + i]];
        size_t length = part->donor_offsets[i + 1] - part->donor_offsets[i];
        memcpy(part->donor_tokens + part->donor_offsets[i], tokens, length * sizeof *tokens);
        part->donors[i] = (uint32_t)i;
    }
    part->workload.donor_sequences =
        (hs_sequences){.n = n, .offsets = part->donor_offsets, .tokens = part->donor_tokens};
    part->workload.donors = part->donors;
    return HS_OK;
}

/*
 * The offsets of the sequences are used as they are, from the first prompt of the part on; each
 * prompt has one query, at its last row, so that this row counts as scored.
 */
static hs_status part_init(struct part *part, const hs_workload *prompts, size_t first, size_t n, hs_error *error)
{
    *part = (struct part){0};
    HS_TRY(hs_allocate(&part->queries, n, sizeof *part->queries, "prompts", error));
    part->workload.sequences =
        (hs_sequences){.n = n, .offsets = prompts->sequences.offsets + first, .tokens = prompts->sequences.tokens};
    part->workload.queries = part->queries;
    part->workload.n_queries = n;
    for (size_t i = 0; i < n; i++)
        part->queries[i] = (hs_query){
            .sequence = (uint32_t)i,
            .row = (uint32_t)hs_sequence_length(&part->workload.sequences, i) - 1,
            .kind = HS_QUERY_LOGIT,
        };
    return prompts->donor_sequences.n == 0 ? HS_OK : copy_donors(part, prompts, first, error);
}

struct views {
    struct hs_prompt_view *views; /* [n_scored] */
    struct hs_run *runs;          /* [n_scored, deepest] */
};

/*
 * For each prompt the runs of forest rows that it consists of, last one first, which are the keys
 * that its new rows see.
 */
static hs_status views_init(struct views *views, const struct hs_forest *forest, hs_error *error)
{
    HS_TRY(hs_allocate(&views->views, forest->n_scored, sizeof *views->views, "prompts", error));
    HS_TRY(hs_allocate(&views->runs, forest->n_scored, forest->deepest * sizeof *views->runs, "prompts", error));
    for (size_t i = 0; i < forest->n_segments; i++) {
        const struct hs_segment *segment = &forest->segments[i];
        for (uint32_t slot = segment->first_scored; slot < segment->first_scored + segment->n_scored; slot++) {
            uint32_t row = forest->scored_rows[slot];
            struct hs_run *runs = views->runs + slot * forest->deepest;
            runs[0] = (struct hs_run){segment->first_row, row - segment->first_row + 1, segment->position};
            views->views[slot] = (struct hs_prompt_view){
                .runs = runs,
                .n_runs = 1 + hs__engine_forest_ancestors(forest, i, runs + 1),
                .length = forest->visible[row],
                .sequence = forest->rows[row].sequence,
            };
        }
    }
    return HS_OK;
}

static void views_clear(struct views *views)
{
    hs_free(views->views);
    hs_free(views->runs);
}

static hs_status visit(void *context, const struct hs_batch *batch, hs_error *error)
{
    return hs__engine_prefix_run_batch(context, batch, error);
}

static void finish_clean(const struct hs_prefix *prefix)
{
    const struct hs_level *root = &prefix->levels[0];
    size_t width = prefix->engine->model->shape.width;
    size_t last = prefix->engine->model->shape.n_layers - 1;
    if (prefix->tree.nodes[0].ablation != HS_NO_ABLATION)
        hs__engine_prompt_cache_finish(prefix, prefix->tree.nodes[0].ablation,
                                       hs__engine_level_rows(prefix, root->after, 0, last, 0, width),
                                       hs__engine_level_rows(prefix, root->before, 0, last, 0, width));
}

static hs_status prefill(struct hs_decoder *decoder, hs_error *error)
{
    struct hs_prefix *prefix = decoder->prefix;
    const struct hs_batch_visitor visitor = {prefix, visit};
    const hs_ablation *ablations = decoder->generation->ablations + decoder->first_ablation;
    HS_TRY(hs__engine_prefix_begin(prefix, ablations, decoder->n_ablations, error));
    HS_TRY(hs__engine_prompt_cache_reserve(prefix->cache, prefix, error));
    HS_TRY(hs__engine_ablation_tree_walk(&prefix->tree, decoder->engine->model->shape.n_layers, prefix->max_nodes_at,
                                         &visitor, error));
    finish_clean(prefix);
    return HS_OK;
}

/* Ablations of a call in turn, as many at a time as the plan says. */
static hs_status run_ablations(struct hs_decoder *decoder, hs_error *error)
{
    size_t n = decoder->generation->n_ablations;
    for (size_t first = 0; first < n; first += decoder->plan.max_ablations) {
        decoder->first_ablation = first;
        decoder->n_ablations = n - first < decoder->plan.max_ablations ? n - first : decoder->plan.max_ablations;
        HS_TRY(prefill(decoder, error));
        HS_TRY(hs__engine_decode_block(decoder, error));
    }
    return HS_OK;
}

/* The workload is prepared as for an evaluation, with a cache that keeps what decoding reads. */
static hs_status run_prompts(struct hs_decoder *decoder, const hs_workload *workload, hs_error *error)
{
    struct hs_prompt_cache cache = {0};
    struct views views = {0};
    hs_prepared prepared = {.methods = &HS__ENGINE_PREFIX_METHODS, .workload = workload};
    hs_status status = prepared.methods->prepare(decoder->engine, &prepared, error);
    if (status != HS_OK)
        goto done;
    HS_GOTO_DONE(hs__engine_prompt_cache_init(&cache, prepared.prefix, decoder->plan.max_ablations, error));
    HS_GOTO_DONE(views_init(&views, &prepared.prefix->forest, error));
    prepared.prefix->cache = &cache;
    prepared.prefix->n_new_rows = decoder->plan.max_rows;
    decoder->prefix = prepared.prefix;
    decoder->views = views.views;
    HS_GOTO_DONE(run_ablations(decoder, error));
done:
    prepared.methods->clear(&prepared);
    views_clear(&views);
    hs__engine_prompt_cache_clear(&cache);
    return status;
}

/* Prompts are cut by the plan alone, so that batches do not depend on who asks for how many. */
hs_status hs__engine_prefix_generate(hs_engine *engine, const struct hs_generate_call *generation, hs_error *error)
{
    const hs_workload *prompts = generation->prompts;
    struct hs_decoder decoder = {0};
    struct part part = {0};
    hs_status status = HS_OK;
    if (prompts->sequences.n == 0 || generation->n_ablations == 0)
        return HS_OK;
    HS_GOTO_DONE(hs__engine_decoder_init(&decoder, engine, generation, error));
    for (size_t first = 0; first < prompts->sequences.n; first += decoder.plan.max_prompts) {
        size_t left = prompts->sequences.n - first;
        decoder.first_prompt = first;
        HS_GOTO_DONE(
            part_init(&part, prompts, first, left < decoder.plan.max_prompts ? left : decoder.plan.max_prompts, error));
        HS_GOTO_DONE(run_prompts(&decoder, &part.workload, error));
        part_clear(&part);
    }
done:
    part_clear(&part);
    hs__engine_decoder_clear(&decoder);
    return status;
}

/* New rows of all samples of a prompt, and the logits they begin with apart, as prefill has those. */
static double decode_flops(const hs_model *model, const struct hs_generate_call *generation, size_t length)
{
    double flops = 0;
    for (size_t step = 1; step < generation->sampling->max_new_tokens; step++)
        flops += hs__engine_generation_row_flops(model, length + step) + hs__engine_linear_flops(&model->unembedding);
    return flops * (double)hs_sampling_distinct(generation->sampling);
}

/* Equal ablations are decoded once. */
static size_t count_distinct(const struct hs_ablation_tree *tree, size_t n_ablations)
{
    size_t n = 0;
    for (size_t i = 0; i < n_ablations; i++)
        n += tree->nodes[tree->ablation_node[i]].ablation == i;
    return n;
}

/*
 * By the same cut as the run. Prefill of the clean model is paid once a block of prompts, equal
 * ablations are decoded once.
 */
static hs_status count_prompts(struct hs_prefix *prefix, const struct hs_generate_call *generation,
                               const struct hs__engine_decode_plan *plan, hs_engine_cost *cost, hs_error *error)
{
    const hs_model *model = prefix->engine->model;
    double decoded = 0;
    for (size_t i = 0; i < prefix->workload->sequences.n; i++)
        decoded += decode_flops(model, generation, hs_sequence_length(&prefix->workload->sequences, i));
    for (size_t first = 0; first < generation->n_ablations; first += plan->max_ablations) {
        size_t left = generation->n_ablations - first;
        size_t n = left < plan->max_ablations ? left : plan->max_ablations;
        hs_engine_cost prefill = {0};
        HS_TRY(hs__engine_prefix_count_tree(prefix, generation->ablations + first, n, &prefill, error));
        size_t n_bytes = prefill.memory_bytes + hs__engine_prompt_cache_bytes(prefix, plan->max_ablations);
        cost->flops_of_group += prefill.flops_of_group + (double)count_distinct(&prefix->tree, n) * decoded;
        cost->flops_of_group += first == 0 ? prefill.flops_of_workload : 0;
        cost->flops_of_product = prefill.flops_of_product;
        cost->memory_bytes = n_bytes > cost->memory_bytes ? n_bytes : cost->memory_bytes;
    }
    return HS_OK;
}

/* An upper bound: as if every sample went on to the end and shared no token. */
hs_status hs__engine_prefix_count_generation(const hs_engine *engine, const struct hs_generate_call *generation,
                                             hs_engine_cost *cost, hs_error *error)
{
    const hs_workload *prompts = generation->prompts;
    struct hs__engine_decode_plan plan = hs__engine_decode_plan(&engine->model->shape, generation);
    hs_status status = HS_OK;
    for (size_t first = 0; status == HS_OK && first < prompts->sequences.n; first += plan.max_prompts) {
        size_t left = prompts->sequences.n - first;
        struct part part;
        struct hs_prefix prefix = {.n_new_rows = plan.max_rows};
        status = part_init(&part, prompts, first, left < plan.max_prompts ? left : plan.max_prompts, error);
        if (status == HS_OK)
            status = hs__engine_prefix_plan(&prefix, engine, &part.workload, error);
        if (status == HS_OK)
            status = count_prompts(&prefix, generation, &plan, cost, error);
        hs__engine_prefix_clear(&prefix);
        part_clear(&part);
    }
    cost->flops_to_answers = cost->flops_of_group; /* prompts are continued one after the other */
    cost->memory_bytes += hs__engine_decoder_bytes(engine, generation);
    return status;
}
