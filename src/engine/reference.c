/*
 * reference: the reference engine: a full pass for each ablation, and, since it has every state,
 * the explanation of numbers that are not finite.
 */
#include "engine/reference.h"
#include "engine/cost.h"
#include "engine/query.h"
#include "engine/state.h"
#include "engine/workload.h"

#include <math.h>
#include <string.h>

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

struct hs_scratch_size hs__engine_reference_size(const hs_engine *engine, const hs_workload *workload,
                                                 size_t n_scored_rows)
{
    const hs_sequences *donors = &workload->donor_sequences;
    return (struct hs_scratch_size){
        .shape = &engine->model->shape,
        .n_rows = larger(hs_sequences_n_rows(&workload->sequences), hs_sequences_n_rows(donors)),
        .n_scored_rows = n_scored_rows,
        .longest = larger(hs__engine_sequences_longest(&workload->sequences), hs__engine_sequences_longest(donors)),
        .n_donor_rows = hs_sequences_n_rows(donors),
    };
}

static hs_status keep_z(void *context, const hs_observation *observation, hs_error *error)
{
    (void)error;
    size_t n = observation->n_rows * observation->n_columns;
    memcpy((float *)context + observation->layer * n, observation->values, n * sizeof(float));
    return HS_OK;
}

hs_status hs__engine_reference_donors(const hs_engine *engine, struct hs_prepared *prepared, hs_error *error)
{
    hs_observer observer = {.sites = 1u << HS_SITE_Z, .context = prepared->scratch.donor_z, .observe = keep_z};
    struct hs_pass pass = {
        .engine = engine,
        .sequences = &prepared->workload->donor_sequences,
        .scratch = &prepared->scratch,
        .observer = &observer,
    };
    return pass.sequences->n > 0 ? hs__engine_forward(&pass, error) : HS_OK;
}

/* The scored rows are counted before there are buffers to count them in: in an array of the same kind, for a moment. */
static hs_status count_scored_rows(size_t *n_out, const hs_workload *workload, hs_error *error)
{
    uint32_t *slots = NULL;
    HS_TRY(hs_allocate(&slots, hs_sequences_n_rows(&workload->sequences), sizeof *slots, "scored rows", error));
    *n_out = hs__engine_mark_scored_rows(slots, workload);
    hs_free(slots);
    return HS_OK;
}

static hs_status prepare(hs_engine *engine, struct hs_prepared *prepared, hs_error *error)
{
    const hs_workload *workload = prepared->workload;
    size_t n_rows = hs_sequences_n_rows(&workload->sequences);
    HS_TRY(count_scored_rows(&prepared->n_scored_rows, workload, error));
    struct hs_scratch_size size = hs__engine_reference_size(engine, workload, prepared->n_scored_rows);
    HS_TRY(hs__engine_scratch_init(&prepared->scratch, &size, engine->device, engine->model, &engine->options, error));
    hs__engine_mark_scored_rows(prepared->scratch.row_slots, workload);
    hs__engine_number_scored_rows(prepared->scratch.row_slots, prepared->scratch.scored_rows, n_rows);
    hs__engine_mark_statistics(&prepared->scratch, workload);
    return hs__engine_reference_donors(engine, prepared, error);
}

static void clear(struct hs_prepared *prepared)
{
    hs__engine_scratch_clear(&prepared->scratch);
}

size_t hs_engine_memory_bytes(const hs_model_shape *shape, size_t n_rows, size_t n_scored_rows, size_t longest_sequence,
                              bool donors)
{
    struct hs_scratch_size size = {
        .shape = shape,
        .n_rows = n_rows,
        .n_scored_rows = n_scored_rows,
        .longest = longest_sequence,
        .n_donor_rows = donors ? n_rows : 0,
    };
    size_t n_bytes = hs__engine_scratch_bytes(&size);
    return n_bytes > SIZE_MAX - sizeof(hs_prepared) ? SIZE_MAX : n_bytes + sizeof(hs_prepared);
}

size_t hs_engine_observer_bytes(const hs_model_shape *shape, size_t n_rows, size_t longest_sequence)
{
    return hs_engine_memory_bytes(shape, n_rows, 0, longest_sequence, false);
}

/*
 * Checked here, where means and donors are known: an intervention without what it replaces z by is
 * refused before the pass.
 */
hs_status hs__engine_reference_edit(struct hs_edit *edit, const hs_engine *engine, struct hs_prepared *prepared,
                                    const hs_ablation *ablation, hs_error *error)
{
    struct hs_scratch *scratch = &prepared->scratch;
    const hs_workload *workload = prepared->workload;
    *edit = (struct hs_edit){
        .model = engine->model,
        .kernels = engine->device->kernels,
        .intervention = ablation->intervention,
        .value_bias = engine->options.value_bias,
        .list = {.edges = scratch->edges},
        .row_slots = engine->options.positions == HS_POSITIONS_SCORED ? scratch->row_slots : NULL,
        .means = engine->options.means,
    };
    if (workload->donor_sequences.n > 0)
        edit->donors = (struct hs_donor_values){scratch->donor_z, workload->donor_sequences, workload->donors};
    HS_TRY(hs__engine_edit_check(edit, error));
    return hs__engine_list_edges(&edit->list, scratch->runs, ablation, &engine->model->shape, error);
}

