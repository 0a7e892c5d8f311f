#include "headsweep/engine.h"
#include "engine/forward.h"
#include "engine/query.h"
#include "engine/state.h"
#include "engine/workload.h"

#include <math.h>
#include <string.h>

/* ---- lifecycle ------------------------------------------------------------------------------------------------- */

hs_status hs_engine_new(const hs_model *model, const hs_engine_options *options, hs_engine **engine_out,
                        hs_error *error)
{
    HS_TRY(hs_allocate(engine_out, 1, sizeof **engine_out, "the engine", error));
    **engine_out = (hs_engine){.model = model, .options = *options};
    return HS_OK;
}

void hs_engine_free(hs_engine *engine)
{
    hs_free(engine);
}

void hs_engine_set_means(hs_engine *engine, const hs_reference_means *means)
{
    engine->options.means = means;
}

/* ---- preparing ------------------------------------------------------------------------------------------------- */

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static struct hs_scratch_size measure(const hs_engine *engine, const hs_workload *workload, size_t n_scored_rows)
{
    const hs_sequences *donors = &workload->donor_sequences;
    return (struct hs_scratch_size){
        .shape = &engine->model->shape,
        .n_rows = larger(hs_sequences_n_rows(&workload->sequences), hs_sequences_n_rows(donors)),
        .n_scored_rows = n_scored_rows,
        .longest = larger(hs_sequences_longest(&workload->sequences), hs_sequences_longest(donors)),
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

static hs_status compute_donors(const hs_engine *engine, struct hs_prepared *prepared, hs_error *error)
{
    hs_observer observer = {.sites = 1u << HS_SITE_Z, .context = prepared->scratch.donor_z, .observe = keep_z};
    struct hs_pass pass = {
        .engine = engine,
        .sequences = &prepared->workload->donor_sequences,
        .scratch = &prepared->scratch,
        .observer = &observer,
    };
    return pass.sequences->n > 0 ? hs_forward(&pass, error) : HS_OK;
}

/* The scored rows are counted before there are buffers to count them in: in an array of the same kind, for a moment. */
static hs_status count_scored_rows(size_t *n_out, const hs_workload *workload, hs_error *error)
{
    uint32_t *slots = NULL;
    HS_TRY(hs_allocate(&slots, hs_sequences_n_rows(&workload->sequences), sizeof *slots, "scored rows", error));
    *n_out = hs_mark_scored_rows(slots, workload);
    hs_free(slots);
    return HS_OK;
}

static hs_status prepare(const hs_engine *engine, const hs_workload *workload, struct hs_prepared *prepared,
                         hs_error *error)
{
    size_t n_rows = hs_sequences_n_rows(&workload->sequences);
    prepared->workload = workload;
    HS_TRY(count_scored_rows(&prepared->n_scored_rows, workload, error));
    struct hs_scratch_size size = measure(engine, workload, prepared->n_scored_rows);
    HS_TRY(hs_scratch_init(&prepared->scratch, &size, error));
    hs_mark_scored_rows(prepared->scratch.row_slots, workload);
    hs_number_scored_rows(prepared->scratch.row_slots, prepared->scratch.scored_rows, n_rows);
    hs_mark_statistics(&prepared->scratch, workload);
    hs_forward_set_angles(&prepared->scratch, engine->model, size.longest);
    return compute_donors(engine, prepared, error);
}

hs_status hs_engine_prepare(hs_engine *engine, const hs_workload *workload, hs_prepared **prepared_out, hs_error *error)
{
    *prepared_out = NULL;
    HS_TRY(hs_check_workload(workload, &engine->model->shape, error));
    hs_prepared *prepared = NULL;
    HS_TRY(hs_allocate(&prepared, 1, sizeof *prepared, "a prepared workload", error));
    hs_status status = prepare(engine, workload, prepared, error);
    if (status == HS_OK)
        *prepared_out = prepared;
    else
        hs_prepared_free(prepared);
    return status;
}

void hs_prepared_free(hs_prepared *prepared)
{
    if (prepared != NULL)
        hs_scratch_clear(&prepared->scratch);
    hs_free(prepared);
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
    size_t n_bytes = hs_scratch_bytes(&size);
    return n_bytes > SIZE_MAX - sizeof(hs_prepared) ? SIZE_MAX : n_bytes + sizeof(hs_prepared);
}

/* ---- evaluating ------------------------------------------------------------------------------------------------ */

static hs_status init_edit(struct hs_edit *edit, const hs_engine *engine, struct hs_prepared *prepared,
                           const hs_ablation *ablation, hs_error *error)
{
    struct hs_scratch *scratch = &prepared->scratch;
    const hs_workload *workload = prepared->workload;
    *edit = (struct hs_edit){
        .model = engine->model,
        .intervention = ablation->intervention,
        .value_bias = engine->options.value_bias,
        .heads = scratch->edited_heads,
        .row_slots = engine->options.positions == HS_POSITIONS_SCORED ? scratch->row_slots : NULL,
        .means = engine->options.means,
    };
    if (workload->donor_sequences.n > 0)
        edit->donors = (struct hs_donor_values){scratch->donor_z, workload->donor_sequences, workload->donors};
    HS_TRY(hs_edit_check(edit, error));
    return hs_mark_heads(scratch->edited_heads, &engine->model->shape, ablation, error);
}

struct finite_search {
    size_t layer;
    bool found;
};

static hs_status search_residual(void *context, const hs_observation *observation, hs_error *error)
{
    (void)error;
    struct finite_search *search = context;
    for (size_t i = 0; i < observation->n_rows * observation->n_columns && !search->found; i++) {
        if (!isfinite(observation->values[i]))
            *search = (struct finite_search){observation->layer, true};
    }
    return HS_OK;
}

/* Only after a failure: runs the pass again to see which layer's residual is the first that is not finite. */
static hs_status explain_failure(const struct hs_pass *failed, const hs_ablation *ablation, hs_error *error)
{
    struct finite_search search = {0};
    hs_observer observer = {.sites = 1u << HS_SITE_RESIDUAL_AFTER_MLP, .context = &search, .observe = search_residual};
    struct hs_pass pass = *failed;
    pass.observer = &observer;
    hs_error ignored = {0};
    hs_status status = hs_forward(&pass, &ignored);
    char name[256];
    hs_ablation_name(ablation, name, sizeof name);
    if (status == HS_OK && search.found)
        return hs_error_prefix(error, "%s: not finite from layer %zu on", name, search.layer);
    return hs_error_prefix(error, "%s", name);
}

static hs_status evaluate_one(const hs_engine *engine, struct hs_prepared *prepared, const hs_ablation *ablation,
                              double *answers, hs_error *error)
{
    struct hs_edit edit;
    bool is_clean = ablation->n_components == 0;
    if (!is_clean)
        HS_TRY(init_edit(&edit, engine, prepared, ablation, error));
    struct hs_pass pass = {
        .engine = engine,
        .sequences = &prepared->workload->sequences,
        .scratch = &prepared->scratch,
        .edit = is_clean ? NULL : &edit,
    };
    HS_TRY(hs_forward(&pass, error));
    hs_status status = hs_answer_queries(&pass, prepared->workload, prepared->n_scored_rows, answers, error);
    return status == HS_ERROR_NUMERIC ? explain_failure(&pass, ablation, error) : status;
}

hs_status hs_engine_evaluate(hs_engine *engine, hs_prepared *prepared, const hs_ablation *ablations, size_t n_ablations,
                             double *answers, hs_error *error)
{
    size_t n_queries = prepared->workload->n_queries;
    hs_status status = HS_OK;
    for (size_t i = 0; i < n_ablations && status == HS_OK; i++)
        status = evaluate_one(engine, prepared, &ablations[i], answers + i * n_queries, error);
    if (status != HS_OK)
        memset(answers, 0, n_ablations * n_queries * sizeof *answers);
    return status;
}

/* ---- looking inside -------------------------------------------------------------------------------------------- */

/* Observers and hs_engine_logits have no queries: every row counts as scored, and is edited whatever the positions. */
static hs_status init_observed(struct hs_prepared *prepared, const hs_engine *engine, const hs_workload *workload,
                               bool keeps_logits, hs_error *error)
{
    prepared->workload = workload;
    struct hs_scratch_size size = measure(engine, workload, hs_sequences_n_rows(&workload->sequences));
    size.keeps_logits = keeps_logits;
    if (!keeps_logits)
        size.n_scored_rows = 0;
    HS_TRY(hs_scratch_init(&prepared->scratch, &size, error));
    for (uint32_t row = 0; row < size.n_scored_rows; row++)
        prepared->scratch.scored_rows[row] = row;
    hs_forward_set_angles(&prepared->scratch, engine->model, size.longest);
    return HS_OK;
}

static hs_status show_logits(const struct hs_pass *pass, hs_error *error)
{
    size_t n_rows = hs_sequences_n_rows(pass->sequences);
    const hs_model_shape *shape = &pass->engine->model->shape;
    if (!hs_is_observed(pass, HS_SITE_LOGITS))
        return HS_OK;
    hs_unembed(pass, pass->scratch->logits, pass->scratch->scored_rows, n_rows);
    return hs_show(pass, HS_SITE_LOGITS, shape->n_layers, pass->scratch->logits, n_rows, shape->vocabulary, error);
}

static hs_status observe(const hs_engine *engine, struct hs_prepared *prepared, const hs_ablation *ablation,
                         const hs_observer *observer, float *pattern, hs_error *error)
{
    struct hs_edit edit;
    bool is_clean = ablation == NULL || ablation->n_components == 0;
    if (!is_clean) {
        HS_TRY(init_edit(&edit, engine, prepared, ablation, error));
        edit.row_slots = NULL;
    }
    struct hs_pass pass = {
        .engine = engine,
        .sequences = &prepared->workload->sequences,
        .scratch = &prepared->scratch,
        .edit = is_clean ? NULL : &edit,
        .observer = observer,
        .observed_pattern = pattern,
    };
    HS_TRY(hs_forward(&pass, error));
    return show_logits(&pass, error);
}

hs_status hs_engine_observe(hs_engine *engine, const hs_sequences *sequences, const hs_ablation *ablation,
                            const hs_observer *observer, hs_error *error)
{
    HS_TRY(hs_check_sequences(sequences, &engine->model->shape, "sequence", error));
    hs_workload workload = {.sequences = *sequences};
    struct hs_prepared prepared = {0};
    float *pattern = NULL;
    hs_status status = HS_OK;
    bool reads_logits = (observer->sites & (1u << HS_SITE_LOGITS)) != 0;
    HS_GOTO_DONE(init_observed(&prepared, engine, &workload, reads_logits, error));
    if ((observer->sites & (1u << HS_SITE_PATTERN)) != 0) {
        size_t longest = hs_sequences_longest(sequences);
        HS_GOTO_DONE(hs_allocate(&pattern, longest, longest * sizeof *pattern, "an attention pattern", error));
    }
    HS_GOTO_DONE(observe(engine, &prepared, ablation, observer, pattern, error));
done:
    hs_free(pattern);
    hs_scratch_clear(&prepared.scratch);
    return status;
}

static hs_status copy_logits(void *context, const hs_observation *observation, hs_error *error)
{
    (void)error;
    memcpy(context, observation->values, observation->n_rows * observation->n_columns * sizeof(float));
    return HS_OK;
}

hs_status hs_engine_logits(hs_engine *engine, const int32_t *tokens, size_t length, const hs_ablation *ablation,
                           float *logits, hs_error *error)
{
    size_t offsets[] = {0, length};
    hs_sequences sequences = {.n = 1, .offsets = offsets, .tokens = tokens};
    hs_observer observer = {.sites = 1u << HS_SITE_LOGITS, .context = logits, .observe = copy_logits};
    return hs_engine_observe(engine, &sequences, ablation, &observer, error);
}