static hs_status start_pass(const hs_engine *engine, struct hs_prepared *prepared, const hs_ablation *ablation,
                            struct hs_edit *edit, struct hs_pass *pass, hs_error *error)
{
    bool is_clean = ablation->n_components == 0;
    if (!is_clean)
        HS_TRY(hs__engine_reference_edit(edit, engine, prepared, ablation, error));
    *pass = (struct hs_pass){
        .engine = engine,
        .sequences = &prepared->workload->sequences,
        .scratch = &prepared->scratch,
        .edit = is_clean ? NULL : edit,
    };
    return HS_OK;
}

static hs_status evaluate_one(const hs_engine *engine, struct hs_prepared *prepared, const hs_ablation *ablation,
                              double *answers, hs_error *error)
{
    struct hs_edit edit;
    struct hs_pass pass;
    HS_TRY(start_pass(engine, prepared, ablation, &edit, &pass, error));
    HS_TRY(hs__engine_forward(&pass, error));
    return hs__engine_answer_queries(&pass, prepared->workload, prepared->n_scored_rows, answers, error);
}

static hs_status answer(hs_engine *engine, struct hs_prepared *prepared, const hs_ablation *ablations,
                        size_t n_ablations, const hs_answering *answering, double *answers, hs_error *error)
{
    size_t n_queries = prepared->workload->n_queries;
    for (size_t i = 0; i < n_ablations; i++) {
        if (answering->skips != NULL && answering->skips[i])
            continue;
        HS_TRY(evaluate_one(engine, prepared, &ablations[i], answers + i * n_queries, error));
        HS_TRY(answering->answered(answering->context, i, 1, error));
    }
    return HS_OK;
}

struct finite_search {
    uint32_t sequence;
    size_t layer;
    bool found;
};

static hs_status search_residual(void *context, const hs_observation *observation, hs_error *error)
{
    (void)error;
    struct finite_search *search = context;
    size_t first = hs_sequence_first_row(observation->sequences, search->sequence) * observation->n_columns;
    size_t end = hs_sequence_first_row(observation->sequences, search->sequence + 1) * observation->n_columns;
    for (size_t i = first; i < end && !search->found; i++)
        search->found = !isfinite(observation->values[i]);
    search->layer += !search->found;
    return HS_OK;
}

/* Runs the pass again to see which layer's residual is the first of the sequence that is not finite. */
static hs_status find_layer(const struct hs_pass *failed, uint32_t sequence, size_t *layer_out, hs_error *error)
{
    struct finite_search search = {.sequence = sequence};
    hs_observer observer = {.sites = 1u << HS_SITE_RESIDUAL_AFTER_MLP, .context = &search, .observe = search_residual};
    struct hs_pass pass = *failed;
    pass.observer = &observer;
    hs_status status = hs__engine_forward(&pass, error);
    *layer_out = search.layer;
    return status;
}

hs_status hs__engine_reference_explain(const struct hs_pass *failed, const hs_ablation *ablation, hs_error *error)
{
    hs_error ignored = {0};
    size_t layer;
    char name[256];
    hs_status status = find_layer(failed, 0, &layer, &ignored);
    hs_sets_ablation_name(ablation, name, sizeof name);
    if (status == HS_OK && layer < failed->engine->model->shape.n_layers)
        return hs_error_prefix(error, "%s: not finite from layer %zu on", name, layer);
    return hs_error_prefix(error, "%s", name);
}

hs_status hs_engine_find_not_finite(hs_engine *engine, const hs_workload *workload, const hs_ablation *ablation,
                                    uint32_t sequence, size_t *layer_out, hs_error *error)
{
    struct hs_prepared prepared = {.methods = &HS__ENGINE_REFERENCE_METHODS, .workload = workload};
    struct hs_edit edit;
    struct hs_pass pass;
    hs_status status = prepare(engine, &prepared, error);
    if (status == HS_OK)
        status = start_pass(engine, &prepared, ablation, &edit, &pass, error);
    if (status == HS_OK)
        status = find_layer(&pass, sequence, layer_out, error);
    clear(&prepared);
    return status;
}

static hs_status count_memory(const hs_engine *engine, const hs_workload *workload, const hs_engine_load *load,
                              size_t *n_bytes_out, hs_error *error)
{
    (void)load;
    size_t n_scored_rows = 0;
    HS_TRY(count_scored_rows(&n_scored_rows, workload, error));
    struct hs_scratch_size size = hs__engine_reference_size(engine, workload, n_scored_rows);
    size_t n_bytes = hs__engine_scratch_bytes(&size);
    *n_bytes_out = n_bytes > SIZE_MAX - sizeof(hs_prepared) ? SIZE_MAX : n_bytes + sizeof(hs_prepared);
    return HS_OK;
}

static hs_status count_cost(const hs_engine *engine, const hs_workload *workload, const hs_ablation *ablations,
                            size_t n_ablations, hs_engine_cost *cost, hs_error *error)
{
    (void)ablations;
    cost->flops_to_answers = hs_engine_flops(engine, workload);
    cost->flops_of_group = (double)n_ablations * cost->flops_to_answers;
    cost->flops_of_product =
        (double)hs_sequences_n_rows(&workload->sequences) * hs__engine_product_flops(engine->model);
    return count_memory(engine, workload, NULL, &cost->memory_bytes, error);
}

const struct hs_engine_methods HS__ENGINE_REFERENCE_METHODS = {
    prepare,
    clear,
    answer,
    count_cost,
    count_memory,
    hs__engine_reference_generate,
    hs__engine_reference_count_generation,
};
